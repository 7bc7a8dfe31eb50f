"""Rules on what stands before a batch norm."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.analyses.lint.network import Finding, Network
from cnndsl.diagnostics import Label
from cnndsl.graph import Node
from cnndsl.layers.normalisation import BatchNormalisation
from cnndsl.layers.regularisation import Dropout

__all__ = ["dropout_before_norm", "needless_bias"]

_BIAS = "bias"


def needless_bias(network: Network) -> Iterator[Finding]:
    """A bias that nothing but a norm reads which takes the mean away."""
    for node, uses in network.uses.items():
        bias = node.layer.parameters(node.input_types).get(_BIAS)
        if bias is None or not all(_is_taken_away(network, use) for use in uses):
            continue
        norm = network.readers[node][0]
        message = f"{norm.layer.word()} takes away the bias that {node.layer.word()} adds"
        label = f"{bias[0]:,} parameters that change nothing"
        help = "write bias=false"
        others = (Label(norm.span, "it subtracts the mean of each channel"),) if norm.span != node.span else ()
        yield Finding(node, message, label, help, others)


def _is_taken_away(network: Network, node: Node) -> bool:
    readers = network.readers[node]
    are_norms = all(reader.layer.removes_mean for reader in readers)
    return bool(readers) and are_norms and node not in network.outputs


def dropout_before_norm(network: Network) -> Iterator[Finding]:
    """A dropout from which a path of single layers leads to a batch norm.

    In training it raises the variance of what it passes on, and the norm remembers that; in evaluation nothing is
    dropped, and the variance is another one (Li et al., "Understanding the disharmony between dropout and batch
    normalization by variance shift", 2019).
    """
    told: set[Node] = set()
    for norm in network:
        if not isinstance(norm.layer, BatchNormalisation):
            continue
        found = _dropout_before(norm)
        if found is not None and found not in told:
            told.add(found)
            message = f"{norm.path} normalises by a variance that DROPOUT changes in training and not in evaluation"
            others = (Label(norm.span, "it remembers the variance of training"),) if norm.span != found.span else ()
            help = "put the dropout behind the last norm, before the FC that classifies"
            yield Finding(found, message, f"p = {found.layer.value('p')}", help, others)


def _dropout_before(norm: Node) -> Node | None:
    """The last dropout on the way to a norm, where no other norm and no merge lies between."""
    node = norm.inputs[0]
    while len(node.inputs) == 1:
        if isinstance(node.layer, Dropout) and node.layer.p > 0:
            return node
        if node.layer.family == BatchNormalisation.family:
            return None
        node = node.inputs[0]
    return None
