"""What a run leaves of its epochs: JSON lines, and event files for TensorBoard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cnndsl.training.numbers import as_json
from cnndsl.training.progress import EpochMetrics
from cnndsl.training.runs import Run

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["JsonLines", "Log", "TensorBoard", "opened"]


class Log(Protocol):
    """Keeps what the epochs of a run came to; what it was given is in its files once `epoch` returns."""

    def epoch(self, metrics: EpochMetrics) -> None: ...

    def close(self) -> None: ...


class JsonLines:
    """A line for each epoch, with the fields of EpochMetrics; what is not a finite number is null."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def epoch(self, metrics: EpochMetrics) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(as_json(asdict(metrics)) + "\n")

    def close(self) -> None:
        pass


class TensorBoard:
    """Event files. Nothing is imported before the first epoch is over, so that no step waits for it.

    Args:
        folder: is made when there is something to write.
        tell: is given a sentence where TensorBoard is not installed; nothing is written then.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._tell = tell
        self._writer: SummaryWriter | None = None
        self._is_missing = False

    def epoch(self, metrics: EpochMetrics) -> None:
        if self._writer is None and not self._is_missing:
            self._open()
        if self._writer is None:
            return
        for tag, value in _scalars(metrics):
            self._writer.add_scalar(tag, value, metrics.epoch)
        self._writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _open(self) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            self._is_missing = True
            self._tell(f"no files for TensorBoard: {error}; pip install 'cnndsl[train]' brings it")
            return
        self._writer = SummaryWriter(str(self._folder))


def _scalars(metrics: EpochMetrics) -> Iterator[tuple[str, float]]:
    yield "train/loss", metrics.loss
    yield "train/accuracy", metrics.accuracy
    if metrics.validation is not None:
        yield "validation/loss", metrics.validation.loss
        yield "validation/accuracy", metrics.validation.accuracy
    yield "lr", metrics.lr
    yield "images_per_second", metrics.images_per_second


@contextmanager
def opened(run: Run, tell: Callable[[str], None]) -> Iterator[tuple[Log, ...]]:
    """All logs of a run; `tell` is given a sentence about one that cannot be kept."""
    with ExitStack() as stack:
        logs: tuple[Log, ...] = (JsonLines(run.metrics), TensorBoard(run.tensorboard, tell))
        for log in logs:
            stack.callback(log.close)
        yield logs
