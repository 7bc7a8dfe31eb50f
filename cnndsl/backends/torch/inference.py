"""A network that is only to be run: batch norms folded, maps with the channels last, nothing kept that nobody reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format
from torch.nn.utils.fusion import fuse_conv_bn_weights

from cnndsl.backends.torch.liberties import Liberties
from cnndsl.graph import Graph, Node

__all__ = ["PackedConv2d", "for_inference"]


class _Packed(NamedTuple):
    """A weight in oneDNN's layout, and which that is: the tensor, where its numbers are, how often it has changed."""

    weight: Tensor
    place: int
    version: int
    packed: Tensor

    def is_of(self, weight: Tensor) -> bool:
        return self.weight is weight and (self.place, self.version) == (weight.data_ptr(), weight._version)


_ACTIVATIONS: dict[str, tuple[type[nn.Module], tuple[float, ...], Callable[[Tensor], Tensor]]] = {
    "none": (nn.Identity, (), lambda values: values),
    "relu": (nn.ReLU, (), nn.functional.relu_),
    "hardtanh": (nn.ReLU6, (0.0, 6.0), lambda values: nn.functional.hardtanh_(values, 0.0, 6.0)),
}
"""What oneDNN can do with each value that it computes: the module that does it, its numbers, the function of torch."""


class PackedConv2d(nn.Conv2d):
    """A convolution that keeps its weight a second time, in the layout in which oneDNN computes, and can activate.

    Otherwise that layout is made anew in every call, which takes a third of the time of ResNet-50 on one picture. It is
    made in the first call on a CPU in float32 without gradients, and again where the weight has changed since, by
    whatever counts in its `_version` (all but writing to `weight.data`). Any other call is that of `nn.Conv2d`, then of
    the activation.
    """

    _packed: _Packed | None = None
    activation = "none"

    def forward(self, input: Tensor) -> Tensor:
        _, numbers, function = _ACTIVATIONS[self.activation]
        if not self._can_be_packed(input):
            return function(super().forward(input))
        weight = self._in_layout(input)
        run = torch.ops.mkldnn._convolution_pointwise
        return cast(Tensor, run(input, weight, self.bias, *self._geometry(), self.activation, list(numbers), ""))

    def _can_be_packed(self, input: Tensor) -> bool:
        is_recorded = (
            torch.is_grad_enabled() or torch._C._get_tracing_state() is not None or torch.compiler.is_compiling()
        )
        return (
            not is_recorded
            and not torch.is_autocast_enabled("cpu")
            and type(input) is Tensor
            and input.dim() == 4
            and input.shape[1] == self.in_channels
            and input.numel() > 0
            and all(each.is_cpu and each.dtype == torch.float32 for each in (input, self.weight))
            and not self.weight.is_inference()  # such a tensor has no version
            and torch._C._get_mkldnn_enabled()
        )

    def _in_layout(self, input: Tensor) -> Tensor:
        weight, known = self.weight, self._packed
        if known is None or not known.is_of(weight):
            pack = torch.ops.mkldnn._reorder_convolution_weight
            packed = pack(weight.detach(), *self._geometry(), list(input.shape))
            known = self._packed = _Packed(weight, weight.data_ptr(), weight._version, packed)
        return known.packed

    def _geometry(self) -> tuple[Any, ...]:
        return self.padding, self.stride, self.dilation, self.groups

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied: all but the second weight, which is of a kind that neither can be done with."""
        return {name: value for name, value in self.__dict__.items() if name != "_packed"}


def for_inference(module: nn.Module, graph: Graph) -> nn.Module:
    """The module of a graph, changed for running: itself, in evaluation mode.

    Raises:
        ValueError: the module is not one of this graph.
    """
    module.eval()
    liberties = Liberties(graph)
    for before, norm in liberties.folds():
        _fold(module, before, norm)
    for node in liberties.resting():
        _put(module, node, nn.Identity())
    convert_conv2d_weight_memory_format(module, torch.channels_last)
    convert_conv3d_weight_memory_format(module, torch.channels_last_3d)
    if _has_layouts():
        _pack(module)
        for before, activation in liberties.activations():
            _activate(module, before, activation)
    return module


def _has_layouts() -> bool:
    """Whether this torch has oneDNN, and the operators for its layouts, which torch does not document."""
    operators = ("_convolution_pointwise", "_reorder_convolution_weight")
    is_there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return is_there and all(hasattr(torch.ops.mkldnn, name) for name in operators)


def _pack(module: nn.Module) -> None:
    """Make the 2-D convolutions such that keep their weights in oneDNN's layout."""
    for part in list(module.modules()):
        if type(part) is nn.Conv2d and isinstance(part.padding, tuple) and part.padding_mode == "zeros":
            part.__class__ = PackedConv2d


def _activate(module: nn.Module, before: Node, activation: Node) -> None:
    """Let a convolution do what the activation behind it does."""
    first, second = _part(module, before.path), _part(module, activation.path)
    names = {kind: name for name, (kind, _, _) in _ACTIVATIONS.items()}
    if isinstance(first, PackedConv2d) and first.activation == "none" and type(second) in names:
        first.activation = names[type(second)]
        _put(module, activation, nn.Identity())


def _fold(module: nn.Module, before: Node, norm: Node) -> None:
    """Let the weights of a layer do what the batch norm behind it does; one that is folded already stays so."""
    first, second = cast(Any, _part(module, before.path)), cast(Any, _part(module, norm.path))
    if isinstance(second, nn.Identity):
        return
    is_transposed = getattr(first, "transposed", False)
    groups = first.groups if is_transposed else 1  # a transposed convolution has the groups' outputs side by side
    tensors = (first.weight, first.bias, second.running_mean, second.running_var, second.weight, second.bias)
    with torch.no_grad():
        exact = (None if each is None else each.double() for each in tensors)  # so that weights are rounded once
        by_group = zip(*([None] * groups if each is None else each.chunk(groups) for each in exact), strict=True)
        folded = [
            fuse_conv_bn_weights(weight, bias, mean, variance, second.eps, scale, shift, is_transposed)
            for weight, bias, mean, variance, scale, shift in by_group
        ]
        kind = first.weight.dtype
        first.weight, first.bias = (nn.Parameter(torch.cat(parts).to(kind)) for parts in zip(*folded, strict=True))
    _put(module, norm, nn.Identity())


def _part(module: nn.Module, path: str) -> nn.Module:
    try:
        return module.get_submodule(path)
    except AttributeError:
        raise ValueError(f"the module has no {path}: it is not one of this network") from None


def _put(module: nn.Module, node: Node, part: nn.Module) -> None:
    setattr(_part(module, ".".join(node.scope)), node.name, part)
