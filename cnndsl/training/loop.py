"""The training loop: one pass over the images after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor

from cnndsl.training.answers import likeliest, main_output
from cnndsl.training.averaging import MovingAverage
from cnndsl.training.errors import Diverged, Unusable, memory_told
from cnndsl.training.feed import Feed
from cnndsl.training.losses import Criterion
from cnndsl.training.mixing import Mixer
from cnndsl.training.optimizer import optimizer
from cnndsl.training.precision import Precision
from cnndsl.training.progress import EpochMetrics, Progress, Validation
from cnndsl.training.recipe import Recipe
from cnndsl.training.recipe.schedules import Plateau
from cnndsl.training.schedule import PlateauWatch, factor

__all__ = ["Means", "Training"]

READ_EVERY = 0.1
"""Seconds between two looks at the loss: on a GPU a look waits for what is under way."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a training works with, beside its network and its recipe.

    Attributes:
        feed: the images, whose indices it asks for.
        prepare: makes the network's inputs of pixels, B x C x H x W, augmented with draws of a generator.
        mixer: mixes images and their classes; None for leaving them.
        criterion: the loss of what the network gives, for its classes or their parts.
        validate: measures a network; None where there is nothing to measure it with.
        device: where.
    """

    feed: Feed
    prepare: Callable[[Tensor, torch.Generator], Tensor]
    mixer: Mixer | None
    criterion: Criterion
    validate: Callable[[torch.nn.Module], Validation] | None
    device: torch.device


class Training:
    """A network on its way.

    Args:
        network: gives logits N x classes, or several of them, the main ones first; it is trained in place, on the
            device.
        recipe: how.
        means: with what.

    Attributes:
        epoch: how many epochs are done.
        generator: draws the order of the images, their augmentation and mixing.
        best: the least validation loss so far, and its epoch.
    """

    def __init__(self, network: torch.nn.Module, recipe: Recipe, means: Means) -> None:
        self.network = network
        self.recipe = recipe
        self.means = means
        self.precision = Precision(
            network, means.device, recipe.precision, channels_last=recipe.channels_last, compile=recipe.compile
        )
        self.optimizer = optimizer(recipe.optimizer, network)
        self.average = MovingAverage(network, recipe.ema) if recipe.ema else None
        self.plateau = PlateauWatch(recipe.schedule) if isinstance(recipe.schedule, Plateau) else None
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.epoch = 0
        self.best: tuple[float, int] | None = None

    @property
    def evaluated(self) -> torch.nn.Module:
        """The network as it is evaluated and stored: of the moving average, where there is one."""
        return self.average.module if self.average else self.network

    def epochs(self, watch: Callable[[Progress], None]) -> Iterator[EpochMetrics]:
        """Train for the epochs that are left, and give what each came to.

        Args:
            watch: is called after every batch; the figures it gets are a tenth of a second old at most, or one batch.

        Raises:
            Diverged: the loss or a weight is no longer finite; the epoch's metrics are not given then.
            OutOfMemory: a batch does not fit.
            Unusable: a picture turns out to be broken, and that is not to be passed over; or all are.
        """
        while self.epoch < self.recipe.epochs and not self._has_settled():
            with memory_told(self.recipe.batch):
                metrics = self._one_epoch(watch)
            self.epoch += 1
            yield metrics

    def _has_settled(self) -> bool:
        """Whether the validation loss has not fallen for as many epochs as the recipe waits."""
        return bool(self.recipe.patience and self.best and self.epoch - self.best[1] >= self.recipe.patience)

    def _one_epoch(self, watch: Callable[[Progress], None]) -> EpochMetrics:
        count = len(self.means.feed.labels)
        batches = _batches(torch.randperm(count, generator=self.generator), self.recipe.batch)
        tally = _Tally(self.means.device)
        self.network.train()
        for number, (pixels, labels) in enumerate(self.means.feed.batches(batches), 1):
            ends_step = number % self.recipe.accumulate == 0 or number == len(batches)
            tally.add(self._batch(pixels, labels, number - 1, len(batches), ends_step), len(labels))
            if number in (1, len(batches)) or tally.is_old:
                tally.read()
                self._require_finite(tally.loss)
            watch(tally.progress(self.epoch + 1, number, len(batches)))
        if not tally.images:
            raise Unusable("not one of the pictures to train on can be read")
        tally.read()
        seconds = tally.seconds
        self._require_finite(tally.loss, *self.network.parameters())
        return EpochMetrics(
            epoch=self.epoch + 1,
            loss=tally.loss,
            accuracy=tally.accuracy,
            lr=self.optimizer.param_groups[0]["lr"],
            seconds=seconds,
            images_per_second=tally.images / seconds,
            validation=self._validation(),
        )

    def _batch(self, pixels: Tensor, labels: Tensor, number: int, batches: int, ends_step: bool) -> Tensor:
        """Train on some images; the sum of their losses, and how many were classified rightly.

        Args:
            pixels: the images, on the device.
            labels: their classes.
            number: of the batch in its epoch, from 0.
            batches: how many the epoch has.
            ends_step: whether the optimizer takes its step behind it.
        """
        inputs, targets = self.means.prepare(pixels, self.generator), labels
        if self.means.mixer:
            inputs, targets = self.means.mixer(inputs, labels, self.generator)
        outputs = self.precision(inputs)
        loss = self.means.criterion(outputs, targets)
        self.precision.backward(loss, of=self._batches_of_step(number, batches))
        if ends_step:
            self._step(number // self.recipe.accumulate, -(-batches // self.recipe.accumulate))
        right = (likeliest(main_output(outputs)) == labels).sum()
        return torch.stack([loss.detach() * len(labels), right])

    def _batches_of_step(self, number: int, batches: int) -> int:
        """How many batches the step of a batch is made of: fewer than the others in the last step of an epoch."""
        first = number - number % self.recipe.accumulate
        return min(self.recipe.accumulate, batches - first)

    def _step(self, number: int, steps: int) -> None:
        """Let the optimizer take a step, the n-th of so many of its epoch, counted from 0."""
        recipe = self.recipe
        step, drops = self.epoch * steps + number, self.plateau.drops if self.plateau else 0
        rate = factor(recipe.schedule, recipe.warmup, step, recipe.epochs * steps, steps, drops) * recipe.optimizer.lr
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.precision.step(self.optimizer, recipe.clip)
        if self.average:
            self.average.update()

    def _validation(self) -> Validation | None:
        if self.means.validate is None:
            return None
        found = self.means.validate(self.evaluated)
        if self.best is None or found.loss < self.best[0]:
            self.best = found.loss, self.epoch + 1
        if self.plateau:
            self.plateau.saw(found.loss)
        return found

    def _require_finite(self, *values: Tensor | float) -> None:
        if not all(bool(torch.as_tensor(value).isfinite().all()) for value in values):
            lr = self.recipe.optimizer.lr
            raise Diverged(f"in epoch {self.epoch + 1} the loss is no longer a finite number: lower --lr, here {lr:g}")


class _Tally:
    """Losses and right answers of an epoch, added up on the device."""

    def __init__(self, device: torch.device) -> None:
        self._totals = torch.zeros(2, dtype=torch.float64, device=device)
        self._start = self._seen = perf_counter()
        self.images = 0
        self.loss = self.accuracy = 0.0

    def add(self, losses_and_right: Tensor, images: int) -> None:
        self._totals += losses_and_right
        self.images += images

    @property
    def seconds(self) -> float:
        """Since the epoch began."""
        return perf_counter() - self._start

    @property
    def is_old(self) -> bool:
        """Whether the last look is a while ago."""
        return perf_counter() - self._seen > READ_EVERY

    def read(self) -> None:
        """Look at the figures, which waits for the device."""
        self.loss, self.accuracy = (self._totals / self.images).tolist()
        self._seen = perf_counter()

    def progress(self, epoch: int, step: int, steps: int) -> Progress:
        return Progress(epoch, step, steps, self.loss, self.accuracy, self.images / self.seconds)


def _batches(order: Tensor, size: int) -> list[Tensor]:
    """The images in batches; one that would be left alone joins the batch before it, for batch norms need two."""
    batches = list(torch.split(order, min(size, len(order))))
    if len(batches) > 1 and len(batches[-1]) == 1 and size > 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches
