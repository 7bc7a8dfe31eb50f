"""How long it is from one time to the next: in steps, or in minutes."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from cnndsl.layers.attributes import REQUIRED, Attribute

__all__ = ["Every", "Interval"]

_WRITTEN = re.compile(r"(\d+(?:\.\d+)?) *([a-z]*)")
_STEPS = ("", "step", "steps")
_MINUTES = {"min": 1, "mins": 1, "minute": 1, "minutes": 1, "h": 60, "hour": 60, "hours": 60}
"""Minutes of each unit."""


class Every(NamedTuple):
    """So many steps of the optimizer, or so many minutes; the other is 0."""

    steps: int
    minutes: float

    def __str__(self) -> str:
        return str(self.steps) if self.steps else f"{_plain(self.minutes)}min"


class Interval(Attribute[Every]):
    """Steps, `500`, or minutes, `10min`."""

    def __init__(self, phrase: str, default: object = REQUIRED) -> None:
        super().__init__(phrase, default)
        self.takes = 'steps (500) or minutes ("10min")'

    def bind(self, value: Any, rank: int) -> Every:
        if isinstance(value, Every):
            return value
        found = _WRITTEN.fullmatch(str(value).strip().lower()) if isinstance(value, int | str) else None
        number, unit = (float(found[1]), found[2]) if found and not isinstance(value, bool) else (0.0, "")
        if unit in _STEPS and number and number.is_integer():
            return Every(int(number), 0)
        if unit not in _MINUTES or _plain(number) == "0":
            self.reject(value, self.takes)
        return Every(0, number * _MINUTES[unit])

    def show(self, value: Every) -> str:
        return str(value) if value.steps else f'"{value}"'


def _plain(number: float) -> str:
    """Without an exponent."""
    return f"{number:.6f}".rstrip("0").rstrip(".")
