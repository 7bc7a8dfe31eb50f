"""Diagnostics as plain data, for editors and scripts."""

from __future__ import annotations

from typing import Any

from cnndsl.diagnostics.diagnostic import Diagnostic
from cnndsl.diagnostics.fix import Fix
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
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
        "notes": list(diagnostic.notes),
        "chain": [{"call": step.span.text, "copy": step.copy, **_place(step.span)} for step in diagnostic.chain],
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {"safe": fix.is_safe, "edits": [{"text": edit.text, **_place(edit.span)} for edit in fix.edits]}


def _place(span: Span) -> dict[str, Any]:
    start, end = span.position, span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    }
