"""Data sets by name. Each has a part to train on and a part that is held back for evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cnndsl.diagnostics.suggest import did_you_mean
from cnndsl.training.errors import Unusable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DATA_SETS", "DataSet", "Facts", "Images", "find"]

HELD_BACK = 0.2
"""The part that is held back where a data set has no test set of its own."""

SPLIT_SEED = 0
"""Of that part; it has nothing to do with the seed of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a run keeps of its data.

    Attributes:
        name: of the data set.
        shape: channels, height and width of an image.
        classes: the names of the classes, in the order of the network's outputs.
        mean: of each channel of the training images, with pixels from 0 to 1.
        std: likewise; never 0.
    """

    name: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Images:
    """Images with their classes.

    Attributes:
        pixels: N x C x H x W, uint8; C is 1 (grey) or 3 (red, green, blue).
        labels: N, int64, indices into `classes`.
        classes: the names of the classes.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def facts(self, name: str) -> Facts:
        """What there is to know of them as the training part of the data set of this name."""
        _, channels, height, width = self.pixels.shape
        scaled = self.pixels / 255.0
        mean, std = scaled.mean(axis=(0, 2, 3)).tolist(), scaled.std(axis=(0, 2, 3)).tolist()
        return Facts(
            name=name,
            shape=(channels, height, width),
            classes=self.classes,
            mean=tuple(mean),
            std=tuple(each or 1.0 for each in std),
        )


class DataSet(NamedTuple):
    """A data set, whose two parts are read when they are asked for."""

    name: str
    training: Callable[[], Images]
    held_back: Callable[[], Images]


def find(name: str) -> DataSet:
    """The data set of a name.

    Raises:
        Unusable: there is none.
    """
    if name in DATA_SETS:
        return DATA_SETS[name]
    hint = did_you_mean(name, DATA_SETS) or f"there is {', '.join(DATA_SETS)}"
    raise Unusable(f"there is no data set `{name}`; {hint}")


def _digits(*, held_back: bool) -> Images:
    """One part of the test set of UCI's "Optical recognition of handwritten digits": 1,797 images of 1x8x8.

    Alpaydin & Kaynak, 1998, as scikit-learn ships them, with values from 0 to 16.
    """
    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    part = _part(digits.target, held_back=held_back)
    pixels = np.rint(digits.images[part] * (255 / 16)).astype(np.uint8)
    return Images(pixels[:, None], digits.target[part].astype(np.int64), tuple(map(str, digits.target_names)))


def _part(labels: NDArray[np.int64], *, held_back: bool) -> NDArray[np.int64]:
    """The indices of a part, each class in both with its share."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    every = np.arange(len(labels))
    training, rest = train_test_split(every, test_size=HELD_BACK, stratify=labels, random_state=SPLIT_SEED)
    part: NDArray[np.int64] = rest if held_back else training
    return part


DATA_SETS = {
    "digits": DataSet("digits", lambda: _digits(held_back=False), lambda: _digits(held_back=True)),
}
"""All of them by name."""
