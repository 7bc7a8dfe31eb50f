"""The style `volumes`: feature maps as boxes in perspective, with the windows that slide over them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cnndsl.backends.pictures import labels
from cnndsl.backends.pictures.canvas import Canvas, Curve, Ellipse, Group, Item, Point, Rectangle, Text
from cnndsl.backends.pictures.columns import LONGEST, Piece, broken
from cnndsl.backends.pictures.fonts import width
from cnndsl.backends.pictures.lanes import Arc, Lanes, Room, lanes
from cnndsl.backends.pictures.lines import cut, unbroken, wrapped
from cnndsl.backends.pictures.pages import page
from cnndsl.backends.pictures.solids import Scale, Solid, faces, mixed, straight
from cnndsl.backends.pictures.themes import Theme
from cnndsl.backends.pictures.values import Edge, Span, Value, Values, values
from cnndsl.graph import Graph, Node
from cnndsl.layers.structure import Concat, Subtract

__all__ = ["draw"]

_ROW = 1400.0
"""Points of a row: what is longer goes on below it, unless an arc is longer."""

_ROW_HEIGHT = 350.0
"""Points that a row is thought to be high; more than most, so that a picture of many rows is wider than high."""

_SHAPE, _LAYER, _SMALL = 9.0, 8.5, 7.5
"""Points of the texts: shapes and names; layers; what follows them, blocks, and what is written at arcs."""

_LINE = 1.2
"""Of the size of a text the distance to the next line."""

_WIDEST = 80.0
"""Points of a line of a label under an arrow; longer words are broken."""

_MOST_LINES = 4

_ARROW = 24.0
"""Points that an arrow is long, at least."""

_HEAD = 6.0
_ASIDE = 7.0
"""Points between a volume and the label of the next one."""

_FAN = 36.0
"""Points in which arrows go from one lane to another."""

_BEFORE_FAN = 9.0
"""Points behind a column in which they have not begun to: where a row may end."""

_CLOSED = 1.3
"""Points of the edges of a block that is not opened."""

_SKIP = 1.5
"""Points of the line of what passes by others."""

_SIGN = 17.0
_ROUND = 12.0
"""Points of the radius of the corners of an arc."""

_BRACKET = 20.0
"""Points below volumes for the bracket of a block and its name."""

_WINDOW = Point(0.62, 0.3)
_APEX = Point(0.4, 0.36)
"""Of a front face: where the middle of a window lies, and where the lines from a window meet."""


def draw(graph: Graph, theme: Theme, depth: int | None = None, *, folded: bool = True) -> Canvas:
    """The network, from left to right; where it is long, in rows.

    Args:
        graph: the network.
        theme: the colours.
        depth: how many levels of blocks are opened; None for as many as can be looked at.
        folded: whether what repeats is drawn once.

    Raises:
        Unrendered: there is too much for one page.
    """
    drawing = _Drawing(values(graph, depth, folded=folded), graph, theme)
    items, size = broken(list(drawing.pieces()), theme, down=False, longest=drawing.row)
    return page(graph, theme, items, size)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a label."""

    text: str
    size: float
    is_quiet: bool = False
    is_bold: bool = False

    @property
    def breadth(self) -> float:
        return width(self.text, self.size, bold=self.is_bold)


class _Figure:
    """A value as it is drawn, before it has a place.

    Attributes:
        solid: its box; None for a sign.
        below: what is written under it: its shape, its names.
        label: what is written under the arrow that leads to it: how it is made.
    """

    def __init__(self, value: Value, graph: Graph, scale: Scale) -> None:
        self.value = value
        self.solid = None if value.sign else scale.solid(value.type)
        label = list(_label(value, graph))
        names = [
            _Line(line, _LAYER, is_bold=True)
            for name in value.names
            for line in _broken(labels.printable(name), _LAYER)
        ]
        shape = [] if value.sign else [_Line(labels.printable(labels.of_type(value.type)), _SHAPE)]
        below = label if value.sign or value.is_input else []
        self.below = [*shape, *names, *below]
        self.label = [] if below else label

    @property
    def breadth(self) -> float:
        return max(self.solid.breadth if self.solid else _SIGN, *(line.breadth + 6 for line in self.below), 0)

    @property
    def label_breadth(self) -> float:
        return max((line.breadth for line in self.label), default=0)

    @property
    def bottom(self) -> float:
        """From the line of its arrows down to the bottom of its front face."""
        return self.solid.height / 2 if self.solid else _SIGN / 2

    @property
    def top(self) -> float:
        return self.solid.height / 2 + self.solid.above if self.solid else _SIGN / 2

    @property
    def down(self) -> float:
        return max(self.bottom + 3 + _height(self.below), 3 + _height(self.label)) + 2


