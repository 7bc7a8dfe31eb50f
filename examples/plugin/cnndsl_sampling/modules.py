"""The same for PyTorch. A network that `cnndsl export` wrote imports this module, and not cnndsl."""

from __future__ import annotations

from functools import reduce
from math import comb
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["BlurPool1d", "BlurPool2d", "BlurPool3d", "GridSample"]


class _BlurPool(nn.Module):
    """Blurs N x C x spatial by a binomial kernel, edges mirrored, and keeps every stride-th position of each axis.

    Args:
        channels: C.
        kernel_size: positions of the kernel along each axis; of an even one, the larger half lies behind.
        stride: which positions are kept.
    """

    axes: ClassVar[int]
    kernel: Tensor

    def __init__(self, channels: int, kernel_size: int, stride: int = 2) -> None:
        super().__init__()
        self.stride = stride
        self.padding = ((kernel_size - 1) // 2, kernel_size // 2) * self.axes
        row = torch.tensor([comb(kernel_size - 1, place) for place in range(kernel_size)]) / 2 ** (kernel_size - 1)
        kernel = reduce(lambda outer, inner: outer[..., None] * inner, [row] * self.axes)
        self.register_buffer("kernel", kernel.repeat(channels, 1, *[1] * self.axes))

    def forward(self, x: Tensor) -> Tensor:
        convolve = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}[self.axes]
        mirrored = functional.pad(x, self.padding, mode="reflect")
        return convolve(mirrored, self.kernel, stride=self.stride, groups=len(self.kernel))


class BlurPool1d(_BlurPool):
    axes = 1


class BlurPool2d(_BlurPool):
    axes = 2


class BlurPool3d(_BlurPool):
    axes = 3


class GridSample(nn.Module):
    """Values of N x C x spatial at places, N x axes x spatial, whose channels run from -1 to 1, the last axis first.

    Args:
        mode: `bilinear` or `nearest`.
    """

    def __init__(self, mode: str = "bilinear") -> None:
        super().__init__()
        self.mode = mode

    def forward(self, x: Tensor, places: Tensor) -> Tensor:
        return functional.grid_sample(x, places.movedim(1, -1), mode=self.mode, align_corners=False)
