"""The flags of `cnndsl train`: every key of a recipe, and every argument of an optimizer."""

from __future__ import annotations

from typing import Any

from cnndsl.layers.attributes import Attribute
from cnndsl.training.recipe.optimizers import Optimizer
from cnndsl.training.recipe.part import Part, parts_by_word
from cnndsl.training.recipe.recipe import Recipe

__all__ = ["attribute_of", "names", "option", "switch", "takers"]


def names() -> list[str]:
    """The names of all flags, as the recipe writes them: its keys, then the arguments of optimizers."""
    arguments = [name for part in parts_by_word(Optimizer).values() for name in part.attributes]
    return list(dict.fromkeys((*Recipe.attributes, *arguments)))


def takers(name: str) -> list[type[Part]]:
    """The optimizers that have an argument of this name."""
    return [part for part in parts_by_word(Optimizer).values() if name in part.attributes]


def attribute_of(name: str) -> Attribute[Any]:
    """What a flag sets; of several optimizers' arguments of that name, the first."""
    return Recipe.attributes[name] if name in Recipe.attributes else takers(name)[0].attributes[name]


def option(name: str) -> str:
    """How a flag is written: `--weight-decay`."""
    return f"--{name.replace('_', '-')}"


def switch(name: str, is_on: bool) -> str:
    """How a flag of an attribute that is true or false is written: `--compile`, `--no-compile`."""
    return option(name) if is_on else option(f"no_{name}")
