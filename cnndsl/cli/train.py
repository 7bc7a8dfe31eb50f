"""`cnndsl train`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cnndsl.cli._data import tell as tell_left_out
from cnndsl.cli._extras import needs_extra
from cnndsl.cli._recipe import RecipeCommand
from cnndsl.cli._specs import Spec, show, spec_argument
from cnndsl.cli._training import troubles_told
from cnndsl.cli._weights import Given, tell, weights_options

if TYPE_CHECKING:
    from cnndsl.training.data import Broken, DataSet
    from cnndsl.training.plan import Plan
    from cnndsl.training.progress import Progress
    from cnndsl.training.runs import Run
    from cnndsl.training.train import Trainer

__all__ = ["command"]


@click.command("train", cls=RecipeCommand, short_help="Train a network to classify images.")
@spec_argument
@weights_options
@click.option("--out", metavar="RUN", help="The run folder, new or empty. [default: runs/NAME-1, -2]")
@troubles_told()
@needs_extra("train")
def command(spec: Spec, flags: dict[str, str], weights: Given | None, out: str | None) -> None:
    """Train a network to classify images; leave a run folder for `eval` and `predict`.

    How it is trained says the recipe: TRAIN(...) in the spec, and flags, which win over it. Values of flags are written
    as there: --optimizer 'SGD(lr=0.1, momentum=0.9)', --augment 'CROP(32, padding=4) -> FLIP'; arguments of the
    optimizer have flags of their own. A bare INPUT, and a bare FC at the end, take shape and classes of the data.
    """
    from cnndsl.training.plan import Plan
    from cnndsl.training.runs import require_free

    plan = Plan(*spec, flags)
    data_set = _data_set(plan)
    require_free(out)

    from cnndsl.training.device import choose, settle
    from cnndsl.training.train import Trainer

    device = choose(plan.recipe.device)
    settle(plan.recipe.threads)
    with needs_extra(data_set.extra), _mistakes_shown(plan):
        images = data_set.training()
    model = plan.model(images, data_set.name)
    show(model.diagnostics)
    trainer = Trainer(model, data_set, images, plan.recipe, device, plan.places)
    tell_left_out(trainer.left_out_before)
    if weights:
        tell(trainer.begin_with(weights.path, weights.match, weights.partial), weights)
    _train(trainer, out)


def _data_set(plan: Plan) -> DataSet:
    from cnndsl.training.data import find

    with _mistakes_shown(plan):
        broken: Broken = "skip" if plan.recipe.broken == "skip" else "fail"
        return find(plan.recipe.data, broken=broken, folder=plan.folder)


@contextmanager
def _mistakes_shown(plan: Plan) -> Iterator[None]:
    """Where the data cannot be used, show what there is to say about the spec too."""
    from cnndsl.training.errors import Unusable

    try:
        yield
    except Unusable:
        show(plan.diagnostics)
        raise


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
    if len(trainer.finished) < trainer.recipe.epochs:
        patience = trainer.recipe.patience
        waited = "an epoch" if patience == 1 else f"{patience} epochs"
        click.echo(f"stopped after epoch {len(trainer.finished)}: the validation loss has not fallen for {waited}")
    last, seconds = trainer.finished[-1], sum(metrics.seconds for metrics in trainer.finished)
    click.echo(f"trained in {seconds:.1f} s; on the training images: {figures(last.loss, last.accuracy)}")
    click.echo(f"next: cnndsl eval {shlex.quote(str(run.path))}")


def _run_epochs(trainer: Trainer, run: Run, check: Callable[[], None]) -> None:
    from cnndsl.cli._progress import display

    def watch(progress: Progress) -> None:
        check()
        shown.step(progress)

    def note(text: str) -> None:
        click.echo(f"cnndsl: {text}", err=True)

    with display(trainer.recipe.epochs) as shown:
        for metrics in trainer.epochs(run, watch, note):
            shown.epoch(metrics)


def _head(trainer: Trainer) -> str:
    from cnndsl.analyses.cost import cost
    from cnndsl.layers.tensor import by_x
    from cnndsl.training.device import describe

    graph, facts, recipe = trainer.classifier.spec.graph, trainer.classifier.data, trainer.recipe
    sizes = f"{graph.inputs[0].node.type} -> {graph.outputs[0].node.type}"
    lines = [
        f"training {graph.name} on {facts.name}",
        f"  network  {sizes}, {cost(graph).params:,} parameters",
        f"  data     {len(trainer.images):,} images of {by_x(facts.shape)} in {len(facts.classes)} classes",
        f"  device   {describe(trainer.device)}",
        f"  epochs   {recipe.epochs}, batches of {recipe.batch}, lr {recipe.optimizer.lr:g}, seed {recipe.seed}",
    ]
    return "\n".join(lines)


def _what_stands(trainer: Trainer, run: Run) -> str:
    if not trainer.finished:
        return f"no epoch was finished, so there are no weights in {run.path}"
    return f"the weights of epoch {trainer.finished[-1].epoch} are in {run.path}"
