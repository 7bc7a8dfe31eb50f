"""RetinaNet on a ResNet-50: a pyramid of five maps, whose two heads have the same weights on all of them."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from by_hand.resnet50 import stage


class Head(nn.Sequential):
    def __init__(self, out_channels: int) -> None:
        super().__init__()
        for _ in range(4):
            self.append(nn.Conv2d(256, 256, 3, padding=1))
            self.append(nn.ReLU(inplace=True))
        self.append(nn.Conv2d(256, out_channels, 3, padding=1))


class Detections(NamedTuple):
    """From the finest map to the coarsest."""

    scores: list[Tensor]
    boxes: list[Tensor]


class RetinaNet(nn.Module):
    def __init__(self, classes: int = 80, anchors: int = 9) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        )
        self.layer1 = stage(64, 64, 3, 1)
        self.layer2 = stage(256, 128, 4, 2)
        self.layer3 = stage(512, 256, 6, 2)
        self.layer4 = stage(1024, 512, 3, 2)
        self.lateral5 = nn.Conv2d(2048, 256, 1)
        self.lateral4 = nn.Conv2d(1024, 256, 1)
        self.lateral3 = nn.Conv2d(512, 256, 1)
        self.smooth3 = nn.Conv2d(256, 256, 3, padding=1)
        self.smooth4 = nn.Conv2d(256, 256, 3, padding=1)
        self.smooth5 = nn.Conv2d(256, 256, 3, padding=1)
        self.down6 = nn.Conv2d(2048, 256, 3, 2, 1)
        self.down7 = nn.Conv2d(256, 256, 3, 2, 1)
        self.score = Head(anchors * classes)
        self.box = Head(anchors * 4)

    def pyramid(self, x: Tensor) -> list[Tensor]:
        c3 = self.layer2(self.layer1(self.stem(x)))
        c4 = self.layer3(c3)
        c5 = self.layer4(c4)
        m5 = self.lateral5(c5)
        m4 = self.lateral4(c4) + interpolate(m5, scale_factor=2.0)
        m3 = self.lateral3(c3) + interpolate(m4, scale_factor=2.0)
        p6 = self.down6(c5)
        return [self.smooth3(m3), self.smooth4(m4), self.smooth5(m5), p6, self.down7(relu(p6))]

    def forward(self, x: Tensor) -> Detections:
        maps = self.pyramid(x)
        return Detections([self.score(each) for each in maps], [self.box(each) for each in maps])
