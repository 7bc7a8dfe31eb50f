"""The report as a LaTeX table, for a paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cnndsl.backends.report.table import Line, Table
from cnndsl.backends.report.values import shown

__all__ = ["write"]

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        **{character: f"\\{character}" for character in "&%$#_{}"},
    }
)

_CROSS = re.compile(r"(?<=\d)x(?=\d)")


def write(tables: Iterable[Table]) -> str:
    r"""For each a `longtable` with rules of booktabs, breaking over pages; what it needs stands in its first line."""
    return "\n".join("\n".join(_lines(table)) + "\n" for table in tables)


def _lines(table: Table) -> Iterator[str]:
    alignment = "".join("r" if heading.is_number else "l" for heading in table.headings)
    yield r"% \usepackage{booktabs,longtable,textcomp}"
    yield f"\\begin{{longtable}}{{l{alignment}}}"
    yield r"\toprule"
    yield _row([table.label, *(_escaped(heading.text) for heading in table.headings)])
    yield from (r"\midrule", r"\endhead")
    yield from (_row(_cells(line)) for line in table.lines)
    if table.total:
        yield r"\midrule"
        yield _row(_cells(table.total))
    yield r"\bottomrule"
    yield r"\end{longtable}"
    for title, text in table.totals:
        yield f"\\noindent {title}: {_escaped(text)}\\par"
    for note in table.notes:
        yield f"\\noindent {_escaped(note)}\\par"


def _cells(line: Line) -> list[str]:
    times = f" $\\times$ {line.times}" if line.times > 1 else ""
    space = f"\\hspace*{{{line.level}em}}" if line.level else ""
    return [f"{space}{_escaped(line.label)}{times}", *(_escaped(shown(cell)) for cell in line.cells)]


def _row(cells: list[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _escaped(text: str) -> str:
    """Text as it is, but for the crosses of sizes."""
    return _CROSS.sub(r"$\\times$", text.translate(_SPECIAL).replace("--", "-{}-"))
