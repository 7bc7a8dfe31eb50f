"""Pseudo-terminals, for what a command writes where a person looks."""

from __future__ import annotations

import os


def shown_on(terminal: int) -> bytes:
    """All that is written to a terminal from now on, until the other end is closed; closes this one."""
    shown = b""
    try:
        while block := os.read(terminal, 65536):
            shown += block
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(terminal)
    return shown
