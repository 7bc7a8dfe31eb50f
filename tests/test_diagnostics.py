"""Every message as a user sees it: the cases that `cnndsl explain` shows, one for each code, and further ones in
`diagnostics/`, written alike.

`pytest --rewrite-cases` writes what is said now; read the difference before you commit it.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import Run

from cnndsl.compiler import compile_one, compile_source
from cnndsl.diagnostics import CODES
from cnndsl.diagnostics.json import as_data
from cnndsl.diagnostics.terminal import render, render_all
from cnndsl.linting import Switches, linted
from cnndsl.reference.cases import RULE, Case, case_of, read_case, shown_cases
from cnndsl.source import Source

CASES = [*shown_cases(), *sorted((Path(__file__).parent / "diagnostics").glob("*.txt"))]


def said(case: Case, folder: Path) -> str:
    """What is said of a case now."""
    for name, text in {"net.cnn": case.text, **case.files}.items():
        (folder / name).write_text(text)
    if case.arguments[0] == "train":
        return said_by_train(case.arguments, folder)
    parameters = dict(re.findall(r"-D (\w+)=(\S+)", case.command))
    model = re.search(r"net\.cnn:(\w+)", case.command)
    source = Source("net.cnn", case.text, folder / "net.cnn", model[1] if model else "")
    if case.arguments[0] == "lint":
        turned_on = re.findall(r"--on (\S+)", case.command)
        return render_all(linted(compile_source(source, parameters), Switches(on=turned_on)))
    compile = compile_source if case.arguments[0] == "check" else compile_one
    return render_all(compile(source, parameters).diagnostics)


def said_by_train(arguments: list[str], folder: Path) -> str:
    """What the command writes to stderr, its last empty line left out."""
    if find_spec("torch") is None:
        pytest.skip("torch is not installed: pip install 'cnndsl[train]'")
    from cnndsl.cli import commands

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(commands, arguments).stderr.removesuffix("\n")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_message(path: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    case = read_case(path)
    now = said(case, tmp_path)
    if request.config.getoption("--rewrite-cases"):
        path.write_text(path.read_text().partition(RULE)[0] + RULE + now)
        return
    assert now == case.said


def test_every_code_is_shown_in_a_case_of_its_own() -> None:
    assert [path.stem for path in shown_cases()] == sorted(CODES)
    assert len(CODES) >= 40
    for code, (severity, *_) in CODES.items():
        assert (
            case_of(code).said.startswith(f"{severity.value}[{code}]: ")
            or f"\n{severity.value}[{code}]: " in case_of(code).said
        )


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


@pytest.mark.parametrize("sign", ["-", "not ", "1**"])
def test_a_text_as_deep_as_it_is_long_is_refused(sign: str, run: Run) -> None:
    """In a process of its own: what recurses through the interpreter's own code ends it."""
    found = run("check", "-", stdin=f"INPUT -> CONV({sign * 33_000}1)")
    assert (found.returncode, found.stderr.partition(":")[0]) == (1, "error[nested-too-deep]")


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
