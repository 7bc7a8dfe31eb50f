"""From labels as they are written to indices into the names of the classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.errors import Unusable

__all__ = ["Classes", "checked", "lines", "plain"]


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes of a data set.

    Attributes:
        names: in the order of the network's outputs.
        numbers: the index of each label that is one of them, as it is written.
    """

    names: tuple[str, ...]
    numbers: dict[int | str, int]

    def of(self, labels: NDArray[Any]) -> NDArray[np.int64]:
        """The index of each label, -1 for one that is of no class."""
        found = (self.numbers.get(label, -1) for label in labels.tolist())
        return np.fromiter(found, np.int64, len(labels))

    @classmethod
    def named(cls, names: Iterable[str], labels: NDArray[Any], where: str) -> Classes:
        """Classes with these names; whole numbers as labels are indices into them, others are names."""
        names = checked(names, where)
        is_number = labels.dtype.kind in "iu"
        return cls(names, {index if is_number else name: index for index, name in enumerate(names)})

    @classmethod
    def found(cls, labels: NDArray[Any], where: str) -> Classes:
        """The different labels that there are, in order; a negative number is none."""
        different = [label for label in np.unique(labels).tolist() if isinstance(label, str) or label >= 0]
        return cls(checked(map(str, different), where), {label: index for index, label in enumerate(different)})


def plain(labels: NDArray[Any], where: str) -> tuple[NDArray[Any], int]:
    """Labels as N whole numbers or N strings, -1 for what is no label; and the number of classes where one-hot told it.

    Args:
        labels: N or N x 1 whole numbers, also as floating-point numbers, or strings; or N x classes, one-hot.
        where: they come from.

    Raises:
        Unusable: they are something else.
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    if labels.ndim == 1 and labels.dtype.kind in "iuU":
        return labels, 0
    if labels.ndim == 1 and labels.dtype.kind == "f":
        is_whole = (labels == np.rint(labels)) & (np.abs(labels) < 2**53)
        return np.where(is_whole, labels, -1).astype(np.int64), 0
    if labels.ndim == 2 and labels.dtype.kind in "biuf":
        is_one_hot = ((labels == 0) | (labels == 1)).all(axis=1) & (np.count_nonzero(labels, axis=1) == 1)
        return np.where(is_one_hot, labels.argmax(axis=1), -1), labels.shape[1]
    what = f"an array of {'x'.join(map(str, labels.shape))} in {labels.dtype}"
    raise Unusable(f"{where} is {what}, and labels are N whole numbers, N strings, or N x classes with a 1 in each row")


def lines(path: Path) -> list[str]:
    """The names in a text file, one in a line; empty lines at its end are none.

    Raises:
        Unusable: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Unusable(f"cannot read the names of the classes, {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unusable(f"cannot read the names of the classes, {path}: it is not UTF-8 text") from None
    return [line.strip() for line in text.rstrip().splitlines()]


def checked(names: Iterable[str], where: str) -> tuple[str, ...]:
    """The names of classes.

    Raises:
        Unusable: there are fewer than two, two are the same, or one cannot be shown.
    """
    names = tuple(names)
    if len(names) < 2:
        found = f"a single class, {names[0]}" if names else "no class"
        raise Unusable(f"{where} has {found}: to tell images apart takes two")
    bad = [name for name in names if not name or not name.isprintable()]
    if bad:
        raise Unusable(f"{where} has a class whose name cannot be shown: {bad[0]!r}")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise Unusable(f"{where} has {times} classes of the name {name}")
    return names
