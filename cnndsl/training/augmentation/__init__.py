"""What a recipe's augmentations do to images, on torch."""

from cnndsl.training.augmentation.chain import Augmenter, augmenter
from cnndsl.training.augmentation.colour import Components, principal_components

__all__ = ["Augmenter", "Components", "augmenter", "principal_components"]
