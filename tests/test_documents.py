"""The documents are run: every spec in them gives what stands below it, every command prints what is shown."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from itertools import pairwise
from pathlib import Path

import pytest
import sessions
from conftest import ROOT, Run

import cnndsl
from cnndsl.analyses.cost import cost
from cnndsl.compiler import compile_source
from cnndsl.diagnostics import Diagnostic
from cnndsl.source import Source

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def fences(language: str) -> list[tuple[str, str]]:
    """The framed texts of a language, each with the place where it stands."""
    return [
        (f"{document.name}-{number}", text)
        for document in DOCUMENTS
        for number, (_, text) in enumerate(sessions.fences(document, language), 1)
    ]


CLAIM = re.compile(r"^# (gives|error|warning) (.*)$", re.M)
"""What a spec in a document is followed by; a frame may hold several specs."""


def specs() -> list[tuple[str, str]]:
    """The specs of the documents, each up to and with its claim."""
    found: list[tuple[str, str]] = []
    for place, text in fences("cnn"):
        ends = [claim.end() for claim in CLAIM.finditer(text)]
        assert ends, f"{place}: say what it gives"
        found += [(f"{place}-{n}", text[start:end]) for n, (start, end) in enumerate(pairwise([0, *ends]), 1)]
        assert not text[ends[-1] :].strip(), f"{place}: say what the last one gives"
    return found


SPECS, SHELL, PYTHON = specs(), fences("console"), fences("python")
NEEDS_TORCH = re.compile(r"import torch|to_torch|cnndsl (train|eval|predict) |--to safetensors")


def marked(texts: list[tuple[str, str]]) -> list[object]:
    """The texts as parameters of a test; those that need torch say so."""
    needing = [pytest.mark.torch if NEEDS_TORCH.search(text) else () for _, text in texts]
    return [pytest.param(text, id=place, marks=marks) for (place, text), marks in zip(texts, needing, strict=True)]


@pytest.mark.parametrize("spec", [text for _, text in SPECS], ids=[place for place, _ in SPECS])
def test_a_spec_gives_what_stands_below_it(spec: str) -> None:
    parameters: dict[str, object] = dict(re.findall(r"^# .*?-D (\w+)=(\S+)", spec.replace(" -D", "\n# -D"), re.M))
    compilation = compile_source(Source("<document>", spec), parameters)
    claim = CLAIM.search(spec)
    assert claim
    if claim[1] != "gives":
        assert [_said(found, is_whole=":" in claim[2]) for found in compilation.diagnostics] == [claim[2]]
        assert compilation.has_errors == (claim[1] == "error")
        return
    assert compilation.graphs, compilation.diagnostics
    leaving = " and ".join(", ".join(str(end.node.type) for end in graph.outputs) for graph in compilation.graphs)
    costs = [cost(graph) for graph in compilation.graphs]
    params, macs = sum(each.params for each in costs), sum(each.macs for each in costs)
    assert claim[2] == f"{leaving}; {params:,} parameters, {macs:,} MACs"


def _said(found: Diagnostic, is_whole: bool) -> str:
    """A diagnostic as a document shows it: its code, with or without the message."""
    return f"{found.code}: {found.message}" if is_whole else found.code


@pytest.mark.parametrize("session", marked(SHELL))
def test_a_command_prints_what_is_shown(session: str, run: Run, tmp_path: Path) -> None:
    sessions.run_session(session, run, sessions.folder(tmp_path))


@pytest.mark.parametrize("code", marked(PYTHON))
def test_python_runs(code: str) -> None:
    exec(compile(code, "<document>", "exec"), {})


def test_the_documents_hold_examples() -> None:
    assert (len(SPECS), len(SHELL), len(PYTHON)) >= (15, 2, 1)


OF_THE_EXTRAS = (
    "cnndsl.training.",
    "cnndsl.backends.torch.inference",
    "cnndsl.backends.torch.module",
    "cnndsl.backends.torch.parts",
    "cnndsl.backends.torch.weights.files",
    "cnndsl.backends.torch.weights.load",
)
"""Modules that import torch, or what is installed with it."""


def modules() -> list[object]:
    names = ["cnndsl", *(found.name for found in pkgutil.walk_packages(cnndsl.__path__, "cnndsl."))]
    return [pytest.param(name, marks=pytest.mark.torch if name.startswith(OF_THE_EXTRAS) else ()) for name in names]


@pytest.mark.parametrize("name", modules())
def test_doctests(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*DOCUMENTS, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_readme_names_the_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"make ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert {"demo", "test", "test-all", "test-gpu"} <= named <= targets | {"lifts"}
    assert Path(ROOT / ".ci" / "run").read_text().rstrip().endswith("make test")
