"""What the Inception networks come to, by hand.

GoogLeNet with its side heads (Szegedy et al., 2014), SE-BN-Inception (Ioffe & Szegedy, 2015; Hu et al., 2017),
Inception-v3 with its side head (Szegedy et al., 2015), Inception-v4 and the Inception-ResNets (Szegedy et al., 2016).
All outputs are computed in training and in evaluation, the main one first.
"""

from __future__ import annotations

import torch
from by_hand.googlenet import Conv, GoogLeNet
from by_hand.inceptionv3 import ConvNorm, InceptionV3
from torch import Tensor, nn

from references.parts import Gate

Kernel = int | tuple[int, int]


class GoogLeNetHead(nn.Sequential):
    def __init__(self, entering: int, classes: int) -> None:
        super().__init__(
            nn.AvgPool2d(5, 3),
            Conv(entering, 128, 1),
            nn.Flatten(),
            nn.Linear(128 * 4 * 4, 1024),
            nn.ReLU(),
            nn.Dropout(0.7),
            nn.Linear(1024, classes),
        )


class GoogLeNetWithHeads(GoogLeNet):
    def __init__(self, classes: int = 1000) -> None:
        super().__init__(classes)
        self.head1 = GoogLeNetHead(512, classes)
        self.head2 = GoogLeNetHead(528, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        at_4a = self.features[:11](x)
        at_4d = self.features[11:14](at_4a)
        x = torch.flatten(self.avgpool(self.features[14:](at_4d)), 1)
        return self.fc(self.dropout(x)), self.head1(at_4a), self.head2(at_4d)


class InceptionV3WithHead(InceptionV3):
    def __init__(self, classes: int = 1000) -> None:
        super().__init__(classes)
        self.head = nn.Sequential(
            nn.AvgPool2d(5, 3),
            ConvNorm(768, 128, 1),
            ConvNorm(128, 768, 5),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(768, classes),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        at_17 = self.mixed[:8](self.stem(x))
        x = self.avgpool(self.mixed[8:](at_17))
        return self.fc(self.dropout(torch.flatten(x, 1))), self.head(at_17)


class Branches(nn.ModuleList):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self], 1)


def padded(channels: int, kernel: Kernel) -> tuple[int, Kernel, int, Kernel]:
    return channels, kernel, 1, kernel // 2 if isinstance(kernel, int) else (kernel[0] // 2, kernel[1] // 2)


def valid(channels: int, kernel: Kernel, stride: int = 1) -> tuple[int, Kernel, int, Kernel]:
    return channels, kernel, stride, 0


def path(entering: int, *steps: tuple[int, Kernel, int, Kernel]) -> nn.Sequential:
    widths = [entering, *(step[0] for step in steps)]
    return nn.Sequential(*(ConvNorm(width, *step) for width, step in zip(widths, steps, strict=False)))


def mean(entering: int, channels: int) -> nn.Sequential:
    return nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), path(entering, padded(channels, 1)))


def pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2)


def classifier(entering: int, classes: int) -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(entering, classes))


