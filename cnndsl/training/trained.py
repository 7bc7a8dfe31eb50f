"""A trained network, rebuilt from its run folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnndsl.model import Model, SpecError
from cnndsl.source import Source, UnreadableSource, read
from cnndsl.training import classifier, weights
from cnndsl.training.config import Config
from cnndsl.training.data import Images
from cnndsl.training.errors import Misfit, Unusable, memory_told
from cnndsl.training.evaluation import Evaluation
from cnndsl.training.matching import labels_for
from cnndsl.training.preprocessing import Preprocessing
from cnndsl.training.runs import Run

__all__ = ["Trained", "load"]


@dataclass(frozen=True)
class Trained:
    """A network with its weights, ready to classify.

    Attributes:
        network: gives logits; in evaluation mode, on the device.
        preprocessing: from pixels to its input.
        config: what it was trained with.
        device: where it runs.
    """

    network: torch.nn.Module
    preprocessing: Preprocessing
    config: Config
    device: torch.device

    def logits(self, pixels: Tensor) -> Tensor:
        """N x classes, for N x C x H x W in uint8; both on the device."""
        with memory_told(len(pixels)):
            found: Tensor = self.network(self.preprocessing(pixels.to(self.device)))
            return found

    def evaluation(self, images: Images, name: str) -> Evaluation:
        """How good it is on images of the classes that it was trained on, in whatever order they are there.

        Args:
            images: grey ones and coloured ones become what its training had.
            name: of their data set.

        Raises:
            Unusable: their classes or their channels are others.
        """
        from cnndsl.training.metrics import evaluate  # torchmetrics is not needed to predict

        labels = labels_for(self.config.data, images, name)
        batches = _batches(images.pixels, labels, self.config.settings.batch)
        return evaluate(self.logits, batches, self.config.data.classes)


def load(run: Run, device: torch.device) -> Trained:
    """The network of a run folder.

    Raises:
        Unusable: the folder is none, or something in it is missing, damaged or does not fit the rest.
    """
    config = run.read_config()
    model = _model(run, config)
    try:
        classifier.check(model, config.data, config.settings.batch)
    except Misfit as error:
        raise Unusable(f"{run.spec} does not fit {run.config.name} beside it: {error.diagnostic.message}") from None
    network = model.to_torch()
    weights.load(network, model.graph, run.weights)
    return Trained(network.to(device).eval(), classifier.preprocessing(model, config.data), config, device)


def _model(run: Run, config: Config) -> Model:
    try:
        text = read(run.spec).text
    except UnreadableSource as error:
        raise Unusable(str(error)) from None
    source = Source(config.network, text, run.spec, config.model)
    try:
        model = Model.compiled(source, config.parameters, config.inputs)
    except SpecError:
        raise Unusable(f"{run.spec} has mistakes with the parameters and inputs of {run.config.name}") from None
    return classifier.with_logits(model)


def _batches(pixels: NDArray[np.uint8], labels: NDArray[np.int64], size: int) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, len(labels), size):
        part = slice(start, start + size)
        yield torch.from_numpy(pixels[part]), torch.from_numpy(labels[part])
