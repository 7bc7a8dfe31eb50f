"""Modules that torch lacks. The source of a network holds the text of those it uses, and needs this file no more.

Each stands alone: it uses `torch`, `nn` and `Tensor` only, in lines of at most 88 characters.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = [
    "Bias",
    "ChannelNorm",
    "DropPath",
    "FixedFilter",
    "GaussianNoise",
    "Scale",
    "ShiftedChannelNorm",
    "ShiftedGroupNorm",
]


class Bias(nn.Module):
    """Adds learned numbers, whose shape broadcasts."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels, axis 1, at each position."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class DropPath(nn.Module):
    """Zeroes whole samples in training, and scales up the others (stochastic depth)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        by_sample = nn.functional.dropout1d(x.flatten(1), self.p, self.training)
        return by_sample.view_as(x)


class FixedFilter(nn.Module):
    """Lays one 3x3 kernel that is not learned over every channel, with zeros around."""

    weight: Tensor

    def __init__(
        self,
        channels: int,
        kernel: tuple[tuple[int, ...], ...],
        divisor: int = 1,
    ) -> None:
        super().__init__()
        weight = torch.tensor(kernel) / divisor
        self.register_buffer("weight", weight.repeat(channels, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.conv2d(x, self.weight, padding=1, groups=len(self.weight))


class GaussianNoise(nn.Module):
    """Adds normal random numbers in training."""

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, x: Tensor) -> Tensor:
        return x + self.std * torch.randn_like(x) if self.training else x


class Scale(nn.Module):
    """Multiplies by learned factors, whose shape broadcasts."""

    def __init__(self, *shape: int, start: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(start * torch.ones(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


class ShiftedChannelNorm(nn.Module):
    """Layer norm over the channels, axis 1, at each position; learns a shift alone."""

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.layer_norm(x.movedim(1, -1), self.bias.shape, eps=self.eps)
        return (x + self.bias).movedim(-1, 1)


class ShiftedGroupNorm(nn.GroupNorm):
    """Group norm that learns a shift alone; without a weight torch's has no gradient."""

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5) -> None:
        super().__init__(num_groups, num_channels, eps, affine=False)
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        shift = self.bias.view(-1, *[1] * (x.dim() - 2))
        return nn.functional.group_norm(x, self.num_groups, eps=self.eps) + shift
