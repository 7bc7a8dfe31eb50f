"""The steps of a node with what a counter of operations sees around them: shapes, weights, settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
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

    Of a layer whose steps are no modules of torch that multiply by weights, the products are what the layer says.

    Raises:
        Undecided: the layer cannot tell its steps while its sizes are open.
    """
    layer, inputs = node.layer, node.input_types
    steps = layer.lower(inputs, node.type)
    types = list(inputs[:1])
    for step in steps[:-1]:
        types.append(leaving(step, types[-1]))
    types.append(node.type)
    products = [_products(step, *around) for step, around in zip(steps, pairwise(types), strict=False)]
    if steps and not any(map(_multiplies, steps)):
        products[0] = layer.macs(inputs, node.type)
    holder = next((step for step in steps if isinstance(step, ModuleCall) and not step.suffix), None)
    weights = (layer.parameters(inputs) if step is holder else {} for step in steps)
    return tuple(map(Call, steps, types, types[1:], weights, products))


_MULTIPLIES = re.compile(r"torch\.nn\.(Linear|Conv[123]d|ConvTranspose[123]d)")


def _multiplies(step: Step) -> bool:
    """Whether it is a module of torch whose work is products with weights."""
    return isinstance(step, ModuleCall) and _MULTIPLIES.fullmatch(step.path) is not None


def _products(step: Step, entering: TensorType, after: TensorType) -> int:
    """Products with the weights of a module of torch, for one sample.

    Of a transposed convolution every incoming position is multiplied, of a convolution every outgoing one.
    """
    if not isinstance(step, ModuleCall) or not _multiplies(step):
        return 0
    if step.path == "torch.nn.Linear":
        return prod((*entering.shape, setting(step, "out_features")))
    kernel = by_axis(setting(step, "kernel_size"), int(step.path[-2]))
    channels = setting(step, "in_channels"), setting(step, "out_channels") // setting(step, "groups", 1)
    positions = (entering if "Transpose" in step.path else after).spatial
    return prod((*kernel, *channels, *positions))
