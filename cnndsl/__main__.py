"""`cnndsl`, and `python -m cnndsl`."""

from __future__ import annotations

import signal

__all__ = ["main"]


def main() -> None:
    """The entry point.

    Ctrl-C ends the process as if Python were not there, without a traceback, from here on and while imports go on. A
    command that has something to save asks for KeyboardInterrupt again. A Ctrl-C that the shell ignores for us (a
    background job) stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cnndsl.cli import main

    main()


if __name__ == "__main__":
    main()
