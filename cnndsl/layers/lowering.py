"""What a layer becomes in PyTorch, as data: nothing here imports torch.

A layer lowers to steps. The first takes the node's inputs, each further one takes the result before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = [
    "PARTS",
    "FunctionCall",
    "Initial",
    "ModuleCall",
    "Operand",
    "Operator",
    "Options",
    "Slice",
    "Step",
    "compact",
    "is_view",
    "options",
]

PARTS = "cnndsl.backends.torch.parts"
"""Where modules are that torch lacks; their text becomes part of the source."""

Options = Mapping[str, tuple[Any, Any]]
"""Keyword arguments: for each its value, and torch's default."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Operand(Enum):
    """A placeholder among the arguments of a `FunctionCall`."""

    INPUT = "the value that comes in"
    INPUTS = "all values that come in, as a list"
    INDICES = "where the max pooling behind the last of them found its values: its second result"


class Initial(NamedTuple):
    """How a parameter begins: a function of `torch.nn.init`, with its arguments behind the parameter."""

    function: str
    args: tuple[float, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()


class ModuleCall(NamedTuple):
    """A module, `torch.nn.Conv2d`, one of `PARTS` or another package's, with the arguments of its constructor.

    Attributes:
        path: its dotted name.
        args: the arguments by position, under torch's names for them.
        options: the arguments by keyword; those that equal torch's default need not be written.
        without: parameters that the module would learn and this layer does not have.
        suffix: what tells its name from the node's; the step that holds a node's weights has none.
        initial: how parameters begin, by name; the others as torch has it.
        results: how many values it gives; the first is what leaves the node.
    """

    path: str
    args: Mapping[str, Any] = _NOTHING
    options: Options = _NOTHING
    without: tuple[str, ...] = ()
    suffix: str = ""
    initial: Mapping[str, Initial] = _NOTHING
    results: int = 1

    @property
    def kwargs(self) -> dict[str, Any]:
        """The keyword arguments that have to be written."""
        return {name: value for name, (value, default) in self.options.items() if value != default}


class FunctionCall(NamedTuple):
    """A function of torch, `torch.cat`, with its arguments; operands stand among them."""

    path: str
    args: tuple[Any, ...] = (Operand.INPUT,)
    kwargs: Mapping[str, Any] = _NOTHING


class Operator(NamedTuple):
    """`a + b + c`; `trailing` says how many axes of length 1 each operand gets behind its last one.

    Numbers may follow: `x * 0.17`.
    """

    symbol: str
    trailing: tuple[int, ...]
    numbers: tuple[float, ...] = ()


class Slice(NamedTuple):
    """`x[:, 0:4, 2:10]`: from start up to stop along each axis behind the batch; None keeps an axis whole."""

    ranges: tuple[tuple[int, int] | None, ...]


Step = ModuleCall | FunctionCall | Operator | Slice


_VIEWS = frozenset({"torch.nn.Flatten", "torch.nn.Unflatten", "torch.permute"})
_AT_REST = frozenset({"torch.nn.Dropout", f"{PARTS}.DropPath", f"{PARTS}.GaussianNoise"})
"""What passes its input on, unless in training."""


def is_view(step: Step, training: bool) -> bool:
    """Whether a step gives its input itself, or another look at the same numbers."""
    if isinstance(step, ModuleCall | FunctionCall):
        return step.path in _VIEWS or (not training and step.path in _AT_REST)
    return isinstance(step, Slice)


def compact(extents: tuple[Any, ...]) -> Any:
    """One number where all axes agree, as people write it: `3` for `(3, 3)`."""
    return extents[0] if len(set(extents)) == 1 else extents


def options(**values: tuple[Any, Any]) -> Options:
    """Keyword arguments, each given as (value, torch's default)."""
    return values
