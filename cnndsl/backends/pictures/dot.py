"""A view of a network to be laid out: DOT, with the blocks of the spec as clusters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from cnndsl.backends.pictures import labels
from cnndsl.backends.pictures.fonts import FAMILY
from cnndsl.backends.pictures.themes import Theme
from cnndsl.backends.pictures.view import Arrow, Box, Frame, View
from cnndsl.layers.structure import Concat, Input, Subtract

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = [
    "EDGE_SIZE",
    "FRAME_SIZE",
    "NODE_SIZE",
    "Direction",
    "digraph",
    "fill_of",
    "line_of",
    "named",
    "shown_output",
]

Direction = Literal["down", "right"]

NODE_SIZE, EDGE_SIZE, FRAME_SIZE = 11.0, 8.5, 9.0
"""Points of the texts in boxes, at arrows and of frames."""

_RANKDIR: dict[Direction, str] = {"down": "TB", "right": "LR"}
_WIDTH: dict[Direction, str] = {"down": "2.0", "right": "0.7"}
"""Of a layer at least. Downwards that makes tidy columns, and arrows pass to the right of a cluster's label."""

_MERGE = {"shape": "circle", "margin": "0", "width": "0.3", "height": "0.3", "fixedsize": "true"}

_BESIDE_ARROW = "\N{NO-BREAK SPACE}"
"""Keeps what is written at an arrow off its line."""


def digraph(
    view: View, theme: Theme, direction: Direction = "down", beside: Iterable[tuple[str, View]] = ()
) -> Digraph:
    """The view as the `graphviz` package holds it; its `source` is the DOT text.

    Every box is drawn under its path, in a cluster for each of its frames, every output as a node of its own, and
    every arrow tells what flows along it. Edges have ids: `arrow` and their places among the arrows of the view, and
    behind these those of the outputs.

    Args:
        view: what is drawn.
        theme: the colours.
        direction: where it flows.
        beside: further views with their titles, each in a cluster; what is in the first is named `1 ...`.
    """
    import graphviz

    picture = graphviz.Digraph(
        graphviz.escape(labels.printable(view.graph.name)),
        graph_attr=_of_graph(theme, direction),
        node_attr=_of_node(theme, direction),
        edge_attr=_of_edge(theme),
    )
    _Drawing(view, theme, "").draw(picture)
    for number, (title, other) in enumerate(beside, 1):
        with picture.subgraph(name=f"cluster_{number}") as cluster:
            label = _escaped(title) + r"\l"
            cluster.attr(label=label, fontcolor=theme.ink, fillcolor=theme.frames[1], **_of_frame(theme))
            _Drawing(other, theme, f"{number} ").draw(cluster)
    return picture


def named(output: int) -> str:
    """The node of an output, by its place among them."""
    return f"output {output + 1}"


def fill_of(box: Box, view: View, theme: Theme) -> str:
    """What a box is filled with: the colour of its family, or in a difference that of what became of it."""
    if view.marks is None:
        is_sign = box.node is not None and type(box.node.layer) in labels.SIGNS
        return theme.plain if is_sign else theme.fill(box.family)
    return theme.marks.get(view.mark(box) or "", theme.plain)


def line_of(arrow: Arrow, view: View, theme: Theme) -> tuple[str, float]:
    """The colour of an arrow, and how thick it is; in a difference those of a new or a former one stand out."""
    marks = {view.mark(box) for box in (arrow.source, arrow.target)} if view.marks else set()
    for mark, colour in theme.ways.items():
        if mark in marks:
            return colour, 1.6
    return (theme.skip, 1.6) if arrow.is_skip else (theme.line, 0.9)


def shown_output(view: View, place: int) -> str:
    """What an output is called: a single one that the spec gave no name is the output."""
    name = view.outputs[place][0].name
    return "output" if len(view.outputs) == 1 and name == "out" else name


def _of_graph(theme: Theme, direction: Direction) -> dict[str, str]:
    return {
        "rankdir": _RANKDIR[direction],
        "bgcolor": theme.paper,
        "fontname": FAMILY,
        "fontsize": f"{FRAME_SIZE:g}",
        "fontcolor": theme.quiet,
        "labeljust": "l",
        "nodesep": "0.3",
        "ranksep": "0.2",
        "pad": "0.15",
    }


def _of_node(theme: Theme, direction: Direction) -> dict[str, str]:
    return {
        "fontname": FAMILY,
        "fontsize": f"{NODE_SIZE:g}",
        "fontcolor": theme.ink,
        "shape": "box",
        "style": "rounded,filled",
        "color": theme.line,
        "fillcolor": theme.plain,
        "margin": "0.17,0.06",
        "height": "0.32",
        "width": _WIDTH[direction],
    }


def _of_edge(theme: Theme) -> dict[str, str]:
    return {
        "fontname": FAMILY,
        "fontsize": f"{EDGE_SIZE:g}",
        "fontcolor": theme.quiet,
        "color": theme.line,
        "arrowsize": "0.6",
        "penwidth": "0.9",
    }


