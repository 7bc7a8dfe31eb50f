"""What a class of the source keeps beside its modules, and how `forward` finds both."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cnndsl.backends.torch.classes import Loop, ModuleClass, Part
from cnndsl.backends.torch.names import Names

__all__ = [
    "constant_of",
    "has",
    "is_constant",
    "loop_head",
    "loop_stop",
    "member",
    "name_in_loop",
    "only_module",
]


def member(name: str) -> str:
    """A module by its name; a class would change names that start with two underscores."""
    return f'getattr(self, "{name}")' if name.startswith("__") else f"self.{name}"


def constant_of(made: ModuleClass, part: Part, name: str) -> str:
    """Where a number is kept that `forward` needs and the constructor is given."""
    return _attribute(made, f"{part.item.name}_{name}")


def is_constant(part: Part, name: str) -> bool:
    """Whether such a number is the same for all instances, so that it can stand in `forward` itself."""
    return part.arguments[name].isdigit()


def has(made: ModuleClass, part: Part) -> str:
    """Where it is kept whether `forward` has to do what a part does."""
    return _attribute(made, f"has_{part.item.name}")


def loop_stop(made: ModuleClass, loop: Loop) -> str:
    """Where the end of a loop's range is kept, which differs from instance to instance."""
    return _attribute(made, f"{loop.modules()[0].item.name}_stop")


def _attribute(made: ModuleClass, wanted: str) -> str:
    """An attribute for a number or a truth: of the wanted name, unless a module has it."""
    words = {part.piece.word for part in made.modules()}
    while any(re.fullmatch(rf"{re.escape(word)}\d+", wanted) for word in words):
        wanted += "_"
    return f"self.{wanted}"


def name_in_loop(part: Part, loop: Loop) -> str:
    """A Python expression for the name of a module in a loop over `i`."""
    index = f"i + {loop.first}" if loop.counts_from_zero and loop.first else "i"
    return f'f"{part.piece.word}{{{index}}}{part.piece.suffix}"'


def only_module(made: ModuleClass) -> Part | None:
    """The module of a class that has no other one, so that a loop over it is one over the children of the class."""
    modules = made.modules()
    return modules[0] if len(modules) == 1 and not made.ties else None


def loop_head(made: ModuleClass, loop: Loop, taken: Iterable[str]) -> tuple[str, dict[Part, str]]:
    """The line that opens a loop in `forward`, and expressions for the modules in it."""
    only = only_module(made)
    if only is not None:
        called = (part.called for part in loop.parts)
        variable = Names([*taken, *called]).fresh(only.piece.word.strip("_") or "module")
        return f"for {variable} in self.children():", {only: variable}
    stop = loop.stop if loop.count else loop_stop(made, loop)
    modules = {part: f"getattr(self, {name_in_loop(part, loop)})" for part in loop.modules()}
    return f"for i in {loop.range(stop)}:", modules
