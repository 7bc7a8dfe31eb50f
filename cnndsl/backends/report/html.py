"""The report as a page of its own."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator

from cnndsl.backends.report.table import Line, Table
from cnndsl.backends.report.values import shown

__all__ = ["write"]

_STYLE = """\
body { font: 14px/1.4 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 2em; }
table { border-collapse: collapse; margin: 1em 0; }
caption { font-size: 1.3em; font-weight: 600; text-align: left; padding-bottom: .5em; }
th, td { padding: .15em .8em; text-align: left; font-weight: normal; white-space: nowrap; }
thead th, tfoot th, tfoot td { font-weight: 600; }
thead th { border-bottom: 1px solid #888; position: sticky; top: 0; background: inherit; }
thead { background: #fff; }
tfoot th, tfoot td { border-top: 1px solid #888; }
tbody tr:hover { background: #f0f3f7; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
dt { font-weight: 600; float: left; clear: left; width: 8em; }
dd { margin: 0 0 .2em 8em; }
p { color: #555; }
@media (prefers-color-scheme: dark) {
  body, thead { color: #e6e6e6; background: #16181c; }
  tbody tr:hover { background: #24272d; }
  p { color: #aaa; }
}"""


def write(tables: Iterable[Table]) -> str:
    """One page with these tables; it refers to nothing outside itself."""
    found = list(tables)
    title = ", ".join(table.title for table in found if table.title) or "Networks"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{html.escape(title)}</title>",
            f"<style>\n{_STYLE}\n</style>",
            "</head>",
            "<body>",
            *(line for table in found for line in _lines(table)),
            "</body>",
            "</html>\n",
        ]
    )


def _lines(table: Table) -> Iterator[str]:
    yield "<table>"
    if table.title:
        yield f"<caption>{html.escape(table.title)}</caption>"
    headings = [f'<th scope="col">{table.label}</th>']
    headings += [f'<th scope="col"{_class(each.is_number)}>{html.escape(each.text)}</th>' for each in table.headings]
    yield f"<thead><tr>{''.join(headings)}</tr></thead>"
    yield "<tbody>"
    yield from (_row(table, line) for line in table.lines)
    yield "</tbody>"
    if table.total:
        yield f"<tfoot>{_row(table, table.total)}</tfoot>"
    yield "</table>"
    if table.totals:
        facts = (f"<dt>{title}</dt><dd>{html.escape(text)}</dd>" for title, text in table.totals)
        yield f"<dl>{''.join(facts)}</dl>"
    yield from (f"<p>{html.escape(note)}</p>" for note in table.notes)


def _row(table: Table, line: Line) -> str:
    times = f" &times; {line.times}" if line.times > 1 else ""
    indent = f' style="padding-left: {line.level * 1.5 + 0.8:.1f}em"' if line.level else ""
    cells = (
        f"<td{_class(heading.is_number)}>{html.escape(shown(cell))}</td>"
        for heading, cell in zip(table.headings, line.cells, strict=True)
    )
    return f'<tr><th scope="row"{indent}>{html.escape(line.label)}{times}</th>{"".join(cells)}</tr>'


def _class(is_number: bool) -> str:
    return ' class="number"' if is_number else ""
