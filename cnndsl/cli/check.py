"""`cnndsl check`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnndsl.cli._fix import mended, safe_fixes
from cnndsl.cli._specs import Given, read_specs, show, spec_arguments

if TYPE_CHECKING:
    from cnndsl.compiler import Compilation
    from cnndsl.source import Source

__all__ = ["command"]


@click.command("check", short_help="Report sizes, parameters, MACs and every mistake.")
@spec_arguments
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "totals", "json", "github"]),
    default="table",
    show_default=True,
    help="A line for each layer, a line for each spec, data, or annotations for GitHub's workflows.",
)
@click.option("--fix", is_flag=True, help="First mend, in the files, what can only have been meant in one way.")
def command(
    specs: tuple[str, ...],
    texts: tuple[str, ...],
    parameters: Given,
    inputs: Given,
    roots: tuple[Path, ...],
    max_nodes: int,
    form: str,
    fix: bool,
) -> None:
    """Report every layer's output size, parameters and multiply-accumulates, and every mistake.

    Reports go to standard output, mistakes to standard error. The exit status is 0 where all is well, 1 where a spec
    has mistakes, 2 where one cannot be read.
    """
    from cnndsl.compiler import compile_source

    def compiled(source: Source) -> Compilation:
        return compile_source(source, parameters, inputs, roots, max_nodes)

    sources, complete = read_specs(specs, texts)
    if fix and not all(source.may_change for source in sources):
        raise click.UsageError("--fix changes files: give the paths of specs of your own")
    if fix:
        sources = [mended(source, lambda text: compiled(text).diagnostics) for source in sources]
    compilations = [compiled(source) for source in sources]
    for compilation in compilations:
        show(compilation.diagnostics)
        _offer(compilation)
    sys.stdout.write(_WRITERS[form](compilations))
    if not complete:
        sys.exit(2)
    if any(compilation.has_errors for compilation in compilations):
        sys.exit(1)


def _offer(found: Compilation) -> None:
    """Tell what `--fix` would do."""
    count = sum(1 for _ in safe_fixes(found.source, found.diagnostics)) if found.source.may_change else 0
    if count:
        what = f"{count} of these leave{'s' * (count == 1)} no doubt about what was meant"
        click.echo(
            f"{what}: `cnndsl check --fix {found.source.name}` mends {'it' if count == 1 else 'them'}\n", err=True
        )


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


def _annotations(compilations: list[Compilation]) -> str:
    from cnndsl.diagnostics.github import as_annotation

    return "".join(f"{as_annotation(each)}\n" for found in compilations for each in found.diagnostics)


_WRITERS: dict[str, Callable[[list[Compilation]], str]] = {
    "table": _tables,
    "totals": _totals,
    "json": _json,
    "github": _annotations,
}
