"""`cnndsl predict`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnndsl.cli._extras import needs_extra
from cnndsl.cli._training import device_option, troubles_told

if TYPE_CHECKING:
    from cnndsl.training.trained import Trained

__all__ = ["command"]


@click.command("predict", short_help="Name what a trained network sees in pictures.")
@click.argument("run", metavar="RUN")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--top", type=click.IntRange(min=1), default=3, show_default=True, help="How many names for an image.")
@device_option
@troubles_told()
@needs_extra("train")
def command(run: str, images: tuple[str, ...], top: int, device: str) -> None:
    """Name what a trained network sees in pictures, likeliest first, with probabilities.

    RUN is the folder that `cnndsl train` left. Pictures become grey or coloured as its data was, and pass through
    the resizing and normalisation of its training; transparent parts are taken as black. A file that cannot be read is
    named on standard error, and the exit status is 2 then.
    """
    from cnndsl.training.device import choose
    from cnndsl.training.errors import Unusable
    from cnndsl.training.runs import Run
    from cnndsl.training.trained import load

    trained = load(Run(Path(run)), choose(device))
    complete = True
    for image in images:
        try:
            click.echo(_told(image, trained, top))
        except Unusable as error:
            click.echo(f"cnndsl: {error}", err=True)
            complete = False
    if not complete:
        sys.exit(2)


def _told(image: str, trained: Trained, top: int) -> str:
    likeliest = trained.likeliest(Path(image), top)
    return "\n".join([image, *(f"  {100 * probability:6.2f} %  {name}" for name, probability in likeliest)])
