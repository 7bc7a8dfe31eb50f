"""Three mistakes: a sum of 64 and 32 channels, a misspelt keyword, a misspelt layer."""

import torch
from torch import nn
from torch.nn import functional as F


def conv(c_in, c, k):
    return nn.Sequential(nn.Conv2d(c_in, c, k, padding=k // 2), nn.BatchNorm2d(c), nn.ReLU())


class Block(nn.Module):
    def __init__(self, c_in, c):
        super().__init__()
        self.conv1 = conv(c_in, c, 1)
        self.conv2 = nn.Conv2d(c, c, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(c)

    def forward(self, x):
        y = self.bn2(self.conv2(self.conv1(x)))
        return F.relu(y + x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = conv(3, 32, 5)
        self.block1 = Block(32, 32)
        self.block2 = Block(32, 64)
        self.pool = nn.MaxPool2d(kernal_size=2)
        self.dropout = nn.Dropuot(0.5)
        self.fc = nn.Linear(64 * 16 * 16, 10)

    def forward(self, x):
        x = self.conv1(x)
        x = self.block1(x)
        x = self.block2(x)
        x = self.dropout(self.pool(x))
        return self.fc(x.flatten(1))


Net()(torch.zeros(2, 3, 32, 32))
