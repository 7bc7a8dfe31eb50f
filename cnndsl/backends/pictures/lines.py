"""Texts that have little room: broken into lines, or cut."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.backends.pictures.fonts import width

__all__ = ["cut", "unbroken", "wrapped"]

_MORE = "…"
_UNBROKEN = "\N{NO-BREAK SPACE}"


def wrapped(text: str, size: float, most: float, most_lines: int) -> list[str]:
    """The lines of a text that are at most so many points wide; where there are more than so many, they end in `…`.

    Lines end at blanks, those that do not break left out, and inside a word only where that has no room on its own.
    """
    lines: list[str] = []
    for word in _words(text, size, most):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= most:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most_lines:
        lines[most_lines - 1 :] = [_shortened(f"{lines[most_lines - 1]}{_MORE}", size, most)]
    return [line.replace(_UNBROKEN, " ") for line in lines]


def unbroken(text: str) -> str:
    """The text with blanks at which no line ends."""
    return text.replace(" ", _UNBROKEN)


def cut(text: str, size: float, most: float) -> str:
    """The text, at most so many points wide; of `f(8, 3) ×12` the number stays whole."""
    if width(text, size) <= most:
        return text
    name, blank, times = text.rpartition(" ×")
    kept = f"{blank}{times}" if blank and times.isdigit() else ""
    return _shortened((name if kept else text) + _MORE, size, most - width(kept, size)) + kept


def _shortened(text: str, size: float, most: float) -> str:
    """A text that ends in `…`, without as much before that as has no room."""
    text = text.removesuffix(_MORE)
    while text and width(text + _MORE, size) > most:
        text = text[:-1]
    return text + _MORE


def _words(text: str, size: float, most: float) -> Iterator[str]:
    for word in filter(None, text.split(" ")):
        start = 0
        for end in range(1, len(word)):
            if width(word[start : end + 1], size) > most:
                yield word[start:end]
                start = end
        yield word[start:]
