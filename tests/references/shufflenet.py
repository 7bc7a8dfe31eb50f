"""What ShuffleNets of both versions come to, by hand.

v1 as in Table 1 of Zhang et al., 2017. The paper scales all numbers of filters by s; where the groups would not
divide them, they are rounded as MobileNet's are, to multiples of g: the authors' code also has 16 filters, not 12, in
the stem of g = 8 and s = 0.5. It has 24 there for s = 1.5, not 36, and only so does the paper's Table 5 come to 292
million. v2 as in Table 5 of Ma et al., 2018, with the unit of stride 2 of torchvision or of the authors.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from references.parts import rounded


def pointwise(entering: int, leaving: int, groups: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(entering, leaving, 1, groups=groups, bias=False), nn.BatchNorm2d(leaving)]


def depthwise(channels: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False), nn.BatchNorm2d(channels)]


def stem(channels: int) -> list[nn.Module]:
    conv = nn.Conv2d(3, channels, 3, 2, 1, bias=False)
    return [conv, nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]


class UnitV1(nn.Module):
    def __init__(self, entering: int, leaving: int, groups: int, is_first: bool) -> None:
        super().__init__()
        self.shrinks = entering != leaving
        stride = 2 if self.shrinks else 1
        middle = rounded(leaving / 4, groups)
        self.path = nn.Sequential(
            *pointwise(entering, middle, 1 if is_first else groups),
            nn.ReLU(),
            nn.ChannelShuffle(groups),
            *depthwise(middle, stride),
            *pointwise(middle, leaving - entering if self.shrinks else leaving, groups),
        )
        self.pool = nn.AvgPool2d(3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        if self.shrinks:
            return torch.cat((self.pool(x), self.path(x)), 1).relu()
        y: Tensor = self.path(x)
        return (x + y).relu()


class ShuffleNetV1(nn.Sequential):
    CHANNELS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}

    def __init__(self, groups: int, width: float, classes: int = 1000) -> None:
        c = 24 if width == 1.5 else rounded(24 * width, groups)
        layers = stem(c)
        for stage, depth in enumerate((4, 8, 4)):
            leaving = int(self.CHANNELS[groups] * width) * 2**stage
            for unit in range(depth):
                layers.append(UnitV1(c, leaving, groups, stage == unit == 0))
                c = leaving
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, classes))


class UnitV2(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.path = nn.Sequential(
            *pointwise(half, half), nn.ReLU(), *depthwise(half, 1), *pointwise(half, half), nn.ReLU()
        )
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        kept, changed = x.chunk(2, 1)
        return self.shuffle(torch.cat((kept, self.path(changed)), 1))  # type: ignore[no-any-return]


class DownV2(nn.Module):
    """The authors keep the width of the projection, and torchvision gives both branches half of the channels."""

    def __init__(self, entering: int, leaving: int, authors: bool) -> None:
        super().__init__()
        projected, half = entering if authors else leaving // 2, leaving // 2
        self.projection = nn.Sequential(*depthwise(entering, 2), *pointwise(entering, projected), nn.ReLU())
        self.path = nn.Sequential(
            *pointwise(entering, half),
            nn.ReLU(),
            *depthwise(half, 2),
            *pointwise(half, leaving - projected),
            nn.ReLU(),
        )
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.shuffle(torch.cat((self.projection(x), self.path(x)), 1))  # type: ignore[no-any-return]


class ShuffleNetV2(nn.Sequential):
    CHANNELS = {
        0.5: (48, 96, 192, 1024),
        1: (116, 232, 464, 1024),
        1.5: (176, 352, 704, 1024),
        2: (244, 488, 976, 2048),
    }

    def __init__(self, width: float = 1, authors: bool = False, classes: int = 1000) -> None:
        *stages, last = self.CHANNELS[width]
        layers = stem(24)
        c = 24
        for channels, depth in zip(stages, (4, 8, 4), strict=True):
            layers += [DownV2(c, channels, authors), *(UnitV2(channels) for _ in range(depth - 1))]
            c = channels
        layers += [*pointwise(c, last), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        layers += [nn.Dropout(0.2)] if authors and width == 2 else []
        super().__init__(*layers, nn.Linear(last, classes, bias=not authors))


def v1(groups: int, width: float) -> Callable[[], nn.Module]:
    return lambda: ShuffleNetV1(groups, width)


def v2(width: float, authors: bool) -> Callable[[], nn.Module]:
    return lambda: ShuffleNetV2(width, authors)


REFERENCES = {
    f"shufflenetv1-g{groups}{ending}": v1(groups, width)
    for groups in (1, 2, 3, 4, 8)
    for width, ending in ((0.25, "-0.25"), (0.5, "-0.5"), (1, ""), (1.5, "-1.5"), (2, "-2.0"))
} | {
    f"shufflenetv2{name}{ending}": v2(width, authors)
    for name, authors in (("", False), ("-authors", True))
    for width, ending in ((0.5, "-0.5"), (1, ""), (1.5, "-1.5"), (2, "-2.0"))
}
