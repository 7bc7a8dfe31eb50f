"""Picture files as pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from cnndsl.training.errors import Unusable

__all__ = ["MODES", "WHITE", "Fit", "Header", "NoPicture", "decode", "header", "read", "strict", "suffixes"]

MODES = {1: "L", 3: "RGB"}
"""Pillow's mode for so many channels."""

WHITE = 255
"""What a pixel of a picture is at most."""

DEEP_GREY = ("I", "I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's modes for grey values from 0 to 65535."""

GREY = ("1", "L", "LA", "La", *DEEP_GREY)
"""Pillow's modes without colour."""

PROGRAMS = ("EPS",)
"""Formats that Pillow has another program run to see: a picture is data."""

ORIENTATION = 0x0112
"""The number of Exif's note on how the camera was held; 5 and more lay on its side."""

Fit: TypeAlias = Literal["stretch", "cover"]
"""How a picture comes to another size: `stretch` gives each axis its own scale; `cover` scales both by the least that
covers the size, and takes the middle (Krizhevsky et al., 2012)."""


class NoPicture(Exception):
    """There is no picture in a file; the text is the rest of a sentence."""


class Header(NamedTuple):
    """What a file tells of its picture before it is decoded; the size is that of the picture held upright."""

    height: int
    width: int
    is_grey: bool


def read(path: Path, channels: int, size: tuple[int, int] | None = None, fit: Fit = "stretch") -> NDArray[np.uint8]:
    """A picture as C x H x W, upright, its transparent parts on black.

    Args:
        path: of a file in any format that Pillow reads; of several frames the first is taken.
        channels: 1 for grey, 3 for red, green and blue.
        size: height and width that it comes to; those of the picture if none are given.
        fit: how.

    Raises:
        Unusable: the file is no picture, is damaged, or holds far more pixels than a photograph.
    """
    if channels not in MODES:
        raise Unusable(f"cannot read {path} as an image of {channels} channels: a picture has 1 or 3")
    try:
        with strict():
            return decode(path, channels, size, fit)
    except NoPicture as error:
        raise Unusable(f"cannot read {path}: {error}") from None


@contextmanager
def strict() -> Iterator[None]:
    """Make a picture of too many pixels an error, and Pillow's other warnings nothing.

    `header` and `decode` want to be inside. It is for a whole process, so threads are inside of one together.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def decode(
    file: Path | BinaryIO, channels: int, size: tuple[int, int] | None = None, fit: Fit = "stretch"
) -> NDArray[np.uint8]:
    """What `read` gives, of an open file too.

    Raises:
        NoPicture: there is none.
    """
    with _opened(file) as picture:
        if size is not None:
            # JPEG is decoded at half, a quarter or an eighth of its size, twice as large as needed and more
            picture.draft(None, (2 * max(size), 2 * max(size)))
        flat = _opaque(ImageOps.exif_transpose(picture)).convert(MODES[channels])
        pixels = np.asarray(flat if size is None else _sized(flat, size, fit))
    return pixels.reshape(*pixels.shape[:2], channels).transpose(2, 0, 1).copy()


def header(file: Path | BinaryIO) -> Header:
    """What a file tells of its picture; it may still be cut off.

    Raises:
        NoPicture: it is none.
    """
    with _opened(file) as picture:
        width, height = picture.size
        # Pillow's own `getexif` of a PNG decodes it all, to find a note at its end
        if Image.Image.getexif(picture).get(ORIENTATION, 1) >= 5:
            width, height = height, width
        return Header(height, width, picture.mode in GREY or _has_grey_palette(picture))


def suffixes() -> frozenset[str]:
    """How the names of files end that Pillow opens, in small letters, `.png`."""
    endings = Image.registered_extensions()  # which finds all formats first
    return frozenset(end for end, format in endings.items() if format in Image.OPEN and format not in PROGRAMS)


@contextmanager
def _opened(file: Path | BinaryIO) -> Iterator[Image.Image]:
    """A picture whose header has been read; whatever goes wrong inside is told as NoPicture."""
    if isinstance(file, Path) and file.exists() and not file.is_file():  # opening a pipe would wait for ever
        raise NoPicture("it is a folder; name the pictures in it" if file.is_dir() else "it is no file")
    try:
        with Image.open(file) as picture:
            if picture.format in PROGRAMS:
                raise NoPicture(f"{picture.format} is a program that draws, and is not run")
            if picture.mode == "F":
                raise NoPicture("its pixels are floating-point numbers of unknown range")
            yield picture
    except NoPicture:
        raise
    except Exception as error:  # whatever a decoder makes of bytes from anywhere
        raise NoPicture(_reason(file, error)) from None


def _opaque(picture: Image.Image) -> Image.Image:
    """The picture in a mode that turns into grey and colour without loss of range or transparency."""
    if picture.mode in DEEP_GREY:
        return Image.fromarray((np.asarray(picture).clip(0, 65535) / 257).round().astype(np.uint8))
    if not picture.has_transparency_data:
        return picture
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture)


def _sized(picture: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
    """The picture at a height and width; bilinear, antialiased where it shrinks."""
    width_and_height = size[::-1]
    if fit == "cover":
        return ImageOps.fit(picture, width_and_height, Image.Resampling.BILINEAR)
    return picture.resize(width_and_height, Image.Resampling.BILINEAR)


def _has_grey_palette(picture: Image.Image) -> bool:
    if picture.mode not in ("P", "PA") or picture.palette is None:
        return False
    mode, colours = picture.palette.getdata()
    red, green, blue = (colours[index :: len(mode)] for index in range(3))
    return len(mode) >= 3 and red == green == blue


def _reason(file: Path | BinaryIO, error: Exception) -> str:
    match error:
        case UnidentifiedImageError():
            size = file.stat().st_size if isinstance(file, Path) else file.seek(0, SEEK_END)
            return "it is no picture that Pillow knows" if size else "it is empty"
        case Image.DecompressionBombError() | Image.DecompressionBombWarning():
            return "it holds too many pixels"
        case OSError(strerror=str() as reason):
            return reason
    return f"it is damaged ({error})"
