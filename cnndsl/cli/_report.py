"""The options of `check` that shape its report, and the report in the format that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cnndsl.cli._choice import Depth, Words
from cnndsl.cli._terminal import table_style

if TYPE_CHECKING:
    from cnndsl.analyses.report import Report
    from cnndsl.backends.report.table import Table
    from cnndsl.backends.report.totals import Training
    from cnndsl.compiler import Compilation

__all__ = ["Shape", "in_format", "report_options", "widest", "written"]


class Shape(NamedTuple):
    """What is told, and how.

    Attributes:
        form: the format, a word of `--format`.
        depth: how many levels of blocks are told; None where that was left open.
        flat: whether every layer gets a line of its own.
        columns: the words of the columns; None where that was left open.
        convention: the tool that counts operations; None where that was left open.
        batch: samples of a training step.
        optimizer: its word.
    """

    form: str
    depth: int | None
    flat: bool
    columns: tuple[str, ...] | None
    convention: str | None
    batch: int
    optimizer: str

    @property
    def opens_blocks(self) -> bool:
        """Whether the layers of a network are asked for, however many networks there are."""
        return self.flat or self.depth is not None

    @property
    def training(self) -> Training:
        from cnndsl.backends.report.totals import Training

        return Training(self.batch, self.optimizer)


# Options


def _columns() -> Iterable[str]:
    from cnndsl.backends.report.columns import COLUMNS

    return COLUMNS


def _conventions() -> Iterable[str]:
    from cnndsl.analyses.conventions import CONVENTIONS
    from cnndsl.analyses.report import OWN

    return (OWN, *CONVENTIONS)


def _optimizers() -> Iterable[str]:
    from cnndsl.analyses.memory import OPTIMIZERS

    return OPTIMIZERS


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command gets a `Shape` in their place, as `shape`."""

    @wraps(command)
    def shaped(
        form: str,
        depth: int | None,
        flat: bool,
        columns: tuple[str, ...] | None,
        convention: str | None,
        batch: int,
        optimizer: str,
        **rest: Any,
    ) -> Any:
        if flat and depth is not None:
            raise click.UsageError("--flat opens all blocks: give it or --depth")
        return command(shape=Shape(form, depth, flat, columns, convention, batch, optimizer), **rest)

    for option in reversed(_OPTIONS):
        shaped = option(shaped)
    return shaped


_FORMATS = ("table", "totals", "json", "markdown", "latex", "csv", "html", "github")

_OPTIONS = (
    click.option(
        "--format",
        "form",
        type=click.Choice(_FORMATS),
        default="table",
        show_default=True,
        help="A table for the terminal, a line for each network, data, other tables, or annotations for GitHub.",
    ),
    click.option(
        "--depth",
        type=Depth(),
        help="How many levels of blocks are opened; if not given, as many as fit on a page.",
    ),
    click.option("--flat", is_flag=True, help="A line for every layer, under its whole name."),
    click.option("--columns", type=Words(_columns, several=True), help="What is told, in this order."),
    click.option(
        "--convention",
        type=Words(_conventions),
        help="Count operations as another tool does.",
    ),
    click.option(
        "--batch",
        metavar="N",
        type=click.IntRange(min=1),
        default=32,
        show_default=True,
        help="Samples of a training step, for its memory.",
    ),
    click.option(
        "--optimizer",
        type=Words(_optimizers),
        default="adam",
        show_default=True,
        help="What keeps a state while it trains, for its memory.",
    ),
)


# The report


def written(compilations: Sequence[Compilation], shape: Shape) -> str:
    """The report on all networks, in the format that is asked for; "" where there is nothing to tell."""
    if shape.form == "github":
        return _annotations(compilations)
    if shape.form == "json":
        return _json(compilations, shape)
    reports = [_report(graph, shape) for found in compilations for graph in found.graphs]
    compares = shape.form == "totals" or (len(compilations) > 1 and not shape.opens_blocks)
    tables = [_comparison(reports, shape)] if compares and reports else [_table(report, shape) for report in reports]
    return in_format(shape.form, tables) if tables else ""


def _report(graph: Any, shape: Shape) -> Report:
    from cnndsl.analyses.report import OWN, Report

    return Report(graph, shape.convention or OWN)


def _table(report: Report, shape: Shape) -> Table:
    from cnndsl.analyses.outline import flat, outline
    from cnndsl.backends.report.columns import USUAL, WIDE
    from cnndsl.backends.report.table import report_table

    entries = flat(report.graph) if shape.flat else outline(report.graph, shape.depth)
    usual = ("path", *USUAL) if shape.flat else USUAL

    def with_columns(words: Sequence[str]) -> Table:
        return report_table(report, entries, words, shape.training)

    if shape.columns is not None or shape.form != "table":
        return with_columns(shape.columns or usual)
    return widest(with_columns, usual, WIDE)


def widest(with_columns: Callable[[Sequence[str]], Table], usual: Sequence[str], more: Sequence[str]) -> Table:
    """The usual table, with as many more columns as the terminal has room for; no more where there is none."""
    from cnndsl.backends.report.terminal import natural_width

    words, width = tuple(usual), table_style().width
    table = with_columns(words)
    for word in more if natural_width(table) < width else ():
        wider = with_columns((*words, word))
        if natural_width(wider) > width:
            break
        words, table = (*words, word), wider
    return table


def _comparison(reports: Sequence[Report], shape: Shape) -> Table:
    from cnndsl.backends.report.columns import USUAL
    from cnndsl.backends.report.table import comparison

    return comparison(reports, shape.columns or ("input", *USUAL))


def in_format(form: str, tables: Iterable[Table]) -> str:
    """The tables as the module of a format writes them."""
    if form in ("table", "totals"):
        from cnndsl.backends.report.terminal import write

        return "\n".join(write(table, table_style()) for table in tables)
    text: str = import_module(f"cnndsl.backends.report.{form}").write(tables)
    return text


def _json(compilations: Iterable[Compilation], shape: Shape) -> str:
    import json

    return json.dumps([model for found in compilations for model in _data(found, shape)], indent=1) + "\n"


def _data(found: Compilation, shape: Shape) -> Iterator[dict[str, Any]]:
    """An entry for each model of a spec; for one with mistakes, which has none, an entry that tells them."""
    from cnndsl.backends.report.data import as_data

    if not found.graphs:
        yield as_data(found.source.stem, None, found.diagnostics, shape.training)
    for graph in found.graphs:
        yield as_data(graph.name, _report(graph, shape), found.diagnostics, shape.training)


def _annotations(compilations: Iterable[Compilation]) -> str:
    from cnndsl.diagnostics.github import as_annotation

    return "".join(f"{as_annotation(each, found.source)}\n" for found in compilations for each in found.diagnostics)
