"""What a recipe is made of: words with arguments, `SGD(lr=0.1)`, and the kinds of values that they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from cnndsl.layers.attributes import REQUIRED, Attribute
from cnndsl.layers.declared import Declared
from cnndsl.layers.rejected import Rejected

__all__ = ["Among", "Chain", "Clash", "Either", "Numbers", "OneOf", "Part", "Text", "families", "parts_by_word"]

_AXES = 2
"""The axes of an image: a size is one number for both, or one for each."""


class Clash(NamedTuple):
    """Values that do not go together.

    Attributes:
        attribute: the one that is to change.
        other: the one beside which it is wrong.
        message: the fact.
        help: what to write instead.
        is_error: whether nothing can be done so; else a part of what is said is without effect.
    """

    attribute: str
    other: str
    message: str
    help: str = ""
    is_error: bool = True


class Part(Declared):
    """Base of all that a recipe names. A subclass names its words and declares attributes; its family is its base.

    Two are equal where they are of one class and have equal values.
    """

    family: str = ""
    """What its like are called, in the singular: `optimizer`; set by the bases of families, which have no words."""

    elsewhere: ClassVar[tuple[str, ...]] = ()
    """What other frameworks call it, in lower case."""

    keywords_elsewhere: ClassVar[Mapping[str, str]] = {}
    """For names of arguments in other frameworks, in lower case, ours, whose values mean the same."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _parts.append(cls)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(self.value(name) == other.value(name) for name in self.attributes)

    def __repr__(self) -> str:
        return str(self)

    def __hash__(self) -> int:
        return hash((type(self), *map(str, map(self.value, self.attributes))))

    @property
    def in_full(self) -> str:
        """As a recipe writes it, with every argument."""
        shown = ", ".join(f"{name}={_in_full(kind, self.value(name))}" for name, kind in self.attributes.items())
        return f"{self.word()}({shown})" if shown else self.word()

    @classmethod
    def bound(cls, name: str, value: object, rank: int = _AXES) -> Any:
        return super().bound(name, value, rank)

    @classmethod
    def bind(cls, written: Mapping[str, object], rank: int = _AXES, filled: Mapping[str, object] | None = None) -> Self:
        """The part for the arguments as written.

        Raises:
            Rejected: an argument is not of its attribute's kind or range, or does not go with another.
        """
        return cls.unchecked(written).checked()

    @classmethod
    def unchecked(cls, written: Mapping[str, object]) -> Self:
        """The same, whether or not its values go together.

        Raises:
            Rejected: an argument is not of its attribute's kind or range.
        """
        return super().bind(written, _AXES)

    def checked(self) -> Self:
        """The part itself.

        Raises:
            Rejected: its values do not go together.
        """
        for clash in self.clashes():
            if clash.is_error:
                raise Rejected(clash.message, attribute=clash.attribute, help=clash.help)
        return self

    def clashes(self) -> Iterator[Clash]:
        """Which of its values do not go together."""
        yield from ()

    def with_values(self, **values: object) -> Self:
        """The same with other values, as a recipe writes them.

        Raises:
            Rejected: one is not of its attribute's kind or range, or does not go with the others.
        """
        return self.replacing({name: self.bound(name, value) for name, value in values.items()}).checked()

    def replacing(self, bound: Mapping[str, object]) -> Self:
        """The same with other bound values, whether or not they go together."""
        return type(self)({name: self.value(name) for name in self.attributes} | dict(bound))


P = TypeVar("P", bound=Part)

_parts: list[type[Part]] = []


def families() -> list[type[Part]]:
    """The bases of the families of parts, in the order of their declaration."""
    return [part for part in _parts if "family" in vars(part)]


def parts_by_word(family: type[Part] = Part) -> dict[str, type[Part]]:
    """The parts of a family, by word in capitals, in the order of their declaration."""
    return {word: part for part in _parts if issubclass(part, family) for word in part.words}


class Text(Attribute[str]):
    """A string or a bare word."""

    def __init__(self, phrase: str, default: object = REQUIRED, takes: str = "a text") -> None:
        super().__init__(phrase, default)
        self.takes = takes

    def bind(self, value: Any, rank: int) -> str:
        if not isinstance(value, str) or not value:
            self.reject(value, self.takes)
        if not value.isprintable() or '"' in value:  # a string of the language has no other way to hold them
            raise Rejected(f"{self.phrase} is a text of characters that can be printed, without quotation marks")
        return str(value)

    def show(self, value: str) -> str:
        return f'"{value}"'


