"""Inception-v3 without the side head of training."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvNorm(nn.Sequential):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(out_channels, eps=1e-3),
            nn.ReLU(inplace=True),
        )


class InceptionA(nn.Module):
    def __init__(self, in_channels: int, pool_channels: int) -> None:
        super().__init__()
        self.branch1x1 = ConvNorm(in_channels, 64, 1)
        self.branch5x5 = nn.Sequential(ConvNorm(in_channels, 48, 1), ConvNorm(48, 64, 5, padding=2))
        self.branch3x3 = nn.Sequential(
            ConvNorm(in_channels, 64, 1), ConvNorm(64, 96, 3, padding=1), ConvNorm(96, 96, 3, padding=1)
        )
        self.branch_pool = nn.Sequential(nn.AvgPool2d(3, 1, 1), ConvNorm(in_channels, pool_channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.branch1x1(x), self.branch5x5(x), self.branch3x3(x), self.branch_pool(x)), 1)


class ReductionA(nn.Module):
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3 = ConvNorm(in_channels, 384, 3, 2)
        self.branch_double = nn.Sequential(
            ConvNorm(in_channels, 64, 1), ConvNorm(64, 96, 3, padding=1), ConvNorm(96, 96, 3, 2)
        )
        self.pool = nn.MaxPool2d(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.branch3x3(x), self.branch_double(x), self.pool(x)), 1)


class InceptionB(nn.Module):
    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        row, column = {"kernel": (1, 7), "padding": (0, 3)}, {"kernel": (7, 1), "padding": (3, 0)}
        self.branch1x1 = ConvNorm(in_channels, 192, 1)
        self.branch7x7 = nn.Sequential(
            ConvNorm(in_channels, width, 1), ConvNorm(width, width, **row), ConvNorm(width, 192, **column)
        )
        self.branch_double = nn.Sequential(
            ConvNorm(in_channels, width, 1),
            ConvNorm(width, width, **column),
            ConvNorm(width, width, **row),
            ConvNorm(width, width, **column),
            ConvNorm(width, 192, **row),
        )
        self.branch_pool = nn.Sequential(nn.AvgPool2d(3, 1, 1), ConvNorm(in_channels, 192, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.branch1x1(x), self.branch7x7(x), self.branch_double(x), self.branch_pool(x)), 1)


class ReductionB(nn.Module):
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3 = nn.Sequential(ConvNorm(in_channels, 192, 1), ConvNorm(192, 320, 3, 2))
        self.branch7x7 = nn.Sequential(
            ConvNorm(in_channels, 192, 1),
            ConvNorm(192, 192, (1, 7), padding=(0, 3)),
            ConvNorm(192, 192, (7, 1), padding=(3, 0)),
            ConvNorm(192, 192, 3, 2),
        )
        self.pool = nn.MaxPool2d(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.branch3x3(x), self.branch7x7(x), self.pool(x)), 1)


class InceptionC(nn.Module):
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch1x1 = ConvNorm(in_channels, 320, 1)
        self.branch3x3 = ConvNorm(in_channels, 384, 1)
        self.branch3x3_row = ConvNorm(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3_column = ConvNorm(384, 384, (3, 1), padding=(1, 0))
        self.branch_double = nn.Sequential(ConvNorm(in_channels, 448, 1), ConvNorm(448, 384, 3, padding=1))
        self.branch_double_row = ConvNorm(384, 384, (1, 3), padding=(0, 1))
        self.branch_double_column = ConvNorm(384, 384, (3, 1), padding=(1, 0))
        self.branch_pool = nn.Sequential(nn.AvgPool2d(3, 1, 1), ConvNorm(in_channels, 192, 1))

    def forward(self, x: Tensor) -> Tensor:
        single, double = self.branch3x3(x), self.branch_double(x)
        branches = (
            self.branch1x1(x),
            self.branch3x3_row(single),
            self.branch3x3_column(single),
            self.branch_double_row(double),
            self.branch_double_column(double),
            self.branch_pool(x),
        )
        return torch.cat(branches, 1)


class InceptionV3(nn.Module):
    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            ConvNorm(3, 32, 3, 2),
            ConvNorm(32, 32, 3),
            ConvNorm(32, 64, 3, padding=1),
            nn.MaxPool2d(3, 2),
            ConvNorm(64, 80, 1),
            ConvNorm(80, 192, 3),
            nn.MaxPool2d(3, 2),
        )
        self.mixed = nn.Sequential(
            InceptionA(192, 32),
            InceptionA(256, 64),
            InceptionA(288, 64),
            ReductionA(288),
            InceptionB(768, 128),
            InceptionB(768, 160),
            InceptionB(768, 160),
            InceptionB(768, 192),
            ReductionB(768),
            InceptionC(1280),
            InceptionC(2048),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout()
        self.fc = nn.Linear(2048, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.mixed(self.stem(x)))
        return self.fc(self.dropout(torch.flatten(x, 1)))
