"""Every message as a user sees it: a file in `diagnostics/` shows a spec, a line of dashes, and what is said about it.

A first line `$ -D N=2` sets parameters, `$ :generator` asks for a model, `$ one` for the only one. A line
`==== blocks.cnn` begins the text of another file. `pytest --rewrite-cases` writes what is said now; read the
difference before you commit it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from cnndsl.compiler import compile_one, compile_source
from cnndsl.diagnostics import CODES
from cnndsl.diagnostics.json import as_data
from cnndsl.diagnostics.terminal import render, render_all
from cnndsl.source import Source

CASES = sorted((Path(__file__).parent / "diagnostics").glob("*.txt"))
RULE = "\n--------\n"
TOO_LARGE_FOR_A_FILE = {"text-too-long", "nested-too-deep"}
OF_TRAINING = {"misfit"}
"""Codes that the compiler never gives; `test_training` shows them."""


class Case(NamedTuple):
    """A case as it is written: what is set, the spec, the other files by name, and what is said."""

    options: str
    spec: str
    files: dict[str, str]
    expected: str

    def said(self, folder: Path) -> str:
        """What is said now."""
        for name, text in {"net.cnn": self.spec, **self.files}.items():
            (folder / name).write_text(text)
        parameters = dict(re.findall(r"-D (\w+)=(\S+)", self.options))
        model = re.search(r":(\w+)", self.options)
        source = Source("net.cnn", self.spec, folder / "net.cnn", model[1] if model else "")
        compile = compile_one if " one" in self.options else compile_source
        return render_all(compile(source, parameters).diagnostics)


def parts(case: Path) -> Case:
    text, _, expected = case.read_text().partition(RULE)
    options = ""
    if text.startswith("$ "):
        options, _, text = text.partition("\n")
    spec, *others = re.split(r"\n==== (\S+)\n", text)
    return Case(options, spec, dict(zip(others[::2], others[1::2], strict=True)), expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_message(case: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    found = parts(case)
    said = found.said(tmp_path)
    if request.config.getoption("--rewrite-cases"):
        case.write_text(case.read_text().partition(RULE)[0] + RULE + said)
        return
    assert said == found.expected


def test_every_code_is_shown_in_a_case() -> None:
    shown = {
        code for case in CASES for code in re.findall(r"^(?:error|warning)\[([\w-]+)\]", parts(case).expected, re.M)
    }
    assert set(CODES) - shown == TOO_LARGE_FOR_A_FILE | OF_TRAINING


def test_a_text_that_is_too_long_is_refused() -> None:
    (found,) = compile_source(Source("net.cnn", "INPUT" + " " * 300_000)).diagnostics
    assert found.code == "text-too-long"
    assert "300,005" in found.message


@pytest.mark.parametrize("depth", [201, 20_000])
def test_brackets_that_are_nested_too_deep_are_refused(depth: int) -> None:
    (found,) = compile_source(Source("net.cnn", "INPUT -> " + "[" * depth + "ID" + "]" * depth)).diagnostics
    assert found.code == "nested-too-deep"


def test_brackets_may_nest_200_deep() -> None:
    assert compile_source(Source("net.cnn", "INPUT -> " + "[" * 200 + "ID" + "]" * 200)).graph


def test_colour_changes_nothing_but_colour() -> None:
    (found,) = compile_source(Source("net.cnn", "INPUT -> POOL(40)")).diagnostics
    coloured = render(found, colour=True)
    assert coloured != render(found)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == render(found)


def test_a_long_line_is_cut_around_the_place() -> None:
    (found,) = compile_source(Source("net.cnn", "INPUT" + " -> RELU" * 500 + " -> CONF" + " -> RELU" * 500)).diagnostics
    shown = render(found)
    assert max(map(len, shown.splitlines())) < 140
    line, marks = shown.splitlines()[3:5]
    assert line[marks.index("^") :].startswith("CONF")


def test_tabs_do_not_move_the_marks() -> None:
    (found,) = compile_source(Source("net.cnn", "INPUT\t->\tCONF")).diagnostics
    line, marks = render(found).splitlines()[3:5]
    assert line[marks.index("^") :] == "CONF"


def test_data_gives_places_as_editors_count_them() -> None:
    (found,) = compile_source(Source("net.cnn", "INPUT\n  -> POOL(6) -> CONV(8, 7, padding=valid)")).diagnostics
    data = as_data(found)
    assert (data["line"], data["column"], data["end_line"], data["end_column"]) == (2, 25, 2, 26)
    assert data["severity"] == "error"
    assert data["labels"][0]["text"] == "this makes the map 5x5"
