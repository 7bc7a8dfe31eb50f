"""The whole grammar: every construct parses to the tree that it should, with exact spans; and the parser's tables."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lark
import pytest
from conftest import ROOT
from specs_in_tests import SPECS

from cnndsl.diagnostics import Diagnostic, Diagnostics
from cnndsl.source import Source
from cnndsl.syntax import ast, grammar, parse, parse_expression
from cnndsl.syntax.build import TreeBuilder

pytestmark = pytest.mark.core

EVERYTHING = """\
# Every construct of the language,
#   whether or not it is compiled yet.

use "blocks.cnn"
default CONV(padding=valid, bias=true)  # for the whole file
require params < 5e6 and not depth == 50 or width >= .5

n     = 3
sizes = (3x3, 5X7, 1×HxW)
empty = ()
one   = (64,)
pool  = POOL?
act   = RELU | SILU | GELU
scale = -2**2 * -n // 2 % 3 / 4

conv(c, k=3, s=1,) = CONV(c, k, s,) -> BN >> act
shared head(c, shared mlp, shared norm=BN) = mlp -> norm -> FC(c)
nothing() = ID
gate = [ID & GAP -> FC(C//16) -> RELU -> FC(C) -> SIGMOID]

INPUT(3x32x32) as image
  → conv(64) -> [conv(64) + ID - RELU]*n?
  -> [conv(8), POOL -> conv(8, s=2),] as both
  -> [conv(c, k) for c, k in (16, 3), (32, 5)] -> [RELU for i in range(5),]
  -> [POOL(k), for k in 2, 4] -> [conv(k) + for k in 1, 2] -> [conv(k) & for k in 1, 2] -> [ID - for k in 1, 2]
  -> [conv(1) if C == 3 else [conv(2) -> RELU] if H != W else ID]
  -> head(10, mlp=RELU) as out
image -> FC(10, bias=false)
TRAIN(data="digits", optimizer=SGD(lr=0.1, momentum=0.9), augment=CROP(32, padding=4) -> FLIP)
"""


def tree(text: str) -> ast.File:
    """The tree of a text without syntax errors."""
    found = Diagnostics()
    file = parse(Source("net.cnn", text), found)
    assert file is not None
    assert not list(found)
    return file


def statement(text: str) -> ast.Statement:
    (only,) = tree(text).statements
    return only


def expression(text: str) -> ast.Expression:
    """The tree of an expression, as the right side of a definition: there it may start with anything."""
    definition = statement(f"x = {text}")
    assert isinstance(definition, ast.Definition)
    return definition.body


def syntax_errors(text: str) -> tuple[Diagnostic, ...]:
    found = Diagnostics()
    parse(Source("net.cnn", text), found)
    assert found.has_errors
    return found.sorted()


def syntax_mistakes(text: str) -> list[str]:
    return [f"{error.code}: {error.span.text}" for error in syntax_errors(text)]


def walk(node: ast.Node) -> Iterator[ast.Node]:
    yield node
    for child in node.children():
        yield from walk(child)


def shown(node: ast.Node) -> str:  # noqa: C901  # one case for each kind of node
    """A tree as nested operators: `A*2 -> B` is `(-> (* A 2) B)`."""
    match node:
        case ast.Name(name=text):
            return text
        case ast.Number(value=value):
            return repr(value)
        case ast.Boolean(value=value):
            return str(value).lower()
        case ast.String(value=text):
            return f'"{text}"'
        case ast.Size(extents=extents):
            return "x".join(map(str, extents))
        case ast.Argument(keyword=keyword, value=inner):
            return f"{keyword}={shown(inner)}" if keyword else shown(inner)
        case ast.Group(inner=inner):
            return f"[{shown(inner)}]"
        case ast.Call(name=name, arguments=arguments):
            return f"{name}({', '.join(map(shown, arguments))})"
        case ast.For(body=body, join=join, names=names, rows=rows):
            return f"(for{join} {shown(body)} {','.join(names)} in {listed(rows)})"
        case ast.Merge(terms=terms, operators=operators) if len(set(operators)) > 1:
            rest = (f"{operator} {shown(term)}" for operator, term in zip(operators, terms[1:], strict=True))
            return f"({shown(terms[0])} {' '.join(rest)})"
        case ast.Label(element=element, name=name):
            return f"(as {shown(element)} {name})"
    return f"({operator_of(node)} {listed(node.children())})"


def operator_of(node: ast.Node) -> str:
    match node:
        case ast.Arithmetic(operator=operator) | ast.BooleanOperation(operator=operator):
            return operator
        case ast.Comparison(operator=operator):
            return operator
        case ast.Merge(operators=operators):
            return operators[0]
    words: dict[type, str] = {
        ast.Sequence: "->",
        ast.Concatenation: ",",
        ast.Choice: "|",
        ast.Optional: "?",
        ast.Negative: "-",
        ast.Negation: "not",
        ast.Conditional: "if",
        ast.Tuple: "tuple",
    }
    return words[type(node)]


def listed(nodes: Iterator[ast.Node] | tuple[ast.Node, ...]) -> str:
    return " ".join(map(shown, nodes))


# expressions

PRECEDENCE = {
    # repeats, options, labels, arrows
    "A*2 as x": "(as (* A 2) x)",
    "A*2?": "(? (* A 2))",
    "A?*2": "(* (? A) 2)",
    "A*2*3": "(* (* A 2) 3)",
    "A -> B as x -> C1": "(-> A (as B x) C1)",
    "A -> B*2 -> D": "(-> A (* B 2) D)",
    "A -> B? -> D": "(-> A (? B) D)",
    # merges
    "A -> B + D": "(+ (-> A B) D)",
    "A + B -> D": "(+ A (-> B D))",
    "A -> B & D -> E": "(& (-> A B) (-> D E))",
    "A & B": "(& A B)",
    "A & B & D": "(& A B D)",
    "A + B + D": "(+ A B D)",
    "A - B + D": "(A - B + D)",
    "A*2 + B": "(+ (* A 2) B)",
    "A as x + B": "(+ (as A x) B)",
    # numbers
    "8 - 2 - 1": "(- 8 2 1)",
    "8 - 2 * 3": "(- 8 (* 2 3))",
    "8 / 4 / 2": "(/ (/ 8 4) 2)",
    "7 // 2 % 3 * 4": "(* (% (// 7 2) 3) 4)",
    "2**3**2": "(** 2 (** 3 2))",
    "-2**2": "(- (** 2 2))",
    "2**-1": "(** 2 (- 1))",
    "2*-n": "(* 2 (- n))",
    "-a*b": "(* (- a) b)",
    "--a": "(- (- a))",
    "a - -b": "(- a (- b))",
    "a -b": "(- a b)",
    "a? - 1": "(- (? a) 1)",
    "(a) - 1": "(- [a] 1)",
    "3x3 - 1": "(- 3x3 1)",
    # tests
    "a or b and c": "(or a (and b c))",
    "a and b or c": "(or (and a b) c)",
    "a or b or c": "(or (or a b) c)",
    "not a and b": "(and (not a) b)",
    "not a == b": "(not (== a b))",
    "not not a": "(not (not a))",
    "a + 1 < b * 2": "(< (+ a 1) (* b 2))",
    "a -> b == c": "(== (-> a b) c)",
    # switches
    "A | B": "(| A B)",
    "A | B | D": "(| A B D)",
    "A -> B | D + E": "(| (-> A B) (+ D E))",
    "A | B == D": "(== (| A B) D)",
    "A? | B": "(| (? A) B)",
    # conditionals
    "a if t else b": "(if a t b)",
    "a if t else b if u else c": "(if a t (if b u c))",
    "a -> b if t or u else c -> d": "(if (-> a b) (or t u) (-> c d))",
    "a + b if t else c | d": "(if (+ a b) t (| c d))",
}


@pytest.mark.parametrize(("text", "meaning"), PRECEDENCE.items(), ids=PRECEDENCE)
def test_precedence_and_associativity(text: str, meaning: str) -> None:
    assert shown(expression(text)) == meaning


ATOMS = {
    "RELU": "RELU",
    "_private": "_private",
    "f()": "f()",
    "f(1)": "f(1)",
    "f (1)": "f(1)",
    "f\t(1)": "f(1)",
    "f(1, k=2,)": "f(1, k=2)",
    "f(a -> b, c + d)": "f((-> a b), (+ c d))",
    "f(k=a -> b if t else c)": "f(k=(if (-> a b) t c))",
    "f(-1, k=-2)": "f((- 1), k=(- 2))",
    "f(g(h(1)))": "f(g(h(1)))",
    "64": "64",
    "0064": "64",
    ".5": "0.5",
    "5.": "5",
    "0.75": "0.75",
    "1e-4": "0.0001",
    "1E3": "1000",
    "1.5e+2": "150",
    "9223372036854775807": "9223372036854775807",
    "3x224x224": "3x224x224",
    "3X3": "3x3",
    "3×3": "3x3",
    "3xHxW": "3xHxW",
    '"digits"': '"digits"',
    '""': '""',
    '"# no comment"': '"# no comment"',
    "true": "true",
    "false": "false",
    "()": "(tuple )",
    "(1,)": "(tuple 1)",
    "(1, 2)": "(tuple 1 2)",
    "(1, (2, 3),)": "(tuple 1 (tuple 2 3))",
    "(3, n, n)": "(tuple 3 n n)",
    "[A]": "[A]",
    "[[A]]": "[[A]]",
    "[A, B]": "(, A B)",
    "[A, B, D,]": "(, A B D)",
    "[A -> B, D + E]": "(, (-> A B) (+ D E))",
    "[A + B]": "[(+ A B)]",
    "[A for c in 1, 2]": "(for-> A c in 1 2)",
    "[A for c in 1, 2,]": "(for-> A c in 1 2)",
    "[A for c, n in (1, 2), (3, 4)]": "(for-> A c,n in (tuple 1 2) (tuple 3 4))",
    "[A -> B for i in range(5)]": "(for-> (-> A B) i in range(5))",
    "[A if t else B for t in true, false]": "(for-> (if A t B) t in true false)",
    "[A, for c in 1, 2]": "(for, A c in 1 2)",
    "[A + for c in 1, 2]": "(for+ A c in 1 2)",
    "[A - for c in 1, 2]": "(for- A c in 1 2)",
    "[A & for c in 1, 2]": "(for& A c in 1 2)",
    "[A -> B + for c in 1, 2]": "(for+ (-> A B) c in 1 2)",
    "[[A for a in 1] for b in 2]": "(for-> (for-> A a in 1) b in 2)",
}


@pytest.mark.parametrize(("text", "meaning"), ATOMS.items(), ids=ATOMS)
def test_atoms(text: str, meaning: str) -> None:
    assert shown(expression(text)) == meaning


def test_whole_numbers_are_integers_and_others_are_floats() -> None:
    values = [expression(text) for text in ("5.", "1e3", "2", ".5", "1e300")]
    assert [type(number.value) for number in values if isinstance(number, ast.Number)] == [int, int, int, float, float]


EQUAL = [
    ("A -> B -> D", "A >> B >> D"),
    ("A -> B -> D", "A → B → D"),
    ("A -> B >> D", "A → B -> D"),
    ("[A -> B]", "(A -> B)"),
    ("[A + B]*2", "(A + B)*2"),
    ("[[A]]", "([A])"),
    ("3x3", "3×3"),
    ("3x3", "03X3"),
    ("1000", "1e3"),
    ("f(1, 2)", "f(1, 2,)"),
    ("f(1)", "f (1)"),
    ("[A, B]", "[A, B,]"),
    ("A", "A # comment"),
]


@pytest.mark.parametrize(("one", "other"), EQUAL, ids=[f"{one} is {other}" for one, other in EQUAL])
def test_spellings_that_mean_the_same_give_equal_trees(one: str, other: str) -> None:
    assert expression(one) == expression(other)
    assert hash(expression(one)) == hash(expression(other))


DIFFERENT = [
    ("A", "a"),
    ("[A]", "A"),
    ("[A, B]", "(A, B)"),
    ("(A)", "(A,)"),
    ("A + B", "A - B"),
    ("A -> B", "A & B"),
    ("f", "f()"),
    ("f(a)", "f(a=a)"),
    ("f(a)", "f(a, b)"),
    ("A -> B -> C", "A -> B"),
    ("3x3", "(3, 3)"),
    ("same", '"same"'),
    ("1", "1.5"),
    ("true", "1"),
    ("[A for c in 1]", "[A, for c in 1]"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=[f"{one} is not {other}" for one, other in DIFFERENT])
def test_what_is_written_differently_gives_different_trees(one: str, other: str) -> None:
    assert expression(one) != expression(other)


# statements


def test_a_definition_without_parameters() -> None:
    found = statement("n = 3")
    assert isinstance(found, ast.Definition)
    assert (found.name, found.parameters, shown(found.body), found.shared) == ("n", None, "3", False)
    assert found.name_span.text == "n"


def test_a_definition_with_an_empty_list_of_parameters() -> None:
    found = statement("f() = ID")
    assert isinstance(found, ast.Definition)
    assert found.parameters == ()


def test_a_definition_with_parameters_and_defaults() -> None:
    found = statement("conv(c, k=3, s=k - 1, act=RELU -> BN,) = CONV(c, k, s) -> act")
    assert isinstance(found, ast.Definition)
    assert found.parameters is not None
    assert [parameter.name for parameter in found.parameters] == ["c", "k", "s", "act"]
    defaults = [parameter.default and shown(parameter.default) for parameter in found.parameters]
    assert defaults == [None, "3", "(- k 1)", "(-> RELU BN)"]
    assert not any(parameter.shared for parameter in found.parameters)
    assert shown(found.body) == "(-> CONV(c, k, s) act)"
    assert found.name_span.text == "conv"


def test_a_shared_definition_and_shared_parameters() -> None:
    found = statement("shared head(c, shared mlp, shared norm=BN) = mlp -> norm")
    assert isinstance(found, ast.Definition)
    assert found.shared
    assert found.parameters is not None
    assert [(parameter.name, parameter.shared) for parameter in found.parameters] == [
        ("c", False),
        ("mlp", True),
        ("norm", True),
    ]
    assert found.parameters[2].default == expression("BN")


def test_a_shared_definition_without_parameters() -> None:
    found = statement("shared tower = CONV -> RELU")
    assert isinstance(found, ast.Definition)
    assert found.shared
    assert found.parameters is None


def test_the_other_statements() -> None:
    use, default, require, flow = tree('use "a b.cnn"\ndefault CONV(bias=true)\nrequire params < 5e6\nx').statements
    assert isinstance(use, ast.Use)
    assert use.path == "a b.cnn"
    assert isinstance(default, ast.Default)
    assert shown(default.call) == "CONV(bias=true)"
    assert isinstance(require, ast.Require)
    assert shown(require.test) == "(< params 5000000)"
    assert isinstance(flow, ast.Flow)
    assert shown(flow.expression) == "x"


def test_a_recipe_is_a_flow_by_its_form() -> None:
    text = 'TRAIN(data="digits", optimizer=SGD(lr=0.1), augment=CROP(32, padding=4) -> FLIP)'
    found = statement(text)
    assert isinstance(found, ast.Flow)
    meaning = 'TRAIN(data="digits", optimizer=SGD(lr=0.1), augment=(-> CROP(32, padding=4) FLIP))'
    assert shown(found.expression) == meaning


def test_a_file_gives_its_definitions_and_its_flows() -> None:
    file = tree("a = 1\nINPUT -> FC(a)\nb = 2\nINPUT -> FC(b)")
    assert [definition.name for definition in file.definitions] == ["a", "b"]
    assert [shown(flow.expression) for flow in file.flows] == ["(-> INPUT FC(a))", "(-> INPUT FC(b))"]


def test_every_construct_parses() -> None:
    kinds = {type(node) for node in walk(tree(EVERYTHING))}
    expected = {getattr(ast, name) for name in ast.__all__} - {ast.Node, ast.Expression, ast.Statement}
    assert kinds == expected


def test_an_empty_text_is_a_file_without_statements() -> None:
    assert tree("").statements == tree("  \n# nothing\n").statements == ()


# lines

SAME_STATEMENT = [
    "INPUT\n->\nCONV(8, 3)\n->\nRELU",
    "INPUT -> CONV(\n8,\n3\n) -> RELU",
    "INPUT -> CONV(8, 3)\n\n\n  -> RELU",
    "INPUT\n  -> CONV(8, 3)  # first\n  # between\n  -> RELU",
    "\n\t INPUT -> CONV(8, 3) -> RELU \n\n",
    "INPUT\f-> CONV(8,\t3) -> RELU",
]


@pytest.mark.parametrize("text", SAME_STATEMENT, ids=range(len(SAME_STATEMENT)))
def test_newlines_mean_nothing_inside_a_statement(text: str) -> None:
    assert tree(text).statements == tree("INPUT -> CONV(8, 3) -> RELU").statements


@pytest.mark.parametrize("text", ["8\n- 2", "8\n-2", "8 -\n2", "8\n-\n2"])
def test_a_minus_behind_an_operand_continues_the_expression(text: str) -> None:
    assert shown(expression(text)) == "(- 8 2)"


def test_a_bracket_on_the_next_line_starts_a_statement() -> None:
    first, second = tree("x = f\n[A, B] -> RELU").statements
    assert isinstance(first, ast.Definition)
    assert shown(first.body) == "f"
    assert isinstance(second, ast.Flow)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("INPUT CONV", "missing-arrow: CONV"),
        ("INPUT -> CONV RELU -> FC", "missing-arrow: RELU -> FC"),
        ("a = 1 b = 2", "missing-arrow: b = 2"),
        ("n = 3 INPUT", "missing-arrow: INPUT"),
        ("INPUT -> [A] [B]", "missing-arrow: [B]"),
        ('use "a.cnn" INPUT', "missing-arrow: INPUT"),
    ],
)
def test_a_statement_starts_on_a_line_of_its_own(text: str, mistake: str) -> None:
    assert syntax_mistakes(text) == [mistake]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("-INPUT", "bad-statement: -"),
        ("- 3", "bad-statement: -"),
        ("(INPUT)", "bad-statement: ("),
        ("INPUT -> CONV\n(8)", "bad-statement: ("),
        ("x = f\n(3, 4)", "bad-statement: ("),
    ],
)
def test_no_statement_starts_with_a_minus_or_a_round_bracket(text: str, mistake: str) -> None:
    assert syntax_mistakes(text) == [mistake]


# spans


def test_spans_of_a_small_text() -> None:
    text = "block(c, k=3) = CONV( c , k )  -> [ID, RELU*2]\nINPUT -> block (8)  # end\n"
    spans = [(type(node).__name__, node.span.text) for node in walk(tree(text)) if not isinstance(node, ast.File)]
    assert spans == [
        ("Definition", "block(c, k=3) = CONV( c , k )  -> [ID, RELU*2]"),
        ("Parameter", "c"),
        ("Parameter", "k=3"),
        ("Number", "3"),
        ("Sequence", "CONV( c , k )  -> [ID, RELU*2]"),
        ("Call", "CONV( c , k )"),
        ("Argument", "c"),
        ("Name", "c"),
        ("Argument", "k"),
        ("Name", "k"),
        ("Concatenation", "[ID, RELU*2]"),
        ("Name", "ID"),
        ("Arithmetic", "RELU*2"),
        ("Name", "RELU"),
        ("Number", "2"),
        ("Flow", "INPUT -> block (8)"),
        ("Sequence", "INPUT -> block (8)"),
        ("Name", "INPUT"),
        ("Call", "block (8)"),
        ("Argument", "8"),
        ("Number", "8"),
        ("Comment", "# end"),
    ]


TEXTS = {"everything": EVERYTHING, **{spec.stem: spec.read_text(encoding="utf-8") for spec in SPECS}}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_text_of_a_span_is_the_very_text_of_its_node(text: str) -> None:
    """Parsed on its own, it gives the node again."""
    for node in walk(tree(text)):
        if isinstance(node, ast.Expression):
            assert expression(node.span.text) == node
        elif isinstance(node, ast.Statement):
            assert statement(node.span.text) == node
        elif isinstance(node, ast.Argument):
            (argument,) = argument_list(node.span.text)
            assert argument == node


def argument_list(text: str) -> tuple[ast.Argument, ...]:
    call = expression(f"f({text})")
    assert isinstance(call, ast.Call)
    return call.arguments


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_children_lie_inside_their_parents_in_the_order_of_the_text(text: str) -> None:
    for node in walk(tree(text)):
        assert isinstance(node, ast.File) or node.span.text == node.span.text.strip()
        if isinstance(node, ast.File):
            continue
        places = [node.span.start, *(place for child in node.children() for place in child.span[1:]), node.span.end]
        assert places == sorted(places), node.span.text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_names_have_spans_of_their_own(text: str) -> None:
    for node in walk(tree(text)):
        if isinstance(node, ast.Definition | ast.Call):
            assert node.name_span.text == node.name
        if isinstance(node, ast.Name):
            assert node.span.text == node.name


def test_equality_does_not_look_at_places() -> None:
    assert tree("n = 3").statements == tree("\n\n  n   =   3").statements


def test_nodes_are_frozen() -> None:
    with pytest.raises(AttributeError, match="frozen"):
        statement("n = 3").name = "m"  # type: ignore[attr-defined]


# comments


def test_comments_are_kept_with_exact_spans() -> None:
    text = '# top\nINPUT  # input\n  -> FC #fully # connected\nx = "#" #\n#end'
    comments = tree(text).comments
    assert [comment.text for comment in comments] == ["# top", "# input", "#fully # connected", "#", "#end"]
    assert all(comment.span.text == comment.text for comment in comments)
    assert [comment.span.position for comment in comments] == [(1, 1), (2, 8), (3, 9), (4, 9), (5, 1)]


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("# one\n# two\n\n# three\nINPUT", "one\ntwo"),
        ("\n\n  # indented\nINPUT", "indented"),
        ("## heading\n#\n# text\nINPUT", "heading\n\ntext"),
        ("INPUT # behind\n# below", ""),
        ("INPUT", ""),
        ("# alone", "alone"),
        ("", ""),
    ],
    ids=["a-block", "indented", "an-empty-line-of-comment", "behind-code", "none", "no-statement", "nothing"],
)
def test_the_description_is_the_comment_block_at_the_top(text: str, description: str) -> None:
    assert tree(text).description == description


def test_a_tree_is_not_left_with_comments_of_the_text_before() -> None:
    tree("# one\nINPUT")
    assert tree("INPUT").comments == ()


# errors


KEYWORDS = ("as", "for", "in", "if", "else", "and", "or", "not", "shared", "use", "default", "require", "true", "false")


@pytest.mark.parametrize("word", KEYWORDS)
@pytest.mark.parametrize("text", ["{} = 3", "INPUT as {}", "x = [A for {} in 1]", "f({}=3) = A", "x = 1 + {}(3)"])
def test_keywords_are_no_names(word: str, text: str) -> None:
    assert syntax_errors(text.format(word))


def test_a_keyword_is_a_word_of_its_own() -> None:
    assert shown(expression("ashes -> format -> inside -> iffy -> order -> notes -> trues")).count(" ") == 7


@pytest.mark.parametrize(
    "text",
    [
        "A + B & D",
        "A & B - D",
        "1 < 2 < 3",
        "A ->",
        "-> A",
        "A -> -> B",
        "[]",
        "[A,]",
        "f(1, , 2)",
        "A if t",
        "A else B",
        "[A for in 1]",
        "[A for x in]",
        "A as 3",
        "2*",
        "A || B",
        "x = y = z",
        '"open',
        "a.b",
        "f(3xn)",
        "f(3 x 3)",
        "a ^ b",
        "{A}",
        "A; B",
        "$",
        "f(a b)",
        "(1, 2",
        "[A)",
        "A)",
    ],
)
def test_what_the_grammar_does_not_know_is_one_error(text: str) -> None:
    (error,) = syntax_errors(f"x = {text}")
    assert error.code in ("syntax", "unclosed-bracket")


def test_a_size_of_names_is_answered_with_the_tuple_to_write() -> None:
    (error,) = syntax_errors("INPUT(3xnxn)")
    assert "(3, n, n)" in error.help


@pytest.mark.parametrize("text", ["INPUT(3 x 32 x 32)", "INPUT -> CONV(8, 3 x 3)", "k = 3 x 3"])
def test_a_size_with_spaces_is_one_mistake_wherever_it_stands(text: str) -> None:
    (error,) = syntax_errors(text)
    assert "without spaces" in error.message


def test_all_syntax_errors_come_in_one_run() -> None:
    text = "a = [RELU\nb = 3\nINPUT -> -> FC\nc = 4\nd = $\nINPUT -> FC -> CONV(3))"
    assert [error.span.position.line for error in syntax_errors(text)] == [1, 3, 5, 6]


@pytest.mark.parametrize(
    "opened", ["a = [", "a = CONV(", "a = [RELU", "a = [RELU ->", "f(a", "INPUT -> [RELU,", "INPUT -> ["]
)
@pytest.mark.parametrize("behind", ["b = 3", "g(b) = CONV(b)"])
def test_a_bracket_that_is_never_closed_is_one_mistake(opened: str, behind: str) -> None:
    (error,) = syntax_errors(f"{opened}\n{behind}\nc = 4\nINPUT -> FC(c)")
    assert (error.code, error.span.position.line) == ("unclosed-bracket", 1)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("f(3) = A", "bad-parameter: 3"),
        ("f(a, b + 1) = A", "bad-parameter: b + 1"),
        ("f([a]) = A", "bad-parameter: [a]"),
        ("INPUT -> f(shared a)", "bad-parameter: shared a"),
        ("x = 9223372036854775808", "number-too-large: 9223372036854775808"),
        ("x = 3x99999999999999999999", "number-too-large: 3x99999999999999999999"),
        ("x = 1e400", "number-too-large: 1e400"),
    ],
)
def test_what_the_grammar_cannot_say_is_checked_on_the_tree(text: str, mistake: str) -> None:
    assert syntax_mistakes(text) == [mistake]


def test_a_number_of_a_million_digits_is_an_error_and_quickly_so() -> None:
    (error,) = syntax_errors("x = " + "9" * 200_000)
    assert error.code == "number-too-large"


def test_brackets_nest_200_deep() -> None:
    assert tree("x = " + "[" * 200 + "A" + "]" * 200)
    (error,) = syntax_errors("x = " + "[" * 201 + "A" + "]" * 201)
    assert (error.code, error.span.start) == ("nested-too-deep", 4 + 200)


def test_brackets_in_strings_and_comments_do_not_nest() -> None:
    brackets = "[" * 300
    assert tree(f'x = "{brackets}"  # {brackets}')


def test_a_text_has_a_longest_length() -> None:
    longest = 256 * 1024
    assert tree("#" * longest)
    (error,) = syntax_errors("#" * (longest + 1))
    assert error.code == "text-too-long"


def test_a_text_has_a_largest_number_of_words_and_signs() -> None:
    most = 100_000
    assert tree("x = (" + "1," * (most // 2 - 3) + "1)  # and a comment, of words and signs" + " word" * 100)
    (error,) = syntax_errors("x = (" + "1," * (most // 2) + "1)")
    assert error.code == "text-too-long"
    assert f"{most + 5:,}" in error.message
    (error,) = syntax_errors("x = " + "-" * most + "1")
    assert error.code == "text-too-long"


# single expressions


@pytest.mark.parametrize("text", ["3", "3x3", "same", "true", "max(1, 2)", "-3", "(1, 2)", "((1, 2), (3, 4))"])
def test_a_text_that_is_one_expression(text: str) -> None:
    found = Diagnostics()
    assert parse_expression(Source("command line", text), found) == expression(text)
    assert not found.has_errors


@pytest.mark.parametrize("text", ["", "# 3", "a = 3", "1\n2", "1 2", "1 +", 'use "a.cnn"'])
def test_a_text_that_is_not_one_expression(text: str) -> None:
    found = Diagnostics()
    assert parse_expression(Source("command line", text), found) is None
    assert found.has_errors


# tables


def conflicts(caplog: pytest.LogCaptureFixture, build: str | None = None) -> list[str]:
    """What lark says about conflicts while it builds the tables of our grammar, or of another."""
    with caplog.at_level(logging.DEBUG, logger="lark"):
        if build is None:
            grammar.build(debug=True)
        else:
            lark.Lark(build, parser="lalr", debug=True)
    return [record.getMessage() for record in caplog.records if "onflict" in record.getMessage()]


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    assert conflicts(caplog) == []


def test_a_conflict_would_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    assert conflicts(caplog, 'start: start "+" start | "1"')


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "deep" / "cache"
    monkeypatch.setenv("CNNDSL_CACHE", str(folder))
    return folder


def parsed(text: str, *, from_cache: bool = True) -> ast.File:
    """The tree that newly loaded tables give."""
    builder = TreeBuilder()
    callbacks = {"COMMENT": builder.comment}
    load = grammar.load if from_cache else lambda *live: grammar.build(transformer=live[0], lexer_callbacks=live[1])
    builder.begin(Source("net.cnn", text), Diagnostics())
    file = load(builder, callbacks).parse(text)
    assert isinstance(file, ast.File)
    return file


def never_built(**options: object) -> None:
    raise AssertionError("the cache was not used")


def assert_cached() -> None:
    """That the cache is there and whole: the next tables come from it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grammar, "build", never_built)
        assert parsed(EVERYTHING).statements


def test_tables_from_the_cache_parse_as_newly_built_ones(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = list(TEXTS.values())
    built = [parsed(text, from_cache=False) for text in texts]
    assert not cache.exists()
    parsed("")
    monkeypatch.setattr(grammar, "build", never_built)
    revived = [parsed(text) for text in texts]
    assert revived == built
    spans = [[tuple(node.span[1:]) for tree in trees for node in walk(tree)] for trees in (revived, built)]
    assert spans[0] == spans[1]
    assert [file.comments for file in revived] == [file.comments for file in built]


def test_without_a_cache_the_tables_are_built(cache: Path) -> None:
    with pytest.raises(AssertionError, match="the cache was not used"):
        assert_cached()


def test_tables_from_the_cache_refuse_what_newly_built_ones_refuse(cache: Path) -> None:
    places = []
    for _ in range(2):
        with pytest.raises(lark.UnexpectedInput) as caught:
            parsed("INPUT -> CONV(8 -> RELU")
        places.append((caught.value.line, caught.value.column))
    assert places[0] == places[1]


def cached_file(cache: Path) -> Path:
    """The file in the cache, after a first use."""
    parsed("INPUT")
    (file,) = cache.iterdir()
    return file


def test_the_cache_is_one_file_of_json(cache: Path) -> None:
    file = cached_file(cache)
    assert file.suffix == ".json"
    assert json.loads(file.read_text())


BROKEN = {
    "empty": b"",
    "no-tables": b"{}",
    "a-list": b"[]",
    "null": b"null",
    "a-number": b"1",
    "empty-tables": b'{"data": {}, "memo": {}}',
    "wrong-types": b'{"data": {"parser": 3}, "memo": []}',
    "not-utf-8": b"\xff\xfe\x00",
    "nested": b"[" * 100_000,
    "a-number-of-many-digits": b"1" * 10_000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_cache_is_built_anew(cache: Path, content: bytes) -> None:
    cached_file(cache).write_bytes(content)
    assert parsed(EVERYTHING) == parsed(EVERYTHING, from_cache=False)
    assert_cached()


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_cache_that_was_cut_off_is_built_anew(cache: Path, part: float) -> None:
    file = cached_file(cache)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * part)])
    assert shown(parsed("INPUT -> FC").flows[0].expression) == "(-> INPUT FC)"
    assert_cached()


