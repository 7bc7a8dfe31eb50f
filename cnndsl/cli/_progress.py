"""How far a training is: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.live import Live

    from cnndsl.training.progress import EpochMetrics, Progress

__all__ = ["Display", "display", "figures"]

LARGEST_PLAIN = 1e4
"""Losses from here on are written with an exponent."""

REDRAWN_EVERY = 0.25
"""Seconds. Training waits while the bar is drawn, which takes half a millisecond."""

LINE_EVERY = 30.0
"""Seconds after which an epoch that is not over gets a line where there is no bar."""

NARROWEST_BAR, WIDEST_BAR = 6, 24

SLOW = 10
"""Images a second below which a tenth of one is told."""

GAP = "  "


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
    from rich.live import Live

    bar = _Bar(epochs)
    with Live(bar, auto_refresh=False, transient=True) as live:
        yield _Redrawn(live, bar)


class _Lines:
    """A line for each epoch, and within one that takes long."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.due = perf_counter() + LINE_EVERY

    def step(self, progress: Progress) -> None:
        if perf_counter() < self.due:
            return
        step = f"step {progress.step:>{len(f'{progress.steps:,}')},}/{progress.steps:,}"
        so_far, rate = figures(progress.loss, progress.accuracy), _rate(progress.images_per_second)
        self._tell(_number(progress.epoch, self.epochs), step, so_far, rate)

    def epoch(self, metrics: EpochMetrics) -> None:
        parts = [_number(metrics.epoch, self.epochs), figures(metrics.loss, metrics.accuracy)]
        if metrics.validation is not None:
            parts.append(f"validation {figures(metrics.validation.loss, metrics.validation.accuracy)}")
        self._tell(*parts, f"lr {metrics.lr:<7.2g}", _rate(metrics.images_per_second), f"{metrics.seconds:.1f} s")

    def _tell(self, *parts: str) -> None:
        click.echo(GAP.join(parts))
        self.due = perf_counter() + LINE_EVERY


class _Bar:
    """Where all epochs together stand, in one line of a terminal of any width."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.progress: Progress | None = None
        self.began = (0.0, 0)
        """When it was first told where the training stands, and how many steps were done then."""

    def move(self, progress: Progress) -> None:
        if self.progress is None:
            self.began = (perf_counter(), _done(progress))
        self.progress = progress

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        if self.progress is None:
            return
        progress, width = self.progress, options.max_width
        loss, accuracy = _loss(progress.loss), _accuracy(progress.accuracy)
        left = _time(self._seconds_left(progress))
        head = _number(progress.epoch, self.epochs)
        told = _fitting((head, loss, accuracy, left, _rate(progress.images_per_second)), width)
        room = min(width - len(told) - len(GAP), WIDEST_BAR)
        yield Text(head, end="", no_wrap=True, overflow="crop")
        if room >= NARROWEST_BAR:
            yield Text(GAP, end="")
            yield ProgressBar(self.epochs * progress.steps, _done(progress), room)
        yield Text(told[len(head) :], end="")

    def _seconds_left(self, progress: Progress) -> float | None:
        """At the speed so far, without that of the first step, which also prepares what the others use."""
        start, first = self.began
        done = _done(progress)
        if done == first:
            return None
        return (perf_counter() - start) / (done - first) * (self.epochs * progress.steps - done)


class _Redrawn:
    """The bar, redrawn between two steps when it is time: nothing runs beside the training."""

    def __init__(self, live: Live, bar: _Bar) -> None:
        self.live = live
        self.bar = bar
        self.due = 0.0

    def step(self, progress: Progress) -> None:
        if perf_counter() < self.due:
            return
        self.bar.move(progress)
        self.live.refresh()
        self.due = perf_counter() + REDRAWN_EVERY

    def epoch(self, metrics: EpochMetrics) -> None:
        """What a validation came to stays above the bar, which does not show it."""
        validation, console = metrics.validation, self.live.console
        if validation is None:
            return
        parts = (
            _number(metrics.epoch, self.bar.epochs),
            f"validation {_loss(validation.loss)}",
            _accuracy(validation.accuracy),
            f"training {_loss(metrics.loss)}",
            _accuracy(metrics.accuracy),
        )
        line = _fitting(parts, console.width)
        console.print(line, markup=False, highlight=False, no_wrap=True, overflow="crop")


def figures(loss: float, accuracy: float) -> str:
    """Loss and accuracy in few characters, whatever the loss."""
    return f"{_loss(loss)}{GAP}{_accuracy(accuracy)}"


def _fitting(parts: tuple[str, ...], width: int) -> str:
    """As many of these parts, from the first on, as there is room for; the first in any case."""
    line, *others = parts
    for part in others:
        if len(line) + len(GAP) + len(part) > width:
            break
        line += GAP + part
    return line


def _number(epoch: int, epochs: int) -> str:
    return f"epoch {epoch:>{len(str(epochs))}}/{epochs}"


def _loss(loss: float) -> str:
    return f"loss {loss:.4f}" if loss < LARGEST_PLAIN else f"loss {loss:.3e}"


def _accuracy(accuracy: float) -> str:
    return f"accuracy {100 * accuracy:6.2f} %"


def _rate(images_per_second: float) -> str:
    number = f"{images_per_second:,.0f}" if images_per_second >= SLOW else f"{images_per_second:.1f}"
    return f"{number:>6} images/s"


def _time(seconds: float | None) -> str:
    """`1:02:03`."""
    if seconds is None:
        return "-:--:--"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _done(progress: Progress) -> int:
    """Steps of all epochs."""
    return (progress.epoch - 1) * progress.steps + progress.step
