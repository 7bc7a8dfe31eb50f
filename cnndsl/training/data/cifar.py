"""CIFAR-10 and CIFAR-100 (Krizhevsky, 2009) in their binary version."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.data import arrays, classes
from cnndsl.training.data.classes import Classes
from cnndsl.training.data.data_set import DataSet
from cnndsl.training.data.images import Images
from cnndsl.training.errors import Unusable
from cnndsl.training.left_out import Broken, LeftOut, settle

__all__ = ["FORMAT", "find", "is_there"]

FORMAT = "CIFAR"

SHAPE = (3, 32, 32)

PIXELS = 3 * 32 * 32


class _Version(NamedTuple):
    """One of the two data sets.

    Attributes:
        training: the names of its files.
        held_back: likewise.
        names: the file with the names of its classes.
        labels: how many bytes stand before the pixels of an image; the last is the label, one before is its group's.
        folder: what its archive unpacks to.
        pickled: a file of the version for Python.
    """

    training: tuple[str, ...]
    held_back: tuple[str, ...]
    names: str
    labels: int
    folder: str
    pickled: str


VERSIONS = (
    _Version(
        training=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
        held_back=("test_batch.bin",),
        names="batches.meta.txt",
        labels=1,
        folder="cifar-10-batches-bin",
        pickled="data_batch_1",
    ),
    _Version(
        training=("train.bin",),
        held_back=("test.bin",),
        names="fine_label_names.txt",
        labels=2,
        folder="cifar-100-binary",
        pickled="meta",
    ),
)


def is_there(folder: Path) -> bool:
    """Whether a folder holds such files."""
    return _version(folder) is not None


def find(folder: Path, broken: Broken) -> DataSet:
    """The data set of the files in a folder.

    Raises:
        Unusable: there are none.
    """
    version = _version(folder)
    if version is None:
        raise Unusable(_what_is_there(folder))
    read = partial(_read, folder, version, broken)
    return DataSet(f"cifar:{folder}", partial(read, version.training), partial(read, version.held_back))


def _version(folder: Path) -> _Version | None:
    """The data set of which a file is there."""
    found = (version for version in VERSIONS if any((folder / name).is_file() for name in version.training))
    return next(found, None)


def _what_is_there(folder: Path) -> str:
    message = f"there is no {VERSIONS[0].training[0]} and no {VERSIONS[1].training[0]} in {folder}"
    for version in VERSIONS:
        if _version(folder / version.folder):
            return f"{message}: write cifar:{folder / version.folder}"
        if (folder / version.pickled).is_file():
            return f"{message}, but the version for Python, which is never opened: take the binary version"
    return message


def _read(folder: Path, version: _Version, broken: Broken, names: tuple[str, ...]) -> Images:
    parts, damaged = [], []
    for path in (folder / name for name in names):
        try:
            parts.append(_records(path, version))
        except _Damaged as error:
            damaged.append(LeftOut(str(path), str(error)))
    if not parts:
        raise Unusable(f"cannot read {damaged[0].path}: {damaged[0].reason}")
    left_out = settle(damaged, broken, f"{len(names)} files in {folder}")
    records = np.concatenate(parts)
    labels, pixels = records[:, version.labels - 1], records[:, version.labels :].reshape(-1, *SHAPE)
    known = Classes.named(classes.lines(folder / version.names), labels, str(folder / version.names))
    place = str(folder / "+".join(names))
    images = arrays.images(np.ascontiguousarray(pixels), labels, known, (place, place), broken)
    return Images(images.pixels, images.labels, images.classes, left_out=left_out + images.left_out)


def _records(path: Path, version: _Version) -> NDArray[np.uint8]:
    """The images in a file, each a row of labels and pixels."""
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise _Damaged(str(error.strerror)) from None
    size = version.labels + PIXELS
    if not content.size:
        raise _Damaged("it is empty")
    if content.size % size:
        raise _Damaged(f"it holds {content.size:,} bytes, no multiple of the {size:,} of an image: it is cut off")
    return content.reshape(-1, size)


class _Damaged(Exception):
    """A file is not what its format says; the text is the rest of a sentence."""
