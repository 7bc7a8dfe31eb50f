"""The index of the shipped specs as a table, and an entry of it as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cnndsl.backends.report.table import Heading, Line, Table
from cnndsl.backends.report.values import Value
from cnndsl.zoo import Entry

__all__ = ["ALL", "USUAL", "as_data", "stands_for", "zoo_table"]

_Cell = Callable[[Entry], Value]


def stands_for(entry: Entry) -> str:
    """The spec with what is set of it, as a command takes them: `resnet -D depth=101`."""
    return " ".join([entry.spec, *(f"-D {name}={value}" for name, value in entry.settings.items())])


def _percent(entry: Entry) -> Value:
    return None if entry.top1 is None else f"{entry.top1:.2f}"


_COLUMNS: dict[str, tuple[Heading, _Cell]] = {
    heading.word: (heading, cell)
    for heading, cell in (
        (Heading("year", "year", True), lambda entry: str(entry.year) if entry.year else None),
        (Heading("task", "task", False), lambda entry: entry.task),
        (Heading("input", "input", False), lambda entry: entry.input),
        (Heading("params", "params", True), lambda entry: entry.params),
        (Heading("macs", "MACs", True), lambda entry: entry.macs),
        (Heading("output", "output", False), lambda entry: ", ".join(entry.outputs)),
        (Heading("top1", "top-1 %", True), _percent),
        (Heading("source", "printed in", False), lambda entry: entry.source or None),
        (Heading("spec", "spec", False), stands_for),
        (Heading("counts", "counts", False), lambda entry: entry.counts),
    )
}

ALL = tuple(_COLUMNS)
USUAL = ("year", "input", "params", "macs", "top1", "source")


def zoo_table(entries: Iterable[Entry], words: Sequence[str]) -> Table:
    """A row for each entry, with the columns of these words."""
    columns = [_COLUMNS[word] for word in words]
    lines = tuple(Line(entry.name, 1, (), tuple(cell(entry) for _, cell in columns)) for entry in entries)
    return Table("", "zoo:", tuple(heading for heading, _ in columns), lines)


def as_data(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it."""
    return {**entry._asdict(), "settings": dict(entry.settings), "outputs": list(entry.outputs)}
