"""The report as a table of values: what every format writes, each in its own way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnndsl.analyses.outline import Entry, walk, whole
from cnndsl.analyses.report import Report
from cnndsl.backends.report.columns import COLUMNS, Column
from cnndsl.backends.report.totals import Training, totals
from cnndsl.backends.report.values import Value

__all__ = ["Heading", "Line", "Table", "comparison", "report_table"]

_FILLED = '* filled in by the language: see "Filled in" in docs/language.md'
_SHARED = "shared: it uses the weights of an earlier use, and they are counted there"
_TIMES = "xN: N alike, one behind the other; the numbers are those of all, and below is what the first consists of"
_CUT = "some blocks are not opened: --depth all shows every layer"


class Heading(NamedTuple):
    """What stands above a column, and the word that chooses it."""

    word: str
    text: str
    is_number: bool


class Line(NamedTuple):
    """A row.

    Attributes:
        label: what it is about, `bottleneck(256)`.
        times: how many copies it stands for.
        follows: for each level from the second to its own, whether another row of that level follows in the same block.
        cells: its values, one for each column.
    """

    label: str
    times: int
    follows: tuple[bool, ...]
    cells: tuple[Value, ...]

    @property
    def level(self) -> int:
        """In how many blocks that have a row it is."""
        return len(self.follows)


class Table(NamedTuple):
    """A report, a comparison of networks, or other rows of values.

    Attributes:
        title: the name of the network; "" where it is not about one.
        label: what stands above the first column.
        headings: what stands above the others.
        lines: the rows, in order.
        total: the row of the whole network; None where it is not about one.
        totals: what there is to say about the whole network, each with its title.
        notes: what explains marks in the table.
    """

    title: str
    label: str
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]
    total: Line | None = None
    totals: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def report_table(report: Report, entries: Sequence[Entry], words: Sequence[str], training: Training) -> Table:
    """The report on one network, with the columns of these words."""
    columns = _columns(words)
    return Table(
        title=report.graph.name,
        label="layer",
        headings=_headings(report, columns),
        lines=tuple(_lines(report, entries, columns)),
        total=_line_of_network(report, "total", columns),
        totals=totals(report, training),
        notes=tuple(_notes(entries, columns)),
    )


def comparison(reports: Sequence[Report], words: Sequence[str]) -> Table:
    """A row for each network, of which there is at least one, with the columns of these words."""
    columns = _columns(words)
    lines = tuple(_line_of_network(report, report.graph.name, columns) for report in reports)
    return Table("", "model", _headings(reports[0], columns), lines)


def _columns(words: Sequence[str]) -> tuple[Column, ...]:
    return tuple(COLUMNS[word] for word in words)


def _headings(report: Report, columns: Sequence[Column]) -> tuple[Heading, ...]:
    return tuple(Heading(column.word, column.heading(report), column.is_number) for column in columns)


def _lines(
    report: Report, entries: Sequence[Entry], columns: Sequence[Column], above: tuple[bool, ...] | None = None
) -> Iterator[Line]:
    for position, entry in enumerate(entries, 1):
        follows = () if above is None else (*above, position < len(entries))
        yield Line(entry.label, entry.times, follows, tuple(column.cell(report, entry) for column in columns))
        yield from _lines(report, entry.children, columns, follows)


def _line_of_network(report: Report, label: str, columns: Sequence[Column]) -> Line:
    entry = whole(report.graph)
    cells = (
        column.of_network(report) if column.of_network is not None else column.cell(report, entry) for column in columns
    )
    return Line(label, 1, (), tuple(cells))


def _notes(entries: Sequence[Entry], columns: Sequence[Column]) -> Iterator[str]:
    shown = [entry for _, entry in walk(entries)]
    layers = [entry.node for entry in shown if entry.node is not None]
    if any(node.layer.filled for node in layers):
        yield _FILLED
    if any(node.shares for node in layers) and any(column.word == "params" for column in columns):
        yield _SHARED
    if any(entry.times > 1 for entry in shown):
        yield _TIMES
    if any(not entry.children and entry.node is None for entry in shown):
        yield _CUT
