"""Whatever the text, there is a graph or there are errors that can be shown; never an exception."""

from __future__ import annotations

import re
from typing import Any

import pytest
from contract import assert_graph_or_errors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import CHANGES, tokens
from specs_in_tests import SPECS

from cnndsl.compiler import compile_source
from cnndsl.source import Source

pytestmark = pytest.mark.core

TEXTS = [spec.read_text(encoding="utf-8") for spec in SPECS]
TOKENS = [tokens(text) for text in TEXTS]

WORDS = """
    INPUT CONV DWCONV DECONV POOL AVGPOOL GAP FC BN RELU ID SHUFFLE CHANNELS CROP DROPOUT LRN ABS conv Conv
    a b c n f C H W N same valid max min abs range divisible classes
    as for in if else and or not shared use default require true false TRAIN
    -> >> → + - & | * / // % ** ? = == != < <= > >= , ( ) [ ] { } ; : . $ ^ ! ~
    0 1 2 3 8 64 .5 5. 1e-4 1e400 99999999999999999999 3x3 3x32x32 3×3 3xHxW "valid" "
"""
SPACES = [" ", " ", "\n", "\n", "\t", "# comment\n", "é", "\u2028", "\x00", "\U0001f600"]
VOCABULARY = [*WORDS.split(), *SPACES]


short = settings(derandomize=True, deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
long = settings(deadline=None, max_examples=10_000, suppress_health_check=list(HealthCheck))


@st.composite
def mutated_specs(draw: st.DrawFn) -> str:
    """A shipped spec with a few tokens deleted, doubled, swapped or replaced, or cut out of."""
    words = list(draw(st.sampled_from(TOKENS)))
    for _ in range(draw(st.integers(1, 4))):
        here, there = (draw(st.integers(0, max(0, len(words) - 1))) for _ in range(2))
        change = draw(st.sampled_from(CHANGES))
        if words:
            words = change(words, here, there)
    if draw(st.booleans()):
        words[draw(st.integers(0, len(words))) :] = [draw(st.sampled_from(VOCABULARY))]
    return "".join(words)


soups = st.lists(st.sampled_from(VOCABULARY), max_size=40).map(lambda words: "".join(words))
spaced_soups = st.lists(st.sampled_from(VOCABULARY), max_size=30).map(lambda words: " ".join(words))
paths = st.lists(st.sampled_from(VOCABULARY), max_size=12).map(lambda words: f"INPUT(4x8x8) -> [{' '.join(words)}]")
texts = st.one_of(st.text(max_size=200), soups, spaced_soups, paths)
values: st.SearchStrategy[Any] = st.one_of(
    st.text(max_size=20),
    spaced_soups,
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.integers(-5, 5), max_size=3),
    st.tuples(st.integers(), st.text(max_size=3)),
)

# `<n>` stands for a number or what is taken for one, `<p>` for a path; the first line of each holds no further piece.
TEMPLATES = {
    "n": """
        0 1 2 3 8 1.5 C H W a b same true 3x3 () RELU
        (<n>+<n>) (<n>-<n>) (<n>*<n>) (<n>/<n>) (<n>//<n>) (<n>%<n>) (<n>**<n>) (<n>==<n>) (<n>and<n>) -<n>
        min(<n>) max(<n>) abs(<n>) round(<n>) floor(<n>) ceil(<n>) sqrt(<n>) log2(<n>) range(<n>) g(<n>) (<n>,)
        min(<n>,<n>) max(<n>,<n>) abs(<n>,<n>) range(<n>,<n>) divisible(<n>,<n>) g(<n>,b=<n>) (<n>,<n>) block(<p>)
    """,
    "p": """
        ID RELU BN POOL GAP FC CONV DWCONV FLATTEN net block g a min
        CONV(<n>) CONV(4,<n>) CONV(4,3,<n>) CONV(4,padding=<n>) CONV(4,dilation=<n>) CONV(groups=<n>) CONV(bias=<n>)
        POOL(<n>) POOL(3,2,<n>) AVGPOOL(3,ceil=<n>) FC(<n>) DECONV(4,<n>) CROP(<n>) CHANNELS(0,<n>) SHUFFLE(<n>)
        LRN(1,alpha=<n>) DROPOUT(<n>) block(<p>) block(<n>) g(<n>) <p>-><p> [<p>] [<p>,<p>] [<p>+<p>] [<p>&<p>]
        [<p>-<p>] <p>*2 <p>*<n> <p>? <p>+<p> [<p>~for~a~in~<n>] [<p>~for~a,b~in~(<n>,<n>),(<n>,<n>)]
        [<p>,~for~a~in~<n>,<n>] [<p>+~for~a~in~<n>] [<p>~if~<n>==<n>~else~<p>] [<p>~if~<n>~else~<p>]
        [[<p>]~if~C>3~else~[<p>]] <p>~as~y y v v-><p> [v,<p>] [ID,v-><p>] [<p>~as~y-><p>,y] twice(<p>) twice(v-><p>)
        pair(v,<p>) pair(v-><p>,y) alike(<p>) alike(v) act pool one(<n>) one(<n>)-><p> [<p>|<p>] CROP(v) SE(<n>)
        [a-><p>,~for~a~in~v,v] [a-><p>~for~a,b~in~(v,<n>),(<p>,<n>)]
    """,
}
PLAIN = {symbol: lines.strip().splitlines()[0].split() for symbol, lines in TEMPLATES.items()}
ALL = {symbol: lines.split() for symbol, lines in TEMPLATES.items()}


