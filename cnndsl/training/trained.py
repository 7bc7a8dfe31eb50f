"""A trained network, rebuilt from its run folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from cnndsl.model import Model, SpecError
from cnndsl.source import Source, UnreadableSource, read
from cnndsl.training import weights
from cnndsl.training.answers import probabilities
from cnndsl.training.classifier import Classifier, sized
from cnndsl.training.config import Config
from cnndsl.training.data import Images, Pictures
from cnndsl.training.errors import Misfit, Unusable, memory_told
from cnndsl.training.evaluation import Evaluation
from cnndsl.training.feed import feed
from cnndsl.training.left_out import LeftOut
from cnndsl.training.matching import places_of
from cnndsl.training.preprocessing import Preprocessing
from cnndsl.training.recipe import Recipe
from cnndsl.training.runs import Run

__all__ = ["Trained", "load", "model_of"]


@dataclass(frozen=True)
class Trained:
    """A network with its weights, ready to classify.

    Attributes:
        network: gives logits, of the main output alone; in evaluation mode, on the device.
        classifier: what it was trained to do.
        device: where it runs.
    """

    network: torch.nn.Module
    classifier: Classifier
    device: torch.device

    @property
    def classes(self) -> tuple[str, ...]:
        return self.classifier.data.classes

    @property
    def recipe(self) -> Recipe:
        return self.classifier.recipe

    @cached_property
    def preprocessing(self) -> Preprocessing:
        return self.classifier.preprocessing()

    @torch.inference_mode()
    def probabilities(self, pixels: Tensor) -> Tensor:
        """N x classes in float64, on the device, for N x C x H x W from 0 to the data's white, C as in the data.

        Raises:
            OutOfMemory: so many do not fit.
        """
        with memory_told(len(pixels)):
            return self.preprocessing.averaged(self._answered, pixels.to(self.device))

    def evaluation(self, images: Images | Pictures, name: str) -> tuple[Evaluation, tuple[LeftOut, ...]]:
        """How good it is on images of the classes that it was trained on, and what was left out of them.

        Args:
            images: grey ones and coloured ones become what its training had; their classes may be in any order.
            name: of their data set.

        Raises:
            Unusable: their classes or their channels are others, or one cannot be read, and that is not to be passed
                over.
            OutOfMemory: a batch does not fit.
        """
        from cnndsl.training.metrics import evaluate  # torchmetrics is not needed to predict

        places = torch.from_numpy(places_of(self.classifier.data, images, name)).to(self.device)
        brought = sized(images, self.classifier.spec, self.recipe, self.classifier.data.shape[0])
        source = feed(brought, self.device)
        batches = source.batches(torch.split(torch.arange(len(brought)), self.recipe.batch))
        shown = ((pixels, places[labels]) for pixels, labels in batches if len(labels))
        with memory_told(self.recipe.batch):
            evaluation = evaluate(self.probabilities, shown, self.classes, is_binary=self.classifier.is_binary)
        return evaluation, (*brought.left_out, *source.left_out)

    def _answered(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.network(inputs)
        return probabilities(logits, len(self.classes), self.classifier.is_binary)


def load(run: Run, device: torch.device) -> Trained:
    """The network of a run folder.

    Raises:
        Unusable: the folder is none, or something in it is missing, damaged or does not fit the rest.
    """
    config = run.read_config()
    classifier = Classifier(model_of(run, config), config.data, run.read_recipe())
    try:
        classifier.check()
    except Misfit as error:
        raise Unusable(f"{run.spec} does not fit {run.config.name} beside it: {error.diagnostic.message}") from None
    network = classifier.evaluated.to_torch()
    weights.load(network, classifier, run.weights)
    return Trained(network.to(device).eval(), classifier, device)


def model_of(run: Run, config: Config) -> Model:
    """The network of a run folder.

    Raises:
        Unusable: its spec is missing, or has mistakes.
    """
    try:
        text = read(run.spec).text
    except UnreadableSource as error:
        raise Unusable(str(error)) from None
    source = Source(config.network, text, run.spec, config.model)
    try:
        return Model.compiled(source, config.parameters, config.inputs, filling=config.filling)
    except SpecError:
        raise Unusable(f"{run.spec} has mistakes with the parameters and inputs of {run.config.name}") from None
