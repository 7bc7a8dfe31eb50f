"""From a network and its data to a run folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch
from torch import Generator, Tensor

from cnndsl import __version__
from cnndsl.backends.torch.weights.load import Fitted, fit
from cnndsl.backends.torch.weights.report import Match, Report
from cnndsl.model import Model
from cnndsl.source import Span, shipped
from cnndsl.training import logs, runs, weights
from cnndsl.training.augmentation import Augmenter, Components, augmenter, principal_components
from cnndsl.training.classifier import Classifier, sized
from cnndsl.training.config import Config
from cnndsl.training.data import DataSet, Images, Pictures, PictureStream
from cnndsl.training.data.split import part
from cnndsl.training.errors import Unusable, memory_told
from cnndsl.training.feed import Feed, feed
from cnndsl.training.left_out import LeftOut
from cnndsl.training.loop import Means, Training
from cnndsl.training.losses import balanced, criterion
from cnndsl.training.mixing import mixer
from cnndsl.training.preprocessing import Preprocessing
from cnndsl.training.progress import EpochMetrics, Progress, Validation
from cnndsl.training.recipe import Recipe
from cnndsl.training.recipe.augmentations import ColorPCA
from cnndsl.training.recipe.schedules import Plateau
from cnndsl.training.runs import Run
from cnndsl.training.validation import validation

__all__ = ["Trainer"]

KEPT = 0.1
"""What is kept of the training images for validation, where that decides something and the recipe does not say."""


class Trainer:
    """A network that fits its data, and the folder where its training leaves what it learns.

    Nothing is written before `start`, and nothing is computed before `epochs`.

    Args:
        model: the network; softmax, log-softmax or sigmoid at its ends are left out while it is trained.
        data_set: where the images come from.
        images: its training part; pictures come to the size that the recipe says, or that of the network's input.
        recipe: how.
        device: where.
        places: where the values of the recipe are written, by key, of those that are.

    Attributes:
        classifier: the network with its data and recipe.
        images: what it is trained on.
        left_out: the pictures that turned out to be broken while it was trained.
        finished: the metrics of the epochs whose weights were written.
        beginning: the weights that it begins with; None stands for initial values.

    Raises:
        Misfit: the network cannot be trained to classify these images, or not by this recipe.
        Unusable: a picture cannot be read, and that is not to be passed over.
    """

    def __init__(
        self,
        model: Model,
        data_set: DataSet,
        images: Images | Pictures,
        recipe: Recipe,
        device: torch.device,
        places: Mapping[str, Span] | None = None,
    ) -> None:
        self._data_set = data_set
        kept, self._kept = _split(images, data_set.name, recipe)
        self.images = sized(kept, model, recipe)
        self.classifier = Classifier(model, self.images.facts(data_set.name), recipe, places or {})
        self.classifier.check()
        self.device = device
        self.finished: list[EpochMetrics] = []
        self.beginning: Fitted | None = None
        self.left_out: list[LeftOut] = []
        self._watched: Images | PictureStream | None = None
        if isinstance(images, Pictures):  # whether they can be read is better known now than after an epoch
            self._watched = self._looked_at()

    @property
    def left_out_before(self) -> tuple[LeftOut, ...]:
        """What was found to be broken before the training began."""
        found = (*self.images.left_out, *(self._watched.left_out if self._watched else ()))
        return tuple(dict.fromkeys(found))  # what belongs to no part is found with both

    @property
    def recipe(self) -> Recipe:
        return self.classifier.recipe

    def begin_with(self, path: Path, match: Match, partial: bool) -> Report:
        """Take the weights in a file for those that the training begins with; the arguments are those of `fit`.

        Raises:
            WeightsError: they cannot be read, or do not fit.
        """
        self.beginning = fit(self.classifier.trained.graph, path, match, partial)
        return self.beginning.report

    def start(self, out: str | None) -> Run:
        """Make the run folder: `out`, or the next free one under `runs`.

        Raises:
            Unusable: it cannot be made, or the spec brings in a file that it cannot hold.
        """
        model = self.classifier.spec
        files = _brought_in(model)
        run = runs.create(out, model.name)
        config = Config(
            network=model.source.file_name,
            model=model.source.model,
            parameters=model.parameters,
            inputs=model.inputs,
            data=self.classifier.data,
            filling=model.filling,
            device=str(self.device),
            weights=self.beginning.report.file if self.beginning else "",
            cnndsl=__version__,
            torch=str(torch.__version__),
        )
        run.start(model.source.text, files, self.recipe, config)
        return run

    def epochs(
        self, run: Run, watch: Callable[[Progress], None], tell: Callable[[str], None] = lambda text: None
    ) -> Iterator[EpochMetrics]:
        """Train, and give what each epoch came to once its weights and its metrics are in the folder.

        Seeds torch's global generator, from which weights and dropout are drawn.

        Args:
            run: the folder.
            watch: is called after every batch.
            tell: is given a sentence where something is worth knowing.

        Raises:
            Diverged: the loss is no longer finite; what is in the folder is from the epoch before.
            OutOfMemory: the network or a batch does not fit in memory.
            Unusable: a picture turns out to be broken, and that is not to be passed over.
        """
        torch.manual_seed(self.recipe.seed)
        torch.backends.cudnn.deterministic = True
        with memory_told(self.recipe.batch), logs.opened(run, tell) as kept:
            training = self.training()
            self.left_out = training.means.feed.left_out
            for metrics in training.epochs(watch):
                weights.store(training.evaluated, run.weights)
                for log in kept:
                    log.epoch(metrics)
                self.finished.append(metrics)
                yield metrics

    def training(self) -> Training:
        network = self.classifier.trained.to_torch()
        if self.beginning is not None:
            self.beginning.give(network)
        return Training(network.to(self.device), self.recipe, self._means())

    def _means(self) -> Means:
        recipe, classifier = self.recipe, self.classifier
        preprocessing = classifier.preprocessing()
        classes = len(classifier.data.classes)
        return Means(
            feed=self._feed(self.images),
            prepare=_prepared(preprocessing, self._augmenter(preprocessing.shape[1:])),
            mixer=mixer(recipe.mixup, recipe.cutmix, classes, preprocessing.shape),
            criterion=criterion(
                classifier.loss,
                classes,
                label_smoothing=recipe.label_smoothing,
                class_weights=self._class_weights(),
                output_weights=None if recipe.output_weights == "none" else recipe.output_weights,
                device=self.device,
            ),
            validate=self._validate(preprocessing) if recipe.validation else None,
            device=self.device,
        )

    def _validate(self, preprocessing: Preprocessing) -> Callable[[torch.nn.Module], Validation]:
        loss = criterion(self.classifier.loss, len(self.classifier.data.classes), device=self.device)
        source: list[Feed] = []

        def validate(network: torch.nn.Module) -> Validation:
            if not source:
                source.append(self._feed(self._watched or self._looked_at()))
            return validation(network, source[0], preprocessing, loss, self.recipe.batch)

        return validate

    def _feed(self, images: Images | PictureStream) -> Feed:
        return feed(images, self.device, workers=None if self.recipe.workers == "auto" else self.recipe.workers)

    def _looked_at(self) -> Images | PictureStream:
        """The images that validation is done with."""
        images = self._data_set.held_back() if self._kept is None else self._kept
        return sized(images, self.classifier.spec, self.recipe, self.images.shape[0])

    def _augmenter(self, wanted: tuple[int, int]) -> Augmenter | None:
        chain = self.recipe.augment
        return augmenter(chain, wanted, self.classifier.data.mean, self._components()) if chain else None

    def _components(self) -> Components | None:
        if not any(isinstance(each, ColorPCA) for each in self.recipe.augment):
            return None
        return principal_components(self.images.samples(), self.images.white)

    def _class_weights(self) -> tuple[float, ...] | None:
        weights = self.recipe.class_weights
        if weights == "none":
            return None
        counts = torch.from_numpy(self.images.labels).bincount(minlength=len(self.images.classes))
        return balanced(counts.tolist()) if weights == "balanced" else weights


def _split(images: Images | Pictures, name: str, recipe: Recipe) -> tuple[Images | Pictures, Images | Pictures | None]:
    """What is trained on, and what of the training images is kept for validation, if anything.

    What is held back of a data set decides nothing: not how long the training goes on, and not its learning rate.
    """
    share = recipe.validation
    if share == "auto":
        share = KEPT if recipe.patience or isinstance(recipe.schedule, Plateau) else 0
    if not share:
        return images, None
    training, kept = (
        images.subset(part(images.labels, images.classes, name, held_back=held_back, share=share))
        for held_back in (False, True)
    )
    return training, kept


def _prepared(preprocessing: Preprocessing, augment: Augmenter | None) -> Callable[[Tensor, Generator], Tensor]:
    """From pixels to the network's inputs, in training."""
    if augment is None:
        return lambda pixels, generator: preprocessing(pixels)
    return lambda pixels, generator: preprocessing.augmented(pixels, augment, generator)


def _brought_in(model: Model) -> dict[str, str]:
    """The text of each file that the spec brings in, by its place beside the spec; shipped ones stay where they are.

    Raises:
        Unusable: one lies elsewhere, or has the name of one of the run's own.
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
