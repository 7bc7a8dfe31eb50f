"""Augmentations: how training images are changed, each time anew. `cnndsl.training.augmentation` does it.

They see images N x C x H x W.
"""

from __future__ import annotations

from cnndsl.layers.attributes import Extents, Real, Symbol, Whole
from cnndsl.training.recipe.part import Either, Numbers, Part

__all__ = [
    "Augmentation",
    "ColorPCA",
    "Crop",
    "Erase",
    "Flip",
    "Jitter",
    "Noise",
    "ResizedCrop",
    "Rotate",
    "Shift",
    "Turn",
    "VerticalFlip",
    "Zoom",
]


def _size() -> Either:
    return Either(Extents("the size of the piece"), ("input",), "input")


class Augmentation(Part):
    """Base of all augmentations.

    Each image gets its own draws. Values run from 0 to 1 here; they are normalised behind the last augmentation.
    """

    family = "augmentation"


class Crop(Augmentation):
    """A piece of the image at a random place, after padding; by default of the size of the network's input."""

    words = ("CROP",)
    elsewhere = ("randomcrop",)

    size = _size()
    padding = Whole("the pixels that are put around the image", 0, minimum=0)
    mode = Symbol("what they are", ("zero", "reflect", "edge"), "zero")


class ResizedCrop(Augmentation):
    """A piece of random place, area and shape, resized (Szegedy et al., 2015): to the size of the network's input."""

    words = ("RESIZEDCROP",)
    elsewhere = ("randomresizedcrop",)

    size = _size()
    scale = Numbers("the least and the greatest area, as parts of the image", (0.08, 1), count=2, rising=True,
                    of=Real("an area", above=0, maximum=1))  # fmt: skip
    ratio = Numbers("the least and the greatest width / height", (0.75, 4 / 3), count=2, rising=True,
                    of=Real("a ratio", above=0))  # fmt: skip


class Flip(Augmentation):
    """Left and right change places in a part of the images."""

    words = ("FLIP",)
    elsewhere = ("hflip", "horizontalflip", "randomflip", "randomhorizontalflip")

    p = Real("the part of the images", 0.5, minimum=0, maximum=1)


class VerticalFlip(Augmentation):
    """Top and bottom change places in a part of the images."""

    words = ("VFLIP",)
    elsewhere = ("randomverticalflip", "verticalflip")

    p = Real("the part of the images", 0.5, minimum=0, maximum=1)


class Turn(Augmentation):
    """A rotation by 0, 90, 180 or 270 degrees, each as likely: for images from above. They have to be square."""

    words = ("TURN",)


class Rotate(Augmentation):
    """A rotation by up to so many degrees to either side; what comes in from outside repeats the border."""

    words = ("ROTATE",)
    elsewhere = ("randomrotation",)

    degrees = Real("the greatest angle, in degrees", minimum=0, maximum=180)


class Shift(Augmentation):
    """A move by up to this part of width and height, parts of a pixel too; the border comes in from outside."""

    words = ("SHIFT",)
    elsewhere = ("randomtranslation", "translate")

    part = Real("the greatest move, as a part of the size", 0.1, minimum=0, maximum=1)


class Zoom(Augmentation):
    """A change of scale about the centre, by a factor between two."""

    words = ("ZOOM",)
    elsewhere = ("randomzoom",)

    factors = Numbers("the least and the greatest factor", (0.9, 1.1), count=2, rising=True,
                      of=Real("a factor", above=0))  # fmt: skip


class Jitter(Augmentation):
    """Brightness, contrast and saturation times a factor from 1 - x to 1 + x each."""

    words = ("JITTER",)
    elsewhere = ("colorjitter",)

    brightness = Real("the change of brightness", 0.2, minimum=0, maximum=1)
    contrast = Real("the change of contrast", 0.2, minimum=0, maximum=1)
    saturation = Real("the change of saturation", 0, minimum=0, maximum=1)


class ColorPCA(Augmentation):
    """A shift of the colour along the principal components of all training pixels (Krizhevsky et al., 2012, 4.1).

    To every pixel is added the sum of p_i * alpha_i * lambda_i: p_i and lambda_i are eigenvectors and eigenvalues of
    the covariance of the channels, alpha_i is drawn for each image from a normal distribution.
    """

    words = ("COLORPCA",)

    std = Real("the standard deviation of alpha", 0.1, minimum=0)


class Erase(Augmentation):
    """A random rectangle of some images becomes the mean of the training images (Zhong et al., 2017)."""

    words = ("ERASE",)
    elsewhere = ("cutout", "randomerasing")

    p = Real("the part of the images", 0.5, minimum=0, maximum=1)
    scale = Numbers("the least and the greatest area, as parts of the image", (0.02, 0.4), count=2, rising=True,
                    of=Real("an area", above=0, maximum=1))  # fmt: skip
    ratio = Numbers("the least and the greatest width / height", (0.3, 10 / 3), count=2, rising=True,
                    of=Real("a ratio", above=0))  # fmt: skip


class Noise(Augmentation):
    """Normal noise is added to every value."""

    words = ("NOISE",)
    elsewhere = ("gaussiannoise", "randomgaussiannoise")

    std = Real("its standard deviation, with values from 0 to 1", 0.05, minimum=0)
