"""What a trained network sees in picture files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from cnndsl.training import pictures
from cnndsl.training.errors import Unusable, memory_told
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
    while batch := list(islice(left, trained.config.settings.batch)):
        yield from _predicted(trained, batch, count)


@torch.inference_mode()
def _predicted(trained: Trained, images: Sequence[str], count: int) -> list[Prediction]:
    """Those of one batch."""
    with memory_told(len(images)):
        read = [_read(trained, image) for image in images]
        inputs = [found for found in read if isinstance(found, Tensor)]
        rows = iter(trained.network(torch.cat(inputs)).double().softmax(dim=1).cpu() if inputs else ())
    return [
        Prediction(image, error=found)
        if isinstance(found, str)
        else Prediction(image, _likeliest(next(rows), trained.config.data.classes, count))
        for image, found in zip(images, read, strict=True)
    ]


def _read(trained: Trained, image: str) -> Tensor | str:
    """A picture as a batch of one for the network, on the device; or why there is none."""
    try:
        pixels = torch.from_numpy(pictures.read(Path(image), trained.config.data.shape[0]))
    except Unusable as error:
        return str(error)
    return trained.preprocessing(pixels[None].to(trained.device))


def _likeliest(probabilities: Tensor, classes: Sequence[str], count: int) -> tuple[tuple[str, float], ...]:
    order = probabilities.argsort(descending=True, stable=True)[:count].tolist()
    return tuple((classes[index], float(probabilities[index])) for index in order)
