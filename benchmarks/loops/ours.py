"""`cnndsl train`'s loop, without what it writes into a run folder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

import cnndsl
from cnndsl.training.data import DataSet, Images
from cnndsl.training.recipe.optimizers import Adam
from cnndsl.training.recipe.recipe import Recipe
from cnndsl.training.recipe.schedules import Constant
from cnndsl.training.train import Trainer

ENDLESS = 10**6
"""Epochs, of which as many are trained as are asked for."""


def loop(
    model: cnndsl.Model, images: Images, batch: int, lr: float, device: torch.device, *, compile: bool = False
) -> tuple[Callable[[], None], torch.nn.Module]:
    """The loop, and the network that it trains. Images are as their files have them: whole numbers."""
    recipe = Recipe.bind(
        {
            "augment": "none",
            "batch": batch,
            "compile": compile,
            "epochs": ENDLESS,
            "optimizer": Adam.bind({"lr": lr}),
            "schedule": Constant.bind({}),
            "validation": 0,
            "warmup": 0,
        }
    )
    data_set = DataSet("images", lambda: images, lambda: images)
    training = Trainer(model, data_set, images, recipe, device).training()
    epochs = training.epochs(lambda progress: None)

    def epoch() -> None:
        next(epochs)

    return epoch, training.network


def images(pixels: np.ndarray, labels: np.ndarray, classes: int) -> Images:
    """Images of N x C x H x W."""
    return Images(pixels, labels.astype(np.int64), tuple(map(str, range(classes))))
