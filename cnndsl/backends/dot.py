"""The network as a picture to be laid out: DOT, with the blocks of the spec as clusters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from cnndsl.graph import Block, End, Graph, Node, Scope, hierarchy
from cnndsl.layers import Layer, TensorType
from cnndsl.layers.attributes import Extents
from cnndsl.layers.extent import spelled
from cnndsl.layers.structure import Add, Concat, Input, Multiply, Subtract

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = ["FONT", "Direction", "digraph", "label"]

Direction = Literal["down", "right"]

FONT = "Arial"
"""Layout programs know its widths without having it, and Helvetica, Liberation Sans and Arimo are as wide."""

_RANKDIR: dict[Direction, str] = {"down": "TB", "right": "LR"}
_WIDTH: dict[Direction, str] = {"down": "2.0", "right": "0.7"}
"""Of a layer at least. Downwards that makes tidy columns, and arrows pass to the right of a cluster's label."""

_GRAPH = {
    "fontname": FONT,
    "fontsize": "9",
    "fontcolor": "#57606a",
    "labeljust": "l",
    "nodesep": "0.3",
    "ranksep": "0.2",
    "pad": "0.15",
}
_NODE = {
    "fontname": FONT,
    "fontsize": "11",
    "fontcolor": "#1b1f24",
    "shape": "box",
    "style": "rounded,filled",
    "color": "#6e7781",
    "fillcolor": "#f3f4f6",
    "margin": "0.14,0.06",
    "height": "0.32",
}
_EDGE = {
    "fontname": FONT,
    "fontsize": "8.5",
    "fontcolor": "#57606a",
    "color": "#57606a",
    "arrowsize": "0.6",
    "penwidth": "0.9",
}
_CLUSTER = {"style": "rounded,filled", "color": "#b6bfc9", "penwidth": "0.8", "margin": "9"}
_CLUSTER_FILLS = ("#fafbfc", "#eff2f5")
"""By turns, so that a block shows against the one around it."""

_END = {"fillcolor": "#39424e", "color": "#39424e", "fontcolor": "white", "width": "0.9"}
_CONCAT = {"fillcolor": "white", "width": "0.7"}
_MERGE = {"shape": "circle", "margin": "0", "width": "0.3", "height": "0.3", "fixedsize": "true", "fillcolor": "white"}
_SIGNS: dict[type[Layer], str] = {Add: "+", Subtract: "−", Multiply: "×"}

_FILLS = {
    "convolution": "#cfe2ff",
    "pooling": "#ffd9c7",
    "dense": "#e3d4f7",
    "normalisation": "#fdf0c4",
    "activation": "#d3efd8",
    "regularisation": "#e5e8eb",
    "rearrangement": "#cdeff0",
}
"""A soft colour for each family of layers; another family's is nearly white."""

_ALWAYS_SHOWN = frozenset({"kernel", "p"})
"""Attributes that a reader of the picture wants even where they equal the default."""

_NEVER_SHOWN = frozenset({"bias"})
_UNNAMED = frozenset({"filters", "kernel", "units", "p", "size", "groups"})
"""Attributes that speak for themselves at the front of a label; the others are named: `stride 2`."""

_FULL_LABEL = 24
_LONGEST_LABEL = 48
"""Characters of a cluster's label: up to the first it is shown whole, beyond the second it is cut."""

_BESIDE_ARROW = "\N{NO-BREAK SPACE}"
"""Keeps what is written at an arrow off its line."""


def digraph(graph: Graph, direction: Direction = "down") -> Digraph:
    """The network as the `graphviz` package holds it; its `source` is the DOT text.

    Every node is drawn under its path, in a cluster for each of its scopes, every output as a node of its own, and
    every edge shows what flows along it.
    """
    import graphviz

    graph_attributes = _GRAPH | {"rankdir": _RANKDIR[direction]}
    node_attributes = _NODE | {"width": _WIDTH[direction]}
    name = graphviz.escape(_printable(graph.name))
    picture = graphviz.Digraph(name, graph_attr=graph_attributes, node_attr=node_attributes, edge_attr=_EDGE)
    _draw_nodes(picture, graph)
    _draw_edges(picture, graph)
    for number, end in enumerate(graph.outputs, 1):
        is_unnamed = len(graph.outputs) == 1 and end.name == "out"
        _draw_output(picture, f"output {number}", end, "output" if is_unnamed else end.name)
    return picture


def label(layer: Layer) -> str:
    """A layer as a picture names it: `CONV 64, 7×7, stride 2`."""
    shown = [_attribute(layer, name) for name in layer.attributes if _is_shown(layer, name)]
    return f"{layer.word()} {', '.join(shown)}" if shown else layer.word()


