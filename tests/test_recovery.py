"""All mistakes of a file in one run, and none that is only the consequence of another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from specs_in_tests import SOME_SPECS

from cnndsl.compiler import compile_source
from cnndsl.diagnostics import Diagnostic, Diagnostics
from cnndsl.diagnostics.terminal import render_all
from cnndsl.source import Source
from cnndsl.syntax import ast, parse

pytestmark = pytest.mark.core

Slip = Callable[[str], str]

SLIPS: dict[str, Slip] = {
    "a character that means nothing": lambda text: f"{text} $",
    "a foreign arrow": lambda text: text.replace("->", "=>", 1),
    "all arrows foreign": lambda text: text.replace("->", "=>"),
    "two arrows": lambda text: text.replace("->", "-> ->", 1),
    "a bracket never closed": lambda text: _without_last(text, "]"),
    "a parenthesis never closed": lambda text: _without_last(text, ")"),
    "a bracket never opened": lambda text: text.replace("[", "", 1),
    "an equals sign too many": lambda text: text.replace("=", "= =", 1),
    "braces": lambda text: text.replace("[", "{", 1).replace("]", "}", 1),
    "cut off": lambda text: text[: text.rfind("(") + 1] or text,
    "a semicolon": lambda text: f"{text};",
}


WITH_SHORT_FLOWS = {
    *("faster-rcnn-vgg16", "googlenet", "inceptionv3", "mask-rcnn", "retinanet", "semi-adversarial", "ssd300"),
    *("yolov4", "yolov4-tiny"),
}


def _without_last(text: str, bracket: str) -> str:
    before, found, after = text.rpartition(bracket)
    return before + after if found else text


def said(text: str, path: Path | None = None) -> tuple[Diagnostic, ...]:
    return compile_source(Source("net.cnn", text, path)).diagnostics


def statements(text: str) -> Iterator[ast.Statement]:
    file = parse(Source("net.cnn", text), Diagnostics())
    assert file is not None
    return iter(file.statements)


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
@pytest.mark.parametrize("path", SOME_SPECS)
def test_what_is_wrong_with_one_statement_is_told_of_no_other(path: Path, slip: Slip) -> None:
    text = path.read_text(encoding="utf-8")
    if slip is SLIPS["cut off"] and path.stem in WITH_SHORT_FLOWS:
        pytest.skip("what stands behind reads as an argument of the call that is cut off")
    for statement in statements(text):
        start, end = statement.span.start, statement.span.end
        wrong = slip(text[start:end])
        if wrong == text[start:end]:
            continue
        found = said(text[:start] + wrong + text[end:], path)
        behind = len(text[end:]) - len(text[end:].lstrip())  # where the next one begins, what is open may be seen
        places = [each.span.start for each in found]
        assert all(start <= place <= start + len(wrong) + behind for place in places), render_all(found)


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
@pytest.mark.parametrize("path", SOME_SPECS)
def test_a_mistake_of_meaning_is_told_beside_one_of_syntax(path: Path, slip: Slip) -> None:
    """A further network, wrong in a way of its own, before the spec and behind it."""
    text = path.read_text(encoding="utf-8")
    statement = list(statements(text))[-1]
    wrong = slip(statement.span.text)
    if wrong == statement.span.text:
        pytest.skip("this spec has nothing to slip on")
    broken = text[: statement.span.start] + wrong + text[statement.span.end :]
    further = "\nINPUT(8x4x4) -> POOL(5) as beside\n"
    behind = [each.code for each in said(broken + further, path)]
    before = [each.code for each in said(further + broken, path)]
    assert before.count("window-too-large") == behind.count("window-too-large") == 1
    assert len(before) > 1
    assert len(behind) > 1


def test_every_statement_of_a_file_may_be_wrong() -> None:
    text = "\n".join(["a = = 1", "b = [CONV", "INPUT => CONV", "c(n) = CONV(n", "INPUT -> CONF -> c(3) -> b"])
    assert [each.span.position.line for each in said(text)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "text",
    [
        "x = 3 $\nINPUT -> CONV(x)",
        "block(c) = [CONV(c) + ID\nINPUT(8x8x8) -> block(8) -> FC(10)",
        "def block(c):\n  return CONV(c)\nINPUT -> block(8)",
        'import "blocks.cnn"\nINPUT -> block(8) -> other',
        "INPUT => CONV as x\nx -> FC(10)\n[x + x] -> FC(3)",
        "INPUT as x => CONV(8)\nx -> [CONV(3) + x] -> FC(10)",
        "INPUT -> CONV(8) $\nPOOL -> FC(10)",
        "INPUT => CONV(8)",
        "default CONV(padding=valid $\nINPUT -> CONV",
        "stage(c) = CONV(c) -> POOL(2\nnet = stage(8) -> stage(16)\nINPUT(3x32x32) -> net -> FC(10)",
        "n = 2 $\nINPUT -> [CONV]*n -> FC(10)",
        "INPUT as x -> CONV(8) as y\n[y -> CONV(3) $ x] -> FC(10)",
        "CONV(3) CONV(4)\nINPUT -> FC(10)",
        "INPUT -> CONV\n(8) -> FC(10)",
        "w(a, a.b) = CONV(a)\nINPUT -> w(1, 2)",
        "INPUT -> CONV(9999999999999999999999) -> FC(10)",
        "conv(c, p=same) = CONV(c, 3, 1, p) -> BN $\nINPUT -> conv(8) -> conv(8, p=valid) -> FC",
        "se(r) = [ID & GAP -> FC(C//r) $\nINPUT -> CONV(8) -> se(r=4) -> FC",
    ],
)
def test_one_mistake_is_told_once(text: str) -> None:
    found = said(text)
    assert len(found) == 1, render_all(found)


def test_sizes_that_would_fit_are_no_matter_where_a_statement_is_wrong() -> None:
    text = "gate = [ID & GAP -> FC(3 2)]\nINPUT(3x32x32) -> POOL(40) -> gate"
    assert [each.code for each in said(text)] == ["syntax", "window-too-large"]


def test_what_can_be_set_is_not_denied_where_a_statement_is_wrong() -> None:
    text = "N = 2 $\nINPUT -> [CONV]*M -> POOL(K) $"
    found = compile_source(Source("net.cnn", text), {"N": 3, "M": 2, "K": 3}).diagnostics
    assert [each.code for each in found] == ["syntax", "syntax"]
    found = compile_source(Source("net.cnn", text), {"M": 2, "X": 3}).diagnostics
    assert sorted(each.code for each in found) == ["bad-override", "syntax", "syntax"]


def test_a_file_that_is_wrong_throughout_is_told_of_its_first_mistakes() -> None:
    found = said("INPUT => CONV\n" * 1000)
    assert {each.code for each in found} == {"syntax"}
    assert 20 <= len(found) <= 50
    assert all(re.search("arrow", each.message) for each in found)
