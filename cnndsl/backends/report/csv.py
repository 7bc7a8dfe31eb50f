"""The report as comma-separated values, for spreadsheets and programs (RFC 4180, with LF line ends)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from cnndsl.backends.report.table import Table
from cnndsl.backends.report.values import plain

__all__ = ["write"]


def write(tables: Iterable[Table]) -> str:
    """A line of headings, the words of the columns, and a line for each row; no totals: they are sums of the rows.

    A report has the level of a row, from 0, and how many copies it stands for in front; the numbers are those of all.
    An empty line stands between two tables.
    """
    return "\n".join(map(_written, tables))


def _written(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    tree = ["level", "times"] if table.total else []
    writer.writerow([*tree, table.label, *(heading.word for heading in table.headings)])
    for line in table.lines:
        place = [str(line.level), str(line.times)] if table.total else []
        writer.writerow([*place, line.label, *map(plain, line.cells)])
    return text.getvalue()
