"""How far a training is: a bar on a terminal, a line for each epoch elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from cnndsl.training.loop import EpochMetrics, Progress

__all__ = ["Display", "display", "figures"]

LARGEST_PLAIN = 1e4
"""Losses from here on are written with an exponent."""


class Display(Protocol):
    """What a training tells while it runs."""

    def step(self, progress: Progress) -> None: ...

    def epoch(self, metrics: EpochMetrics) -> None: ...


@contextmanager
def display(epochs: int) -> Iterator[Display]:
    """The display for standard output as it is; the terminal is as before afterwards."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        yield _Lines(epochs)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(24), TextColumn("{task.fields[figures]}"))
    with Progress(*columns, TimeRemainingColumn(), transient=True) as bars:
        yield _Bar(bars, epochs)


def figures(loss: float, accuracy: float) -> str:
    """Loss and accuracy in few characters, whatever the loss."""
    number = f"{loss:.4f}" if loss < LARGEST_PLAIN else f"{loss:.3e}"
    return f"loss {number}  accuracy {100 * accuracy:6.2f} %"


class _Lines:
    """A line for each epoch."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def step(self, progress: Progress) -> None:
        pass

    def epoch(self, metrics: EpochMetrics) -> None:
        number = f"{metrics.epoch:>{len(str(self.epochs))}}/{self.epochs}"
        click.echo(f"epoch {number}  {figures(metrics.loss, metrics.accuracy)}  {metrics.seconds:.1f} s")


class _Bar:
    """A bar over all epochs."""

    def __init__(self, bars: Bars, epochs: int) -> None:
        self.bars = bars
        self.epochs = epochs
        self.task = bars.add_task("epoch", total=None, figures="")

    def step(self, progress: Progress) -> None:
        self.bars.update(
            self.task,
            description=f"epoch {progress.epoch}/{self.epochs}",
            total=self.epochs * progress.steps,
            completed=(progress.epoch - 1) * progress.steps + progress.step,
            figures=figures(progress.loss, progress.accuracy),
        )

    def epoch(self, metrics: EpochMetrics) -> None:
        pass
