"""Augmentations: how training images are changed, each time anew. `cnndsl.training.augmentation` does it.

They see images N x C x H x W.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.layers.attributes import Extents, Real, Symbol, Whole
from cnndsl.layers.rejected import Rejected
from cnndsl.layers.tensor import by_x
from cnndsl.training.recipe.part import Either, Numbers, Part

__all__ = [
    "AS_INPUT",
    "Augmentation",
    "ColorPCA",
    "Crop",
    "Erase",
    "Flip",
    "Jitter",
    "Misplaced",
    "Noise",
    "ResizedCrop",
    "Rotate",
    "Shift",
    "Turn",
    "VerticalFlip",
    "Zoom",
    "piece",
    "sizes",
]

AS_INPUT = "input"
"""The size, as a recipe writes it, that stands for that of the network's input."""

Size = tuple[int, int]
"""Height and width."""


class Misplaced(Rejected):
    """An augmentation cannot be where it is in its chain; `index` says which, counted from 0, or none of them."""

    def __init__(self, rejected: Rejected, index: int | None) -> None:
        super().__init__(rejected.message, attribute=rejected.attribute, help=rejected.help)
        self.index = index


def piece(size: str | tuple[int, ...], wanted: Size) -> Size:
    """The height and width that a recipe's `size` stands for.

    Raises:
        Rejected: it has more than two numbers.
    """
    if isinstance(size, str):
        return wanted
    if len(size) > 2:
        raise Rejected(f"the size of an image is its height and width, not {by_x(size)}", attribute="size")
    return size[0], size[-1]


def _size() -> Either:
    return Either(Extents("the size of the piece"), (AS_INPUT,), AS_INPUT)


class Augmentation(Part):
    """Base of all augmentations.

    Each image gets its own draws. Values run from 0 to 1 here; they are normalised behind the last augmentation.
    """

    family = "augmentation"

    def leaving(self, channels: int, size: Size, wanted: Size) -> Size:
        """The height and width of what leaves it, when images of this size come in.

        Args:
            channels: of the images.
            size: of the images.
            wanted: the height and width of the network's input.

        Raises:
            Rejected: they cannot come in.
        """
        return size


class Crop(Augmentation):
    """A piece of the image at a random place, after padding; by default of the size of the network's input."""

    words = ("CROP",)
    elsewhere = ("randomcrop",)

    size = _size()
    padding = Whole("the pixels that are put around the image", 0, minimum=0)
    mode = Symbol("what they are", ("zero", "reflect", "edge"), "zero")

    def leaving(self, channels: int, size: Size, wanted: Size) -> Size:
        if self.mode == "reflect" and self.padding >= min(size):
            message = f"{self.padding} pixels around images of {by_x(size)} cannot be reflected: there are not as many"
            raise Rejected(message, attribute="padding", help=f"write a padding of at most {min(size) - 1}")
        found = piece(self.size, wanted)
        height, width = (extent + 2 * self.padding for extent in size)
        if found[0] > height or found[1] > width:
            padded = f", {by_x((height, width))} with the padding" if self.padding else ""
            message = f"a piece of {by_x(found)} does not fit in images of {by_x(size)}{padded}"
            raise Rejected(message, attribute="size", help="crop smaller pieces, or give more padding")
        return found


class ResizedCrop(Augmentation):
    """A piece of random place, area and shape, resized (Szegedy et al., 2015): to the size of the network's input."""

    words = ("RESIZEDCROP",)
    elsewhere = ("randomresizedcrop",)

    size = _size()
    scale = Numbers("the least and the greatest area, as parts of the image", (0.08, 1), count=2, rising=True,
                    of=Real("an area", above=0, maximum=1))  # fmt: skip
    ratio = Numbers("the least and the greatest width / height", (0.75, 4 / 3), count=2, rising=True,
                    of=Real("a ratio", above=0))  # fmt: skip

    def leaving(self, channels: int, size: Size, wanted: Size) -> Size:
        return piece(self.size, wanted)


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

    def leaving(self, channels: int, size: Size, wanted: Size) -> Size:
        if size[0] != size[1]:
            raise Rejected(f"only square images can be turned by 90 degrees, and these are {by_x(size)}")
        return size


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

    def leaving(self, channels: int, size: Size, wanted: Size) -> Size:
        if self.saturation and channels != 3:
            there = f"{channels} channel{'s' * (channels != 1)}"
            message = f"only red, green and blue have a saturation, and the images have {there}"
            raise Rejected(message, attribute="saturation", help="write saturation=0")
        return size


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


def sizes(chain: Sequence[Augmentation], channels: int, size: Size, wanted: Size) -> None:
    """See that images can go through a chain and leave it as the network's input, and that their middle is one too.

    Args:
        chain: the augmentations.
        channels: of the images.
        size: the height and width of the images before the first of them.
        wanted: the height and width of the network's input.

    Raises:
        Misplaced: they cannot; without an index it is the size of the images that does not fit.
    """
    entering = size
    for index, part in enumerate(chain):
        try:
            entering = part.leaving(channels, entering, wanted)
        except Rejected as rejected:
            raise Misplaced(rejected, index) from None
    if size[0] < wanted[0] or size[1] < wanted[1]:
        message = f"the images are {by_x(size)}, and the middle of them that the network reads is {by_x(wanted)}"
        raise Misplaced(Rejected(message, attribute="size", help=f"write a size of at least {by_x(wanted)}"), None)
    if entering != wanted:
        message = f"the images are {by_x(entering)} after the augmentation, and the network reads {by_x(wanted)}"
        sized = [index for index, part in enumerate(chain) if "size" in part.attributes]
        help = "write CROP, which cuts out what the network reads"
        raise Misplaced(Rejected(message, attribute="size", help=help), sized[-1] if sized else None)
