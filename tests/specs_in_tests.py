"""Short ways to compile the small specs that tests are written in, and to say what came of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT

from cnndsl.compiler import Compilation, compile_source
from cnndsl.diagnostics import Diagnostic
from cnndsl.diagnostics.terminal import render_all
from cnndsl.graph import Graph
from cnndsl.layers import Layer
from cnndsl.model import parse
from cnndsl.source import Source, zoo

SPECS: list[Path] = sorted((ROOT / "specs").glob("*.cnn"))
NETWORKS: list[Path] = [path for path in SPECS if not re.search(r"^\w+ *= INPUT", path.read_text(), re.M)]
"""Those with one model: the others are loaded by the names that the zoo has for their models."""
SOME_SPECS = [
    pytest.param(path, id=path.stem, marks=[] if place % 3 == 0 else pytest.mark.slow)
    for place, path in enumerate(SPECS)
]
"""All of them, of which `make test` takes every third one: for what is done to each of their statements."""
ZOO: list[str] = sorted({entry.spec for entry in zoo().values()})
"""What stands behind `zoo:` for each model of each of them, with its own settings: `resnet`, `dcgan:generator`."""


def compiled(text: str, **parameters: object) -> Compilation:
    return compile_source(Source("net.cnn", text), parameters)


def graph(text: str, **parameters: object) -> Graph:
    """The graph of a spec that has to be right."""
    compilation = compiled(text, **parameters)
    assert compilation.graph is not None, f"\n{text}\n{render_all(compilation.diagnostics)}"
    return compilation.graph


def nodes(text: str, **parameters: object) -> list[str]:
    """Path and shape of every node: `["input1 3x8x8", "block1.conv1 4x8x8"]`."""
    return [f"{node.path} {node.type}" for node in graph(text, **parameters)]


def layers(text: str, **parameters: object) -> list[str]:
    """What every node computes, as reports write it: `["INPUT(3x8x8)", "CONV(4, bias=true*)"]`."""
    return [str(node.layer) for node in graph(text, **parameters)]


def last(text: str, **parameters: object) -> Layer:
    """The layer of the last node."""
    return graph(text, **parameters).nodes[-1].layer


def output(text: str, **parameters: object) -> str:
    """The shape of the only output."""
    (end,) = graph(text, **parameters).outputs
    return str(end.node.type)


def params(text: str, **parameters: object) -> int:
    return parse(text, **parameters).summary().params


def diagnostics(text: str, **parameters: object) -> tuple[Diagnostic, ...]:
    """All that there is to say about a spec that has to be wrong."""
    compilation = compiled(text, **parameters)
    assert compilation.has_errors, f"\n{text}\nis taken for right"
    assert compilation.graph is None
    return compilation.diagnostics


def mistakes(text: str, **parameters: object) -> list[str]:
    """The code of every diagnostic and the text that it underlines: `["unknown-layer: FOO"]`."""
    return [f"{found.code}: {found.span.text}" for found in diagnostics(text, **parameters)]
