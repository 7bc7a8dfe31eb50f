"""Detectors by hand, as far as a graph of layers goes: scores and boxes of each level, before any matching.

Redmon et al., "You only look once: unified, real-time object detection", 2016; Bochkovskiy et al., "YOLOv4: optimal
speed and accuracy of object detection", 2020, and darknet's yolov4.cfg and yolov4-tiny.cfg; Liu et al., "SSD: single
shot multibox detector", 2016; Lin et al., "Focal loss for dense object detection", 2017, and "Feature pyramid networks
for object detection", 2017; Girshick, "Fast R-CNN", 2015; Ren et al., "Faster R-CNN", 2015; He et al., "Mask R-CNN",
2017.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize, relu

from references.resnet import COUNTS, ResNet


def leaky(in_channels: int, out_channels: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """Without a norm, as in 2016."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2),
        nn.LeakyReLU(0.1),
    )


def yolov1() -> nn.Module:
    layers: list[nn.Module] = [leaky(3, 64, 7, 2), nn.MaxPool2d(2), leaky(64, 192, 3), nn.MaxPool2d(2)]
    entering = 192
    for stage in (
        [(128, 1), (256, 3), (256, 1), (512, 3)],
        [(256, 1), (512, 3)] * 4 + [(512, 1), (1024, 3)],
        [(512, 1), (1024, 3)] * 2,
    ):
        for width, kernel in stage:
            layers.append(leaky(entering, width, kernel))
            entering = width
        layers.append(nn.MaxPool2d(2))
    layers.pop()  # the last stage ends in a convolution of stride 2
    layers += [leaky(1024, 1024, 3), leaky(1024, 1024, 3, 2), leaky(1024, 1024, 3), leaky(1024, 1024, 3)]
    layers += [nn.Flatten(), nn.Linear(1024 * 7 * 7, 4096), nn.LeakyReLU(0.1), nn.Dropout()]
    return nn.Sequential(*layers, nn.Linear(4096, 30 * 7 * 7), nn.Unflatten(1, (30, 7, 7)))


# YOLOv4


