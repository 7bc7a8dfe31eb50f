"""A recipe's augmentations as one function of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Generator, Tensor

from cnndsl.training.augmentation import affine, boxes, colour, exact
from cnndsl.training.augmentation.colour import Components
from cnndsl.training.constants import per_channel
from cnndsl.training.recipe import augmentations as parts

__all__ = ["Augmenter", "augmenter"]

Augmenter = Callable[[Tensor, Generator], Tensor]
"""From images N x C x H x W with values from 0 to 1 to new ones; draws from a generator on the CPU."""


def augmenter(
    chain: Sequence[parts.Augmentation],
    wanted: tuple[int, int],
    mean: Sequence[float],
    components: Components | None = None,
) -> Augmenter | None:
    """What a chain does to images, one augmentation after the other; None where it is empty.

    Each image has draws of its own, made on the CPU whatever the device is, so that all devices see the same images;
    only NOISE is drawn where the images are. Affine ones side by side are one: the images are sampled once.

    Args:
        chain: as `cnndsl.training.recipe.augmentations.sizes` has accepted it.
        wanted: the height and width of the network's input, which `size=input` stands for.
        mean: of each channel of the training images, with values from 0 to 1.
        components: of their colours; COLORPCA needs them.
    """
    facts = _Facts(wanted, tuple(mean), components)
    steps: list[Augmenter] = []
    for is_affine, group in groupby(chain, lambda part: isinstance(part, affine.AFFINE)):
        together = tuple(group)
        steps += [affine.sampled(together)] if is_affine else [_step(part, facts) for part in together]
    return _in_turn(steps) if steps else None


def _in_turn(steps: Sequence[Augmenter]) -> Augmenter:
    def augment(images: Tensor, generator: Generator) -> Tensor:
        for step in steps:
            images = step(images, generator)
        return images

    return augment


@dataclass(frozen=True)
class _Facts:
    wanted: tuple[int, int]
    mean: tuple[float, ...]
    components: Components | None


def _step(part: parts.Augmentation, facts: _Facts) -> Augmenter:
    return STEPS[type(part)](part, facts)


def _crop(part: parts.Crop, facts: _Facts) -> Augmenter:
    size = parts.piece(part.size, facts.wanted)
    return lambda images, generator: exact.crop(images, size, part.padding, part.mode, generator)


def _resized_crop(part: parts.ResizedCrop, facts: _Facts) -> Augmenter:
    size = parts.piece(part.size, facts.wanted)
    return lambda images, generator: boxes.resized_crop(images, size, part.scale, part.ratio, generator)


def _erase(part: parts.Erase, facts: _Facts) -> Augmenter:
    def augment(images: Tensor, generator: Generator) -> Tensor:
        fill = per_channel(facts.mean, images.device)
        return boxes.erase(images, part.p, part.scale, part.ratio, fill, generator)

    return augment


def _flip(part: parts.Flip | parts.VerticalFlip, facts: _Facts) -> Augmenter:
    axis = 3 if isinstance(part, parts.Flip) else 2
    return lambda images, generator: exact.flip(images, axis, part.p, generator)


def _turn(part: parts.Turn, facts: _Facts) -> Augmenter:
    return exact.turn


def _jitter(part: parts.Jitter, facts: _Facts) -> Augmenter:
    changes = (part.brightness, part.contrast, part.saturation)
    return lambda images, generator: colour.jitter(images, *changes, generator)


def _color_pca(part: parts.ColorPCA, facts: _Facts) -> Augmenter:
    assert facts.components is not None, "COLORPCA needs the principal components of the data"
    components = facts.components
    return lambda images, generator: colour.shift(images, components, part.std, generator)


def _noise(part: parts.Noise, facts: _Facts) -> Augmenter:
    return lambda images, generator: images + part.std * _normal(images, generator)


def _normal(like: Tensor, generator: Generator) -> Tensor:
    """Normal values for all of `like`, drawn on its device: as many would take long on the CPU and on the way."""
    if like.device.type != "cpu":
        seed = torch.randint(2**63 - 1, (), generator=generator).item()
        generator = Generator(like.device).manual_seed(int(seed))
    return torch.randn(like.shape, generator=generator, device=like.device)


STEPS: dict[type[parts.Augmentation], Callable[..., Augmenter]] = {
    parts.Crop: _crop,
    parts.ResizedCrop: _resized_crop,
    parts.Flip: _flip,
    parts.VerticalFlip: _flip,
    parts.Turn: _turn,
    parts.Jitter: _jitter,
    parts.ColorPCA: _color_pca,
    parts.Erase: _erase,
    parts.Noise: _noise,
}
"""What is made of each that is not affine."""
