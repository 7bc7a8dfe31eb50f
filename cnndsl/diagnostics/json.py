"""Diagnostics as plain data, for editors and scripts."""

from __future__ import annotations

from typing import Any

from cnndsl.diagnostics.diagnostic import Diagnostic
from cnndsl.source import Span

__all__ = ["as_data"]


def as_data(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic as JSON can hold it; lines and columns start at 1, `end` is the first place behind the span."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "label": diagnostic.label,
        "help": diagnostic.help,
        **_place(diagnostic.span),
        "labels": [{"text": other.text, **_place(other.span)} for other in diagnostic.others],
        "chain": [{"call": span.text, **_place(span)} for span in diagnostic.chain],
    }


def _place(span: Span) -> dict[str, Any]:
    start, end = span.position, span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    }
