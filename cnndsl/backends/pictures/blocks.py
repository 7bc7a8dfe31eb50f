"""The style `blocks`: the stages of a network, and each distinct block once beside them, in full."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from cnndsl.analyses.outline import REPEAT, Entry, closed, outline
from cnndsl.backends.pictures import labels
from cnndsl.backends.pictures.canvas import Canvas, Group, Item, Point, Rectangle, Text
from cnndsl.backends.pictures.columns import broken
from cnndsl.backends.pictures.dot import Direction
from cnndsl.backends.pictures.fonts import width
from cnndsl.backends.pictures.graph import pieces
from cnndsl.backends.pictures.layout import program_version
from cnndsl.backends.pictures.merging import merged, name_of
from cnndsl.backends.pictures.pages import page
from cnndsl.backends.pictures.themes import Theme
from cnndsl.backends.pictures.view import Box, Frame, View, inside, of_entries
from cnndsl.graph import Graph

__all__ = ["Kind", "draw", "views"]

_DEEPEST = 2**31
_TITLE = 12.0
_PADDING = 12.0
_GAP = 20.0
_SHAPE = 1.6
"""How much wider than high the blocks are together, about."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Blocks of one definition that consist of the same layers and blocks, joined in the same way.

    Attributes:
        title: the call, with the values of all of them.
        view: what there is in them.
    """

    title: str
    view: View


def draw(graph: Graph, theme: Theme, direction: Direction = "down") -> Canvas:
    """The network with its blocks closed, and beside it what is in them.

    Raises:
        Unrendered: the layout program is missing or fails, or there is too much for one page.
    """
    view, found = views(graph)
    items, size = broken(pieces(view, theme, direction), theme, down=direction == "down")
    panels = [_Panel.of(kind, theme, direction) for kind in found]
    if not panels:
        return page(graph, theme, items, size, program_version())
    beside, extent = _packed(panels, size.y)
    moved = Group(beside, moved=Point(size.x + _GAP, 0))
    return page(
        graph, theme, [*items, moved], Point(size.x + _GAP + extent.x, max(size.y, extent.y)), program_version()
    )


def views(graph: Graph) -> tuple[View, list[Kind]]:
    """The network with its blocks closed, and the kinds of these."""
    entries = outline(graph, _DEEPEST, alike="in a chain")
    return of_entries(graph, map(_opened_repeats, entries)), _kinds(graph, entries)


def _kinds(graph: Graph, entries: Iterable[Entry]) -> list[Kind]:
    """The distinct blocks of a network, in the order in which one meets them: those inside others behind these."""
    found: dict[Hashable, list[tuple[Entry, View]]] = {}
    waiting = list(entries)
    while waiting:
        blocks = list(_blocks(waiting))
        for block in blocks:
            view = inside(graph, block, map(_opened_repeats, block.children))
            found.setdefault(_structure(graph, block, view), []).append((block, view))
        waiting = [child for block in blocks for child in block.children]
    return [_kind(graph, alike) for alike in found.values()]


def _blocks(entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if entry.label == REPEAT:
            yield from _blocks(entry.children)
        elif entry.children and len(entry.nodes) > entry.times:  # a box of one layer says all
            yield entry


def _opened_repeats(entry: Entry) -> Entry:
    """An entry with its blocks closed: what repeats without a name of its own is shown."""
    if entry.label != REPEAT:
        return closed(entry)
    children = tuple(map(_opened_repeats, entry.children))
    return Entry(entry.label, entry.path, entry.times, entry.nodes, entry.leaving, children)


def _structure(graph: Graph, block: Entry, view: View) -> Hashable:
    """What blocks of one kind have in common: their name, what is in them by name, and how it is joined."""
    boxes = list(view.boxes())
    places = {box: place for place, box in enumerate(boxes)}
    return (
        name_of(labels.of_call(block, graph)),
        tuple((name_of(_label(each, graph)), each.entry.times > 1, len(each.around)) for each in view.all()),
        tuple((places[arrow.source], places[arrow.target], arrow.position) for arrow in view.arrows),
        tuple(places[box] for _, box in view.outputs),
    )


def _label(each: Box | Frame, graph: Graph) -> str:
    return labels.of_box(each, graph) if isinstance(each, Box) else labels.of_frame(each, graph)


def _kind(graph: Graph, alike: Sequence[tuple[Entry, View]]) -> Kind:
    """One view for all of them, whose boxes have the values of all."""
    title = merged([labels.of_call(block, graph) for block, _ in alike])
    views = [view for _, view in alike]
    shown = views[0]
    texts = [[_label(each, graph) for each in view.all()] for view in views]
    for each, *of_copies in zip(shown.all(), *texts, strict=True):
        each.text = merged(of_copies)
    sizes = {tuple(str(arrow.type) for arrow in view.arrows) for view in views}
    shown.is_sized = len(sizes) == 1
    return Kind(title, shown)


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """A kind of block as it is drawn, from its upper left corner."""

    items: Sequence[Item]
    size: Point

    @staticmethod
    def of(kind: Kind, theme: Theme, direction: Direction) -> _Panel:
        drawn, inner = broken(pieces(kind.view, theme, direction), theme, down=direction == "down")
        title = labels.printable(kind.title)
        top = _PADDING + _TITLE + 6
        size = Point(max(inner.x, width(title, _TITLE, bold=True)) + 2 * _PADDING, inner.y + top + _PADDING)
        frame = Rectangle(0, 0, size.x, size.y, theme.frames[1], theme.frame, 0.8, radius=8)
        text = Text(Point(_PADDING, _PADDING + 0.75 * _TITLE), title, _TITLE, theme.ink, "start", bold=True)
        return _Panel([frame, text, Group(drawn, moved=Point((size.x - inner.x) / 2, top))], size)


def _packed(panels: Sequence[_Panel], least: float) -> tuple[list[Item], Point]:
    """The panels from top to bottom, in as many columns as they need, and the size of all.

    Args:
        panels: in their order.
        least: points that a column may always be high.
    """
    area = sum((panel.size.x + _GAP) * (panel.size.y + _GAP) for panel in panels)
    height = max(least, sqrt(area / _SHAPE), *(panel.size.y for panel in panels), 0)
    items: list[Item] = []
    left = top = breadth = lowest = 0.0
    for panel in panels:
        if top and top + panel.size.y > height:
            left, top, breadth = left + breadth + _GAP, 0.0, 0.0
        items.append(Group(panel.items, moved=Point(left, top)))
        top += panel.size.y + _GAP
        breadth = max(breadth, panel.size.x)
        lowest = max(lowest, top - _GAP)
    return items, Point(left + breadth, lowest)
