"""Whether images are of the kind that a network was trained on, and their labels as it numbers the classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.classifier import CHANNELS
from cnndsl.training.data import Facts, Images
from cnndsl.training.errors import Unusable

__all__ = ["labels_for"]

MOST_NAMED = 5
"""Classes that a message names."""


def labels_for(data: Facts, images: Images, name: str) -> NDArray[np.int64]:
    """The labels of images as indices into the classes of the data that a network was trained on.

    Args:
        data: what it was trained on.
        images: of the same classes, in any order.
        name: of their data set.

    Raises:
        Unusable: their classes are others, or their channels cannot be turned into those of the data.
    """
    given, wanted = images.pixels.shape[1], data.shape[0]
    if given != wanted and not {given, wanted} <= set(CHANNELS):
        raise Unusable(
            f"the images of {data.name}, which the run was trained on, have {wanted} channels, and those of {name} "
            f"have {given}: only grey and colour are turned into one another"
        )
    if set(images.classes) != set(data.classes):
        lacks = _only(data.name, data.classes, images.classes), _only(name, images.classes, data.classes)
        differences = " and ".join(filter(None, lacks))
        raise Unusable(f"the run was trained on the classes of {data.name}, which {name} does not have: {differences}")
    places = np.array([data.classes.index(each) for each in images.classes], dtype=np.int64)
    labels: NDArray[np.int64] = places[images.labels]
    return labels


def _only(name: str, classes: Sequence[str], others: Sequence[str]) -> str:
    """What the classes of a data set have that others have not: `only digits has 8, 9`."""
    own = [each for each in classes if each not in set(others)]
    more = f" and {len(own) - MOST_NAMED:,} more" if len(own) > MOST_NAMED else ""
    return f"only {name} has {', '.join(own[:MOST_NAMED])}{more}" if own else ""
