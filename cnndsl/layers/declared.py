"""What is written as a word with arguments, `CONV(64, 3)`, and declared as a class with attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, ClassVar, Self

from cnndsl.layers.attributes import REQUIRED, Attribute, Rejected, SameAs
from cnndsl.layers.extent import require_closed

__all__ = ["Declared"]


class Declared:
    """A class names its words and declares attributes; an instance has them bound and is frozen.

    The words are how a text writes it, in any case. An attribute whose name Python or the class itself takes is
    declared with `_` behind it: `from_`.
    """

    words: ClassVar[tuple[str, ...]] = ()

    attributes: ClassVar[Mapping[str, Attribute[Any]]] = {}

    _python_names: ClassVar[Mapping[str, str]] = {}

    filled: frozenset[str]

    def __init_subclass__(cls) -> None:
        declared = [name for name, value in vars(cls).items() if isinstance(value, Attribute)]
        own = {name.rstrip("_"): name for name in declared}
        inherited = {name: attribute for name, attribute in cls.attributes.items() if name not in own}
        cls.attributes = inherited | {name: vars(cls)[python_name] for name, python_name in own.items()}
        cls._python_names = {**cls._python_names, **own}

    def __init__(self, values: Mapping[str, Any], filled: Iterable[str] = ()) -> None:
        """One with bound values for all attributes; `filled` are those that the language chose."""
        names = self._python_names
        self.__dict__.update({names[name]: value for name, value in values.items()})
        self.__dict__["filled"] = frozenset(filled)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    @classmethod
    def bind(cls, written: Mapping[str, object], rank: int = 0, filled: Mapping[str, object] | None = None) -> Self:
        """The instance for the arguments as written, where a map of this rank comes in.

        Raises:
            Rejected: an argument is not of its attribute's kind or range.
        """
        values: dict[str, Any] = {}
        given = {**written, **(filled or {})}
        for name, attribute in cls.attributes.items():
            if name in given:
                values[name] = cls.bound(name, given[name], rank)
            elif isinstance(attribute.default, SameAs):
                values[name] = values[attribute.default.attribute]
            else:
                assert attribute.default is not REQUIRED, f"{cls.__name__}.{name} is not bound"
                values[name] = attribute.bind(attribute.default, rank)
        return cls(values, filled or ())

    @classmethod
    def bound(cls, name: str, value: object, rank: int = 0) -> Any:
        """The bound value of one attribute for the value as written.

        Raises:
            Rejected: it is not of the attribute's kind or range.
        """
        attribute = cls.attributes[name]
        try:
            if not attribute.may_be_open:
                require_closed(value, attribute.phrase)
            return attribute.bind(value, rank)
        except Rejected as rejected:
            raise rejected.at(name) from None

    @classmethod
    def word(cls) -> str:
        """The name in reports: the first of its words, or where it has none the class's."""
        return cls.words[0] if cls.words else cls.__name__.upper()

    @classmethod
    def summary(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or "").strip().split("\n")[0]

    def value(self, attribute: str) -> Any:
        """The bound value of an attribute, by its name in the language."""
        return self.__dict__[self._python_names[attribute]]

    def __str__(self) -> str:
        """As the language writes it, without what equals the defaults; `*` marks what the language filled in."""
        return self._text

    @cached_property
    def _text(self) -> str:
        written: list[str] = []
        by_position = True
        for name, attribute in self.attributes.items():
            value = self.value(name)
            mark = "*" if name in self.filled else ""
            if not mark and attribute.is_default(value, self):
                by_position = False
                continue
            shown = f"{attribute.show(value)}{mark}"
            written.append(shown if by_position else f"{name}={shown}")
        return f"{self.word()}({', '.join(written)})" if written else self.word()
