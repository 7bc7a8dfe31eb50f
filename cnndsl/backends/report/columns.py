"""The columns that a report can have, each declared once: its word, its heading, what it says and what stands in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnndsl.analyses.outline import Entry
from cnndsl.analyses.report import OWN, Report
from cnndsl.backends.report.values import Bytes, Share, Value
from cnndsl.graph import End

__all__ = ["COLUMNS", "USUAL", "WIDE", "Column"]

_SHARED = "shared"
_MOST_ENDS = 4
"""Inputs or outputs whose sizes are told in one cell."""


class Column(NamedTuple):
    """A column of the report.

    Attributes:
        word: what chooses it, `--columns macs`.
        about: what it says, for the documents.
        cell: what stands in it for an entry.
        heading: what stands above it.
        is_number: whether its cells stand to the right.
        of_network: what stands in it for the whole network, where that is not what stands there for its nodes.
    """

    word: str
    about: str
    cell: Callable[[Report, Entry], Value]
    heading: Callable[[Report], str]
    is_number: bool = True
    of_network: Callable[[Report], Value] | None = None


def _sum(rows: Sequence[object], word: str, entry: Entry) -> int:
    """What the rows of an entry's nodes have of something, all together."""
    return sum(getattr(rows[node.index], word) for node in entry.nodes)


def _costs(report: Report, word: str, entry: Entry) -> int:
    return _sum(report.cost.rows, word, entry)


def _bytes(report: Report, word: str, entry: Entry) -> Value:
    return Bytes(_sum(report.memory.rows, word, entry))


def _params(report: Report, entry: Entry) -> Value:
    if entry.node is not None and entry.node.shares is not None:
        return _SHARED
    return _costs(report, "params", entry)


def _share(part: int, total: int) -> Value:
    return Share(part / total) if isinstance(part, int) and isinstance(total, int) and total else None


def _column(
    word: str,
    heading: str,
    about: str,
    cell: Callable[[Report, Entry], Value],
    *,
    is_number: bool = True,
    of_network: Callable[[Report], Value] | None = None,
) -> Column:
    return Column(word, about, cell, lambda report: heading, is_number, of_network)


def _operations_heading(report: Report) -> str:
    return f"{report.operations.unit} ({report.convention})" if report.convention != OWN else report.operations.unit


def _sizes(ends: tuple[End, ...]) -> str:
    return ", ".join(str(end.node.type) for end in ends) if len(ends) <= _MOST_ENDS else f"{len(ends):,} values"


COLUMNS: dict[str, Column] = {
    column.word: column
    for column in (
        _column(
            "path",
            "name",
            "the place in the network, as the keys of its weights have it; of several copies that of the first",
            lambda report, entry: entry.path,
            is_number=False,
        ),
        _column(
            "input",
            "input",
            "the sizes of what a layer reads; of a block nothing",
            lambda report, entry: ", ".join(map(str, entry.node.input_types)) if entry.node is not None else "",
            is_number=False,
            of_network=lambda report: _sizes(report.graph.inputs),
        ),
        _column(
            "output",
            "output",
            "the size of what leaves, channels first, without the batch",
            lambda report, entry: str(entry.leaving.type),
            is_number=False,
            of_network=lambda report: _sizes(report.graph.outputs),
        ),
        _column("params", "params", "how many numbers are learned", _params),
        _column(
            "frozen",
            "frozen",
            "how many weights are not learned; they are among the buffers",
            lambda report, entry: _costs(report, "frozen", entry),
        ),
        _column(
            "buffers",
            "buffers",
            "how many numbers are kept but not learned, PyTorch's buffers",
            lambda report, entry: _costs(report, "buffers", entry),
        ),
        Column(
            "macs",
            "multiply-accumulates for one sample, or what `--convention` counts",
            lambda report, entry: sum(report.operations.rows[node.index] for node in entry.nodes),
            _operations_heading,
        ),
        _column(
            "flops",
            "FLOPs",
            "two for each multiply-accumulate",
            lambda report, entry: _costs(report, "flops", entry),
        ),
        _column(
            "params-share",
            "params %",
            "the share of all parameters",
            lambda report, entry: _share(_costs(report, "params", entry), report.cost.params),
        ),
        _column(
            "macs-share",
            "MACs %",
            "the share of all multiply-accumulates",
            lambda report, entry: _share(_costs(report, "macs", entry), report.cost.macs),
        ),
        _column(
            "field",
            "field",
            "the receptive field of what leaves, in positions of the input, and its effective stride behind a slash",
            lambda report, entry: str(report.fields.rows[entry.leaving.index]),
            is_number=False,
        ),
        _column(
            "memory",
            "memory",
            "bytes of what leaves the layers, for one sample in fp32; a view takes none",
            lambda report, entry: _bytes(report, "activation", entry),
        ),
        _column(
            "saved",
            "saved",
            "bytes that training keeps for the backward pass, for one sample in fp32",
            lambda report, entry: _bytes(report, "saved_of_one", entry),
        ),
    )
}

USUAL = ("output", "params", "macs")
"""The columns of a report where none are chosen."""

WIDE = ("field", "macs-share", "memory")
"""Those that a wide terminal gets as well, as many as fit."""
