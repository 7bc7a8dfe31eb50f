"""What a recipe is made of: words with arguments, `SGD(lr=0.1)`, and the kinds of values that they take."""

from __future__ import annotations

from typing import Any

from cnndsl.layers.attributes import REQUIRED, Attribute
from cnndsl.layers.declared import Declared
from cnndsl.layers.rejected import Rejected

__all__ = ["Chain", "Either", "Numbers", "OneOf", "Part", "Text", "parts_by_word"]


class Part(Declared):
    """Base of all that a recipe names. A subclass names its words and declares attributes; its family is its base.

    Two are equal where they are of one class and have equal values.
    """

    family: str = ""
    """What its like are called, in the singular: `optimizer`; set by the bases of families, which have no words."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _parts.append(cls)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(self.value(name) == other.value(name) for name in self.attributes)

    def __hash__(self) -> int:
        return hash((type(self), *map(str, map(self.value, self.attributes))))

    @property
    def in_full(self) -> str:
        """As a recipe writes it, with every argument."""
        shown = ", ".join(f"{name}={_in_full(kind, self.value(name))}" for name, kind in self.attributes.items())
        return f"{self.word()}({shown})" if shown else self.word()

    def with_values(self, **values: object) -> Any:
        """The same with other values, as a recipe writes them.

        Raises:
            Rejected: one is not of its attribute's kind or range.
        """
        bound = {name: self.value(name) for name in self.attributes}
        changed = type(self).bind(values)
        return type(self)(bound | {name: changed.value(name) for name in values})


_parts: list[type[Part]] = []


def parts_by_word(family: type[Part] = Part) -> dict[str, type[Part]]:
    """The parts of a family, by word in capitals, in the order of their declaration."""
    return {word: part for part in _parts if issubclass(part, family) for word in part.words}


class Text(Attribute[str]):
    """A string or a bare word."""

    takes = "a text"

    def bind(self, value: Any, rank: int) -> str:
        if not isinstance(value, str) or not value or not value.isprintable():
            self.reject(value, "a text that can be printed")
        return value

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


class Numbers(Attribute[tuple[float, ...]]):
    """A number, or a tuple of numbers, each as `of` takes it."""

    def __init__(self, phrase: str, default: object = REQUIRED, *, of: Attribute[Any], count: int = 0) -> None:
        super().__init__(phrase, default)
        self.of = of
        self.count = count
        """How many there are; 0 for as many as are written."""

        several = f"{count} numbers" if count else "numbers"
        self.takes = f"{several}, each {of.takes}"

    def bind(self, value: Any, rank: int) -> tuple[float, ...]:
        values = value if isinstance(value, tuple) else (value,)
        if self.count and len(values) != self.count:
            raise Rejected(f"{self.phrase} is {self.count} numbers, `(a, b)`, not {len(values)}")
        return tuple(self.of.bind(each, rank) for each in values)

    def show(self, value: tuple[float, ...]) -> str:
        shown = ", ".join(map(self.of.show, value))
        return shown if len(value) == 1 else f"({shown})"


class OneOf(Attribute[Part]):
    """A part of a family: `optimizer=SGD(lr=0.1)`."""

    def __init__(self, phrase: str, family: type[Part], default: object = REQUIRED) -> None:
        super().__init__(phrase, default)
        self.family = family

    @property
    def takes(self) -> str:  # type: ignore[override]
        return f"one of {', '.join(part.word() for part in dict.fromkeys(parts_by_word(self.family).values()))}"

    def bind(self, value: Any, rank: int) -> Part:
        if not isinstance(value, self.family):
            self.reject(value, self.takes)
        return value

    def is_default(self, value: Part, of: Declared) -> bool:
        return value == self.default


class Chain(Attribute[tuple[Part, ...]]):
    """Parts of a family one behind the other: `CROP(32, padding=4) -> FLIP`, or `none`."""

    symbols = ("none",)

    def __init__(self, phrase: str, family: type[Part], default: object = REQUIRED) -> None:
        super().__init__(phrase, default)
        self.family = family

    @property
    def takes(self) -> str:  # type: ignore[override]
        words = dict.fromkeys(part.word() for part in parts_by_word(self.family).values())
        return f"one or more of {', '.join(words)}, joined by `->`, or none"

    def bind(self, value: Any, rank: int) -> tuple[Part, ...]:
        if value == "none":
            return ()
        parts = value if isinstance(value, tuple) else (value,)
        for part in parts:
            if not isinstance(part, self.family):
                self.reject(part, self.takes)
        return parts

    def show(self, value: tuple[Part, ...]) -> str:
        return " -> ".join(map(str, value)) or "none"


def _in_full(kind: Attribute[Any], value: Any) -> str:
    """A value of a part as a recipe writes it, with every argument of the parts in it."""
    if isinstance(value, Part):
        return value.in_full
    if isinstance(kind, Chain):
        return " -> ".join(part.in_full for part in value) or "none"
    return kind.show(value)
