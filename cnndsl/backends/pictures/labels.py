"""How pictures name layers, blocks and sizes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnndsl.analyses.outline import REPEAT, Entry
from cnndsl.backends.pictures.view import Box, Frame, View
from cnndsl.graph import Block, Graph, Node
from cnndsl.layers import Layer, TensorType
from cnndsl.layers.attributes import Extents
from cnndsl.layers.extent import spelled
from cnndsl.layers.structure import Add, Concat, Input, Multiply, Subtract

__all__ = [
    "SIGNS",
    "by_cross",
    "of_block",
    "of_box",
    "of_call",
    "of_frame",
    "of_layer",
    "of_type",
    "of_value",
    "parts",
    "printable",
]

SIGNS: dict[type[Layer], str] = {Add: "+", Subtract: "−", Multiply: "×"}

_ALWAYS_SHOWN = frozenset({"kernel", "p"})
"""Attributes that a reader of the picture wants even where they equal the default."""

_NEVER_SHOWN = frozenset({"bias"})
_UNNAMED = frozenset({"name", "filters", "kernel", "units", "p", "size", "value"})
"""Attributes that speak for themselves at the front of a label; the others are named: `stride 2`."""

_COMMA = re.compile(r", (?![^(]*\))")
_FLOAT = re.compile(r"\d+\.\d{5,}(?:e-?\d+)?")
"""A number with more places than anybody wrote: `0.15000000000000002`."""

_WORDS = 3
"""Layers that are named of members that repeat together, where these are not opened."""

_FULL = 24
_LONGEST = 48
"""Characters of a block's label: up to the first it is shown whole, beyond the second it is cut."""


def of_layer(layer: Layer) -> str:
    """A layer as a picture names it: `CONV 64, 7×7, stride 2`."""
    shown = [_attribute(layer, name) for name in layer.attributes if _is_shown(layer, name)]
    return _rounded(f"{layer.word()} {', '.join(shown)}") if shown else layer.word()


def of_box(box: Box, graph: Graph) -> str:
    """A layer, or the call of a block, with how many there are: `RELU`, `bottleneck(256) ×35`."""
    node = box.node
    if box.text:
        return box.text
    return _times(_of_node(node, graph) if node else of_call(box.entry, graph), box.entry.times)


def of_frame(frame: Frame, graph: Graph) -> str:
    """The call of a block, with how many there are; of members that repeat together how often: `×6`."""
    if frame.text:
        return frame.text
    return _times("" if frame.is_repeat else of_call(frame.entry, graph), frame.entry.times)


def of_call(entry: Entry, graph: Graph) -> str:
    """The call of a block; of members that repeat together, the first of their layers."""
    if entry.label == REPEAT:
        nodes = entry.nodes[: len(entry.nodes) // entry.times]
        words = [node.layer.word() for node in nodes[:_WORDS]]
        return " → ".join(words if len(nodes) <= _WORDS else [*words, "…"])
    block = graph.blocks.get(tuple(entry.path.split(".")))
    return of_block(block) if block else entry.path.rpartition(".")[2]


def parts(label: str) -> list[str]:
    """What stands between the commas of a label, but for those in brackets.

    >>> parts("PAD 2, channels (0, 16)")
    ['PAD 2', 'channels (0, 16)']
    """
    return _COMMA.split(label)


def of_block(block: Block) -> str:
    """The call; where that is long, without what follows a network among its arguments: `level(64, 392, …)`."""
    text = _rounded(str(block))
    name, _, arguments = text.partition("(")
    network = re.search(r"\w+\(", arguments)
    if network and len(text) > _FULL:
        text = f"{name}({arguments[: network.start()]}…)"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def of_value(type: TensorType, view: View) -> str:
    """What is written at an arrow: the size of what flows along it, unless the picture tells none."""
    return of_type(type) if view.is_sized else ""


def of_type(type: TensorType) -> str:
    """`64×112×112`."""
    return by_cross(type.shape)


def by_cross(extents: Sequence[int]) -> str:
    return "×".join(map(spelled, extents)) if len(extents) > 1 else str(extents[0])


def printable(text: str) -> str:
    """The text with blanks for line ends and whatever else XML does not take."""
    return "".join(character if character.isprintable() else " " for character in text)


def _of_node(node: Node, graph: Graph) -> str:
    layer = node.layer
    if isinstance(layer, Input):
        return next((end.name for end in graph.inputs if end.node is node), node.name)
    if type(layer) in SIGNS:
        return SIGNS[type(layer)]
    return "concat" if isinstance(layer, Concat) else of_layer(layer)


def _rounded(text: str) -> str:
    return _FLOAT.sub(lambda found: f"{float(found[0]):.4g}", text)


def _times(text: str, times: int) -> str:
    return f"{text} ×{times}".strip() if times > 1 else text


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
    if name in _UNNAMED or name == next(iter(layer.attributes)) == "groups":
        return by_cross(value) if isinstance(attribute, Extents) else attribute.show(value)
    return f"{phrase} {attribute.show(value)}"
