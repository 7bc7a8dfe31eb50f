"""What the terminal behind standard output can show."""

from __future__ import annotations

import os
import sys
from shutil import get_terminal_size
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnndsl.backends.report.terminal import Style

__all__ = ["table_style", "text_width", "wants_colour"]

_NARROWEST, _USUAL, _WIDEST = 60, 80, 100


def text_width() -> int:
    """The columns of the terminal, within what can be read; 80 where standard output is none."""
    return min(max(get_terminal_size((_USUAL, 0)).columns, _NARROWEST), _WIDEST)


def table_style() -> Style:
    """How tables are shown: as wide as the terminal (or as `COLUMNS` says), and where there is none, without an end."""
    from cnndsl.backends.report.terminal import ASCII, UNICODE, Style

    is_terminal = sys.stdout.isatty()
    width = get_terminal_size((_USUAL, 0)).columns if is_terminal or os.environ.get("COLUMNS") else 0
    return Style(width, is_terminal and wants_colour(), UNICODE if _shows(UNICODE.more) else ASCII)


def wants_colour() -> bool:
    """Whether colours are wanted where there is a terminal: https://no-color.org, and one that knows none."""
    return "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _shows(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
