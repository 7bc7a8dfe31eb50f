"""The part that is held back where a data set has no part of its own for that."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.errors import Unusable

__all__ = ["HELD_BACK", "part"]

HELD_BACK = 0.2

SPLIT_SEED = 0
"""It has nothing to do with the seed of a run."""


def part(
    labels: NDArray[np.int64], classes: tuple[str, ...], where: str, *, held_back: bool, share: float = HELD_BACK
) -> NDArray[np.int64]:
    """The indices of a part, each class in both with its share.

    Args:
        labels: N, indices into the classes.
        classes: their names.
        where: the images are, for a person.
        held_back: whether it is the part that is held back.
        share: what is held back of all images.

    Raises:
        Unusable: there are too few images for that.
    """
    counts = np.bincount(labels, minlength=len(classes))
    if lonely := [classes[index] for index in np.flatnonzero(counts == 1)]:
        raise Unusable(
            f"{where} has a single image of {lonely[0]}, and a class needs two: one to train on, one to hold back"
        )
    if math.ceil(share * len(labels)) < np.count_nonzero(counts):
        few = f"{where} has {len(labels):,} images in {np.count_nonzero(counts):,} classes"
        wanted = f"give every class {math.ceil(1 / share)} or more"
        raise Unusable(f"{few}, too few to hold back {share:.0%} of them with each class in it: {wanted}")
    from sklearn.model_selection import train_test_split  # takes a second, and most data sets have their own part

    every = np.arange(len(labels))
    training, rest = train_test_split(every, test_size=share, stratify=labels, random_state=SPLIT_SEED)
    part: NDArray[np.int64] = rest if held_back else training
    return part
