"""Sets of numbers that grow together."""

from __future__ import annotations

__all__ = ["Exchange"]


class Exchange:
    """Which numbers belong together, since they are joined, directly or through others."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def add(self, one: int, other: int) -> None:
        """Join two."""
        first, second = self._root(one), self._root(other)
        self._above[second] = first

    def add_if_known(self, one: int, other: int) -> None:
        """Join two, if one of them is joined to something already."""
        if one in self._above or other in self._above:
            self.add(one, other)

    def knows(self, number: int) -> bool:
        """Whether it is joined to something."""
        return number in self._above

    def groups(self) -> list[list[int]]:
        """All that belong together, those with the least positive number first."""
        found: dict[int, list[int]] = {}
        for number in self._above:
            found.setdefault(self._root(number), []).append(number)
        return sorted(found.values(), key=lambda group: min((each for each in group if each >= 0), default=0))

    def _root(self, number: int) -> int:
        self._above.setdefault(number, number)
        while self._above[number] != number:
            self._above[number] = number = self._above[self._above[number]]
        return number
