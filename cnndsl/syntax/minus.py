"""Which minus signs are signs. Done between lexer and parser, so that the grammar needs no context for its tokens."""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token

__all__ = ["SignedTokens"]

_OPERAND_ENDS = frozenset({"NAME", "NUMBER", "SIZE", "STRING", "TRUE", "FALSE", "RPAR", "RSQB", "QUESTION"})


class SignedTokens:
    """A minus that follows no operand becomes a NEGATIVE token. lark calls it as its `postlex`."""

    always_accept = ()

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        before = ""
        for token in stream:
            if token.type == "MINUS" and before not in _OPERAND_ENDS:
                token.type = "NEGATIVE"
            before = token.type
            yield token
