"""From a network and its data to a run folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import torch

from cnndsl import __version__
from cnndsl.backends.torch.weights.load import Fitted, fit
from cnndsl.backends.torch.weights.report import Match, Report
from cnndsl.model import Model
from cnndsl.source import shipped
from cnndsl.training import classifier, runs, weights
from cnndsl.training.config import Config
from cnndsl.training.data import Images
from cnndsl.training.errors import Unusable, memory_told
from cnndsl.training.loop import EpochMetrics, Progress, Training
from cnndsl.training.recipe import Recipe
from cnndsl.training.runs import Run

__all__ = ["Trainer"]


class Trainer:
    """A network that fits its data, and the folder where its training leaves what it learns.

    Nothing is written before `start`, and nothing is computed before `epochs`.

    Args:
        model: the network; a softmax, log-softmax or sigmoid at its end is left out while it is trained.
        images: what it is trained on.
        data: the name of their data set.
        recipe: how.
        device: where.

    Attributes:
        finished: the metrics of the epochs whose weights were written.
        beginning: the weights that it begins with; None stands for initial values.

    Raises:
        Misfit: the network cannot be trained to classify these images.
    """

    def __init__(self, model: Model, images: Images, data: str, recipe: Recipe, device: torch.device) -> None:
        self.model = classifier.with_logits(model)
        self.images = images
        self.facts = images.facts(data)
        self.recipe = recipe
        self.device = device
        self.finished: list[EpochMetrics] = []
        self.beginning: Fitted | None = None
        classifier.check(self.model, self.facts, recipe.batch)

    def begin_with(self, path: Path, match: Match, partial: bool) -> Report:
        """Take the weights in a file for those that the training begins with; the arguments are those of `fit`.

        Raises:
            WeightsError: they cannot be read, or do not fit.
        """
        self.beginning = fit(self.model.graph, path, match, partial)
        return self.beginning.report

    def start(self, out: str | None) -> Run:
        """Make the run folder: `out`, or the next free one under `runs`.

        Raises:
            Unusable: it cannot be made, or the spec brings in a file that it cannot hold.
        """
        files = _brought_in(self.model)
        run = runs.create(out, self.model.name)
        config = Config(
            network=self.model.source.name,
            model=self.model.source.model,
            parameters=self.model.parameters,
            inputs=self.model.inputs,
            data=self.facts,
            filling=self.model.filling,
            device=str(self.device),
            weights=self.beginning.report.file if self.beginning else "",
            cnndsl=__version__,
            torch=str(torch.__version__),
        )
        run.start(self.model.source.text, files, self.recipe, config)
        return run

    def epochs(self, run: Run, watch: Callable[[Progress], None]) -> Iterator[EpochMetrics]:
        """Train, and give what each epoch came to once its weights and its metrics are in the folder.

        Seeds torch's global generator, from which weights and dropout are drawn.

        Raises:
            Diverged: the loss is no longer finite; what is in the folder is from the epoch before.
            OutOfMemory: the network or a batch does not fit in memory.
        """
        torch.manual_seed(self.recipe.seed)
        torch.backends.cudnn.deterministic = True
        with memory_told(self.recipe.batch):
            preprocessing = classifier.preprocessing(self.model, self.facts)
            network = self.model.to_torch()
            if self.beginning is not None:
                self.beginning.give(network)
            training = Training(network, self.images, preprocessing, self.recipe, self.device)
        for metrics in training.epochs(watch):
            weights.store(training.network, run.weights)
            run.add_metrics(asdict(metrics))
            self.finished.append(metrics)
            yield metrics


def _brought_in(model: Model) -> dict[str, str]:
    """The text of each file that the spec brings in, by its place beside the spec; shipped ones stay where they are.

    Raises:
        Unusable: one lies elsewhere.
    """
    files: dict[str, str] = {}
    folder = (model.source.path.parent if model.source.path else Path()).resolve()
    for source in model.used:
        assert source.path is not None
        path = source.path.resolve()
        if path.is_relative_to(folder):
            files[path.relative_to(folder).as_posix()] = source.text
            if files.keys() & {own.name for own in Run(Path()).files}:
                raise Unusable(f"{source.name} has the name of a file of the run: give it another one")
        elif not path.is_relative_to(shipped("specs").resolve()):
            raise Unusable(f"{source.name} cannot be kept with the run: it does not lie beside {model.source.name}")
    return files
