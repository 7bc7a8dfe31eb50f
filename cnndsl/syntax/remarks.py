"""Comments that turn warnings off or on: `# off: CODE (reason)`.

Behind something they speak of what begins or ends on their line, on a line of their own of the whole file. Several
codes stand with commas between them; the reason is for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cnndsl.diagnostics import CODES, WARNINGS, Diagnostic, suggestion
from cnndsl.source import Source, Span

__all__ = ["Remark", "Remarks"]

_REMARK = re.compile(r"#\s*(off|on):\s*([\w-]+(?:\s*,\s*[\w-]+)*)\s*(?:\((.*)\)\s*)?$")
_MAY_HOLD_ONE = re.compile(r"#\s*(?:off|on):")
_STRING_OR_COMMENT = re.compile(r'"[^"\n]*"|#[^\n]*')
_WORD = re.compile(r"[\w-]+")


class Remark(NamedTuple):
    """What a comment says of one code.

    Attributes:
        code: the code.
        is_off: whether it is turned off, or on.
        span: where the code is written.
        line: the line of which it speaks; 0 for the whole file.
        reason: why, "" where that is not said.
    """

    code: str
    is_off: bool
    span: Span
    line: int
    reason: str

    def speaks_of(self, span: Span) -> bool:
        """Whether a place lies where it counts."""
        if span.source is not self.span.source:
            return False
        first, last = span.position.line, span.source.position(span.end).line
        return not self.line or first <= self.line <= last

    def silences(self, diagnostic: Diagnostic) -> bool:
        """Whether a warning is not to be told: it is about such a place, or was reached through a call at one."""
        if not self.is_off or diagnostic.code != self.code or diagnostic.is_error:
            return False
        return any(map(self.speaks_of, (diagnostic.span, *(step.span for step in diagnostic.chain))))


class Remarks(NamedTuple):
    """Those of some texts.

    Attributes:
        known: in the order of the texts.
        wrong: what there is to say about others.
    """

    known: tuple[Remark, ...] = ()
    wrong: tuple[Diagnostic, ...] = ()

    @classmethod
    def of(cls, sources: Iterable[Source]) -> Remarks:
        """All remarks in these texts."""
        known: list[Remark] = []
        wrong: list[Diagnostic] = []
        for remark in (each for source in sources for each in _remarks(source)):
            if remark.code in WARNINGS:
                known.append(remark)
            else:
                wrong.append(_unknown(remark))
        return cls(tuple(known), tuple(wrong))

    def silence(self, diagnostic: Diagnostic) -> bool:
        """Whether one of them silences a warning."""
        return any(remark.silences(diagnostic) for remark in self.known)


def _remarks(source: Source) -> Iterator[Remark]:
    """The remarks of a text; `#` in a string begins none."""
    if not _MAY_HOLD_ONE.search(source.text):  # nearly always
        return
    for part in _STRING_OR_COMMENT.finditer(source.text):
        found = _REMARK.match(part[0])
        if found:
            line, column = source.position(part.start())
            is_alone = not source.line(line)[: column - 1].strip()
            for word in _WORD.finditer(part[0], *found.span(2)):
                span = Span(source, part.start() + word.start(), part.start() + word.end())
                yield Remark(word[0], found[1] == "off", span, 0 if is_alone else line, (found[3] or "").strip())


def _unknown(remark: Remark) -> Diagnostic:
    if remark.code in CODES:
        message = f"`{remark.code}` is an error, and errors cannot be turned off"
        return Diagnostic("unknown-code", message, remark.span, help="turn off warnings")
    help, fix = suggestion(remark.span, WARNINGS)
    help = help or "`cnndsl explain CODE` tells of a code; docs/codes.md has them all"
    return Diagnostic("unknown-code", f"there is no warning `{remark.code}`", remark.span, help=help, fix=fix)
