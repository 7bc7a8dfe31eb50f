"""Images and labels that stand in arrays, checked one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.data import split
from cnndsl.training.data.classes import Classes
from cnndsl.training.data.images import Images, chunks
from cnndsl.training.errors import Unusable
from cnndsl.training.left_out import Broken, LeftOut, settle

__all__ = ["half", "images"]


def images(
    pixels: NDArray[Any], labels: NDArray[Any], classes: Classes, places: tuple[str, str], broken: Broken
) -> Images:
    """Images of which each has a class and finite pixels; `white` is that of their type.

    Args:
        pixels: N x C x H x W.
        labels: N, as they are written.
        classes: what the labels may be.
        places: where pixels and labels stand.
        broken: what becomes of the others.

    Raises:
        Unusable: there are as many labels as images not, or none, or something is broken that is not to be passed over.
    """
    if len(pixels) != len(labels):
        raise Unusable(f"{places[0]} holds {len(pixels):,} images, and {places[1]} {len(labels):,} labels")
    indices = classes.of(labels)
    is_finite = _finite(pixels)
    is_usable = (indices >= 0) & is_finite
    if is_usable.all() and len(pixels):
        return Images(pixels, indices, classes.names)
    found = [LeftOut(f"{places[0]}[{n}]", "a pixel is no finite number") for n in np.flatnonzero(~is_finite)]
    for n in np.flatnonzero(indices < 0):
        reason = f"the label {labels[n]} is none of the {len(classes.names)} classes"
        found.append(LeftOut(f"{places[1]}[{n}]", reason))
    left_out = settle(found, broken, f"{len(pixels):,} images in {places[0]}")
    if not is_usable.any():
        raise Unusable(f"{places[0]} holds no image that can be used")
    return Images(pixels[is_usable], indices[is_usable], classes.names, left_out=left_out)


def half(whole: Images, where: str, *, held_back: bool) -> Images:
    """One part of images that are not yet split."""
    part = split.part(whole.labels, whole.classes, where, held_back=held_back)
    return Images(whole.pixels[part], whole.labels[part], whole.classes, whole.white, whole.left_out)


def _finite(pixels: NDArray[Any]) -> NDArray[np.bool_]:
    if pixels.dtype.kind != "f" or not len(pixels):
        return np.ones(len(pixels), bool)
    return np.concatenate([np.isfinite(chunk).all(axis=(1, 2, 3)) for chunk in chunks(pixels)])
