"""`cnndsl`, and `python -m cnndsl`."""

from __future__ import annotations

import gc
import signal

__all__ = ["main"]

_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Python's 700 would have it look for garbage dozens of times while a command starts, a twentieth of the time of
`check`; there is none to speak of."""


def main() -> None:
    """The entry point.

    Ctrl-C ends the process as if Python were not there, without a traceback, from here on and while imports go on. A
    command that has something to save asks for KeyboardInterrupt again. A Ctrl-C that the shell ignores for us (a
    background job) stays ignored.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cnndsl.cli import main

    main()


if __name__ == "__main__":
    main()
