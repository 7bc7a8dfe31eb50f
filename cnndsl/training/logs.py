"""What a run leaves of its epochs: JSON lines, and event files for TensorBoard."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cnndsl.files import write_whole
from cnndsl.training.numbers import as_json
from cnndsl.training.progress import EpochMetrics, Validation
from cnndsl.training.runs import Run

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["JsonLines", "Log", "TensorBoard", "opened", "read_metrics"]


class Log(Protocol):
    """Keeps what the epochs of a run came to; what it was given is in its files once `epoch` returns."""

    def epoch(self, metrics: EpochMetrics) -> None: ...

    def close(self) -> None: ...


class JsonLines:
    """A line for each epoch, with the fields of EpochMetrics; what is not a finite number is null.

    A line that cannot be written waits for the next one.

    Args:
        path: the file.
        done: how many epochs it may tell of so far; lines of others, and what is no line, are removed first.
        tell: is given a sentence where it cannot be written.
    """

    def __init__(self, path: Path, done: int, tell: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell
        self._waiting = ""
        self._size = 0
        if path.exists():
            kept = "".join(f"{line}\n" for line in _lines(path) if _metrics(line, done))
            self._size = len(kept.encode())
            if self._size != path.stat().st_size:
                write_whole(path, kept.encode())

    def epoch(self, metrics: EpochMetrics) -> None:
        self._waiting += as_json(asdict(metrics)) + "\n"
        try:
            with self._path.open("ab") as file:
                file.truncate(self._size)  # a part of a line that a full disk left
                file.write(self._waiting.encode())
        except OSError as error:
            self._tell(f"cannot write {self._path}: {error.strerror}; it is tried again after the next epoch")
            return
        self._size += len(self._waiting.encode())
        self._waiting = ""

    def close(self) -> None:
        pass


def read_metrics(path: Path, done: int) -> list[EpochMetrics]:
    """The epochs that a file tells of, up to this one; lines that are damaged are passed over."""
    found = (_metrics(line, done) for line in _lines(path))
    return [each for each in found if each is not None]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _metrics(line: str, done: int) -> EpochMetrics | None:
    """What a line tells, if it is one, of an epoch up to this one."""
    try:
        values = json.loads(line)
        validation = values.pop("validation")
        numbers: dict[str, Any] = {name: math.nan if value is None else value for name, value in values.items()}
        found = EpochMetrics(**numbers, validation=validation and Validation(**validation))
        return found if 0 < found.epoch <= done else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


class TensorBoard:
    """Event files. Nothing is imported before the first epoch is over, so that no step waits for it.

    Args:
        folder: is made when there is something to write.
        goes_on: whether there may be events of epochs that are trained again; they are hidden then.
        tell: is given a sentence where TensorBoard is not installed, or cannot write; nothing is written then.
    """

    def __init__(self, folder: Path, goes_on: bool, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._goes_on = goes_on
        self._tell = tell
        self._writer: SummaryWriter | None = None
        self._is_missing = False

    def epoch(self, metrics: EpochMetrics) -> None:
        if self._is_missing:
            return
        try:
            self._writer = writer = self._writer or self._opened(metrics.epoch)
            if writer is None:
                return
            for tag, value in _scalars(metrics):
                writer.add_scalar(tag, value, metrics.epoch)
            writer.flush()
        except OSError as error:
            self._is_missing, self._writer = True, None
            self._tell(f"no more files for TensorBoard: {error.strerror or error}")

    def close(self) -> None:
        with suppress(OSError):
            if self._writer is not None:
                self._writer.close()

    def _opened(self, epoch: int) -> SummaryWriter | None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            self._is_missing = True
            self._tell(f"no files for TensorBoard: {error}; pip install 'cnndsl[train]' brings it")
            return None
        return SummaryWriter(str(self._folder), purge_step=epoch if self._goes_on else None)


def _scalars(metrics: EpochMetrics) -> Iterator[tuple[str, float]]:
    yield "train/loss", metrics.loss
    yield "train/accuracy", metrics.accuracy
    if metrics.validation is not None:
        yield "validation/loss", metrics.validation.loss
        yield "validation/accuracy", metrics.validation.accuracy
    yield "lr", metrics.lr
    yield "images_per_second", metrics.images_per_second


@contextmanager
def opened(run: Run, done: int, tell: Callable[[str], None]) -> Iterator[tuple[Log, ...]]:
    """All logs of a run of which so many epochs are done; `tell` is given a sentence about one that cannot be kept."""
    with ExitStack() as stack:
        logs: tuple[Log, ...] = (
            JsonLines(run.metrics, done, tell),
            TensorBoard(run.tensorboard, run.tensorboard.exists(), tell),
        )
        for log in logs:
            stack.callback(log.close)
        yield logs