class Either(Attribute[Any]):
    """What another kind takes, or one of a few words in its place: `size=auto`."""

    def __init__(self, of: Attribute[Any], words: tuple[str, ...], default: object = REQUIRED) -> None:
        super().__init__(of.phrase, default)
        self.of = of
        self.symbols = words
        self.takes = f"{of.takes}, or {' or '.join(words)}"

    def bind(self, value: Any, rank: int) -> Any:
        if value in self.symbols:
            return value
        if isinstance(value, str):
            self.reject(value, self.takes)
        return self.of.bind(value, rank)

    def show(self, value: Any) -> str:
        return value if isinstance(value, str) else self.of.show(value)


class Among(Attribute[int]):
    """One of a few whole numbers."""

    def __init__(self, phrase: str, numbers: tuple[int, ...], default: object = REQUIRED) -> None:
        super().__init__(phrase, default)
        self.numbers = numbers
        self.takes = " or ".join(map(str, numbers))

    def bind(self, value: Any, rank: int) -> int:
        if isinstance(value, bool) or value not in self.numbers:
            self.reject(value, self.takes)
        return int(value)


class Numbers(Attribute[tuple[float, ...]]):
    """A number, or a tuple of numbers, each as `of` takes it.

    Args:
        phrase: what they are.
        default: as a recipe would write it.
        of: the kind of each.
        count: how many there are; 0 for as many as are written.
        rising: whether none is less than the one before it.
    """

    def __init__(
        self,
        phrase: str,
        default: object = REQUIRED,
        *,
        of: Attribute[Any],
        count: int = 0,
        rising: bool = False,
    ) -> None:
        super().__init__(phrase, default)
        self.of = of
        self.count = count
        self.rising = rising
        self.takes = f"{count} numbers, each {of.takes}" if count else f"{of.takes}, or several in brackets"

    def bind(self, value: Any, rank: int) -> tuple[float, ...]:
        values = value if isinstance(value, tuple) else (value,)
        if self.count and len(values) != self.count:
            raise Rejected(f"{self.phrase}: {self.count} numbers are needed, `(a, b)`, and {len(values)} given")
        if not values:
            self.reject(value, self.takes)
        bound = tuple(self.of.bind(each, rank) for each in values)
        if self.rising and list(bound) != sorted(bound):
            raise Rejected(f"{self.phrase}: the numbers rise, and those of {self.show(bound)} do not")
        return bound

    def show(self, value: tuple[float, ...]) -> str:
        shown = ", ".join(map(self.of.show, value))
        return shown if len(value) == 1 else f"({shown})"


class OneOf(Attribute[P]):
    """A part of a family: `optimizer=SGD(lr=0.1)`."""

    def __init__(self, phrase: str, family: type[P], default: object = REQUIRED) -> None:
        super().__init__(phrase, default)
        self.family = family

    @property
    def takes(self) -> str:  # type: ignore[override]
        return f"one of {', '.join(part.word() for part in dict.fromkeys(parts_by_word(self.family).values()))}"

    def bind(self, value: Any, rank: int) -> P:
        if not isinstance(value, self.family):
            self.reject(value, self.takes)
        return value

    def is_default(self, value: P, of: Declared) -> bool:
        return value == self.default


class Chain(Attribute[tuple[P, ...]]):
    """Parts of a family one behind the other: `CROP(32, padding=4) -> FLIP`, or `none`."""

    symbols = ("none",)

    def __init__(self, phrase: str, family: type[P], default: object = REQUIRED) -> None:
        super().__init__(phrase, default)
        self.family = family

    @property
    def takes(self) -> str:  # type: ignore[override]
        words = dict.fromkeys(part.word() for part in parts_by_word(self.family).values())
        return f"one or more of {', '.join(words)}, joined by `->`, or none"

    def bind(self, value: Any, rank: int) -> tuple[P, ...]:
        if value == "none":
            return ()
        parts = value if isinstance(value, tuple) else (value,)
        for part in parts:
            if not isinstance(part, self.family):
                self.reject(part, self.takes)
        return parts

    def show(self, value: tuple[P, ...]) -> str:
        return " -> ".join(map(str, value)) or "none"


def _in_full(kind: Attribute[Any], value: Any) -> str:
    """A value of a part as a recipe writes it, with every argument of the parts in it."""
    if isinstance(value, Part):
        return value.in_full
    if isinstance(kind, Chain):
        return " -> ".join(part.in_full for part in value) or "none"
    return kind.show(value)
