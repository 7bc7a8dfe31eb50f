"""The words of a text in their order, with its comments where they stood.

Only the words between which lines end give way to comments: an operator goes to the line below, a comma to the line
above, whichever side of it a comment stood on.
"""

from __future__ import annotations

import re

from cnndsl.source import Span
from cnndsl.syntax.layout import BRACKET_EDGE, CLOSE, Break, Close, Comment, Item, Open

__all__ = ["Words"]

_SPACE = re.compile(r"\s*")


class Words:
    """Items for the layout, written while a stretch of text is followed word by word.

    Attributes:
        items: what was written.
        end: the place in the text behind the last word.
        has_comments: whether any stands among the words.
    """

    def __init__(self, span: Span) -> None:
        self.items: list[Item] = []
        self.end = self._place = self._start = span.start
        self._text = span.source.text
        self.has_comments = False
        self._last = 0
        self._is_remarked = False  # since the last word

    @property
    def is_at_start(self) -> bool:
        """Whether no word is written yet."""
        return self.end == self._start

    def put(self, *words: str) -> None:
        """Write words that come next in the text, and spaces between them."""
        for word in words:
            if word == " ":
                self.items.append(word)
            else:
                self.skip()
                self._pass(word)
                self._write(word)

    def put_in_front(self, word: str, end: Break) -> None:
        """Write an operator before what it joins, where a line may end; comments beside it go before it."""
        self.items.append(end)
        self.skip()
        self._pass(word)
        self.skip()
        self._write(word)
        self.items.append(" ")

    def put_behind(self, word: str, *end: Item) -> None:
        """Write a word and what ends the line behind it; comments beside it go behind it."""
        comments = self._comments()
        self._pass(word)
        self._write(word)
        self.items += end
        for comment in comments:
            self._take(comment)

    def open(self, is_forced: bool = False) -> None:
        """Begin a group."""
        self.items.append(Open(is_forced))

    def close(self) -> None:
        """End a group."""
        self.items.append(CLOSE)

    def open_bracket(self, bracket: str, is_forced: bool = False, padding: int = 0) -> None:
        """Begin a group in brackets."""
        self.put(bracket)
        self.items += [Open(is_forced, padding=padding), BRACKET_EDGE]

    def close_bracket(self, bracket: str) -> None:
        """End a group in brackets; a comma before it in the text is left out."""
        self.skip()
        if self.is_next(","):
            self._place += 1
            self.skip()
        if self.items[-1] is BRACKET_EDGE and not isinstance(self.items[-3], Comment):
            del self.items[-2:]  # nothing stands in them
        else:
            self.close()
        self.put(bracket)

    def is_next(self, word: str) -> bool:
        return self._text.startswith(word, self._place)

    def skip(self) -> None:
        """Go on to the next word; comments on the way are taken along."""
        for comment in self._comments():
            self._take(comment)

    def _comments(self) -> list[Comment]:
        """Go on to the next word; the comments on the way."""
        found: list[Comment] = []
        while True:
            space = _SPACE.match(self._text, self._place)
            assert space is not None
            self._place = space.end()
            if not self.is_next("#"):
                return found
            line_end = self._text.index("\n", self._place)
            is_own = self._text.find("\n", self.end, self._place) >= 0
            comment = self._text[self._place : line_end].rstrip()
            found.append(Comment(comment, is_own, space[0].count("\n") > 1))
            self._place = line_end

    def _pass(self, word: str) -> None:
        is_short = word == "->" and self.is_next("→")  # brackets, sizes and `>>` are as long in every spelling
        self.end = self._place = self._place + (1 if is_short else len(word))

    def _write(self, word: str) -> None:
        self._last = len(self.items)
        self._is_remarked = False
        self.items.append(word)

    def _take(self, comment: Comment) -> None:
        """A comment goes behind all groups that end before it, or in front of all that start behind it."""
        if self._is_remarked or comment.is_own:
            place = len(self.items)
            while isinstance(self.items[place - 1], Open):
                place -= 1
            before = self.items[place - 1]
            is_first = isinstance(before, Break) and before.kind == "edge"
            self.items.insert(place, Comment(comment.text, True, comment.is_after_blank and not is_first))
        else:
            place = self._last + 1
            while place < len(self.items) and isinstance(self.items[place], Close):
                place += 1
            self.items.insert(place, comment)
        self._is_remarked = self.has_comments = True
