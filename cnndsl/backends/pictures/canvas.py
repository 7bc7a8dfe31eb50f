"""A picture before it has a format: shapes and texts at their places.

Lengths are points, a seventy-second of an inch, from the upper left corner; colours are `#rrggbb`, or "none".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

__all__ = ["Anchor", "Canvas", "Clip", "Curve", "Ellipse", "Group", "Item", "Point", "Polygon", "Rectangle", "Text"]

Anchor = Literal["start", "middle", "end"]


class Point(NamedTuple):
    x: float
    y: float


class Clip(NamedTuple):
    """The part of a picture that is shown, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Attributes: `radius` rounds the corners, `dash` draws the border in pieces of that length."""

    x: float
    y: float
    width: float
    height: float
    fill: str = "none"
    stroke: str = "none"
    thickness: float = 1
    radius: float = 0
    dash: float = 0


@dataclass(frozen=True, slots=True)
class Ellipse:
    center: Point
    width: float
    height: float
    fill: str = "none"
    stroke: str = "none"
    thickness: float = 1


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed line through some points."""

    points: Sequence[Point]
    fill: str = "none"
    stroke: str = "none"
    thickness: float = 1


@dataclass(frozen=True, slots=True)
class Curve:
    """An open line.

    Attributes:
        points: where it begins, and for each piece behind that two control points and the end, as Bézier has them.
        arrow: the tip of the arrow at its end, if it has one.
    """

    points: Sequence[Point]
    stroke: str
    thickness: float = 1
    dash: float = 0
    arrow: Point | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text.

    Attributes:
        at: of its baseline the beginning, middle or end, as `anchor` says.
        halo: a colour around the letters, which keeps what they lie on apart.
    """

    at: Point
    text: str
    size: float
    fill: str
    anchor: Anchor = "middle"
    bold: bool = False
    halo: str = "none"


@dataclass(frozen=True, slots=True)
class Group:
    """Items that belong together.

    Attributes:
        title: what is said of them where somebody points at them.
        clip: what of them is shown; None for all.
        moved: by how much they are moved from where they say to be; None where they stay.
    """

    items: Sequence[Item]
    title: str = ""
    clip: Clip | None = None
    moved: Point | None = None


Item = Rectangle | Ellipse | Polygon | Curve | Text | Group


@dataclass(slots=True)
class Canvas:
    """A picture.

    Attributes:
        title: what it is, in a word.
        description: what there is to see, for those who do not see it.
        paper: the colour behind everything; "none" where what is behind the picture shows.
        by: the program that laid it out, with its version; "" where none was needed.
    """

    width: float
    height: float
    title: str
    description: str
    paper: str
    by: str = ""
    items: list[Item] = field(default_factory=list)

    def add(self, items: Iterable[Item]) -> None:
        self.items.extend(items)
