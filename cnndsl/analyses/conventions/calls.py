"""The steps of a node with what a counter of operations sees around them: shapes, weights, settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from cnndsl.analyses.conventions.shapes import by_axis, leaving, setting
from cnndsl.graph import Node
from cnndsl.layers import TensorType
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Step

__all__ = ["Call", "calls"]


@dataclass(frozen=True, slots=True)
class Call:
    """A step as it is carried out.

    Attributes:
        step: the step.
        entering: the type of what enters it; of several values the first.
        leaving: the type of what leaves it.
        weights: what the step learns, names and shapes as in torch.
        products: products with weights for one sample.
    """

    step: Step
    entering: TensorType
    leaving: TensorType
    weights: Mapping[str, tuple[int, ...]]
    products: int

    @property
    def path(self) -> str:
        """What it calls, `torch.nn.Conv2d`; "" for an operator or a slice."""
        return self.step.path if isinstance(self.step, ModuleCall | FunctionCall) else ""

    @property
    def name(self) -> str:
        """The last part of the path, `Conv2d`."""
        return self.path.rpartition(".")[2]

    def setting(self, name: str, default: Any = None) -> Any:
        """An argument of the module's constructor, or torch's default."""
        return setting(self.step, name, default)


def calls(node: Node) -> tuple[Call, ...]:
    """The steps of a node, in execution order.

    Of a layer whose steps are none of torch's modules that multiply by weights, the products are what the layer says.

    Raises:
        Undecided: the layer cannot tell its steps while its sizes are open.
    """
    layer, inputs = node.layer, node.input_types
    steps = layer.lower(inputs, node.type)
    holder = next((step for step in steps if isinstance(step, ModuleCall) and not step.suffix), None)
    found: list[Call] = []
    for step in steps:
        entering = found[-1].leaving if found else inputs[0]
        after = node.type if step is steps[-1] else leaving(step, entering)
        weights = layer.parameters(inputs) if step is holder else {}
        found.append(Call(step, entering, after, weights, _products(step, entering, after) or 0))
    if found and all(_products(call.step, call.entering, call.leaving) is None for call in found):
        first = found[0]
        found[0] = Call(first.step, first.entering, first.leaving, first.weights, layer.macs(inputs, node.type))
    return tuple(found)


def _products(step: Step, entering: TensorType, after: TensorType) -> int | None:
    """Products with the weights of a module of torch, for one sample; None for what is none with weights to multiply by.

    Of a transposed convolution every incoming position is multiplied, of a convolution every outgoing one.
    """
    if not isinstance(step, ModuleCall):
        return None
    if step.path == "torch.nn.Linear":
        return setting(step, "in_features") * setting(step, "out_features") * prod(after.spatial)
    found = re.fullmatch(r"torch\.nn\.Conv(Transpose)?([123])d", step.path)
    if found is None:
        return None
    kernel = prod(by_axis(setting(step, "kernel_size"), int(found[2])))
    pairs = setting(step, "in_channels") * setting(step, "out_channels") // setting(step, "groups", 1)
    return kernel * pairs * prod((entering if found[1] else after).spatial)
