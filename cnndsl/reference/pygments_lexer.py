"""The lexer that Pygments finds by its entry point: `pygmentize -l cnn`. Nothing else imports this module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pygments import token
from pygments.lexer import Lexer

from cnndsl.reference.kinds import kinds

__all__ = ["CnnLexer"]

_TYPES = {
    "blank": token.Whitespace,
    "comment": token.Comment.Single,
    "string": token.String.Double,
    "number": token.Number,
    "operator": token.Operator,
    "punctuation": token.Punctuation,
    "control": token.Keyword,
    "modifier": token.Keyword.Declaration,
    "logical": token.Operator.Word,
    "boolean": token.Keyword.Constant,
    "definition": token.Name.Function,
    "parameter": token.Name.Variable,
    "label": token.Name.Label,
    "layer": token.Name.Builtin,
    "function": token.Name.Builtin,
    "symbol": token.Name.Constant,
    "shape": token.Name.Builtin.Pseudo,
    "recipe": token.Name.Builtin.Pseudo,
    "name": token.Name,
    "unknown": token.Error,
}


class CnnLexer(Lexer):  # type: ignore[misc]  # Pygments has no types
    """The .cnn language."""

    name = "cnndsl"
    aliases: ClassVar = ["cnn", "cnndsl"]
    filenames: ClassVar = ["*.cnn"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        start = 0
        for kind, word in kinds(text):
            yield start, _TYPES[kind], word
            start += len(word)
