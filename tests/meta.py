"""A small interpreter: runs a graph with torch, straight from the data that its layers lower to.

On the meta device it costs nothing and gives shapes and counts; on the CPU it gives values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from importlib import import_module
from operator import add, mul, sub
from typing import Any, NamedTuple

import pytest

from cnndsl.analyses.cost import cost
from cnndsl.graph import Graph, Node
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operand, Operator, Slice, Step

torch = pytest.importorskip("torch")
flop_counter = pytest.importorskip("torch.utils.flop_counter")

torch.set_num_threads(1)  # the maps are tiny, and the test runners share the cores

BATCH = 2
OPERATORS = {"+": add, "-": sub, "*": mul}


class Seen(NamedTuple):
    """A node from outside: what leaves it, without the batch, what it keeps and what it computes."""

    path: str
    shape: tuple[int, ...]
    params: int
    buffers: int
    macs: int
    weights: dict[str, tuple[int, ...]]
    """The shape of each parameter."""


def seen_by_torch(graph: Graph) -> list[Seen]:
    """What torch finds when it builds and runs every node once on the meta device."""
    seen: list[Seen] = []
    leaving: dict[Node, torch.Tensor] = {}
    for node, module in build(graph, "meta").items():
        entering = [leaving[read] for read in node.inputs] or [torch.empty(BATCH, *node.type.shape, device="meta")]
        with torch.no_grad(), flop_counter.FlopCounterMode(display=False) as counter:
            leaving[node] = module(*entering)
        weights = {name.rpartition(".")[2]: tuple(weight.shape) for name, weight in module.named_parameters()}
        own = [] if node.shares else [module]
        params = sum(weight.numel() for each in own for weight in each.parameters())
        buffers = sum(buffer.numel() for each in own for buffer in each.buffers())
        macs = counter.get_total_flops() // (2 * BATCH)
        seen.append(Seen(node.path, tuple(leaving[node].shape[1:]), params, buffers, macs, weights))
    return seen


def seen_by_compiler(graph: Graph) -> list[Seen]:
    """What the compiler says of the same nodes."""
    seen: list[Seen] = []
    for row in cost(graph).rows:
        node, weights = row.node, row.node.layer.parameters(row.node.input_types)
        seen.append(Seen(node.path, node.type.shape, row.params, row.buffers, row.macs, weights))
    return seen


def build(graph: Graph, device: str = "cpu") -> dict[Node, NodeModule]:
    """A module for every node."""
    return {node: NodeModule(node, device) for node in graph}


def run(modules: dict[Node, NodeModule], inputs: Iterable[torch.Tensor]) -> torch.Tensor:
    """What leaves the last node."""
    given = iter(inputs)
    leaving: dict[Node, torch.Tensor] = {}
    for node, module in modules.items():
        leaving[node] = module(*(leaving[read] for read in node.inputs)) if node.inputs else next(given)
    return leaving[node]


def interpreted(
    graph: Graph, weights: Mapping[str, torch.Tensor], inputs: Sequence[torch.Tensor], training: bool
) -> list[torch.Tensor]:
    """The outputs with the weights of a module of the whole network, node by node."""
    modules = build(graph)
    leaving: dict[Node, torch.Tensor] = {}
    entering = {end.node: given for end, given in zip(graph.inputs, inputs, strict=True)}
    for node, own in modules.items():
        own.train(training).to(inputs[0].dtype)
        home = (node.shares or node).path
        own.load_state_dict({name: weights[f"{home}.{name.rpartition('.')[2]}"] for name in own.state_dict()})
    torch.manual_seed(1)
    for node, own in modules.items():
        leaving[node] = own(*(leaving[read] for read in node.inputs)) if node.inputs else entering[node]
    return [leaving[end.node] for end in graph.outputs]


class NodeModule(torch.nn.Module):
    """A node as torch runs it: the modules it lowers to."""

    def __init__(self, node: Node, device: str) -> None:
        super().__init__()
        self.steps = node.layer.lower(node.input_types, node.type)
        with torch.device(device):
            called = {str(i): _build(step) for i, step in enumerate(self.steps) if isinstance(step, ModuleCall)}
            self.called = torch.nn.ModuleDict(called)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """What leaves the node; where a pooling found it is noted on it."""
        for position, step in enumerate(self.steps):
            result = self._do(position, step, inputs)
            if isinstance(result, tuple):
                result, result.indices = result
            inputs = (result,)
        (output,) = inputs
        return output

    def _do(self, position: int, step: Step, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
        match step:
            case ModuleCall():
                return self.called[str(position)](*inputs)
            case FunctionCall(path, args, kwargs):
                by_name = {name: self._operand(argument, inputs) for name, argument in kwargs.items()}
                return _named(path)(*(self._operand(argument, inputs) for argument in args), **by_name)
            case Operator(symbol, trailing, numbers):
                operands = (x[(..., *(None,) * axes)] for x, axes in zip(inputs, trailing, strict=True))
                return reduce(OPERATORS[symbol], (*operands, *numbers))
            case Slice(ranges):
                (entering,) = inputs
                return entering[(slice(None), *(slice(*(kept or (None,))) for kept in ranges))]

    def _operand(self, argument: Any, inputs: tuple[torch.Tensor, ...]) -> Any:
        match argument:
            case Operand.INPUT:
                return inputs[0]
            case Operand.INPUTS:
                return list(inputs)
            case Operand.INDICES:
                return inputs[-1].indices
        return argument


def _build(step: ModuleCall) -> torch.nn.Module:
    module: torch.nn.Module = _named(step.path)(*step.args.values(), **step.kwargs)
    for name in step.without:
        module.register_parameter(name, None)
    for name, (function, args, kwargs) in step.initial.items():
        getattr(torch.nn.init, function)(getattr(module, name), *args, **dict(kwargs))
    return module


def _named(path: str) -> Any:
    """What stands at a dotted path: in a module, or in a class of one."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError:
        return getattr(_named(module), name)
