"""Texts taken apart into words and comments, and put together in other spellings that mean the same."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import NamedTuple

from cnndsl.syntax import ast
from cnndsl.syntax.grammar import keywords

__all__ = ["Piece", "Remark", "mutated", "pieces", "respelled", "words_and_comments"]

_PIECE = re.compile(
    r"""(?P<comment>\#[^\n]*) | "[^"\n]*" | \d+(?:[xX×](?:\d+|[HW]))+(?!\w) | (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?
      | [A-Za-z_]\w* | -> | >> | → | \*\* | // | [=!<>]= | [^\s]""",
    re.VERBOSE,
)
_INSERTED = re.findall(
    r"\S.*?(?=  |$)",
    """
    ->  +  -  &  |  ?  ,  =  *2  **2  //3  -  **  %  ==  <  and  or  not  for  in  if  else  shared  as  true  ()  []
    C  -a  64  .5  3x3  "a#b"  RELU  CONV(3)  f()  (1,)  ->RELU  +b  &b  |b  ,b  [ID,b]  (a,2)  [a+b]  (-1)  *(n-1)
    **-2  ??  as q  a if b else  for i in 1, 2  k=1,  not a or b
    """,
    re.MULTILINE,
)
_SPACES = ["", "", " ", " ", "\t", "  ", "\n", "\n\n\n", "\f", "\n    "]
_OPERANDS = {"true", "false"}
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


class Remark(NamedTuple):
    """A comment: how many words stand before it, and whether a line is its own."""

    text: str
    place: int
    is_own: bool


def words_and_comments(file: ast.File) -> tuple[list[str], list[Remark]]:
    """The words of a text in one spelling, without commas that mean nothing, and its comments.

    A comment beside an operator that joins two things belongs before it, one beside a comma behind it; of several in
    one place, all but the first have lines of their own.
    """
    text = _without_last_commas(file)
    found = pieces(text)
    words = [piece for piece in found if not piece.is_comment]
    starts = [word.start for word in words]
    front, behind = _in_front(words), _behind(words)
    remarks: list[Remark] = []
    for piece in found:
        if not piece.is_comment:
            continue
        place = bisect_left(starts, piece.start)
        place += (place in behind) - (place - 1 in front)
        is_own = not text[text.rfind("\n", 0, piece.start) + 1 : piece.start].strip()
        is_further = bool(remarks) and remarks[-1].place == place
        remarks.append(Remark(piece.text, place, is_own or is_further))
    return [_plain(word.text) for word in words], remarks


def _plain(word: str) -> str:
    word = re.sub("[X×]", "x", word) if word[0].isdigit() else word
    return {"→": "->", ">>": "->", "[": "(", "]": ")"}.get(word, word)


def _in_front(words: list[Piece]) -> set[int]:
    """The numbers of the words that join what stands before them with what stands behind them."""
    found = {number for number, word in enumerate(words) if word.text in {*_ARROWS, *"+&|", "and", "or", "if"}}
    for number, (before, word) in enumerate(pairwise(words), 1):
        if word.text == "-" and re.search(r"[\w.)\]?\"]$", before.text) and before.text not in keywords() - _OPERANDS:
            found.add(number)
    return found


def _behind(words: list[Piece]) -> set[int]:
    """The numbers of the commas, of each `else`, and of the `=` of definitions."""
    found, depth = set[int](), 0
    for number, word in enumerate(words):
        depth += (word.text in ("(", "[")) - (word.text in (")", "]"))
        if word.text in (",", "else") or (word.text == "=" and depth == 0):
            found.add(number)
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


def mutated(text: str, random: Random) -> str:
    """A text with a change somewhere that its words may or may not allow."""
    words = [piece for piece in pieces(text) if not piece.is_comment] or [Piece("", 0)]
    word, other = sorted(random.choices(words, k=2), key=lambda piece: piece.start)
    start, end = word.start, word.start + len(word.text)
    match random.randrange(5):
        case 0:
            return text[:start] + text[end:]
        case 1:
            return f"{text[:start]}{random.choice(_INSERTED)} {text[start:]}"
        case 2:
            return f"{text[:start]}{random.choice(_INSERTED)}{text[end:]}"
        case 3:
            return text[:start] + other.text + text[end:]
    opening, closing = random.choice(["()", "[]"])
    last = other.start + len(other.text)
    return text[:start] + opening + text[start:last] + closing + text[last:]


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
    words = [piece for piece in pieces(text) if not piece.is_comment]
    has_comma = {word.start for comma, word in pairwise(words) if comma.text == ","}
    for node in file.walk():
        start, last = node.span.start, node.span.end - 1
        if isinstance(node, ast.Group) and start not in starts:
            changes[start], changes[last] = random.choice(["[]", "()"])
        elif isinstance(node, ast.Concatenation | ast.For) or (isinstance(node, ast.Call) and node.arguments):
            changes[last] = text[last] if last in has_comma else random.choice([text[last], f" ,{text[last]}"])
    return changes
