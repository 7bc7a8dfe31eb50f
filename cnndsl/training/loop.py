"""The training loop: one pass over the images after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor

from cnndsl.backends.torch.weights.load import tensors_of
from cnndsl.training.answers import likeliest, main_output
from cnndsl.training.averaging import MovingAverage
from cnndsl.training.errors import Culprit, Diverged, Unusable, memory_told
from cnndsl.training.feed import Feed
from cnndsl.training.losses import Criterion
from cnndsl.training.mixing import Mixer
from cnndsl.training.optimizer import optimizer
from cnndsl.training.precision import Precision
from cnndsl.training.progress import EpochMetrics, Progress, Validation
from cnndsl.training.recipe import Recipe
from cnndsl.training.recipe.schedules import Plateau
from cnndsl.training.schedule import PlateauWatch, factor
from cnndsl.training.state import State, draws, memory_of, redraw, remember, taken, under
from cnndsl.training.tally import Tally

__all__ = ["Means", "Training"]


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
        position: how many images of the next epoch are behind it, in their order.
        step: how many steps the optimizer has taken.
        is_whole: whether it stands between two batches, so that `state` is one to go on from.
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
        self.epoch = self.position = self.step = 0
        self.best: tuple[float, int] | None = None
        self.is_whole = True
        self._drawn = self.generator.get_state()
        """Where the generator stands when the order of the epoch is drawn."""
        self._tally = Tally(means.device)

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
            self._drawn = self.generator.get_state()
            self.epoch, self.position = self.epoch + 1, 0
            self.is_whole = True
            yield metrics

    def _has_settled(self) -> bool:
        """Whether the validation loss has not fallen for as many epochs as the recipe waits."""
        return bool(self.recipe.patience and self.best and self.epoch - self.best[1] >= self.recipe.patience)

    def _one_epoch(self, watch: Callable[[Progress], None]) -> EpochMetrics:
        if not self.position:
            self._tally = Tally(self.means.device)
        self.network.train()
        batches = _batches(self._order()[self.position :], self.recipe.batch)
        done = self.position // self.recipe.batch
        steps, tally = done + len(batches), self._tally
        for number, (pixels, labels) in enumerate(self.means.feed.batches(batches), done):
            self.is_whole = False
            ends_step = (number + 1) % self.recipe.accumulate == 0 or number + 1 == steps
            if len(labels):  # where all its pictures are broken, and passed over, there is nothing to learn
                tally.add(self._batch(pixels, labels, number, steps), len(labels))
            if ends_step and any(each.grad is not None for each in self.network.parameters()):
                self._step(number // self.recipe.accumulate, -(-steps // self.recipe.accumulate))
            if number == done or number + 1 == steps or tally.is_old:
                tally.read()
                self._require_finite(tally.loss)
            self.position += len(batches[number - done])
            self.is_whole = True
            watch(tally.progress(self.epoch + 1, number + 1, steps))
        if not tally.images:
            raise Unusable("not one of the pictures to train on can be read")
        self.is_whole = False
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

    def _order(self) -> Tensor:
        """The order of the images of the epoch, which is drawn once and can be found again."""
        draw = torch.Generator()
        draw.set_state(self._drawn)
        order = torch.randperm(len(self.means.feed.labels), generator=draw)
        if not self.position:
            self.generator.set_state(draw.get_state())
        return order

    def _batch(self, pixels: Tensor, labels: Tensor, number: int, batches: int) -> Tensor:
        """Add the gradients of some images; the sum of their losses, and how many were classified rightly.

        Args:
            pixels: the images, on the device.
            labels: their classes.
            number: of the batch in its epoch, from 0.
            batches: how many the epoch has.

        Raises:
            Diverged: the loss is no finite number, where a look at it costs nothing.
        """
        inputs, targets = self.means.prepare(pixels, self.generator), labels
        if self.means.mixer:
            inputs, targets = self.means.mixer(inputs, labels, self.generator)
        drawn = torch.get_rng_state()
        outputs = self.precision(inputs)
        loss = self.means.criterion(outputs, targets)
        if self.means.device.type == "cpu" and not isfinite(loss.item()):
            raise self._diverged(Culprit(inputs, targets, labels, drawn))
        self.precision.backward(loss, of=self._batches_of_step(number, batches))
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
        self.step += 1

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
            raise self._diverged()

    def _diverged(self, culprit: Culprit | None = None) -> Diverged:
        lr = self.recipe.optimizer.lr
        what = f"in epoch {self.epoch + 1} the loss is no longer a finite number: lower --lr, here {lr:g}"
        return Diverged(what, culprit)

    # going on

    def state(self) -> State:
        """All that it takes to go on from here as if nothing had been; only where it is whole."""
        drawn = draws()
        tensors = {
            "order": self.generator.get_state(),
            "epoch": self._drawn,
            "tally": self._tally.totals,
            **under("network", tensors_of(self.network)),
            **under("optimizer", memory_of(self.optimizer)),
            **under("gradient", self._gradients()),
            **under("random", drawn.tensors),
        }
        values = {
            "epoch": self.epoch,
            "position": self.position,
            "step": self.step,
            "images": len(self.means.feed.labels),
            "best": self.best,
            "optimizer": type(self.optimizer).__name__,
            "scaler": self.precision.state_dict(),
            "plateau": self.plateau.dump() if self.plateau else None,
            "tally": self._tally.dump(),
            "random": drawn.values,
        }
        if self.average:
            average = self.average.state_dict()
            tensors |= under("average", average["tensors"])
            values["updates"] = average["updates"]
        return State(tensors, values)

    def load(self, state: State) -> None:
        """Go on from a state, of a training by this recipe or by one that differs from it.

        What the other recipe had no need of begins anew: a moving average with the weights as they are, an optimizer of
        another kind without memory. So does an epoch that was begun with other images.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError: it is of another network.
        """
        tensors, values = state
        self.network.load_state_dict(taken("network", tensors))
        if values["optimizer"] == type(self.optimizer).__name__:
            remember(self.optimizer, taken("optimizer", tensors))
        if values["scaler"]:
            self.precision.load_state_dict(values["scaler"])
        if self.plateau and values["plateau"]:
            self.plateau.load(values["plateau"])
        if self.average:
            average = taken("average", tensors) or taken("network", tensors)
            self.average.load_state_dict({"updates": values.get("updates", 0), "tensors": average})
        self.generator.set_state(tensors["order"])
        self._drawn = self.generator.get_state()
        self.epoch, self.step = int(values["epoch"]), int(values["step"])
        self.best = (float(values["best"][0]), int(values["best"][1])) if values["best"] else None
        if values["images"] == len(self.means.feed.labels):
            self._go_on_in_epoch(state)
        redraw(State(taken("random", tensors), values["random"]))

    def _go_on_in_epoch(self, state: State) -> None:
        tensors, values = state
        self.position, self._drawn = int(values["position"]), tensors["epoch"]
        self._tally.load(tensors["tally"], values["tally"])
        gradients = taken("gradient", tensors)
        for number, parameter in enumerate(self.network.parameters()):
            if str(number) in gradients:
                parameter.grad = torch.empty_like(parameter).copy_(gradients[str(number)])

    def _gradients(self) -> dict[str, Tensor]:
        """Those of the batches of a step that is not over."""
        every = enumerate(self.network.parameters())
        return {str(number): each.grad for number, each in every if each.grad is not None}


def _batches(order: Tensor, size: int) -> list[Tensor]:
    """The images in batches; one that would be left alone joins the batch before it, for batch norms need two."""
    batches = list(torch.split(order, min(size, len(order))))
    if len(batches) > 1 and len(batches[-1]) == 1 and size > 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches
