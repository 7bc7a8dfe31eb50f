"""The report in Markdown, as GitHub shows tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnndsl.backends.report.table import Line, Table
from cnndsl.backends.report.values import shown

__all__ = ["write"]

_INDENT = "&emsp;"
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_|<>[]#"})


def write(tables: Iterable[Table]) -> str:
    """For each a heading, the table, a list of totals and notes; ends with a line end."""
    return "\n".join("\n".join(_lines(table)) + "\n" for table in tables)


def _lines(table: Table) -> Iterator[str]:
    if table.title:
        yield from (f"### {_escaped(table.title)}", "")
    yield _row([table.label, *(_escaped(heading.text) for heading in table.headings)])
    yield _row(["---", *("--:" if heading.is_number else "---" for heading in table.headings)])
    yield from map(_line, table.lines)
    if table.total:
        yield _row([f"**{text}**" if text else "" for text in _cells(table.total)])
    if table.totals:
        yield from ("", *(f"- **{title}**: {_escaped(text)}" for title, text in table.totals))
    for note in table.notes:
        yield from ("", _escaped(note))


def _line(line: Line) -> str:
    return _row(_cells(line))


def _cells(line: Line) -> list[str]:
    times = f" x{line.times}" if line.times > 1 else ""
    label = f"{_INDENT * line.level}{_escaped(line.label)}{times}"
    return [label, *(_escaped(shown(cell)) for cell in line.cells)]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return text.translate(_SPECIAL)
