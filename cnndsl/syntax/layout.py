"""Lines of limited width from a stream of words, places where a line may end, and groups of these.

A group that fits on its line is written on it. In one that does not, lines end where they have to: at every place of
the kind `all`, and at one of the kind `fill` where what follows would not fit. It stands in a column of its own,
where it begins, or, where there is too little room for that or a comment stands first in it, on a new line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, NamedTuple

__all__ = [
    "BRACKET_EDGE",
    "CLOSE",
    "INDENT",
    "WIDTH",
    "Break",
    "Close",
    "Comment",
    "Item",
    "Line",
    "Open",
    "Pad",
    "flat_width",
    "lay_out",
]

WIDTH = 120
"""Columns of a line of code; a comment may reach beyond."""

INDENT = 2


class Break(NamedTuple):
    """A place where a line may end.

    Attributes:
        kind: `all` and `fill` as above; at `hard` the line ends always, at `edge` where a group gets a new line.
        flat: what stands there on a line that goes on.
        offset: of the next line, from the column of the group.
    """

    kind: Literal["all", "fill", "hard", "edge"]
    flat: str = " "
    offset: int = 0


class Open(NamedTuple):
    """The start of a group.

    Attributes:
        is_forced: whether it is taken not to fit.
        farthest: the last column in which it may begin without a new line where it does not fit; a line can always
            end before one that has such a column.
        padding: the columns of what pads it.
    """

    is_forced: bool = False
    farthest: int = WIDTH
    padding: int = 0


class Close(NamedTuple):
    """The end of a group."""


class Pad(NamedTuple):
    """Blanks in a row of a table: written where the row has a line of its own, and fits on it."""

    width: int


class Comment(NamedTuple):
    """A comment: behind what stands before it, or on lines of its own, where a blank line may stand before it."""

    text: str
    is_own: bool
    is_after_blank: bool


Item = str | Break | Open | Close | Pad | Comment

BRACKET_EDGE = Break("edge", "")
"""Stands behind the Open of a group in brackets."""

CLOSE = Close()

_CLOSING_BRACKETS = frozenset(")]")


class Line(NamedTuple):
    """A line, and the comment at its end; a comment of its own is code here."""

    code: str = ""
    comment: str = ""


class _Group(NamedTuple):
    """A group that is being written.

    Attributes:
        is_broken: whether its lines end where they have to.
        column: of its lines.
        closing: the column of its closing bracket, where that begins a line.
        is_block: whether that begins a line always.
        line: on which it begins, if it is one in brackets; else -1.
    """

    is_broken: bool
    column: int
    closing: int = 0
    is_block: bool = False
    line: int = -1


def flat_width(item: Item) -> int:
    """The columns of an item on a line that goes on."""
    if isinstance(item, str):
        return len(item)
    return len(item.flat) if isinstance(item, Break) else 0


def lay_out(items: Sequence[Item]) -> list[Line]:
    """The lines of one statement, which starts in the first column."""
    line = _on_one_line(items)
    return [Line(line)] if line is not None else _Layout(items).lines()


def _on_one_line(items: Sequence[Item]) -> str | None:
    """What most statements are; None for those that are not."""
    words: list[str] = []
    for item in items:
        if isinstance(item, str):
            words.append(item)
        elif isinstance(item, Break):
            words.append(item.flat)
        if _prevents_one_line(item, None, None):
            return None
    line = "".join(words)
    return line if len(line) <= WIDTH else None


class _Measures:
    """What is known of a stream before it is laid out.

    Attributes:
        before: for each item, the characters before it, all on one line.
        forced: for each item, how much before it prevents one line.
        stop: for each Open and Break, where the next line could end behind it.
        room: for each Open, the columns that it needs if all lines end that can.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.before, self.forced = [0], [0]
        for item, before, after in zip(items, [None, *items], [*items[1:], None], strict=False):
            self.before.append(self.before[-1] + flat_width(item))
            self.forced.append(self.forced[-1] + _prevents_one_line(item, before, after))
        self.close: dict[int, int] = {}
        self.stop = self._stops(items)
        self.room = self._rooms(items)

    def _stops(self, items: Sequence[Item]) -> dict[int, int]:
        """Found from the end: the next Break or comment that stands in the same group or one around it."""
        found: dict[int, int] = {}
        ends = [(-1, len(items))]  # of lines, the nearest last: how deep it stands, and where
        closed: list[int] = []
        for place in range(len(items) - 1, -1, -1):
            item = items[place]
            if isinstance(item, Close):
                closed.append(place)
            elif not isinstance(item, (str, Pad)):
                if isinstance(item, Open):
                    self.close[place] = closed.pop()
                depth = len(closed)
                found[place] = ends[bisect_right(ends, (depth, len(items))) - 1][1]
                if not isinstance(item, Open) or item.farthest < WIDTH:
                    while ends[-1][0] >= depth:
                        ends.pop()
                    ends.append((depth, place))
        return found

    def _rooms(self, items: Sequence[Item]) -> dict[int, int]:
        found: dict[int, int] = {}
        column = 0
        opened: list[list[int]] = []  # place, column, farthest column reached
        for place, item in enumerate(items):
            match item:
                case str(word):
                    column += len(word)
                case Open():
                    opened.append([place, column, column])
                case Break(kind="edge", flat=flat):
                    column += len(flat)
                case Break(offset=offset) if opened:
                    opened[-1][2] = max(opened[-1][2], column)
                    column = opened[-1][1] + offset
                case Close():
                    start, left, right = opened.pop()
                    right = max(right, column + self.before[self.stop[start]] - self.before[place])
                    found[start] = right - left
                    if opened:
                        opened[-1][2] = max(opened[-1][2], right)
        return found


