"""How wide text may be."""

from __future__ import annotations

from shutil import get_terminal_size

__all__ = ["text_width"]

_NARROWEST, _USUAL, _WIDEST = 60, 80, 100


def text_width() -> int:
    """The columns of the terminal, within what can be read; 80 where standard output is none."""
    return min(max(get_terminal_size((_USUAL, 0)).columns, _NARROWEST), _WIDEST)
