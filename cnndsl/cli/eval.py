"""`cnndsl eval`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnndsl.cli._data import broken_option, tell
from cnndsl.cli._extras import needs_extra
from cnndsl.cli._training import device_option, troubles_told

if TYPE_CHECKING:
    from cnndsl.training.left_out import Broken

__all__ = ["command"]


@click.command("eval", short_help="Tell the accuracy of a trained network.")
@click.argument("run", metavar="RUN")
@broken_option
@device_option
@troubles_told()
@needs_extra("train")
def command(run: str, broken: Broken, device: str) -> None:
    """Tell how many of the images that training never saw a trained network classifies rightly.

    RUN is the folder that `cnndsl train` left. Its network is shown the part of the data that was held back.
    """
    from cnndsl.training.data import find
    from cnndsl.training.device import choose
    from cnndsl.training.runs import Run
    from cnndsl.training.trained import load

    trained = load(Run(Path(run)), choose(device))
    data = find(trained.config.data.name, broken=broken)
    with needs_extra(data.extra):
        images = data.held_back()
    right, all, left_out = trained.right(images)
    tell(left_out)
    click.echo(f"accuracy {100 * right / all:.2f} %  ({right:,} of {all:,} held-back images of {data.name})")
