"""The formatter: whatever the text, it means the same afterwards, has its comments where they stood, and stays so."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from time import process_time

import pytest
import sessions
from conftest import ROOT
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from programs import Program, programs
from specs_in_tests import SPECS
from spelling import mutated, respelled, words_and_comments
from test_diagnostics import CASES
from test_syntax import EVERYTHING, tree

from cnndsl.diagnostics import Diagnostics
from cnndsl.layers import layer_types
from cnndsl.reference.cases import read_case
from cnndsl.source import Source
from cnndsl.syntax import parse
from cnndsl.syntax.format import formatted
from cnndsl.syntax.layout import WIDTH

pytestmark = pytest.mark.core

unshrunk = settings(  # a seed has no smaller form
    deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
short = settings(unshrunk, derandomize=True, max_examples=150)
long = settings(unshrunk, max_examples=5_000)

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
    for statement in again.statements:
        assert not re.search(r"\n[^ )\]\n]", statement.span.text), "only statements start in the first column"
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
    found = Diagnostics()
    return parse(Source("net.cnn", text), found) is not None and not found.has_errors


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
    **{case.stem: read_case(case).spec for case in CASES},
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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_specs_in_documents_are_formatted(document: Path) -> None:
    for _, text in sessions.fences(document, "cnn"):
        assert not is_parsed(text) or formatted_text(text) == text


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


def assert_every_mutation_formats(text: str, seed: int) -> None:
    """Texts of all kinds of words in all kinds of places, as long as they can be parsed."""
    random = Random(seed)
    for _ in range(8):
        other = mutated(text, random)
        text = other if is_parsed(other) else text
    assert_formats(text)
    assert_every_spelling_formats(text, seed, comments=True)


@short
@given(st.sampled_from(list(PARSED.values())), seeds)
def test_words_anywhere(text: str, seed: int) -> None:
    assert_every_mutation_formats(text, seed)


@pytest.mark.slow
@long
@given(st.sampled_from(list(PARSED.values())), seeds)
def test_words_anywhere_at_length(text: str, seed: int) -> None:
    assert_every_mutation_formats(text, seed)


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


# the style

STYLE = {
    "spaces": ("a=b->c>>d→e", "a = b -> c -> d -> e"),
    "sizes": ("x = (3X3, 1×HxW)", "x = (3x3, 1xHxW)"),
    "numbers": ("x = (.5, 5., 1E-4, 007)", "x = (.5, 5., 1E-4, 007)"),
    "operators": ("x = - 2 ** 2 * n // 2 % 3 + C//2 - 1", "x = -2**2*n//2%3 + C//2 - 1"),
    "a-sum-in-round-brackets": ("x = A*( n - 1 ) -> f(a + 1, k=b - c)", "x = A*(n-1) -> f(a+1, k=b-c)"),
    "a-longer-sum-in-round-brackets": ("x = f(2*c-1, a-b-c)", "x = f(2*c - 1, a - b - c)"),
    "a-sum-in-square-brackets": ("x = [a+b]", "x = [a + b]"),
    "tests": ("x = a if not(b<1)or c==2 else d", "x = a if not (b < 1) or c == 2 else d"),
    "labels-and-options": ("INPUT as  x -> A ?\n[A|B]", "INPUT as x -> A?\n[A | B]"),
    "last-commas": (
        "f(a,) = [A,B,] -> g(1,) -> [h for a in 1,2,]\nt = (64,)",
        "f(a) = [A, B] -> g(1) -> [h for a in 1, 2]\nt    = (64,)",
    ),
    "loops": ("x = [a+for b,c in(1,2),d]", "x = [a + for b, c in (1, 2), d]"),
    "shared": ("shared f(shared a=b,c) = a", "shared f(shared a=b, c) = a"),
    "other-statements": (
        'use  "a.cnn"\ndefault CONV( 3 )\nrequire params<5e6',
        'use "a.cnn"\ndefault CONV(3)\nrequire params < 5e6',
    ),
    "networks": ("x = (a -> b) -> (RELU + BN) -> (a & b) -> (a*2)", "x = [a -> b] -> [RELU + BN] -> [a & b] -> (a*2)"),
    "numbers-in-brackets": ("x = [n - 1]*[2]*[C]*[-a]", "x = (n-1)*(2)*(C)*(-a)"),
    "the-first-of-a-sum-that-tells": (
        "x = (a + [b, c] + 2) -> [a + 2 + (b -> c)] -> (GAP + 2) -> [(a if b else 2) + (c?)]",
        "x = [a + [b, c] + 2] -> (a + 2 + [b -> c]) -> (GAP+2) -> ((a if b else 2) + [c?])",
    ),
    "brackets-that-mean-something": (
        "x = (a+b)*c - (2**n)**k + (-2)**n - -(2**n) + (a//b)//c + a//(b//c) - (a-b) - (-a)",
        "x = (a+b)*c - (2**n)**k + (-2)**n - -(2**n) + (a//b)//c + a//(b//c) - (a-b) - (-a)",
    ),
    "brackets-of-networks-that-mean-something": (
        "f() = [a->b]*2? + [c?]? | [d|e] if (not (g or h)) else [[i as j] + [k & [l+m]]]",
        "f() = [a -> b]*2? + [c?]? | [d | e] if (not (g or h)) else [[i as j] + [k & [l + m]]]",
    ),
    "strings": ('use "a # b.cnn" # c\nf("# d -> e", g=")#" )', 'use "a # b.cnn"  # c\nf("# d -> e", g=")#")'),
    "brackets-that-no-form-tells": ("x = (a)*[b] -> (f(a))", "x = (a)*[b] -> (f(a))"),
    "a-statement-starts-with-square-brackets": ("[2] -> a", "[2] -> a"),
    "equals-signs": ("a=1\nbcd(e)=2\n\nf=3\n# here\ngh=4", "a      = 1\nbcd(e) = 2\n\nf = 3\n# here\ngh = 4"),
    "blank-lines": ("\n\na\n\n\n\nb\nc\n\n", "a\n\nb\nc"),
    "nothing": ("", ""),
    "only-comments": ("\n# a  \n\n\n# b", "# a\n\n# b"),
    "kept-lines-of-a-path": (
        "a = b ->\n c -> d\n -> e\nINPUT\n -> [f\n-> g]",
        "a = b\n -> c -> d\n -> e\nINPUT\n  -> [f -> g]",
    ),
    "kept-lines-of-branches": (
        "abc = [d,\ne,\nf] -> g(h, i,\nj, k=1)",
        "abc = [d,\n       e,\n       f] -> g(h, i, j, k=1)",
    ),
    "comments-behind": ("a # b\nc = d # e\n# f\ng   # h", "a      # b\nc = d  # e\n# f\ng  # h"),
    "comments-in-a-path": (
        "INPUT # a\n# b\n-> c # d\n\n# e\n-> f",
        "INPUT  # a\n  # b\n  -> c  # d\n\n  # e\n  -> f",
    ),
    "comments-in-brackets": (
        "x = [ # a\n# b\nc, # d\n# e\nf # g\n# h\n]",
        "x = [  # a\n  # b\n  c,  # d\n  # e\n  f  # g\n  # h\n]",
    ),
    "a-comment-first-in-brackets": (
        "x = a -> [\n\n# b\nc,\n\n# d\ne\n\n# f\n\n] -> g",
        "x = a\n -> [\n   # b\n   c,\n\n   # d\n   e\n\n   # f\n ] -> g",
    ),
    "a-comment-first-in-brackets-in-brackets": (
        "x = f([ # a\nb, c], # d\ne)\ny = [[ # f\ng\n]]",
        "x = f([  # a\n        b,\n        c\n      ],  # d\n      e)\ny = [[  # f\n       g\n     ]]",
    ),
    "a-comment-in-a-head": ("f( # a\nb,c) = b*c", "f(  # a\n  b, c\n) = b*c"),
    "a-comment-in-empty-brackets": ("x = f( # a\n) -> g(\n# b\n)", "x = f(  # a\n)\n -> g(\n   # b\n )"),
    "a-comment-last-in-brackets": ("x = [a,\nb # c\n]\n[d,e\n# f\n]", "x = [a,\n     b  # c\n    ]\n[d,\n e\n # f\n]"),
    "a-comment-behind-equals": ("x = # a\n\n# b\nc -> d # e\n-> f", "x =  # a\n  # b\n  c -> d  # e\n  -> f"),
    "comments-and-the-first-column": (
        "x = # a\nb | # c\nd\na * 2\n# e\n? as\n# f\ng",
        "x =  # a\n  b  # c\n  | d\na*2\n  # e\n  ? as\n  # f\n  g",
    ),
    "a-comment-before-equals": ("x # a\n= b", "x =  # a\n  b"),
    "comments-beside-arrows": (
        "INPUT -> # a\n# b\nc\n# d\n-> # e\nf -> # g\n\n# h\ni",
        "INPUT  # a\n  # b\n  -> c\n  # d\n  # e\n  -> f  # g\n\n  # h\n  -> i",
    ),
    "comments-beside-commas": (
        "x = [a # b\n, c # d\n# e\n, # f\ng, # h\n]",
        "x = [a,  # b\n     c,  # d\n     # e\n     # f\n     g  # h\n    ]",
    ),
    "comments-beside-operators": (
        "x = [a + # b\nc # d\n- # e\n# f\ng]\ny = [a & # h\nb]\nz = a | # i\nb\nf(n - # j\n1)",
        "x = [a    # b\n     + c  # d\n     # e\n     # f\n     - g]\ny = [a  # h\n     & b]\nz = a  # i\n  | b\n"
        "f(n  # j\n  - 1)",
    ),
    "comments-beside-if-and-else": (
        "x = a if # b\nc or # d\ne # f\nelse # g\nh",
        "x = a            # b\n      if c       # d\n      or e else  # f\n    # g\n    h",
    ),
    "what-is-commented-out-at-the-end": (
        "INPUT\n-> a\n  # -> b\n  # -> c\n# d\n  # e\nx = f\n  # g",
        "INPUT\n  -> a\n  # -> b\n  # -> c\n# d\n# e\nx = f\n# g",
    ),
    "what-stands-below-is-not-commented-out": (
        "  INPUT\n  -> a\n  # b\n  INPUT\n  -> c\n\n   # d",
        "INPUT\n  -> a\n# b\nINPUT\n  -> c\n\n# d",
    ),
    "columns-of-comments": (
        "a # b\ncde # f\ng = [h, # i\njkl] # m\nn # o\np(q=[ # r\ns # t\n])",
        "a    # b\ncde  # f\ng = [h,    # i\n     jkl]  # m\nn  # o\np(q=[  # r\n    s  # t\n  ])",
    ),
    "no-equals-signs-beside-comments": (
        "ab = [c, # d\ne]\nfgh = i\nj = k",
        "ab = [c,  # d\n      e]\nfgh = i\nj   = k",
    ),
    "columns-of-tables": (
        "x = ((1, 16, same, -2), # a\n(10, 160, valid, 1))\ny = [f for a, b in (1, 1x5),\n# c\n(.25, 3)]",
        "x = (( 1,  16, same,  -2),  # a\n     (10, 160, valid,  1))\n"
        "y = [f for a, b in\n     (  1, 1x5),\n     # c\n     (.25, 3)]",
    ),
    "no-columns-on-one-line": ("x = ((1, 16), (10, 2))", "x = ((1, 16), (10, 2))"),
    "no-columns-of-other-rows": (
        "x = ((1, 2),\n(10, 2*c))\ny = ((1, 2),\n(10,))\nz = ((- # a\n1, 2),\n(100, 2))",
        "x = ((1, 2),\n     (10, 2*c))\ny = ((1, 2),\n     (10,))\nz = ((-  # a\n        1,\n      2),\n     (100, 2))",
    ),
    "a-comment-between-any-words": ("x = a * # b\n2 as # c\n y", "x = a*     # b\n     2 as  # c\n     y"),
}


@pytest.mark.parametrize(("before", "after"), STYLE.values(), ids=STYLE)
def test_style(before: str, after: str) -> None:
    assert assert_formats(before) == (after + "\n" if after else "")


@pytest.mark.parametrize("width", range(WIDTH - 4, WIDTH + 4))
def test_lines_that_the_formatter_ended_are_ended_again(width: int) -> None:
    """What stands before branches or rows that have lines of their own does not."""
    text = "a = (not b or c)%(d -> e, )"
    assert_formats(text.replace("d", "d" * (width - len(text))).replace(", ", ", f"))
    assert_formats("a->[b,for c\nin d&e# ]\nand  f,g]")


LONG = """\
INPUT(3x224x224) -> conv(64, 7, 2) -> RELU -> POOL(3, 2, padding=same) -> first(
    64, 3, 1) -> second(128, 4, 2) -> GAP -> FC(1000)
