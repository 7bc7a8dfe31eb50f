"""The shipped blocks that are written in the language itself: `cnndsl/prelude.cnn`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from cnndsl.diagnostics import Diagnostics
from cnndsl.source import Source
from cnndsl.syntax import ast, parse

__all__ = ["prelude_file", "prelude_words"]


@cache
def _source() -> Source:
    path = Path(__file__).parent.parent / "prelude.cnn"
    return Source(path.name, path.read_text(encoding="utf-8"))


@cache
def prelude_words() -> frozenset[str]:
    """The names of the shipped blocks, all in capitals; told without parsing, since most files use none."""
    return frozenset(re.findall(r"^([A-Z]\w*)(?=\()", _source().text, re.M))


@cache
def prelude_file() -> ast.File:
    """The tree of the shipped blocks."""
    diagnostics = Diagnostics()
    file = parse(_source(), diagnostics)
    assert file is not None, list(diagnostics)
    return file