def _height(lines: Iterable[_Line]) -> float:
    return sum(line.size * _LINE for line in lines)


def _broken(text: str, size: float) -> list[str]:
    return wrapped(text, size, _WIDEST, _MOST_LINES)


def _label(value: Value, graph: Graph) -> Iterator[_Line]:
    """How a value is made: what stands before its layer, the layer or block, and what follows."""
    for line in _broken(f"{', '.join(value.before)} →", _SMALL) if value.before else ():
        yield _Line(line, _SMALL, is_quiet=True)
    if not value.sign and not value.is_input:
        for line in _named(value, graph):
            yield _Line(line, _LAYER)
    for line in _broken(f"+ {', '.join(value.behind)}", _SMALL) if value.behind else ():
        yield _Line(line, _SMALL, is_quiet=True)


def _named(value: Value, graph: Graph) -> list[str]:
    """`CONV 96` and `11×11, stride 4`; the call of a block."""
    if value.node is None or (value.box.node and isinstance(value.node.layer, Concat)):
        return _broken(labels.printable(labels.of_box(value.box, graph)), _LAYER)
    name, *others = labels.parts(labels.printable(labels.of_layer(value.node.layer)))
    name += f" ×{value.times}" if value.times > 1 else ""
    rest = ", ".join(map(unbroken, others))
    if width(name, _LAYER) > _WIDEST and rest:
        return _broken(f"{name}, {rest}", _LAYER)
    return [*_broken(name, _LAYER), *_broken(rest, _LAYER)]


