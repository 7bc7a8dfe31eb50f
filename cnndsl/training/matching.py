"""Whether images are of the kind that a network was trained on, and how it numbers their classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.classifier import CHANNELS
from cnndsl.training.data import Facts, Images, Pictures
from cnndsl.training.errors import Unusable

__all__ = ["places_of"]

MOST_NAMED = 5
"""Classes that a message names."""


def places_of(data: Facts, images: Images | Pictures, name: str) -> NDArray[np.int64]:
    """For each class of images its index among those of the data that a network was trained on.

    Args:
        data: what it was trained on.
        images: of the same classes, in any order.
        name: of their data set.

    Raises:
        Unusable: their classes are others, or their channels cannot be turned into those of the data.
    """
    given, wanted = images.channels, data.shape[0]
    if given != wanted and not {given, wanted} <= set(CHANNELS):
        raise Unusable(
            f"the images of {data.name}, which the run was trained on, have {wanted} channels, and those of {name} "
            f"have {given}: only grey and colour are turned into one another"
        )
    if set(images.classes) != set(data.classes):
        lacks = _only(data.name, data.classes, images.classes), _only(name, images.classes, data.classes)
        differences = " and ".join(filter(None, lacks))
        raise Unusable(f"the run was trained on the classes of {data.name}, which {name} does not have: {differences}")
    return np.array([data.classes.index(each) for each in images.classes], dtype=np.int64)


def _only(name: str, classes: Sequence[str], others: Sequence[str]) -> str:
    """What the classes of a data set have that others have not: `only digits has 8, 9`."""
    own = [each for each in classes if each not in set(others)]
    more = f" and {len(own) - MOST_NAMED:,} more" if len(own) > MOST_NAMED else ""
    return f"only {name} has {', '.join(own[:MOST_NAMED])}{more}" if own else ""
