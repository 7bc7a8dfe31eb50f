"""Matching as it was asked for, and what would help where it does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import get_args

from cnndsl.backends.torch.weights.names import by_name
from cnndsl.backends.torch.weights.order import by_order
from cnndsl.backends.torch.weights.report import File, Match, Report, WeightsError
from cnndsl.backends.torch.weights.text import listed, plain
from cnndsl.graph import Graph

__all__ = ["matched"]

MOST_SHOWN = 6
"""Lines of each side that a message has."""


def matched(graph: Graph, file: File, match: Match, partial: bool) -> Report:
    """The report on a file for a network.

    Raises:
        WeightsError: something has no counterpart and `partial` is not given, or nothing has one.
    """
    if match not in get_args(Match):
        raise ValueError(f"match is one of {', '.join(get_args(Match))}, not {match!r}")
    report = _matched(graph, file, match)
    if (report.is_complete or partial) and (report.pairs or not report.new):
        return report
    raise WeightsError("\n".join(_misfit(graph, file, report)), report)


def _matched(graph: Graph, file: File, match: str) -> Report:
    return by_order(graph, file) if match == "order" else by_name(graph, file)


def _misfit(graph: Graph, file: File, report: Report) -> Iterator[str]:
    how = "name" if report.match == "name" else "order and shape"
    what = "does not fit" if report.pairs else "has nothing for"
    yield f"{plain(file.name)} {what} {plain(report.network)} by {how}"
    if report.new:
        yield f"  missing in the file: {_of(len(report.new), len(report.new) + len(report.pairs))}"
        yield from _first(listed(report.new, (pair.ours for pair in report.pairs)))
    if report.unused:
        yield f"  not used of the file: {_of(len(report.unused), len(file.entries))}"
        yield from _first(listed(report.unused, (pair.theirs for pair in report.pairs)))
    for advice in _advice(graph, file, report):
        yield f"  help: {advice}"


def _of(count: int, total: int) -> str:
    return f"{count:,} of {total:,} tensors"


def _first(lines: Iterable[str]) -> Iterator[str]:
    every = list(lines)
    yield from (f"  {line}" for line in islice(every, MOST_SHOWN))
    if len(every) > MOST_SHOWN:
        yield f"    ... and {len(every) - MOST_SHOWN:,} more"


def _advice(graph: Graph, file: File, report: Report) -> Iterator[str]:
    """What would help, tried."""
    other = "name" if report.match == "order" else "order"
    try:
        found = _matched(graph, file, other)
    except WeightsError:
        found = report
    if len(found.pairs) > len(report.pairs):
        total = len(found.pairs) + len(found.new)
        rest = "" if found.is_complete else " --partial"
        yield f"--match {other}{rest} fits {len(found.pairs):,} of {total:,}"
    if report.pairs:
        yield f"--partial keeps the {len(report.pairs):,} that fit"
