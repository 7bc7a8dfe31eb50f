"""The tensors of a network: under which names a module of torch keeps them, and which lie before which."""

from __future__ import annotations

from typing import NamedTuple

from cnndsl.graph import Graph, Node
from cnndsl.layers.lowering import ModuleCall, Step

__all__ = ["COUNTER", "Place", "Slot", "places", "ways_to"]

COUNTER = "num_batches_tracked"
"""What torch's norms count; files from before torch 0.4.1 lack it."""


class Slot(NamedTuple):
    """A tensor of the network.

    Attributes:
        name: `stage1.conv1.weight`.
        shape: torch's.
        aliases: further names under which a module may have it, since other uses share it.
    """

    name: str
    shape: tuple[int, ...]
    aliases: tuple[str, ...] = ()


class Place(NamedTuple):
    """A layer that keeps tensors of its own.

    Attributes:
        path: where it stands.
        node: its index in the graph.
        slots: its tensors by torch's names for them, learned ones first.
        is_fixed: whether the spec says what numbers they hold.
    """

    path: str
    node: int
    slots: dict[str, Slot]
    is_fixed: bool = False


def places(graph: Graph) -> tuple[Place, ...]:
    """The layers of a network that keep tensors, in execution order; shared ones stand where they are used first."""
    found: dict[str, Place] = {}
    for node in graph:
        types = node.input_types
        shapes = dict(node.layer.parameters(types))
        own = dict(node.layer.buffers(types))
        if node.shares is not None:
            first = found[node.shares.path]
            is_whole = _weighing(node) == _weighing(node.shares)  # else only what is learned is shared
            _add_aliases(first, node.path, [*shapes, *(own if is_whole else ())])
            shapes = {}
            own = {} if is_whole else own
        tensors = shapes | own
        if tensors:
            slots = {leaf: Slot(f"{node.path}.{leaf}", shape) for leaf, shape in tensors.items()}
            found[node.path] = Place(node.path, node.index, slots, node.layer.is_frozen)
    return tuple(found.values())


def _weighing(node: Node) -> list[Step]:
    """The steps that hold the weights of a node."""
    steps = node.layer.lower(node.input_types, node.type)
    return [step for step in steps if isinstance(step, ModuleCall) and not step.suffix]


def _add_aliases(first: Place, path: str, leaves: list[str]) -> None:
    for leaf in leaves:
        slot = first.slots[leaf]
        first.slots[leaf] = slot._replace(aliases=(*slot.aliases, f"{path}.{leaf}"))


def ways_to(graph: Graph, chosen: list[Place]) -> list[int]:
    """For each of these places, which of them lie on a way to it: bit n stands for the n-th of them."""
    bits = {place.node: 1 << number for number, place in enumerate(chosen)}
    before: list[int] = []
    for node in graph:
        mask = 0
        for read in node.inputs:
            mask |= before[read.index] | bits.get((read.shares or read).index, 0)
        before.append(mask)
    return [before[place.node] for place in chosen]
