"""Residual networks, by hand: plain, pre-activated, wide, grouped, with gates."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from references.parts import Gate, conv

DEPTHS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
"""Blocks of each stage (He et al., 2015, Table 1)."""


class Kind(NamedTuple):
    """How the blocks of a network are.

    Attributes:
        expansion: of the last convolution of a bottleneck; 1 for two convolutions of 3x3.
        groups: of the 3x3 convolution.
        base: the width of a group where the block is 64 wide.
        gated: whether a gate closes the branch; it squeezes to a sixteenth and has biases.
        early: whether the stride is in the first 1x1.
        padded: whether shortcuts are zeros beside what enters, option A.
    """

    expansion: int = 4
    groups: int = 1
    base: int = 64
    gated: bool = False
    early: bool = False
    padded: bool = False


class Padded(nn.Module):
    """Every s-th value, and zeros for the channels that there are not."""

    def __init__(self, s: int, more: int) -> None:
        super().__init__()
        self.s, self.more = s, more

    def forward(self, maps: Tensor) -> Tensor:
        return nn.functional.pad(maps[:, :, :: self.s, :: self.s], (0, 0, 0, 0, 0, self.more))


class Block(nn.Module):
    def __init__(self, c: int, width: int, s: int, kind: Kind) -> None:
        super().__init__()
        d = kind.expansion * width
        if kind.expansion == 1:
            layers = [*conv(c, width, 3, s, nn.ReLU), *conv(width, d, 3)]
        else:
            inner = width * kind.base // 64 * kind.groups
            first, second = (s, 1) if kind.early else (1, s)
            grouped = conv(inner, inner, 3, second, nn.ReLU, groups=kind.groups)
            layers = [*conv(c, inner, 1, first, nn.ReLU), *grouped, *conv(inner, d, 1)]
        gate = [Gate(d, d // 16, nn.Sigmoid())] if kind.gated else []
        self.path = nn.Sequential(*layers, *gate)
        changes = s > 1 or c != d
        skip: list[nn.Module] = [Padded(s, d - c)] if kind.padded else conv(c, d, 1, s)
        self.shortcut = nn.Sequential(*(skip if changes else []))

    def forward(self, maps: Tensor) -> Tensor:
        return nn.functional.relu(self.path(maps) + self.shortcut(maps))


class ResNet(nn.Module):
    """Of ImageNet, or of CIFAR-10 with three stages of n blocks each."""

    def __init__(self, counts: tuple[int, ...], kind: Kind, *, cifar: bool = False) -> None:
        super().__init__()
        c = width = 16 if cifar else 64
        layers = conv(3, c, 3, 1, nn.ReLU) if cifar else [*conv(3, c, 7, 2, nn.ReLU), nn.MaxPool2d(3, 2, 1)]
        for stage, count in enumerate(counts):
            for position in range(count):
                layers.append(Block(c, width, 2 if stage and not position else 1, kind))
                c = kind.expansion * width
            width *= 2
        self.features, self.classifier = nn.Sequential(*layers), nn.Linear(c, 10 if cifar else 1000)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images).mean((2, 3)))


class PreActivated(nn.Module):
    """He et al., 2016, Fig. 1(b); where the width changes, both branches read what the first batch norm gives."""

    def __init__(self, c: int, width: int, s: int, expansion: int, *, padded: bool, dropout: float = 0) -> None:
        super().__init__()
        d = expansion * width
        self.norm = nn.Sequential(nn.BatchNorm2d(c), nn.ReLU())
        drop = [nn.Dropout(dropout)] if dropout else []
        if expansion == 1:
            layers = [*conv(c, width, 3, s, nn.ReLU), *drop, nn.Conv2d(width, d, 3, padding=1, bias=False)]
        else:
            middle = conv(width, width, 3, s, nn.ReLU)
            layers = [*conv(c, width, 1, act=nn.ReLU), *middle, nn.Conv2d(width, d, 1, bias=False)]
        self.path = nn.Sequential(*layers)
        self.changes, self.padded = s > 1 or c != d, padded
        skip: nn.Module = Padded(s, d - c) if padded else nn.Conv2d(c, d, 1, s, bias=False)
        self.shortcut = skip if self.changes else None

    def forward(self, maps: Tensor) -> Tensor:
        normed = self.norm(maps)
        if self.shortcut is None:
            return maps + self.path(normed)
        return self.path(normed) + self.shortcut(maps if self.padded else normed)


class PreActivatedResNet(nn.Module):
    """Of CIFAR-10: three stages of n blocks, k times as wide (Zagoruyko & Komodakis, 2016, Table 1)."""

    def __init__(self, n: int, k: int = 1, expansion: int = 1, *, padded: bool = False) -> None:
        super().__init__()
        c, layers = 16, [nn.Conv2d(3, 16, 3, padding=1, bias=False)]
        for stage in range(3):
            for position in range(n):
                s = 2 if stage and not position else 1
                layers.append(PreActivated(c, 16 * 2**stage * k, s, expansion, padded=padded))
                c = expansion * 16 * 2**stage * k
        self.features = nn.Sequential(*layers, nn.BatchNorm2d(c), nn.ReLU())
        self.classifier = nn.Linear(c, 10)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images).mean((2, 3)))


class SENetBlock(nn.Module):
    """Hu et al., 2017, Section 6.1 and the authors' models: the first 1x1 has half as many filters."""

    def __init__(self, c: int, width: int, s: int, project: int) -> None:
        super().__init__()
        d = 4 * width
        grouped = conv(2 * width, d, 3, s, nn.ReLU, groups=64)
        gate = Gate(d, d // 16, nn.Sigmoid())
        self.path = nn.Sequential(*conv(c, 2 * width, 1, act=nn.ReLU), *grouped, *conv(d, d, 1), gate)
        self.shortcut = nn.Sequential(*(conv(c, d, project, s) if c != d or s > 1 else []))

    def forward(self, maps: Tensor) -> Tensor:
        return nn.functional.relu(self.path(maps) + self.shortcut(maps))


class SENet154(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        stem = [*conv(3, 64, 3, 2, nn.ReLU), *conv(64, 64, 3, 1, nn.ReLU), *conv(64, 128, 3, 1, nn.ReLU)]
        c, layers = 128, [*stem, nn.MaxPool2d(3, 2, ceil_mode=True)]
        for stage, count in enumerate(DEPTHS[152]):
            width = 64 * 2**stage
            for position in range(count):
                layers.append(SENetBlock(c, width, 2 if stage and not position else 1, 3 if stage else 1))
                c = 4 * width
        self.features, self.classifier = nn.Sequential(*layers), nn.Linear(c, 1000)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images).mean((2, 3)))


