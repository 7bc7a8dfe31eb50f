"""Texts as tokens, right or wrong, and what may happen to these: the changes with which specs are fuzzed."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

__all__ = ["CHANGES", "grafted", "renamed", "tokens"]

_TOKEN = re.compile(
    r'\s+|#[^\n]*|[A-Za-z_]\w*|"[^"\n]*"|[0-9]+(?:[x×][0-9HW]+)*|->|>>|\*\*|//|[=!<>]=|.',
    re.DOTALL,
)
_PARTNERS = {"(": ")", "[": "]"}


def tokens(text: str) -> list[str]:
    """Any text in pieces that are about what the grammar calls tokens; together they are the text."""
    return _TOKEN.findall(text)


def _deleted(tokens: list[str], here: int, there: int) -> list[str]:
    return tokens[:here] + tokens[here + 1 :]


def _doubled(tokens: list[str], here: int, there: int) -> list[str]:
    return tokens[:here] + tokens[here : here + 1] + tokens[here:]


def _swapped(tokens: list[str], here: int, there: int) -> list[str]:
    tokens[here], tokens[there] = tokens[there], tokens[here]
    return tokens


def _moved(tokens: list[str], here: int, there: int) -> list[str]:
    return [*tokens[:there], tokens[here], *tokens[there:]]


def _cut(tokens: list[str], here: int, there: int) -> list[str]:
    return tokens[: min(here, there)] + tokens[max(here, there) :]


def _sliced(tokens: list[str], here: int, there: int) -> list[str]:
    return tokens[min(here, there) : max(here, there) + 1]


Change = Callable[[list[str], int, int], list[str]]
CHANGES: list[Change] = [_deleted, _doubled, _swapped, _moved, _cut, _sliced]
"""Each gives the changed list from a list and two places in it."""


def renamed(tokens: list[str], random: Random) -> list[str]:
    """With a word in the place of another of the same text."""
    words = [place for place, token in enumerate(tokens) if re.match(r"\w", token)]
    if not words:
        return tokens
    here, there = random.choice(words), random.choice(words)
    return [*tokens[:here], tokens[there], *tokens[here + 1 :]]


def grafted(into: list[str], other: list[str], random: Random) -> list[str]:
    """The tokens of one text with an operand of another in the place of one of its own, or behind one."""
    own, others = _operands(into), _operands(other)
    if not own or not others:
        return [*into, *other]
    start, end = _operand(into, random.choice(own))
    first, last = _operand(other, random.choice(others))
    if random.random() < 0.7:
        return [*into[:start], *other[first:last], *into[end:]]
    joint = random.choice([" -> ", ", ", " + ", " & ", "\n", "*"])
    return [*into[:end], joint, *other[first:last], *into[end:]]


def _operands(tokens: list[str]) -> list[int]:
    """Where something begins that could stand elsewhere: at a word, a number, a string or a bracket."""
    return [place for place, token in enumerate(tokens) if re.match(r'[\w"(\[]', token)]


def _operand(tokens: list[str], place: int) -> tuple[int, int]:
    """From a token to behind the bracket that it or the next token opens, or behind itself."""
    opening = place + 1 if place + 1 < len(tokens) and re.match(r"\w", tokens[place]) else place
    closing = _PARTNERS.get(tokens[opening])
    if closing is None:
        return place, place + 1
    depth = 0
    for at in range(opening, len(tokens)):
        depth += (tokens[at] == tokens[opening]) - (tokens[at] == closing)
        if depth == 0:
            return place, at + 1
    return place, place + 1
