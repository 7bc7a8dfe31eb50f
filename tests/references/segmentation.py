"""Networks that label every pixel by hand, and the one that ranks ages.

Ronneberger, Fischer & Brox, "U-Net: convolutional networks for biomedical image segmentation", 2015, with padded
convolutions, and the form with batch norm that is common in PyTorch; Badrinarayanan, Kendall & Cipolla, "SegNet: a deep
convolutional encoder-decoder architecture for image segmentation", 2015; Paszke et al., "ENet: a deep neural network
architecture for real-time semantic segmentation", 2016; Long, Shelhamer & Darrell, "Fully convolutional networks for
semantic segmentation", 2015, as its authors trained FCN-8s at once; Noh, Hong & Han, "Learning deconvolution network
for semantic segmentation", 2015; Cao, Mirjalili & Raschka, "Rank consistent ordinal regression for neural networks with
application to age estimation", 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import max_unpool2d, pad

from references.resnet import COUNTS, ResNet

Widths = tuple[tuple[int, ...], ...]

VGG16: Widths = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Widths of the convolutions of each stage."""


def activated(conv: nn.Conv2d | nn.ConvTranspose2d, bn: bool = True) -> list[nn.Module]:
    return [conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU()] if bn else [conv, nn.ReLU()]


def stages(entering: int, widths: Widths, conv: type[nn.Conv2d | nn.ConvTranspose2d] = nn.Conv2d) -> nn.ModuleList:
    """Convolutions of 3x3 that keep the size, each with a bias, batch norm and ReLU."""
    made = nn.ModuleList()
    for stage in widths:
        layers: list[nn.Module] = []
        for width in stage:
            layers += activated(conv(entering, width, 3, padding=1))
            entering = width
        made.append(nn.Sequential(*layers))
    return made