def _is_shown(layer: Layer, name: str) -> bool:
    value, attribute = layer.value(name), layer.attributes[name]
    if name in _ALWAYS_SHOWN or name in _NEVER_SHOWN:
        return name in _ALWAYS_SHOWN
    if name == "stride" and isinstance(attribute, Extents):
        # The default of pooling is its kernel, which not every reader knows.
        return any(extent != 1 for extent in value)
    return name in layer.filled or not attribute.is_default(value, layer)


def _attribute(layer: Layer, name: str) -> str:
    value, attribute = layer.value(name), layer.attributes[name]
    phrase = name.replace("_", " ")
    if isinstance(value, bool):
        return phrase if value else f"no {phrase}"
    if name in _UNNAMED:
        return _by_cross(value) if isinstance(attribute, Extents) else attribute.show(value)
    return f"{phrase} {attribute.show(value)}"


def _by_cross(extents: Sequence[int]) -> str:
    return "×".join(map(spelled, extents)) if len(extents) > 1 else str(extents[0])


def _at_arrow(type: TensorType) -> str:
    return _BESIDE_ARROW + _by_cross(type.shape)


def _draw_nodes(picture: Digraph, graph: Graph) -> None:
    """All nodes in their clusters."""
    names = {end.node: end.name for end in graph.inputs}
    _draw_scope(picture, hierarchy(graph), names, _entries(graph))


def _entries(graph: Graph) -> Counter[tuple[str, ...]]:
    """For every scope how many of its nodes read from outside."""
    entries: Counter[tuple[str, ...]] = Counter()
    for node in graph:
        for depth in range(1, len(node.scope) + 1):
            scope = node.scope[:depth]
            entries[scope] += any(read.scope[:depth] != scope for read in node.inputs)
    return entries


def _draw_scope(
    picture: Digraph,
    scope: Scope,
    input_names: Mapping[Node, str],
    entries: Mapping[tuple[str, ...], int],
) -> None:
    nodes_first = sorted(scope.members, key=lambda member: isinstance(member, Scope))  # the arrows come out straighter
    for inner in nodes_first:
        if isinstance(inner, Node):
            _draw_node(picture, inner, input_names)
            continue
        with picture.subgraph(name=f"cluster_{'.'.join(inner.path)}") as cluster:
            text = _block_label(inner.block) if inner.block else inner.path[-1]
            cluster.attr(
                label=_escaped(text) + r"\l",
                labelloc="b" if entries[inner.path] > 2 else "t",  # many arrows from above would cross it
                fillcolor=_CLUSTER_FILLS[len(scope.path) % 2],
                **_CLUSTER,
            )
            _draw_scope(cluster, inner, input_names, entries)


def _draw_node(picture: Digraph, node: Node, input_names: Mapping[Node, str]) -> None:
    layer = node.layer
    if isinstance(layer, Input):
        picture.node(node.path, _escaped(input_names.get(node, node.name)), **_END)
    elif type(layer) in _SIGNS:
        picture.node(node.path, _SIGNS[type(layer)], **_MERGE)
    elif isinstance(layer, Concat):
        picture.node(node.path, "concat", **_CONCAT)
    else:
        picture.node(node.path, _escaped(label(layer)), fillcolor=_FILLS.get(layer.family))


def _draw_edges(picture: Digraph, graph: Graph) -> None:
    readers = graph.readers()
    for node in graph:
        for position, read in enumerate(node.inputs):
            attributes = {"weight": "8"} if _is_trunk(node, read, readers) else {}
            if position and isinstance(node.layer, Subtract):
                attributes["headlabel"] = "−"
            picture.edge(read.path, node.path, label=_at_arrow(read.type), **attributes)


def _is_trunk(node: Node, read: Node, readers: Mapping[Node, list[Node]]) -> bool:
    """Whether an edge should be straight: in a chain, and the first of two branches."""
    is_first = node.inputs[0] is read and readers[read][0] is node
    return is_first and len(node.inputs) <= 2 and len(readers[read]) <= 2


def _draw_output(picture: Digraph, name: str, end: End, shown: str) -> None:
    picture.node(name, _escaped(shown), **_END)
    picture.edge(end.node.path, name, label=_at_arrow(end.node.type))


def _block_label(block: Block) -> str:
    """The call; where that is long, without what follows a network among its arguments: `level(64, 392, …)`."""
    text = str(block)
    name, _, arguments = text.partition("(")
    network = re.search(r"\w+\(", arguments)
    if network and len(text) > _FULL_LABEL:
        text = f"{name}({arguments[: network.start()]}…)"
    return text if len(text) <= _LONGEST_LABEL else f"{text[:_LONGEST_LABEL]}…"


def _escaped(text: str) -> str:
    r"""A label that shows this text: DOT reads `\`, `&` and `<...>` in its own way."""
    from graphviz import escape

    shown: str = escape(_printable(text).replace("&", "&amp;"))
    return shown


def _printable(text: str) -> str:
    """The text with blanks for line ends and whatever else XML does not take."""
    return "".join(character if character.isprintable() else " " for character in text)
