"""`cnndsl check`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnndsl.cli._specs import Given, read_specs, show, spec_arguments

if TYPE_CHECKING:
    from cnndsl.compiler import Compilation

__all__ = ["command"]


@click.command("check", short_help="Report sizes, parameters, MACs and every mistake.")
@spec_arguments
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "totals", "json"]),
    default="table",
    show_default=True,
    help="A line for each layer, a line for each spec, or data.",
)
def command(
    specs: tuple[str, ...],
    texts: tuple[str, ...],
    parameters: Given,
    inputs: Given,
    roots: tuple[Path, ...],
    form: str,
) -> None:
    """Report every layer's output size, parameters and multiply-accumulates, and every mistake.

    Reports go to standard output, mistakes to standard error. The exit status is 0 where all is well, 1 where a spec
    has mistakes, 2 where one cannot be read.
    """
    from cnndsl.compiler import compile_source

    sources, complete = read_specs(specs, texts)
    compilations = [compile_source(source, parameters, inputs, roots) for source in sources]
    for compilation in compilations:
        show(compilation.diagnostics)
    sys.stdout.write(_WRITERS[form](compilations))
    if not complete:
        sys.exit(2)
    if any(compilation.has_errors for compilation in compilations):
        sys.exit(1)


def _tables(compilations: list[Compilation]) -> str:
    from cnndsl.analyses.cost import cost
    from cnndsl.backends.table import table

    return "\n".join(table(graph, cost(graph)) for found in compilations for graph in found.graphs)


def _totals(compilations: list[Compilation]) -> str:
    from cnndsl.analyses.cost import cost
    from cnndsl.backends.table import totals

    models = [(graph, cost(graph)) for found in compilations for graph in found.graphs]
    return totals(models) if models else ""


def _json(compilations: list[Compilation]) -> str:
    import json

    return json.dumps([model for found in compilations for model in _data(found)], indent=1) + "\n"


def _data(found: Compilation) -> list[dict[str, Any]]:
    """An entry for each model of a spec; for one with mistakes, which has none, an entry that tells them."""
    from cnndsl.analyses.cost import cost
    from cnndsl.backends.data import report

    if not found.graphs:
        return [report(found.source.stem, None, None, found.diagnostics)]
    return [report(graph.name, graph, cost(graph), found.diagnostics) for graph in found.graphs]


_WRITERS: dict[str, Callable[[list[Compilation]], str]] = {"table": _tables, "totals": _totals, "json": _json}
