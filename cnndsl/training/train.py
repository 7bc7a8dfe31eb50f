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
from cnndsl.training.data import Images, Pictures, PictureStream
from cnndsl.training.errors import Unusable, memory_told
from cnndsl.training.left_out import LeftOut
from cnndsl.training.loop import EpochMetrics, Progress, Training
from cnndsl.training.runs import Run
from cnndsl.training.settings import Settings

__all__ = ["Trainer"]


class Trainer:
    """A network that fits its data, and the folder where its training leaves what it learns.

    Nothing is written before `start`, and nothing is computed before `epochs`.

    Args:
        model: the network; a softmax, log-softmax or sigmoid at its end is left out while it is trained.
        images: what it is trained on; pictures come to the size of the network's input.
        data: the name of their data set.
        settings: how.
        device: where.

    Attributes:
        images: what it is trained on, pictures at the size of the network's input.
        left_out: the pictures that turned out to be broken while it was trained, which `images` does not yet tell.
        finished: the metrics of the epochs whose weights were written.
        beginning: the weights that it begins with; None stands for initial values.

    Raises:
        Misfit: the network cannot be trained to classify these images.
        Unusable: a picture cannot be read, and that is not to be passed over.
    """

    def __init__(
        self, model: Model, images: Images | Pictures, data: str, settings: Settings, device: torch.device
    ) -> None:
        self.model = classifier.with_logits(model)
        self.images = _sized(self.model, images)
        self.facts = self.images.facts(data)
        self.settings = settings
        self.device = device
        self.left_out: list[LeftOut] = []
        self.finished: list[EpochMetrics] = []
        self.beginning: Fitted | None = None
        classifier.check(self.model, self.facts, settings.batch)

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
            settings=self.settings,
            device=str(self.device),
            weights=self.beginning.report.file if self.beginning else "",
            cnndsl=__version__,
            torch=str(torch.__version__),
        )
        run.start(self.model.source.text, files, config)
        return run

    def epochs(self, run: Run, watch: Callable[[Progress], None]) -> Iterator[EpochMetrics]:
        """Train, and give what each epoch came to once its weights and its metrics are in the folder.

        Seeds torch's global generator, from which weights and dropout are drawn.

        Raises:
            Diverged: the loss is no longer finite; what is in the folder is from the epoch before.
            OutOfMemory: the network or a batch does not fit in memory.
        """
        torch.manual_seed(self.settings.seed)
        torch.backends.cudnn.deterministic = True
        with memory_told(self.settings.batch):
            preprocessing = classifier.preprocessing(self.model, self.facts)
            network = self.model.to_torch()
            if self.beginning is not None:
                self.beginning.give(network)
            training = Training(network, self.images, preprocessing, self.settings, self.device)
        self.left_out = training.feed.left_out
        for metrics in training.epochs(watch):
            weights.store(training.network, run.weights)
            run.add_metrics(asdict(metrics))
            self.finished.append(metrics)
            yield metrics


def _sized(model: Model, images: Images | Pictures) -> Images | PictureStream:
    if isinstance(images, Images):
        return images
    return images.at(classifier.size(model, images.channels) or images.one_size())


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
            if files.keys() & {"spec.cnn"}:
                raise Unusable(f"{source.name} would be taken for the spec of the run: give it another name")
        elif not path.is_relative_to(shipped("specs").resolve()):
            raise Unusable(f"{source.name} cannot be kept with the run: it does not lie beside {model.source.name}")
    return files
