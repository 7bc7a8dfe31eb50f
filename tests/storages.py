"""The memory of a network as torch has it: which storages there are, node by node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from weakref import WeakSet

import pytest
from meta import NodeModule, build

from cnndsl.graph import Graph, Node

torch = pytest.importorskip("torch")
TorchDispatchMode = pytest.importorskip("torch.utils._python_dispatch").TorchDispatchMode
tree_leaves = pytest.importorskip("torch.utils._pytree").tree_leaves

__all__ = ["alive_in_torch", "saved_by_torch"]


def saved_by_torch(graph: Graph, batch: int, device: str = "cpu") -> list[int]:
    """For every node the bytes of the storages that autograd keeps because of it, weights and buffers left out.

    A storage is counted at the first node that keeps it. The inputs of the network want no gradient.
    """
    modules = build(graph, device)
    seen = {_key(tensor) for tensor in _kept_anyway(modules)}
    held: list[torch.Tensor] = []  # else a storage could get the place of one that is gone
    leaving: dict[Node, torch.Tensor] = {}
    found: list[int] = []
    for node, module in modules.items():
        first = len(held)
        with torch.autograd.graph.saved_tensors_hooks(lambda tensor: held.append(tensor) or tensor, lambda kept: kept):
            entering = (leaving[read] for read in node.inputs)
            leaving[node] = module.train()(*entering) if node.inputs else _sample(node, batch, device)
        new = {_key(tensor): tensor.untyped_storage().nbytes() for tensor in held[first:] if _key(tensor) not in seen}
        seen |= new.keys()
        found.append(sum(new.values()))
    return found


def alive_in_torch(graph: Graph, batch: int, device: str = "cpu") -> list[int]:
    """The bytes of all storages at the end of every node of one pass in evaluation, weights and buffers left out.

    A value is given up behind its last reader, an input too.
    """
    modules = build(graph, device)
    ends = _ends(graph)
    found: list[int] = []
    with torch.no_grad(), _Watch(_kept_anyway(modules)) as watch:
        living: dict[_Value, Any] = {_Value(end.node): _sample(end.node, batch, device) for end in graph.inputs}
        for node, module in modules.items():
            if node.inputs:
                _run(node, module.eval(), living)
            found.append(watch.bytes)
            for value in [value for value in living if ends.get(value, node.index) <= node.index]:
                del living[value]
    return found


class _Value(NamedTuple):
    node: Node
    is_indices: bool = False


def _reads(node: Node) -> list[_Value]:
    """What a node reads: of the pooling of an unpooling only where it found its values."""
    indices = len(node.inputs) - 1 if node.layer.reads_indices else None
    return [_Value(read, place == indices) for place, read in enumerate(node.inputs)]


def _ends(graph: Graph) -> dict[_Value, int]:
    """For every value that is read, or leaves, the index of its last reader."""
    ends = {value: node.index for node in graph for value in _reads(node)}
    return ends | {_Value(end.node): len(graph) for end in graph.outputs}


def _run(node: Node, module: NodeModule, living: dict[_Value, Any]) -> None:
    """Add to the values what leaves a node."""
    entering = [living[value] for value in _reads(node)]
    if node.layer.reads_indices:  # the module looks for them on the value that was pooled
        *_, indices = entering
        entering[-1] = torch.empty(0, device=indices.device)
        entering[-1].indices = indices
    leaving = module(*entering)
    indices = vars(leaving).pop("indices", None)
    living[_Value(node)] = leaving
    if indices is not None:
        living[_Value(node, True)] = indices


def _kept_anyway(modules: Mapping[Node, NodeModule]) -> list[torch.Tensor]:
    """Weights and buffers."""
    return [tensor for module in modules.values() for tensor in (*module.parameters(), *module.buffers())]


def _sample(node: Node, batch: int, device: str) -> torch.Tensor:
    return torch.rand(batch, *node.type.shape, device=device)


def _key(tensor: torch.Tensor) -> int:
    """What tells a storage from all others that are there."""
    return tensor.untyped_storage()._cdata


class _Watch(TorchDispatchMode):
    """Sees every storage that an operation gives, but those that are left out, as long as it is there."""

    def __init__(self, left_out: list[torch.Tensor]) -> None:
        super().__init__()
        self._left_out = {_key(tensor) for tensor in left_out}
        self._storages: WeakSet[torch.UntypedStorage] = WeakSet()

    @property
    def bytes(self) -> int:
        return sum(storage.nbytes() for storage in self._storages)

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        results = function(*args, **(kwargs or {}))
        tensors = [each for each in tree_leaves(results) if torch.is_tensor(each)]
        self._storages.update(each.untyped_storage() for each in tensors if _key(each) not in self._left_out)
        return results
