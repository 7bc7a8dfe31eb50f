"""`cnndsl check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cnndsl.cli._specs import Parameters, read_specs, show, spec_arguments

if TYPE_CHECKING:
    from cnndsl.compiler import Compilation

__all__ = ["command"]


@click.command("check")
@spec_arguments
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to report.")
def command(specs: tuple[str, ...], texts: tuple[str, ...], parameters: Parameters, form: str) -> None:
    """Report every layer's output size, parameters and multiply-accumulates, and every mistake.

    Reports go to standard output, mistakes to standard error. The exit status is 0 where all is well, 1 where a spec
    has mistakes, 2 where one cannot be read.
    """
    from cnndsl.compiler import compile_source

    sources, complete = read_specs(specs, texts)
    compilations = [compile_source(source, parameters) for source in sources]
    for compilation in compilations:
        show(compilation.diagnostics)
    if form == "json":
        _write_json(compilations)
    else:
        _write_tables(compilations)
    if not complete:
        sys.exit(2)
    if any(compilation.has_errors for compilation in compilations):
        sys.exit(1)


def _write_tables(compilations: list[Compilation]) -> None:
    from cnndsl.analyses.cost import cost
    from cnndsl.backends.table import table

    tables = [table(found.graph, cost(found.graph)) for found in compilations if found.graph]
    sys.stdout.write("\n".join(tables))


def _write_json(compilations: list[Compilation]) -> None:
    import json

    json.dump([_data(found) for found in compilations], sys.stdout, indent=1)
    sys.stdout.write("\n")


def _data(found: Compilation) -> dict[str, Any]:
    from cnndsl.analyses.cost import cost
    from cnndsl.backends.data import report

    found_cost = cost(found.graph) if found.graph else None
    return report(found.source.stem, found.graph, found_cost, found.diagnostics)
