"""Rules on the end of a network."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.analyses.lint.network import Finding, Network, pools_the_map
from cnndsl.graph import Node
from cnndsl.layers.activation import LogSoftmax, Softmax
from cnndsl.layers.tensor import by_x

__all__ = ["narrow_view", "softmax_at_end"]


def narrow_view(network: Network) -> Iterator[Finding]:
    """A last map that is averaged though its positions have not seen the whole input.

    An FC that reads a map weighs its positions by where they are, and so sees them together.
    """
    sizes = {end.name: end.node.type.spatial for end in network.graph.inputs}
    for node in _last_poolings(network):
        for name, along in network.fields[node.inputs[0]].along.items():
            if len(along) != len(sizes[name]) or any(axis is None or axis.stride is None for axis in along):
                continue
            seen = tuple(axis.size for axis in along if axis is not None)
            is_closed = all(isinstance(size, int) for size in (*seen, *sizes[name]))
            if is_closed and any(size < whole for size, whole in zip(seen, sizes[name], strict=True)):
                message = f"a position of the map that {node.layer.word()} pools has seen {by_x(seen)} of an input of "
                label = f"receptive field {by_x(seen)}"
                help = "go deeper, stride earlier, or dilate, until a position sees the whole input"
                yield Finding(node, f"{message}{by_x(sizes[name])}", label, help)


def _last_poolings(network: Network) -> Iterator[Node]:
    """The poolings of a whole map from which the main output is reached through values without positions."""
    pending, seen = [network.graph.outputs[0].node], set[Node]()
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if pools_the_map(node):
            yield node
        elif node.type.elements == node.type.channels:
            pending += node.inputs


def softmax_at_end(network: Network) -> Iterator[Finding]:
    """An output that is a softmax, or its logarithm."""
    for output in network.graph.outputs:
        if isinstance(output.node.layer, Softmax | LogSoftmax):
            message = f"the output is {output.node.layer.word()}, and the loss has a softmax of its own"
            help = "leave it out: `cnndsl train` does, and CrossEntropyLoss of PyTorch would apply it a second time"
            yield Finding(output.node, message, help=help)