@pytest.mark.parametrize("missing", ["parser", "rules", "options"])
def test_a_cache_without_a_part_is_built_anew(cache: Path, missing: str) -> None:
    file = cached_file(cache)
    tables = json.loads(file.read_bytes())
    del tables["data"][missing]
    file.write_text(json.dumps(tables))
    assert parsed("INPUT").flows
    assert_cached()


def test_a_folder_in_the_place_of_the_cache_does_no_harm(cache: Path) -> None:
    file = cached_file(cache)
    file.unlink()
    file.mkdir()
    assert parsed("INPUT").flows


def test_an_unwritable_cache_folder_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("CNNDSL_CACHE", str(blocked / "cache"))
    assert parsed("INPUT -> FC").flows
    assert blocked.read_text() == ""


def test_processes_that_start_together_share_the_cache(cache: Path) -> None:
    command = [sys.executable, "-c", "import cnndsl; print(len(cnndsl.parse('INPUT -> FC').graph))"]
    environment = {**os.environ, "CNNDSL_CACHE": str(cache)}
    running = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == [b"2"] * 4
    assert [file.suffix for file in cache.iterdir()] == [".json"]


def test_the_cache_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("CNNDSL_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert grammar.cache_folder() == tmp_path / ".cache" / "cnndsl"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert grammar.cache_folder() == tmp_path / "xdg" / "cnndsl"
    monkeypatch.setenv("CNNDSL_CACHE", str(tmp_path / "chosen"))
    assert grammar.cache_folder() == tmp_path / "chosen"


@pytest.mark.parametrize(
    "text", ["INPUT -> CONV(4) ->", "INPUT -> [CONV(4), RELU", "f(x) =", "INPUT -> CONV(4", "INPUT -> [A,"]
)
def test_an_unfinished_last_line_is_told_alike_with_and_without_its_end(text: str) -> None:
    def told(text: str) -> list[tuple[str, str]]:
        found = Diagnostics()
        parse(Source("net.cnn", text), found)
        return [(each.code, each.message) for each in found]

    assert told(text) == told(text + "\n") == told(text + "\n\n# the end\n") != []
