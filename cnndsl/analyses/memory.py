"""What a network takes in memory: the values of one forward pass, and all that a step of training keeps.

All numbers are float32. What is said of a pass holds at the ends of nodes: what a node makes and gives back while it
runs, a padded copy, where a max pooling found its values, the workspace of a convolution, comes on top.

Of training it says what is kept from the forward to the backward pass, as PyTorch keeps it on a CPU. A value that two
layers keep is one value. On top come the gradients of the values that the backward pass is at, a few maps at a time;
the loss with what it keeps; and whatever a library works in. Elsewhere masks and statistics differ in size: on CUDA
those of dropout have a byte for a value, not four.

Not counted are copies that depend on how numbers lie in memory, of which a graph says nothing: where FC, FLATTEN,
RESHAPE, DROPPATH, GN or INSTANCENORM reads a map whose rows lie apart, behind a CROP, CHANNELS, PERMUTE or LN of a map,
torch makes a copy of it, and may keep the copy in its place. Where sizes are open, padding that is the same on both
sides for some of them only counts as a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from cnndsl.graph import Graph, Node
from cnndsl.layers.extent import for_large_sizes
from cnndsl.layers.saved import INDEX_BYTES, NUMBER_BYTES, Saved
from cnndsl.resources import no_collections

__all__ = ["OPTIMIZERS", "Memory", "NodeMemory", "OptimizerState", "TrainingMemory", "memory"]


class OptimizerState(NamedTuple):
    """What an optimizer of `torch.optim` keeps from step to step.

    Attributes:
        copies: numbers for each learned number.
        counts_steps: whether it keeps a number for each learned tensor, in float32.
    """

    copies: int
    counts_steps: bool


OPTIMIZERS: Mapping[str, OptimizerState] = MappingProxyType(
    {
        "sgd": OptimizerState(0, False),
        "momentum": OptimizerState(1, False),  # SGD with momentum, `momentum_buffer`: Polyak, 1964
        "rmsprop": OptimizerState(1, True),  # `square_avg`: Hinton's lecture 6e, 2012
        "adam": OptimizerState(2, True),  # `exp_avg`, `exp_avg_sq`: Kingma & Ba, 2014
        "adamw": OptimizerState(2, True),  # the same: Loshchilov & Hutter, 2017
    }
)
"""By name. Sizes as torch.optim has them, without variants such as `amsgrad` and `centered`."""


class NodeMemory(NamedTuple):
    """The share of one node, in bytes.

    Attributes:
        activation: what leaves it, for each sample; 0 where that is another look at what comes in.
        saved: what is kept for the backward pass because of it, for each sample, and would not be without it: a value
            that nodes before it keep is theirs.
        saved_once: the same, however large the batch.
    """

    node: Node
    activation: int
    saved: int
    saved_once: int

    @property
    def saved_of_one(self) -> int:
        """What is kept for a batch of one sample."""
        return self.saved + self.saved_once


class TrainingMemory(NamedTuple):
    """What a step of training keeps, in bytes.

    Attributes:
        saved: values, masks, indices and statistics, from the forward to the backward pass.
        parameters: what is learned.
        gradients: as much again.
        optimizer: what the optimizer keeps of every learned number.
        buffers: what is kept and not learned.
    """

    saved: int
    parameters: int
    gradients: int
    optimizer: int
    buffers: int

    @property
    def total(self) -> int:
        return self.saved + self.parameters + self.gradients + self.optimizer + self.buffers


class Memory(NamedTuple):
    """The memory of a network: a row for each node, in execution order, and what is not of one node; in bytes.

    Attributes:
        peak: the most that the values of one forward pass take at once, for one sample. A value lives from its making
            to its last reader, an input from the start, an output to the end; weights do not count.
        peak_at: the node at whose end that is; the first, where there are several.
        parameters: what is learned, shared weights once.
        tensors: how many tensors that is.
        buffers: what is kept and not learned.
    """

    rows: tuple[NodeMemory, ...]
    peak: int
    peak_at: Node
    parameters: int
    tensors: int
    buffers: int

    def training(self, batch: int, optimizer: str = "adam") -> TrainingMemory:
        """What a step of training keeps for a number of samples.

        Raises:
            KeyError: the optimizer is none of `OPTIMIZERS`.
        """
        state = OPTIMIZERS[optimizer]
        saved = batch * sum(row.saved for row in self.rows) + sum(row.saved_once for row in self.rows)
        kept = state.copies * self.parameters + state.counts_steps * self.tensors * NUMBER_BYTES
        return TrainingMemory(saved, self.parameters, self.parameters, kept, self.buffers)


@no_collections()
def memory(graph: Graph) -> Memory:
    """Memory of a graph.

    >>> from cnndsl import parse
    >>> found = memory(parse("INPUT(1x28x28) -> CONV(8) -> RELU -> POOL -> FC(10)").graph)
    >>> found.peak, found.peak_at.path
    (50176, 'relu1')
    >>> found.training(batch=32).saved
    1505280
    """
    views = {node for node in graph if node.layer.is_view(node.input_types, node.type)}
    peak, peak_at = _peak(graph, _bases(graph, views))
    owners = [node for node in graph if node.shares is None]
    learned = [shape for node in owners for shape in node.layer.parameters(node.input_types).values()]
    kept = [shape for node in owners for shape in node.layer.buffers(node.input_types).values()]
    rows = tuple(
        NodeMemory(node, 0 if node in views else _bytes(node), saved, saved_once)
        for node, saved, saved_once in _saved(graph, views)
    )
    parameters = sum(map(prod, learned)) * NUMBER_BYTES
    buffers = sum(prod(shape) * NUMBER_BYTES if shape else INDEX_BYTES for shape in kept)  # a lone one counts batches
    return Memory(rows, peak, peak_at, parameters, len(learned), buffers)


def _bytes(node: Node) -> int:
    return node.type.elements * NUMBER_BYTES


def _bases(graph: Graph, views: Set[Node]) -> dict[Node, Node]:
    """For every node the one that made the numbers that leave it."""
    bases: dict[Node, Node] = {}
    for node in graph:
        bases[node] = bases[node.inputs[0]] if node in views else node
    return bases


# One pass


class _Value(NamedTuple):
    """What is made and kept as one: the output of a node, or where it found its values."""

    node: Node
    is_indices: bool = False

    @property
    def bytes(self) -> int:
        return self.node.type.elements * (INDEX_BYTES if self.is_indices else NUMBER_BYTES)


def _reads(node: Node, bases: Mapping[Node, Node]) -> Iterator[_Value]:
    """What a node reads: of an unpooling's pooling not the values but where they were found."""
    *values, last = node.inputs
    yield from (_Value(bases[value]) for value in values)
    yield _Value(last, True) if node.layer.reads_indices else _Value(bases[last])


