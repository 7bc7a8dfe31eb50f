"""Ctrl-C and SIGTERM for a command that has something to save before it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Asked", "interruptible"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Asked:
    """Whether someone wants the command to end.

    Attributes:
        number: of the signal that said so; 0 where none did.
    """

    number = 0


@contextmanager
def interruptible() -> Iterator[Asked]:
    """Let signals wait for a safe moment, between two steps of the work; who does the work looks whether one came.

    That is the first of them. The second does not wait: Ctrl-C raises KeyboardInterrupt, which elsewhere in this
    program is switched off (see `cnndsl.__main__`), and SIGTERM ends the process. A Ctrl-C that is ignored for us
    stays ignored.
    """
    asked = Asked()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.number = number
        for each, _ in before:
            signal.signal(each, signal.default_int_handler if each == signal.SIGINT else signal.SIG_DFL)

    every: list[tuple[signal.Signals, Callable[..., object] | int | None]]
    every = [(each, signal.getsignal(each)) for each in SIGNALS]
    before = [(each, handler) for each, handler in every if handler is not signal.SIG_IGN]
    for each, _ in before:
        signal.signal(each, ask)
    try:
        yield asked
    finally:
        for each, handler in before:
            signal.signal(each, handler)
