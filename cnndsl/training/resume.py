"""A run that goes on: what it was begun with, and whether what is asked for now is the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from cnndsl.model import Model, SpecError
from cnndsl.training.config import Config
from cnndsl.training.errors import Unusable
from cnndsl.training.plan import Plan
from cnndsl.training.recipe import Recipe
from cnndsl.training.recipe.part import Part
from cnndsl.training.runs import Run
from cnndsl.training.trained import model_of

__all__ = ["FREE", "Begun", "Difference", "begun", "nameable"]

FREE = frozenset({"checkpoint_every", "keep", "workers"})
"""Keys that may differ without being named: no weight depends on them."""

OPTIMIZER = "optimizer"


class Begun(NamedTuple):
    """A run, and how it goes on.

    Attributes:
        config: what it was started with.
        model: its network.
        recipe: how it goes on.
        changed: the keys of the recipe that are others now.
        changing: what may be another, by name.
    """

    config: Config
    model: Model
    recipe: Recipe
    changed: tuple[str, ...]
    changing: tuple[str, ...] = ()


class Difference(NamedTuple):
    """A value that is another now: its key in the recipe, or an argument of the optimizer; as the recipe writes it."""

    name: str
    then: str
    now: str


def begun(run: Run, plan: Plan | None, flags: Mapping[str, str], changing: Collection[str]) -> Begun:
    """A run that was begun.

    Args:
        run: its folder.
        plan: of the spec that is given with it, with the flags; None where none is given.
        flags: what is said in place of the recipe's values.
        changing: what may be said differently from before, by name.

    Raises:
        Unusable: the folder is none, is damaged, or what is asked for is another network or recipe.
        SpecError: the flags have mistakes.
    """
    config, recipe = run.read_config(), run.read_recipe()
    model = model_of(run, config)
    if plan is None:
        reading = run.read_recipe_with(flags)
        if reading.has_errors:
            raise SpecError(reading.diagnostics)
        wanted = reading.recipe
    else:
        _require_same_network(run, config, plan)
        wanted = plan.recipe
    found = [each for each in differences(recipe, wanted) if each.name not in FREE]
    _require_named(run, found, changing)
    return Begun(config, model, wanted, tuple(each.name for each in found), tuple(changing))


def nameable() -> list[str]:
    """What may be named as changing: keys of the recipe, and arguments of optimizers."""
    from cnndsl.training.recipe.flags import names

    return [name for name in names() if name not in FREE]


def differences(then: Recipe, now: Recipe) -> Iterator[Difference]:
    """What two recipes say differently, of optimizers of one kind argument by argument."""
    for name in then.attributes:
        one, other = then.value(name), now.value(name)
        if one == other:
            continue
        if name == OPTIMIZER and type(one) is type(other):
            yield from _of_parts(one, other)
        else:
            yield Difference(name, _shown(then, name), _shown(now, name))


def _of_parts(then: Part, now: Part) -> Iterator[Difference]:
    for name in then.attributes:
        if then.value(name) != now.value(name):
            yield Difference(name, _shown(then, name), _shown(now, name))


def _shown(part: Part, name: str) -> str:
    return part.attributes[name].show(part.value(name))


def _require_named(run: Run, found: list[Difference], changing: Collection[str]) -> None:
    left = [each for each in found if not _is_named(each.name, changing)]
    if not left:
        return
    width = max(len(each.name) for each in left)
    lines = "\n".join(f"  {each.name:<{width}}  {each.then} in the run, {each.now} here" for each in left)
    names = ",".join(each.name for each in left)
    raise Unusable(
        f"{run.path} was begun with another recipe:\n{lines}\nleave that out, or allow it by name: --changing {names}"
    )


def _is_named(name: str, changing: Collection[str]) -> bool:
    """Whether something may be another; the optimizer stands for all its arguments."""
    return name in changing or (OPTIMIZER in changing and name not in Recipe.attributes)


def _require_same_network(run: Run, config: Config, plan: Plan) -> None:
    source, parameters, inputs = plan.spec
    if source.text != run.spec.read_text(encoding="utf-8", errors="replace"):
        raise Unusable(f"{source.name} is not the spec that {run.path} was begun with, which is {run.spec}")
    pairs = (("-D", config.parameters, parameters), ("--input", config.inputs, inputs))
    for option, then, now in pairs:
        for name in sorted({*then, *now}):
            one, other = (str(each[name]) if name in each else "nothing" for each in (then, now))
            if one != other:
                raise Unusable(f"{run.path} was begun with {option} {name}: {one}, and here it is {other}")
    if source.model != config.model:
        raise Unusable(f"{run.path} was begun with the model {config.model or 'of its file'}, not {source.model}")
