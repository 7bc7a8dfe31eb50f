"""The words of the language in the TextMate grammar: the rest of that file is written by hand."""

from __future__ import annotations

import json
import re

from cnndsl.layers import built_in_layer_types
from cnndsl.reference.words import RESERVED, words
from cnndsl.syntax.tokens import pattern

__all__ = ["with_words"]

_CALL = r"(?=[^\S\n]*\()"
_FORMS = {
    **dict.fromkeys((*RESERVED, "shape"), r"\b(?:{})\b"),
    "symbol": r"\b(?:{})\b(?![^\S\n]*\()",
    "function": rf"\b(?:{{}})\b{_CALL}",
    "layer": r"\b(?=[a-z0-9_]*[A-Z])(?i:{})\b",  # all small, it is as likely a name: an editor does not read the file
    "recipe": rf"\b(?i:{{}})\b{_CALL}",
}
_TERMINALS = {"size": "SIZE", "number": "NUMBER"}


def with_words(grammar: str) -> str:
    """The text of the grammar, its lists of words and its numbers written anew from the declarations."""
    data = json.loads(grammar)
    known = words(built_in_layer_types())
    for kind, form in _FORMS.items():
        data["repository"][kind]["match"] = form.format("|".join(map(re.escape, sorted(known[kind]))))
    for rule, terminal in _TERMINALS.items():
        data["repository"][rule]["match"] = pattern(terminal)
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
