"""`cnndsl predict`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnndsl.cli._extras import needs_extra
from cnndsl.cli._training import device_option, format_option, troubles_told

if TYPE_CHECKING:
    from cnndsl.training.predictions import Prediction

__all__ = ["command"]


@click.command("predict", short_help="Name what a trained network sees in pictures.")
@click.argument("run", metavar="RUN")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--top", type=click.IntRange(min=1), default=3, show_default=True, help="How many names for an image.")
@format_option
@device_option
@troubles_told()
@needs_extra("train")
def command(run: str, images: tuple[str, ...], top: int, form: str, device: str) -> None:
    """Name what a trained network sees in pictures, likeliest first, with probabilities.

    RUN is the folder that `cnndsl train` left. Pictures become grey or coloured as its data was, and pass through
    the resizing and normalisation of its training; transparent parts are taken as black. A file that cannot be read is
    named on standard error, and the exit status is 2 then.
    """
    from cnndsl.training.device import choose
    from cnndsl.training.predictions import predictions
    from cnndsl.training.runs import Run
    from cnndsl.training.trained import load

    trained = load(Run(Path(run)), choose(device))
    found = []
    for prediction in predictions(trained, images, top):
        if prediction.error:
            click.echo(f"cnndsl: {prediction.error}", err=True)
        elif form == "text":
            click.echo(_told(prediction))
        found.append(prediction)
    if form == "json":
        from cnndsl.training.numbers import as_json

        click.echo(as_json(list(map(_data, found)), indent=1))
    if any(prediction.error for prediction in found):
        sys.exit(2)


def _told(found: Prediction) -> str:
    return "\n".join([found.image, *(f"  {100 * probability:6.2f} %  {name}" for name, probability in found.likeliest)])


def _data(found: Prediction) -> dict[str, Any]:
    if found.error:
        return {"image": found.image, "error": found.error}
    likeliest = [{"class": name, "probability": probability} for name, probability in found.likeliest]
    return {"image": found.image, "predictions": likeliest}
