"""Reading on after a syntax error, so that a file tells all its mistakes in one run.

What stands before the statement of an error is kept, and reading begins again behind that statement; where the error
leaves no doubt about what was meant, at the statement, as it was meant.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable

import lark

from cnndsl.diagnostics import Diagnostics, Fix
from cnndsl.source import Source, Span
from cnndsl.syntax import ast, slips

__all__ = ["read_on", "without_wrong"]

_MOST_ERRORS = 50

_MOST_READ = 256 * 1024
"""Characters that are read in all before the rest of a text with errors is left aside."""

_STATEMENT_START = re.compile(r"^(?=[^\s#\])>+&|*,-])", re.MULTILINE)

Read = Callable[[str], ast.File]
"""Gives the tree of a text, or raises `lark.UnexpectedInput`."""


def read_on(source: Source, read: Read, wrong: Diagnostics, mended: Diagnostics) -> ast.File | None:
    """The tree of a text without the statements that cannot be read, which its `broken` stretches tell.

    Args:
        source: the text.
        read: the parser.
        wrong: where mistakes go.
        mended: where those go whose statements are read as they were certainly meant.

    Returns None where the mistakes are too many, or the text too long to look for all of them.
    """
    return _Reading(source, read, wrong, mended).file()


class _Reading:
    """A text that is read in stretches, what was read blanked, so that all offsets stay."""

    def __init__(self, source: Source, read: Read, wrong: Diagnostics, mended: Diagnostics) -> None:
        self._source = source
        self._text = source.text
        self._read = read
        self._wrong = wrong
        self._mended = mended
        self._starts = [match.start() for match in _STATEMENT_START.finditer(source.text)]
        self._statements: list[ast.Statement] = []
        self._comments: list[ast.Comment] = []
        self._broken: list[Span] = []

    def file(self) -> ast.File | None:
        start, spent = 0, 0
        for _ in range(_MOST_ERRORS):
            try:
                self._keep(self._text)
            except lark.UnexpectedInput as error:
                offset = _offset(error, self._text)
                spent += 2 * (offset - start)
                start = self._start_again(offset, error, may_read=spent <= _MOST_READ)
                if spent > _MOST_READ:
                    return None
            else:
                whole = Span(self._source, 0, len(self._source.text))
                return ast.File(whole, tuple(self._statements), tuple(self._comments), tuple(self._broken))
        return None

    def _keep(self, text: str) -> None:
        tree = self._read(text)
        self._statements += tree.statements
        self._comments += tree.comments

    def _start_again(self, offset: int, error: lark.UnexpectedInput, *, may_read: bool) -> int:
        """Report the error at an offset and go to where reading begins again."""
        found = slips.explain(self._source, self._text, offset, error)
        statement = self._statement_of(found.span.start, offset)
        is_mended = found.fix is not None and found.fix.is_safe and _keeps_places(found.fix)
        (self._mended if is_mended else self._wrong).add(found)
        if may_read:
            self._keep_until(statement.start)
        if is_mended and found.fix:
            self._mend(found.fix)
            return statement.start
        self._broken.append(statement)
        self._blank(statement.end)
        return statement.end

    def _keep_until(self, end: int) -> None:
        """Read what stands before the statement of an error, which is right unless that began further up."""
        try:
            self._keep(self._text[:end])
        except lark.UnexpectedInput:
            self._broken.append(Span(self._source, len(self._text) - len(self._text.lstrip()), end))
        self._blank(end)

    def _mend(self, fix: Fix) -> None:
        for span, new in fix.edits:
            text = self._text
            self._text = text[: span.start] + new.ljust(span.end - span.start) + text[span.end :]

    def _blank(self, end: int) -> None:
        self._text = re.sub(r"[^\n]", " ", self._text[:end]) + self._text[end:]

    def _statement_of(self, mistake: int, noticed: int) -> Span:
        """The statement of a mistake: from the start of a line, where no bracket is open, to one where none is.

        A bracket that is never closed is noticed in a later statement, which is no part of it; so what looks like
        the first line of a definition or of a flow is one, whatever is open.
        """
        begin = self._start_before(mistake)
        open_brackets = slips.left_open(self._text[:begin])
        if open_brackets and open_brackets[0][1] in "[(":
            begin = self._start_before(open_brackets[0][0])
        first = max(self._start_before(noticed), begin + 1)
        depth, behind = 0, begin
        for start in self._starts[bisect_left(self._starts, first) :]:
            depth += sum(1 if bracket in "[(" else -1 for _, bracket in slips.brackets(self._text[behind:start]))
            behind = start
            is_outside = start > noticed and depth <= 0
            if is_outside or slips.starts_statement(self._text, start):
                return Span(self._source, begin, start)
        return Span(self._source, begin, len(self._text))

    def _start_before(self, offset: int) -> int:
        """The start of the statement, by the lines of the text, that an offset lies in."""
        return self._starts[max(0, bisect_left(self._starts, offset + 1) - 1)] if self._starts else 0


def without_wrong(file: ast.File, places: list[int], wrong: list[ast.Statement]) -> ast.File:
    """The tree without these statements and those with mistakes at these places, which would only lead to others."""
    if not places:
        return file
    places = sorted(places)
    spans = {statement.span for statement in wrong}
    right: list[ast.Statement] = []
    broken = list(file.broken)
    for statement in file.statements:
        span = statement.span
        has_mistake = bisect_left(places, span.start) < bisect_left(places, span.end)
        if has_mistake or span in spans:
            broken.append(span)
        else:
            right.append(statement)
    return ast.File(file.span, tuple(right), file.comments, tuple(broken))


def _keeps_places(fix: Fix) -> bool:
    """Whether all that follows can stay at its place in the text."""
    return all(len(edit.text) <= edit.span.end - edit.span.start for edit in fix.edits)


def _offset(error: lark.UnexpectedInput, text: str) -> int:
    if isinstance(error, lark.UnexpectedToken) and error.token.type != "$END":
        return int(error.token.start_pos or 0)
    if isinstance(error, lark.UnexpectedCharacters):
        return int(error.pos_in_stream or 0)
    return len(text.rstrip())
