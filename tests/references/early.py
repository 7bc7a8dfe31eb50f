"""What the networks of 1980 to 2014 come to, by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from references.counts import Counts

# Fukushima, 1980: windows of 5x5 in the S-layers, from 1, 24 and 24 planes to 24, of 16x16, 8x8 and 2x2 cells.
# The C-layers have fixed connections.
NEOCOGNITRON = Counts(
    24 * (25 * 1 + 1) + 2 * 24 * (25 * 24 + 1),
    24 * 25 * 1 * 16**2 + 24 * 25 * 24 * 8**2 + 24 * 25 * 24 * 2**2,
)

# Waibel et al., 1989: 8 units see 3 frames of 16 coefficients at 13 places, 3 units see 5 frames of those at 9 places.
TDNN = Counts(8 * (3 * 16 + 1) + 3 * (5 * 8 + 1), 13 * 8 * 3 * 16 + 9 * 3 * 5 * 8)

# LeCun et al., 1989, as the paper counts: H1 768 biases and 12 kernels of 5x5; H2 192 biases and 12 times 8 kernels;
# H3 30 units over all 192 of H2; 10 outputs. Its 64,660 connections are the products and the 1,000 biases.
LECUN1989 = Counts(
    (768 + 12 * 25) + (192 + 12 * 8 * 25) + 30 * (192 + 1) + 10 * (30 + 1),
    768 * 25 + 192 * 8 * 25 + 30 * 192 + 10 * 30,
)


class Squash(nn.Module):
    """The scaled hyperbolic tangent of LeCun et al., 1998, Appendix A."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(x * 2 / 3)


class SubSample(nn.Module):
    """Means of 2x2, with a coefficient and a bias for each map."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.ones(maps, 1, 1))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(x, 2) * self.coefficient + self.bias


class Connected(nn.Module):
    """A convolution for each map, which sees some of the maps before it."""

    def __init__(self, table: list[list[int]]) -> None:
        super().__init__()
        self.table = table
        self.maps = nn.ModuleList(nn.Conv2d(len(row), 1, 5) for row in table)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([conv(x[:, row]) for conv, row in zip(self.maps, self.table, strict=True)], 1)


# Table I of the paper, column by column; the order within a column says nothing
TABLE = [
    *([0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 0], [5, 0, 1]),
    *([0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [3, 4, 5, 0], [4, 5, 0, 1], [5, 0, 1, 2]),
    *([0, 1, 3, 4], [1, 2, 4, 5], [2, 3, 5, 0]),
    [0, 1, 2, 3, 4, 5],
]


def lenet5_1998() -> nn.Module:
    """C1 to F6; the codes of the output layer are fixed."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), Squash(), SubSample(6), Squash()),
        *(Connected(TABLE), Squash(), SubSample(16), Squash()),
        *(nn.Conv2d(16, 120, 5), Squash(), nn.Flatten(), nn.Linear(120, 84), Squash()),
    )


def lenet5() -> nn.Module:
    """The modern form."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )


def lenet_caffe() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10)),
    )


def dense(units: int) -> list[nn.Module]:
    """The three layers of 4096, 4096 and 1000 that AlexNet has, and ZFNet and VGG after it."""
    hidden = [(nn.Dropout(), nn.Linear(width, 4096), nn.ReLU()) for width in (units, 4096)]
    return [nn.Flatten(), *hidden[0], *hidden[1], nn.Linear(4096, 1000)]


def alexnet(
    widths: tuple[int, int, int, int, int],
    groups: tuple[int, int, int, int] = (1, 1, 1, 1),
    border: int = 0,
    *,
    lrn: bool = False,
    up: bool = False,
    bn: bool = False,
) -> nn.Module:
    """Five convolutions; `groups` are those of the second to the fifth; pooling may round up."""
    layers: list[nn.Module] = []
    channels = 3
    for at, (width, group) in enumerate(zip(widths, (1, *groups), strict=True)):
        kernel, stride, padding = ((11, 4, border), (5, 1, 2), (3, 1, 1))[min(at, 2)]
        layers.append(nn.Conv2d(channels, width, kernel, stride, padding, groups=group))
        layers += [nn.BatchNorm2d(width, 1e-3)] if bn else []
        layers.append(nn.ReLU())
        layers += [contrast()] if lrn and at < 2 else []
        layers += [nn.MaxPool2d(3, 2, ceil_mode=up)] if at in (0, 1, 4) else []
        channels = width
    return nn.Sequential(*layers, *dense(256 * 6 * 6))


WIDE = (96, 256, 384, 384, 256)


def contrast() -> nn.Module:
    """With the constants of AlexNet, whose alpha multiplies a sum and torch's a mean."""
    return nn.LocalResponseNorm(5, 5e-4, 0.75, 2)