class UNet(nn.Module):
    """Biases where there is no batch norm."""

    def __init__(self, entering: int, classes: int, bn: bool) -> None:
        super().__init__()
        self.bn = bn
        widths = (64, 128, 256, 512, 1024)
        self.down = nn.ModuleList(
            self.pair(before, width) for before, width in zip((entering, *widths), widths, strict=False)
        )
        self.up = nn.ModuleList()
        for width in reversed(widths[:-1]):
            self.up += [nn.ConvTranspose2d(2 * width, width, 2, 2), self.pair(2 * width, width)]
        self.last = nn.Conv2d(widths[0], classes, 1)

    def pair(self, entering: int, width: int) -> nn.Sequential:
        convs = (nn.Conv2d(before, width, 3, padding=1, bias=not self.bn) for before in (entering, width))
        return nn.Sequential(*(layer for conv in convs for layer in activated(conv, self.bn)))

    def forward(self, x: Tensor) -> Tensor:
        skips: list[Tensor] = []
        for pair in self.down:
            x = pair(torch.max_pool2d(x, 2) if skips else x)
            skips.append(x)
        for larger, pair, skip in zip(self.up[::2], self.up[1::2], skips[-2::-1], strict=True):
            x = pair(torch.cat([skip, self.padded(larger(x), skip)], 1))
        return self.last(x)

    @staticmethod
    def padded(x: Tensor, to: Tensor) -> Tensor:
        lower, wider = (to.shape[axis] - x.shape[axis] for axis in (2, 3))
        return pad(x, (wider // 2, wider - wider // 2, lower // 2, lower - lower // 2))


class Pooled:
    """Maxima of 2x2, where they were, and the size that they were taken from."""

    def __init__(self, x: Tensor) -> None:
        self.size = x.shape[-2:]
        self.maxima, self.places = nn.functional.max_pool2d_with_indices(x, [2, 2], ceil_mode=True)

    def undo(self, x: Tensor) -> Tensor:
        return max_unpool2d(x, self.places, [2, 2], output_size=list(self.size))


def encoded(x: Tensor, encoder: Iterable[nn.Module]) -> tuple[Tensor, list[Pooled]]:
    pools: list[Pooled] = []
    for stage in encoder:
        pools.append(Pooled(stage(x)))
        x = pools[-1].maxima
    return x, pools


def decoded(x: Tensor, decoder: Iterable[nn.Module], pools: list[Pooled]) -> Tensor:
    for stage, pool in zip(decoder, reversed(pools), strict=True):
        x = stage(pool.undo(x))
    return x


class SegNet(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.encoder = stages(3, VGG16)
        self.decoder = stages(512, ((512, 512, 512), (512, 512, 256), (256, 256, 128), (128, 64), (64,)))
        self.last = nn.Conv2d(64, classes, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x, pools = encoded(x, self.encoder)
        return self.last(decoded(x, self.decoder, pools))


class DeconvNet(nn.Module):
    def __init__(self, classes: int = 21) -> None:
        super().__init__()
        self.encoder = stages(3, VGG16)
        self.dense = nn.Sequential(
            *activated(nn.Conv2d(512, 4096, 7)),
            *activated(nn.Conv2d(4096, 4096, 1)),
            *activated(nn.ConvTranspose2d(4096, 512, 7)),
        )
        mirrored = ((512, 512, 512), (512, 512, 256), (256, 256, 128), (128, 64), (64, 64))
        self.decoder = stages(512, mirrored, nn.ConvTranspose2d)
        self.last = nn.Conv2d(64, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        x, pools = encoded(x, self.encoder)
        return self.last(decoded(self.dense(x), self.decoder, pools))


class FCN8s(nn.Module):
    """All weights of the up-sampling are free, between any two classes."""

    def __init__(self, classes: int = 21) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        entering, border = 3, 100
        for widths in VGG16:
            layers: list[nn.Module] = []
            for width in widths:
                layers += activated(nn.Conv2d(entering, width, 3, padding=border), bn=False)
                entering, border = width, 1
            self.stages.append(nn.Sequential(*layers, nn.MaxPool2d(2, ceil_mode=True)))
        self.dense = nn.Sequential(
            *(*activated(nn.Conv2d(512, 4096, 7), bn=False), nn.Dropout()),
            *(*activated(nn.Conv2d(4096, 4096, 1), bn=False), nn.Dropout()),
        )
        self.score = nn.Conv2d(4096, classes, 1)
        self.to_sixteenth = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False)
        self.score4 = nn.Conv2d(512, classes, 1)
        self.to_eighth = nn.ConvTranspose2d(classes, classes, 4, 2, bias=False)
        self.score3 = nn.Conv2d(256, classes, 1)
        self.to_full = nn.ConvTranspose2d(classes, classes, 16, 8, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        image = x
        pooled: list[Tensor] = []
        for stage in self.stages:
            x = stage(x)
            pooled.append(x)
        x = self.to_sixteenth(self.score(self.dense(x)))
        x = self.to_eighth(x + self.cropped(self.score4(pooled[3]), 5, x))
        x = self.to_full(x + self.cropped(self.score3(pooled[2]), 9, x))
        return self.cropped(x, 31, image)

    @staticmethod
    def cropped(x: Tensor, offset: int, to: Tensor) -> Tensor:
        height, width = to.shape[-2:]
        return x[..., offset : offset + height, offset : offset + width]


Activation = Callable[[int], nn.Module]

EPS = 1e-3
"""What the authors' code adds to a variance."""


def relu(_: int) -> nn.Module:
    return nn.ReLU()


class Bottleneck(nn.Module):
    """With `convs` of a quarter of the leaving channels between the projection, of `kernel`, and the expansion."""

    def __init__(
        self,
        entering: int,
        leaving: int,
        *convs: nn.Module,
        dropout: float,
        act: Activation = nn.PReLU,
        kernel: int = 1,
    ) -> None:
        super().__init__()
        width = leaving // 4
        self.path = nn.Sequential(
            *(nn.Conv2d(entering, width, kernel, kernel, bias=False), nn.BatchNorm2d(width, EPS), act(width)),
            *(*convs, nn.BatchNorm2d(width, EPS), act(width)),
            *(nn.Conv2d(width, leaving, 1, bias=False), nn.BatchNorm2d(leaving, EPS), nn.Dropout(dropout)),
        )
        self.shortcut = nn.Sequential()
        self.act = act(leaving)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.path(x) + self.shortcut(x))


def regular(width: int, dropout: float, dilation: int = 1, act: Activation = nn.PReLU) -> Bottleneck:
    conv = nn.Conv2d(width // 4, width // 4, 3, padding=dilation, dilation=dilation)
    return Bottleneck(width, width, conv, dropout=dropout, act=act)


def asymmetric(width: int, dropout: float) -> Bottleneck:
    row = nn.Conv2d(width // 4, width // 4, (1, 5), padding=(0, 2), bias=False)
    column = nn.Conv2d(width // 4, width // 4, (5, 1), padding=(2, 0))
    return Bottleneck(width, width, row, column, dropout=dropout)


class Down(Bottleneck):
    """Gives where the maxima were too; zeros are the channels that the shortcut lacks."""

    def __init__(self, entering: int, leaving: int, dropout: float) -> None:
        conv = nn.Conv2d(leaving // 4, leaving // 4, 3, padding=1)
        super().__init__(entering, leaving, conv, dropout=dropout, kernel=2)
        self.more = leaving - entering

    def forward(self, x: Tensor) -> tuple[Tensor, Pooled]:  # type: ignore[override]
        path, pooled = self.path(x), Pooled(x)
        return self.act(path + pad(pooled.maxima, (0, 0, 0, 0, 0, self.more))), pooled


class Up(Bottleneck):
    def __init__(self, entering: int, leaving: int, dropout: float) -> None:
        conv = nn.ConvTranspose2d(leaving // 4, leaving // 4, 3, 2, padding=1, output_padding=1)
        super().__init__(entering, leaving, conv, dropout=dropout, act=relu)
        self.shortcut = nn.Sequential(nn.Conv2d(entering, leaving, 1, bias=False), nn.BatchNorm2d(leaving, EPS))

    def forward(self, x: Tensor, pooled: Pooled) -> Tensor:  # type: ignore[override]
        return self.act(self.path(x) + pooled.undo(self.shortcut(x)))


class Initial(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 13, 3, 2, padding=1)
        self.after = nn.Sequential(nn.BatchNorm2d(16, EPS), nn.PReLU(16))

    def forward(self, x: Tensor) -> Tensor:
        return self.after(torch.cat([self.conv(x), torch.max_pool2d(x, 2)], 1))


class ENet(nn.Module):
    """Table 1; biases, and a decoder with ReLUs and without dropout, are those of the authors' code."""

    def __init__(self, classes: int = 12) -> None:
        super().__init__()
        self.initial = Initial()
        self.down1 = Down(16, 64, 0.01)
        self.stage1 = nn.Sequential(*(regular(64, 0.01) for _ in range(4)))
        self.down2 = Down(64, 128, 0.1)
        self.stages23 = nn.Sequential(*(layer for _ in range(2) for layer in self.eight()))
        self.up4 = Up(128, 64, 0)
        self.stage4 = nn.Sequential(*(regular(64, 0, act=relu) for _ in range(2)))
        self.up5 = Up(64, 16, 0)
        self.stage5 = regular(16, 0, act=relu)
        self.last = nn.ConvTranspose2d(16, classes, 2, 2)

    @staticmethod
    def eight() -> list[Bottleneck]:
        """Bottlenecks 2.1 to 2.8."""
        layers: list[Bottleneck] = []
        for dilations in ((2, 4), (8, 16)):
            first, second = (regular(128, 0.1, dilation) for dilation in dilations)
            layers += [regular(128, 0.1), first, asymmetric(128, 0.1), second]
        return layers

    def forward(self, x: Tensor) -> Tensor:
        x, of16 = self.down1(self.initial(x))
        x, of64 = self.down2(self.stage1(x))
        x = self.stage4(self.up4(self.stages23(x), of64))
        return self.last(self.stage5(self.up5(x, of16)))


class Thresholds(nn.Module):
    """A bias for each rank but the last, added to the one score."""

    def __init__(self, ranks: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(ranks - 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


def coral(ranks: int = 55) -> nn.Module:
    """The logits of being older than each age but the last."""
    module = ResNet(COUNTS[34], bottleneck=False)
    head = nn.Sequential(nn.Linear(module.fc.in_features, 1, bias=False), Thresholds(ranks))
    module.fc = head  # type: ignore[assignment]
    return module


REFERENCES: dict[str, Callable[[], nn.Module]] = {
    "unet-same": lambda: UNet(1, 2, bn=False),
    "unet-bn": lambda: UNet(3, 2, bn=True),
    "segnet": lambda: SegNet(11),
    "segnet-voc": lambda: SegNet(21),
    "enet": ENet,
    "fcn8s": FCN8s,
    "deconvnet": DeconvNet,
    "coral": coral,
}
