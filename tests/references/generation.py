"""Networks that make images by hand, and those that judge them.

Radford, Metz & Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
networks", 2015, and the form of it in PyTorch's examples; Mirjalili et al., "Semi-adversarial networks: convolutional
autoencoders for imparting privacy to face images", 2018.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def dcgan_generator(noise: int = 100, base: int = 64) -> nn.Module:
    layers: list[nn.Module] = []
    entering, stride, border = noise, 1, 0
    for width in (8 * base, 4 * base, 2 * base, base):
        conv = nn.ConvTranspose2d(entering, width, 4, stride, border, bias=False)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU()]
        entering, stride, border = width, 2, 1
    return nn.Sequential(*layers, nn.ConvTranspose2d(entering, 3, 4, 2, 1, bias=False), nn.Tanh())


def dcgan_discriminator(base: int = 64) -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, base, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for width in (base, 2 * base, 4 * base):
        layers += [nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(8 * base, 1, 4, bias=False))


def paper_generator() -> nn.Module:
    """Fig. 1."""
    layers = [nn.Linear(100, 1024 * 4 * 4, bias=False), nn.Unflatten(1, (1024, 4, 4)), nn.BatchNorm2d(1024), nn.ReLU()]
    for width in (512, 256, 128):
        conv = nn.ConvTranspose2d(2 * width, width, 5, 2, padding=2, output_padding=1, bias=False)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(128, 3, 5, 2, padding=2, output_padding=1), nn.Tanh())


def paper_discriminator() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, 128, 5, 2, 2), nn.LeakyReLU(0.2)]
    for width in (128, 256, 512):
        layers += [nn.Conv2d(width, 2 * width, 5, 2, 2, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024 * 4 * 4, 1))


class SemiAdversarial(nn.Module):
    """A grey face enters beside a prototype of three channels; the last convolution, which a prototype joins once more,
    runs twice: for a prototype of the same gender and of the other."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(*self.step(4, 8, nn.AvgPool2d(2)), *self.step(8, 12, nn.AvgPool2d(2)))
        self.decoder = nn.Sequential(
            *self.step(12, 256, nn.Upsample(scale_factor=2)), *self.step(256, 128, nn.Upsample(scale_factor=2))
        )
        self.combine = nn.Sequential(nn.Conv2d(128 + 3, 1, 1), nn.Sigmoid())

    @staticmethod
    def step(entering: int, width: int, resized: nn.Module) -> tuple[nn.Module, ...]:
        return nn.Conv2d(entering, width, 3, padding=1), nn.LeakyReLU(0.01), resized

    def forward(self, face: Tensor, own: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        x = self.decoder(self.encoder(torch.cat([face, own], 1)))
        return self.combine(torch.cat([x, own], 1)), self.combine(torch.cat([x, other], 1))


REFERENCES: dict[str, Callable[[], nn.Module]] = {
    "dcgan-generator": dcgan_generator,
    "dcgan-discriminator": dcgan_discriminator,
    "dcgan-paper-generator": paper_generator,
    "dcgan-paper-discriminator": paper_discriminator,
    "semi-adversarial": SemiAdversarial,
}
