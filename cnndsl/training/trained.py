"""A trained network, rebuilt from its run folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from cnndsl.model import Model, SpecError
from cnndsl.source import Source, UnreadableSource, read
from cnndsl.training import classifier, weights
from cnndsl.training.config import Config
from cnndsl.training.data import Images
from cnndsl.training.errors import Misfit, Unusable, memory_told
from cnndsl.training.preprocessing import Preprocessing
from cnndsl.training.recipe import Recipe
from cnndsl.training.runs import Run

__all__ = ["Trained", "load"]


@dataclass(frozen=True)
class Trained:
    """A network with its weights, ready to classify.

    Attributes:
        network: gives logits; in evaluation mode, on the device.
        preprocessing: from pixels to its input.
        config: what it was trained with.
        recipe: how.
        device: where it runs.
    """

    network: torch.nn.Module
    preprocessing: Preprocessing
    config: Config
    recipe: Recipe
    device: torch.device

    @torch.inference_mode()
    def probabilities(self, pixels: Tensor) -> Tensor:
        """N x classes on the CPU, for N x C x H x W in uint8, C as in the data it was trained on."""
        with memory_told(len(pixels)):
            logits: Tensor = self.network(self.preprocessing(pixels.to(self.device)))
            return logits.double().softmax(dim=1).cpu()

    def right(self, images: Images) -> int:
        """How many of these images it classifies rightly."""
        return sum(map(self._right, _batches(images, self.recipe.batch)))

    def likeliest(self, picture: Path, count: int) -> list[tuple[str, float]]:
        """Up to so many classes that a picture file may show, likeliest first, with their probabilities from 0 to 1.

        Raises:
            Unusable: the file cannot be read as a picture.
        """
        from cnndsl.training import pictures  # Pillow is not needed to evaluate

        pixels = torch.from_numpy(pictures.read(picture, self.config.data.shape[0]))
        (probabilities,) = self.probabilities(pixels[None])
        order = probabilities.argsort(descending=True, stable=True)[:count].tolist()
        return [(self.config.data.classes[index], float(probabilities[index])) for index in order]

    def _right(self, batch: tuple[Tensor, Tensor]) -> int:
        pixels, labels = batch
        return int((self.probabilities(pixels).argmax(dim=1) == labels).sum())


def load(run: Run, device: torch.device) -> Trained:
    """The network of a run folder.

    Raises:
        Unusable: the folder is none, or something in it is missing, damaged or does not fit the rest.
    """
    config = run.read_config()
    recipe = run.read_recipe()
    model = _model(run, config)
    try:
        classifier.check(model, config.data, recipe.batch)
    except Misfit as error:
        raise Unusable(f"{run.spec} does not fit {run.config.name} beside it: {error.diagnostic.message}") from None
    network = model.to_torch()
    weights.load(network, model.graph, run.weights)
    return Trained(network.to(device).eval(), classifier.preprocessing(model, config.data), config, recipe, device)


def _model(run: Run, config: Config) -> Model:
    try:
        text = read(run.spec).text
    except UnreadableSource as error:
        raise Unusable(str(error)) from None
    source = Source(config.network, text, run.spec, config.model)
    try:
        model = Model.compiled(source, config.parameters, config.inputs, filling=config.filling)
    except SpecError:
        raise Unusable(f"{run.spec} has mistakes with the parameters and inputs of {run.config.name}") from None
    return classifier.with_logits(model)


def _batches(images: Images, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        yield torch.from_numpy(images.pixels[part]), torch.from_numpy(images.labels[part])
