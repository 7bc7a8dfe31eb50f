"""The documents are run: every spec in them gives what stands below it, every command prints what is shown."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest
import sessions
from conftest import ROOT, Run

import cnndsl
from cnndsl.compiler import compile_source
from cnndsl.layers import layer_types
from cnndsl.source import Source

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def fences(language: str) -> list[tuple[str, str]]:
    """The framed texts of a language, each with the place where it stands."""
    return [
        (f"{document.name}-{number}", text)
        for document in DOCUMENTS
        for number, (_, text) in enumerate(sessions.fences(document, language), 1)
    ]


SPECS, SHELL, PYTHON = fences("cnn"), fences("console"), fences("python")
NEEDS_TORCH = re.compile(r"import torch|to_torch|cnndsl (train|eval|predict) ")


def marked(texts: list[tuple[str, str]]) -> list[object]:
    """The texts as parameters of a test; those that need torch say so."""
    needing = [pytest.mark.torch if NEEDS_TORCH.search(text) else () for _, text in texts]
    return [pytest.param(text, id=place, marks=marks) for (place, text), marks in zip(texts, needing, strict=True)]


@pytest.mark.parametrize("spec", [text for _, text in SPECS], ids=[place for place, _ in SPECS])
def test_a_spec_gives_what_stands_below_it(spec: str) -> None:
    parameters: dict[str, object] = dict(re.findall(r"^# .*?-D (\w+)=(\S+)", spec.replace(" -D", "\n# -D"), re.M))
    compilation = compile_source(Source("<document>", spec), parameters)
    claim = re.search(r"^# (gives|error) (.*)\Z", spec.rstrip(), re.M)
    assert claim, "say what it gives"
    if claim[1] == "error":
        assert [found.code for found in compilation.diagnostics] == [claim[2]]
        return
    summary = cnndsl.parse(spec, **parameters).summary()
    leaving = cnndsl.parse(spec, **parameters).graph.outputs[0].node.type
    assert claim[2] == f"{leaving}; {summary.params:,} parameters, {summary.macs:,} MACs"


@pytest.mark.parametrize("session", marked(SHELL))
def test_a_command_prints_what_is_shown(session: str, run: Run, tmp_path: Path) -> None:
    sessions.run_session(session, run, sessions.folder(tmp_path))


@pytest.mark.parametrize("code", marked(PYTHON))
def test_python_runs(code: str) -> None:
    exec(compile(code, "<document>", "exec"), {})


def test_the_documents_hold_examples() -> None:
    assert (len(SPECS), len(SHELL), len(PYTHON)) >= (15, 2, 1)


def test_the_reference_gives_the_signature_of_every_layer() -> None:
    reference = (ROOT / "docs" / "language.md").read_text()
    for layer in layer_types():
        if layer.words and layer.words != ("INPUT",):
            shown = [f"{name}={default}" if default else name for name, default in signature(layer)]
            call = f"{layer.word()}({', '.join(shown)})" if shown else layer.word()
            assert f"`{call}`" in reference, call


def signature(layer: type[cnndsl.layers.Layer]) -> list[tuple[str, str]]:
    """Names and defaults of a layer's attributes as the reference writes them."""
    shown: list[tuple[str, str]] = []
    for name, attribute in layer.attributes.items():
        default = attribute.default
        if name == "bias" and "auto" in attribute.symbols:
            text = "auto"
        elif default is cnndsl.layers.REQUIRED or isinstance(default, cnndsl.layers.Filled):
            text = ""
        elif isinstance(default, bool):
            text = str(default).lower()
        elif isinstance(default, float):
            text = {1e-5: "1e-5", 1e-4: "1e-4"}.get(default, f"{default:g}")
        else:
            text = str(default)
        shown.append((name, text))
    return shown


OF_THE_EXTRAS = ("cnndsl.training.", "cnndsl.backends.torch.module")
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
