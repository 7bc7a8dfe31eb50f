"""Texts taken apart into words and comments, and put together in other spellings that mean the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import NamedTuple

from cnndsl.syntax import ast

__all__ = ["Piece", "pieces", "respelled", "words_and_comments"]

_PIECE = re.compile(
    r"""(?P<comment>\#[^\n]*) | "[^"\n]*" | \d+(?:[xX×](?:\d+|[HW]))+(?!\w) | (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?
      | [A-Za-z_]\w* | -> | >> | → | \*\* | // | [=!<>]= | [^\s]""",
    re.VERBOSE,
)
_SPACES = ["", "", " ", " ", "\t", "  ", "\n", "\n\n\n", "\f", "\n    "]
_ARROWS = ["->", ">>", "→"]


class Piece(NamedTuple):
    """A word or a comment, and where it starts."""

    text: str
    start: int

    @property
    def is_comment(self) -> bool:
        return self.text.startswith("#")


def pieces(text: str) -> list[Piece]:
    """A second reading of what the grammar calls tokens."""
    return [Piece(match[0].rstrip(), match.start()) for match in _PIECE.finditer(text)]


def words_and_comments(file: ast.File) -> list[str]:
    """The pieces of a text in one spelling, without commas that mean nothing.

    A comment says whether it is on a line of its own.
    """
    found: list[str] = []
    text = _without_last_commas(file)
    for piece in pieces(text):
        word = re.sub("[X×]", "x", piece.text) if piece.text[0].isdigit() else piece.text
        word = {"→": "->", ">>": "->", "[": "(", "]": ")"}.get(word, word)
        if piece.is_comment:
            is_own = not text[text.rfind("\n", 0, piece.start) + 1 : piece.start].strip()
            word = f"{'own' if is_own else 'behind'} {word}"
        found.append(word)
    return found


def _without_last_commas(file: ast.File) -> str:
    text = file.source.text
    meant = {node.span.end for node in file.walk() if isinstance(node, ast.Tuple) and len(node.items) == 1}
    words = [piece for piece in pieces(text) if not piece.is_comment]
    for comma, bracket in pairwise(words):
        if comma.text == "," and bracket.text in (")", "]") and bracket.start + 1 not in meant:
            text = f"{text[: comma.start]} {text[comma.start + 1 :]}"
    return text


def respelled(file: ast.File, random: Random, comments: bool = True) -> str:
    """A text whose statements mean the same, in a spelling that chance chooses, with comments anywhere."""
    parts: list[str] = []
    text, changes = file.source.text, _changes(file, random)
    starts = {statement.span.start for statement in file.statements}
    calls = {text.index("(", end) for end in _name_ends(file)}
    before = "\n"
    for piece in pieces(text):
        if piece.is_comment:
            continue
        if piece.start in calls:
            space = random.choice(["", "", " "])
        else:
            space = _space(random, comments)
            if piece.start in starts and "\n" not in space:
                space += "\n"
            elif re.match(r"\w\w|\d\.|\.\d|[-*/<>=!][-*/>=]|[\w.]→?[\w.]", before[-1] + piece.text[0]):
                space = space or " "
        word = changes.get(piece.start, piece.text)
        parts += [space, word]
        before = word
    return "".join([*parts, _space(random, comments)])


def _space(random: Random, comments: bool) -> str:
    if not comments or random.random() < 0.8:
        return random.choice(_SPACES)
    lines = "".join(
        f"#{random.choice(_SPACES).strip()} ] -> {random.random()}\n\n" for _ in range(random.randint(1, 3))
    )
    return random.choice(_SPACES) + (lines if random.random() < 0.5 else lines.replace("\n\n", "\n"))


def _name_ends(file: ast.File) -> Iterator[int]:
    for node in file.walk():
        if isinstance(node, ast.Call) or (isinstance(node, ast.Definition) and node.parameters is not None):
            yield node.name_span.end


def _changes(file: ast.File, random: Random) -> dict[int, str]:
    """Other words of the same meaning, by the place where they stand."""
    text, changes = file.source.text, dict[int, str]()
    for piece in pieces(text):
        if piece.text in _ARROWS:
            changes[piece.start] = random.choice(_ARROWS)
        elif re.fullmatch(r"\d+x[\dxHW]+", piece.text):
            changes[piece.start] = re.sub("x", lambda _: random.choice("xX×"), piece.text)
    starts = {statement.span.start for statement in file.statements}
    for node in file.walk():
        start, last = node.span.start, node.span.end - 1
        if isinstance(node, ast.Group) and start not in starts:
            changes[start], changes[last] = random.choice(["[]", "()"])
        elif isinstance(node, ast.Concatenation | ast.For) or (isinstance(node, ast.Call) and node.arguments):
            changes[last] = random.choice([text[last], f" ,{text[last]}"]) if text[last - 1] != "," else text[last]
    return changes
