"""What several modules by hand are made of."""

from __future__ import annotations

from torch import Tensor, nn


class Gate(nn.Module):
    """Squeeze and excitation; its two layers have biases."""

    def __init__(self, width: int, squeezed: int, squash: nn.Module, act: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Linear(width, squeezed), nn.Linear(squeezed, width)
        self.act, self.squash = act(), squash

    def forward(self, maps: Tensor) -> Tensor:
        return maps * self.squash(self.excite(self.act(self.squeeze(maps.mean((2, 3))))))[:, :, None, None]


def conv(
    c: int, d: int, k: int, s: int = 1, act: type[nn.Module] | None = None, *, groups: int = 1, eps: float = 1e-5
) -> list[nn.Module]:
    layers: list[nn.Module] = [nn.Conv2d(c, d, k, s, k // 2, groups=groups, bias=False), nn.BatchNorm2d(d, eps)]
    return [*layers, act()] if act else layers
