"""What a layer becomes in PyTorch, as data: nothing here imports torch.

A layer lowers to steps. The first takes the node's inputs, each further one takes the result before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["FunctionCall", "ModuleCall", "Operand", "Operator", "Slice", "Step", "Weight", "compact", "unless_default"]


class Operand(Enum):
    """A placeholder among the arguments of a `FunctionCall`."""

    INPUT = "the value that comes in"
    INPUTS = "all values that come in, as a list"
    TRAINING = "whether the module is in training mode"


@dataclass(frozen=True, slots=True)
class Weight:
    """A parameter or buffer of the layer, by name, among the arguments of a `FunctionCall`."""

    name: str


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """A module of torch, `torch.nn.Conv2d`, with the arguments of its constructor."""

    path: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function of torch, `torch.cat`, with its arguments; operands and weights stand among them."""

    path: str
    args: tuple[Any, ...] = (Operand.INPUT,)
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operator:
    """`a + b + c`; `trailing` says how many axes of length 1 each operand gets behind its last one."""

    symbol: str
    trailing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """`x[:, 0:4, 2:10]`: from start up to stop along each axis behind the batch; None keeps an axis whole."""

    ranges: tuple[tuple[int, int] | None, ...]


Step = ModuleCall | FunctionCall | Operator | Slice


def compact(extents: tuple[Any, ...]) -> Any:
    """One number where all axes agree, as people write it: `3` for `(3, 3)`."""
    return extents[0] if len(set(extents)) == 1 else extents


def unless_default(**values: tuple[Any, Any]) -> dict[str, Any]:
    """Keyword arguments without those that equal torch's defaults; each is given as (value, default)."""
    return {name: value for name, (value, default) in values.items() if value != default}
