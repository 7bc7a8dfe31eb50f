"""What ConvNeXts, EfficientNets and RegNets come to, by hand.

ConvNeXt as in Liu et al., 2022, Section 3; EfficientNet as in Tan & Le, 2019, Table 1, scaled as in the authors' code;
RegNet as in Radosavovic et al., 2020, Sections 3.3 and 5, with the numbers that torchvision gives its models.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from references.mobilenet import Inverted, conv
from references.parts import Gate, rounded, with_eps


class ChannelNorm(nn.LayerNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class LayerScale(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.factors = nn.Parameter(torch.full((channels, 1, 1), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factors


class BlockOfConvNeXt(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(c, c, 7, padding=3, groups=c),
            ChannelNorm(c, 1e-6),
            nn.Conv2d(c, 4 * c, 1),
            nn.GELU(),
            nn.Conv2d(4 * c, c, 1),
            LayerScale(c),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.path(x)
        return x + y


class ConvNeXt(nn.Sequential):
    def __init__(self, width: int, depth: int, classes: int = 1000) -> None:
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 4), ChannelNorm(width, 1e-6)]
        for stage, blocks in enumerate((3, 3, depth, 3)):
            c = width * 2**stage
            if stage > 0:
                layers += [ChannelNorm(c // 2, 1e-6), nn.Conv2d(c // 2, c, 2, 2)]
            layers += [BlockOfConvNeXt(c) for _ in range(blocks)]
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(c, 1e-6), nn.Linear(c, classes)]
        super().__init__(*layers, *head)


class EfficientNet(nn.Sequential):
    # expansion, kernel, stride, channels, depth
    ROWS = (
        (1, 3, 1, 16, 1),
        (6, 3, 2, 24, 2),
        (6, 5, 2, 40, 2),
        (6, 3, 2, 80, 3),
        (6, 5, 1, 112, 3),
        (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    )

    def __init__(self, width: float, depth: float, dropout: float, classes: int = 1000) -> None:
        c = rounded(32 * width)
        layers = conv(3, c, 3, 2, nn.SiLU)
        for expansion, kernel, stride, channels, blocks in self.ROWS:
            for block in range(math.ceil(blocks * depth)):
                leaving, hidden = rounded(channels * width), expansion * c
                gate = Gate(hidden, c // 4, nn.SiLU)
                layers.append(Inverted(c, hidden, leaving, kernel, 1 if block else stride, nn.SiLU, gate))
                c = leaving
        layers += conv(c, 4 * c, 1, 1, nn.SiLU)
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(4 * c, classes)]
        super().__init__(*layers, *head)


class BlockOfRegNet(nn.Module):
    def __init__(self, entering: int, leaving: int, stride: int, group: int, gated: bool) -> None:
        super().__init__()
        gate = [Gate(leaving, round(entering / 4))] if gated else []
        self.path = nn.Sequential(
            *conv(entering, leaving, 1, 1, nn.ReLU),
            *conv(leaving, leaving, 3, stride, nn.ReLU, groups=leaving // group),
            *gate,
            *conv(leaving, leaving, 1, 1, None),
        )
        is_same = entering == leaving and stride == 1
        self.shortcut = nn.Identity() if is_same else nn.Sequential(*conv(entering, leaving, 1, stride, None))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.path(x)
        return (y + self.shortcut(x)).relu()  # type: ignore[no-any-return]


class RegNet(nn.Sequential):
    def __init__(
        self, depth: int, start: int, slope: float, step: float, group: int, gated: bool, classes: int = 1000
    ) -> None:
        exponents = [round(math.log((start + slope * block) / start, step)) for block in range(depth)]
        widths = [8 * round(start * step**exponent / 8) for exponent in exponents]
        layers = conv(3, 32, 3, 2, nn.ReLU)
        c = 32
        before = 0
        for width in widths:
            fitting = min(group, width)
            leaving = rounded(width, fitting)
            layers.append(BlockOfRegNet(c, leaving, 1 if width == before else 2, fitting, gated))
            c, before = leaving, width
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, classes))


def convnext(width: int, depth: int) -> Callable[[], nn.Module]:
    return lambda: ConvNeXt(width, depth)


def efficientnet(width: float, depth: float, dropout: float, eps: float = 1e-5) -> Callable[[], nn.Module]:
    return lambda: with_eps(EfficientNet(width, depth, dropout), eps)


def regnet(depth: int, start: int, slope: float, step: float, group: int, gated: bool) -> Callable[[], nn.Module]:
    return lambda: RegNet(depth, start, slope, step, group, gated)


REFERENCES = {
    "convnext-t": convnext(96, 9),
    "convnext-s": convnext(96, 27),
    "convnext-b": convnext(128, 27),
    "convnext-l": convnext(192, 27),
    "efficientnet-b0": efficientnet(1.0, 1.0, 0.2),
    "efficientnet-b1": efficientnet(1.0, 1.1, 0.2),
    "efficientnet-b2": efficientnet(1.1, 1.2, 0.3),
    "efficientnet-b3": efficientnet(1.2, 1.4, 0.3),
    "efficientnet-b4": efficientnet(1.4, 1.8, 0.4),
    "efficientnet-b5": efficientnet(1.6, 2.2, 0.4, 1e-3),
    "efficientnet-b6": efficientnet(1.8, 2.6, 0.5, 1e-3),
    "efficientnet-b7": efficientnet(2.0, 3.1, 0.5, 1e-3),
    "regnetx-400mf": regnet(22, 24, 24.48, 2.54, 16, False),
    "regnetx-800mf": regnet(16, 56, 35.73, 2.28, 16, False),
    "regnetx-1.6gf": regnet(18, 80, 34.01, 2.25, 24, False),
    "regnetx-3.2gf": regnet(25, 88, 26.31, 2.25, 48, False),
    "regnety-400mf": regnet(16, 48, 27.89, 2.09, 8, True),
    "regnety-800mf": regnet(14, 56, 38.84, 2.4, 16, True),
    "regnety-1.6gf": regnet(27, 48, 20.71, 2.65, 24, True),
    "regnety-3.2gf": regnet(21, 80, 42.63, 2.66, 24, True),
}
