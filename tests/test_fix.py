"""`cnndsl check --fix`: what can only have been meant in one way is mended, everything else is left to its author."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run
from specs_in_tests import SOME_SPECS
from test_diagnostics import CASES as SHOWN
from test_wrong import CASES as WRONG
from test_wrong import read as read_wrong

from cnndsl.compiler import compile_source
from cnndsl.diagnostics import Diagnostic
from cnndsl.diagnostics.fix import edited, without_overlaps
from cnndsl.diagnostics.terminal import render_all
from cnndsl.graph import Graph
from cnndsl.reference.cases import read_case
from cnndsl.source import Source, decode
from cnndsl.source import read as read_source

pytestmark = pytest.mark.core

Slip = Callable[[str], str]


_KEYWORDS = r" (if|else|for|in|as)(?= |$)"


def _assigned(test: re.Match[str]) -> str:
    return test[0].replace("==", "=")


def _raised(word: re.Match[str]) -> str:
    return word[0].upper()


SLIPS: dict[str, Slip] = {
    "foreign arrows": lambda text: text.replace("->", "=>"),
    "long arrows": lambda text: text.replace("->", "-->"),
    "sizes with blanks": lambda text: re.sub(r"\b(\d+)x(\d+)x(\d+)", r"\1 x \2x \3", text),
    "sizes as arguments": lambda text: re.sub(r"INPUT\((\d+)x(\d+)x(\d+)\)", r"INPUT(\1, \2, \3)", text),
    "one equals sign": lambda text: text if text.startswith("require") else re.sub(r" if .*", _assigned, text),
    "comments of C": lambda text: re.sub(r'(?m)^# (?=[^"\n]*("[^"\n]*"[^"\n]*)*$)', "// ", text),  # of whole strings
    "keywords in capitals": lambda text: text if ", for" in text else re.sub(_KEYWORDS, _raised, text),
    "Python's truth": lambda text: re.sub(r"=(true|false)", lambda found: found[0].title(), text),
    "Keras' batch norm": lambda text: re.sub(r"\bBN\b(?!\()", "BatchNormalization", text),
    "Keras' dense layers": lambda text: re.sub(r"\bFC\b(?!\([^)]*bias)", "Dense", text),
    "Keras' pooling": lambda text: re.sub(r"\bPOOL\b(?!\([^)]*[,=])", "MaxPooling2D", text),
    "other keywords": lambda text: re.sub(r"\bgroups=", "num_groups=", text).replace("bias=", "use_bias="),
    "times for gates": lambda text: text.replace(" & ", " * "),
    "counts first": lambda text: re.sub(r"-> (\w+)\*(\d)", r"-> \2*\1", text),
    "semicolons": lambda text: re.sub(r"(?m)^([^#\n]*\w\))$", r"\1;", text),
}
"""Spellings from elsewhere, each of which leaves no doubt about what was meant."""


def fixed(source: Source, content: bytes) -> tuple[bytes, tuple[Diagnostic, ...]]:
    """What is left of a text after all safe edits, and what is said of it then."""
    for _ in range(100):
        text = Source(source.name, decode(content, source.name), source.path)
        found = compile_source(text).diagnostics
        fixes = [each.fix for each in found if each.fix and each.fix.is_safe]
        if not fixes:
            break
        content = edited(content, without_overlaps(fixes))
    return content, found


def built(graph: Graph) -> list[str]:
    """What every node computes, and its shape; MAXPOOL is another word for POOL."""
    return [f"{node.layer} {node.type}".replace("MAXPOOL", "POOL") for node in graph]


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
@pytest.mark.parametrize("path", SOME_SPECS)
def test_a_spec_in_foreign_spelling_becomes_the_spec_again(path: Path, slip: Slip) -> None:
    source = read_source(path)
    wrong = "\n".join(line if line.startswith("#") else slip(line) for line in source.text.split("\n"))
    wrong = slip(source.text) if slip is SLIPS["comments of C"] else wrong
    if wrong == source.text:
        pytest.skip("this spec has nothing to slip on")
    assert compile_source(Source("net.cnn", wrong, path)).has_errors
    content, found = fixed(Source("net.cnn", wrong, path), wrong.encode())
    assert not [each for each in found if each.is_error], render_all(found)
    mended, graphs = compile_source(Source("net.cnn", content.decode(), path)).graphs, compile_source(source).graphs
    assert list(map(built, mended)) == list(map(built, graphs))


@pytest.mark.parametrize("path", [*SHOWN, *WRONG], ids=lambda path: path.stem)
def test_a_fix_ends_its_mistake_and_makes_no_other(path: Path) -> None:
    text = (read_case(path) if path in SHOWN else read_wrong(path)).spec
    before = compile_source(Source("net.cnn", text)).diagnostics
    for found in before:
        if found.fix is None:
            continue
        content = edited(text.encode(), [found.fix])
        after = compile_source(Source("net.cnn", content.decode())).diagnostics
        assert len(after) <= len(before)
        if found.fix.is_safe:
            assert len(after) < len(before) or [each.message for each in after] != [each.message for each in before]


def test_enough_mistakes_have_a_fix() -> None:
    found = [
        each
        for path in [*SHOWN, *WRONG]
        for each in compile_source(
            Source("net.cnn", (read_case(path) if path in SHOWN else read_wrong(path)).spec)
        ).diagnostics
    ]
    assert sum(each.fix is not None for each in found) >= 60
    assert sum(each.fix is not None and each.fix.is_safe for each in found) >= 40


WRONG_TEXT = b"\xef\xbb\xbfINPUT(3, 8, 8)\r\n  => CONV(8)\n\r\n  => POOL(2, max)\r  => Dense(10)"
RIGHT_TEXT = b"\xef\xbb\xbfINPUT(3x8x8)\r\n  -> CONV(8)\n\r\n  -> POOL(2, mode=max)\r  -> FC(10)"


def test_all_else_in_a_file_stays(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.cnn"
    path.write_bytes(WRONG_TEXT)
    path.chmod(0o640)
    done = run("check", "--fix", "--format", "totals", str(path))
    assert done.returncode == 0
    assert path.read_bytes() == RIGHT_TEXT
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert done.stderr.count("becomes") == 6
    assert f"{path}:2:3: `=>` becomes `->`" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["net.cnn"]


def test_what_may_have_been_meant_otherwise_is_left(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.cnn"
    text = "INPUT -> CONF(8) -> Conv2d(3, 64, 3) -> CONV(8, kernal=3)\nRELU\n"
    path.write_text(text)
    done = run("check", "--fix", str(path))
    assert done.returncode == 1
    assert path.read_text() == text
    assert done.stderr.count("error[") == 4
    assert "becomes" not in done.stderr


def test_a_file_is_told_of_its_fixes_and_left_alone_without_the_flag(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.cnn"
    path.write_text("INPUT => CONV(8) -> CONF")
    done = run("check", str(path))
    assert path.read_text() == "INPUT => CONV(8) -> CONF"
    assert f"1 of these leaves no doubt about what was meant: `cnndsl check --fix {path}` mends it" in done.stderr
    assert "--fix" not in run("check", "-e", "INPUT => CONV(8)").stderr


@pytest.mark.parametrize("given", [("-",), ("zoo:lenet5",), ("-e", "INPUT => FC")], ids=str)
def test_only_files_are_fixed(run: Run, given: tuple[str, ...]) -> None:
    done = run("check", "--fix", *given, stdin="INPUT => FC")
    assert done.returncode == 2
    assert "--fix changes files" in done.stderr


def test_a_file_that_cannot_be_written_is_left(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.cnn"
    path.write_text("INPUT => FC")
    done = run("check", "--fix", "--format", "json", str(path), "nothere.cnn")
    assert done.returncode == 2
    assert "cannot read nothere.cnn" in done.stderr
    assert path.read_text() == "INPUT -> FC"


def test_files_that_are_brought_in_are_not_changed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "blocks.cnn").write_text("block = Dense(10)\n")
    path = tmp_path / "net.cnn"
    path.write_text('use "blocks.cnn"\nINPUT -> block\n')
    assert run("check", "--fix", str(path)).returncode == 1
    assert (tmp_path / "blocks.cnn").read_text() == "block = Dense(10)\n"


def test_data_has_the_edits(run: Run) -> None:
    done = run("check", "--format", "json", "-e", "INPUT => CONV(8)")
    found = [each["fix"] for model in json.loads(done.stdout) for each in model["diagnostics"]]
    place = {"file": "<expression>", "line": 1, "column": 7, "end_line": 1, "end_column": 9}
    assert found == [{"safe": True, "edits": [{"text": "->", **place}]}]
    done = run("check", "--format", "json", "-e", "INPUT -> CONF(8)")
    (found,) = [each["fix"] for model in json.loads(done.stdout) for each in model["diagnostics"]]
    assert (found["safe"], found["edits"][0]["text"]) == (False, "CONV")


def test_annotations_of_a_workflow(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a,b:50%.cnn"
    path.write_text("block(c) = POOL(c) -> POOL(9)\nINPUT -> block(8)\n  -> CONF\n")
    done = run("check", "--format", "github", str(path))
    assert done.returncode == 1
    window, unknown = done.stdout.splitlines()
    shown = str(path).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    assert window.startswith(
        f"::error file={shown},line=1,endLine=1,col=28,endColumn=29,title=error[window-too-large]::"
    )
    assert "(4 + 2*0 - 9)/9 + 1 < 1" in window
    assert "%0Areached through `block(8)` at" in window
    assert unknown.endswith("::there is no layer or definition `CONF`%0Ahelp: did you mean `CONV`?")
    assert "error[window-too-large]" in done.stderr
