"""GoogLeNet as published: local response norms, no batch norms; without the two side heads of training."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Conv(nn.Sequential):
    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2),
            nn.ReLU(inplace=True),
        )


class Inception(nn.Module):
    def __init__(self, in_channels: int, c1: int, b3: int, c3: int, b5: int, c5: int, pool: int) -> None:
        super().__init__()
        self.branch1 = Conv(in_channels, c1, 1)
        self.branch3 = nn.Sequential(Conv(in_channels, b3, 1), Conv(b3, c3, 3))
        self.branch5 = nn.Sequential(Conv(in_channels, b5, 1), Conv(b5, c5, 5))
        self.branch_pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), Conv(in_channels, pool, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.branch1(x), self.branch3(x), self.branch5(x), self.branch_pool(x)), 1)


def shrink() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


class GoogLeNet(nn.Module):
    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(
            Conv(3, 64, 7, 2),
            shrink(),
            nn.LocalResponseNorm(5),
            Conv(64, 64, 1),
            Conv(64, 192, 3),
            nn.LocalResponseNorm(5),
            shrink(),
            Inception(192, 64, 96, 128, 16, 32, 32),
            Inception(256, 128, 128, 192, 32, 96, 64),
            shrink(),
            Inception(480, 192, 96, 208, 16, 48, 64),
            Inception(512, 160, 112, 224, 24, 64, 64),
            Inception(512, 128, 128, 256, 24, 64, 64),
            Inception(512, 112, 144, 288, 32, 64, 64),
            Inception(528, 256, 160, 320, 32, 128, 128),
            shrink(),
            Inception(832, 256, 160, 320, 32, 128, 128),
            Inception(832, 384, 192, 384, 48, 128, 128),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(1024, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.flatten(self.avgpool(self.features(x)), 1)
        return self.fc(self.dropout(x))
