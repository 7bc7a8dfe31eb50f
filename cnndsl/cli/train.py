"""`cnndsl train`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cnndsl.cli._data import broken_option
from cnndsl.cli._data import tell as tell_left_out
from cnndsl.cli._extras import needs_extra
from cnndsl.cli._specs import model_argument
from cnndsl.cli._training import device_option, troubles_told
from cnndsl.cli._weights import Given, tell, weights_options
from cnndsl.training.settings import BadSetting, Settings

if TYPE_CHECKING:
    from cnndsl.model import Model
    from cnndsl.training.left_out import Broken
    from cnndsl.training.progress import Progress
    from cnndsl.training.runs import Run
    from cnndsl.training.train import Trainer

__all__ = ["command"]

DEFAULTS = Settings()


@click.command("train", short_help="Train a network to classify images.", context_settings={"show_default": True})
@model_argument
@click.option("--data", metavar="NAME", default="digits", help="The data set to train on.")
@broken_option
@click.option("--epochs", type=int, default=DEFAULTS.epochs, help="Passes over the images.")
@click.option("--batch", type=int, default=DEFAULTS.batch, help="Images of a step.")
@click.option("--lr", type=float, default=DEFAULTS.lr, help="The learning rate at its peak.")
@click.option("--seed", type=int, default=DEFAULTS.seed, help="Same seed, same result.")
@device_option
@weights_options
@click.option("--out", metavar="RUN", show_default="runs/NAME-1, -2", help="The run folder, new or empty.")
@troubles_told()
@needs_extra("train")
def command(
    model: Model, data: str, broken: Broken, device: str, weights: Given | None, out: str | None, **settings: Any
) -> None:
    """Train a network to classify images; leave a run folder for `eval` and `predict`.

    The data is `digits`, `mnist5k`, a folder of pictures by class, a .npz file, or `idx:DIR`, `cifar:DIR`, `hf:NAME`.
    The images are resized to the network's input; what is held back for `eval` is never trained on. The loss is
    cross-entropy, the optimizer Adam with a learning rate that rises and then falls to zero; the images are shifted a
    little, each time anew.
    """
    from cnndsl.training.data import find
    from cnndsl.training.runs import require_free

    checked = _settings(settings)
    data_set = find(data, broken=broken)
    require_free(out)

    from cnndsl.training.device import choose
    from cnndsl.training.train import Trainer

    where = choose(device)
    with needs_extra(data_set.extra):
        images = data_set.training()
    trainer = Trainer(model, images, data_set.name, checked, where)
    tell_left_out(trainer.images.left_out)
    if weights:
        tell(trainer.begin_with(weights.path, weights.match, weights.partial), weights)
    _train(trainer, out)


def _settings(given: dict[str, Any]) -> Settings:
    try:
        return Settings(**given)
    except BadSetting as error:
        raise click.BadParameter(f"{error}.", param_hint=f"'--{error.name}'") from None


def _train(trainer: Trainer, out: str | None) -> None:
    from cnndsl.cli._interrupt import interruptible
    from cnndsl.cli._progress import figures
    from cnndsl.training.errors import Diverged, OutOfMemory, Unusable

    with interruptible() as check:
        run = trainer.start(out)
        try:
            click.echo(_head(trainer))
            _run_epochs(trainer, run, check)
        except KeyboardInterrupt:
            click.echo(f"\ncnndsl: interrupted; {_what_stands(trainer, run)}", err=True)
            sys.exit(130)
        except (Diverged, OutOfMemory, Unusable) as error:
            raise type(error)(f"{error}\n  {_what_stands(trainer, run)}") from None
    tell_left_out(trainer.left_out)
    last, seconds = trainer.finished[-1], sum(metrics.seconds for metrics in trainer.finished)
    click.echo(f"trained in {seconds:.1f} s; on the training images: {figures(last.loss, last.accuracy)}")
    click.echo(f"next: cnndsl eval {shlex.quote(str(run.path))}")


def _run_epochs(trainer: Trainer, run: Run, check: Callable[[], None]) -> None:
    from cnndsl.cli._progress import display

    def watch(progress: Progress) -> None:
        check()
        shown.step(progress)

    def tell(text: str) -> None:
        click.echo(f"cnndsl: {text}", err=True)

    with display(trainer.settings.epochs) as shown:
        for metrics in trainer.epochs(run, watch, tell):
            shown.epoch(metrics)


def _head(trainer: Trainer) -> str:
    from cnndsl.analyses.cost import cost
    from cnndsl.layers.tensor import by_x
    from cnndsl.training.device import describe

    graph, facts, settings = trainer.model.graph, trainer.facts, trainer.settings
    sizes = f"{graph.inputs[0].node.type} -> {graph.outputs[0].node.type}"
    lines = [
        f"training {graph.name} on {facts.name}",
        f"  network  {sizes}, {cost(graph).params:,} parameters",
        f"  data     {len(trainer.images):,} images of {by_x(facts.shape)} in {len(facts.classes)} classes",
        f"  device   {describe(trainer.device)}",
        f"  epochs   {settings.epochs}, batches of {settings.batch}, lr {settings.lr:g}, seed {settings.seed}",
    ]
    return "\n".join(lines)


def _what_stands(trainer: Trainer, run: Run) -> str:
    if not trainer.finished:
        return f"no epoch was finished, so there are no weights in {run.path}"
    return f"the weights of epoch {trainer.finished[-1].epoch} are in {run.path}"
