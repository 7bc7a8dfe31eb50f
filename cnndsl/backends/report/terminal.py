"""The report for a terminal. It is written by hand: rich would cost more than the compiler."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnndsl.backends.report.table import Line, Table
from cnndsl.backends.report.values import shown

__all__ = ["ASCII", "PLAIN", "UNICODE", "Glyphs", "Style", "write"]

_GAP = "  "
_SHORTEST_LABEL = 16
"""Characters that a label keeps, however narrow the terminal is."""

_WIDEST_SUM = 40
"""Characters of a total in its column; a longer one, a formula of open sizes, is told below the table."""

_USUAL_WIDTH = 80

_UNIT = re.compile(r"(?<=\d) (?=[kMGTP]?B\b)")
_NO_BREAK = "\0"


class Glyphs(NamedTuple):
    """What the tree and the rules are drawn with."""

    more: str
    last: str
    through: str
    rule: str
    cut: str


UNICODE = Glyphs("├─ ", "└─ ", "│  ", "─", "…")
ASCII = Glyphs("|- ", "`- ", "|  ", "-", "...")


class Style(NamedTuple):
    """What a terminal can show.

    Attributes:
        width: its columns; 0 where there is no end to a line.
        colour: whether it shows colours.
        glyphs: the characters for the tree.
    """

    width: int = 0
    colour: bool = False
    glyphs: Glyphs = UNICODE


PLAIN = Style()


def write(table: Table, style: Style = PLAIN) -> str:
    """Lines in columns; ends with a line end."""
    return "\n".join(_Writer(table, style).lines()) + "\n"


def natural_width(table: Table) -> int:
    """The characters of its longest line, where nothing is cut."""
    return _Writer(table, PLAIN).width


class _Writer:
    def __init__(self, table: Table, style: Style) -> None:
        self._table = table
        self._glyphs = style.glyphs
        self._paint = _colours if style.colour else _no_colours
        self._text_width = style.width or _USUAL_WIDTH
        self._total = [shown(cell) for cell in table.total.cells] if table.total else []
        self._long = [at for at, text in enumerate(self._total) if len(text) > _WIDEST_SUM]
        self._cells = [[shown(cell) for cell in line.cells] for line in table.lines]
        columns = zip(*self._all_cells(), strict=True) if table.headings else iter(())
        self._widths = [max(map(len, column)) for column in columns]
        self._label = self._width_of_labels(style.width)

    @property
    def width(self) -> int:
        return self._label + sum(self._widths) + len(_GAP) * len(self._widths)

    def _all_cells(self) -> Iterator[Sequence[str]]:
        yield [heading.text for heading in self._table.headings]
        yield from self._cells
        if self._total:
            yield ["below" if at in self._long else text for at, text in enumerate(self._total)]

    def _width_of_labels(self, width: int) -> int:
        labels = [len(self._tree(line)) + len(line.label) + len(_times(line)) for line in self._table.lines]
        wanted = max([len(self._table.label), len("total"), *labels])
        if not width:
            return wanted
        room = width - sum(self._widths) - len(_GAP) * len(self._widths)
        return min(wanted, max(room, _SHORTEST_LABEL))

    def lines(self) -> Iterator[str]:
        table = self._table
        if table.title:
            yield self._paint("bold", table.title)
            yield ""
        header, *cells = self._all_cells()
        rule = _GAP.join(self._glyphs.rule * width for width in (self._label, *self._widths))
        yield self._paint("bold", self._row(table.label, header))
        yield self._paint("dim", rule)
        for line, texts in zip(table.lines, cells, strict=False):
            yield self._line(line, texts)
        if table.total:
            yield self._paint("dim", rule)
            yield self._paint("bold", self._row(table.total.label, cells[-1]))
        yield from self._below()

    def _below(self) -> Iterator[str]:
        facts = [*self._long_totals(), *self._table.totals]
        if facts:
            yield ""
            yield from self._facts(facts)
        if self._table.notes:
            yield ""
            for note in self._table.notes:
                yield from textwrap.wrap(note, self._text_width, subsequent_indent=_GAP)

    def _long_totals(self) -> Iterator[tuple[str, str]]:
        """Those that are too long for their column and not told anyway."""
        for at in self._long:
            if not any(self._total[at] in text for _, text in self._table.totals):
                yield f"total {self._table.headings[at].text}", self._total[at]

    def _facts(self, facts: Sequence[tuple[str, str]]) -> Iterator[str]:
        widest = max(len(title) for title, _ in facts)
        indent = " " * (widest + len(_GAP))
        for title, text in facts:
            first, *others = _wrapped(text, self._text_width - len(indent))
            yield f"{self._paint('dim', title.ljust(widest))}{_GAP}{first}"
            yield from (f"{indent}{other}" for other in others)

    def _tree(self, line: Line) -> str:
        if not line.follows:
            return ""
        *above, follows = line.follows
        through = (self._glyphs.through if each else " " * len(self._glyphs.through) for each in above)
        return "".join(through) + (self._glyphs.more if follows else self._glyphs.last)

    def _line(self, line: Line, texts: Sequence[str]) -> str:
        tree, times = self._tree(line), _times(line)
        label = self._cut(line.label, self._label - len(tree) - len(times))
        filled = " " * (self._label - len(tree) - len(label) - len(times))
        before = f"{self._paint('dim', tree)}{label.replace('*', self._paint('mark', '*'))}{times}{filled}"
        return f"{before}{self._row('', texts)[self._label :]}".rstrip()

    def _cut(self, text: str, width: int) -> str:
        cut = self._glyphs.cut
        return text if len(text) <= width else f"{text[: max(width - len(cut), 1)]}{cut}"

    def _row(self, label: str, texts: Sequence[str]) -> str:
        cells = [label.ljust(self._label)]
        for text, width, heading in zip(texts, self._widths, self._table.headings, strict=True):
            cells.append(text.rjust(width) if heading.is_number else text.ljust(width))
        return _GAP.join(cells).rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of a text, between which no number is parted from its unit."""
    kept = _UNIT.sub(_NO_BREAK, text)
    lines = textwrap.wrap(kept, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _times(line: Line) -> str:
    return f" x{line.times}" if line.times > 1 else ""


_CODES = {"bold": "\033[1m", "dim": "\033[2m", "mark": "\033[33m"}


def _colours(how: str, text: str) -> str:
    return f"{_CODES[how]}{text}\033[0m" if text else ""


def _no_colours(how: str, text: str) -> str:
    return text
