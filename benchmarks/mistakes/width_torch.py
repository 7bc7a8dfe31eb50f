"""MobileNet's beginning at 0.35 of its width."""

import torch
from torch import nn

WIDTH = 0.35


def conv(c_in, c, s=1):
    return nn.Sequential(nn.Conv2d(c_in, c, 3, s, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU6())


net = nn.Sequential(
    conv(3, 32 * WIDTH, 2),
    conv(32 * WIDTH, 64 * WIDTH),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(64 * WIDTH, 10),
)
net(torch.zeros(2, 3, 96, 96))
