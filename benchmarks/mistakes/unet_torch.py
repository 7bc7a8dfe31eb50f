"""A U-Net of three levels on pictures of 100x100."""

import torch
from torch import nn


def double(c_in, c):
    return nn.Sequential(nn.Conv2d(c_in, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), nn.ReLU())


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.MaxPool2d(2)
        self.down1, self.down2, self.down3 = double(3, 16), double(16, 32), double(32, 64)
        self.bottom = double(64, 128)
        self.up3 = nn.ConvTranspose2d(128, 64, 2, 2)
        self.up2 = nn.ConvTranspose2d(64, 32, 2, 2)
        self.up1 = nn.ConvTranspose2d(32, 16, 2, 2)
        self.join3, self.join2, self.join1 = double(128, 64), double(64, 32), double(32, 16)
        self.out = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(self.pool(a))
        c = self.down3(self.pool(b))
        x = self.bottom(self.pool(c))
        x = self.join3(torch.cat([c, self.up3(x)], 1))
        x = self.join2(torch.cat([b, self.up2(x)], 1))
        x = self.join1(torch.cat([a, self.up1(x)], 1))
        return self.out(x)


UNet()(torch.zeros(2, 3, 100, 100))
