"""What the compiler has to say about a spec: facts first; how they look is the renderers' business."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cnndsl.diagnostics.codes import CODES, Severity
from cnndsl.diagnostics.fix import Fix
from cnndsl.source import Span

__all__ = ["Diagnostic", "Diagnostics", "Label", "Step"]

_LONGEST_CALL = 60
"""Characters of a call that are shown."""


class Label(NamedTuple):
    """A few words about a place."""

    span: Span
    text: str


class Step(NamedTuple):
    """A call on the way to a mistake, or the copy of a repetition, or the row of a table."""

    span: Span
    copy: str = ""
    """Which copy or row it was, "" for a call."""

    def __str__(self) -> str:
        if self.copy:
            return f"in {self.copy} at {self.span}"
        text = self.span.on_one_line
        text = text if len(text) <= _LONGEST_CALL else f"{text[: _LONGEST_CALL - 3]}..."
        return f"reached through `{text}` at {self.span}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake, or one thing to know.

    Attributes:
        code: its name in the catalogue, `window-too-large`.
        message: one sentence, without a full stop.
        span: the place to look at first.
        label: a few words under that place: the numbers of the rule that failed.
        others: further places with their own words: the other end of a clash.
        chain: the calls, copies and rows through which the place was reached, outermost first.
        help: what to type instead.
        fix: the edits that do it, where they are known.
        notes: what else there is to know, a sentence each.
    """

    code: str
    message: str
    span: Span
    label: str = ""
    others: tuple[Label, ...] = ()
    chain: tuple[Step, ...] = ()
    help: str = ""
    fix: Fix | None = None
    notes: tuple[str, ...] = ()

    @property
    def severity(self) -> Severity:
        return CODES[self.code].severity

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


class Diagnostics:
    """Diagnostics in the order in which they were found, each mistake once.

    The same text is elaborated once for each copy and call of it; a mistake in it is still one mistake.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        self._found.setdefault((diagnostic.code, diagnostic.span), diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """In the order of the text, those of one source together."""
        sources = {source: place for place, source in enumerate(dict.fromkeys(span.source for _, span in self._found))}
        return tuple(sorted(self._found.values(), key=lambda found: (sources[found.span.source], found.span.start)))

    @property
    def has_errors(self) -> bool:
        return any(found.is_error for found in self._found.values())

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)
