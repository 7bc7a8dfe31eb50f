"""What all pictures of a network have: a margin, a title and a description; and none is larger than a page can be."""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.backends.pictures.canvas import Canvas, Group, Item, Point
from cnndsl.backends.pictures.describe import description
from cnndsl.backends.pictures.layout import Unrendered
from cnndsl.backends.pictures.themes import Theme
from cnndsl.graph import Graph

__all__ = ["page"]

_MARGIN = 10.0
_LARGEST = 14_400 - 2 * _MARGIN
"""Points, 200 inches: the largest page of PDF; with twice as many dots few programs show a PNG either."""


def page(graph: Graph, theme: Theme, items: Sequence[Item], size: Point, by: str = "") -> Canvas:
    """The picture of a network that consists of these items.

    Args:
        graph: the network.
        theme: the colours.
        items: what is drawn, from the upper left corner.
        size: of all that.
        by: the program that laid it out, with its version; "" where none was needed.

    Raises:
        Unrendered: there is too much for one page.
    """
    if max(size) > _LARGEST:
        told = f"{size.x / 72:.0f} x {size.y / 72:.0f} inches"
        raise Unrendered(f"the picture would be {told}, too large for a page: open fewer blocks, as with --depth 1")
    canvas = Canvas(size.x + 2 * _MARGIN, size.y + 2 * _MARGIN, graph.name, description(graph), theme.paper, by)
    canvas.add([Group(items, moved=Point(_MARGIN, _MARGIN))])
    return canvas
