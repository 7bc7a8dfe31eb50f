"""From a network and its data to a run folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Generator, Tensor

from cnndsl import __version__
from cnndsl.backends.torch.weights.files import packed, write
from cnndsl.backends.torch.weights.load import Fitted, fit, tensors_of
from cnndsl.backends.torch.weights.report import Match, Report, WeightsError
from cnndsl.files import remove_parts, write_whole
from cnndsl.model import Model
from cnndsl.source import Span, shipped
from cnndsl.training import inspection, logs
from cnndsl.training.augmentation import Augmenter, Components, augmenter, principal_components
from cnndsl.training.checkpoints import Checkpoints
from cnndsl.training.classifier import Classifier, sized
from cnndsl.training.config import Config
from cnndsl.training.data import DataSet, Images, Pictures, PictureStream
from cnndsl.training.data.fingerprint import fingerprint
from cnndsl.training.data.split import part
from cnndsl.training.device import machine
from cnndsl.training.errors import Culprit, Diverged, OutOfMemory, Unusable, memory_told
from cnndsl.training.feed import Feed, feed
from cnndsl.training.keeping import Keeper
from cnndsl.training.left_out import LeftOut
from cnndsl.training.loop import Means, Training
from cnndsl.training.losses import balanced, criterion
from cnndsl.training.mixing import mixer
from cnndsl.training.preprocessing import Preprocessing
from cnndsl.training.progress import EpochMetrics, Progress, Validation
from cnndsl.training.recipe import Recipe
from cnndsl.training.recipe.augmentations import ColorPCA
from cnndsl.training.recipe.schedules import Plateau
from cnndsl.training.resume import Begun
from cnndsl.training.room import advice, free
from cnndsl.training.runs import Run
from cnndsl.training.state import State, seed
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
        finished: the metrics of the epochs that are done.
        saved: the step and the epoch, begun or done, of the last checkpoint; None where there is none.
        beginning: the weights that it begins with; None stands for initial values.

    Raises:
        Misfit: the network cannot be trained to classify these images, or not by this recipe.
        Unusable: a picture cannot be read, and that is not to be passed over; or the spec brings in a file that a run
            folder cannot hold.
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
        self._files = _brought_in(model)
        self._fingerprint = fingerprint(images), len(images)
        kept, self._kept = _split(images, data_set.name, recipe)
        self.images = sized(kept, model, recipe)
        self.classifier = Classifier(model, self.images.facts(data_set.name), recipe, places or {})
        self.classifier.check()
        self.device = device
        self.finished: list[EpochMetrics] = []
        self.saved: tuple[int, int] | None = None
        self.beginning: Fitted | None = None
        self._state: State | None = None
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

    def start(self, run: Run) -> None:
        """Write to a folder what a run is begun with.

        Raises:
            Unusable: it cannot be written.
        """
        model = self.classifier.spec
        digest, count = self._fingerprint
        config = Config(
            network=model.source.file_name,
            model=model.source.model,
            parameters=model.parameters,
            inputs=model.inputs,
            data=self.classifier.data,
            filling=model.filling,
            device=str(self.device),
            weights=self.beginning.report.file if self.beginning else "",
            fingerprint=digest,
            images=count,
            cnndsl=__version__,
            torch=str(torch.__version__),
        )
        try:
            remove_parts(run.path)
            if self.beginning:
                write(tensors_of(self._begun()), run.beginning)
            run.start(model.source.text, self._files, self.recipe, config)
        except OSError as error:
            raise Unusable(f"cannot write the run folder {run.path}: {error.strerror}") from None

    def go_on(self, run: Run, begun: Begun, tell: Callable[[str], None]) -> None:
        """Go on with a run where its last checkpoint is; `epochs` does what is left.

        Args:
            run: the folder, whose recipe becomes this one.
            begun: what is in it.
            tell: is given a sentence for what is worth knowing: a checkpoint that is damaged, another machine.

        Raises:
            Unusable: its images are not these, unless `data` is changing, or its folder is damaged.
        """
        self._require_same_images(run, begun)
        remove_parts(run.path)
        self._state = Checkpoints(run.checkpoints).last(tell)
        if self._state is None:
            self._begin_again(run, begun.config, tell)
        else:
            _tell_of_machines(self._state.values.get("machine"), machine(self.device), tell)
        if begun.recipe != run.read_recipe():
            run.write_recipe(begun.recipe)
        done = self._number("epoch")
        self.finished = logs.read_metrics(run.metrics, done)
        if self._state:
            self.saved = self._number("step"), done + bool(self._number("position"))

    @property
    def is_over(self) -> bool:
        """Whether all epochs of the recipe are done."""
        return self._number("epoch") >= self.recipe.epochs

    def _number(self, name: str) -> int:
        """What a state says that is gone on from; 0 where there is none, or says no such thing."""
        value = self._state.values.get(name) if self._state else 0
        return value if type(value) is int else 0

    def _require_same_images(self, run: Run, begun: Begun) -> None:
        then, now = (begun.config.fingerprint, begun.config.images), self._fingerprint
        if then == now or not then[0]:
            return
        if "data" in begun.changing:
            data = self.classifier.data
            run.write_config(replace(begun.config, data=data, fingerprint=now[0], images=now[1]))
            return
        name = self._data_set.name
        what = f"{then[1]:,} images then, {now[1]:,} now" if then[1] != now[1] else "as many as then, but not the same"
        raise Unusable(f"{name} is no longer what {run.path} was begun with: {what}; --changing data takes it as it is")

    def _begin_again(self, run: Run, config: Config, tell: Callable[[str], None]) -> None:
        """Where a run ended before its first checkpoint it begins once more, with the same weights."""
        done = logs.read_metrics(run.metrics, sys.maxsize)
        if run.weights.exists() and done and done[-1].epoch >= run.read_recipe().epochs:
            how = f"a new run can begin with --weights {run.weights}"
            raise Unusable(f"{run.path} is over, and has no checkpoint to go on from: {how}")
        tell(f"{run.path} has no checkpoint to go on from, and begins anew")
        if config.weights:
            try:
                self.beginning = fit(self.classifier.trained.graph, run.beginning)
            except WeightsError as error:
                raise Unusable(f"the weights that {run.path} began with are not there: {error}") from None

    def epochs(
        self, run: Run, watch: Callable[[Progress], None], tell: Callable[[str], None] = lambda text: None
    ) -> Iterator[EpochMetrics]:
        """Train, and give what each epoch came to once its weights and its metrics are in the folder.

        Seeds all generators that a layer may draw from. Where it ends between two batches, whatever the reason, a
        checkpoint is left.

        Args:
            run: the folder.
            watch: is called after every batch.
            tell: is given a sentence where something is worth knowing.

        Raises:
            Diverged: the loss is no longer finite; what is in the folder is from before.
            OutOfMemory: the network or a batch does not fit in memory.
            Unusable: a picture turns out to be broken, and that is not to be passed over; the last weights cannot be
                written; or a checkpoint is of another network.
        """
        torch.backends.cudnn.deterministic = True
        room = free(self.device)
        keeper = Keeper(run, self.recipe.checkpoint_every, self.recipe.keep, tell)
        try:
            with memory_told(self.recipe.batch), logs.opened(run, self._number("epoch"), tell) as kept:
                training = self.training()
                if self._state:
                    _load(training, self._state, run)
                    keeper.note(training)
                    self._state = None
                self.left_out = training.means.feed.left_out
                yield from self._epochs(training, keeper, kept, watch)
        except OutOfMemory:
            what = advice(self.classifier.trained.graph, self.recipe, room)
            raise OutOfMemory(f"out of memory with a batch of {self.recipe.batch:,}: {what}") from None
        except Diverged as error:
            raise Diverged(f"{error}{self._inspected(training, error.culprit, run)}") from None
        finally:
            self.saved = keeper.saved or self.saved

    def _epochs(
        self, training: Training, keeper: Keeper, kept: tuple[logs.Log, ...], watch: Callable[[Progress], None]
    ) -> Iterator[EpochMetrics]:
        def seen(progress: Progress) -> None:
            keeper.after_batch(training)
            watch(progress)

        try:
            for metrics in training.epochs(seen):
                keeper.keep_weights(training.evaluated)
                for log in kept:
                    log.epoch(metrics)
                self.finished.append(metrics)
                yield metrics
            keeper.save(training)
            keeper.end()
        except Exception:
            if training.is_whole:
                keeper.save(training)
            raise

    def _inspected(self, training: Training, culprit: Culprit | None, run: Run) -> str:
        """What a look at the batch whose loss is no number finds, which is kept."""
        if culprit is None:
            return ""
        why = inspection.told(training, culprit, self.classifier.trained.graph)
        found = inspection.kept(training, culprit, why)
        try:
            write_whole(run.diverged, packed(found.tensors, {"about": json.dumps(found.values)}))
        except OSError as error:
            return f"\n  {why}; the batch could not be kept: {error.strerror}"
        return f"\n  {why}\n  the batch, and the weights that it met, are in {run.diverged}"

    def _begun(self) -> torch.nn.Module:
        """The network with the weights that it begins with."""
        seed(self.recipe.seed)
        network = self.classifier.trained.to_torch()
        if self.beginning is not None:
            self.beginning.give(network)
        return network

    def training(self) -> Training:
        """At the beginning, on the device."""
        return Training(self._begun().to(self.device), self.recipe, self._means())

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


def _load(training: Training, state: State, run: Run) -> None:
    try:
        training.load(state)
    except (KeyError, TypeError, ValueError, RuntimeError, IndexError) as error:
        what = " ".join(str(error).split())[:200]
        raise Unusable(f"the checkpoint in {run.checkpoints} does not fit the spec beside it: {what}") from None


def _tell_of_machines(then: object, now: Mapping[str, object], tell: Callable[[str], None]) -> None:
    """Say where the last bits of the weights may be others than if the run had never ended."""
    if not isinstance(then, dict):
        return
    for name, one in now.items():
        if name in then and then[name] != one:
            tell(
                f"{name}: {str(then[name])[:40]} when the run ended, {one} now, so the last bits of weights will differ"
            )


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