@st.composite
def pieces(draw: st.DrawFn, symbol: str, depth: int = 3) -> str:
    """A number or a path, right by its form and seldom by its meaning."""
    template = draw(st.sampled_from(ALL[symbol] if depth else PLAIN[symbol]))
    text = re.sub(r"<(\w)>", lambda place: draw(pieces(place[1], depth - 1)), template)
    return text.replace("~", " ")


PROGRAM = """a = {}
g(a, b=2) = {}
block(net=RELU) = {}
shared one(n) = {}
twice(net) = [net -> RELU + net]
pair(v, w) = [v, w -> CONV(4, 3)]
alike(shared net) = [net + RELU -> net]
act = RELU | SILU
pool = POOL?
INPUT(4x8x8) as v -> {}
v -> {} as z
z"""
programs = st.tuples(pieces("n"), pieces("n"), pieces("p"), pieces("p"), pieces("p", 4), pieces("p", 4)).map(
    lambda found: PROGRAM.format(*found)
)

PATTERN = "INPUT -> [[CONV -> RELU]*N -> POOL?]*2 -> FC(width)\nwidth = 8\nblock = RELU"


@given(texts)
@short
def test_any_text_gives_a_graph_or_errors(text: str) -> None:
    assert_graph_or_errors(text)


@given(programs)
@short
def test_any_program_gives_a_graph_or_errors(text: str) -> None:
    assert_graph_or_errors(text)


@given(mutated_specs())
@short
def test_a_mutated_spec_gives_a_graph_or_errors(text: str) -> None:
    assert_graph_or_errors(text)


@given(st.sampled_from(["N", "width", "block", "classes", "other", "C", ""]), values)
@short
def test_any_value_from_outside_gives_a_graph_or_errors(name: str, value: object) -> None:
    assert_graph_or_errors(PATTERN, **{name: value})


sizes = st.one_of(
    values, st.lists(st.integers(1, 40), min_size=1, max_size=4).map(lambda size: "x".join(map(str, size)))
)


@given(st.sampled_from(["", "input", "input2", "other", "C"]), sizes, st.sampled_from(TEXTS))
@short
def test_any_size_from_outside_gives_a_graph_or_errors(name: str, size: object, text: str) -> None:
    assert_graph_or_errors(text, {name: size})


@given(st.sampled_from(range(len(TEXTS))), st.data())
@short
def test_a_spec_that_is_cut_off_gives_a_graph_or_errors(number: int, data: st.DataObject) -> None:
    text = TEXTS[number]
    assert_graph_or_errors(text[: data.draw(st.integers(0, len(text)))])


@pytest.mark.slow
@given(texts)
@long
def test_any_text_gives_a_graph_or_errors_at_length(text: str) -> None:
    assert_graph_or_errors(text)


@pytest.mark.slow
@given(programs)
@long
def test_any_program_gives_a_graph_or_errors_at_length(text: str) -> None:
    assert_graph_or_errors(text)


@pytest.mark.slow
@given(mutated_specs())
@long
def test_a_mutated_spec_gives_a_graph_or_errors_at_length(text: str) -> None:
    assert_graph_or_errors(text)


@pytest.mark.slow
@given(st.sampled_from(["N", "width", "block", "classes", "other", "C", ""]), values)
@long
def test_any_value_from_outside_gives_a_graph_or_errors_at_length(name: str, value: object) -> None:
    assert_graph_or_errors(PATTERN, **{name: value})


def test_the_mutations_reach_right_and_wrong_specs() -> None:
    """So that both sides of the property are looked at."""
    outcomes: list[bool] = []

    @given(mutated_specs())
    @settings(short, max_examples=100)
    def look(text: str) -> None:
        outcomes.append(compile_source(Source("net.cnn", text)).has_errors)

    look()
    assert min(outcomes.count(True), outcomes.count(False)) >= 5


LONG = {
    "unknown-names": "\n".join(["INPUT", *(f"a{i}=b{i}" for i in range(4_000))]),
    "a-chain-of-names": "\n".join(["a0=1", *(f"a{i + 1}=a{i}" for i in range(3_000)), "INPUT -> CONV(a3000)"]),
    "a-product": f"INPUT -> CONV({'*'.join(['1'] * 3_000)})",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_text_takes_time_by_its_length(text: str) -> None:
    assert_graph_or_errors(text)
