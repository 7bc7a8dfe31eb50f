"""Diagnostics as commands of GitHub's workflows, which show them as annotations at their lines.

The form is that of https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

from cnndsl.diagnostics.diagnostic import Diagnostic
from cnndsl.source import Source

__all__ = ["as_annotation"]


def as_annotation(diagnostic: Diagnostic, spec: Source) -> str:
    """A diagnostic as one line: its place, its code as the title, and what is said about it.

    Args:
        diagnostic: the diagnostic.
        spec: what it is about; its first line stands for a place that is in no file, such as the command line.
    """
    properties: dict[str, str | int] = {"file": spec.name, "line": 1}
    if diagnostic.span.source is spec or diagnostic.span.source.path is not None:
        start, end = diagnostic.span.position, diagnostic.span.source.position(diagnostic.span.end)
        properties = {"file": diagnostic.span.source.name, "line": start.line, "endLine": end.line}
        if start.line == end.line:  # columns of several lines are not shown
            properties |= {"col": start.column, "endColumn": end.column}
    properties["title"] = f"{diagnostic.severity.value}[{diagnostic.code}]"
    shown = ",".join(f"{name}={_escaped(str(value), of_a_property=True)}" for name, value in properties.items())
    return f"::{diagnostic.severity.value} {shown}::{_escaped(_told(diagnostic))}"


def _told(diagnostic: Diagnostic) -> str:
    """Everything but the source: message, numbers, other places, calls, help."""
    lines = [diagnostic.message]
    if diagnostic.label:
        lines.append(diagnostic.label)
    lines += (f"{other.span}: {other.text}" for other in diagnostic.others)
    lines += (*map(str, diagnostic.chain), *diagnostic.notes)
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    return "\n".join(lines)


def _escaped(text: str, of_a_property: bool = False) -> str:
    signs = "%\r\n:," if of_a_property else "%\r\n"  # % is first, so that it is not escaped again
    for sign in signs:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
