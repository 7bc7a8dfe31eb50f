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
    lines = _with_comments_in_columns(_lines(file))
    return "".join(f"{line}\n" for line in lines)


def _lines(file: ast.File) -> list[Line]:
    """Statements, the comments between them and single blank lines, as the text has them."""
    text, lines, end = file.source.text, list[Line](), 0
    for node, styled in _outermost(file):
        gap = text[end : node.span.start]
        is_behind = bool(lines) and "\n" not in gap
        if lines and gap.count("\n") > 1:
            lines.append(Line())
        if styled is not None:
            lines += lay_out(styled.words.items)
        elif is_behind:
            lines[-1] = lines[-1]._replace(comment=node.span.text.rstrip())
        else:
            lines.append(Line(node.span.text.rstrip()))
        end = styled.words.end if styled is not None else node.span.end
    return lines


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
    """Comments behind lines that follow each other stand in one column, if they all fit there."""
    for is_run, run in groupby(lines, key=lambda line: bool(line.code) and not line.code.lstrip().startswith("#")):
        block = list(run)
        column = max((len(line.code) for line in block if line.comment), default=0)
        if any(column + len("  ") + len(line.comment) > WIDTH for line in block):
            column = 0
        for line in block:
            yield f"{line.code:<{column}}  {line.comment}" if is_run and line.comment else line.code
