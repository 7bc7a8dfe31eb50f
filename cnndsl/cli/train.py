"""`cnndsl train`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnndsl.cli._choice import Words
from cnndsl.cli._data import tell as tell_left_out
from cnndsl.cli._extras import needs_extra
from cnndsl.cli._recipe import RecipeCommand
from cnndsl.cli._specs import Spec, show, spec_argument
from cnndsl.cli._training import troubles_told
from cnndsl.cli._weights import Given, tell, weights_options

if TYPE_CHECKING:
    from cnndsl.cli._interrupt import Asked
    from cnndsl.training.data import Broken, DataSet
    from cnndsl.training.plan import Plan
    from cnndsl.training.progress import Progress
    from cnndsl.training.resume import Begun
    from cnndsl.training.runs import Run
    from cnndsl.training.train import Trainer

__all__ = ["command"]


def _nameable() -> Iterable[str]:
    from cnndsl.training.resume import nameable

    return nameable()


@click.command("train", cls=RecipeCommand, short_help="Train a network to classify images.")
@partial(spec_argument, may_lack=True)
@weights_options
@click.option("--out", metavar="RUN", help="The run folder, new or empty. [default: runs/NAME-1, -2]")
@click.option("--resume", metavar="RUN", help="Go on with a run that ended; with a spec, begin it if it has not begun.")
@click.option(
    "--changing",
    metavar="KEY,...",
    type=Words(_nameable, several=True),
    help="With --resume: what may be another now than when it was begun.",
)
@troubles_told()
@needs_extra("train")
def command(
    spec: Spec | None,
    flags: dict[str, str],
    weights: Given | None,
    out: str | None,
    resume: str | None,
    changing: tuple[str, ...] | None,
) -> None:
    """Train a network to classify images; leave a run folder for `eval` and `predict`.

    How it is trained says the recipe: TRAIN(...) in the spec, and flags, which win over it. Values of flags are written
    as there: --optimizer 'SGD(lr=0.1, momentum=0.9)', --augment 'CROP(32, padding=4) -> FLIP'; arguments of the
    optimizer have flags of their own. A bare INPUT, and a bare FC at the end, take shape and classes of the data.

    What ended, however it ended, goes on with --resume RUN as if it had never stopped.
    """
    from cnndsl.training.plan import Plan
    from cnndsl.training.runs import Run, at, create, require_free

    if resume is not None and out is not None:
        raise click.UsageError("--resume names the run folder: leave out --out")
    if resume is None and changing is not None:
        raise click.UsageError("--changing goes with --resume")
    if resume is None and spec is None:
        raise click.UsageError("give a spec: a file, zoo:NAME, -, or -e TEXT; or --resume RUN")
    plan = Plan(*spec, flags) if spec else None
    if resume is not None and (plan is None or Run(Path(resume)).has_begun):
        _go_on(Run(Path(resume)), plan, flags, weights, changing or ())
        return
    assert plan is not None
    data_set = _data_set(plan)
    if resume is None:
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
    _train(trainer, create(out, model.name) if resume is None else at(Path(resume)))


def _go_on(
    run: Run, plan: Plan | None, flags: dict[str, str], weights: Given | None, changing: tuple[str, ...]
) -> None:
    from cnndsl.training.data import find
    from cnndsl.training.resume import begun

    found = begun(run, plan, flags, changing)
    if weights and str(weights.path) != found.config.weights:
        raise click.UsageError(f"{run.path} goes on with its own weights: leave out --weights")
    broken: Broken = "skip" if found.recipe.broken == "skip" else "fail"
    name = found.recipe.data if "data" in found.changed else found.config.data.name
    data_set = find(name, broken=broken, folder=plan.folder if plan else None)

    from cnndsl.training.device import choose, settle
    from cnndsl.training.train import Trainer

    device = choose(found.recipe.device)
    settle(found.recipe.threads)
    with needs_extra(data_set.extra):
        images = data_set.training()
    trainer = Trainer(found.model, data_set, images, found.recipe, device)
    tell_left_out(trainer.left_out_before)
    _train(trainer, run, found)


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


def _train(trainer: Trainer, run: Run, begun: Begun | None = None) -> None:
    from cnndsl.cli._interrupt import interruptible
    from cnndsl.training.errors import Diverged, Interrupted, OutOfMemory, Unusable
    from cnndsl.training.lock import locked

    with locked(run.lock, _note), interruptible() as asked:
        if begun:
            trainer.go_on(run, begun, _note)
        else:
            trainer.start(run)
        try:
            if trainer.is_over:
                click.echo(f"{run.path} is over: {len(trainer.finished)} of {trainer.recipe.epochs} epochs are done")
            else:
                click.echo(_head(trainer))
                _run_epochs(trainer, run, asked)
        except (KeyboardInterrupt, Interrupted):
            _end_interrupted(trainer, run, asked)
        except (Diverged, OutOfMemory, Unusable) as error:
            if asked.number:  # what was told to end took its processes with it
                _end_interrupted(trainer, run, asked)
            raise type(error)(f"{error}\n  {_how_to_go_on(trainer, run, error)}") from None
    tell_left_out(trainer.left_out)
    _tell_result(trainer, run)


def _tell_result(trainer: Trainer, run: Run) -> None:
    from cnndsl.cli._progress import figures

    if not trainer.finished:
        return
    last, seconds = trainer.finished[-1], sum(metrics.seconds for metrics in trainer.finished)
    if last.epoch < trainer.recipe.epochs:
        patience = trainer.recipe.patience
        waited = "an epoch" if patience == 1 else f"{patience} epochs"
        click.echo(f"stopped after epoch {last.epoch}: the validation loss has not fallen for {waited}")
    click.echo(f"trained in {seconds:.1f} s; on the training images: {figures(last.loss, last.accuracy)}")
    click.echo(f"next: cnndsl eval {shlex.quote(str(run.path))}")


def _run_epochs(trainer: Trainer, run: Run, asked: Asked) -> None:
    from cnndsl.cli._progress import display
    from cnndsl.training.errors import Interrupted

    def watch(progress: Progress) -> None:
        if asked.number:
            raise Interrupted(asked.number)
        shown.step(progress)

    with display(trainer.recipe.epochs) as shown:
        for metrics in trainer.epochs(run, watch, _note):
            shown.epoch(metrics)


def _note(text: str) -> None:
    click.echo(f"cnndsl: {text}", err=True)


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
    if trainer.saved:
        step, epoch = trainer.saved
        lines.append(f"  goes on  from step {step:,}, epoch {epoch}")
    return "\n".join(lines)


def _end_interrupted(trainer: Trainer, run: Run, asked: Asked) -> None:
    """End as a process does that a signal ended: with 128 and its number."""
    click.echo(f"\ncnndsl: interrupted; {_how_to_go_on(trainer, run)}", err=True)
    sys.exit(128 + (asked.number or 2))


def _how_to_go_on(trainer: Trainer, run: Run, error: Exception | None = None) -> str:
    from cnndsl.training.errors import Diverged

    saved = f"step {trainer.saved[0]:,}, in epoch {trainer.saved[1]}, is saved" if trainer.saved else "nothing is saved"
    other = ""
    if isinstance(error, Diverged):
        other = f" --lr {trainer.recipe.optimizer.lr / 10:g} --changing lr"
    return f"{saved}; to go on: cnndsl train --resume {shlex.quote(str(run.path))}{other}"