BASIC = Kind(expansion=1)
PADDED = Kind(expansion=1, padded=True)

REFERENCES = {
    **{f"resnet{depth}": lambda depth=depth: ResNet(DEPTHS[depth], BASIC) for depth in (18, 34)},
    **{
        f"resnet{depth}-a": lambda depth=depth: ResNet(DEPTHS[depth], BASIC._replace(padded=True)) for depth in (18, 34)
    },
    **{f"resnet{depth}": lambda depth=depth: ResNet(DEPTHS[depth], Kind()) for depth in (50, 101, 152)},
    **{f"resnet{depth}-paper": lambda depth=depth: ResNet(DEPTHS[depth], Kind(early=True)) for depth in (50, 101, 152)},
    **{f"cifar-resnet{6 * n + 2}": lambda n=n: ResNet((n, n, n), PADDED, cifar=True) for n in (3, 5, 7, 9, 18, 200)},
    "preactresnet110": lambda: PreActivatedResNet(18, padded=True),
    "preactresnet164": lambda: PreActivatedResNet(18, expansion=4),
    "preactresnet1001": lambda: PreActivatedResNet(111, expansion=4),
    "wrn-16-8": lambda: PreActivatedResNet(2, 8),
    "wrn-28-10": lambda: PreActivatedResNet(4, 10),
    "wrn-40-4": lambda: PreActivatedResNet(6, 4),
    "wide-resnet50-2": lambda: ResNet(DEPTHS[50], Kind(base=128)),
    "wide-resnet101-2": lambda: ResNet(DEPTHS[101], Kind(base=128)),
    "resnext50-32x4d": lambda: ResNet(DEPTHS[50], Kind(groups=32, base=4)),
    "resnext101-32x8d": lambda: ResNet(DEPTHS[101], Kind(groups=32, base=8)),
    "resnext101-64x4d": lambda: ResNet(DEPTHS[101], Kind(groups=64, base=4)),
    **{f"seresnet{depth}": lambda depth=depth: ResNet(DEPTHS[depth], Kind(gated=True)) for depth in (50, 101, 152)},
    "seresnet50-paper": lambda: ResNet(DEPTHS[50], Kind(gated=True, early=True)),
    "seresnext50-32x4d": lambda: ResNet(DEPTHS[50], Kind(groups=32, base=4, gated=True)),
    "seresnext101-32x4d": lambda: ResNet(DEPTHS[101], Kind(groups=32, base=4, gated=True)),
    "senet154": SENet154,
}
