"""The words of a text in their order, with its comments between those words between which they stood."""

from __future__ import annotations

import re

from cnndsl.source import Span
from cnndsl.syntax.layout import Break, Close, Comment, Item, Open

__all__ = ["Words"]

_SPACE = re.compile(r"\s*")
_SPELLINGS = {"->": ("→", ">>", "->")}
"""In the text; brackets and sizes are as long in every spelling."""


class Words:
    """Items for the layout, written while a stretch of text is followed word by word.

    Attributes:
        items: what was written.
        end: the place in the text behind the last word.
    """

    def __init__(self, span: Span) -> None:
        self.items: list[Item] = []
        self.end = self._place = self._start = span.start
        self._text = span.source.text
        self._last = 0

    @property
    def is_at_start(self) -> bool:
        """Whether no word is written yet."""
        return self.end == self._start

    def put(self, *words: str) -> None:
        """Write words that come next in the text, and spaces between them."""
        for word in words:
            if not word.isspace():
                self.skip()
                spelled = next(each for each in _SPELLINGS.get(word, (word,)) if self.is_next(each) or each == word)
                self.end = self._place = self._place + len(spelled)
                self._last = len(self.items)
            self.items.append(word)

    def open(self, is_forced: bool = False) -> None:
        """Begin a group."""
        self.items.append(Open(is_forced))

    def close(self) -> None:
        """End a group."""
        self.items.append(Close())

    def open_bracket(self, bracket: str, is_forced: bool = False) -> None:
        """Begin a group in brackets."""
        self.put(bracket)
        self.items += [Open(is_forced), Break("edge", "")]

    def close_bracket(self, bracket: str) -> None:
        """End a group in brackets; a comma before it in the text is left out."""
        self.skip()
        if self.is_next(","):
            self._place += 1
            self.skip()
        self.close()
        self.put(bracket)

    def is_next(self, word: str) -> bool:
        return self._text.startswith(word, self._place)

    def skip(self) -> None:
        """Go on to the next word; comments on the way are taken along."""
        while True:
            space = _SPACE.match(self._text, self._place)
            assert space is not None
            self._place = space.end()
            if not self.is_next("#"):
                return
            line_end = self._text.index("\n", self._place)
            self._take(self._text[self._place : line_end].rstrip(), space[0].count("\n") > 1)
            self._place = line_end

    def _take(self, comment: str, is_after_blank: bool) -> None:
        """A comment goes behind all groups that end before it, or in front of all that start behind it."""
        is_own = "\n" in self._text[self.end : self._place]
        place = len(self.items) if is_own else self._last + 1
        if is_own:
            while isinstance(self.items[place - 1], Open):
                place -= 1
        else:
            while place < len(self.items) and isinstance(self.items[place], Close):
                place += 1
        self.items.insert(place, Comment(comment, is_own, is_after_blank))
