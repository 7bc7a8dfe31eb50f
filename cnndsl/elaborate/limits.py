"""What ends quietly while a text is elaborated, because it is reported: limits that are reached."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cnndsl.diagnostics import Diagnostic, Diagnostics
from cnndsl.elaborate.context import Abort
from cnndsl.syntax import ast

__all__ = ["limits_told"]

_DEEPEST_RECURSION = 60_000
"""Python frames: 200 calls, each with brackets nested 200 deep, stay below."""


@contextmanager
def limits_told(nodes: Sequence[ast.Node], diagnostics: Diagnostics) -> Iterator[None]:
    """Go deep, and end quietly where a limit is reached, which is reported; the text is that of these nodes."""
    try:
        with _deep_recursion():
            yield
    except Abort:
        pass
    except RecursionError:
        longest = max(nodes, key=lambda node: node.span.end - node.span.start)
        message = "this is nested too deep"
        diagnostics.add(Diagnostic("nested-too-deep", message, longest.span, help="give inner parts names"))


@contextmanager
def _deep_recursion() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEPEST_RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
