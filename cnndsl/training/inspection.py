"""Where in a network the first number comes from that is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnndsl.backends.torch.weights.load import tensors_of
from cnndsl.graph import Graph
from cnndsl.training.errors import Culprit
from cnndsl.training.loop import Training
from cnndsl.training.state import State, draws, redraw, under

__all__ = ["kept", "told"]


def told(training: Training, culprit: Culprit, graph: Graph) -> str:
    """Half a sentence about the first layer that gives a number which is not finite, when it is called once more."""
    if not bool(culprit.inputs.isfinite().all()):
        return "the images hold such a number when they enter the network"
    for name, tensor in training.network.named_parameters():
        if not bool(tensor.isfinite().all()):
            layer = name.rpartition(".")[0]
            return f"the weights of {_placed(layer, graph)} are no finite numbers since the step before"
    found = _first(training, culprit)
    if found is None:
        return "all that the network gives is finite, but the loss of it is not"
    layer, function = found
    where = _placed(layer, graph)
    return f"the first such number comes from {where}{'' if _is_layer(layer, graph) else f', in `{function}`'}"


def kept(training: Training, culprit: Culprit, why: str) -> State:
    """What it takes to look at a batch again: its inputs, targets and labels, and the weights that it met."""
    tensors = {"inputs": culprit.inputs, "targets": culprit.targets, "labels": culprit.labels, "drawn": culprit.drawn}
    weights = under("network", tensors_of(training.network))
    return State({**tensors, **weights}, {"epoch": training.epoch + 1, "step": training.step, "why": why})


class _Watch(TorchFunctionMode):
    """Notes the first function that gives a number which is not finite, and the module that called it."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.found: tuple[str, str] | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if self.found is None and any(_is_broken(each) for each in _tensors(result)):
            self.found = self.inside[-1] if self.inside else "", str(getattr(func, "__name__", func))
        return result


def _first(training: Training, culprit: Culprit) -> tuple[str, str] | None:
    """The module and the function, when the network is called as it was."""
    watch, before = _Watch(), draws()
    try:
        torch.set_rng_state(culprit.drawn)
        with torch.no_grad(), _named(training.network, watch), watch:
            training.precision.plainly(culprit.inputs)
    finally:
        redraw(before)
    return watch.found


@contextmanager
def _named(network: nn.Module, watch: _Watch) -> Iterator[None]:
    """Let the watch know in which module it is."""
    with ExitStack() as stack:
        for name, module in network.named_modules():

            def enter(module: nn.Module, inputs: Any, name: str = name) -> None:
                watch.inside.append(name)

            def leave(module: nn.Module, inputs: Any, result: Any) -> None:
                watch.inside.pop()

            stack.enter_context(module.register_forward_pre_hook(enter))
            stack.enter_context(module.register_forward_hook(leave))
        yield


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _tensors(each)


def _is_broken(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and not bool(tensor.isfinite().all())


def _is_layer(name: str, graph: Graph) -> bool:
    return any(node.path == name for node in graph)


def _placed(name: str, graph: Graph) -> str:
    """A module by its name, with the place where it is written, if it is a layer."""
    found = next((node for node in graph if node.path == name), None)
    if found is not None:
        return f"{name}, `{found.span.on_one_line}` at {found.span}"
    return name or "the network"
