"""`cnndsl eval`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnndsl.cli._data import broken_option, tell
from cnndsl.cli._extras import needs_extra
from cnndsl.cli._training import device_option, format_option, troubles_told

if TYPE_CHECKING:
    from cnndsl.training.left_out import Broken

__all__ = ["command"]


@click.command("eval", short_help="Tell how good a trained network is.")
@click.argument("run", metavar="RUN")
@click.option("--data", metavar="NAME", show_default="the run's", help="A data set with the same classes.")
@format_option
@click.option(
    "--confusion",
    metavar="FILE.csv",
    type=click.Path(path_type=Path),
    help="Write what each class was taken for.",
)
@broken_option
@device_option
@troubles_told()
@needs_extra("train")
def command(run: str, data: str | None, form: str, confusion: Path | None, broken: Broken, device: str) -> None:
    """Tell how good a trained network is on images that training never saw, all in all and class by class.

    RUN is the folder that `cnndsl train` left. Its network is shown the part of the data that was held back, or that
    part of another data set with the same classes, brought to the network's input as in training.
    """
    from cnndsl.training.data import find
    from cnndsl.training.device import choose
    from cnndsl.training.runs import Run
    from cnndsl.training.trained import load

    trained = load(Run(Path(run)), choose(device))
    data_set = find(data or trained.classifier.data.name, broken=broken)
    with needs_extra(data_set.extra):
        images = data_set.held_back()
    evaluation, left_out = trained.evaluation(images, data_set.name)
    tell(left_out)

    from cnndsl.cli._evaluation import as_csv, as_text
    from cnndsl.training.numbers import as_json

    if form == "json":
        click.echo(as_json({"run": run, "data": data_set.name, **evaluation.as_data()}, indent=1))
    else:
        click.echo(as_text(evaluation, data_set.name), nl=False)
    if confusion:
        from cnndsl.cli._output import writing
        from cnndsl.files import write_whole

        with writing(confusion):
            write_whole(confusion, as_csv(evaluation).encode())
