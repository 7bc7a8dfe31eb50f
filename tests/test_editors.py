"""What editors show: the Pygments lexer agrees with the parser, and the TextMate grammar with the lexer."""

from __future__ import annotations

import copy
import json
import plistlib
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import accumulate, chain
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from programs import Program as RandomProgram
from programs import programs
from pygments import token
from pygments.token import _TokenType as TokenType
from specs_in_tests import SPECS
from test_documents import fences
from test_syntax import EVERYTHING
from textmate import Grammar, Piece

import cnndsl
from cnndsl import source
from cnndsl.diagnostics import Diagnostics
from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.elaborate.program import SHAPE_NAMES, Program, is_recipe, prelude
from cnndsl.elaborate.using import bring_in
from cnndsl.layers import functions, layers_by_word
from cnndsl.reference.pygments_lexer import CnnLexer
from cnndsl.reference.textmate import with_words
from cnndsl.source import Source
from cnndsl.syntax import ast, grammar, parse

pytestmark = pytest.mark.core

GRAMMARS = ROOT / "grammars"
GRAMMAR = GRAMMARS / "cnn.tmLanguage.json"
FOR_EDITORS = """\
# Spellings that specs seldom have.
shared head(
  c = min(C, (3 + 2)//4), shared act=RELU,  # a comment (with a bracket
  pads=((0, 1), (2, 3)), k=C) = act -> Conv(c, k, init = normal(0.01), padding=pads) -> [LN + Bn]
wide(c=C, deep=max(C, abs(c - 2), 3)) = CONV(divisible(c, 8) if c >= .5e3 else deep)
scale2 = 2
TRAIN(
  data="# no comment", augment=CROP(32) -> FLIP
)
INPUT(3×HxW) as x >> Input_ → head(8, RELU, k = 3) -> [RELU for _ in range(2)] -> se(4) as C1
INPUT -> wide(RELU,
  deep=RELU)
"""
PUBLISHED = {
    **{path.name: path.read_text() for path in [*SPECS, ROOT / "cnndsl" / "prelude.cnn"]},
    **dict(fences("cnn")),
}
PARSED = {
    **PUBLISHED,
    "everything": EVERYTHING,
    "for editors": FOR_EDITORS,
}
GIVEN_A_MEANING = {
    "a symbol": "box = 3\nINPUT -> CONV(box, padding=same)",
    "a function": "max(c) = CONV(c)\nINPUT -> max(8) -> CONV(min(8, C))",
    "a shipped block": "SE(c) = FC(c)\nINPUT -> SE(8) -> sepconv(8)",
    "a layer in another case": "relu = TANH\nINPUT -> relu -> RELU -> tAnH",
}
"""Words that an editor, which does not read the whole file, takes for what they are elsewhere."""

UNFINISHED = {
    "an open bracket": "INPUT -> [CONV(8",
    "an open string": 'use "blocks.cnn\nINPUT -> FC',
    "closed too often": "INPUT) -> FC(10)]\nconv(c) = CONV(c)",
    "foreign marks": "INPUT $ é -> ⟶ FC\n",
    "nothing": "",
    "no line end": "INPUT -> FC # the end",
}
texts = pytest.mark.parametrize("text", PARSED.values(), ids=PARSED)

Expected = dict[int, tuple[str, TokenType]]


def coloured(text: str) -> list[tuple[int, TokenType, str]]:
    """The tokens of the lexer, without blanks."""
    return [found for found in CnnLexer().get_tokens_unprocessed(text) if found[2].strip()]


# Pygments and the parser


@pytest.mark.parametrize(
    "text",
    [
        *(pytest.param(text, id=name) for name, text in GIVEN_A_MEANING.items()),
        *(
            pytest.param(text, id=name, marks=pytest.mark.slow if place % 3 and name in PUBLISHED else [])
            for place, (name, text) in enumerate(PARSED.items())
        ),
    ],
)
def test_the_lexer_agrees_with_the_parser(text: str) -> None:
    assert {start: (word, type) for start, type, word in coloured(text)} == said_by_the_parser(text)


