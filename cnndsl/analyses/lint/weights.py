"""Rules on layers with weights."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.analyses.lint.network import Finding, Network, has_weights, is_convolution
from cnndsl.diagnostics import Label
from cnndsl.graph import Node
from cnndsl.layers.convolution import Convolution, DepthwiseConvolution
from cnndsl.layers.dense import Flatten, FullyConnected
from cnndsl.layers.extent import for_large_sizes

__all__ = ["heavy_fc", "linear_pair", "uneven_channels"]

_EVEN = 8
"""Of this number multiples are taken by tensor cores as they are, in half precision (NVIDIA, "Deep Learning
Performance: Convolutional Layers User's Guide", section on tensor core requirements)."""


def linear_pair(network: Network) -> Iterator[Finding]:
    """Two linear layers, the second of which reads the first: together they are one linear layer.

    Layers that factorise one are left aside: those with groups, the depthwise ones above all, and kernels along
    different axes.
    """
    for node in network:
        if not has_weights(node.layer):
            continue
        before = _read_by(node)
        if has_weights(before.layer) and not _is_factor(before) and not _is_factor(node) and not _cross(before, node):
            what = before.layer.word()
            message = f"{node.layer.word()} reads {what} with nothing between them: the two are one linear layer"
            others = (Label(before.span, "the first"),) if before.span != node.span else ()
            yield Finding(node, message, help="put an activation between them, as `RELU`", others=others)


def _read_by(node: Node) -> Node:
    """What a layer reads, whether or not it is flattened before."""
    read = node.inputs[0]
    while isinstance(read.layer, Flatten):
        read = read.inputs[0]
    return read


def _is_factor(node: Node) -> bool:
    """Whether a layer reads only a part of the channels for each that it gives."""
    return isinstance(node.layer, DepthwiseConvolution) or getattr(node.layer, "groups", 1) > 1


def _cross(one: Node, other: Node) -> bool:
    """Whether two kernels reach along different axes: 1x3 and 3x1."""
    kernels = [getattr(node.layer, "kernel", ()) for node in (one, other)]
    if len(kernels[0]) != len(kernels[1]) or any(set(kernel) <= {1} for kernel in kernels):
        return False
    return all(min(pair) == 1 for pair in zip(*kernels, strict=True))


def heavy_fc(network: Network) -> Iterator[Finding]:
    """An FC that has more than half of all parameters, in a network with convolutions."""
    if not any(is_convolution(node.layer) for node in network):
        return
    total = for_large_sizes(network.cost.params)
    for row in network.cost.rows:
        own = for_large_sizes(row.params)
        if isinstance(row.node.layer, FullyConnected) and 2 * own > total:
            message = f"{row.node.path} has {row.params:,} of {network.cost.params:,} parameters"
            yield Finding(row.node, message, f"{100 * own / total:.0f} %", _lighter(row.node))


def _lighter(node: Node) -> str:
    """What makes a dense layer smaller."""
    entering, units = _read_by(node).type, node.type.channels
    if entering.elements == entering.channels:
        return "have fewer channels before it"
    return f"average the {entering} map first: `GAP -> {node.layer}` has {(entering.channels + 1) * units:,}"


def uneven_channels(network: Network) -> Iterator[Finding]:
    """Filters and units that are no multiple of 8, but for those of the last layers."""
    feeding = _feeding_weights(network)
    for node in network:
        if not isinstance(node.layer, Convolution | FullyConnected) or node not in feeding:
            continue
        channels = node.type.channels
        if isinstance(channels, int) and channels % _EVEN:
            near = sorted({max(_EVEN, channels // _EVEN * _EVEN), -(-channels // _EVEN) * _EVEN})
            message = f"{node.layer.word()} gives {channels} channels, which is no multiple of {_EVEN}"
            label = f"{channels} % {_EVEN} = {channels % _EVEN}"
            yield Finding(node, message, label, f"write {' or '.join(map(str, near))}")


def _feeding_weights(network: Network) -> set[Node]:
    """The nodes from which a layer with weights is reached further on."""
    found: set[Node] = set()
    for node in reversed(network.graph.nodes):
        if node in found or has_weights(node.layer):
            found.update(node.inputs)
    return found
