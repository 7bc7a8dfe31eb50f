"""A residual block that makes its squeeze-and-excitation gate and forgets to call it; one step of training."""

import torch
from torch import nn
from torch.nn import functional as F


class Gate(nn.Module):
    def __init__(self, c, r):
        super().__init__()
        self.fc1 = nn.Linear(c, c // r)
        self.fc2 = nn.Linear(c // r, c)

    def forward(self, x):
        y = F.relu(self.fc1(x.mean((2, 3))))
        return x * torch.sigmoid(self.fc2(y))[:, :, None, None]


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1 = nn.Conv2d(c, c, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c)
        self.conv2 = nn.Conv2d(c, c, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c)
        self.gate = Gate(c, 8)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + x)


net = nn.Sequential(
    nn.Conv2d(3, 32, 3, padding=1, bias=False),
    nn.BatchNorm2d(32),
    nn.ReLU(),
    Block(32),
    Block(32),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(32, 10),
)
optimizer = torch.optim.SGD(net.parameters(), 0.01)
loss = F.cross_entropy(net(torch.zeros(2, 3, 32, 32)), torch.tensor([0, 1]))
loss.backward()
optimizer.step()
