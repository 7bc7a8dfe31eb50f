"""The kinds of attributes that layers declare: each turns a written value into a bound one, or rejects it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar, overload

from cnndsl.layers.extent import is_size
from cnndsl.layers.rejected import Rejected
from cnndsl.layers.tensor import TensorType, by_x

if TYPE_CHECKING:
    from cnndsl.layers.declared import Declared
    from cnndsl.layers.layer import Layer

__all__ = [
    "REQUIRED",
    "Attribute",
    "Called",
    "ChannelCount",
    "Extents",
    "Filled",
    "Flag",
    "Given",
    "Padding",
    "Pair",
    "Pairs",
    "Real",
    "Rejected",
    "SameAs",
    "Shape",
    "Symbol",
    "Value",
    "Whole",
]

T = TypeVar("T")


class _Required(Enum):
    REQUIRED = "required"


REQUIRED = _Required.REQUIRED
"""The default of an attribute that has none."""


class Filled(Enum):
    """Defaults that depend on the place in the network; the elaborator computes them."""

    INPUT = "3x32x32, or the shape of the data set's images"
    FILTERS = "64 at first, then the incoming channels, doubled where the map shrank, up to 512"
    UNITS = "the number of classes in the last FC, 256 before it"
    BIAS = "absent where only batch norms read the output"


class SameAs:
    """A default that repeats another attribute, declared before this one."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute

    def __str__(self) -> str:
        return self.attribute


class Called:
    """A word of some attribute with its arguments, `normal(0.01)`, as a written value."""

    __slots__ = ("arguments", "name")

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name = name
        self.arguments = arguments

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Called) and (self.name, self.arguments) == (other.name, other.arguments)

    def __hash__(self) -> int:
        return hash((self.name, self.arguments))

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