pair(a, b) = conv(a, 1) -> BN -> RELU -> conv(b, 3, padding=same) -> BN -> RELU -> conv(
    a, 1) -> BN -> RELU -> conv(b, 3) -> BN
many = [conv(a, 1), conv(b3, 1) -> conv(c3, 3), conv(b5, 1) -> conv(c5, 5) -> conv(
    c5, 5), POOL(3, 1, padding=same) -> conv(p, 1)]
sums = [conv(a, 1) -> BN -> RELU -> conv(b, 3, padding=same) -> BN -> RELU -> conv(
    a, 1) + shortcut(a, b) + another(a, b, c, d)]

side(a) = first(a, 1) -> first(a, 2) -> first(a, 3) -> first(
    a, 4) if C == a and H > 32 else second(a, 1) -> second(a, 2) -> BN
rows = [stage(t, c, n, s) for t, c, n, s in (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (
    6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2)]
SEPARATED(filters, kernel=3, stride=1, padding=same) = DWCONV(
    kernel, stride, padding=padding) -> CONV(filters, 1, bias=bias)
ints = (
    100000,
    200000, 300000, 400000, 500000, 600000, 700000, 800000, 900000, 100000, 200000, 300000, 400000, 500000, 60000)
TRAIN(data="digits", optimizer=SGD(
    lr=0.1, momentum=0.9, weight_decay=5e-4), schedule=COSINE, batch=128, epochs=200, k=CROP(4))
"""
BROKEN = """\
INPUT(3x224x224)
  -> conv(64, 7, 2) -> RELU -> POOL(3, 2, padding=same) -> first(64, 3, 1) -> second(128, 4, 2) -> GAP -> FC(1000)
pair(a, b) = conv(a, 1) -> BN -> RELU -> conv(b, 3, padding=same) -> BN -> RELU -> conv(a, 1) -> BN -> RELU
          -> conv(b, 3) -> BN
many       = [conv(a, 1),
              conv(b3, 1) -> conv(c3, 3),
              conv(b5, 1) -> conv(c5, 5) -> conv(c5, 5),
              POOL(3, 1, padding=same) -> conv(p, 1)]
sums       = [conv(a, 1) -> BN -> RELU -> conv(b, 3, padding=same) -> BN -> RELU -> conv(a, 1)
              + shortcut(a, b)
              + another(a, b, c, d)]

side(a) = first(a, 1) -> first(a, 2) -> first(a, 3) -> first(a, 4) if C == a and H > 32 else
          second(a, 1) -> second(a, 2) -> BN
rows    = [stage(t, c, n, s) for t, c, n, s in
           (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2)]
SEPARATED(filters, kernel=3, stride=1, padding=same) =
  DWCONV(kernel, stride, padding=padding) -> CONV(filters, 1, bias=bias)
ints = (100000, 200000, 300000, 400000, 500000, 600000, 700000, 800000, 900000, 100000, 200000, 300000, 400000, 500000,
        60000)
TRAIN(data="digits",
      optimizer=SGD(lr=0.1, momentum=0.9, weight_decay=5e-4),
      schedule=COSINE,
      batch=128,
      epochs=200,
      k=CROP(4))
"""


def test_what_does_not_fit_is_broken() -> None:
    assert assert_formats(LONG) == BROKEN


@pytest.mark.parametrize("width", range(WIDTH - 3, WIDTH + 4))
def test_lines_are_as_wide_as_they_may_be(width: int) -> None:
    start = "INPUT -> [CONV(8), "
    result = assert_formats(f"{start}{'a' * (width - len(start) - 1)}]")
    assert (result.count("\n") == 1) == (width <= WIDTH)


def test_what_is_nested_deep_goes_on_left_of_its_bracket() -> None:
    text = "level(64, 392, " * 30 + "a" + ")" * 30
    assert_formats(f"x = {text}")
    assert_formats(f"x = {'[A, f -> ' * 30}b{']' * 30}")
    assert_formats(f"x = {'[' * 190}a -> b{']' * 190}")


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "-" * 4_000 + "a",
        "x = " + "a**" * 4_000 + "a",
        "x = a" + "*2?" * 4_000,
        "x = " + "not " * 4_000 + "a",
        "x = a" + " or b" * 4_000,
        "x = " + "a if b else " * 3_000 + "c",
        "x = a" + " -> a" * 4_000,
    ],
    ids=["signs", "powers", "repeats", "negations", "tests", "conditionals", "path"],
)
def test_deep_trees_are_formatted(text: str) -> None:
    file = tree(text)
    result = tree(formatted(file))
    assert result == file
    assert words_and_comments(result) == words_and_comments(file)


LARGE = {
    "statements": "ab=b\n" * 20_000,
    "sums-in-brackets": f"x = {'(' * 190}{'a+' * 25_000}a{')' * 190}",
    "brackets": f"x = [{('[' * 190 + 'a' + ']' * 190 + ',') * 200}b]",
    "calls": f"x = {('f(' + 'a,' * 200) * 190}b{')' * 190}",
    "branches": f"x = [{'a,' * 40_000}b]",
    "path": f"INPUT{' -> a' * 20_000}",
    "rows": f"x = [f(a) for a, b in (1, 2){',(64,3)' * 15_000}]",
    "comments": "x = [a" + "# b\n" * 25_000 + "]",
    "commented-branches": "x = [" + "a,# b\n" * 15_000 + "c]",
    "commented-brackets": "x = " + "[# a\n" * 190 + "f(# b\n)," * 8_000 + "c" + "]" * 190,
    "string": f'x = ("{"a" * 100_000}", "b")',
}
LARGE_CASES = [
    pytest.param(text, id=name, marks=() if name in ("sums-in-brackets", "rows") else pytest.mark.slow)
    for name, text in LARGE.items()
]


@pytest.mark.parametrize("text", LARGE_CASES)
def test_what_is_large_takes_as_long_as_to_read_it(text: str) -> None:
    """Compared with the parser, which is slow or fast where the machine is."""
    start = process_time()
    file = tree(text)
    parsed = process_time()
    formatted(file)
    assert process_time() - parsed < 3 * (parsed - start) + 0.1
