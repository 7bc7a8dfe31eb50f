"""What several of the networks by hand are made of."""

from __future__ import annotations

from torch import Tensor, nn


class Gate(nn.Module):
    """Squeeze and excitation (Hu et al., 2017): both layers with biases, as in the authors' models."""

    def __init__(
        self, channels: int, squeezed: int, act: type[nn.Module] = nn.ReLU, last: type[nn.Module] = nn.Sigmoid
    ) -> None:
        super().__init__()
        self.excite = nn.Sequential(nn.Linear(channels, squeezed), act(), nn.Linear(squeezed, channels), last())

    def forward(self, x: Tensor) -> Tensor:
        factors: Tensor = self.excite(x.mean((2, 3)))
        return x * factors[..., None, None]


def with_eps(module: nn.Module, eps: float) -> nn.Module:
    """The network, with another constant in its batch norms than torch's."""
    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d):
            each.eps = eps
    return module


def rounded(channels: float, by: int = 8) -> int:
    """Up or down to a multiple, never down by more than a tenth: as the authors of MobileNet round their widths."""
    nearest = max(by, int(channels + by / 2) // by * by)
    return nearest + by if nearest < 0.9 * channels else nearest
