"""Picture files as pixels."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from cnndsl.training.errors import Unusable

__all__ = ["MODES", "read"]

MODES = {1: "L", 3: "RGB"}
"""Pillow's mode for so many channels."""

DEEP_GREY = ("I", "I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's modes for grey values from 0 to 65535."""


def read(path: Path, channels: int) -> NDArray[np.uint8]:
    """A picture as C x H x W, upright, its transparent parts on black.

    Args:
        path: of a file in any format that Pillow reads; of several frames the first is taken.
        channels: 1 for grey, 3 for red, green and blue.

    Raises:
        Unusable: the file is no picture, is damaged, or holds far more pixels than a photograph.
    """
    if path.is_dir():
        raise Unusable(f"cannot read {path}: it is a folder; name the pictures in it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                pixels = np.asarray(_opaque(ImageOps.exif_transpose(picture)).convert(MODES[channels]))
    except Exception as error:  # whatever a decoder makes of bytes from anywhere
        raise Unusable(f"cannot read {path}: {_reason(error)}") from None
    return pixels.reshape(*pixels.shape[:2], channels).transpose(2, 0, 1).copy()


def _opaque(picture: Image.Image) -> Image.Image:
    """The picture in a mode that turns into grey and colour without loss of range or transparency."""
    if picture.mode in DEEP_GREY:
        return Image.fromarray((np.asarray(picture).clip(0, 65535) / 257).round().astype(np.uint8))
    if picture.mode == "F":
        raise ValueError("its pixels are floating-point numbers of unknown range")
    if not picture.has_transparency_data:
        return picture
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture)


def _reason(error: Exception) -> str:
    match error:
        case UnidentifiedImageError():
            return "it is no picture that Pillow knows"
        case Image.DecompressionBombError() | Image.DecompressionBombWarning():
            return "it holds too many pixels"
        case OSError(strerror=str() as reason):
            return reason
    return f"it is damaged ({error})"
