"""Text to tree. What the grammar cannot say is checked on the way in (limits) and on the way out (lines)."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from threading import Lock

import lark

from cnndsl.diagnostics import Diagnostic, Diagnostics, perhaps
from cnndsl.resources import no_collections
from cnndsl.source import Source, Span
from cnndsl.syntax import ast, grammar, slips
from cnndsl.syntax.build import TreeBuilder
from cnndsl.syntax.recovery import read_on, without_wrong

__all__ = ["LONGEST_TEXT", "MOST_NESTED", "parse", "parse_expression"]

LONGEST_TEXT = 256 * 1024
"""Characters of a text; a longer one is refused before it is read."""

MOST_TOKENS = 100_000
"""Words, numbers and signs of a text."""

MOST_NESTED = 200
"""Brackets inside brackets."""

_MOST_JOINED = 20
"""Statements on a line with another one that are told; a text with more is no list of statements."""

_lock = Lock()


def parse(source: Source, diagnostics: Diagnostics) -> ast.File | None:
    """The tree of a text, and what is wrong with its syntax.

    After a mistake the text is read on from the next statement: the tree has the statements that are right, and tells
    where the others stood. There is none of a text that is beyond the limits, or wrong in more places than are told.
    """
    found = Diagnostics()
    mended = Diagnostics()
    with no_collections():
        file = _parse(source, found, mended)
    wrong = [] if file is None else _check_lines(file, found)
    diagnostics.extend(mended)
    diagnostics.extend(found)
    return file and without_wrong(file, [each.span.start for each in found if each.is_error], wrong)


def parse_expression(source: Source, diagnostics: Diagnostics) -> ast.Expression | None:
    """The tree of a text that is a single expression, such as the value of `-D`."""
    found = Diagnostics()
    file = _parse(source, found, found)
    diagnostics.extend(found)
    if file is None or found.has_errors:
        return None
    match file.statements:
        case [ast.Flow(expression=expression)]:
            return expression
    whole = Span(source, 0, len(source.text))
    diagnostics.add(Diagnostic("bad-value", "one value is expected here", whole, help="a number, a size, a word"))
    return None


def _parse(source: Source, diagnostics: Diagnostics, mended: Diagnostics) -> ast.File | None:
    """The tree of a text; mistakes for which it is read as it was certainly meant are reported to `mended`."""
    if not _within_limits(source, diagnostics):
        return None
    return read_on(source, lambda text: _tree(source, text, diagnostics), diagnostics, mended)


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
    if len(text) > MOST_TOKENS and (count := slips.tokens(text)) > MOST_TOKENS:
        message = f"a text of {count:,} words and signs is longer than a spec may be"
        diagnostics.add(Diagnostic("text-too-long", message, Span(source, 0, 1), label=f"at most {MOST_TOKENS:,}"))
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


def _check_lines(file: ast.File, diagnostics: Diagnostics) -> list[ast.Statement]:
    """Every statement starts on its own line, and none with a bracket that may have been meant for a call.

    Gives those that are wrong, and those before them that they may be a part of.
    """
    text = file.source.text
    complained_to = -1
    wrong: list[ast.Statement] = []
    joined = 0
    for before, statement in pairwise([None, *file.statements]):
        assert statement is not None
        start = statement.span.start
        is_joined = before is not None and "\n" not in text[before.span.end : start]
        if before is not None and (is_joined or text[start] in "(-"):
            wrong += before, statement
        if is_joined and before is not None and start > complained_to:
            diagnostics.add(slips.known(file.source, text, start) or _missing_arrow(before, statement))
            complained_to = text.find("\n", start) % (len(text) + 1)
            joined += 1
            if joined == _MOST_JOINED:
                return list(file.statements)
        elif not is_joined and text[start] in "(-":
            diagnostics.add(_bad_start(statement, text[start]))
    return wrong


def _bad_start(statement: ast.Statement, first: str) -> Diagnostic:
    span = Span(statement.span.source, statement.span.start, statement.span.start + 1)
    help = "a call's `(` stands on the line of its name; a group is written with `[ ]`" if first == "(" else ""
    return Diagnostic("bad-statement", f"no statement starts with `{first}`", span, help=help)


def _missing_arrow(before: ast.Statement, statement: ast.Statement) -> Diagnostic:
    message = "a statement starts on a line of its own"
    left, right = _shortened(_elements(before)[-1].span.text), _shortened(_elements(statement)[0].span.text)
    help = f"write `->` between `{left}` and `{right}`, or put them on two lines"
    label = "nothing joins this to what stands before it"
    start = statement.span.start
    fix = perhaps(Span(statement.span.source, start, start), "-> ")
    return Diagnostic("missing-arrow", message, statement.span, label=label, help=help, fix=fix)


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