@pytest.mark.parametrize("text", [*PARSED.values(), *UNFINISHED.values()], ids=[*PARSED, *UNFINISHED])
def test_the_tokens_are_the_text(text: str) -> None:
    found = list(CnnLexer().get_tokens_unprocessed(text))
    words = [word for _, _, word in found]
    assert "".join(words) == text
    assert [start for start, _, _ in found] == list(accumulate(map(len, words), initial=0))[:-1]


@pytest.mark.parametrize("name", UNFINISHED)
def test_only_what_is_foreign_is_an_error(name: str) -> None:
    errors = [word for _, type, word in coloured(UNFINISHED[name]) if type is token.Error]
    assert errors == {"foreign marks": ["$", "é", "⟶"], "an open string": ['"', "."]}.get(name, [])


def test_the_entry_point_leads_to_the_lexer() -> None:
    entry_points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    module, _, name = entry_points["pygments.lexers"]["cnn"].partition(":")
    assert getattr(import_module(module), name) is CnnLexer


RESERVED = {
    **dict.fromkeys(["if", "else", "for", "in"], token.Keyword),
    **dict.fromkeys(["and", "or", "not"], token.Operator.Word),
    **dict.fromkeys(["as", "shared", "use", "default", "require"], token.Keyword.Declaration),
    **dict.fromkeys(["true", "false"], token.Keyword.Constant),
}
OTHERS = {
    "NUMBER": token.Number,
    "SIZE": token.Number,
    "STRING": token.String.Double,
    **dict.fromkeys(["LPAR", "RPAR", "LSQB", "RSQB", "COMMA"], token.Punctuation),
}


def said_by_the_parser(text: str) -> Expected:
    """The type that every token should have, by the place where it starts."""
    file = parse(Source("<text>", text), Diagnostics())
    assert file is not None
    found = {each.start_pos or 0: (str(each), each.type) for each in grammar.build().lex(text)}
    names = {start: word for start, (word, type) in found.items() if type in ("NAME", "CALLED")}
    meant = dict(_Reading(file).names())
    assert meant.keys() == names.keys()
    others = {start: (word, _other(word, type)) for start, (word, type) in found.items() if start not in names}
    comments = {comment.span.start: (comment.text, token.Comment.Single) for comment in file.comments}
    return {**others, **comments, **{start: (word, meant[start]) for start, word in names.items()}}


def _other(word: str, type: str) -> TokenType:
    return OTHERS.get(type) or RESERVED.get(word) or token.Operator


Bound = frozenset[str]
Meant = Iterator[tuple[int, TokenType]]


class _Reading:
    """What each name of a file means, from its tree and from what the compiler would look up."""

    def __init__(self, file: ast.File) -> None:
        self._file = file
        self._brings_in = any(isinstance(statement, ast.Use) for statement in file.statements)
        self._program = Program(file, {}, None, bring_in(file, source.used, Diagnostics()))

    def names(self) -> Meant:
        labels = _labels(flow for flow in self._file.flows)
        for statement in self._file.statements:
            if is_recipe(statement):
                yield statement.span.start, token.Name.Builtin.Pseudo
                yield from list(self._node(statement, labels))[1:]
            elif isinstance(statement, ast.Definition):
                yield statement.name_span.start, token.Name.Function
                yield from self._definition(statement)
            else:
                yield from self._node(statement, labels)

    def _definition(self, definition: ast.Definition) -> Meant:
        bound = _labels([definition.body])
        for parameter in definition.parameters or ():
            start = parameter.span.text.index(parameter.name, len("shared") if parameter.shared else 0)
            yield parameter.span.start + start, token.Name.Variable
            if parameter.default is not None:
                yield from self._node(parameter.default, bound)
            bound |= {parameter.name}
        yield from self._node(definition.body, bound)

    def _node(self, node: ast.Node, bound: Bound) -> Meant:
        match node:
            case ast.Label(name=name):
                yield node.span.end - len(name), token.Name.Label
            case ast.For(names=names, name_spans=spans):
                yield from ((span.start, token.Name.Variable) for span in spans)
                bound |= {*names}
            case ast.Argument(keyword=str()):
                yield node.span.start, token.Name.Variable
            case ast.Name(name=name):
                yield node.span.start, self._word(name, bound)
            case ast.Call(name=name, name_span=span):
                yield span.start, self._called(name, bound)
        for child in node.children():
            yield from self._node(child, bound)

    def _called(self, word: str, bound: Bound) -> TokenType:
        is_function = word in FUNCTIONS or word in functions()
        is_defined = word in bound or self._program.find(word)
        return token.Name.Builtin if is_function and not is_defined else self._word(word, bound)

    def _word(self, word: str, bound: Bound) -> TokenType:
        program = self._program
        if word in SHAPE_NAMES:
            return token.Name.Builtin.Pseudo
        block = program.find(word)
        if word in bound or (block is not None and block.program is not prelude()):
            return token.Name
        if word in program.symbols:
            return token.Name.Constant
        if self._brings_in and word != word.upper():  # it may come from there, which an editor does not look up
            return token.Name
        return token.Name.Builtin if block or program.layer(word) else token.Name


