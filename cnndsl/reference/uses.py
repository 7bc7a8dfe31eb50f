"""What becomes of the uses that layers declare: the examples in PyTorch, and what the compiler says of the rejects."""

from __future__ import annotations

from cnndsl.backends.torch.write import source
from cnndsl.compiler import compile_source
from cnndsl.diagnostics import Diagnostic
from cnndsl.layers import Layer, Reject
from cnndsl.source import Source

__all__ = ["in_torch", "mistakes"]

_NAME = "net.cnn"
_BODY = " " * 8
_WITHOUT_MEANING = ("super().__init__()", "pass", "return x")


def in_torch(layer: type[Layer]) -> str:
    """The first example as `export` writes it: classes that torch lacks, lines that construct, lines that compute.

    Nothing where the layer leaves no trace.
    """
    graph = compile_source(Source(_NAME, layer.examples[0].spec)).graph if layer.examples else None
    if graph is None:
        return ""
    _, *lacking, network = source(graph).split("\n\n\n")
    lines = [line.removeprefix(_BODY) for line in network.splitlines() if line.startswith(_BODY)]
    body = "\n".join(line for line in lines if line not in _WITHOUT_MEANING)
    return "\n\n".join([*lacking, body])


def mistakes(reject: Reject) -> tuple[Diagnostic, ...]:
    """What the compiler says of a use that is wrong."""
    return compile_source(Source(_NAME, reject.spec)).diagnostics