def _prevents_one_line(item: Item, before: Item | None, after: Item | None) -> bool:
    """A group that is taken not to fit does so where it may get a new line: what stands before that place may fit."""
    if isinstance(item, Open):
        return item.is_forced and not _is_edge(after)
    if isinstance(item, Break):
        return item.kind == "hard" or (_is_edge(item) and isinstance(before, Open) and before.is_forced)
    return isinstance(item, Comment)


def _is_edge(item: Item | None) -> bool:
    return isinstance(item, Break) and item.kind == "edge"


class _Layout:
    """Writes line after line.

    Attributes:
        _words: of the line that is written; the first is its indentation.
        _comment: at the end of that line, which nothing can follow then; "" where the line is one.
        _next: the column below a comment.
        _closing: the column of a bracket that closes the last group, below a comment.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._measures = _Measures(items)
        self._done: list[Line] = []
        self._words = [""]
        self._column = 0
        self._comment: str | None = None
        self._next = 0
        self._groups = [_Group(True, 0)]
        self._closing = 0

    def lines(self) -> list[Line]:
        place = 0
        while place < len(self._items):
            match self._items[place]:
                case str(word):
                    self._write(word)
                case Break() as end:
                    self._pass(end, place)
                case Open() as start:
                    place += self._open(start, place)
                case Close():
                    self._close(place)
                case Pad(width=width) if self._groups[-2].is_broken and not self._groups[-1].is_broken:
                    self._write(" " * width)
                case Comment() as comment:
                    self._remark(comment)
            place += 1
        self._end_line(0)
        return self._done

    @property
    def _indent(self) -> int:
        return len(self._words[0])

    @property
    def _is_at_start(self) -> bool:
        return len(self._words) == 1

    def _write(self, word: str) -> None:
        if self._comment is not None:
            if word in _CLOSING_BRACKETS:
                self._end_line(self._closing, 0)
            else:
                self._end_line(self._next)
        if not (self._is_at_start and word.isspace()):
            self._words.append(word)
            self._column += len(word)

    def _end_line(self, column: int, least: int = 1) -> None:
        """End the line, if anything stands on it; the next starts in a column, indented where that is less than least.

        In the first column statements start, and nothing else does but a bracket that closes.
        """
        if self._comment is not None or not self._is_at_start:
            self._done.append(Line("".join(self._words).rstrip(), self._comment or ""))
        self._column = column if column >= least else INDENT
        self._words, self._comment = [" " * self._column], None

    def _pass(self, end: Break, place: int) -> None:
        group = self._groups[-1]
        if self._comment is not None or end.kind == "hard" or (group.is_broken and self._ends_at(end, place)):
            self._end_line(group.column + end.offset)
        else:
            self._write(end.flat)

    def _ends_at(self, end: Break, place: int) -> bool:
        return end.kind == "all" or self._is_remark(place + 1) or (end.kind == "fill" and not self._fits(place))

    def _is_remark(self, place: int) -> bool:
        """Whether a comment on a line of its own stands there."""
        item = self._items[place]
        return isinstance(item, Comment) and item.is_own

    def _fits(self, place: int, padding: int = 0) -> bool:
        """Whether what stands between a place and the next possible end of a line can go on this line."""
        known = self._measures
        stop = known.stop[place]
        is_one_line = known.forced[known.close.get(place, stop)] == known.forced[place]
        return is_one_line and self._column + known.before[stop] - known.before[place] + padding <= WIDTH

    def _open(self, start: Open, place: int) -> int:
        """Begin a group; how many items that takes beside its start."""
        edge = self._items[place + 1]
        if not isinstance(edge, Break) or edge.kind != "edge":
            self._groups.append(_Group(not self._fits(place), self._column))
            return 0
        is_block = self._comment is not None or self._is_remark(place + 2)
        is_broken = is_block or not self._fits(place, start.padding if self._groups[-1].is_broken else 0)
        outside = self._outside() if is_block else self._indent
        gets_new_line = is_block or (is_broken and self._is_too_far(start, place))
        if gets_new_line:
            self._end_line(outside + INDENT)
        closing = outside if is_block else self._column - 1
        line = len(self._done) if edge is BRACKET_EDGE else -1
        self._groups.append(_Group(is_broken, self._column, closing, is_block, line))
        return int(gets_new_line)

    def _outside(self) -> int:
        """The column around a block: of the line that it begins on, or of brackets that begin on the same line."""
        around = next((group for group in reversed(self._groups) if group.line >= 0), None)
        return around.column if around is not None and around.line == len(self._done) else self._indent

    def _is_too_far(self, start: Open, place: int) -> bool:
        """Whether a group that does not fit is better off on a new line."""
        is_far = self._column > start.farthest or self._column + self._measures.room[place] > WIDTH
        return is_far and self._indent + INDENT < self._column

    def _close(self, place: int) -> None:
        group = self._groups.pop()
        self._closing = group.closing
        if group.is_block and self._items[place + 1] in _CLOSING_BRACKETS:
            self._end_line(self._closing, 0)

    def _remark(self, comment: Comment) -> None:
        if not comment.is_own:
            self._comment, self._next = comment.text, self._groups[-1].column + INDENT
            return
        if self._comment == "":
            self._end_line(self._next)
        elif not self._is_at_start:
            self._end_line(self._groups[-1].column)
        if comment.is_after_blank:
            self._done.append(Line())
        self._words.append(comment.text)
        self._comment, self._next = "", self._column
