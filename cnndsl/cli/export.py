"""`cnndsl export`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnndsl.cli._output import writing
from cnndsl.cli._specs import model_argument

if TYPE_CHECKING:
    from cnndsl.model import Model

__all__ = ["command"]

_WRITERS: dict[str, Callable[[Model], str]] = {"torch": lambda model: model.torch_source()}
"""For what can be exported to, the text of a model."""


@click.command("export", short_help="Write a network as a PyTorch file.")
@model_argument
@click.option("--to", "target", type=click.Choice(list(_WRITERS)), required=True, help="What to write.")
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    default="-",
    show_default="standard output",
    help="Where to write it.",
)
def command(model: Model, target: str, output: Path) -> None:
    """Write a network as source of another framework.

    For torch that is a Python file that needs torch alone. Each block of the spec is a class, the last class is the
    network and constructs without arguments, and the names of its parameters follow the names of the spec.
    """
    from cnndsl.files import write_whole

    text = _WRITERS[target](model)
    if str(output) == "-":
        sys.stdout.write(text)
        return
    with writing(output):
        write_whole(output, text.encode())
