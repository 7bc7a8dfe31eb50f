"""The part of a TextMate engine that the grammar of the language needs: a second opinion on what an editor shows.

As editors do, it reads line by line, takes of all patterns the one that matches first, of several at one place the
first in the list, and knows nothing but the stack of rules that are open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

__all__ = ["Grammar", "Piece"]

Rule = Mapping[str, Any]

_KEYS = {"comment", "match", "name", "captures", "begin", "beginCaptures", "end", "endCaptures", "patterns", "include"}
_TEXT = {"name", "scopeName", "fileTypes", "repository", "comment", "patterns"}


class Piece(NamedTuple):
    """A stretch of the text and its scopes, the innermost last."""

    start: int
    end: int
    scopes: tuple[str, ...]


class _Open(NamedTuple):
    """A rule whose end is awaited."""

    rule: Rule
    scopes: tuple[str, ...]


class Grammar:
    """A grammar as the JSON of a .tmLanguage file gives it."""

    def __init__(self, data: Rule) -> None:
        self._data = data
        assert data.keys() <= _TEXT

    @cached_property
    def rules(self) -> list[Rule]:
        """Every rule, those inside others too."""
        found: list[Rule] = []
        pending: list[Rule] = [*self._data["patterns"], *self._data["repository"].values()]
        while pending:
            rule = pending.pop()
            assert rule.keys() <= _KEYS, "the engine knows no more than these"
            found.append(rule)
            pending += rule.get("patterns", [])
        return found

    def pieces(self, text: str) -> Iterator[Piece]:
        """The text in pieces, in its order."""
        opened = [_Open(self._data, (self._data["scopeName"],))]
        start = 0
        for line in text.splitlines(keepends=True):
            yield from (
                piece._replace(start=start + piece.start, end=start + piece.end)
                for piece in self._line(line, opened)
                if piece.start < piece.end
            )
            start += len(line)

    def _line(self, line: str, opened: list[_Open]) -> Iterator[Piece]:
        place = 0
        while place < len(line):
            here = opened[-1]
            found = self._first(line, place, here.rule)
            if found is None:
                yield Piece(place, len(line), here.scopes)
                return
            match, rule, key = found
            yield Piece(place, match.start(), here.scopes)
            if key == "end":
                opened.pop()
            elif key == "begin":
                opened.append(_Open(rule, _inside(here.scopes, rule)))
            else:
                assert match.end() > match.start(), f"{rule} would be found for ever"
            captures = rule.get("captures", rule.get(f"{key}Captures", {}))
            yield from _captured(match, captures, here.scopes if key == "end" else _inside(here.scopes, rule))
            place = match.end()

    def _first(self, line: str, place: int, rule: Rule) -> tuple[re.Match[str], Rule, str] | None:
        candidates = [(rule, "end")] if "end" in rule else []
        candidates += [(each, "begin" if "begin" in each else "match") for each in self._patterns(rule)]
        found = [(re.compile(each[key]).search(line, place), each, key) for each, key in candidates]
        matches = [(match, each, key) for match, each, key in found if match]
        return min(matches, key=lambda each: each[0].start(), default=None)

    def _patterns(self, rule: Rule) -> Iterator[Rule]:
        """The patterns inside a rule, each that only stands for others replaced by them."""
        for inner in rule.get("patterns", ()):
            if "include" in inner:
                inner = self._data["repository"][inner["include"].removeprefix("#")]
            if "match" in inner or "begin" in inner:
                yield inner
            else:
                yield from self._patterns(inner)


def _inside(scopes: tuple[str, ...], rule: Rule) -> tuple[str, ...]:
    return (*scopes, rule["name"]) if "name" in rule else scopes


def _captured(match: re.Match[str], captures: Rule, scopes: tuple[str, ...]) -> Iterator[Piece]:
    """What a pattern has matched, its groups, which do not lie in each other, as pieces of their own."""
    place = match.start()
    for group, capture in captures.items():
        yield Piece(place, match.start(int(group)), scopes)
        yield Piece(*match.span(int(group)), (*scopes, capture["name"]))
        place = match.end(int(group))
    yield Piece(place, match.end(), scopes)
