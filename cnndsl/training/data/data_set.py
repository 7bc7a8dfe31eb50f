"""A data set: a name and two parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnndsl.training.data.images import Images
    from cnndsl.training.data.pictures import Pictures

__all__ = ["DataSet"]


class DataSet(NamedTuple):
    """A data set, whose two parts are read when they are asked for.

    Attributes:
        name: what finds it again, from any folder.
        training: reads the part to train on; raises `Unusable` where it cannot be used.
        held_back: likewise, for the part that training never sees; its classes are those of the training part.
        extra: of this package's installation, which brings what reading it imports.
    """

    name: str
    training: Callable[[], Images | Pictures]
    held_back: Callable[[], Images | Pictures]
    extra: str = "train"