class Darknet(nn.Sequential):
    """Convolution, batch norm, activation."""

    def __init__(self, entering: int, width: int, kernel: int = 1, stride: int = 1, *, mish: bool = False) -> None:
        conv = nn.Conv2d(entering, width, kernel, stride, kernel // 2, bias=False)
        super().__init__(conv, nn.BatchNorm2d(width), nn.Mish() if mish else nn.LeakyReLU(0.1))


class Added(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class Csp(nn.Module):
    """A stage of CSPDarknet: the first one is as wide inside as outside."""

    def __init__(self, entering: int, width: int, blocks: int) -> None:
        super().__init__()
        wide = width if blocks == 1 else width // 2
        self.down = Darknet(entering, width, 3, 2, mish=True)
        self.way = nn.Sequential(
            Darknet(width, wide, mish=True),
            *(
                Added(Darknet(wide, width // 2, mish=True), Darknet(width // 2, wide, 3, mish=True))
                for _ in range(blocks)
            ),
            Darknet(wide, wide, mish=True),
        )
        self.past = Darknet(width, wide, mish=True)
        self.meet = Darknet(2 * wide, width, mish=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        return self.meet(torch.cat([self.way(x), self.past(x)], 1))


def alternating(entering: int, width: int, count: int) -> nn.Sequential:
    """Convolutions of 1x1 to a width, and of 3x3 to twice of it, in turn."""
    layers = []
    for place in range(count):
        leaving, kernel = (2 * width, 3) if place % 2 else (width, 1)
        layers.append(Darknet(entering, leaving, kernel))
        entering = leaving
    return nn.Sequential(*layers)


def ended(entering: int, classes: int = 80) -> nn.Sequential:
    return nn.Sequential(Darknet(entering, 2 * entering, 3), nn.Conv2d(2 * entering, 3 * (5 + classes), 1))


class YoloV4(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = Darknet(3, 32, 3, mish=True)
        widths = (32, 64, 128, 256, 512, 1024)
        stages = zip(widths, widths[1:], (1, 2, 8, 8, 4), strict=False)
        self.stages = nn.ModuleList(Csp(*each) for each in stages)
        self.before, self.after = alternating(1024, 512, 3), alternating(2048, 512, 3)
        self.side4, self.up4, self.five4 = Darknet(512, 256), Darknet(512, 256), alternating(512, 256, 5)
        self.side3, self.up3, self.five3 = Darknet(256, 128), Darknet(256, 128), alternating(256, 128, 5)
        self.small = ended(128)
        self.down4, self.again4, self.medium = Darknet(128, 256, 3, 2), alternating(512, 256, 5), ended(256)
        self.down5, self.again5, self.large = Darknet(256, 512, 3, 2), alternating(1024, 512, 5), ended(512)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        x = self.before(x)
        pools = [torch.max_pool2d(x, size, 1, size // 2) for size in (13, 9, 5)]
        p5 = self.after(torch.cat([*pools, x], 1))
        p4 = self.five4(torch.cat([self.side4(maps[3]), interpolate(self.up4(p5), scale_factor=2)], 1))
        p3 = self.five3(torch.cat([self.side3(maps[2]), interpolate(self.up3(p4), scale_factor=2)], 1))
        n4 = self.again4(torch.cat([self.down4(p3), p4], 1))
        n5 = self.again5(torch.cat([self.down5(n4), p5], 1))
        return self.small(p3), self.medium(n4), self.large(n5)


class Halved(nn.Module):
    """A stage of the tiny one: the second half of the channels goes its own way."""

    def __init__(self, entering: int, width: int) -> None:
        super().__init__()
        half = width // 2
        self.first = Darknet(entering, width, 3)
        self.one, self.other = Darknet(half, half, 3), Darknet(half, half, 3)
        self.meet = Darknet(width, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.first(x)
        one = self.one(x.chunk(2, 1)[1])
        side = self.meet(torch.cat([self.other(one), one], 1))
        return torch.max_pool2d(torch.cat([x, side], 1), 2), side


class YoloV4Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(Darknet(3, 32, 3, 2), Darknet(32, 64, 3, 2))
        self.stages = nn.ModuleList([Halved(64, 64), Halved(128, 128), Halved(256, 256)])
        self.last = nn.Sequential(Darknet(512, 512, 3), Darknet(512, 256))
        self.large = ended(256)
        self.up, self.three = Darknet(256, 128), Darknet(384, 256, 3)
        self.small = nn.Conv2d(256, 255, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(x)
        for stage in self.stages:
            x, side = stage(x)
        x = self.last(x)
        joined = torch.cat([interpolate(self.up(x), scale_factor=2), side], 1)
        return self.large(x), self.small(self.three(joined))


# SSD


def rectified(
    entering: int, width: int, kernel: int = 3, stride: int = 1, padding: int = 1, step: int = 1
) -> nn.Module:
    return nn.Sequential(nn.Conv2d(entering, width, kernel, stride, padding, step), nn.ReLU())


def vgg(entering: int, *widths: int) -> list[nn.Module]:
    return [rectified(before, width) for before, width in zip((entering, *widths), widths, strict=False)]


class Ssd300(nn.Module):
    BOXES = (4, 6, 6, 6, 4, 4)

    def __init__(self, classes: int) -> None:
        super().__init__()
        first = [*vgg(3, 64, 64), nn.MaxPool2d(2), *vgg(64, 128, 128), nn.MaxPool2d(2)]
        third = [*vgg(128, 256, 256, 256), nn.MaxPool2d(2, ceil_mode=True), *vgg(256, 512, 512, 512)]
        dense = [nn.MaxPool2d(3, 1, 1), rectified(512, 1024, padding=6, step=6), rectified(1024, 1024, 1, padding=0)]
        self.maps = nn.ModuleList(
            [
                nn.Sequential(*first, *third),
                nn.Sequential(nn.MaxPool2d(2), *vgg(512, 512, 512, 512), *dense),
                nn.Sequential(rectified(1024, 256, 1, padding=0), rectified(256, 512, stride=2)),
                nn.Sequential(rectified(512, 128, 1, padding=0), rectified(128, 256, stride=2)),
                nn.Sequential(rectified(256, 128, 1, padding=0), rectified(128, 256, padding=0)),
                nn.Sequential(rectified(256, 128, 1, padding=0), rectified(128, 256, padding=0)),
            ]
        )
        self.scale = nn.ParameterList([torch.full((512, 1, 1), 20.0)])
        self.heads = nn.ModuleList()
        for width, boxes in zip((512, 1024, 512, 256, 256, 256), self.BOXES, strict=True):
            scores, shifts = (nn.Conv2d(width, boxes * kinds, 3, padding=1) for kinds in (classes, 4))
            self.heads.append(nn.ModuleList([scores, shifts]))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        maps = []
        for layers in self.maps:
            x = layers(x)
            maps.append(x)
        maps[0] = normalize(maps[0], dim=1) * self.scale[0]
        return tuple(head(each) for heads, each in zip(self.heads, maps, strict=True) for head in heads)


# Pyramids


class Pyramid(nn.Module):
    """ResNet-50, and a level for each of its last stages, the topmost made first."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        layers = iter(list(ResNet(COUNTS[50]).layers)[:-1])  # without the last pooling
        counts = (3 + COUNTS[50][0], *COUNTS[50][1:])  # with the stem in the first
        self.stages = nn.ModuleList(nn.Sequential(*(next(layers) for _ in range(count))) for count in counts)
        self.pairs = nn.ModuleList(
            nn.ModuleList([nn.Conv2d(width, 256, 1), nn.Conv2d(256, 256, 3, padding=1)])
            for width in (2048, 1024, 512, 256)[:levels]
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """The levels, the largest map first."""
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        levels: list[Tensor] = []
        above: Tensor | None = None
        for (lateral, smooth), each in zip(self.pairs, reversed(maps), strict=False):
            side = lateral(each)
            above = side if above is None else side + interpolate(above, size=side.shape[-2:])
            levels.insert(0, smooth(above))
        return levels


def tower(leaving: int) -> nn.Sequential:
    return nn.Sequential(*vgg(256, 256, 256, 256, 256), nn.Conv2d(256, leaving, 3, padding=1))


class RetinaNet(nn.Module):
    def __init__(self, classes: int = 91, anchors: int = 9) -> None:
        super().__init__()
        self.pyramid = Pyramid(3)
        self.sixth, self.seventh = (nn.Conv2d(256, 256, 3, 2, 1) for _ in range(2))
        self.scores, self.boxes = tower(anchors * classes), tower(4 * anchors)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        levels = self.pyramid(x)
        levels.append(self.sixth(levels[-1]))
        levels.append(self.seventh(relu(levels[-1])))
        return tuple(head(level) for level in levels for head in (self.scores, self.boxes))


class Proposals(nn.Module):
    """Of Faster R-CNN what the whole image goes through: the maps, and for each level scores and boxes."""

    def __init__(self, maps: nn.Module, width: int, scores: int, boxes: int) -> None:
        super().__init__()
        self.maps = maps
        self.look = rectified(width, width)
        self.scores, self.boxes = nn.Conv2d(width, scores, 1), nn.Conv2d(width, boxes, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        found = self.maps(x)
        maps = found if isinstance(found, list) else [found]
        levels = [*maps, maps[-1][..., ::2, ::2]] if len(maps) > 1 else maps
        seen = [self.look(level) for level in levels]
        return (*maps, *(head(each) for each in seen for head in (self.scores, self.boxes)))


def vgg16() -> nn.Sequential:
    pool = nn.MaxPool2d(2, ceil_mode=True)
    layers = [*vgg(3, 64, 64), pool, *vgg(64, 128, 128), pool, *vgg(128, 256, 256, 256), pool]
    return nn.Sequential(*layers, *vgg(256, 512, 512, 512), pool, *vgg(512, 512, 512, 512))


class Decided(nn.Module):
    """What a pooled region goes through: scores of all classes, then four numbers for each."""

    def __init__(self, entering: int, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        dense = [nn.Linear(entering, width), nn.ReLU(), nn.Dropout(dropout)]
        dense += [nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout)]
        self.dense = nn.Sequential(nn.Flatten(), *dense)
        self.scores, self.boxes = nn.Linear(width, classes), nn.Linear(width, 4 * classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.dense(x)
        return torch.cat([self.scores(x), self.boxes(x)], 1)


def mask(classes: int = 91) -> nn.Module:
    up = nn.ConvTranspose2d(256, 256, 2, 2)
    return nn.Sequential(*vgg(256, 256, 256, 256, 256), up, nn.ReLU(), nn.Conv2d(256, classes, 1))


REFERENCES: dict[str, Callable[[], nn.Module]] = {
    "yolov1": yolov1,
    "yolov4": YoloV4,
    "yolov4-tiny": YoloV4Tiny,
    "ssd300": lambda: Ssd300(21),
    "ssd300-coco": lambda: Ssd300(91),
    "retinanet": RetinaNet,
    "fast-rcnn-image": vgg16,
    "fast-rcnn-box": lambda: Decided(512 * 7 * 7, 4096, 21, 0.5),
    "faster-rcnn-vgg16-image": lambda: Proposals(vgg16(), 512, 18, 36),
    "faster-rcnn-vgg16-box": lambda: Decided(512 * 7 * 7, 4096, 21, 0.5),
    "faster-rcnn-fpn-image": lambda: Proposals(Pyramid(4), 256, 3, 12),
    "faster-rcnn-fpn-box": lambda: Decided(256 * 7 * 7, 1024, 91, 0),
    "mask-rcnn-mask": mask,
}