def _labels(nodes: Iterable[ast.Node]) -> Bound:
    found = chain.from_iterable(node.walk() for node in nodes)
    return frozenset(node.name for node in found if isinstance(node, ast.Label))


@settings(derandomize=True, deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(programs())
def test_of_any_program_they_agree_too(program: RandomProgram) -> None:
    text = program.text
    assert {start: (word, type) for start, type, word in coloured(text)} == said_by_the_parser(text)
    agrees(text, Grammar(grammar_data()).pieces(text))


# the TextMate grammar


TYPES = {
    "comment.line.number-sign": token.Comment.Single,
    "string.quoted.double": token.String.Double,
    "constant.numeric": token.Number,
    "keyword.control": token.Keyword,
    "storage.modifier": token.Keyword.Declaration,
    "keyword.operator.logical": token.Operator.Word,
    "keyword.operator": token.Operator,
    "constant.language.boolean": token.Keyword.Constant,
    "constant.language.symbol": token.Name.Constant,
    "entity.name.function": token.Name.Function,
    "entity.name.label": token.Name.Label,
    "variable.parameter": token.Name.Variable,
    "variable.language": token.Name.Builtin.Pseudo,
    "variable.other": token.Name,
    "support.function": token.Name.Builtin,
    "punctuation.se": token.Punctuation,
}
"""The type of Pygments for the beginning of a scope, the more special first."""


def grammar_data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(GRAMMAR.read_text())
    return data


def in_an_editor(word: str, type: TokenType) -> TokenType:
    """What a TextMate grammar can know of a token: a layer's word in small letters is taken for a definition's."""
    is_layer = word.upper() in layers_by_word() or word.upper() in prelude().definitions
    if not is_layer or word in FUNCTIONS or type not in (token.Name, token.Name.Builtin):
        return type
    return token.Name if word.islower() else token.Name.Builtin


def agrees(text: str, pieces: Iterable[Piece]) -> None:
    """Every token begins and ends where a piece does, and all its characters have the scope that it should."""
    shown = {place: (piece, place) for piece in pieces for place in range(piece.start, piece.end)}
    edges = {place for piece, _ in shown.values() for place in (piece.start, piece.end)}
    for start, type, word in coloured(text):
        found = {_type(shown[place][0].scopes) for place in range(start, start + len(word))}
        assert found == {in_an_editor(word, type)}, f"{word!r} at {start} in\n{text}"
        assert {start, start + len(word)} <= edges, f"{word!r} at {start} in\n{text}"


def _type(scopes: tuple[str, ...]) -> TokenType | None:
    innermost = [scope for scope in scopes if not scope.startswith("punctuation.definition")][-1]
    return next((type for scope, type in TYPES.items() if innermost.startswith(scope)), None)


@texts
def test_the_grammar_agrees_with_the_lexer(text: str) -> None:
    agrees(text, Grammar(grammar_data()).pieces(text))


def test_in_vs_code_itself_it_does_so_too() -> None:
    if not _has_vs_code():
        pytest.skip("needs node with these: npm install --no-save vscode-textmate vscode-oniguruma")
    texts = list(PARSED.values())
    request = json.dumps({"grammar": str(GRAMMAR), "texts": texts})
    command = ["node", "-e", (ROOT / "tests" / "vscode_textmate.js").read_text()]
    done = subprocess.run(command, cwd=ROOT, input=request, capture_output=True, text=True, check=True)
    for text, pieces in zip(texts, json.loads(done.stdout), strict=True):
        agrees(text, [Piece(start, end, tuple(scopes)) for start, end, scopes in pieces])


def _has_vs_code() -> bool:
    command = ["node", "-e", "require('vscode-textmate'); require('vscode-oniguruma')"]
    return bool(shutil.which("node")) and subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0


def includes(data: Mapping[str, Any]) -> set[str]:
    return {rule["include"].removeprefix("#") for rule in Grammar(data).rules if "include" in rule}


def test_every_rule_is_included_and_every_include_is_there() -> None:
    data = grammar_data()
    assert includes(data) == data["repository"].keys()


@pytest.mark.parametrize("rule", sorted(grammar_data()["repository"]))
def test_no_rule_could_be_missing(rule: str) -> None:
    """Without it, an editor shows something else: so each is needed, and the comparison above can fail."""
    data = copy.deepcopy(grammar_data())
    data["repository"][rule] = {"match": "(?!)"}
    text = EVERYTHING + FOR_EDITORS
    with pytest.raises(AssertionError, match="at"):
        agrees(text, Grammar(data).pieces(text))


def test_its_scopes_are_those_that_themes_know() -> None:
    pieces = chain.from_iterable(Grammar(grammar_data()).pieces(text) for text in PARSED.values())
    scopes = {scope.removesuffix(".cnn") for piece in pieces for scope in piece.scopes if scope.endswith(".cnn")}
    known = scopes - {"source", "punctuation.definition.comment"}
    assert {_type((scope,)) for scope in known} == {*TYPES.values()}


def test_its_words_are_what_the_declarations_give() -> None:
    written = GRAMMAR.read_text()
    assert written == with_words(written), "a declaration has changed since `make docs`"


def test_it_can_be_a_property_list() -> None:
    data = grammar_data()
    assert plistlib.loads(plistlib.dumps(data)) == data


# the folder as an extension


def test_the_extension_names_files_that_are_there() -> None:
    manifest = json.loads((GRAMMARS / "package.json").read_text())
    (language,), (contributed,) = manifest["contributes"]["languages"], manifest["contributes"]["grammars"]
    assert (GRAMMARS / contributed["path"]).samefile(GRAMMAR)
    assert (GRAMMARS / language["configuration"]).is_file()
    assert contributed["language"] == language["id"]
    assert contributed["scopeName"] == grammar_data()["scopeName"]
    assert language["extensions"] == [source.SUFFIX]
    assert manifest["version"] == cnndsl.__version__


def test_brackets_and_comments_are_those_of_the_language() -> None:
    configuration = json.loads((GRAMMARS / "language-configuration.json").read_text())
    text = configuration["comments"]["lineComment"] + " a comment\nINPUT"
    (_, comment, _), _ = coloured(text)
    assert comment is token.Comment.Single
    pairs = {"".join(pair) for pair in configuration["brackets"]}
    assert pairs == {"[]", "()"}
    assert {pair["open"] + pair["close"] for pair in configuration["autoClosingPairs"]} == {*pairs, '""'}
    words = [word for _, type, word in coloured(EVERYTHING) if type in token.Name]
    assert all(re.fullmatch(configuration["wordPattern"], word) for word in words)
