"""What SqueezeNet (Iandola et al., 2016) comes to, by hand: 1.0 and 1.1, without and with the simple bypass."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Fire(nn.Module):
    def __init__(self, entering: int, squeeze: int, expand: int, bypass: bool) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(entering, squeeze, 1)
        self.expand1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.bypass = bypass and entering == 2 * expand

    def forward(self, x: Tensor) -> Tensor:
        squeezed = torch.relu(self.squeeze(x))
        expanded = torch.cat((torch.relu(self.expand1(squeezed)), torch.relu(self.expand3(squeezed))), 1)
        return x + expanded if self.bypass else expanded


class SqueezeNet(nn.Sequential):
    def __init__(self, version: str, bypass: bool = False, classes: int = 1000) -> None:
        old = version == "1.0"
        width, kernel = (96, 7) if old else (64, 3)
        rows = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
        pooled_before = (0, 3, 7) if old else (0, 2, 4)
        layers: list[nn.Module] = [nn.Conv2d(3, width, kernel, 2), nn.ReLU()]
        for place, (squeeze, expand) in enumerate(rows):
            if place in pooled_before:
                layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
            layers.append(Fire(width, squeeze, expand, bypass))
            width = 2 * expand
        layers += [nn.Dropout(), nn.Conv2d(width, classes, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        super().__init__(*layers)


REFERENCES = {
    "squeezenet": lambda: SqueezeNet("1.0"),
    "squeezenet-bypass": lambda: SqueezeNet("1.0", bypass=True),
    "squeezenet1-1": lambda: SqueezeNet("1.1"),
}
