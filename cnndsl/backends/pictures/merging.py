"""One label for several that differ in their values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from cnndsl.backends.pictures.labels import parts as parts_of

__all__ = ["merged", "name_of"]

_MOST_VALUES = 4
"""Values that are written one beside the other; of more numbers, the smallest and the largest."""

_CALL = re.compile(r"(\w+)\((.*)\)")
_TIMES = re.compile(r"(?:^| )(×\d+)$")
_NUMBER = re.compile(r"\d+(\.\d+)?(e-?\d+)?")
_NAMED = re.compile(r"([A-Za-z_ ]*=|[A-Za-z_ ]+ )(.*)")
"""`padding=valid`, `stride 2`."""


class _Label(NamedTuple):
    """Attributes:
    name: the word of a layer, or of a call.
    parts: what follows it, each with the name under which it is found in other labels, and its value.
    is_call: whether the parts stand in brackets.
    times: `×3`, or nothing.
    """

    name: str
    parts: dict[str, str]
    is_call: bool
    times: str


def merged(labels: Sequence[str]) -> str:
    """Where labels differ, their values one beside the other; what only some have is in brackets.

    >>> merged(["conv(64, 1)", "conv(128, 1)", "conv(64, 1)"])
    'conv(64/128, 1)'
    >>> merged(["CONV 8, 3×3", "CONV 16, 1×1, stride 2"])
    'CONV 8/16, 3×3/1×1, (stride 2)'
    """
    distinct = list(dict.fromkeys(labels))
    if len(distinct) == 1:
        return distinct[0]
    read = [_read(label) for label in distinct]
    if len({(label.name, label.is_call) for label in read}) > 1:
        return " | ".join(distinct)
    parts = ", ".join(_part(name, read) for name in dict.fromkeys(name for label in read for name in label.parts))
    times = _values([label.times for label in read])
    name = read[0].name
    whole = f"{name}({parts})" if read[0].is_call else f"{name} {parts}".strip()
    return f"{whole} {times}".strip()


def name_of(label: str) -> str:
    """The word of a layer, or of a call."""
    return _read(label).name


def _read(label: str) -> _Label:
    times = _TIMES.search(label)
    text = label[: times.start()] if times else label
    call = _CALL.fullmatch(text)
    name, _, rest = (call[1], "", call[2]) if call else text.partition(" ")
    parts: dict[str, str] = {}
    for place, part in enumerate(parts_of(rest) if rest else ()):
        named = _NAMED.fullmatch(part)
        key, value = (named[1], named[2]) if named else (str(place), part)
        parts[key] = value
    return _Label(name, parts, bool(call), times[1] if times else "")


def _part(name: str, labels: Sequence[_Label]) -> str:
    values = [label.parts[name] for label in labels if name in label.parts]
    text = ("" if name.isdecimal() else name) + _values(values)
    return text if len(values) == len(labels) else f"({text})"


def _values(values: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(values))
    if len(distinct) <= _MOST_VALUES:
        return "/".join(distinct)
    if all(map(_NUMBER.fullmatch, distinct)):
        return f"{min(distinct, key=float)}…{max(distinct, key=float)}"
    return "/".join([*distinct[:_MOST_VALUES], "…"])
