"""ConvNeXt, EfficientNet, RegNetY and MobileNetV3, by hand."""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor, nn


def divisible(value: float, by: int = 8) -> int:
    """A multiple, not more than a tenth below the value (Sandler et al., 2018, in the authors' code)."""
    found = max(by, int(value + by / 2) // by * by)
    return found + by if found < 0.9 * value else found


class Norm(nn.LayerNorm):
    """Over the channels at each position of N x C x H x W."""

    def forward(self, maps: Tensor) -> Tensor:
        return super().forward(maps.movedim(1, -1)).movedim(-1, 1)


class ConvNeXtBlock(nn.Module):
    """Liu et al., "A ConvNet for the 2020s", 2022, Fig. 4."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = Norm(width, eps=1e-6)
        self.up = nn.Conv2d(width, 4 * width, 1)
        self.down = nn.Conv2d(4 * width, width, 1)
        self.scale = nn.Parameter(torch.full((width, 1, 1), 1e-6))

    def forward(self, maps: Tensor) -> Tensor:
        inner = self.down(nn.functional.gelu(self.up(self.norm(self.depthwise(maps)))))
        return maps + self.scale * inner


class ConvNeXt(nn.Module):
    def __init__(self, widths: tuple[int, ...], depths: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 4), Norm(widths[0], eps=1e-6)]
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            if stage:
                layers += [Norm(widths[stage - 1], eps=1e-6), nn.Conv2d(widths[stage - 1], width, 2, 2)]
            layers += [ConvNeXtBlock(width) for _ in range(depth)]
        self.features = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(widths[-1], eps=1e-6)
        self.classifier = nn.Linear(widths[-1], 1000)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.norm(self.features(images).mean((2, 3))))


class Gate(nn.Module):
    """Squeeze and excitation; its two layers have biases."""

    def __init__(self, width: int, squeezed: int, squash: nn.Module, act: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Linear(width, squeezed), nn.Linear(squeezed, width)
        self.act, self.squash = act(), squash

    def forward(self, maps: Tensor) -> Tensor:
        return maps * self.squash(self.excite(self.act(self.squeeze(maps.mean((2, 3))))))[:, :, None, None]


def conv(
    c: int, d: int, k: int, s: int = 1, act: type[nn.Module] | None = None, *, groups: int = 1, eps: float = 1e-5
) -> list[nn.Module]:
    layers: list[nn.Module] = [nn.Conv2d(c, d, k, s, k // 2, groups=groups, bias=False), nn.BatchNorm2d(d, eps)]
    return [*layers, act()] if act else layers


class Inverted(nn.Module):
    """An inverted residual block with a gate: MobileNetV3's and EfficientNet's."""

    def __init__(
        self,
        c: int,
        expanded: int,
        d: int,
        k: int,
        s: int,
        act: type[nn.Module],
        gate: Gate | None,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        expand = conv(c, expanded, 1, act=act, eps=eps) if expanded != c else []
        depthwise = conv(expanded, expanded, k, s, act, groups=expanded, eps=eps)
        self.path = nn.Sequential(*expand, *depthwise, *([gate] if gate else []), *conv(expanded, d, 1, eps=eps))
        self.adds = s == 1 and c == d

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.path(maps) if self.adds else self.path(maps)


EFFICIENTNET = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
"""Expansion, kernel, stride, width and layers of B0's stages (Tan & Le, 2019, Table 1)."""


class EfficientNet(nn.Module):
    def __init__(self, width: float, depth: float) -> None:
        super().__init__()
        c = divisible(32 * width)
        layers = conv(3, c, 3, 2, nn.SiLU)
        for t, k, s, plain, n in EFFICIENTNET:
            d = divisible(plain * width)
            for position in range(ceil(n * depth)):
                gate = Gate(t * c, max(1, c // 4), nn.Sigmoid(), nn.SiLU)
                layers.append(Inverted(c, t * c, d, k, 1 if position else s, nn.SiLU, gate))
                c = d
        self.features = nn.Sequential(*layers, *conv(c, 4 * c, 1, act=nn.SiLU))
        self.classifier = nn.Linear(4 * c, 1000)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images).mean((2, 3)))


class RegNetBlock(nn.Module):
    """Radosavovic et al., "Designing network design spaces", 2020: the Y block, with a gate behind its 3x3."""

    def __init__(self, c: int, d: int, s: int, group: int) -> None:
        super().__init__()
        gate = Gate(d, round(c / 4), nn.Sigmoid())
        inner = [*conv(c, d, 1, act=nn.ReLU), *conv(d, d, 3, s, nn.ReLU, groups=d // group), gate, *conv(d, d, 1)]
        self.path = nn.Sequential(*inner)
        self.shortcut = nn.Sequential(*(conv(c, d, 1, s) if s > 1 or c != d else []))

    def forward(self, maps: Tensor) -> Tensor:
        return nn.functional.relu(self.path(maps) + self.shortcut(maps))


class RegNetY(nn.Module):
    def __init__(self, widths: tuple[int, ...], depths: tuple[int, ...], group: int) -> None:
        super().__init__()
        c, layers = 32, conv(3, 32, 3, 2, nn.ReLU)
        for width, depth in zip(widths, depths, strict=True):
            for position in range(depth):
                layers.append(RegNetBlock(c, width, 1 if position else 2, group))
                c = width
        self.features, self.classifier = nn.Sequential(*layers), nn.Linear(c, 1000)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images).mean((2, 3)))


R, H = nn.ReLU, nn.Hardswish
LARGE = (
    *((3, 16, 16, False, R, 1), (3, 64, 24, False, R, 2), (3, 72, 24, False, R, 1), (5, 72, 40, True, R, 2)),
    *((5, 120, 40, True, R, 1), (5, 120, 40, True, R, 1), (3, 240, 80, False, H, 2), (3, 200, 80, False, H, 1)),
    *((3, 184, 80, False, H, 1), (3, 184, 80, False, H, 1), (3, 480, 112, True, H, 1), (3, 672, 112, True, H, 1)),
    *((5, 672, 160, True, H, 2), (5, 960, 160, True, H, 1), (5, 960, 160, True, H, 1)),
)
"""Kernel, expanded and outgoing width, gate, activation and stride (Howard et al., 2019, Table 1)."""

SMALL = (
    *((3, 16, 16, True, R, 2), (3, 72, 24, False, R, 2), (3, 88, 24, False, R, 1), (5, 96, 40, True, H, 2)),
    *((5, 240, 40, True, H, 1), (5, 240, 40, True, H, 1), (5, 120, 48, True, H, 1), (5, 144, 48, True, H, 1)),
    *((5, 288, 96, True, H, 2), (5, 576, 96, True, H, 1), (5, 576, 96, True, H, 1)),
)
"""Table 2."""


class MobileNetV3(nn.Module):
    def __init__(self, rows: tuple[tuple[int, int, int, bool, type[nn.Module], int], ...], hidden: int) -> None:
        super().__init__()
        c, layers = 16, conv(3, 16, 3, 2, H, eps=1e-3)
        for k, expanded, d, gated, act, s in rows:
            gate = Gate(expanded, divisible(expanded / 4), nn.Hardsigmoid()) if gated else None
            layers.append(Inverted(c, expanded, d, k, s, act, gate, eps=1e-3))
            c = d
        self.features = nn.Sequential(*layers, *conv(c, 6 * c, 1, act=H, eps=1e-3))
        self.classifier = nn.Sequential(nn.Linear(6 * c, hidden), H(), nn.Linear(hidden, 1000))

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images).mean((2, 3)))


