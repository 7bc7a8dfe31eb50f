"""The pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnndsl.diagnostics import Diagnostic, Diagnostics
from cnndsl.elaborate import elaborate
from cnndsl.graph import Graph
from cnndsl.source import Source
from cnndsl.syntax import ast, parse

__all__ = ["Compilation", "compile_source"]


class Compilation(NamedTuple):
    """What came of a text: as far as it got, and what there is to say about it."""

    source: Source
    file: ast.File | None
    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def has_errors(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.diagnostics)


def compile_source(
    source: Source, overrides: Mapping[str, object] | None = None, inputs: Mapping[str, object] | None = None
) -> Compilation:
    """Text to graph. Never raises for what a text says; mistakes are diagnostics, and then there is no graph.

    Args:
        source: the text.
        overrides: values for its parameters, as text or as Python values.
        inputs: shapes for its inputs, likewise, by name; "" stands for the only one.
    """
    diagnostics = Diagnostics()
    file = parse(source, diagnostics)
    graph = elaborate(file, overrides or {}, inputs or {}, diagnostics) if file else None
    return Compilation(source, file, graph, diagnostics.sorted())
