"""From pixels to what a network reads, the same for training, evaluation and prediction."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

__all__ = ["Preprocessing"]

LUMA = (0.299, 0.587, 0.114)
"""What red, green and blue give to a grey value (ITU-R BT.601)."""


@dataclass(frozen=True)
class Preprocessing:
    """Scaling, normalisation, channels and size.

    Attributes:
        shape: channels, height and width of the map that the network reads.
        is_vector: whether it reads the values of that map in a row.
        mean: of each channel of the data, with pixels from 0 to 1.
        std: likewise.
        white: the value of a pixel that stands for 1.
    """

    shape: tuple[int, int, int]
    is_vector: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]
    white: float = 255.0

    def __call__(self, pixels: Tensor, shifts: Tensor | None = None) -> Tensor:
        """The input of the network for N x C x H x W pixels from 0 to `white`, on their device.

        Args:
            pixels: the images; grey and colour become what the data was, which has as many channels as `mean`.
            shifts: N x 2, how far each image moves to the left and up, in parts of its width and height.
        """
        images = _with_channels(pixels.float() / self.white, len(self.mean))
        images = self._resized(_with_channels(self._normalised(images), self.shape[0]))
        if shifts is not None:
            images = _shifted(images, shifts)
        return images.flatten(1) if self.is_vector else images

    def _normalised(self, images: Tensor) -> Tensor:
        mean = torch.tensor(self.mean, device=images.device).view(1, -1, 1, 1)
        std = torch.tensor(self.std, device=images.device).view(1, -1, 1, 1)
        return (images - mean) / std

    def _resized(self, images: Tensor) -> Tensor:
        size = self.shape[1:]
        if images.shape[2:] == size:
            return images
        shrinks = images.shape[2] > size[0] or images.shape[3] > size[1]
        return interpolate(images, size=size, mode="bilinear", antialias=shrinks)


def _with_channels(images: Tensor, channels: int) -> Tensor:
    if channels == 1 and images.shape[1] == len(LUMA):
        luma = torch.tensor(LUMA, device=images.device).view(1, -1, 1, 1)
        return (images * luma).sum(dim=1, keepdim=True)
    return images.expand(-1, channels, -1, -1)


def _shifted(images: Tensor, shifts: Tensor) -> Tensor:
    """Images moved by parts of a pixel too; the border's values come in from outside."""
    move = torch.zeros(len(images), 2, 3, device=images.device)
    move[:, 0, 0] = move[:, 1, 1] = 1
    move[:, :, 2] = 2 * shifts  # the grid runs from -1 to 1
    grid = affine_grid(move, list(images.shape), align_corners=False)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)
