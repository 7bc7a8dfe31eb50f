"""`cnndsl export`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnndsl.cli._extras import needs_extra
from cnndsl.cli._output import writing
from cnndsl.cli._specs import model_argument
from cnndsl.cli._weights import Given, misfit_told, tell, weights_options
from cnndsl.training.seed import LARGEST_SEED

if TYPE_CHECKING:
    from cnndsl.model import Model

__all__ = ["command"]


def _source(model: Model, weights: Given | None, seed: int | None) -> bytes:
    if weights is not None or seed is not None:
        raise click.UsageError("--weights and --seed go with --to safetensors: a source holds no numbers")
    return model.torch_source().encode()


@needs_extra("torch")
def _safetensors(model: Model, weights: Given | None, seed: int | None) -> bytes:
    from cnndsl.backends.torch.weights.files import packed
    from cnndsl.backends.torch.weights.load import fit, seeded, tensors_of

    if weights is not None and seed is not None and not weights.partial:
        raise click.UsageError("--seed is for initial values, and --weights without --partial leaves none")
    with misfit_told():
        network = seeded(model.to_torch, seed or 0)
        if weights is not None:
            fitted = fit(model.graph, weights.path, weights.match, weights.partial)
            tell(fitted.report, weights)
            fitted.give(network)
    return packed(tensors_of(network))


_WRITERS: dict[str, Callable[[Model, Given | None, int | None], bytes]] = {
    "torch": _source,
    "safetensors": _safetensors,
}
"""For what can be exported to, the content of the file."""


@click.command("export", short_help="Write a network as a PyTorch file, or its weights as safetensors.")
@model_argument
@click.option("--to", "target", type=click.Choice(list(_WRITERS)), required=True, help="What to write.")
@weights_options
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), help="Of the initial values; 0 if not given.")
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    default="-",
    show_default="standard output",
    help="Where to write it.",
)
def command(model: Model, target: str, weights: Given | None, seed: int | None, output: Path) -> None:
    """Write a network as source of another framework, or its weights.

    For torch that is a Python file that needs torch alone. Each block of the spec is a class, the last class is the
    network and constructs without arguments, and the names of its parameters follow the names of the spec.

    For safetensors it is the weights under these names: those that --weights gives it, which may be another library's,
    or initial values.
    """
    from cnndsl.files import write_whole

    is_standard = str(output) == "-"
    if is_standard and target == "safetensors" and sys.stdout.isatty():
        raise click.UsageError("give -o FILE: weights are no text for a terminal")
    content = _WRITERS[target](model, weights, seed)
    if is_standard:
        sys.stdout.buffer.write(content)
        return
    with writing(output):
        write_whole(output, content)
