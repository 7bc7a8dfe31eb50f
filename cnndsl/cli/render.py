"""`cnndsl render`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnndsl.cli._choice import Depth, Words, themes
from cnndsl.cli._output import writing
from cnndsl.cli._specs import model_argument

if TYPE_CHECKING:
    from cnndsl.backends.pictures.dot import Direction
    from cnndsl.backends.pictures.formats import Style
    from cnndsl.backends.pictures.themes import ThemeName
    from cnndsl.model import Model

__all__ = ["command"]


def _styles() -> Iterable[str]:
    from cnndsl.backends.pictures.formats import STYLES

    return STYLES


@click.command("render", short_help="Draw a network.")
@model_argument
@click.option(
    "-o",
    "--output",
    metavar="PICTURE",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to write; its end says what: .svg, .png, .pdf, .html, .dot, .mmd or .tex.",
)
@click.option(
    "--style",
    type=Words(_styles),
    default="graph",
    show_default=True,
    help="Every layer and what flows between them, stages and each distinct block, or feature maps as boxes.",
)
@click.option(
    "--theme", type=Words(themes), default="light", show_default=True, help="The colours; those of print keep in grey."
)
@click.option(
    "--direction",
    type=click.Choice(["down", "right"]),
    help="Where a graph flows; if not given, down. Volumes flow to the right.",
)
@click.option(
    "--depth", type=Depth(), help="How many levels of blocks are opened; if not given, as many as can be looked at."
)
@click.option("--unfold", is_flag=True, help="Draw what repeats as often as it is there.")
def command(
    model: Model,
    output: Path,
    style: Style,
    theme: ThemeName,
    direction: Direction | None,
    depth: int | None,
    unfold: bool,
) -> None:
    """Draw the network: every layer, what flows between them, and the blocks of the spec around them.

    --style volumes draws feature maps as boxes in perspective, sized by their shapes, and the windows that slide over
    them. What repeats is drawn once, with how often. The layout of a graph is made by the program that CNNDSL_DOT
    names, else by Graphviz's dot if it is installed, else by the one that comes with cnndsl. The exit status is 0 where
    the picture was written, 1 where the spec has mistakes, 2 where it cannot be read or the picture cannot be made.
    """
    from cnndsl.backends.pictures.layout import Unrendered

    try:
        with writing(output):
            model.render(output, style=style, theme=theme, direction=direction, depth=depth, folded=not unfold)
    except Unrendered as error:
        click.echo(f"cnndsl: {error}", err=True)
        sys.exit(2)
