"""Any text as tokens, right or wrong, with what the parser passes over: for those who show it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import lark
from lark.lexer import BasicLexer, LexerThread

from cnndsl.syntax import grammar

__all__ = ["UNKNOWN", "pattern", "tokens"]

UNKNOWN = "UNKNOWN"
"""The type of a character with which no token of the grammar can begin."""


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Type and text of every token, blanks and comments among them: together they are the text."""
    thread = LexerThread.from_text(_lexer(), text)
    assert thread.state is not None
    while True:
        try:
            yield from ((token.type, str(token)) for token in thread.lex(None))  # type: ignore[no-untyped-call]
        except lark.UnexpectedCharacters as error:
            unknown = text[error.pos_in_stream or 0]
            thread.state.line_ctr.feed(lark.Token(UNKNOWN, unknown))
            yield UNKNOWN, unknown
        else:
            return


def pattern(terminal: str) -> str:
    """The regular expression of a terminal."""
    return next(str(found.pattern.to_regexp()) for found in _parser().terminals if found.name == terminal)


@cache
def _parser() -> lark.Lark:
    return grammar.load(None, {})


@cache
def _lexer() -> BasicLexer:
    return _parser()._build_lexer(dont_ignore=True)
