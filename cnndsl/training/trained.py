"""A trained network, rebuilt from its run folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from cnndsl.model import Model, SpecError
from cnndsl.source import Source, UnreadableSource, read
from cnndsl.training import classifier, weights
from cnndsl.training.config import Config
from cnndsl.training.data import Images, Pictures
from cnndsl.training.errors import Misfit, Unusable, memory_told
from cnndsl.training.feed import feed
from cnndsl.training.left_out import LeftOut
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

    @torch.inference_mode()
    def probabilities(self, pixels: Tensor) -> Tensor:
        """N x classes on the CPU, for N x C x H x W from 0 to the data's white, with the channels of the data."""
        with memory_told(len(pixels)):
            logits: Tensor = self.network(self.preprocessing(pixels.to(self.device)))
            return logits.double().softmax(dim=1).cpu()

    def right(self, images: Images | Pictures) -> tuple[int, int, tuple[LeftOut, ...]]:
        """How many of these images it classifies rightly, how many there are, and what was left out.

        Raises:
            Unusable: they have other channels, or one cannot be read, and that is not to be passed over.
        """
        channels, height, width = self.config.data.shape
        sized = images.at((height, width), channels=channels) if isinstance(images, Pictures) else images
        if sized.shape[0] != channels:
            raise Unusable(f"the images have {sized.shape[0]} channels, and those of the training had {channels}")
        batches = torch.split(torch.arange(len(sized)), self.config.settings.batch)
        source = feed(sized, self.device)
        with memory_told(self.config.settings.batch):
            told = [(self._right(batch), len(batch[1])) for batch in source.batches(batches)]
        return sum(right for right, _ in told), sum(all for _, all in told), (*sized.left_out, *source.left_out)

    def likeliest(self, picture: Path, count: int) -> list[tuple[str, float]]:
        """Up to so many classes that a picture file may show, likeliest first, with their probabilities from 0 to 1.

        Raises:
            Unusable: the file cannot be read as a picture.
        """
        from cnndsl.training import pictures  # Pillow is not needed to evaluate

        data = self.config.data
        pixels = torch.from_numpy(pictures.read(picture, data.shape[0]))
        (probabilities,) = self.probabilities(pixels[None] * (data.white / pictures.WHITE))
        order = probabilities.argsort(descending=True, stable=True)[:count].tolist()
        return [(data.classes[index], float(probabilities[index])) for index in order]

    def _right(self, batch: tuple[Tensor, Tensor]) -> int:
        pixels, labels = batch
        return int((self.probabilities(pixels).argmax(dim=1) == labels.cpu()).sum())


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
