"""What each token of a text is, as far as the text alone tells: a layer, a parameter, the head of a definition.

It is read off the tokens, not the tree, so that a text with mistakes can be shown too. A word to which the file gives a
meaning has it in the whole file; other files, which `use` brings in, are not looked at. The kinds are those of `words`,
and `blank`, `comment`, `string`, `number`, `operator`, `punctuation`, `definition`, `parameter`, `label`, `name` and
`unknown`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnndsl.layers import layer_types
from cnndsl.reference.words import RESERVED, words
from cnndsl.syntax.tokens import UNKNOWN, tokens

__all__ = ["kinds"]

_NAMES = ("NAME", "CALLED")
_OPENING, _CLOSING = ("LPAR", "LSQB"), ("RPAR", "RSQB")
_KINDS = {
    "COMMENT": "comment",
    "STRING": "string",
    "NUMBER": "number",
    "SIZE": "number",
    "COMMA": "punctuation",
    UNKNOWN: "unknown",
    **dict.fromkeys((*_OPENING, *_CLOSING), "punctuation"),
}

_BINDING = {"definition": "definition", "parameter": "parameter", "row": "parameter", "label": "label"}
"""The roles in which a name gets a meaning, and the kind that it is shown as."""


def kinds(text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of every token; together they are the text."""
    found = list(tokens(text))
    names = _names([(type, word) for type, word in found if not _is_passed_over(type, word)])
    reserved = {word: kind for kind, known in _words().items() if kind in RESERVED for word in known}
    for type, word in found:
        if type in _NAMES:
            yield next(names), word
        else:
            yield _KINDS.get(type) or reserved.get(word) or ("operator" if word.strip() else "blank"), word


def _words() -> Mapping[str, frozenset[str]]:
    return words(layer_types())


def _is_passed_over(type: str, word: str) -> bool:
    return type == "COMMENT" or not word.strip()


def _names(found: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The kind of every name among the tokens that the parser sees."""
    types = [type for type, _ in found]
    roles = _roles(types)
    bound = {found[place][1] for place, role in roles.items() if role in _BINDING}
    reading = _Reading(bound, brings_in="USE" in types)
    for place, role in roles.items():
        type, word = found[place]
        if role in _BINDING:
            yield _BINDING[role]
        elif role == "keyword":
            yield "parameter"
        else:
            yield reading.kind(word, is_called=type == "CALLED", is_statement=role == "statement")


class _Reading:
    """What a word means that is read, beside those that the file gives a meaning."""

    def __init__(self, bound: set[str], brings_in: bool) -> None:
        self._bound = bound
        self._words = _words()
        self._shadowed = {word.upper() for word in bound} | (self._words["layer"] if brings_in else frozenset())

    def kind(self, word: str, is_called: bool, is_statement: bool) -> str:
        if word in self._words["shape"]:
            return "shape"
        if word in self._bound:
            return "name"
        exact = "function" if is_called else "symbol"
        if word in self._words[exact]:
            return exact
        if is_called and is_statement and word.upper() in self._words["recipe"]:
            return "recipe"
        is_shadowed = word != word.upper() and word.upper() in self._shadowed
        return "layer" if word.upper() in self._words["layer"] and not is_shadowed else "name"


def _roles(types: Sequence[str]) -> dict[int, str]:
    """For the place of every name, the part that it plays where it stands."""
    types = (*types, "", "")
    closing = _closing(types)
    roles: dict[int, str] = {}
    opened: list[int] = []
    in_row = False
    for place, type in enumerate(types):
        if type in _NAMES:
            is_head = types[closing.get(place + 1, place) + 1] == "EQUAL"
            if opened:
                in_head = roles.get(opened[-1] - 1) == "definition"
                roles[place] = _role_inside(types[place - 1], types[place + 1], types[opened[-1]], in_head, in_row)
            else:
                roles[place] = "label" if types[place - 1] == "AS" else "definition" if is_head else "statement"
        elif type in _OPENING:
            opened.append(place)
        elif type in _CLOSING and opened:
            opened.pop()
        in_row = type == "FOR" or (in_row and type in ("NAME", "COMMA"))
    return roles


def _role_inside(before: str, after: str, bracket: str, in_head: bool, in_row: bool) -> str:
    """The part that a name plays inside brackets."""
    if before == "AS":
        return "label"
    if in_row:
        return "row"
    if in_head and before in ("LPAR", "COMMA", "SHARED"):
        return "parameter"
    return "keyword" if bracket == "LPAR" and after == "EQUAL" else "read"


def _closing(types: Sequence[str]) -> dict[int, int]:
    """For the place of every bracket that is closed, the place where it is."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for place, type in enumerate(types):
        if type in _OPENING:
            opened.append(place)
        elif type in _CLOSING and opened:
            closing[opened.pop()] = place
    return closing
