"""Residual networks with the norm and activation in front of each convolution, by hand.

He et al., "Identity mappings in deep residual networks", 2016; Zagoruyko & Komodakis, "Wide residual networks", 2016.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from references.resnet import COUNTS, Padded


def activated(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), nn.ReLU()]


def conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)


class Unit(nn.Module):
    """`both` paths read what is activated, or only the one with the convolutions."""

    def __init__(self, before: nn.Module, path: nn.Module, shortcut: nn.Module, both: bool) -> None:
        super().__init__()
        self.before, self.path, self.shortcut, self.both = before, path, shortcut, both

    def forward(self, x: Tensor) -> Tensor:
        active = self.before(x)
        return self.path(active) + self.shortcut(active if self.both else x)


class PreActResNet(nn.Module):
    def __init__(
        self,
        counts: tuple[int, ...],
        widths: tuple[int, ...],
        *,
        bottleneck: bool,
        stem: int = 16,
        cifar: bool = True,
        padded: bool = False,
        early_stride: bool = False,
        dropout: float = 0,
        classes: int = 10,
    ) -> None:
        super().__init__()
        self.bottleneck, self.padded, self.early_stride, self.dropout = bottleneck, padded, early_stride, dropout
        channels = stem
        if cifar:
            self.layers = nn.Sequential(conv(3, channels, 3))
        else:
            self.layers = nn.Sequential(conv(3, channels, 7, 2), *activated(channels), nn.MaxPool2d(3, 2, 1))
        for stage, (width, count) in enumerate(zip(widths, counts, strict=True)):
            for index in range(count):
                first = stage == 0 and index == 0
                stride = 2 if stage > 0 and index == 0 else 1
                leaving = 4 * width if bottleneck else width
                self.layers.append(
                    Unit(
                        nn.Sequential(*activated(channels)) if cifar or not first else nn.Identity(),
                        self.path(channels, width, stride),
                        self.shortcut(channels, leaving, stride),
                        channels != leaving or (padded and first),
                    )
                )
                channels = leaving
        self.last = nn.Sequential(*activated(channels), nn.AdaptiveAvgPool2d(1))
        self.fc = nn.Linear(channels, classes)

    def path(self, channels: int, width: int, stride: int) -> nn.Sequential:
        if self.bottleneck:
            first, second = (stride, 1) if self.early_stride else (1, stride)
            return nn.Sequential(
                conv(channels, width, 1, first),
                *activated(width),
                conv(width, width, 3, second),
                *activated(width),
                conv(width, 4 * width, 1),
            )
        drop = [nn.Dropout(self.dropout)] if self.dropout else []
        return nn.Sequential(conv(channels, width, 3, stride), *activated(width), *drop, conv(width, width, 3))

    def shortcut(self, channels: int, leaving: int, stride: int) -> nn.Module:
        if channels == leaving and stride == 1:
            return nn.Identity()
        return Padded(leaving - channels, stride) if self.padded else conv(channels, leaving, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.last(self.layers(x)), 1))


def cifar(depth: int) -> PreActResNet:
    """ResNet-110 has the blocks of two convolutions and the padded shortcuts of 2015, the deeper ones bottlenecks."""
    deep = depth > 110
    n = (depth - 2) // (9 if deep else 6)
    return PreActResNet((n,) * 3, (16, 32, 64), bottleneck=deep, padded=not deep, early_stride=True)


def imagenet(depth: int, early_stride: bool = False) -> PreActResNet:
    counts = (3, 24, 36, 3) if depth == 200 else COUNTS[depth]
    return PreActResNet(
        counts,
        (64, 128, 256, 512),
        bottleneck=depth > 34,
        stem=64,
        cifar=False,
        early_stride=early_stride,
        classes=1000,
    )


def wide(depth: int, k: int) -> PreActResNet:
    return PreActResNet(((depth - 4) // 6,) * 3, (16 * k, 32 * k, 64 * k), bottleneck=False)


REFERENCES: dict[str, Callable[[], nn.Module]] = {
    "preactresnet110": lambda: cifar(110),
    "preactresnet164": lambda: cifar(164),
    "preactresnet1001": lambda: cifar(1001),
    "preactresnet18": lambda: imagenet(18),
    "preactresnet34": lambda: imagenet(34),
    "preactresnet50": lambda: imagenet(50),
    "preactresnet101": lambda: imagenet(101),
    "preactresnet152": lambda: imagenet(152),
    "preactresnet200": lambda: imagenet(200),
    "wrn-40-1": lambda: wide(40, 1),
    "wrn-40-2": lambda: wide(40, 2),
    "wrn-40-4": lambda: wide(40, 4),
    "wrn-16-8": lambda: wide(16, 8),
    "wrn-28-10": lambda: wide(28, 10),
}
