"""The style `graph`: every layer, what flows between them, and the blocks of the spec around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnndsl.backends.pictures import labels
from cnndsl.backends.pictures.canvas import Canvas, Curve, Ellipse, Group, Item, Point, Rectangle, Text
from cnndsl.backends.pictures.columns import Piece, broken
from cnndsl.backends.pictures.dot import (
    EDGE_SIZE,
    FRAME_SIZE,
    NODE_SIZE,
    Direction,
    digraph,
    fill_of,
    line_of,
    named,
    shown_output,
)
from cnndsl.backends.pictures.fonts import width
from cnndsl.backends.pictures.layout import laid_out, program_version
from cnndsl.backends.pictures.pages import page
from cnndsl.backends.pictures.themes import Theme
from cnndsl.backends.pictures.view import Box, Frame, View
from cnndsl.layers.structure import Input

__all__ = ["draw", "pieces"]

_BEHIND = 3.0
"""Points by which what is behind a box shows, where the box stands for several."""

_MIDDLE = 0.35
"""Of the size of a text, how far its baseline is below its middle."""


def draw(view: View, theme: Theme, direction: Direction = "down") -> Canvas:
    """The view, laid out; where it is too long, in columns.

    Raises:
        Unrendered: the layout program is missing or fails, or there is too much for one page.
    """
    items, size = broken(pieces(view, theme, direction), theme, down=direction == "down")
    return page(view.graph, theme, items, size, program_version())


def pieces(view: View, theme: Theme, direction: Direction) -> list[Piece]:
    """What a picture of the view consists of.

    Raises:
        Unrendered: the layout program is missing or fails.
    """
    layout = laid_out(digraph(view, theme, direction))
    return list(_Drawing(view, theme, layout).pieces())


class _Drawing:
    """Makes items of what the layout program says, whose coordinates begin in the lower left corner."""

    def __init__(self, view: View, theme: Theme, layout: Mapping[str, Any]) -> None:
        self._view, self._theme = view, theme
        self._height = float(layout["bb"].split(",")[3])
        self._objects = {each["name"]: each for each in layout.get("objects", ())}
        self._edges = {each["id"]: each for each in layout.get("edges", ())}

    def pieces(self) -> Iterator[Piece]:
        """What lies below others comes first: frames from the outside, arrows, boxes, texts."""
        frames = list(self._view.frames())
        for frame in frames:
            yield from self._frame(frame)
        for name, edge in self._edges.items():
            yield from self._line(int(name.removeprefix("arrow")), edge)
        for box in self._view.boxes():
            yield from self._box(box)
        for place in range(len(self._view.outputs)):
            yield from self._end(self._objects[named(place)], shown_output(self._view, place))
        for frame in frames:
            yield from self._text_of_frame(frame)
        for edge in self._edges.values():
            yield from self._text_at_arrow(edge)

    def _frame(self, frame: Frame) -> Iterator[Piece]:
        found = self._objects[f"cluster_{frame.path}"]
        left, bottom, right, top = map(float, found["bb"].split(","))
        place = left, self._height - top, right - left, top - bottom
        for item in _stacked(place, 8, self._fill(frame), self._theme.frame, 0.8, frame.entry.times):
            yield Piece(item, Point(item.x, item.y), Point(item.x + item.width, item.y + item.height), is_whole=False)

    def _text_of_frame(self, frame: Frame) -> Iterator[Piece]:
        text = labels.printable(labels.of_frame(frame, self._view.graph))
        if text:
            middle = self._point(self._objects[f"cluster_{frame.path}"]["lp"])
            at = Point(middle.x - width(text, FRAME_SIZE) / 2, middle.y + _MIDDLE * FRAME_SIZE)
            colour = self._theme.ink if frame.entry.times > 1 else self._theme.quiet
            label = Text(at, text, FRAME_SIZE, colour, "start", halo=self._fill(frame))
            yield _of_text(Group([label], title=frame.path), label)

    def _fill(self, frame: Frame) -> str:
        return self._theme.frames[len(frame.around) % 2]

    def _box(self, box: Box) -> Iterator[Piece]:
        found, node, theme = self._objects[box.path], box.node, self._theme
        text = labels.printable(labels.of_box(box, self._view.graph))
        center, size = self._point(found["pos"]), Point(72 * float(found["width"]), 72 * float(found["height"]))
        if box.is_end or (node is not None and isinstance(node.layer, Input)):
            yield from self._end(found, text)
            return
        shape: list[Item]
        if node is not None and type(node.layer) in labels.SIGNS:
            shape = [Ellipse(center, size.x, size.y, fill_of(box, self._view, theme), theme.line)]
        else:
            place = center.x - size.x / 2, center.y - size.y / 2, size.x, size.y
            fill = fill_of(box, self._view, theme)
            shape = list(_stacked(place, 6, fill, theme.line, 1 if node else 1.6, box.entry.times))
        label = Text(Point(center.x, center.y + _MIDDLE * NODE_SIZE), text, NODE_SIZE, theme.ink)
        leaving = labels.of_type(box.entry.leaving.type)
        yield _whole(Group([*shape, label], title=f"{box.path}: {box.entry.label}, {leaving}"), center, size)

    def _end(self, found: Mapping[str, Any], text: str) -> Iterator[Piece]:
        center, size = self._point(found["pos"]), Point(72 * float(found["width"]), 72 * float(found["height"]))
        fill = self._theme.end
        shape = Rectangle(center.x - size.x / 2, center.y - size.y / 2, size.x, size.y, fill, fill, radius=6)
        at = Point(center.x, center.y + _MIDDLE * NODE_SIZE)
        label = Text(at, labels.printable(text), NODE_SIZE, self._theme.on_end)
        yield _whole(Group([shape, label]), center, size)

    def _line(self, place: int, edge: Mapping[str, Any]) -> Iterator[Piece]:
        tip, points = self._spline(edge["pos"])
        colour, thickness = self._theme.line, 0.9
        if place < len(self._view.arrows):
            colour, thickness = line_of(self._view.arrows[place], self._view, self._theme)
        curve = Curve(points, colour, thickness, arrow=tip)
        covered = [*points, tip] if tip else points
        corner = Point(min(point.x for point in covered) - 3, min(point.y for point in covered))
        opposite = Point(max(point.x for point in covered) + 3, max(point.y for point in covered))
        yield Piece(curve, corner, opposite, is_whole=False)

    def _text_at_arrow(self, edge: Mapping[str, Any]) -> Iterator[Piece]:
        if "lp" in edge:
            yield from self._size_at_arrow(edge)
        if "headlabel" in edge:
            at = self._point(edge["head_lp"])
            sign = Text(Point(at.x, at.y + _MIDDLE * EDGE_SIZE), edge["headlabel"], EDGE_SIZE, self._theme.ink)
            yield _of_text(sign, sign)

    def _size_at_arrow(self, edge: Mapping[str, Any]) -> Iterator[Piece]:
        text = edge["label"]
        middle = self._point(edge["lp"])
        at = Point(middle.x - width(text, EDGE_SIZE) / 2 + width(" ", EDGE_SIZE), middle.y + _MIDDLE * EDGE_SIZE)
        label = Text(at, labels.printable(text).strip(), EDGE_SIZE, self._theme.quiet, "start")
        yield _of_text(label, label)

    def _spline(self, pos: str) -> tuple[Point | None, list[Point]]:
        """The tip of the arrow and the points of the line, of `e,x,y x,y x,y ...`."""
        tip, points = None, []
        for part in pos.split():
            if part.startswith("e,"):
                tip = self._point(part.removeprefix("e,"))
            else:
                points.append(self._point(part))
        return tip, points

    def _point(self, text: str) -> Point:
        x, y = map(float, text.split(","))
        return Point(x, self._height - y)


def _stacked(
    place: tuple[float, float, float, float], radius: float, fill: str, stroke: str, thickness: float, times: int
) -> Iterator[Rectangle]:
    """A rectangle; where it stands for several, with the edge of another behind it."""
    x, y, breadth, height = place
    if times > 1:
        yield Rectangle(x + _BEHIND, y + _BEHIND, breadth, height, fill, stroke, thickness, radius)
    yield Rectangle(x, y, breadth, height, fill, stroke, thickness, radius)


def _whole(item: Item, center: Point, size: Point) -> Piece:
    corner = Point(center.x - size.x / 2 - 1, center.y - size.y / 2 - 1)
    return Piece(item, corner, Point(corner.x + size.x + 2, corner.y + size.y + 2), is_whole=True)


def _of_text(item: Item, text: Text) -> Piece:
    breadth = width(text.text, text.size)
    left = text.at.x - (breadth / 2 if text.anchor == "middle" else 0)
    return Piece(item, Point(left, text.at.y - 0.8 * text.size), Point(left + breadth, text.at.y + 2), is_whole=True)
