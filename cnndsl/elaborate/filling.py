"""What a spec may leave open because its data says it: the shape of a bare INPUT, the units of a bare FC at the end."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["NO_DATA", "Filling"]


class Filling(NamedTuple):
    """What stands in for both; by default, without data, CIFAR-10's.

    Attributes:
        input: the shape of a bare INPUT, channels first; None where the data has no single one.
        classes: the units of a bare FC that is the last.
        why: where there is no shape, why.
    """

    input: tuple[int, ...] | None = (3, 32, 32)
    classes: int = 10
    why: str = ""


NO_DATA = Filling()
