"""The words and signs of the language, read from its grammar and its declarations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lark.lexer import TerminalDef

from cnndsl.layers import built_in_layer_types
from cnndsl.reference.words import words
from cnndsl.syntax import grammar

__all__ = ["as_dictionary", "vocabulary"]

_LITERALS = """
    0 1 2 3 7 8 64 .5 1e-4 9223372036854775807 9223372036854775808 1e400 3x3 1x2 3x32x32 3xHxW 3×3 "lenet5.cnn" "" # é
    -D --input N=2 act=off
"""
"""Of the terminals that are patterns there are endlessly many; these few are worth trying."""


def vocabulary() -> list[str]:
    """Signs and words, sorted, and some numbers, sizes and strings."""
    signs = {sign for terminal in grammar.build().terminals for sign in _literals(terminal)}
    types = built_in_layer_types()
    attributes = {name for found in types for name in found.attributes}
    named = set().union(*words(types).values())
    return [*sorted(signs | attributes | named), *_LITERALS.split(), "\n"]


def _literals(terminal: TerminalDef) -> Iterator[str]:
    """What a terminal is, if it is a word or sign, or one of several."""
    if terminal.pattern.type == "str":
        yield terminal.pattern.value
    elif re.fullmatch(r"\(\?:(\\.|[^\\\[\](){}*+?.^$])+\)", terminal.pattern.value):
        yield from re.sub(r"\\(.)", r"\1", terminal.pattern.value[3:-1]).split("|")


def as_dictionary(found: list[str]) -> str:
    """The words as libFuzzer's `-dict` reads them: a quoted string a line, all but printable ASCII escaped."""
    return "".join(f'"{_escaped(word)}"\n' for word in found)


def _escaped(word: str) -> str:
    plain = (chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word.encode())
    return "".join(plain)
