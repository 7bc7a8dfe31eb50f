"""The training loop: cross-entropy, Adam, one pass over the images after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from cnndsl.training.augmentation import augmenter
from cnndsl.training.data import Images
from cnndsl.training.errors import Diverged, memory_told
from cnndsl.training.preprocessing import Preprocessing
from cnndsl.training.recipe.augmentations import Shift
from cnndsl.training.settings import Settings

__all__ = ["EpochMetrics", "Progress", "Training"]

READ_EVERY = 0.1
"""Seconds between two looks at the loss: on a GPU a look waits for what is under way."""


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """What an epoch came to, measured on the shifted training images while the weights changed.

    Attributes:
        epoch: counted from 1.
        loss: the mean cross-entropy, in nats.
        accuracy: the part of the images that was classified rightly, from 0 to 1.
        lr: the learning rate of its last step.
        seconds: how long it took.
    """

    epoch: int
    loss: float
    accuracy: float
    lr: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an epoch stands: its number from 1, steps done, and loss and accuracy so far, both as in EpochMetrics."""

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float


class Training:
    """A network on its way.

    Attributes:
        network: gives N x classes logits; it is moved to the device and trained in place.
        optimizer: torch's.
        generator: draws the order of the images and the shifts.
        epoch: how many epochs are done.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        images: Images,
        preprocessing: Preprocessing,
        settings: Settings,
        device: torch.device,
    ) -> None:
        self.network = network.to(device)
        self.preprocessing = preprocessing
        self.settings = settings
        self.device = device
        self.pixels = torch.from_numpy(images.pixels).to(device)
        self.labels = torch.from_numpy(images.labels).to(device)
        self.optimizer = torch.optim.Adam(network.parameters(), lr=settings.lr)
        self.generator = torch.Generator().manual_seed(settings.seed)
        shift = Shift.bind({"part": settings.shift})
        self.augment = augmenter((shift,), preprocessing.shape[1:], preprocessing.mean)
        self.epoch = 0

    def epochs(self, watch: Callable[[Progress], None]) -> Iterator[EpochMetrics]:
        """Train for the epochs that are left, and give what each came to.

        Args:
            watch: is called after every step; the figures it gets are a tenth of a second old at most, or one step.

        Raises:
            Diverged: the loss or a weight is no longer finite; the epoch's metrics are not given then.
            OutOfMemory: a batch does not fit.
        """
        while self.epoch < self.settings.epochs:
            with memory_told(self.settings.batch):
                metrics = self._one_epoch(watch)
            self.epoch += 1
            yield metrics

    def _one_epoch(self, watch: Callable[[Progress], None]) -> EpochMetrics:
        start = seen = perf_counter()
        self.network.train()
        batches = _batches(torch.randperm(len(self.labels), generator=self.generator), self.settings.batch)
        totals = torch.zeros(2, dtype=torch.float64, device=self.device)
        done, loss, accuracy = 0, 0.0, 0.0
        for step, batch in enumerate(batches, 1):
            totals += self._step(batch, step - 1 + self.epoch * len(batches), self.settings.epochs * len(batches))
            done += len(batch)
            if step in (1, len(batches)) or perf_counter() - seen > READ_EVERY:
                seen = perf_counter()
                loss, accuracy = (totals / done).tolist()
                self._require_finite(totals)
            watch(Progress(self.epoch + 1, step, len(batches), loss, accuracy))
        self._require_finite(*self.network.parameters())
        lr = self.optimizer.param_groups[0]["lr"]
        return EpochMetrics(self.epoch + 1, loss, accuracy, lr, perf_counter() - start)

    def _step(self, batch: Tensor, step: int, steps: int) -> Tensor:
        """Train on the images with these indices; the sum of their losses, and how many were classified rightly."""
        batch = batch.to(self.device)
        labels = self.labels[batch]
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate(step, steps)
        logits = self.network(self.preprocessing.augmented(self.pixels[batch], self.augment, self.generator))
        loss = cross_entropy(logits, labels)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        right = (logits.argmax(dim=1) == labels).sum()
        return torch.stack([loss.detach() * len(batch), right])

    def _require_finite(self, *tensors: Tensor) -> None:
        if not all(bool(tensor.isfinite().all()) for tensor in tensors):
            lr = self.settings.lr
            raise Diverged(f"in epoch {self.epoch + 1} the loss is no longer a finite number: lower --lr, here {lr:g}")


def _batches(order: Tensor, size: int) -> list[Tensor]:
    """The images in batches; one that would be left alone joins the batch before it, for batch norms need two."""
    batches = list(torch.split(order, min(size, len(order))))
    if len(batches) > 1 and len(batches[-1]) == 1 and size > 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches
