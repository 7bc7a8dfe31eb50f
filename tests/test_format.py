"""The formatter: whatever the text, it means the same afterwards, has its comments where they stood, and stays so."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
import sessions
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import Program, programs
from specs_in_tests import SPECS
from spelling import respelled, words_and_comments
from test_diagnostics import CASES, parts
from test_syntax import EVERYTHING, tree

from cnndsl.diagnostics import Diagnostics
from cnndsl.layers import layer_types
from cnndsl.source import Source
from cnndsl.syntax import parse
from cnndsl.syntax.format import formatted
from cnndsl.syntax.layout import WIDTH

short = settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
long = settings(deadline=None, max_examples=5_000, suppress_health_check=list(HealthCheck))

IN_ITS_OWN_SPELLING = {"lecture-arrows"}
"""Specs that show other spellings."""


def formatted_text(text: str) -> str:
    return formatted(tree(text))


def assert_formats(text: str) -> str:
    """Everything that a formatted text has to be; the text."""
    file = tree(text)
    result = formatted(file)
    again = tree(result)
    assert again == file
    assert words_and_comments(again) == words_and_comments(file)
    assert formatted(again) == result
    assert_laid_out(result)
    return result


def assert_laid_out(text: str) -> None:
    assert text == "" or text.endswith("\n")
    assert not re.search(r"[ \t]\n|\n\n\n|\A\n|\n\n\Z|\t", re.sub(r"#.*|\".*?\"", "#", text))
    for line in text.splitlines():
        code = re.sub(r'\s*#[^"]*$', "", line)
        assert len(code) <= WIDTH or not could_be_broken(code), code


def could_be_broken(code: str) -> bool:
    """Whether a line has a place where lines may end; a first bracket saves too little to count."""
    return bool(
        re.search(r", | (->|[-+&|]|if|and|or|for) ", re.sub(r'"[^"]*"|^ *(->|[-+&|]|if|and|or|for) ', '""', code))
    )


# texts


def is_parsed(text: str) -> bool:
    return parse(Source("net.cnn", text), Diagnostics()) is not None


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples" / "plugin" / "README.md"]
TEXTS = {
    "everything": EVERYTHING,
    "prelude": (ROOT / "cnndsl" / "prelude.cnn").read_text(),
    **{path.stem: path.read_text() for path in SPECS},
    **{
        f"{document.stem}-{number}": text
        for document in DOCUMENTS
        for number, (_, text) in enumerate(sessions.fences(document, "cnn"), 1)
    },
    **{example.spec: example.spec for layer in layer_types() for example in layer.examples},
    **{case.stem: parts(case).spec for case in CASES},
}
PARSED = {name: text for name, text in TEXTS.items() if is_parsed(text)}


def test_there_are_many_texts() -> None:
    assert len(PARSED) > 250


@pytest.mark.parametrize("text", PARSED.values(), ids=PARSED)
def test_a_text_means_the_same_and_stays(text: str) -> None:
    assert_formats(text)


@pytest.mark.parametrize("path", [path for path in SPECS if path.stem not in IN_ITS_OWN_SPELLING], ids=lambda p: p.stem)
def test_shipped_specs_are_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted_text(text) == text


def test_the_prelude_is_formatted() -> None:
    assert formatted_text(TEXTS["prelude"]) == TEXTS["prelude"]


def assert_every_spelling_formats(text: str, seed: int, comments: bool) -> None:
    file = tree(text)
    other = respelled(file, Random(seed), comments)
    assert tree(other).statements == file.statements, other
    assert_formats(other)


seeds = st.integers(0, 2**32)


@short
@given(st.sampled_from(list(PARSED.values())), seeds, st.booleans())
def test_comments_and_line_ends_anywhere(text: str, seed: int, comments: bool) -> None:
    assert_every_spelling_formats(text, seed, comments)


@short
@given(programs(), seeds, st.booleans())
def test_random_programs(program: Program, seed: int, comments: bool) -> None:
    assert_formats(program.text)
    assert_every_spelling_formats(program.text, seed, comments)


@pytest.mark.slow
@long
@given(st.sampled_from(list(PARSED.values())), seeds, st.booleans())
def test_comments_and_line_ends_anywhere_at_length(text: str, seed: int, comments: bool) -> None:
    assert_every_spelling_formats(text, seed, comments)


@pytest.mark.slow
@long
@given(programs(), seeds, st.booleans())
def test_random_programs_at_length(program: Program, seed: int, comments: bool) -> None:
    assert_formats(program.text)
    assert_every_spelling_formats(program.text, seed, comments)
