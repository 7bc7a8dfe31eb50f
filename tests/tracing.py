"""What a module of torch does when it is called, beside what its graph says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from cnndsl.graph import Node
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operand, Operator, Step
from cnndsl.model import Model

torch = pytest.importorskip("torch")

from meta import OPERATORS  # noqa: E402
from torch.overrides import TorchFunctionMode  # noqa: E402


@dataclass
class Done:
    """A computation: of one of the modules that layers become, or of a function outside of them."""

    names: set[str]
    """Those of the module, or that of the function."""
    inputs: list[torch.Tensor]
    results: tuple[torch.Tensor, ...]


@dataclass
class Watch:
    """What was computed and is not told yet, in the order of execution."""

    done: list[Done] = field(default_factory=list)
    first: dict[tuple[str, tuple[int, ...]], torch.Tensor] = field(default_factory=dict)
    """What functions gave first, by their name and settings, and by what they read."""
    alike: dict[int, torch.Tensor] = field(default_factory=dict)
    """What a function gave first, for what it gave again from the same: in `x + x + (x + x)` they look alike."""

    def add(self, name: str, settings: str, inputs: list[torch.Tensor], result: torch.Tensor) -> None:
        """Note what a function did."""
        self.done.append(Done({name}, inputs, (result,)))
        if all(result is not each for each in inputs):
            key = f"{name} {settings}", tuple(id(self.one(each)) for each in inputs)
            first = self.first.setdefault(key, result)
            self.alike[id(result)] = first

    def one(self, tensor: torch.Tensor) -> torch.Tensor:
        return self.alike.get(id(tensor), tensor)

    def take(self, is_it: Callable[[Done], bool], inputs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """The results of the first computation of a kind that reads just these tensors; it is told once."""
        for place, each in enumerate(self.done):
            same = [id(self.one(x)) for x in each.inputs] == [id(self.one(x)) for x in inputs]
            if same and is_it(each):
                return self.done.pop(place).results
        raise AssertionError("nothing is computed from these")


class _Functions(TorchFunctionMode):
    """Notes what functions of torch do, but for what they do inside of a module that a layer becomes."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch
        self.is_inside = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self.is_inside and isinstance(result, torch.Tensor):
            settings = repr([each for each in args if not tensors(each)]) + repr(kwargs)
            self.watch.add(func.__name__.strip("_"), settings, tensors(args), result)
        return result


def tensors(value: object) -> list[torch.Tensor]:
    """Those in tuples and lists."""
    if isinstance(value, tuple | list):
        return [tensor for each in value for tensor in tensors(each)]
    return [value] if isinstance(value, torch.Tensor) else []


def watched(module: torch.nn.Module, leaves: set[str], inputs: list[torch.Tensor]) -> tuple[Watch, list[torch.Tensor]]:
    """All that is computed when a module is called, and its outputs; into the modules that layers become none looks."""
    watch = Watch()
    functions = _Functions(watch)
    names: dict[torch.nn.Module, set[str]] = {}
    for name, each in module.named_modules(remove_duplicate=False):
        if name in leaves:
            names.setdefault(each, set()).add(name)

    def enter(each: torch.nn.Module, entering: Any) -> None:
        functions.is_inside = True

    def leave(each: torch.nn.Module, entering: Any, result: Any) -> None:
        functions.is_inside = False
        watch.done.append(Done(names[each], tensors(entering), tuple(tensors(result))))

    with ExitStack() as stack:
        for each in names:
            stack.enter_context(each.register_forward_pre_hook(enter))
            stack.enter_context(each.register_forward_hook(leave))
        stack.enter_context(functions)
        outputs = module(*inputs)
    return watch, tensors(outputs)


def shapes_by_node(module: torch.nn.Module, model: Model, inputs: list[torch.Tensor]) -> dict[str, tuple[int, ...]]:
    """The shape that leaves each node when the module of a network is called, without the batch.

    Every node is found among what is computed: from the results of the nodes that it reads, by the functions and
    modules that it lowers to, one with weights of its own by the module of its name. Nothing else is computed.
    """
    lowered = {node: node.layer.lower(node.input_types, node.type) for node in model.graph if node.inputs}
    leaves = {
        module_name(node, step) for node, steps in lowered.items() for step in steps if isinstance(step, ModuleCall)
    }
    watch, outputs = watched(module, leaves, inputs)
    leaving = {end.node: (given,) for end, given in zip(model.graph.inputs, inputs, strict=True)}
    for node, steps in lowered.items():
        entering = [leaving[read][0] for read in node.inputs]
        for step in steps:
            indices = leaving[node.inputs[-1]][1:]
            leaving[node] = found(watch, node, step, entering, indices)
            entering = [leaving[node][0]]
    assert not watch.done, "more is computed than the graph says"
    given = (
        watch.one(output) is watch.one(leaving[end.node][0])
        for output, end in zip(outputs, model.graph.outputs, strict=True)
    )
    assert all(given)
    return {node.path: tuple(leaving[node][0].shape[1:]) for node in lowered}


def found(
    watch: Watch, node: Node, step: Step, entering: list[torch.Tensor], indices: tuple[torch.Tensor, ...]
) -> tuple[torch.Tensor, ...]:
    """The results of a step of a node, as they were computed."""
    match step:
        case ModuleCall():
            owns = node.shares is None and bool(node.layer.parameters(node.input_types))
            name = module_name(node, step)
            return watch.take(lambda each: name in each.names or not owns, entering)
        case FunctionCall(path, args):
            read = [*entering[:1], *indices] if Operand.INDICES in args else entering
            return watch.take(lambda each: each.names == {path.rpartition(".")[2]}, read)
        case Operator(symbol, trailing, numbers):
            first, *others = [
                watch.take(is_slice, [x])[0] if axes else x for x, axes in zip(entering, trailing, strict=True)
            ]
            for other in [[x] for x in others] + [[] for _ in numbers]:
                (first,) = watch.take(lambda each: each.names == {OPERATORS[symbol].__name__}, [first, *other])
            return (first,)
    return watch.take(is_slice, entering)


def is_slice(each: Done) -> bool:
    return each.names == {"getitem"}


def module_name(node: Node, step: ModuleCall) -> str:
    return f"{node.path}_{step.suffix}" if step.suffix else node.path
