"""Text to tree. What the grammar cannot say is checked on the way in (limits) and on the way out (lines)."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from threading import Lock

import lark

from cnndsl.diagnostics import Diagnostic, Diagnostics
from cnndsl.source import Source, Span
from cnndsl.syntax import ast, grammar, slips
from cnndsl.syntax.build import TreeBuilder

__all__ = ["LONGEST_TEXT", "MOST_NESTED", "parse", "parse_expression"]

LONGEST_TEXT = 256 * 1024
"""Characters of a text; a longer one is refused before it is read."""

MOST_NESTED = 200
"""Brackets inside brackets."""

_MOST_SYNTAX_ERRORS = 20
_STATEMENT_START = re.compile(r"^(?=[^\s#\])>+&|*,-])", re.MULTILINE)
_lock = Lock()


def parse(source: Source, diagnostics: Diagnostics) -> ast.File | None:
    """The tree of a text, and what is wrong with its syntax.

    After a syntax error the rest of the text is still read, for the further errors in it, but there is no tree.
    """
    file = _parse(source, diagnostics)
    if file is not None:
        _check_lines(file, diagnostics)
    return None if diagnostics.has_errors else file


def parse_expression(source: Source, diagnostics: Diagnostics) -> ast.Expression | None:
    """The tree of a text that is a single expression, such as the value of `-D`."""
    file = _parse(source, diagnostics)
    if file is None or diagnostics.has_errors:
        return None
    match file.statements:
        case [ast.Flow(expression=expression)]:
            return expression
    whole = Span(source, 0, len(source.text))
    diagnostics.add(Diagnostic("bad-value", "one value is expected here", whole, help="a number, a size, a word"))
    return None


def _parse(source: Source, diagnostics: Diagnostics) -> ast.File | None:
    if not _within_limits(source, diagnostics):
        return None
    text, file = source.text, None
    for _ in range(_MOST_SYNTAX_ERRORS):
        try:
            file = _tree(source, text, diagnostics)
            break
        except lark.UnexpectedInput as error:
            offset = _offset(error, text)
            found = slips.explain(source, text, offset, error)
            diagnostics.add(found)
            text = _without_statement(text, found.span.start, offset)
    return file


@cache
def _parser() -> tuple[lark.Lark, TreeBuilder]:
    builder = TreeBuilder()
    return grammar.load(builder, {"COMMENT": builder.comment}), builder


def _tree(source: Source, text: str, diagnostics: Diagnostics) -> ast.File:
    parser, builder = _parser()
    with _lock:  # one builder serves all texts
        builder.begin(source, diagnostics)
        tree: ast.File = parser.parse(text)  # type: ignore[assignment]  # the builder's `start` makes it
    return tree


def _within_limits(source: Source, diagnostics: Diagnostics) -> bool:
    text = source.text
    if len(text) > LONGEST_TEXT:
        message = f"a text of {len(text):,} characters is longer than a spec may be"
        diagnostics.add(Diagnostic("text-too-long", message, Span(source, 0, 1), label=f"at most {LONGEST_TEXT:,}"))
        return False
    depth = 0
    for place, bracket in slips.brackets(text):
        depth += 1 if bracket in "[(" else -1
        if depth > MOST_NESTED:
            span = Span(source, place, place + 1)
            message = f"brackets are nested more than {MOST_NESTED} deep"
            diagnostics.add(Diagnostic("nested-too-deep", message, span, help="give the inner part a name"))
            return False
    return True


def _offset(error: lark.UnexpectedInput, text: str) -> int:
    if isinstance(error, lark.UnexpectedToken) and error.token.type != "$END":
        return int(error.token.start_pos or 0)
    if isinstance(error, lark.UnexpectedCharacters):
        return int(error.pos_in_stream or 0)
    return len(text.rstrip())


def _without_statement(text: str, mistake: int, noticed: int) -> str:
    """The text with the statement of a mistake blanked, so that the rest keeps its offsets.

    A bracket that is never closed is noticed in a later statement, which is left as it is.
    """
    starts = [match.start() for match in _STATEMENT_START.finditer(text)]
    start = max((found for found in starts if found <= mistake), default=0)
    last = max((found for found in starts if found <= noticed), default=0)
    end = last if last > start else min((found for found in starts if found > noticed), default=len(text))
    blank = re.sub(r"[^\n]", " ", text[start:end])
    return text[:start] + blank + text[end:]


def _check_lines(file: ast.File, diagnostics: Diagnostics) -> None:
    """Every statement starts on its own line, and none with a bracket that may have been meant for a call."""
    text = file.source.text
    complained_to = -1
    for before, statement in pairwise([None, *file.statements]):
        assert statement is not None
        start = statement.span.start
        is_joined = before is not None and "\n" not in text[before.span.end : start]
        if is_joined and before is not None and start > complained_to:
            diagnostics.add(slips.known(file.source, text, start) or _missing_arrow(before, statement))
            complained_to = text.find("\n", start) % (len(text) + 1)
        elif not is_joined and text[start] in "(-":
            diagnostics.add(_bad_start(statement, text[start]))


def _bad_start(statement: ast.Statement, first: str) -> Diagnostic:
    span = Span(statement.span.source, statement.span.start, statement.span.start + 1)
    help = "a call's `(` stands on the line of its name; a group is written with `[ ]`" if first == "(" else ""
    return Diagnostic("bad-statement", f"no statement starts with `{first}`", span, help=help)


def _missing_arrow(before: ast.Statement, statement: ast.Statement) -> Diagnostic:
    message = "a statement starts on a line of its own"
    left, right = _shortened(_elements(before)[-1].span.text), _shortened(_elements(statement)[0].span.text)
    help = f"write `->` between `{left}` and `{right}`, or put them on two lines"
    label = "nothing joins this to what stands before it"
    return Diagnostic("missing-arrow", message, statement.span, label=label, help=help)


def _elements(statement: ast.Statement) -> tuple[ast.Node, ...]:
    """The elements of a flow or a definition's path, a whole statement otherwise."""
    match statement:
        case (
            ast.Flow(expression=ast.Sequence(elements=elements)) | ast.Definition(body=ast.Sequence(elements=elements))
        ):
            return elements
    return (statement,)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:37]}..."
