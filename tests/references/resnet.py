"""Residual networks by hand: those of He et al. (2015), and ResNeXt, wide and squeeze-and-excitation ones.

He et al., "Deep residual learning for image recognition", 2015; Zagoruyko & Komodakis, "Wide residual networks", 2016;
Xie et al., "Aggregated residual transformations for deep neural networks", 2016; Hu et al.,
"Squeeze-and-excitation networks", 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from references.parts import Gate


def conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class Padded(nn.Module):
    """Shortcut A: every other position, and channels of zeros behind the others."""

    def __init__(self, more: int, stride: int) -> None:
        super().__init__()
        self.more, self.stride = more, stride

    def forward(self, x: Tensor) -> Tensor:
        return pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))


class Residual(nn.Module):
    def __init__(self, path: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.path, self.shortcut = path, shortcut

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.path(x) + self.shortcut(x))


class ResNet(nn.Module):
    """`counts` blocks of each of the `widths`; `base` is the width of a group for the first of them."""

    def __init__(
        self,
        counts: tuple[int, ...],
        widths: tuple[int, ...] = (64, 128, 256, 512),
        *,
        bottleneck: bool = True,
        groups: int = 1,
        base: int | None = None,
        early_stride: bool = False,
        padded: bool = False,
        gated: bool = False,
        cifar: bool = False,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        self.bottleneck, self.groups, self.padded, self.gated = bottleneck, groups, padded, gated
        self.early_stride, self.share = early_stride, 1.0 if base is None else groups * base / widths[0]
        channels = widths[0]
        self.layers = nn.Sequential(conv(3, channels, 3 if cifar else 7, 1 if cifar else 2), nn.ReLU())
        if not cifar:
            self.layers.append(nn.MaxPool2d(3, 2, 1))
        for stage, (width, count) in enumerate(zip(widths, counts, strict=True)):
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                leaving = 4 * width if bottleneck else width
                self.layers.append(
                    Residual(self.path(channels, width, stride), self.shortcut(channels, leaving, stride))
                )
                channels = leaving
        self.layers.append(nn.AdaptiveAvgPool2d(1))
        self.fc = nn.Linear(channels, classes)

    def path(self, channels: int, width: int, stride: int) -> nn.Sequential:
        if self.bottleneck:
            inner = int(width * self.share)
            first, second = (stride, 1) if self.early_stride else (1, stride)
            path = nn.Sequential(
                conv(channels, inner, 1, first),
                nn.ReLU(),
                conv(inner, inner, 3, second, self.groups),
                nn.ReLU(),
                conv(inner, 4 * width, 1),
            )
        else:
            path = nn.Sequential(conv(channels, width, 3, stride), nn.ReLU(), conv(width, width, 3))
        if self.gated:
            leaving = 4 * width if self.bottleneck else width
            path.append(Gate(leaving, leaving // 16))
        return path

    def shortcut(self, channels: int, leaving: int, stride: int) -> nn.Module:
        if channels == leaving and stride == 1:
            return nn.Identity()
        return Padded(leaving - channels, stride) if self.padded else conv(channels, leaving, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.layers(x), 1))


COUNTS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
"""Blocks of each stage by depth: Table 1 of He et al."""


def cifar(depth: int) -> ResNet:
    """Section 4.2: three stages of n blocks, 6n + 2 layers."""
    return ResNet(((depth - 2) // 6,) * 3, (16, 32, 64), bottleneck=False, padded=True, cifar=True, classes=10)


def resnext29(groups: int, base: int) -> ResNet:
    return ResNet((3, 3, 3), (64, 128, 256), groups=groups, base=base, cifar=True, classes=10)


def transfer(hidden: int = 256, classes: int = 5) -> nn.Module:
    """ResNet-50 with another head."""
    module = ResNet(COUNTS[50])
    head = nn.Sequential(nn.Linear(2048, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, classes))
    module.fc = head  # type: ignore[assignment]
    return module


REFERENCES: dict[str, Callable[[], nn.Module]] = {
    "resnet18": lambda: ResNet(COUNTS[18], bottleneck=False),
    "resnet34": lambda: ResNet(COUNTS[34], bottleneck=False),
    "resnet18-a": lambda: ResNet(COUNTS[18], bottleneck=False, padded=True),
    "resnet34-a": lambda: ResNet(COUNTS[34], bottleneck=False, padded=True),
    "resnet50": lambda: ResNet(COUNTS[50]),
    "transfer": transfer,
    "resnet101": lambda: ResNet(COUNTS[101]),
    "resnet152": lambda: ResNet(COUNTS[152]),
    "resnet50-paper": lambda: ResNet(COUNTS[50], early_stride=True),
    "resnet101-paper": lambda: ResNet(COUNTS[101], early_stride=True),
    "resnet152-paper": lambda: ResNet(COUNTS[152], early_stride=True),
    **{f"cifar-resnet{depth}": partial(cifar, depth) for depth in (20, 32, 44, 56, 110, 1202)},
    "wide-resnet50-2": lambda: ResNet(COUNTS[50], base=128),
    "wide-resnet101-2": lambda: ResNet(COUNTS[101], base=128),
    "resnext50-32x4d": lambda: ResNet(COUNTS[50], groups=32, base=4),
    "resnext101-32x4d": lambda: ResNet(COUNTS[101], groups=32, base=4),
    "resnext101-32x8d": lambda: ResNet(COUNTS[101], groups=32, base=8),
    "resnext101-64x4d": lambda: ResNet(COUNTS[101], groups=64, base=4),
    "cifar-resnext29-8x64d": lambda: resnext29(8, 64),
    "cifar-resnext29-16x64d": lambda: resnext29(16, 64),
    "seresnet18": lambda: ResNet(COUNTS[18], bottleneck=False, gated=True),
    "seresnet34": lambda: ResNet(COUNTS[34], bottleneck=False, gated=True),
    "seresnet50": lambda: ResNet(COUNTS[50], gated=True),
    "seresnet101": lambda: ResNet(COUNTS[101], gated=True),
    "seresnet152": lambda: ResNet(COUNTS[152], gated=True),
    "seresnet50-paper": lambda: ResNet(COUNTS[50], gated=True, early_stride=True),
    "seresnet101-paper": lambda: ResNet(COUNTS[101], gated=True, early_stride=True),
    "seresnet152-paper": lambda: ResNet(COUNTS[152], gated=True, early_stride=True),
    "seresnext50-32x4d": lambda: ResNet(COUNTS[50], groups=32, base=4, gated=True),
    "seresnext101-32x4d": lambda: ResNet(COUNTS[101], groups=32, base=4, gated=True),
}
