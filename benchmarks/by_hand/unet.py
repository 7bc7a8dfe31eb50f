"""U-Net as published: convolutions without padding, what is copied across is cropped."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DoubleConv(nn.Sequential):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 3),
            nn.ReLU(inplace=True),
        )


class Up(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, out_channels, 2, 2)
        self.conv = DoubleConv(2 * out_channels, out_channels)

    def forward(self, x: Tensor, across: Tensor) -> Tensor:
        x = self.up(x)
        top = (across.shape[2] - x.shape[2]) // 2
        left = (across.shape[3] - x.shape[3]) // 2
        across = across[:, :, top : top + x.shape[2], left : left + x.shape[3]]
        return self.conv(torch.cat((across, x), 1))


class UNet(nn.Module):
    def __init__(self, classes: int = 2) -> None:
        super().__init__()
        widths = (64, 128, 256, 512)
        self.down = nn.ModuleList(DoubleConv(*each) for each in zip((1, *widths), widths, strict=False))
        self.pool = nn.MaxPool2d(2)
        self.bottom = DoubleConv(512, 1024)
        self.up = nn.ModuleList(Up(2 * width, width) for width in reversed(widths))
        self.head = nn.Conv2d(64, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        across = []
        for conv in self.down:
            x = conv(x)
            across.append(x)
            x = self.pool(x)
        x = self.bottom(x)
        for up in self.up:
            x = up(x, across.pop())
        return self.head(x)