class _Drawing:
    """Makes the pieces of the picture; the middle of the flow is at 0."""

    def __init__(self, found: Values, graph: Graph, theme: Theme) -> None:
        self._theme = theme
        self._edges, self._spans = found.edges, found.spans
        self._scale = Scale([value.type for value in found.values if not value.sign])
        self._place(found.values, graph, self._flowing())
        while crossing := list(self._crossing()):
            for edge in crossing:
                edge.has_lane = True
            self._place(found.values, graph, crossing)
        self._columns = _Columns(self._figures, self._lanes, self._flowing())

    def _place(self, found: Sequence[Value], graph: Graph, flowing: Iterable[Edge]) -> None:
        """Give every value its figure and its place; what goes through layers on edges that lie in lanes says so."""
        for edge in flowing:
            found[edge.target].before.extend(edge.words)
        self._figures = [_Figure(value, graph, self._scale) for value in found]
        self._lanes = self._placed()

    @property
    def row(self) -> float:
        """Points of a row: enough for the longest arc, and for a picture that is not much higher than wide."""
        at, place = self._columns, self._lanes.columns
        arcs = [at.end(place[edge.target]) - at.start(place[edge.source]) for edge in self._arcs()]
        whole = at.end(max(place))
        return min(LONGEST, max(_ROW, 1.3 * max(arcs, default=0), math.sqrt(_ROW_HEIGHT * whole)))

    def _placed(self) -> Lanes:
        """The places, with room for the bracket of each span under its lowest value."""
        below = [0.0] * len(self._figures)
        placed = self._with_room(below)
        for span in self._spans:
            lowest = max(span.places, key=lambda place: placed.ys[place] + self._figures[place].down)
            below[lowest] = max(below[lowest], _BRACKET * (span.level + 1))
        return self._with_room(below) if self._spans else placed

    def _with_room(self, below: Sequence[float]) -> Lanes:
        rooms = [Room(each.top + 3, each.down + more) for each, more in zip(self._figures, below, strict=True)]
        arrows = [(edge.source, edge.target) for edge in self._flowing()]
        arcs = [Arc(edge.source, edge.target, _SMALL * _LINE if edge.words else 0) for edge in self._arcs()]
        return lanes(rooms, arrows, arcs)

    def _arcs(self) -> list[Edge]:
        return [edge for edge in self._edges if edge.is_arc]

    def _flowing(self) -> list[Edge]:
        return [edge for edge in self._edges if not edge.is_arc]

    def _crossing(self) -> Iterator[Edge]:
        """The arcs that would go through something above their ends."""
        for edge in self._arcs():
            top = self._lanes.arcs[edge.source, edge.target]
            if any(self._is_between(top, end) for end in (edge.source, edge.target)):
                yield edge

    def _is_between(self, top: float, place: int) -> bool:
        """Whether there is something between a height and a figure, in its column."""
        column, bottom = self._lanes.columns[place], self._lanes.ys[place]
        return any(
            each == column and top < y < bottom for each, y in zip(self._lanes.columns, self._lanes.ys, strict=True)
        )

    # places

    def _left(self, place: int) -> float:
        """The left edge of a front face, or of a sign."""
        figure, column = self._figures[place], self._lanes.columns[place]
        breadth = figure.solid.breadth if figure.solid else _SIGN
        return self._columns.start(column) + (self._columns.breadth(column) - breadth) / 2

    def _middle(self, place: int) -> float:
        figure = self._figures[place]
        return self._left(place) + (figure.solid.breadth if figure.solid else _SIGN) / 2

    def _corner(self, place: int, solid: Solid) -> Point:
        return Point(self._left(place), self._lanes.ys[place] - solid.height / 2)

    # pieces

    def pieces(self) -> Iterator[Piece]:
        """What lies below others comes first."""
        for edge in self._arcs():
            yield from self._arc(edge)
        for edge in self._flowing():
            yield from self._arrow(edge)
        for place, figure in enumerate(self._figures):
            yield self._solid(place, figure.solid) if figure.solid else self._sign(place)
        for place in range(len(self._figures)):
            yield from self._window(place)
        for span in self._spans:
            yield from self._bracket(span)
        for place, figure in enumerate(self._figures):
            yield from self._texts(place, figure)

    def _solid(self, place: int, solid: Solid) -> Piece:
        value, corner = self._figures[place].value, self._corner(place, solid)
        thickness = 0.8 if value.node else _CLOSED
        shapes = list(faces(solid, corner, self._shares(place), self._theme.line, thickness))
        title = f"{value.box.path}: {value.box.entry.label}, {labels.of_type(value.type)}"
        start = Point(self._opening(place, corner.x - 1), corner.y - solid.above - 1)
        end = Point(corner.x + solid.breadth + 1, corner.y + solid.height + 1)
        return Piece(Group(shapes, title=title), start, end, is_whole=True)

    def _shares(self, place: int) -> list[tuple[float, str]]:
        """What a box consists of from front to back, and the colours."""
        value, theme = self._figures[place].value, self._theme
        if value.is_input:
            return [(1, theme.plain)]
        if value.parts:
            return [(self._scale.share(part.channels), theme.fill(part.family)) for part in value.parts]
        return [(1, theme.fill(value.family))]

    def _sign(self, place: int) -> Piece:
        value, theme = self._figures[place].value, self._theme
        center = Point(self._left(place) + _SIGN / 2, self._lanes.ys[place])
        circle = Ellipse(center, _SIGN, _SIGN, theme.plain, theme.line)
        sign = Text(Point(center.x, center.y + 4.2), value.sign, 12, theme.ink)
        title = f"{value.box.path}: {value.box.entry.label}, {labels.of_type(value.type)}"
        half = _SIGN / 2 + 1
        start = Point(self._opening(place, center.x - half), center.y - half)
        end = Point(center.x + half, center.y + half)
        return Piece(Group([circle, sign], title=title), start, end, is_whole=True)

    def _opening(self, place: int, left: float) -> float:
        """From where on the row must not end before a figure, whose left edge is given."""
        column = self._lanes.columns[place]
        return min(left, self._columns.closed(column)) if column else left

    def _arrow(self, edge: Edge) -> Iterator[Piece]:
        """From the right side of one to the left of the other, along its lane and, where that changes, across."""
        source, target = self._figures[edge.source], self._lanes.columns[edge.target]
        at = Point(self._left(edge.source) + (source.solid.exit if source.solid else _SIGN), self._y(edge.source))
        end = Point(self._left(edge.target) - 1, self._y(edge.target))
        bends = [(bend.column, bend.y) for bend in self._lanes.bends.get((edge.source, edge.target), ())]
        points = [at]
        for column, y in (*bends, (target, end.y)):
            before = points[-1]
            if abs(y - before.y) < 0.1:
                continue
            near, far = self._columns.fan(column)
            middle = (near + far) / 2
            points += [before, Point(near, before.y), Point(near, before.y)]
            points += [Point(middle, before.y), Point(middle, y), Point(far, y)]
        last = Point(end.x - _HEAD, end.y)
        colour, thickness = (self._theme.skip, _SKIP) if edge.passes_by else (self._theme.line, 0.9)
        yield _of_curve(Curve([*points, points[-1], last, last], colour, thickness, arrow=end))
        if edge.is_second:
            y = bends[-1][1] if bends else at.y
            x = end.x - 16 if y == end.y else self._columns.fan(target)[0]
            yield self._minus(Point(x, y - 3))

    def _y(self, place: int) -> float:
        return self._lanes.ys[place]

    def _arc(self, edge: Edge) -> Iterator[Piece]:
        start, end = self._over(edge.source, 0.72), self._over(edge.target, 0.28)
        y = self._lanes.arcs[edge.source, edge.target]
        radius = min(_ROUND, (end.x - start.x) / 2)
        fall = max(0.0, min(radius, start.y - y)), max(0.0, min(radius, end.y - _HEAD - y))
        left, right = Point(start.x + radius, y), Point(end.x - radius, y)
        rise, sink = Point(start.x, y + fall[0]), Point(end.x, y + fall[1])
        last = Point(end.x, end.y - _HEAD)
        points = [start, start, rise, rise, Point(rise.x, y + fall[0] / 2), Point(start.x + radius / 2, y), left]
        points += [left, right, right, Point(end.x - radius / 2, y), Point(end.x, y + fall[1] / 2), sink]
        points += [sink, last, last]
        yield _of_curve(Curve(points, self._theme.skip, _SKIP, arrow=end))
        if edge.words:
            room = end.x - start.x - 2 * radius
            text = cut(labels.printable(", ".join(edge.words)), _SMALL, room)
            at = Point((start.x + end.x) / 2, y - 3)
            yield _of_text(Text(at, text, _SMALL, self._theme.quiet))
        if edge.is_second:
            yield self._minus(Point(end.x - 6, end.y - 3))

    def _minus(self, at: Point) -> Piece:
        """The sign at what is subtracted."""
        return _of_text(Text(at, labels.SIGNS[Subtract], _LAYER, self._theme.ink))

    def _over(self, place: int, share: float) -> Point:
        """A place on the top of a figure, from the left."""
        figure, left, y = self._figures[place], self._left(place), self._y(place)
        if figure.solid is None:
            return Point(left + share * _SIGN, y - 0.42 * _SIGN)
        back = left + figure.solid.aside
        return Point(back + share * figure.solid.width, y - figure.top)

    def _window(self, place: int) -> Iterator[Piece]:
        """What the next layer sees at once, on the front face, and lines to where that becomes one value."""
        solid = self._figures[place].solid
        readers = [edge.target for edge in self._edges if edge.source == place and not edge.passes_by]
        if solid is None or solid.is_bar or len(readers) != 1:
            return
        target = self._figures[readers[0]]
        extents = _extents(target.value.node)
        if extents is None or target.solid is None or self._y(place) != self._y(readers[0]):
            return
        size = self._scale.window(solid, self._figures[place].value.type, extents)
        corner = self._corner(place, solid)
        x = corner.x + min(max(_WINDOW.x * solid.width - size.x / 2, 0), solid.width - size.x)
        y = corner.y + min(max(_WINDOW.y * solid.height - size.y / 2, 0), solid.height - size.y)
        other = self._corner(readers[0], target.solid)
        apex = Point(other.x + _APEX.x * target.solid.width, other.y + _APEX.y * target.solid.height)
        theme = self._theme
        right = [Point(x + size.x, y), Point(x + size.x, y + size.y)]
        lines: list[Item] = [straight(each, apex, stroke=theme.quiet, thickness=0.5) for each in right]
        fill = mixed(self._shares(place)[0][1], theme.paper, 0.6)
        lines.append(Rectangle(x, y, size.x, size.y, fill, theme.ink, 0.8))
        lines.append(Ellipse(apex, 2.4, 2.4, theme.ink))
        yield Piece(Group(lines), Point(x, min(y, apex.y) - 1), Point(apex.x + 1, max(y + size.y, apex.y)), False, True)

    def _bracket(self, span: Span) -> Iterator[Piece]:
        columns = [self._lanes.columns[place] for place in span.places]
        left, right = self._columns.label(min(columns)) + 1, self._columns.end(max(columns)) - 1
        y = max(self._y(place) + self._figures[place].down for place in span.places) + 2 + _BRACKET * span.level
        corners = [Point(left, y), Point(left, y + 4), Point(right, y + 4), Point(right, y)]
        line = straight(*corners, stroke=self._theme.line, thickness=0.7)
        yield Piece(Group([line]), Point(left, y), Point(right, y + 4), is_whole=False)
        text = cut(labels.printable(span.label), _SMALL, right - left)
        at = Point((left + right) / 2, y + 6 + _SMALL)
        yield _of_text(Text(at, text, _SMALL, self._theme.quiet))

    def _texts(self, place: int, figure: _Figure) -> Iterator[Piece]:
        column, y = self._lanes.columns[place], self._y(place)
        if figure.below:
            lines = list(self._lines(figure.below, self._middle(place), y + figure.bottom + 3))
            yield _of_texts(lines)
        if figure.label:
            middle = (self._columns.label(column) + self._columns.start(column)) / 2
            yield _of_texts(list(self._lines(figure.label, middle, y + 3, self._theme.paper)))

    def _lines(self, lines: Sequence[_Line], middle: float, y: float, halo: str = "none") -> Iterator[Text]:
        theme = self._theme
        for line in lines:
            y += line.size * _LINE
            colour = theme.quiet if line.is_quiet else theme.ink
            yield Text(Point(middle, y - 0.25 * line.size), line.text, line.size, colour, bold=line.is_bold, halo=halo)