class Attribute(Generic[T]):
    """A declared argument of a layer.

    Args:
        phrase: what it is, for messages and the reference.
        default: the value as a spec would write it, `REQUIRED`, a `Filled` rule or `SameAs` another.
    """

    symbols: tuple[str, ...] = ()
    """Bare words that it takes."""

    other_words: tuple[str, ...] = ()
    """Keywords of the language that may stand for them."""

    functions: tuple[str, ...] = ()
    """Words that it takes with arguments, `normal(0.01)`; such a value is `Called`."""

    takes: str = "a value"
    """What it takes, for messages and the reference: `true or false`."""

    may_be_open: bool = False
    """Whether it takes sizes that depend on an open one."""

    def __init__(self, phrase: str, default: object = REQUIRED) -> None:
        self.phrase = phrase
        self.default = default

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Declared, owner: type) -> T: ...
    def __get__(self, instance: Declared | None, owner: type) -> Self | T:
        assert instance is None, "an instance holds its bound values itself"
        return self

    def bind(self, value: Any, rank: int) -> T:
        """The bound value, for a map of this rank.

        Raises:
            Rejected: the value is not of this kind or range.
        """
        raise NotImplementedError

    def show(self, value: T) -> str:
        """A bound value as the language writes it."""
        return str(value)

    def is_default(self, value: T, of: Declared) -> bool:
        """Whether a report may leave this value out."""
        if isinstance(self.default, SameAs):
            return bool(value == of.value(self.default.attribute))
        if isinstance(self.default, Enum):
            return False
        return bool(value == self.bind(self.default, len(value) if isinstance(value, tuple) else 0))

    def reject(self, value: object, expected: str) -> NoReturn:
        raise Rejected(f"{self.phrase} is {expected}, not {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value == ():
        return "an empty tuple"
    if isinstance(value, tuple) and all(map(is_size, value)):
        return by_x(value)
    return f"`{value}`" if isinstance(value, str) else str(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _fraction_help(value: object) -> str:
    return "round it with `//`, round, floor or ceil" if isinstance(value, float) else ""


class Whole(Attribute[int]):
    """A whole number of at least `minimum`."""

    def __init__(self, phrase: str, default: object = REQUIRED, minimum: int = 1) -> None:
        super().__init__(phrase, default)
        self.minimum = minimum
        self.takes = f"a whole number of at least {minimum}"

    def bind(self, value: Any, rank: int) -> int:
        if not _is_whole(value) or value < self.minimum:
            message = f"{self.phrase} is {self.takes}, not {_shown(value)}"
            raise Rejected(message, help=_fraction_help(value))
        return int(value)


class ChannelCount(Attribute["int | None"]):
    """A whole number of channels; by default all that come in, when the value is None."""

    takes = "a whole number of at least 1"

    def __init__(self, phrase: str) -> None:
        super().__init__(phrase, default="C")

    def bind(self, value: Any, rank: int) -> int | None:
        return None if value == self.default else Whole(self.phrase).bind(value, rank)

    def show(self, value: int | None) -> str:
        return str(self.default) if value is None else str(value)


class Real(Attribute[float]):
    """A number between `minimum` and `maximum`, both included, above `above` and below `below`.

    `too_large` is what to write in place of one above `maximum`, if that is likely another thing.
    """

    def __init__(
        self,
        phrase: str,
        default: object = REQUIRED,
        minimum: float | None = None,
        maximum: float | None = None,
        above: float | None = None,
        below: float | None = None,
        too_large: str = "",
    ) -> None:
        super().__init__(phrase, default)
        self.minimum, self.maximum, self.above, self.below = minimum, maximum, above, below
        self.too_large = too_large
        limits = {"of at least": minimum, "above": above, "of at most": maximum, "below": below}
        stated = " and ".join(f"{words} {limit}" for words, limit in limits.items() if limit is not None)
        self.takes = f"a number {stated}".rstrip()

    def bind(self, value: Any, rank: int) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.reject(value, "a number")
        if self.minimum is not None and value < self.minimum:
            self.reject(value, f"at least {self.minimum}")
        if self.above is not None and value <= self.above:
            self.reject(value, f"above {self.above}")
        if self.maximum is not None and value > self.maximum:
            raise Rejected(f"{self.phrase} is at most {self.maximum}, not {_shown(value)}", help=self.too_large)
        if self.below is not None and value >= self.below:
            self.reject(value, f"below {self.below}")
        return value

    def show(self, value: float) -> str:
        return str(value).removesuffix(".0").replace("e-0", "e-")


class Flag(Attribute[bool]):
    """`true` or `false`."""

    other_words = ("true", "false")
    takes = "true or false"

    def bind(self, value: Any, rank: int) -> bool:
        if not isinstance(value, bool):
            self.reject(value, self.takes)
        return value

    def show(self, value: bool) -> str:
        return str(value).lower()


class AutoFlag(Attribute[bool | None]):
    """`true`, `false`, or `auto`: the language decides on the finished graph, until when the value is None."""

    symbols = ("auto",)
    other_words = ("true", "false")
    takes = "true, false or auto"

    def bind(self, value: Any, rank: int) -> bool | None:
        if value == "auto" or isinstance(value, Filled):
            return None
        if not isinstance(value, bool):
            self.reject(value, self.takes)
        return value

    def show(self, value: bool | None) -> str:
        return "auto" if value is None else str(value).lower()


class Symbol(Attribute[str]):
    """One of a few words."""

    def __init__(self, phrase: str, words: tuple[str, ...], default: object = REQUIRED) -> None:
        super().__init__(phrase, default)
        self.symbols = words
        self.takes = f"one of {', '.join(words)}"

    def bind(self, value: Any, rank: int) -> str:
        if value not in self.symbols:
            self.reject(value, self.takes)
        return str(value)


class Extents(Attribute[tuple[int, ...]]):
    """A whole number for every spatial axis, written once for all or as a size: `3`, `1x7`, `(k, k)`."""

    def __init__(self, phrase: str, default: object = REQUIRED, minimum: int = 1, *, may_be_open: bool = False) -> None:
        super().__init__(phrase, default)
        self.minimum = minimum
        self.may_be_open = may_be_open
        self.takes = f"a whole number of at least {minimum} on each axis"

    def bind(self, value: Any, rank: int) -> tuple[int, ...]:
        extents = value if isinstance(value, tuple) else (value,) * max(rank, 1)
        if not all(is_size(extent) and extent >= self.minimum for extent in extents):
            message = f"{self.phrase} is {self.takes}, not {_shown(value)}"
            raise Rejected(message, help=_fraction_help(value))
        if rank and len(extents) != rank:
            axes = "axis" if rank == 1 else "axes"
            message = f"{self.phrase} has {len(extents)} numbers, but the map has {rank} spatial {axes}"
            raise Rejected(message, help="write one number for all axes, or one for each")
        return extents

    def show(self, value: tuple[int, ...]) -> str:
        return str(value[0]) if len(set(value)) == 1 else by_x(value)


class Pairs(Attribute[tuple[tuple[int, int], ...]]):
    """A whole number, a size, or a pair (before, after) for every axis."""

    takes = "whole numbers of at least 0, one or a pair (before, after) for each axis"

    def bind(self, value: Any, rank: int) -> tuple[tuple[int, int], ...]:
        if not isinstance(value, tuple):
            value = (value,) * max(rank, 1)
        elif rank == 1 and len(value) == 2 and all(map(_is_whole, value)):
            value = (value,)
        pairs = tuple(extent if isinstance(extent, tuple) else (extent, extent) for extent in value)
        if not all(len(pair) == 2 and all(_is_whole(side) and side >= 0 for side in pair) for pair in pairs):
            self.reject(value, self.takes)
        if rank and len(pairs) != rank:
            raise Rejected(f"{self.phrase} has {len(pairs)} entries, but the map has {rank} spatial axes")
        return pairs

    def show(self, value: tuple[tuple[int, int], ...]) -> str:
        if all(before == after for before, after in value):
            extents = tuple(before for before, _ in value)
            return str(extents[0]) if len(set(extents)) == 1 else by_x(extents)
        return str(value)


class Padding(Attribute["str | tuple[tuple[int, int], ...]"]):
    """A word, or numbers as `Pairs` takes them."""

    def __init__(self, phrase: str, words: tuple[str, ...], default: object) -> None:
        super().__init__(phrase, default)
        self.symbols = words
        self.takes = f"one of {', '.join(words)}, or {Pairs.takes}"
        self._numbers = Pairs(phrase)

    def bind(self, value: Any, rank: int) -> str | tuple[tuple[int, int], ...]:
        if not isinstance(value, str):
            return self._numbers.bind(value, rank)
        if value not in self.symbols:
            self.reject(value, f"one of {', '.join(self.symbols)}, or numbers")
        return value

    def show(self, value: str | tuple[tuple[int, int], ...]) -> str:
        return value if isinstance(value, str) else self._numbers.show(value)


class Pair(Attribute[tuple[int, int]]):
    """A whole number of at least 0 before and one behind: `(0, 16)`, or one number for both sides."""

    takes = "a whole number of at least 0, or a pair (before, after)"

    def bind(self, value: Any, rank: int) -> tuple[int, int]:
        pair = value if isinstance(value, tuple) else (value, value)
        if len(pair) != 2 or not all(_is_whole(side) and side >= 0 for side in pair):
            self.reject(value, self.takes)
        return pair

    def show(self, value: tuple[int, int]) -> str:
        before, after = value
        return str(before) if before == after else str(value)


class Given:
    """The node behind a value that an argument names: `p` of `UNPOOL(p)`.

    Attributes:
        name: the argument as written.
        layer: what computes the value.
        inputs: the types of what that layer reads.
        type: the type of the value.
    """

    __slots__ = ("inputs", "layer", "name", "type")

    def __init__(self, name: str, layer: Layer, inputs: tuple[TensorType, ...], type: TensorType) -> None:
        self.name = name
        self.layer = layer
        self.inputs = inputs
        self.type = type


class Value(Attribute[Given]):
    """A value that `as` named; it enters the node behind what comes in."""

    takes = "a value named with `as`"

    def bind(self, value: Any, rank: int) -> Given:
        if not isinstance(value, Given):
            self.reject(value, self.takes)
        return value

    def show(self, value: Given) -> str:
        return value.name


class Shape(Attribute[tuple[int, ...]]):
    """The shape of a sample: `3x224x224`, or the length of a vector."""

    takes = "channels and up to three sizes, each at least 1"

    may_be_open = True

    def bind(self, value: Any, rank: int) -> tuple[int, ...]:
        if isinstance(value, Filled):
            return ()
        extents = value if isinstance(value, tuple) else (value,)
        is_shape = 1 <= len(extents) <= 4 and _is_whole(extents[0])
        if not is_shape or not all(is_size(extent) and extent >= 1 for extent in extents):
            self.reject(value, self.takes)
        return extents

    def show(self, value: tuple[int, ...]) -> str:
        return by_x(value)
