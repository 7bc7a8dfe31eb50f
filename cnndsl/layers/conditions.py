"""Comparisons of open sizes: decided for all H and W, or for large ones, with a note for which sizes that is right.

Layers compare as if sizes were numbers. What they note is read by whoever calls them: `with collecting() as found`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cnndsl.layers.rejected import Undecided
from cnndsl.layers.sizes import LONGEST_PERIOD, Sizes, words

if TYPE_CHECKING:
    from cnndsl.layers.extent import Extent

__all__ = ["Condition", "agree", "collecting", "compare", "is_zero"]


class Condition(NamedTuple):
    """What has to hold for an answer to be right.

    Attributes:
        text: it in words, or as a formula.
        name: the size that it is about, "H" or "W"; "" where there are several, or it is told as a formula only.
        sizes: for which sizes it holds, if it is about one.
    """

    text: str
    name: str = ""
    sizes: Sizes | None = None


class _Answer(NamedTuple):
    """An answer, and for which sizes it is right: None where only a formula says it."""

    holds: bool
    sizes: Sizes | None


_ALWAYS = Sizes.least(1)
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}

_collector: ContextVar[list[Condition] | None] = ContextVar("conditions", default=None)


@contextmanager
def collecting() -> Iterator[list[Condition]]:
    """Gives a list that the conditions of all comparisons inside are added to."""
    found: list[Condition] = []
    token = _collector.set(found)
    try:
        yield found
    finally:
        _collector.reset(token)


def compare(left: int, operator: str, right: int) -> bool:
    """`left operator right` for one of `< <= > >=`, for all sizes, or else for large ones under a condition.

    Raises:
        Undecided: it holds for some sizes and not for others, however large.
    """
    return _noted(_compare(left, operator, right))


def agree(left: int, right: int) -> bool:
    """Whether two sizes can be equal; the condition says where they are, unless that is everywhere."""
    return left == right or _noted(_agree(left, right))


def is_zero(extent: Extent) -> bool:
    """Whether a formula is 0 for all sizes, or else for large ones under a condition.

    Raises:
        Undecided: it is for some sizes and not for others, however large.
    """
    return _noted(_is_zero(extent))


def _noted(answer: tuple[bool, Condition | None]) -> bool:
    holds, condition = answer
    found = _collector.get()
    if condition and found is not None:
        found.append(condition)
    return holds


@lru_cache(maxsize=4096)
def _compare(left: int, operator: str, right: int) -> tuple[bool, Condition | None]:
    difference: Any = left - right - (operator in (">", "<="))
    answer = _is_natural(difference)
    if answer is None:
        raise _undecided(f"{left} {operator} {right}", difference)
    holds = answer.holds == (operator in (">", ">="))
    return holds, _condition(difference, answer.sizes, f"{left} {operator if holds else _OPPOSITE[operator]} {right}")


@lru_cache(maxsize=4096)
def _agree(left: int, right: int) -> tuple[bool, Condition | None]:
    difference: Any = left - right
    if isinstance(difference, int):
        return difference == 0, None
    sizes = _zeros(difference)
    if sizes is not None and sizes.is_empty:
        return False, None
    return True, _condition(difference, sizes, f"{left} == {right}")


@lru_cache(maxsize=4096)
def _is_zero(extent: Extent) -> tuple[bool, Condition | None]:
    sizes = _zeros(extent)
    if sizes == _ALWAYS:
        return True, None
    if sizes is not None and sizes.residues:
        raise _undecided(f"{extent} == 0", extent)
    return False, None if sizes is not None and sizes.is_empty else Condition(f"{extent} != 0")


def _undecided(what: str, extent: Extent) -> Undecided:
    verb = "are" if len(extent.names) > 1 else "is"
    return Undecided(f"`{what}` cannot be decided while {' and '.join(sorted(extent.names))} {verb} open")


def _condition(about: Any, sizes: Sizes | None, text: str) -> Condition | None:
    """The condition that the only size of a formula is one of these; None where it is no condition."""
    if sizes == _ALWAYS:
        return None
    if sizes is None or isinstance(about, int):
        return Condition(text)
    (name,) = about.names
    return Condition(words([name], sizes) or text, name, sizes)


def _is_natural(number: Any) -> _Answer | None:
    """Whether a number is 0 or more; None where that cannot be decided."""
    if isinstance(number, int):
        return _Answer(number >= 0, _ALWAYS)
    below = -1 - number
    if number.rises:
        return _Answer(True, _reaches_zero(number))
    if below.rises:
        return _Answer(False, _reaches_zero(below))
    rise = _rise(number)
    if rise is None:
        return None
    if rise:
        sizes = _from_zero_on(number if rise > 0 else below, abs(rise))
        return _Answer(rise > 0, sizes) if sizes else None
    sizes = Sizes.repeating(lambda size: _at(number, size) >= 0, number.period)
    return _Answer(sizes == _ALWAYS, _ALWAYS) if sizes == _ALWAYS or sizes.is_empty else None


def _reaches_zero(rising: Extent) -> Sizes | None:
    """Where a formula that never falls is 0 or more; None where only a formula says it."""
    if _at(rising, 1) >= 0:
        return _ALWAYS
    if len(rising.names) > 1:
        return None
    below, reached = 1, 2
    while _at(rising, reached) < 0:
        below, reached = reached, 2 * reached
    while reached - below > 1:
        between = (below + reached) // 2
        below, reached = (below, between) if _at(rising, between) >= 0 else (between, reached)
    return Sizes.least(reached)


def _from_zero_on(extent: Extent, rise: int) -> Sizes | None:
    """Where a formula that rises on average is 0 or more; None where that is no regular set for long."""
    period = extent.period
    firsts = []
    for size in range(1, period + 1):  # of each residue the first size from which on it is 0 or more
        periods = max(0, -(_at(extent, size) // rise))
        firsts.append(size + periods * period)
    start, least = max(firsts), min(firsts)
    if start - least > LONGEST_PERIOD:
        return None
    return Sizes.normal(start, 1, {0}, (size for size in range(least, start) if _at(extent, size) >= 0))


def _zeros(extent: Extent) -> Sizes | None:
    """Where a formula is 0; None where that is not known."""
    opposite: Any = -extent
    if extent.is_never_zero or any(signed.rises and _at(signed, 1) > 0 for signed in (extent, opposite)):
        return Sizes.of(())
    rise = _rise(extent)
    if rise is None:
        return None
    period = extent.period
    if rise == 0:
        return Sizes.repeating(lambda size: _at(extent, size) == 0, period)
    found = []
    for size in range(1, period + 1):
        periods, rest = divmod(-_at(extent, size), rise)
        if rest == 0 and periods >= 0:
            found.append(size + periods * period)
    return Sizes.of(found)


def _rise(extent: Extent) -> int | None:
    """Its rise in a period, if it depends on one size and repeats soon enough to be looked through."""
    return extent.rise if len(extent.names) == 1 and extent.period <= LONGEST_PERIOD else None


def _at(extent: Extent, size: int) -> int:
    return extent.evaluate({"H": size, "W": size})