class _Columns:
    """Where columns are along the flow: before each of them arrows change lanes, then there is room for labels."""

    def __init__(self, figures: Sequence[_Figure], placed: Lanes, arrows: Sequence[Edge]) -> None:
        count = max(placed.columns) + 1
        self._breadths = [0.0] * count
        labels = [0.0] * count
        for figure, column in zip(figures, placed.columns, strict=True):
            self._breadths[column] = max(self._breadths[column], figure.breadth)
            labels[column] = max(labels[column], figure.label_breadth)
        fans = self._fans(placed, arrows)
        self._fan: list[float] = []
        self._label: list[float] = []
        self._start: list[float] = []
        x = 0.0
        for column in range(count):
            room = labels[column] + 10 if labels[column] else 0.0
            fan = _FAN if column in fans else 0.0
            gap = 0.0 if column == 0 else max(fan + room, _ARROW if not room else _ASIDE + room)
            self._fan.append(x)
            self._label.append(x + gap - room)
            self._start.append(x + gap)
            x += gap + self._breadths[column]

    def _fans(self, placed: Lanes, arrows: Sequence[Edge]) -> set[int]:
        """The columns before which an arrow changes lanes."""
        found = set()
        for edge in arrows:
            bends = placed.bends.get((edge.source, edge.target), ())
            ends = (
                (placed.columns[edge.source], placed.ys[edge.source]),
                (
                    placed.columns[edge.target],
                    placed.ys[edge.target],
                ),
            )
            stops = [ends[0], *((bend.column, bend.y) for bend in bends), ends[1]]
            found |= {column for (_, before), (column, y) in pairwise(stops) if abs(before - y) >= 0.1}
        return found

    def breadth(self, column: int) -> float:
        return self._breadths[column]

    def start(self, column: int) -> float:
        return self._start[column]

    def end(self, column: int) -> float:
        return self._start[column] + self._breadths[column]

    def label(self, column: int) -> float:
        """Where the room for labels before a column begins."""
        return self._label[column]

    def fan(self, column: int) -> tuple[float, float]:
        """From where to where arrows change lanes before a column."""
        return self._fan[column] + _BEFORE_FAN, self._fan[column] + _FAN - 3

    def closed(self, column: int) -> float:
        """From where on, up to the column, a row should not end."""
        return min(self._label[column], self._fan[column] + _BEFORE_FAN)


