"""Lint: the warnings of the compiler and of the rules, those left out that are turned off."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from cnndsl.analyses.lint import lint
from cnndsl.compiler import Compilation
from cnndsl.diagnostics import CODES, WARNINGS, Diagnostic, Diagnostics
from cnndsl.source import Source, Span
from cnndsl.syntax.remarks import Remarks

__all__ = ["AS_IT_IS", "Switches", "linted"]

_NEEDLESS = "needless-off"
_MOST_PLACES = 3
"""Further nodes of a kind that are named."""


class Switches(NamedTuple):
    """Codes that are turned off or on from outside; what is turned off is off."""

    off: Collection[str] = ()
    on: Collection[str] = ()

    def active(self, remarks: Remarks, source: Source) -> frozenset[str]:
        """The codes that are looked for: those that are on by themselves, or turned on here or in this file."""
        in_file = (each.code for each in remarks.known if not each.is_off and each.span.source is source)
        turned_on = {*self.on, *in_file}
        return frozenset(code for code in WARNINGS if code not in self.off and (CODES[code].is_on or code in turned_on))


AS_IT_IS = Switches()


def linted(found: Compilation, switches: Switches = AS_IT_IS) -> tuple[Diagnostic, ...]:
    """What there is to say about a spec without mistakes, in the order of its text; of one with mistakes, these.

    Args:
        found: what the compiler made of it.
        switches: what is turned off and on from outside.
    """
    if found.has_errors:
        return found.diagnostics
    remarks = Remarks.of((found.source, *found.used))
    active = switches.active(remarks, found.source)
    told = Diagnostics()
    silenced = list(found.silenced)
    told.extend(each for each in found.diagnostics if each.code in active)
    told.extend(_of_rules(found, active, remarks, silenced))
    if _NEEDLESS in active:
        told.extend(_needless(found, active, remarks, silenced))
    return told.sorted()


def _of_rules(
    found: Compilation, active: frozenset[str], remarks: Remarks, silenced: list[Diagnostic]
) -> Iterator[Diagnostic]:
    """What the rules find: each place once, with a note on the nodes for which the same holds."""
    first: dict[tuple[str, Span], Diagnostic] = {}
    paths: dict[tuple[str, Span], list[str]] = {}
    for graph in found.graphs:
        for node, diagnostic in lint(graph, active):
            if remarks.silence(diagnostic):
                silenced.append(diagnostic)
                continue
            place = diagnostic.code, diagnostic.span
            first.setdefault(place, diagnostic)
            paths.setdefault(place, []).append(node.path)
    for place, diagnostic in first.items():
        yield replace(diagnostic, notes=_further(paths[place][1:]))


def _further(paths: list[str]) -> tuple[str, ...]:
    if not paths:
        return ()
    named, more = paths[:_MOST_PLACES], len(paths) - _MOST_PLACES
    return (f"the same holds for {', '.join(named)}{f' and {more:,} further layers' if more > 0 else ''}",)


def _needless(
    found: Compilation, active: frozenset[str], remarks: Remarks, silenced: list[Diagnostic]
) -> Iterator[Diagnostic]:
    for remark in remarks.known:
        is_judged = remark.is_off and remark.span.source is found.source and remark.code in active
        if is_judged and not any(map(remark.silences, silenced)):
            message = f"nothing here would be told of `{remark.code}`"
            yield Diagnostic(_NEEDLESS, message, remark.span, help="leave the comment out")
