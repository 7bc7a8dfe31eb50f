"""From the parser's reductions to the tree: a method for each rule of the grammar, named as the rule.

Each method gets the rule's tokens and finished nodes in the order of the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, cast

from lark import Token

from cnndsl.diagnostics import Diagnostic, Diagnostics
from cnndsl.source import Source, Span
from cnndsl.syntax import ast

__all__ = ["LARGEST_WHOLE_NUMBER", "TreeBuilder"]

LARGEST_WHOLE_NUMBER = 2**63 - 1

_Children = list[Any]


class TreeBuilder:
    """Builds the nodes of one source after another; `start` begins the next."""

    def __init__(self) -> None:
        self.begin(Source("", ""), Diagnostics())

    def begin(self, source: Source, diagnostics: Diagnostics) -> None:
        self._source = source
        self._diagnostics = diagnostics
        self.comments: list[ast.Comment] = []

    def comment(self, token: Token) -> Token:
        """Lark's callback for the comments that the grammar leaves out."""
        self.comments.append(ast.Comment(self._span([token]), str(token).rstrip()))
        return token

    # statements

    def start(self, children: _Children) -> ast.File:
        span = Span(self._source, 0, len(self._source.text))
        return ast.File(span, tuple(children), tuple(self.comments), ())

    def definition(self, children: _Children) -> ast.Definition:
        head = next(child for child in children if child.type in ("NAME", "CALLED"))
        parameters = None
        if head.type == "CALLED":
            arguments = next((child for child in children if isinstance(child, list)), [])
            parameters = tuple(self._parameter(argument) for argument in arguments)
        shared = children[0].type == "SHARED"
        body = children[-1]
        return ast.Definition(self._span(children), str(head), parameters, body, shared, self._span([head]))

    def _parameter(self, written: ast.Argument | ast.Parameter) -> ast.Parameter:
        """A definition's head is parsed as a call; what it may hold is less."""
        if isinstance(written, ast.Parameter):
            return written
        if written.keyword is not None:
            return ast.Parameter(written.span, written.keyword, written.value, False)
        if isinstance(written.value, ast.Name):
            return ast.Parameter(written.span, written.value.name, None, False)
        message = "a parameter is a name, with or without a default"
        self._error("bad-parameter", message, written.span, help="write name or name=value")
        return ast.Parameter(written.span, "", None, False)

    def use(self, children: _Children) -> ast.Use:
        return ast.Use(self._span(children), str(children[1])[1:-1])

    def default(self, children: _Children) -> ast.Default:
        return ast.Default(self._span(children), children[1])

    def require(self, children: _Children) -> ast.Require:
        return ast.Require(self._span(children), children[1])

    def flow(self, children: _Children) -> ast.Flow:
        return ast.Flow(self._span(children), children[0])

    # expressions

    def conditional(self, children: _Children) -> ast.Conditional:
        then, _, test, _, otherwise = children
        return ast.Conditional(self._span(children), then, test, otherwise)

    def boolean(self, children: _Children) -> ast.BooleanOperation:
        left, operator, right = children
        return ast.BooleanOperation(self._span(children), left, cast(Any, str(operator)), right)

    def negation(self, children: _Children) -> ast.Negation:
        return ast.Negation(self._span(children), children[1])

    def comparison(self, children: _Children) -> ast.Comparison:
        left, operator, right = children
        return ast.Comparison(self._span(children), left, cast(Any, str(operator)), right)

    def choice(self, children: _Children) -> ast.Choice:
        return ast.Choice(self._span(children), _nodes(children))

    def merge(self, children: _Children) -> ast.Merge:
        operators = tuple(str(operator) for operator in children[1::2])
        return ast.Merge(self._span(children), tuple(children[::2]), cast(Any, operators))

    def sequence(self, children: _Children) -> ast.Sequence:
        return ast.Sequence(self._span(children), tuple(children[::2]))

    def label(self, children: _Children) -> ast.Label:
        return ast.Label(self._span(children), children[0], str(children[2]))

    def optional(self, children: _Children) -> ast.Optional:
        return ast.Optional(self._span(children), children[0])

    def arithmetic(self, children: _Children) -> ast.Arithmetic:
        left, operator, right = children
        return ast.Arithmetic(self._span(children), left, cast(Any, str(operator)), right)

    def negative(self, children: _Children) -> ast.Negative:
        return ast.Negative(self._span(children), children[1])

    def name(self, children: _Children) -> ast.Name:
        return ast.Name(self._span(children), str(children[0]))

    def call(self, children: _Children) -> ast.Call:
        name = children[0]
        arguments = next((child for child in children if isinstance(child, list)), [])
        for argument in arguments:
            if isinstance(argument, ast.Parameter):
                message = "`shared` stands before a parameter of a definition, not in a call"
                self._error("bad-parameter", message, argument.span, help="share it in the definition's head")
        arguments = [argument for argument in arguments if isinstance(argument, ast.Argument)]
        return ast.Call(self._span(children), str(name), tuple(arguments), self._span([name]))

    def number(self, children: _Children) -> ast.Number:
        text = str(children[0])
        span = self._span(children)
        if text.isdigit():
            return ast.Number(span, self._whole(text, span), text)
        value = float(text)
        if not isfinite(value):
            self._error("number-too-large", "this number is larger than any number of the language", span)
            value = 0.0
        return ast.Number(span, int(value) if value.is_integer() and abs(value) < 2**53 else value, text)

    def size(self, children: _Children) -> ast.Size:
        span = self._span(children)
        extents = str(children[0]).replace("X", "x").replace("×", "x").split("x")
        return ast.Size(span, tuple(self._whole(extent, span) if extent.isdigit() else extent for extent in extents))

    def _whole(self, text: str, span: Span) -> int:
        if len(text.lstrip("0")) <= 19 and (value := int(text)) <= LARGEST_WHOLE_NUMBER:
            return value
        label = f"{len(text)} digits" if len(text) > 19 else "at most 9223372036854775807"
        self._error("number-too-large", "a whole number stays below 2^63", span, label=label)
        return 1

    def string(self, children: _Children) -> ast.String:
        return ast.String(self._span(children), str(children[0])[1:-1])

    def true(self, children: _Children) -> ast.Boolean:
        return ast.Boolean(self._span(children), True)

    def false(self, children: _Children) -> ast.Boolean:
        return ast.Boolean(self._span(children), False)

    def group(self, children: _Children) -> ast.Group:
        return ast.Group(self._span(children), children[1])

    def tuple(self, children: _Children) -> ast.Tuple:
        return ast.Tuple(self._span(children), _nodes(children))

    def concatenation(self, children: _Children) -> ast.Concatenation:
        return ast.Concatenation(self._span(children), _nodes(children))

    def for_chain(self, children: _Children) -> ast.For:
        return self._for(children, "->")

    def for_concatenation(self, children: _Children) -> ast.For:
        return self._for(children, ",")

    def for_merge(self, children: _Children) -> ast.For:
        return self._for(children, str(children[2]))

    def _for(self, children: _Children, join: str) -> ast.For:
        names, rows = (child for child in children if isinstance(child, list))
        words = tuple(str(name) for name in names)
        places = tuple(self._span([name]) for name in names)
        return ast.For(self._span(children), children[1], cast(Any, join), words, tuple(rows), places)

    # parts

    def names(self, children: _Children) -> list[Token]:
        return list(children[::2])

    def rows(self, children: _Children) -> list[ast.Expression]:
        return list(_nodes(children))

    def arguments(self, children: _Children) -> list[ast.Node]:
        return [child for child in children if isinstance(child, ast.Node)]

    def positional(self, children: _Children) -> ast.Argument:
        return ast.Argument(self._span(children), None, children[0])

    def keyword(self, children: _Children) -> ast.Argument:
        return ast.Argument(self._span(children), str(children[0]), children[2])

    def shared_parameter(self, children: _Children) -> ast.Parameter:
        default = children[3] if len(children) > 3 else None
        return ast.Parameter(self._span(children), str(children[1]), default, True)

    def _span(self, children: Sequence[Any]) -> Span:
        first, last = children[0], children[-1]
        start = first.start_pos if isinstance(first, Token) else first.span.start
        end = last.end_pos if isinstance(last, Token) else last.span.end
        assert start is not None
        assert end is not None
        return Span(self._source, start, end)

    def _error(self, code: str, message: str, span: Span, label: str = "", help: str = "") -> None:
        self._diagnostics.add(Diagnostic(code, message, span, label=label, help=help))


def _nodes(children: _Children) -> tuple[Any, ...]:
    return tuple(child for child in children if isinstance(child, ast.Node))