def _extents(node: Node | None) -> list[int] | None:
    """The window of a layer that slides one over a map: how many positions it reaches over, along each axis."""
    if node is None or node.layer.family not in ("convolution", "pooling") or len(node.inputs) != 1:
        return None
    found = []
    for reaches in node.layer.reach(node.input_types, node.type)[0]:
        if reaches is None or len(reaches) != 1 or reaches[0].axis is None or len(reaches[0].taps) != 1:
            return None
        taps = reaches[0].taps[0]
        found.append(taps.last - taps.first + 1)
    return found


def _of_curve(curve: Curve) -> Piece:
    covered = [*curve.points, curve.arrow] if curve.arrow else [*curve.points]
    corner = Point(min(point.x for point in covered) - 1, min(point.y for point in covered) - 1)
    return Piece(curve, corner, Point(max(p.x for p in covered) + 1, max(p.y for p in covered) + 1), is_whole=False)


def _of_texts(texts: Sequence[Text]) -> Piece:
    pieces = [_of_text(text) for text in texts]
    corner = Point(min(piece.corner.x for piece in pieces), min(piece.corner.y for piece in pieces))
    opposite = Point(max(piece.opposite.x for piece in pieces), max(piece.opposite.y for piece in pieces))
    return Piece(Group(texts), corner, opposite, is_whole=True)


def _of_text(text: Text) -> Piece:
    half = width(text.text, text.size, bold=text.bold) / 2
    corner = Point(text.at.x - half, text.at.y - 0.75 * text.size)
    return Piece(text, corner, Point(text.at.x + half, text.at.y + 0.22 * text.size), is_whole=True)
