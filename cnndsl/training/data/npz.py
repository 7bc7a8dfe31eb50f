"""Arrays in a file of numpy, as `numpy.savez` writes it."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.data import arrays, classes
from cnndsl.training.data.classes import Classes
from cnndsl.training.data.data_set import DataSet
from cnndsl.training.data.images import Images, white_of
from cnndsl.training.errors import Unusable
from cnndsl.training.left_out import Broken, LeftOut

__all__ = ["SUFFIX", "find"]

SUFFIX = ".npz"

TRAINING = (("x_train", "y_train"), ("X_train", "y_train"), ("train_images", "train_labels"))
"""The arrays with images and with their labels, as Keras, scikit-learn's users and MedMNIST name them."""

HELD_BACK = (
    *(("x_val", "y_val"), ("X_val", "y_val"), ("val_images", "val_labels")),
    *(("x_test", "y_test"), ("X_test", "y_test"), ("test_images", "test_labels")),
)
"""Likewise; the first that is there."""

WHOLE = (("images", "labels"), ("x", "y"), ("X", "y"))
"""Likewise, where nothing says what is to be held back."""

LAYOUTS = ("NCHW", "NHWC")


class _Arrays(NamedTuple):
    """The names of the arrays of a part."""

    images: str
    labels: str


class _Parts(NamedTuple):
    """The two parts of a file; where there is only one, a fifth of it is held back."""

    training: _Arrays
    held_back: _Arrays | None


def find(path: Path, broken: Broken) -> DataSet:
    """The data set in a file."""
    read = partial(_read, path, broken)
    return DataSet(str(path), partial(read, held_back=False), partial(read, held_back=True))


def _read(path: Path, broken: Broken, *, held_back: bool) -> Images:
    """One part.

    Raises:
        Unusable: the file is damaged, or does not hold what can be trained on.
    """
    try:
        with _opened(path) as file:
            return _part(_File(path, file), broken, held_back=held_back)
    except zipfile.BadZipFile:
        raise Unusable(f"{path} is damaged, or no {SUFFIX} file") from None
    except (EOFError, zlib.error, ValueError) as error:
        raise Unusable(f"{path} is damaged: {error}") from None
    except MemoryError:
        raise Unusable(f"{path} holds more than fits in memory") from None
    except OSError as error:
        raise Unusable(f"cannot read {path}: {error.strerror or error}") from None


def _opened(path: Path) -> Any:
    """The file as numpy's; anything but a .zip, a pickle above all, is refused before numpy looks at it."""
    if not path.stat().st_size:
        raise Unusable(f"{path} is empty")
    if not zipfile.is_zipfile(path):
        raise zipfile.BadZipFile
    return np.load(path, allow_pickle=False)


class _File:
    """The arrays of a file, each read when it is asked for."""

    def __init__(self, path: Path, arrays: Any) -> None:
        self.path = path
        self.arrays = arrays

    def place(self, name: str) -> str:
        return f"{self.path}: {name}"

    def pair(self, names: tuple[tuple[str, str], ...]) -> _Arrays | None:
        found = (_Arrays(*pair) for pair in names if all(name in self.arrays.files for name in pair))
        return next(found, None)

    def array(self, name: str) -> NDArray[Any]:
        try:
            array = self.arrays[name]
        except ValueError as error:
            if "pickle" not in str(error):
                raise
            raise Unusable(f"{self.place(name)} holds Python objects, which are never loaded") from None
        if not isinstance(array, np.ndarray):  # bytes, where another file was put in
            raise Unusable(f"{self.place(name)} is no array")
        return array

    def pixels(self, name: str) -> NDArray[Any]:
        layout = str(self.array("layout")) if "layout" in self.arrays.files else ""
        if layout not in ("", *LAYOUTS):
            raise Unusable(f"{self.place('layout')} is {layout!r}: write {' or '.join(LAYOUTS)}")
        return _pixels(self.array(name), layout, self.place(name))

    def labels(self, name: str) -> tuple[NDArray[Any], int]:
        return classes.plain(self.array(name), self.place(name))

    def beside(self, parts: _Parts) -> tuple[LeftOut, ...]:
        """What is not read."""
        read = {"classes", "layout", *parts.training, *(parts.held_back or ())}
        return tuple(LeftOut(self.place(name), "it is not read") for name in self.arrays.files if name not in read)


def _part(file: _File, broken: Broken, *, held_back: bool) -> Images:
    parts = _parts(file)
    read = parts.held_back if held_back and parts.held_back else parts.training
    pixels, (labels, _) = file.pixels(read.images), file.labels(read.labels)
    places = file.place(read.images), file.place(read.labels)
    found = arrays.images(pixels, labels, _classes(file, parts.training), places, broken)
    white = white_of(pixels if read is parts.training else file.pixels(parts.training.images))
    images = replace(found, white=white, left_out=found.left_out + file.beside(parts))
    return images if parts.held_back else arrays.half(images, str(file.path), held_back=held_back)


def _parts(file: _File) -> _Parts:
    training = file.pair(TRAINING)
    if training is not None:
        return _Parts(training, file.pair(HELD_BACK))
    whole = file.pair(WHOLE)
    if whole is None:
        there = ", ".join(file.arrays.files) or "nothing"
        raise Unusable(f"{file.path} holds {there}: name the arrays x_train, y_train, x_test, y_test, or x and y")
    return _Parts(whole, None)


def _classes(file: _File, training: _Arrays) -> Classes:
    labels, count = file.labels(training.labels)
    if "classes" in file.arrays.files:
        names = [str(name) for name in np.ravel(file.array("classes")).tolist()]
        return Classes.named(names, labels, file.place("classes"))
    if count:
        return Classes.named(map(str, range(count)), labels, file.place(training.labels))
    return Classes.found(labels, file.place(training.labels))


def _pixels(array: NDArray[Any], layout: str, place: str) -> NDArray[Any]:
    """An array as N x C x H x W in uint8, uint16 or float32.

    Raises:
        Unusable: it holds something else, or nothing says which axis is which.
    """
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim != 4 or 0 in array.shape:
        raise Unusable(f"{place} is {_size(array)}, and images are N x H x W, N x C x H x W or N x H x W x C")
    if (layout or _layout(array, place)) == "NHWC":
        array = array.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(_typed(array, place))


def _layout(array: NDArray[Any], place: str) -> str:
    """Which axis the channels are: the one that is at most half as long as each of the others."""
    first, second, third = array.shape[1:]
    if 2 * first <= min(second, third):
        return "NCHW"
    if 2 * third <= min(first, second):
        return "NHWC"
    raise Unusable(
        f"{place} is {_size(array)}, which does not show where the channels are: save layout='NCHW' beside it, or "
        "layout='NHWC'"
    )


def _typed(array: NDArray[Any], place: str) -> NDArray[Any]:
    if array.dtype.kind == "b":
        return array * np.uint8(255)
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what does not fit is infinite then, and told as that
            return array.astype(np.float32, copy=False)
    if array.dtype.kind in "iu":
        least, most = int(array.min()), int(array.max())
        for fitting in (np.uint8, np.uint16):
            if array.dtype == fitting or (least >= 0 and most <= np.iinfo(fitting).max):
                return array.astype(fitting, copy=False)
        raise Unusable(f"{place} holds whole numbers from {least} to {most}: save it in uint8, uint16 or float32")
    raise Unusable(f"{place} is an array of {array.dtype}: save it in uint8, uint16 or float32")


def _size(array: NDArray[Any]) -> str:
    return " x ".join(map(str, array.shape)) or "a single number"
