"""Specs as people get them wrong, and what they have to be told: a file in `wrong/` shows a spec, a line of dashes, and
what is expected, written before the message was.

A line `at 3:12` begins what is expected of one diagnostic, in the order of the text (`at command line:1:4` where the
mistake is not in the file); as many are expected as such lines. `code` is its code, `says` words of its message that do
not stand in the line it points at, so that the echoed source satisfies nothing. `with` sets what the command line sets:
`-D N=2`, `--input 3x8x8`, a model `:generator`, `one` for a command that needs one network, `train` for one that reads
its recipe too. A line `==== blocks.cnn` begins the text of another file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from cnndsl.compiler import compile_one, compile_source
from cnndsl.diagnostics import Diagnostic
from cnndsl.diagnostics.terminal import render
from cnndsl.model import SpecError
from cnndsl.reference.cases import RULE
from cnndsl.source import Source
from cnndsl.training.plan import Plan

pytestmark = pytest.mark.core

CASES = sorted((Path(__file__).parent / "wrong").glob("*.txt"))


class Expected(NamedTuple):
    """What is expected of one diagnostic."""

    at: str
    code: str
    words: list[str]


class Case(NamedTuple):
    """A spec, the other files by name, the command line, and what is expected."""

    spec: str
    files: dict[str, str]
    options: str
    expected: list[Expected]

    def found(self, folder: Path) -> tuple[Diagnostic, ...]:
        """What is said of it."""
        for name, text in {"net.cnn": self.spec, **self.files}.items():
            (folder / name).write_text(text)
        parameters = dict(re.findall(r"-D (\w+)=(\S+)", self.options))
        size = re.search(r"--input (\S+)", self.options)
        model = re.search(r":(\w+)", self.options)
        source = Source("net.cnn", self.spec, folder / "net.cnn", model[1] if model else "")
        inputs = {"": size[1]} if size else {}
        if self.options == "train":
            return planned(source, parameters, inputs)
        compile = compile_one if self.options == "one" else compile_source
        return compile(source, parameters, inputs).diagnostics


def planned(source: Source, parameters: Mapping[str, str], inputs: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """What is said of a spec and its recipe before there is data."""
    try:
        return Plan(source, parameters, inputs).diagnostics
    except SpecError as error:
        return error.diagnostics


def read(case: Path) -> Case:
    text, _, lines = case.read_text().partition(RULE)
    spec, *others = re.split(r"\n==== (\S+)\n", text)
    options, expected = "", []
    for line in lines.splitlines():
        kind, _, words = line.partition(" ")
        if kind == "with":
            options = words
        elif kind == "at":
            expected.append(Expected(words, "", []))
        elif kind == "code":
            expected[-1] = expected[-1]._replace(code=words)
        else:
            assert kind == "says"
            expected[-1].words.append(words)
    return Case(spec, dict(zip(others[::2], others[1::2], strict=True)), options, expected)


def own_words(found: Diagnostic) -> str:
    """A message as it is shown, without the lines of the source."""
    return re.sub(r"^ *\d+ \|.*$", "", render(found), flags=re.MULTILINE)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_message_is_about_the_mistake(path: Path, tmp_path: Path) -> None:
    case = read(path)
    found = case.found(tmp_path)
    shown = "\n".join(map(render, found))
    assert [str(each.span).removeprefix("net.cnn:") for each in found] == [each.at for each in case.expected], shown
    for diagnostic, expected in zip(found, case.expected, strict=True):
        assert expected.code in ("", diagnostic.code), shown
        line = diagnostic.span.source.line(diagnostic.span.position.line)
        assert not [words for words in expected.words if words in line]
        assert not [words for words in expected.words if words not in own_words(diagnostic)], shown


def test_there_are_enough() -> None:
    assert len(CASES) >= 60
