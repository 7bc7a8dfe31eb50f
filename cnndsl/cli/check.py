"""`cnndsl check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnndsl.cli._fix import mended, safe_fixes
from cnndsl.cli._garbage import no_search
from cnndsl.cli._report import Shape, report_options, written
from cnndsl.cli._specs import Given, read_specs, show, spec_arguments, without_libraries

if TYPE_CHECKING:
    from cnndsl.compiler import Compilation
    from cnndsl.source import Source

__all__ = ["command"]


@click.command("check", short_help="Report sizes, parameters, MACs and every mistake.")
@spec_arguments
@report_options
@click.option(
    "--require",
    "requirements",
    metavar="TEST",
    multiple=True,
    help="What every network has to hold, as `require` in a spec: --require 'params < 5e6'.",
)
@click.option("--fix", is_flag=True, help="First mend, in the files, what can only have been meant in one way.")
def command(
    specs: tuple[str, ...],
    texts: tuple[str, ...],
    parameters: Given,
    inputs: Given,
    roots: tuple[Path, ...],
    max_nodes: int,
    requirements: tuple[str, ...],
    fix: bool,
    shape: Shape,
) -> None:
    """Report every layer's output size, parameters and multiply-accumulates, and every mistake.

    Blocks are opened as far as fits on a page, and what repeats is told once. Several specs get a line each. A folder
    stands for the .cnn files in it and below; those that only define blocks for others are passed over.

    Reports go to standard output, mistakes to standard error. The exit status is 0 where all is well, 1 where a spec
    has mistakes, 2 where one cannot be read.
    """
    no_search()  # it would take a tenth of the time
    from cnndsl.compiler import compile_source

    def compiled(source: Source) -> Compilation:
        settings = source.with_settings(parameters)
        return compile_source(source, settings, inputs, roots, max_nodes, requirements=requirements)

    sources, complete = read_specs(specs, texts, folders=True)
    if fix and not all(source.may_change for source in sources):
        raise click.UsageError("--fix changes files: give the paths of specs of your own")
    if fix:
        sources = [mended(source, lambda text: compiled(text).diagnostics) for source in sources]
    compilations = without_libraries([compiled(source) for source in sources], specs)
    for compilation in compilations:
        show(compilation.diagnostics)
        _offer(compilation)
    sys.stdout.write(written(compilations, shape))
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
