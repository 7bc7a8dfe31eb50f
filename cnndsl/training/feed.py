"""Batches of a data set on the device, in the order that is asked for."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from cnndsl.training.data.images import Images
from cnndsl.training.data.pictures import LIMIT, PictureStream
from cnndsl.training.data.threads import cores
from cnndsl.training.errors import Unusable
from cnndsl.training.left_out import LeftOut, settle
from cnndsl.training.pictures import strict

__all__ = ["Feed", "Resident", "Streamed", "feed"]

MOST_WORKERS = 8

LEFT_FREE = 0.5
"""The part of a GPU's free memory that is kept for the network."""


class Feed(Protocol):
    """A data set on its way to the network.

    Attributes:
        labels: N, int64, on the device.
        left_out: the pictures that turned out to be broken so far.
    """

    labels: Tensor
    left_out: list[LeftOut]

    def batches(self, indices: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """For each batch of indices, on the CPU, the images and their labels on the device.

        Images are B x C x H x W in the type of the data set. A broken picture is missing from its batch if those are
        to be passed over; of a batch of nothing else none is left.

        Raises:
            Unusable: a picture is broken, and that is not to be passed over; or a process that reads pictures died.
        """


def feed(
    images: Images | PictureStream, device: torch.device, *, workers: int | None = None, limit: int | None = None
) -> Feed:
    """The feed that suits: all on the device where that has room, else a stream.

    Args:
        images: the data set.
        device: where batches are wanted.
        workers: processes that decode pictures; half the cores, eight at most, if no number is given.
        limit: bytes that images may take on a GPU; 1 GiB, or half of what is free there if that is less.
    """
    if isinstance(images, PictureStream):
        return Streamed(images, device, min(MOST_WORKERS, max(1, cores() // 2)) if workers is None else workers)
    if device.type == "cpu" or images.pixels.nbytes <= (_room(device) if limit is None else limit):
        return Resident(images, device)
    return Streamed(images, device, workers or 0)  # there is nothing to decode


def _room(device: torch.device) -> int:
    free, _ = torch.cuda.mem_get_info(device)
    return min(LIMIT, int(free * (1 - LEFT_FREE)))


class Resident:
    """A data set that lives on the device; on the CPU it is the memory of the images themselves."""

    def __init__(self, images: Images, device: torch.device) -> None:
        self.pixels = torch.from_numpy(images.pixels).to(device)
        self.labels = torch.from_numpy(images.labels).to(device)
        self.left_out: list[LeftOut] = []

    def batches(self, indices: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        for batch in indices:
            chosen = batch.to(self.labels.device)
            yield self.pixels[chosen], self.labels[chosen]


class Streamed:
    """A data set that comes to the device batch by batch, decoded by processes that do nothing else.

    All that is random is in the order that is asked for, so the number of workers changes nothing. The workers stay
    from one epoch to the next.
    """

    def __init__(self, images: Images | PictureStream, device: torch.device, workers: int) -> None:
        self.images = images
        self.labels = torch.from_numpy(images.labels).to(device)
        self.left_out: list[LeftOut] = []
        self._order = _Order()
        self._loader = DataLoader(
            _Reader(images),
            batch_size=None,  # a batch is read as a whole
            sampler=self._order,
            num_workers=workers,
            pin_memory=device.type == "cuda",
            persistent_workers=workers > 0,
            worker_init_fn=_start_worker,
            generator=torch.Generator(),  # a seed for workers is drawn from it, and not from the run's own
        )

    def batches(self, indices: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        self._order.batches = indices
        device = self.labels.device
        with _signals_kept(), _deaths_told():
            batches = iter(self._loader)
        while (batch := self._next(batches)) is not None:
            self._tell(batch.broken)
            yield batch.pixels.to(device, non_blocking=True), self.labels[batch.chosen.to(device, non_blocking=True)]

    def _next(self, batches: Iterator[_Batch]) -> _Batch | None:
        with _deaths_told():
            return next(batches, None)

    def _tell(self, broken: list[LeftOut]) -> None:
        new = [LeftOut(*each) for each in broken if each not in self.left_out]
        if new and isinstance(self.images, PictureStream):
            self.left_out += settle(new, self.images.broken, f"{len(self.images):,} pictures")


class _Batch(NamedTuple):
    """Images, B x C x H x W; their indices; what is broken."""

    pixels: Tensor
    chosen: Tensor
    broken: list[LeftOut]


class _Order(Sampler[list[int]]):
    """The batches of an epoch."""

    def __init__(self) -> None:
        self.batches: Sequence[Tensor] = ()

    def __iter__(self) -> Iterator[list[int]]:
        return (batch.tolist() for batch in self.batches)

    def __len__(self) -> int:
        return len(self.batches)


class _Reader(Dataset[_Batch]):
    """Batches by their indices."""

    def __init__(self, images: Images | PictureStream) -> None:
        self.images = images

    def __getitem__(self, chosen: list[int]) -> _Batch:
        if isinstance(self.images, Images):
            return _Batch(torch.from_numpy(self.images.pixels[chosen]), torch.tensor(chosen), [])
        with strict():
            read = [(index, self.images.read(index)) for index in chosen]
        pictures = [(index, pixels) for index, pixels in read if not isinstance(pixels, LeftOut)]
        broken = [pixels for _, pixels in read if isinstance(pixels, LeftOut)]
        kept = torch.tensor([index for index, _ in pictures], dtype=torch.long)
        together = np.array([pixels for _, pixels in pictures], np.uint8).reshape(-1, *self.images.shape)
        return _Batch(torch.from_numpy(together), kept, broken)


def _start_worker(number: int) -> None:
    """Ctrl-C reaches every process of a terminal; what becomes of the workers is for the main one to say."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the main process ends them so, and may have its own idea of it
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def _deaths_told() -> Iterator[None]:
    """Raise Unusable in place of torch's error about a process that has died."""
    try:
        yield
    except RuntimeError as error:
        died = re.match(r"DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)", str(error))
        if not died:
            raise
        why = "the system does that where memory is short, and fewer --workers take less"
        raise Unusable(f"a process that reads pictures was ended from outside (process {died[1]}): {why}") from None


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Start processes, and let signals mean afterwards what they meant before.

    A Ctrl-C waits, here and in the processes, until these can say what they make of it. That a process has died is
    found out when the next batch is asked for: torch would raise it in the middle of whatever is going on.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    child = signal.getsignal(signal.SIGCHLD)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCHLD, child or signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