class BNInception(nn.Module):
    """The rows are 1x1, 3x3 reduced, 3x3, double 3x3 reduced, double 3x3, pooled: 0 where nothing is convolved."""

    rows = (
        (64, 64, 64, 64, 96, 32),
        (64, 64, 96, 64, 96, 64),
        (0, 128, 160, 64, 96, 0),
        (224, 64, 96, 96, 128, 128),
        (192, 96, 128, 96, 128, 128),
        (160, 128, 160, 128, 160, 128),
        (96, 128, 192, 160, 192, 128),
        (0, 128, 192, 192, 256, 0),
        (352, 192, 320, 160, 224, 128),
        (352, 192, 320, 192, 224, 128),
    )

    def __init__(self, bias: bool, gated: bool, classes: int = 1000) -> None:
        super().__init__()
        self.bias = bias
        layers = [self.conv(3, 64, 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True)]
        layers += [self.conv(64, 64, 1), self.conv(64, 192, 3), nn.MaxPool2d(3, 2, ceil_mode=True)]
        entering = 192
        for place, row in enumerate(self.rows):
            module = self.inception(entering, row, last=place == len(self.rows) - 1)
            entering = row[0] + row[2] + row[4] + (row[5] or entering)
            layers += [module, Gate(entering, entering // 16)] if gated else [module]
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(entering, classes))

    def conv(self, entering: int, channels: int, kernel: int, stride: int = 1) -> nn.Module:
        conv = nn.Conv2d(entering, channels, kernel, stride, kernel // 2, bias=self.bias)
        return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU())

    def inception(self, entering: int, row: tuple[int, ...], last: bool) -> nn.Module:
        single, reduced, triple, reduced2, double, pooled = row
        stride = 1 if single else 2
        branches = [self.conv(entering, single, 1)] if single else []
        branches += [
            nn.Sequential(self.conv(entering, reduced, 1), self.conv(reduced, triple, 3, stride)),
            nn.Sequential(
                self.conv(entering, reduced2, 1), self.conv(reduced2, double, 3), self.conv(double, double, 3, stride)
            ),
        ]
        if pooled:
            before = nn.MaxPool2d(3, 1, 1) if last else nn.AvgPool2d(3, 1, 1)
            branches.append(nn.Sequential(before, self.conv(entering, pooled, 1)))
        else:
            branches.append(nn.MaxPool2d(3, 2, ceil_mode=True))
        return Branches(branches)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def deep_stem() -> nn.Sequential:
    """Fig. 3 of Szegedy et al., 2016."""
    return nn.Sequential(
        path(3, valid(32, 3, 2), valid(32, 3), padded(64, 3)),
        Branches((pool(), path(64, valid(96, 3, 2)))),
        Branches(
            (
                path(160, padded(64, 1), valid(96, 3)),
                path(160, padded(64, 1), padded(64, (7, 1)), padded(64, (1, 7)), valid(96, 3)),
            )
        ),
        Branches((path(192, valid(192, 3, 2)), pool())),
    )


def reduction_a(entering: int, k: int, l: int, m: int) -> Branches:  # noqa: E741
    """Fig. 7, n being 384 in all of them."""
    return Branches(
        (path(entering, valid(384, 3, 2)), path(entering, padded(k, 1), padded(l, 3), valid(m, 3, 2)), pool())
    )


class InceptionV4(nn.Sequential):
    def __init__(self, classes: int = 1000) -> None:
        row, column = (1, 7), (7, 1)
        a = (
            Branches(
                (
                    path(384, padded(96, 1)),
                    path(384, padded(64, 1), padded(96, 3)),
                    path(384, padded(64, 1), padded(96, 3), padded(96, 3)),
                    mean(384, 96),
                )
            )
            for _ in range(4)
        )
        b = (
            Branches(
                (
                    path(1024, padded(384, 1)),
                    path(1024, padded(192, 1), padded(224, row), padded(256, column)),
                    path(
                        1024,
                        padded(192, 1),
                        padded(192, row),
                        padded(224, column),
                        padded(224, row),
                        padded(256, column),
                    ),
                    mean(1024, 128),
                )
            )
            for _ in range(7)
        )
        to_8 = Branches(
            (
                path(1024, padded(192, 1), valid(192, 3, 2)),
                path(1024, padded(256, 1), padded(256, row), padded(320, column), valid(320, 3, 2)),
                pool(),
            )
        )
        c = (
            Branches(
                (
                    path(1536, padded(256, 1)),
                    nn.Sequential(path(1536, padded(384, 1)), self.cross(384)),
                    nn.Sequential(
                        path(1536, padded(384, 1), padded(448, (1, 3)), padded(512, (3, 1))), self.cross(512)
                    ),
                    mean(1536, 256),
                )
            )
            for _ in range(3)
        )
        super().__init__(deep_stem(), *a, reduction_a(384, 192, 224, 256), *b, to_8, *c, classifier(1536, classes))

    @staticmethod
    def cross(entering: int) -> Branches:
        return Branches((path(entering, padded(256, (1, 3))), path(entering, padded(256, (3, 1)))))


class Residual(nn.Module):
    def __init__(self, width: int, scale: float, *branches: nn.Sequential, last: bool = False) -> None:
        super().__init__()
        self.branches = Branches(branches)
        joined = sum(branch[-1][0].out_channels for branch in branches)
        self.expand = nn.Conv2d(joined, width, 1)
        self.scale = scale
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.scale * self.expand(self.branches(x))
        return x if self.last else torch.relu(x)


class InceptionResNet(nn.Sequential):
    """`v1` and `v2` as in the figures of the paper, `released` as the authors' code and its ports have v2."""

    def __init__(self, version: str, classes: int = 1000) -> None:
        v1, released = version == "v1", version == "released"
        stem, width = self.stem(version)
        layers: list[nn.Module] = [stem]

        second, third = (32, 32) if v1 else (48, 64)
        layers += [
            Residual(
                width,
                0.17,
                path(width, padded(32, 1)),
                path(width, padded(32, 1), padded(32, 3)),
                path(width, padded(32, 1), padded(second, 3), padded(third, 3)),
            )
            for _ in range(10 if released else 5)
        ]
        k, l, m = (192, 192, 256) if v1 else (256, 256, 384)  # noqa: E741
        layers.append(reduction_a(width, k, l, m))
        width += 384 + m

        single, between, third = (128, 128, 128) if v1 else (192, 160, 192)
        layers += [
            Residual(
                width,
                0.1,
                path(width, padded(single, 1)),
                path(width, padded(128, 1), padded(between, (1, 7)), padded(third, (7, 1))),
            )
            for _ in range(20 if released else 10)
        ]
        second, third = (256, 256) if v1 else (288, 320)
        layers.append(
            Branches(
                (
                    path(width, padded(256, 1), valid(384, 3, 2)),
                    path(width, padded(256, 1), valid(second, 3, 2)),
                    path(width, padded(256, 1), padded(second, 3), valid(third, 3, 2)),
                    pool(),
                )
            )
        )
        width += 384 + second + third

        second, third = (192, 192) if v1 else (224, 256)
        count = 10 if released else 5
        for place in range(count):
            last = released and place == count - 1
            layers.append(
                Residual(
                    width,
                    1.0 if last else 0.2,
                    path(width, padded(192, 1)),
                    path(width, padded(192, 1), padded(second, (1, 3)), padded(third, (3, 1))),
                    last=last,
                )
            )
        if released:
            layers.append(path(width, padded(1536, 1)))
            width = 1536
        super().__init__(*layers, classifier(width, classes))

    @staticmethod
    def stem(version: str) -> tuple[nn.Module, int]:
        if version == "v2":
            return deep_stem(), 384
        start = (path(3, valid(32, 3, 2), valid(32, 3), padded(64, 3)), pool(), path(64, padded(80, 1), valid(192, 3)))
        if version == "v1":
            return nn.Sequential(*start, path(192, valid(256, 3, 2))), 256
        inception = Branches(
            (
                path(192, padded(96, 1)),
                path(192, padded(48, 1), padded(64, 5)),
                path(192, padded(64, 1), padded(96, 3), padded(96, 3)),
                mean(192, 64),
            )
        )
        return nn.Sequential(*start, pool(), inception), 320


REFERENCES = {
    "googlenet-heads": GoogLeNetWithHeads,
    "bn-inception": lambda: BNInception(bias=True, gated=False),
    "se-bn-inception": lambda: BNInception(bias=False, gated=True),
    "inceptionv3-head": InceptionV3WithHead,
    "inceptionv4": InceptionV4,
    "inception-resnet-v1": lambda: InceptionResNet("v1"),
    "inception-resnet-v2": lambda: InceptionResNet("v2"),
    "inception-resnet-v2-released": lambda: InceptionResNet("released"),
}