SCALES = {
    "b0": (1.0, 1.0),
    "b1": (1.0, 1.1),
    "b2": (1.1, 1.2),
    "b3": (1.2, 1.4),
    "b4": (1.4, 1.8),
    "b5": (1.6, 2.2),
    "b6": (1.8, 2.6),
    "b7": (2.0, 3.1),
}
"""Width and depth of EfficientNets, as in the authors' code."""

REFERENCES = {
    "convnext-t": lambda: ConvNeXt((96, 192, 384, 768), (3, 3, 9, 3)),
    "convnext-s": lambda: ConvNeXt((96, 192, 384, 768), (3, 3, 27, 3)),
    "convnext-b": lambda: ConvNeXt((128, 256, 512, 1024), (3, 3, 27, 3)),
    "convnext-l": lambda: ConvNeXt((192, 384, 768, 1536), (3, 3, 27, 3)),
    "regnety-400mf": lambda: RegNetY((48, 104, 208, 440), (1, 3, 6, 6), 8),
    "mobilenetv3-large": lambda: MobileNetV3(LARGE, 1280),
    "mobilenetv3-small": lambda: MobileNetV3(SMALL, 1024),
    **{f"efficientnet-{name}": lambda scale=scale: EfficientNet(*scale) for name, scale in SCALES.items()},
}
