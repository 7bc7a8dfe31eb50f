"""Six stages, each of which halves the map, on pictures of 32x32."""

import torch
from torch import nn


def stage(c_in, c):
    return nn.Sequential(nn.Conv2d(c_in, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU(), nn.MaxPool2d(2))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stage1 = stage(3, 16)
        self.stage2 = stage(16, 32)
        self.stage3 = stage(32, 64)
        self.stage4 = stage(64, 128)
        self.stage5 = stage(128, 256)
        self.stage6 = stage(256, 512)
        self.fc = nn.Linear(512, 10)

    def forward(self, x):
        x = self.stage1(x)
        x = self.stage2(x)
        x = self.stage3(x)
        x = self.stage4(x)
        x = self.stage5(x)
        x = self.stage6(x)
        return self.fc(x.mean((2, 3)))


Net()(torch.zeros(2, 3, 32, 32))
