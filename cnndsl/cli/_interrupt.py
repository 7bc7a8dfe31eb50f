"""Ctrl-C for a command that has something to say before it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["interruptible"]


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Ask for KeyboardInterrupt, which elsewhere in this program is switched off (see `cnndsl.__main__`).

    The first Ctrl-C waits for a safe moment: the function that is given here, called between two steps of the work,
    raises it. The second does not wait. A Ctrl-C that is ignored for us stays ignored.
    """
    pressed = False

    def press(signal_number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        yield check
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
