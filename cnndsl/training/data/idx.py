"""IDX, the format of MNIST (LeCun, Cortes & Burges, 1998) and of Fashion-MNIST (Xiao et al., 2017)."""

from __future__ import annotations

import gzip
import struct
import zlib
from functools import partial
from io import BufferedIOBase
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.data import arrays, classes
from cnndsl.training.data.classes import Classes
from cnndsl.training.data.data_set import DataSet
from cnndsl.training.data.images import Images
from cnndsl.training.errors import Unusable
from cnndsl.training.left_out import Broken

__all__ = ["FORMAT", "find", "is_there"]

FORMAT = "IDX"

BYTES = 8
"""The type of unsigned bytes, in the third byte of a file."""

BLOCK = 2**24

GZIP = b"\x1f\x8b"

NAMES_OF_CLASSES = "classes.txt"


class _Files(NamedTuple):
    images: Path
    labels: Path


def is_there(folder: Path) -> bool:
    """Whether a folder holds such files."""
    return any(name.exists() for name in _spellings(folder, "train", "images"))


def find(folder: Path, broken: Broken) -> DataSet:
    """The data set of the four files in a folder, `train-images-idx3-ubyte` and so on, as they are or as .gz.

    Raises:
        Unusable: one is not there.
    """
    training, held_back = (_Files(_found(folder, part, "images"), _found(folder, part, "labels")) for part in _PARTS)
    read = partial(_read, training=training, broken=broken)
    return DataSet(f"idx:{folder}", partial(read, training), partial(read, held_back))


_PARTS = ("train", "t10k")


def _spellings(folder: Path, part: str, what: str) -> list[Path]:
    rank = {"images": 3, "labels": 1}[what]
    return [folder / f"{part}-{what}{mark}idx{rank}-ubyte{end}" for end in ("", ".gz") for mark in "-."]


def _found(folder: Path, part: str, what: str) -> Path:
    names = _spellings(folder, part, what)
    found = next((name for name in names if name.is_file()), None)
    if found is None:
        raise Unusable(f"there is no {names[0].name} in {folder}, nor one with .gz behind it")
    return found


def _read(files: _Files, training: _Files, broken: Broken) -> Images:
    labels = _array(files.labels, 1)
    pixels = _array(files.images, 3)[:, None]
    of_training = labels if files is training else _array(training.labels, 1)
    places = str(files.images), str(files.labels)
    return arrays.images(pixels, labels, _classes(training.labels, of_training), places, broken)


def _classes(path: Path, labels: NDArray[np.uint8]) -> Classes:
    names = path.with_name(NAMES_OF_CLASSES)
    if not names.is_file():
        return Classes.found(labels, str(path))
    return Classes.named(classes.lines(names), labels, str(names))


def _array(path: Path, rank: int) -> NDArray[np.uint8]:
    """What a file holds.

    Raises:
        Unusable: it is damaged, or no such file.
    """
    try:
        with path.open("rb") as file:
            is_packed = file.read(len(GZIP)) == GZIP  # whatever its name says: browsers unpack without renaming
            file.seek(0)
            return _unpacked(gzip.GzipFile(fileobj=file) if is_packed else file, rank)
    except _Damaged as error:
        raise Unusable(f"{path} is damaged: {error}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise Unusable(f"{path} is damaged: it cannot be unpacked to its end") from None
    except OSError as error:
        raise Unusable(f"cannot read {path}: {error.strerror}") from None


def _unpacked(file: BufferedIOBase, rank: int) -> NDArray[np.uint8]:
    """The array behind a header: two zeros, the type, the number of axes, their extents in 32 bits, big-endian."""
    head, wanted = file.read(4), bytes([0, 0, BYTES, rank])
    if not head:
        raise _Damaged("it is empty")
    if head != wanted:
        raise _Damaged(f"it begins with {head.hex()}, and IDX bytes with {rank} axes begin with {wanted.hex()}")
    extents = file.read(4 * rank)
    if len(extents) < 4 * rank:
        raise _Damaged("it ends within its header")
    shape = struct.unpack(f">{rank}I", extents)
    content = bytearray()
    while len(content) <= prod(shape) and (block := file.read(min(BLOCK, prod(shape) + 1 - len(content)))):
        content += block
    if len(content) != prod(shape):
        more_or = "more" if len(content) > prod(shape) else f"{len(content):,}"
        raise _Damaged(f"its header announces {prod(shape):,} bytes, and {more_or} follow")
    return np.frombuffer(content, np.uint8).reshape(shape)


class _Damaged(Exception):
    """A file is not what its format says; the text is the rest of a sentence."""
