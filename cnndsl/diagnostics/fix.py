"""Edits that mend mistakes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cnndsl.source import Span

__all__ = ["Edit", "Fix", "edited", "instead", "perhaps", "without_overlaps"]


class Edit(NamedTuple):
    """What is to stand in the place of a stretch of text, which may be empty."""

    span: Span
    text: str


class Fix(NamedTuple):
    """Edits that mend a mistake together.

    Attributes:
        edits: in the order of the text.
        is_safe: whether the text can only have been meant so; then `--fix` makes them unasked.
    """

    edits: tuple[Edit, ...]
    is_safe: bool

    def __str__(self) -> str:
        """What happens to the text, for people."""
        return ", ".join(map(_told, self.edits))


def instead(span: Span, text: str) -> Fix:
    """A text in the place of another one that was certainly meant so."""
    return Fix((Edit(span, text),), is_safe=True)


def perhaps(span: Span, text: str) -> Fix:
    """A text that may have been meant."""
    return Fix((Edit(span, text),), is_safe=False)


def without_overlaps(fixes: Iterable[Fix]) -> Iterator[Fix]:
    """The fixes that can be made at once: of two that touch the same text, the first."""
    taken: list[Span] = []
    for fix in fixes:
        if not any(_touch(edit.span, span) for edit in fix.edits for span in taken):
            taken += (edit.span for edit in fix.edits)
            yield fix


def edited(content: bytes, fixes: Iterable[Fix]) -> bytes:
    """What is in a file, with edits made that do not touch each other; all else stays, line ends and byte order mark.

    Args:
        content: UTF-8 text, the one that the spans point into once it was decoded.
        fixes: edits of this text.
    """
    text = content.decode("utf-8")
    lines = [int(text.startswith("\ufeff")), *(end.end() for end in re.finditer(r"\r\n|\r|\n", text))]
    edits = sorted((edit for fix in fixes for edit in fix.edits), key=lambda edit: edit.span.start, reverse=True)
    for span, new in edits:
        start, end = (_offset(span, offset, lines) for offset in (span.start, span.end))
        text = text[:start] + new + text[end:]
    return text.encode("utf-8")


def _offset(span: Span, offset: int, lines: list[int]) -> int:
    line, column = span.source.position(offset)
    return lines[line - 1] + column - 1


def _touch(one: Span, other: Span) -> bool:
    return one.source is other.source and one.start <= other.end and other.start <= one.end


def _told(edit: Edit) -> str:
    before = edit.span.on_one_line
    if not edit.text.strip():
        return f"`{before}` is left out"
    return f"`{before}` becomes `{edit.text.strip()}`" if before else f"`{edit.text.strip()}` is put in"
