"""`cnndsl lint`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnndsl.cli._choice import Words
from cnndsl.cli._garbage import no_search
from cnndsl.cli._specs import Given, read_specs, show, spec_arguments, without_libraries
from cnndsl.cli._terminal import wants_colour

if TYPE_CHECKING:
    from cnndsl.diagnostics import Diagnostic
    from cnndsl.source import Source

__all__ = ["command"]

_Told = Sequence[tuple["Source", tuple["Diagnostic", ...]]]


def _codes() -> Iterable[str]:
    from cnndsl.diagnostics import WARNINGS

    return WARNINGS


def _switch(name: str, parameter: str, help: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    words = Words(_codes, several=True)
    return click.option(name, parameter, type=words, metavar="CODE,...", multiple=True, help=help)


@click.command("lint", short_help="Find designs that are legal and seldom meant.")
@spec_arguments
@_switch("--off", "off", "Codes of warnings that are not told.")
@_switch("--on", "on", "Codes of warnings that are told only where they are asked for, or all.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="To read, as data, or as annotations for GitHub.",
)
def command(
    specs: tuple[str, ...],
    texts: tuple[str, ...],
    parameters: Given,
    inputs: Given,
    roots: tuple[Path, ...],
    max_nodes: int,
    off: tuple[tuple[str, ...], ...],
    on: tuple[tuple[str, ...], ...],
    form: str,
) -> None:
    """Find what is legal and seldom meant: a border that no window reads, a bias that a norm takes away again.

    A comment turns a warning off: `# off: CODE (reason)`, behind something for what is on its line, on a line of its
    own for the whole file; `# on: CODE` turns one on. `cnndsl explain CODE` tells of a code. A folder stands for the
    .cnn files in it and below.

    What is found goes to standard output, mistakes to standard error. The exit status is 0 where nothing is found, 1
    where something is or a spec has mistakes, 2 where one cannot be read.
    """
    no_search()
    from cnndsl.compiler import compile_source
    from cnndsl.linting import Switches, linted

    sources, complete = read_specs(specs, texts, folders=True)
    compilations = without_libraries(
        [compile_source(each, each.with_settings(parameters), inputs, roots, max_nodes) for each in sources], specs
    )
    switches = Switches(off=_together(off), on=_together(on))
    told = [(found.source, linted(found, switches)) for found in compilations]
    sys.stdout.write(_WRITERS[form](told))
    if not complete:
        sys.exit(2)
    if any(diagnostics for _, diagnostics in told):
        sys.exit(1)


def _together(groups: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(code for group in groups for code in group)


def _text(told: _Told) -> str:
    from cnndsl.diagnostics.terminal import render_all

    found: list[Diagnostic] = []
    for _, diagnostics in told:
        if any(each.is_error for each in diagnostics):
            show(diagnostics)
        else:
            found += diagnostics
    are_wrong = sum(any(each.is_error for each in diagnostics) for _, diagnostics in told)
    shown = render_all(found, colour=sys.stdout.isatty() and wants_colour())
    if found:
        return f"{shown}\n{len(found):,} warning{'s' * (len(found) != 1)}\n"
    return "" if are_wrong or not told else "nothing found\n"


def _json(told: _Told) -> str:
    import json

    from cnndsl.diagnostics.json import as_data

    data = [{"name": source.stem, "diagnostics": [*map(as_data, found)]} for source, found in told]
    return json.dumps(data, indent=1) + "\n"


def _github(told: _Told) -> str:
    from cnndsl.diagnostics.github import as_annotation

    return "".join(f"{as_annotation(each, source)}\n" for source, found in told for each in found)


_WRITERS: dict[str, Callable[[_Told], str]] = {"text": _text, "json": _json, "github": _github}
