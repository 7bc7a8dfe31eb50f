"""Diagnostics as a person reads them: the line, the underlined span, the numbers, the fix.

error[window-too-large]: a 7x7 window does not fit a 5x5 map
  --> lenet.cnn:6:11
   |
 4 |   -> POOL(6)
   |      ------- this makes the map 5x5
 6 |   -> CONV(16, 7, padding=valid)
   |               ^ (5 + 2*0 - 7)/1 + 1 < 1
   = help: write padding=1, or a kernel of at most 5
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from cnndsl.diagnostics.codes import Severity
from cnndsl.diagnostics.diagnostic import Diagnostic, Label, Step
from cnndsl.source import Source

__all__ = ["clean", "render", "render_all"]

_COLOURS = {Severity.ERROR: "\033[1;31m", Severity.WARNING: "\033[1;33m"}
_BLUE, _BOLD, _RESET = "\033[1;34m", "\033[1m", "\033[0m"
_LONGEST_MESSAGE = 400
_Paint = Callable[[str, str], str]
_WIDEST_LINE = 120
"""Characters of a source line that are shown around a span; longer lines are cut on both sides."""


def render_all(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """All of them, an empty line between two."""
    return "\n".join(render(diagnostic, colour=colour) for diagnostic in diagnostics)


def render(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """One diagnostic as lines of text, the last with its line end."""
    severity = diagnostic.severity
    paint = _painter(colour)
    head = paint(_COLOURS[severity], f"{severity.value}[{diagnostic.code}]")
    lines = [f"{head}{paint(_BOLD, f': {clean(diagnostic.message)}')}"]
    primary = Label(diagnostic.span, diagnostic.label)
    lines += _places(primary, diagnostic.others, _COLOURS[severity], paint)
    notes = [*_chain(diagnostic.chain), *diagnostic.notes]
    lines += [f"  {paint(_BLUE, '=')} note: {clean(note)}" for note in notes]
    if diagnostic.help:
        lines.append(f"  {paint(_BLUE, '=')} help: {clean(diagnostic.help)}")
    return "\n".join(lines) + "\n"


def clean(text: str) -> str:
    """Text that a terminal shows and does not obey, and that ends: a spec may hold anything."""
    text = text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}..."
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _painter(colour: bool) -> _Paint:
    return (lambda code, text: f"{code}{text}{_RESET}") if colour else (lambda code, text: text)


def _chain(chain: tuple[Step, ...]) -> list[str]:
    """The calls that led here; a long recursion is told by its ends."""
    calls = list(map(str, chain))
    if len(calls) <= 6:
        return calls
    return [*calls[:3], f"... and {len(calls) - 5} more calls ...", *calls[-2:]]


def _places(primary: Label, others: tuple[Label, ...], colour: str, paint: _Paint) -> list[str]:
    """The source lines that hold the labels, each source under its own arrow, the primary one first."""
    labels = sorted([*others, primary], key=lambda label: label.span.start)
    sources = [primary.span.source]
    sources += [label.span.source for label in others if label.span.source is not primary.span.source]
    last_line = max(label.span.position.line for label in labels)
    gutter = len(str(last_line)) + 1
    lines: list[str] = []
    for source in dict.fromkeys(sources):
        here = [label for label in labels if label.span.source is source]
        target = primary if source is primary.span.source else here[0]
        lines.append(f"{' ' * gutter}{paint(_BLUE, '-->')} {target.span}")
        lines.append(f"{' ' * gutter} {paint(_BLUE, '|')}")
        for number, group in groupby(here, key=lambda label: label.span.position.line):
            lines += _line(source, number, list(group), primary, colour, gutter, paint)
    return lines


def _line(
    source: Source, number: int, labels: list[Label], primary: Label, colour: str, gutter: int, paint: _Paint
) -> Iterator[str]:
    """A source line and, below it, one row of underlining for each label on it."""
    text = source.line(number)
    first = min(label.span.position.column for label in labels) - 1
    cut = max(0, first - _WIDEST_LINE // 3) if len(text) > _WIDEST_LINE else 0
    shown = clean(text[cut : cut + _WIDEST_LINE].replace("\t", " "))
    left, right = "..." if cut else "", "..." if cut + _WIDEST_LINE < len(text) else ""
    bar = paint(_BLUE, "|")
    yield f"{paint(_BLUE, str(number).rjust(gutter))} {bar} {left}{shown}{right}".rstrip()
    for label in labels:
        column = label.span.position.column - 1 - cut
        width = min(label.span.end, label.span.start + len(text) - column - cut) - label.span.start
        width = max(1, min(width, len(shown) - column))
        is_primary = label is primary
        underline = paint(colour if is_primary else _BLUE, ("^" if is_primary else "-") * width)
        yield f"{' ' * gutter} {bar} {' ' * (len(left) + column)}{underline} {clean(label.text)}".rstrip()
