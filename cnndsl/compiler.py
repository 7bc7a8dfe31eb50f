"""The pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cnndsl.diagnostics import Diagnostic, Diagnostics
from cnndsl.elaborate import NO_DATA, Elaborated, Filling, Measured, elaborate, with_sizes_that_fit
from cnndsl.graph import Graph
from cnndsl.resources import MOST_NODES, no_collections
from cnndsl.source import Source, Span
from cnndsl.source import used as used_source
from cnndsl.syntax import ast, parse, parse_expression
from cnndsl.syntax.remarks import Remarks

__all__ = ["NO_DATA", "Compilation", "Filling", "compile_one", "compile_source"]


_REQUIRED = "--require"
"""What texts of requirements are called in messages: where they come from."""

_MOST_NODES_LOOKED_AT = 5_000
"""Nodes of a wrong network for which it is found out with what other sizes it would be right."""


class Compilation(NamedTuple):
    """What came of a text: as far as it got, and what there is to say about it."""

    source: Source
    file: ast.File | None
    graphs: tuple[Graph, ...]
    diagnostics: tuple[Diagnostic, ...]
    used: tuple[Source, ...] = ()
    """The files that were brought in."""
    is_filled_in: bool = False
    """Whether anything in it, or in what is wrong with it, may follow from the filling."""
    silenced: tuple[Diagnostic, ...] = ()
    """Warnings that comments turn off."""

    @property
    def has_errors(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def graph(self) -> Graph | None:
        """The only graph; None where there is none, or more than one."""
        return self.graphs[0] if len(self.graphs) == 1 else None


def compile_source(
    source: Source,
    overrides: Mapping[str, object] | None = None,
    inputs: Mapping[str, object] | None = None,
    roots: Sequence[Path] = (),
    max_nodes: int = MOST_NODES,
    filling: Filling = NO_DATA,
    requirements: Sequence[str] = (),
) -> Compilation:
    """Text to graphs, one for each model of the text, or for the one that the source asks for.

    Never raises for what a text says; mistakes are diagnostics, and then there are no graphs.

    Args:
        source: the text.
        overrides: values for its parameters, as text or as Python values.
        inputs: shapes for its inputs, likewise, by name; "" stands for the only one.
        roots: folders from which `use` may bring in files, beside the text's own and the shipped specs.
        max_nodes: nodes that the graphs may have, all together.
        filling: what the data that they are for says of what the text leaves open.
        requirements: texts of tests that the networks have to hold, as `require` takes them.
    """
    diagnostics = Diagnostics()
    file = parse(source, diagnostics)
    tests = [parse_expression(Source(_REQUIRED, text), diagnostics) for text in requirements]
    required = [test for test in tests if test is not None]
    brought_in: dict[Path | None, Source] = {}

    def read(name: str, by: Source) -> Source:
        found = used_source(name, by, roots)
        return brought_in.setdefault(found.path, found)

    def elaborated(inputs: Mapping[str, object], diagnostics: Diagnostics, most: int = max_nodes) -> Elaborated:
        if file is None:
            return Elaborated()
        with no_collections():
            return elaborate(file, overrides or {}, inputs, diagnostics, read, _measures, most, filling, required)

    graphs, is_filled_in = elaborated(inputs or {}, diagnostics)
    found = diagnostics.sorted()
    if file and not graphs:
        again = partial(elaborated, most=_MOST_NODES_LOOKED_AT)
        found = with_sizes_that_fit(found, file, inputs or {}, filling, again)
    used = tuple(brought_in.values())
    heard, silenced = _parted(found, (source, *used)) if file else (found, ())
    return Compilation(source, file, graphs, heard, used, is_filled_in, silenced)


def _parted(
    found: tuple[Diagnostic, ...], sources: tuple[Source, ...]
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """The diagnostics, and those that comments in the texts turn off."""
    remarks = Remarks.of(sources)
    silenced = tuple(filter(remarks.silence, found))
    return tuple(each for each in (*found, *remarks.wrong) if each not in silenced), silenced


def _measures(graph: Graph) -> Measured:
    from cnndsl.analyses.measures import Measures  # most files have no budget

    return Measures(graph)


def compile_one(
    source: Source,
    overrides: Mapping[str, object] | None = None,
    inputs: Mapping[str, object] | None = None,
    roots: Sequence[Path] = (),
    max_nodes: int = MOST_NODES,
    filling: Filling = NO_DATA,
) -> Compilation:
    """The same for what works on one model: that a text has several, and none is asked for, is a mistake."""
    found = compile_source(source, overrides, inputs, roots, max_nodes, filling)
    if len(found.graphs) < 2:
        return found
    names = [graph.name for graph in found.graphs]
    message = f"{source.name} has {len(names)} models: {', '.join(names)}"
    help = f"say which: {' or '.join(f'{source.address}:{name}' for name in names)}"
    which = Diagnostic("which-model", message, Span(source, 0, 0), help=help)
    return found._replace(graphs=(), diagnostics=(which, *found.diagnostics))
