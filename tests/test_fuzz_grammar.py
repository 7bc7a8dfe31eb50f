"""Texts that the grammar allows, drawn from the grammar itself: right by their form, and seldom by their meaning.

What is drawn follows every rule that is written in `grammars/cnn.lark`, so that a new one is tried without being named
here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import lark
import pytest
from contract import assert_graph_or_errors, assert_means_the_same, is_parsed
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark.grammar import Rule, Symbol
from specs_in_tests import compiled
from test_fuzz import PROGRAM

from cnndsl.compiler import Compilation
from cnndsl.layers import built_in_layer_types
from cnndsl.source import shipped
from cnndsl.syntax import grammar
from cnndsl.syntax.minus import SignedTokens

pytestmark = pytest.mark.core

TEXT = (shipped("grammars") / "cnn.lark").read_text(encoding="utf-8")
# Without what it ignores, which would be drawn between all symbols of all rules: blanks are part of the words below.
WITHOUT_BLANKS = re.sub(r"^%ignore .*$", "", TEXT, flags=re.MULTILINE)
GRAMMAR = grammar.build()

LAYERS = sorted(found.word() for found in built_in_layer_types() if found.words)
DEFINED = re.findall(r"^(?:shared )?(\w+)(?=.* = )", PROGRAM, re.MULTILINE)
NAMES = [*"CHW", *"abnvxy" * 4, *DEFINED, *LAYERS, "same", "max", "classes", "conv", "unknown"]
CALLED = [*LAYERS, *DEFINED, "min", "max", "range", "sqrt", "divisible", "normal", "conv", "unknown"]
NUMBERS = ["0", "1", "2", "3", "8", "64", "1.5", ".5", "5.", "1e-4", "1e400", "9223372036854775808"]
SIZES = ["3x3", "1x2", "3x8x8", "1X5", "3×3", "3xHxW", "40xW", "0x0", "3x3x3x3"]
STRINGS = ['"lenet5.cnn"', '"unknown.cnn"', '""', '"# ]"']

blanks = st.sampled_from([*[" "] * 12, "\t", "\n", "  ", " # comment\n", '#\n# ] "\n'])


def words(found: list[str]) -> st.SearchStrategy[str]:
    """One of these words, and a blank that ends it."""
    return st.tuples(st.sampled_from(found), blanks).map("".join)


TERMINALS = {
    "NAME": words(NAMES),
    "CALLED": st.sampled_from(CALLED),  # the bracket stands on its line
    "NUMBER": words(NUMBERS),
    "SIZE": words(SIZES),
    "STRING": words(STRINGS),
    "NEGATIVE": st.just("-"),
    **{
        terminal.name: words([terminal.pattern.value])
        for terminal in GRAMMAR.terminals
        if terminal.pattern.type == "str" and terminal.pattern.value.isalpha()
    },
}

WORD, NAME = 4, 25
"""How much more often than something in brackets an operand is a word, and a name: with as many sizes as names hardly
any text would be a network. As often as a word an argument has no keyword."""


def drawn(start: str, often: int = 20) -> st.SearchStrategy[str]:
    """Texts that a rule allows.

    Each of the fifteen rules from `expr` to `atom` adds something to what is below it, and brackets start again at the
    top: with equal chances most texts would have no end.

    Args:
        start: the rule.
        often: how much more often than another alternative a rule gives one other rule.
    """
    parser = lark.Lark(WITHOUT_BLANKS, parser="lalr", lexer="basic", postlex=SignedTokens(), start=start)
    used = {symbol.name for rule in parser.rules for symbol in rule.expansion}
    found = from_lark(parser, explicit={name: words for name, words in TERMINALS.items() if name in used})
    chances: dict[str, list[tuple[Symbol, ...]]] = {}
    for rule in sorted(parser.rules, key=lambda rule: len(rule.expansion)):
        chances.setdefault(rule.origin.name, []).extend([tuple(rule.expansion)] * weight(rule, often))
    for name, alternatives in chances.items():
        found.wrapped_strategy.nonterminal_strategies[name] = st.sampled_from(alternatives)  # type: ignore[attr-defined]
    return found


def weight(rule: Rule, often: int) -> int:
    """How much more often than another alternative of its rule this one is taken."""
    if len(rule.expansion) != 1 or not rule.options.expand1:
        return 1
    (symbol,) = rule.expansion
    if not rule.alias:
        return often
    return NAME if symbol.name == "NAME" else WORD


expressions = drawn("expr")
files = st.lists(drawn("statement"), max_size=4).map("\n".join)
networks = st.lists(drawn("expr", often=200), min_size=1, max_size=4).map(
    lambda found: f"INPUT(4x8x8) -> {' -> '.join(found)}"
)
programs = st.tuples(*[expressions] * PROGRAM.count("{}")).map(lambda found: PROGRAM.format(*found))
joined = drawn("start")
texts = st.one_of(files, networks, programs, joined)

short = settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
long = settings(short, derandomize=False, max_examples=10_000)


def assert_keeps_contract(text: str) -> Compilation:
    compilation = assert_graph_or_errors(text)
    if compilation.file is not None and is_parsed(compilation):  # `A -> not n` is no statement, though a text
        assert_means_the_same(compilation.file)
    return compilation


@given(texts)
@short
def test_what_the_grammar_allows_gives_a_graph_or_errors(text: str) -> None:
    assert_keeps_contract(text)


@pytest.mark.slow
@given(texts)
@long
def test_what_the_grammar_allows_gives_a_graph_or_errors_at_length(text: str) -> None:
    assert_keeps_contract(text)


# what is reached


def kinds() -> set[str]:
    """What the grammar can make of a text: the names of its rules and of their alternatives, as a tree has them."""
    return {
        rule.alias or rule.origin.name
        for rule in GRAMMAR.rules
        if not rule.origin.name.startswith("_")
        and (rule.alias or not (rule.options.expand1 and len(rule.expansion) == 1))
    }


def kinds_in(text: str) -> Iterator[str]:
    return (str(tree.data) for tree in GRAMMAR.parse(text).iter_subtrees())


def test_the_rules_are_reached_and_texts_are_right_and_wrong() -> None:
    """So that the whole grammar and both sides of the property are looked at; chance may pass over a rule or two."""
    count, parsed, right = 0, 0, 0
    reached: set[str] = set()

    @given(texts)
    @settings(short, phases=[Phase.generate], max_examples=400)
    def look(text: str) -> None:
        nonlocal count, parsed, right
        compilation = compiled(text)
        count += 1
        right += bool(compilation.graphs)
        if is_parsed(compilation):
            parsed += 1
            reached.update(kinds_in(text))

    look()
    assert len(kinds() - reached) <= 2, kinds() - reached
    assert 0.6 * count <= parsed <= 0.99 * count
    assert 0 < right < 0.5 * count
