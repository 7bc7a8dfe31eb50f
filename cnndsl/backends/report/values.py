"""What stands in the cells of a report: numbers, texts, bytes and shares, as people and as programs read them."""

from __future__ import annotations

from typing import NamedTuple

from cnndsl.layers.extent import Extent

__all__ = ["Bytes", "Share", "Value", "plain", "shown"]

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_THOUSAND = 1000


class Bytes(NamedTuple):
    """So many bytes."""

    number: int

    def __str__(self) -> str:
        """In units of powers of 1,000, with four digits at most: `102.2 MB`."""
        if isinstance(self.number, Extent):
            return f"{self.number:,} B"  # a formula of open sizes
        number, unit = float(self.number), 0
        while round(number, 1) >= _THOUSAND and unit < len(_UNITS) - 1:
            number, unit = number / _THOUSAND, unit + 1
        return f"{self.number:,} B" if unit == 0 else f"{number:,.1f} {_UNITS[unit]}"


class Share(NamedTuple):
    """A part of a total, from 0 to 1."""

    part: float

    def __str__(self) -> str:
        return f"{100 * self.part:.1f} %"


Value = int | str | Bytes | Share | None


def shown(value: Value) -> str:
    """As people read it: thousands apart, a dash for 0, which most rows have, and for what is not known."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, Bytes):
        return str(value) if value.number != 0 else "-"
    if isinstance(value, Share):
        return str(value) if value.part else "-"
    return f"{value:,}" if value != 0 else "-"


def plain(value: Value) -> str:
    """As programs read it: digits only; a formula of open sizes as it is; nothing for what is not known."""
    if value is None:
        return ""
    if isinstance(value, Bytes):
        return str(value.number)
    if isinstance(value, Share):
        return f"{value.part:.6f}"
    return str(value)
