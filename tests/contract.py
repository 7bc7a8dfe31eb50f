"""What the compiler owes to every text, whatever stands in it; for the tests and for `fuzz/`.

Nothing here needs pytest, so that the fuzzer can do without it.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cnndsl.compiler import Compilation, compile_source
from cnndsl.diagnostics import CODES, Diagnostic, Diagnostics
from cnndsl.diagnostics.json import as_data
from cnndsl.diagnostics.terminal import render_all
from cnndsl.graph import verify
from cnndsl.source import Source, Span, UnreadableSource, decode
from cnndsl.syntax import ast, parse
from cnndsl.syntax.format import formatted
from cnndsl.syntax.parser import LONGEST_TEXT

__all__ = ["assert_graph_or_errors", "assert_keeps_contract", "assert_means_the_same", "is_parsed"]

MOST_SECONDS = 2.0
"""Of the processor, for compiling a text and showing what is said about it; for formatting it, as many again."""

MOST_MEGABYTES = 500
"""By which one text may raise the most that the process has held."""

_OF_SYNTAX = {"syntax", "unclosed-bracket", "missing-arrow", "bad-statement", "bad-parameter", "number-too-large"}

MOST_NODES = 4_000
"""A fiftieth of what is allowed: a text that uses them up is soon done, and one that takes longer than they allow is
found all the same. What all of them take is measured by `benchmarks/scale.py`."""


def assert_keeps_contract(content: bytes) -> None:
    """All of this for the bytes of a file; `# -D N=2 --input 3x8x8 :model` in its first line is its command line."""
    try:
        text = decode(content, "net.cnn")
    except UnreadableSource:
        return
    line = text.partition("\n")[0] if text.startswith("#") else ""
    parameters = dict(re.findall(r"-D (\w+)=(\S+)", line))
    inputs = dict(re.findall(r"--input (?:(\w+)=)?(\S+)", line))
    model = re.search(r" :(\w+)", line)
    compilation = _compiled(Source("net.cnn", text, model=model[1] if model else ""), parameters, inputs)
    if compilation.file is not None and is_parsed(compilation):
        assert_means_the_same(compilation.file)


def is_parsed(compilation: Compilation) -> bool:
    """Whether nothing is wrong with the syntax of a text: its tree is that of the text."""
    return compilation.file is not None and not any(found.code in _OF_SYNTAX for found in compilation.diagnostics)


def assert_graph_or_errors(text: str, inputs: dict[str, object] | None = None, /, **parameters: object) -> Compilation:
    """A text has graphs that are right or errors that can be shown, within time and memory."""
    return _compiled(Source("net.cnn", text), parameters, inputs)


def _compiled(source: Source, parameters: dict[str, object], inputs: dict[str, object] | None) -> Compilation:
    with _within_limits():
        compilation = compile_source(source, parameters, inputs, max_nodes=MOST_NODES)
        _assert_showable(compilation.diagnostics)
    assert compilation.has_errors == (not compilation.graphs)
    for graph in compilation.graphs:
        verify(graph)
        assert graph.outputs
        assert str(graph)
    return compilation


def _assert_showable(diagnostics: tuple[Diagnostic, ...]) -> None:
    """Diagnostics are of known kinds, say something, point into texts, and become JSON and lines of a terminal."""
    for found in diagnostics:
        assert found.code in CODES
        assert found.message
        for span in (found.span, *(other.span for other in found.others), *(step.span for step in found.chain)):
            _assert_inside(span)
        json.dumps(as_data(found))
    for colour in (False, True):
        render_all(diagnostics, colour=colour)


def _assert_inside(span: Span) -> None:
    assert 0 <= span.start <= span.end <= len(span.source.text), span
    assert span.position.line >= 1


def assert_means_the_same(file: ast.File) -> None:
    """A tree that is formatted is a text that parses to an equal tree, and that is formatted already."""
    with _within_limits():
        text = formatted(file)
        if len(text) > LONGEST_TEXT:
            return
        diagnostics = Diagnostics()
        again = parse(Source("net.cnn", text), diagnostics)
        assert again is not None, f"{text!r}: {list(diagnostics)}"
        assert file == again, f"{text!r} says something else"
        assert formatted(again) == text


@contextmanager
def _within_limits() -> Iterator[None]:
    before, start = _peak(), time.process_time()
    yield
    seconds, megabytes = time.process_time() - start, _peak() - before
    assert seconds < MOST_SECONDS, f"{seconds:.1f} s"
    assert megabytes < MOST_MEGABYTES, f"{megabytes:.0f} MB"


def _peak() -> float:
    """Megabytes that the process has held at most; where that is not known, none."""
    if sys.platform == "win32":
        return 0.0
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
