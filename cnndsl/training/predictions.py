"""What a trained network sees in picture files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from cnndsl.training import pictures
from cnndsl.training.errors import Unusable
from cnndsl.training.trained import Trained

__all__ = ["Prediction", "predictions"]


class Prediction(NamedTuple):
    """What is seen in a picture.

    Attributes:
        image: its file.
        likeliest: names of classes with their probabilities from 0 to 1, likeliest first.
        error: why there are none; "" where all is well.
    """

    image: str
    likeliest: tuple[tuple[str, float], ...] = ()
    error: str = ""


def predictions(trained: Trained, images: Iterable[str], count: int) -> Iterator[Prediction]:
    """What is seen in picture files, in their order.

    As many as a batch of the run are shown to the network together, and no more are in memory.

    Args:
        trained: the network.
        images: the files; one that cannot be read as a picture gives an error instead of classes.
        count: how many classes are named for a picture, at most.
    """
    left = iter(images)
    while batch := list(islice(left, trained.recipe.batch)):
        yield from _predicted(trained, batch, count)


def _predicted(trained: Trained, images: Sequence[str], count: int) -> list[Prediction]:
    """Those of one batch."""
    read = [_read(trained, image) for image in images]
    rows = iter(_rows(trained, [found for found in read if isinstance(found, Tensor)]))
    return [
        Prediction(image, error=found)
        if isinstance(found, str)
        else Prediction(image, _likeliest(next(rows), trained.classes, count))
        for image, found in zip(images, read, strict=True)
    ]


def _read(trained: Trained, image: str) -> Tensor | str:
    """A picture as a batch of one, of the size that the network's images are brought to; or why there is none."""
    data = trained.classifier.data
    try:
        pixels = torch.from_numpy(pictures.read(Path(image), data.shape[0]))
    except Unusable as error:
        return str(error)
    return trained.preprocessing.whole(pixels[None] * (data.white / pictures.WHITE))


def _rows(trained: Trained, batch: Sequence[Tensor]) -> Tensor:
    """The probabilities for pictures of one size, on the CPU."""
    return trained.probabilities(torch.cat(list(batch))).cpu() if batch else torch.empty(0)


def _likeliest(probabilities: Tensor, classes: Sequence[str], count: int) -> tuple[tuple[str, float], ...]:
    order = probabilities.argsort(descending=True, stable=True)[:count].tolist()
    return tuple((classes[index], float(probabilities[index])) for index in order)
