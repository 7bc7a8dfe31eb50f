"""The one style of .cnn text: statements below each other, their equals signs and comments in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from cnndsl.syntax import ast
from cnndsl.syntax.layout import WIDTH, Line, lay_out
from cnndsl.syntax.style import LONGEST_HEAD, Styled

__all__ = ["formatted"]


def formatted(file: ast.File) -> str:
    """The text of a tree in the one style, its comments where they stood; it parses to an equal tree.

    It is a whole number of lines: empty, or with a newline at its end.
    """
    page, text, end, margin = _Page(), file.source.text, 0, 0
    for node, styled in _outermost(file):
        ends = text.count("\n", end, node.span.start)
        column = node.span.position.column
        if styled is not None:
            page.add_statement(lay_out(styled.words.items), ends > 1)
            end, margin = styled.words.end, column
        else:
            page.add_comment(node.span.text.rstrip(), ends, column > margin)
            end = node.span.end
    return "".join(f"{line}\n" for line in page.lines())


class _Page:
    """Lines in sections: each statement of several lines is one, and so are those of one line on lines in a row."""

    def __init__(self) -> None:
        self._sections: list[list[Line]] = [[]]
        self._indent = 0  # of comments that belong to the statement above
        self._is_finished = False  # the last section

    def add_statement(self, lines: Sequence[Line], is_after_blank: bool) -> None:
        """Write a statement."""
        self._leave_blank(is_after_blank)
        if self._is_finished or len(lines) > 1:
            self._sections.append([])
        self._sections[-1] += lines
        self._is_finished = len(lines) > 1
        last = lines[-1].code
        self._indent = len(last) - len(last.lstrip())

    def add_comment(self, text: str, line_ends: int, is_indented: bool) -> None:
        """Write a comment that stands in no statement, behind the last line or below as many line ends.

        One that is indented more than a statement of several lines right above it goes on in the column of the
        statement's last line, as what is commented out of it does.
        """
        if self._is_begun and not line_ends:
            self._sections[-1][-1] = self._sections[-1][-1]._replace(comment=text)
            return
        self._leave_blank(line_ends > 1)
        if line_ends > 1 or not is_indented:
            self._indent = 0
        self._sections[-1].append(Line(" " * self._indent + text))

    def lines(self) -> Iterator[str]:
        for section in self._sections:
            yield from _with_comments_in_columns(section)

    @property
    def _is_begun(self) -> bool:
        return bool(self._sections[-1])

    def _leave_blank(self, is_wanted: bool) -> None:
        if is_wanted and self._is_begun:
            self._sections[-1].append(Line())


def _outermost(file: ast.File) -> Iterator[tuple[ast.Node, Styled | None]]:
    """Statements, and the comments that stand in none, in the order of the text."""
    styled = [Styled(statement) for statement in file.statements]
    _align(file.statements, styled)
    nodes: list[tuple[ast.Node, Styled | None]] = [*zip(file.statements, styled, strict=True)]
    nodes += [(comment, None) for comment in file.comments]
    end = 0
    for node, found in sorted(nodes, key=lambda pair: pair[0].span.start):
        if node.span.start >= end:
            yield node, found
            end = node.span.end


def _align(statements: Sequence[ast.Statement], styled: Sequence[Styled]) -> None:
    """Put the `=` of definitions on consecutive lines below each other, but for those with a long head."""
    blocks: list[list[Styled]] = [[]]
    for (before, statement), each in zip(pairwise([None, *statements]), styled, strict=True):
        assert statement is not None
        if before is not None and not _is_on_next_line(before, statement):
            blocks.append([])
        if each.head is None or each.head > LONGEST_HEAD:
            blocks.append([])
        else:
            blocks[-1].append(each)
    for block in blocks:
        column = max((each.head or 0 for each in block), default=0)
        for each in block:
            each.align(column)


def _is_on_next_line(before: ast.Statement, after: ast.Statement) -> bool:
    return after.span.source.text.count("\n", before.span.end, after.span.start) == 1


def _with_comments_in_columns(lines: Sequence[Line]) -> Iterator[str]:
    """Comments behind lines that follow each other stand in one column, if they all fit there.

    One behind an opening bracket, or behind the `=` of a definition, stands for itself.
    """
    for _, run in groupby(enumerate(lines), key=_run):
        block = [line for _, line in run]
        column = max((len(line.code) for line in block if line.comment), default=0)
        if any(column + len("  ") + len(line.comment) > WIDTH for line in block):
            column = 0
        for line in block:
            yield f"{line.code:<{column}}  {line.comment}" if line.comment else line.code


def _run(numbered: tuple[int, Line]) -> int | None:
    """The same for all lines of a run; the number of a line that is one alone."""
    number, line = numbered
    is_alone = not line.code or line.code.lstrip().startswith("#") or line.code.endswith(("(", "[", "="))
    return number if is_alone else None
