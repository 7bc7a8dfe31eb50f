"""`cnndsl render`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnndsl.cli._output import writing
from cnndsl.cli._specs import model_argument

if TYPE_CHECKING:
    from cnndsl.backends.dot import Direction
    from cnndsl.model import Model

__all__ = ["command"]


def _checked(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    """The file, whose suffix names a format."""
    from cnndsl.backends.layout import Unrendered, format_of

    try:
        format_of(value)
    except Unrendered as error:
        raise click.BadParameter(str(error)) from None
    return value


@click.command("render", short_help="Draw a network.")
@model_argument
@click.option(
    "-o",
    "--output",
    metavar="PICTURE",
    required=True,
    type=click.Path(path_type=Path),
    callback=_checked,
    help="The file to write; its end says what: .svg, .png, .pdf or .dot.",
)
@click.option(
    "--direction",
    type=click.Choice(["down", "right"]),
    default="down",
    show_default=True,
    help="Where the network flows.",
)
def command(model: Model, output: Path, direction: Direction) -> None:
    """Draw the network: every layer, what flows between them, and the blocks of the spec around them.

    The layout is made by the program that CNNDSL_DOT names, else by Graphviz's dot if it is installed, else by the one
    that comes with cnndsl. The exit status is 0 where the picture was written, 1 where the spec has mistakes, 2 where
    it cannot be read or the picture cannot be made.
    """
    from cnndsl.backends.layout import Unrendered

    try:
        with writing(output):
            model.render(output, direction=direction)
    except Unrendered as error:
        click.echo(f"cnndsl: {error}", err=True)
        sys.exit(2)