def zfnet() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 96, 7, 2, 1), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), contrast()),
        *(nn.Conv2d(96, 256, 5, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), contrast()),
        *(nn.Conv2d(256, 384, 3, 1, 1), nn.ReLU(), nn.Conv2d(384, 384, 3, 1, 1), nn.ReLU()),
        *(nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), *dense(256 * 6 * 6)),
    )


def nin(*blocks: tuple[tuple[int, int, int], int, int, int] | nn.Module, bn: bool = False) -> nn.Module:
    """Blocks of three widths, and of the first kernel with its stride and border; and what stands between them."""
    layers: list[nn.Module] = []
    channels = 3
    for block in blocks:
        if isinstance(block, nn.Module):
            layers.append(block)
            continue
        widths, *form = block
        for width, (kernel, stride, border) in zip(widths, (form, (1, 1, 0), (1, 1, 0)), strict=True):
            layers.append(nn.Conv2d(channels, width, kernel, stride, border))
            layers += [nn.BatchNorm2d(width, 1e-3), nn.ReLU()] if bn else [nn.ReLU()]
            channels = width
    return nn.Sequential(*layers)


def nin_cifar10() -> nn.Module:
    return nin(
        *(((192, 160, 96), 5, 1, 2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout()),
        *(((192, 192, 192), 5, 1, 2), nn.AvgPool2d(3, 2, ceil_mode=True), nn.Dropout()),
        *(((192, 192, 10), 3, 1, 1), nn.AvgPool2d(8), nn.Flatten()),
    )


def nin_imagenet() -> nn.Module:
    return nin(
        *(((96, 96, 96), 11, 4, 0), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(((256, 256, 256), 5, 1, 2), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(((384, 384, 384), 3, 1, 1), nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout()),
        *(((1024, 1024, 1000), 3, 1, 1), nn.AvgPool2d(6), nn.Flatten()),
    )


def nin_bn() -> nn.Module:
    return nin(
        *(((96, 96, 96), 11, 4, 5), nn.MaxPool2d(3, 2, 1)),
        *(((256, 256, 256), 5, 1, 2), nn.MaxPool2d(3, 2, 1)),
        *(((384, 384, 384), 3, 1, 1), nn.MaxPool2d(3, 2, 1)),
        *(((1024, 1024, 1024), 3, 1, 1), nn.AvgPool2d(7), nn.Flatten(), nn.Linear(1024, 1000)),
        bn=True,
    )


def vgg(*stages: int, bn: bool = False, head: tuple[nn.Module, ...] = ()) -> nn.Module:
    """So many convolutions in each of the five stages."""
    layers: list[nn.Module] = []
    channels = 3
    for width, depth in zip((64, 128, 256, 512, 512), stages, strict=True):
        for _ in range(depth):
            layers.append(nn.Conv2d(channels, width, 3, 1, 1))
            layers += [nn.BatchNorm2d(width), nn.ReLU()] if bn else [nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, *(head or dense(512 * 7 * 7)))


REFERENCES = {
    "neocognitron": NEOCOGNITRON,
    "tdnn": TDNN,
    "lecun1989": LECUN1989,
    "lenet5": lenet5,
    "lenet5-1998": lenet5_1998,
    "lenet-caffe": lenet_caffe,
    "alexnet": lambda: alexnet(WIDE, (2, 1, 2, 2), lrn=True),
    "alexnet-224": lambda: alexnet(WIDE, (2, 1, 2, 2), 2, lrn=True),
    "alexnet-owt": lambda: alexnet((64, 192, 384, 256, 256), border=2),
    "alexnet-wide": lambda: alexnet(WIDE, lrn=True, up=True),
    "alexnet-bn": lambda: alexnet(WIDE, (2, 2, 2, 2), 2, bn=True),
    "zfnet": zfnet,
    "nin-cifar10": nin_cifar10,
    "nin-imagenet": nin_imagenet,
    "nin-bn": nin_bn,
    "vgg11": lambda: vgg(1, 1, 2, 2, 2),
    "vgg13": lambda: vgg(2, 2, 2, 2, 2),
    "vgg16": lambda: vgg(2, 2, 3, 3, 3),
    "vgg19": lambda: vgg(2, 2, 4, 4, 4),
    "vgg11-bn": lambda: vgg(1, 1, 2, 2, 2, bn=True),
    "vgg13-bn": lambda: vgg(2, 2, 2, 2, 2, bn=True),
    "vgg16-bn": lambda: vgg(2, 2, 3, 3, 3, bn=True),
    "vgg19-bn": lambda: vgg(2, 2, 4, 4, 4, bn=True),
    "vgg16-64": lambda: vgg(2, 2, 3, 3, 3, head=(nn.Flatten(), nn.Linear(512 * 2 * 2, 10))),
}