def _of_frame(theme: Theme) -> dict[str, str]:
    return {"style": "rounded,filled", "color": theme.frame, "penwidth": "0.8", "margin": "9"}


class _Drawing:
    """Args:
    view: what is drawn.
    theme: the colours.
    prefix: what the names of all nodes and clusters begin with.
    """

    def __init__(self, view: View, theme: Theme, prefix: str) -> None:
        self._view = view
        self._theme = theme
        self._prefix = prefix
        self._entries = Counter(frame for arrow in view.arrows for frame in _entered(arrow))
        self._readers = Counter(arrow.source for arrow in view.arrows)
        self._read = Counter(arrow.target for arrow in view.arrows)
        self._first = {arrow.source: arrow for arrow in reversed(view.arrows)}

    def draw(self, picture: Digraph) -> None:
        view, prefix = self._view, self._prefix
        self.members(picture, view.members)
        for place, arrow in enumerate(view.arrows):
            self.arrow(picture, arrow, f"{prefix}arrow{place}")
        for place, (end, box) in enumerate(view.outputs):
            name = prefix + named(place)
            self.end(picture, name, shown_output(view, place))
            text = _at_arrow(labels.of_value(end.node.type, view))
            number = len(view.arrows) + place
            picture.edge(prefix + box.path, name, label=text, id=f"{prefix}arrow{number}")

    def members(self, picture: Digraph, members: Iterable[Box | Frame]) -> None:
        boxes_first = sorted(members, key=lambda member: isinstance(member, Frame))  # the arrows come out straighter
        for member in boxes_first:
            if isinstance(member, Box):
                self._box(picture, member)
            else:
                self._frame(picture, member)

    def _frame(self, picture: Digraph, frame: Frame) -> None:
        theme = self._theme
        with picture.subgraph(name=f"cluster_{self._prefix}{frame.path}") as cluster:
            cluster.attr(
                label=_escaped(labels.of_frame(frame, self._view.graph)) + r"\l",
                labelloc="b" if self._entries[frame] > 2 else "t",  # many arrows from above would cross it
                fillcolor=theme.frames[len(frame.around) % 2],
                **_of_frame(theme),
            )
            self.members(cluster, frame.members)

    def _box(self, picture: Digraph, box: Box) -> None:
        node, text = box.node, labels.of_box(box, self._view.graph)
        name = self._prefix + box.path
        if node is None:
            picture.node(name, _escaped(text), fillcolor=fill_of(box, self._view, self._theme), penwidth="1.6")
        elif box.is_end or isinstance(node.layer, Input):
            self.end(picture, name, text)
        elif type(node.layer) in labels.SIGNS:
            marked = {"fillcolor": fill_of(box, self._view, self._theme)} if self._view.marks else {}
            picture.node(name, text, **marked, **_MERGE)
        elif isinstance(node.layer, Concat):
            picture.node(name, text, width="0.7")
        else:
            picture.node(name, _escaped(text), fillcolor=fill_of(box, self._view, self._theme))

    def end(self, picture: Digraph, name: str, text: str) -> None:
        theme = self._theme
        colours = {"fillcolor": theme.end, "color": theme.end, "fontcolor": theme.on_end}
        picture.node(name, _escaped(text), width="0.9", **colours)

    def arrow(self, picture: Digraph, arrow: Arrow, name: str) -> None:
        attributes = {"weight": "8"} if self._is_trunk(arrow) else {}
        if arrow.position and arrow.target.node and isinstance(arrow.target.node.layer, Subtract):
            attributes["headlabel"] = "−"
        colour, thickness = line_of(arrow, self._view, self._theme)
        if colour != self._theme.line:
            attributes |= {"color": colour, "penwidth": f"{thickness:g}"}
        text = _at_arrow(labels.of_value(arrow.type, self._view))
        source, target = self._prefix + arrow.source.path, self._prefix + arrow.target.path
        picture.edge(source, target, label=text, id=name, **attributes)

    def _is_trunk(self, arrow: Arrow) -> bool:
        """Whether an edge should be straight: in a chain, and the first of two branches."""
        is_first = arrow.position == 0 and self._first[arrow.source] is arrow
        return is_first and self._read[arrow.target] <= 2 and self._readers[arrow.source] <= 2


def _entered(arrow: Arrow) -> Iterator[Frame]:
    """The frames into which an arrow leads."""
    return (frame for frame in arrow.target.around if frame not in arrow.source.around)


def _at_arrow(text: str) -> str:
    return _BESIDE_ARROW + text if text else ""


def _escaped(text: str) -> str:
    r"""A label that shows this text: DOT reads `\`, `&` and `<...>` in its own way."""
    from graphviz import escape

    shown: str = escape(labels.printable(text).replace("&", "&amp;"))
    return shown