def _peak(graph: Graph, bases: Mapping[Node, Node]) -> tuple[int, Node]:
    """The most bytes that live at the end of a node, and the first such node."""
    last_used = _last_used(graph, bases)
    ending: dict[int, list[_Value]] = {}
    for value, end in last_used.items():
        ending.setdefault(end, []).append(value)
    live = sum(_bytes(end.node) for end in graph.inputs)
    given = {end.node for end in graph.inputs}
    peaks: list[int] = []
    for node in graph:
        made = [value for value in (_Value(node), _Value(node, True)) if value in last_used]
        live += sum(value.bytes for value in made if node not in given)
        peaks.append(live)
        live -= sum(value.bytes for value in ending.get(node.index, ()))
    at = max(range(len(peaks)), key=lambda place: for_large_sizes(peaks[place]))
    return peaks[at], graph.nodes[at]


def _last_used(graph: Graph, bases: Mapping[Node, Node]) -> dict[_Value, int]:
    """For every value the index of the last node that reads it, or makes it; of an output, one behind the last."""
    last_used: dict[_Value, int] = {}
    for node in graph:
        last_used[_Value(bases[node])] = node.index
        if node.inputs:
            last_used.update(dict.fromkeys(_reads(node, bases), node.index))
    last_used.update({_Value(bases[end.node]): len(graph) for end in graph.outputs})
    return last_used


# Training


def _saved(graph: Graph, views: Set[Node]) -> Iterator[tuple[Node, int, int]]:
    """Every node with the bytes that are kept because of it: for each sample, and once."""
    in_training = {node for node in views if node.layer.is_view(node.input_types, node.type, training=True)}
    bases = _bases(graph, in_training)
    learns: dict[Node, bool] = {}
    kept: set[_Value] = set()
    for node in graph:
        types = node.input_types
        wanted = tuple(learns[read] for read in node.inputs)
        learns[node] = any(wanted) or bool(node.layer.parameters(types))
        if not learns[node]:
            yield node, 0, 0
            continue
        found = node.layer.saves(types, node.type, wanted)
        new = set(_kept(node, found, bases)) - kept
        kept |= new
        yield node, found.sample + sum(value.bytes for value in new), found.batch


def _kept(node: Node, saved: Saved, bases: Mapping[Node, Node]) -> Iterator[_Value]:
    """The values that a node keeps."""
    yield from (_Value(bases[node.inputs[place]]) for place in saved.inputs)
    if saved.output:
        yield _Value(bases[node])
    if saved.indices:
        yield _Value(node.inputs[-1] if node.layer.reads_indices else node, True)
