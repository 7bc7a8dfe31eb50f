"""MobileNet v1 and v2, ShuffleNet v1 and v2, by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from references.modern import conv, divisible


class Classifier(nn.Module):
    """Features, their mean over the map, and a linear layer."""

    def __init__(self, features: list[nn.Module], width: int, *, bias: bool = True) -> None:
        super().__init__()
        self.features, self.classifier = nn.Sequential(*features), nn.Linear(width, 1000, bias=bias)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images).mean((2, 3)))


def mobilenetv1(width: float) -> Classifier:
    """Howard et al., 2017, Table 1; every width is multiplied."""
    rows = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
    c = int(32 * width)
    layers = conv(3, c, 3, 2, nn.ReLU)
    for plain, s in rows:
        d = int(plain * width)
        layers += [*conv(c, c, 3, s, nn.ReLU, groups=c), *conv(c, d, 1, act=nn.ReLU)]
        c = d
    return Classifier(layers, c)


class InvertedResidual(nn.Module):
    def __init__(self, c: int, d: int, s: int, t: int) -> None:
        super().__init__()
        expand = conv(c, t * c, 1, act=nn.ReLU6) if t > 1 else []
        self.path = nn.Sequential(*expand, *conv(t * c, t * c, 3, s, nn.ReLU6, groups=t * c), *conv(t * c, d, 1))
        self.adds = s == 1 and c == d

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.path(maps) if self.adds else self.path(maps)


MOBILENETV2 = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, width, layers and stride (Sandler et al., 2018, Table 2)."""


def mobilenetv2(width: float) -> Classifier:
    """The last convolution never has fewer than 1280 filters; widths are rounded to multiples of 8."""
    c = divisible(32 * width)
    layers = conv(3, c, 3, 2, nn.ReLU6)
    for t, plain, n, s in MOBILENETV2:
        d = divisible(plain * width)
        for position in range(n):
            layers.append(InvertedResidual(c, d, 1 if position else s, t))
            c = d
    last = divisible(1280 * max(1.0, width))
    return Classifier([*layers, *conv(c, last, 1, act=nn.ReLU6)], last)


class Shuffle(nn.Module):
    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, maps: Tensor) -> Tensor:
        return maps.unflatten(1, (self.groups, -1)).transpose(1, 2).flatten(1, 2)


def grouped(c: int, d: int, g: int) -> list[nn.Module]:
    return [nn.Conv2d(c, d, 1, groups=g, bias=False), nn.BatchNorm2d(d)]


class UnitV1(nn.Module):
    """Zhang et al., 2017, Fig. 2: (b) where the map stays, (c) where it is halved."""

    def __init__(self, c: int, d: int, g: int, *, first_groups: int, halves: bool) -> None:
        super().__init__()
        hidden = d // 4
        squeeze = [*grouped(c, hidden, first_groups), nn.ReLU(), Shuffle(g)]
        depthwise = conv(hidden, hidden, 3, 2 if halves else 1, groups=hidden)
        self.path = nn.Sequential(*squeeze, *depthwise, *grouped(hidden, d - c if halves else d, g))
        self.pool = nn.AvgPool2d(3, 2, 1) if halves else None

    def forward(self, maps: Tensor) -> Tensor:
        if self.pool:
            return nn.functional.relu(torch.cat((self.pool(maps), self.path(maps)), 1))
        return nn.functional.relu(maps + self.path(maps))


SHUFFLENETV1 = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}
"""The width of the first stage by groups (Table 1); each stage has twice as many."""


def shufflenetv1(g: int, width: float) -> Classifier:
    """The first 1x1 convolution of the first stage is not grouped; all widths are scaled, also the first one's."""
    c = int(24 * width)
    layers = [*conv(3, c, 3, 2, nn.ReLU), nn.MaxPool2d(3, 2, 1)]
    for stage, n in enumerate((4, 8, 4)):
        d = int(SHUFFLENETV1[g] * 2**stage * width)
        layers.append(UnitV1(c, d, g, first_groups=g if stage else 1, halves=True))
        layers += [UnitV1(d, d, g, first_groups=g, halves=False) for _ in range(n - 1)]
        c = d
    return Classifier(layers, c)


class UnitV2(nn.Module):
    """Ma et al., 2018, Fig. 3: (c) where the map stays, (d) where it is halved."""

    def __init__(self, c: int, d: int, *, as_authors: bool) -> None:
        super().__init__()
        self.halves = c != d
        half = d // 2
        entering, leaving = (c, half) if self.halves else (half, half)
        beside = leaving
        if self.halves and as_authors:
            beside, leaving = c, d - c
        s = 2 if self.halves else 1
        self.aside = (
            nn.Sequential(*conv(c, c, 3, 2, groups=c), *conv(c, beside, 1, act=nn.ReLU)) if self.halves else None
        )
        first = conv(entering, half, 1, act=nn.ReLU)
        self.path = nn.Sequential(*first, *conv(half, half, 3, s, groups=half), *conv(half, leaving, 1, act=nn.ReLU))

    def forward(self, maps: Tensor) -> Tensor:
        if self.aside:
            return torch.cat((self.aside(maps), self.path(maps)), 1)
        kept, changed = maps.chunk(2, 1)
        return Shuffle(2)(torch.cat((kept, self.path(changed)), 1))


SHUFFLENETV2 = {0.5: (48, 1024), 1.0: (116, 1024), 1.5: (176, 1024), 2.0: (244, 2048)}
"""The width of the first stage and of the last convolution, by the factor (Table 5)."""


def shufflenetv2(width: float, *, as_authors: bool) -> Classifier:
    first, last = SHUFFLENETV2[width]
    c, layers = 24, [*conv(3, 24, 3, 2, nn.ReLU), nn.MaxPool2d(3, 2, 1)]
    for stage, n in enumerate((4, 8, 4)):
        d = first * 2**stage
        layers += [UnitV2(c, d, as_authors=as_authors), *(UnitV2(d, d, as_authors=as_authors) for _ in range(n - 1))]
        c = d
    return Classifier([*layers, *conv(c, last, 1, act=nn.ReLU)], last, bias=not as_authors)


WIDTHS = ("0.25", "0.5", "1.5", "2")

REFERENCES = {
    "mobilenetv1": lambda: mobilenetv1(1),
    **{f"mobilenetv1-{width}": lambda width=width: mobilenetv1(float(width)) for width in ("0.25", "0.5", "0.75")},
    "mobilenetv2": lambda: mobilenetv2(1),
    **{
        f"mobilenetv2-{width}": lambda width=width: mobilenetv2(float(width))
        for width in ("0.35", "0.5", "0.75", "1.4")
    },
    **{f"shufflenetv1-g{g}": lambda g=g: shufflenetv1(g, 1) for g in SHUFFLENETV1},
    **{f"shufflenetv1-g3-{width}": lambda width=width: shufflenetv1(3, float(width)) for width in WIDTHS},
    "shufflenetv2": lambda: shufflenetv2(1, as_authors=False),
    "shufflenetv2-authors": lambda: shufflenetv2(1, as_authors=True),
    **{f"shufflenetv2-{width}": lambda width=width: shufflenetv2(width, as_authors=False) for width in (0.5, 1.5, 2.0)},
    **{
        f"shufflenetv2-authors-{width}": lambda width=width: shufflenetv2(width, as_authors=True)
        for width in (0.5, 1.5, 2.0)
    },
}
