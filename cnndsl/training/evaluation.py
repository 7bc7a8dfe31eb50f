"""How good a network is on images with known classes, as plain numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

__all__ = ["ClassFigures", "Confusion", "Evaluation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """How good a network is at one class. Where a figure would be 0/0 it is 0.

    Attributes:
        name: of the class.
        precision: the part that is right of what was taken for this class, from 0 to 1.
        recall: the part that was found of what is of this class, likewise.
        f1: the harmonic mean of the two (van Rijsbergen, 1979, with equal weights).
        support: how many images are of this class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


class Confusion(NamedTuple):
    """A class that was taken for another one, and how often."""

    name: str
    taken_for: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How good a network is.

    Attributes:
        loss: the mean cross-entropy, in nats.
        top5: the part of the images whose class is among the five likeliest, from 0 to 1; None for up to five classes.
        classes: each class, in the order of the network's outputs.
        confusion: how many images of the class of a row were taken for the class of a column.
    """

    loss: float
    top5: float | None
    classes: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]

    @property
    def images(self) -> int:
        return sum(map(sum, self.confusion))

    @property
    def right(self) -> int:
        """How many images were taken for what they are."""
        return sum(row[index] for index, row in enumerate(self.confusion))

    @property
    def accuracy(self) -> float:
        """Their part, from 0 to 1."""
        return self.right / self.images

    @property
    def confusions(self) -> list[Confusion]:
        """The classes that were taken for others, the most frequent first."""
        return sorted(self._confusions(), key=lambda each: -each.times)

    def as_data(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        head = {"images": self.images, "right": self.right, "accuracy": self.accuracy}
        return {**head, **asdict(self)}

    def _confusions(self) -> Iterator[Confusion]:
        names = [each.name for each in self.classes]
        for name, row in zip(names, self.confusion, strict=True):
            yield from (
                Confusion(name, other, times)
                for other, times in zip(names, row, strict=True)
                if times and other != name
            )
