"""The page of all codes, docs/codes.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from cnndsl.diagnostics import CODES, Severity
from cnndsl.reference.cases import COMMAND, case_of
from cnndsl.reference.texts import cut

__all__ = ["codes_document"]

_OPENING = """\
# Codes

Every message has a code, which says what kind of mistake it is about; `cnndsl explain CODE` shows in a terminal what
this page shows: the rule, a spec that breaks it, and what is said of that. With an error there is no network, with a
warning there is. This page is written by `make docs` from `cnndsl/diagnostics/codes.py` and `cnndsl/reference/cases/`.
"""

_LONGEST_LINE = 120


def codes_document() -> str:
    """The page."""
    return "\n".join([_OPENING, *_contents(), *(line for code in CODES for line in _code(code))])


def _contents() -> Iterator[str]:
    for severity in Severity:
        links = (f"[{code}](#{code})" for code, (its, _) in CODES.items() if its is severity)
        text = f"{severity.value.capitalize()}s: {', '.join(links)}."
        yield from (textwrap.fill(text, _LONGEST_LINE, break_on_hyphens=False), "")


def _code(code: str) -> Iterator[str]:
    severity, rule = CODES[code]
    case = case_of(code)
    yield from (f"## {code}", "", f"{severity.value.capitalize()}. {rule}", "")
    for name, text in {"net.cnn": case.spec, **case.files}.items():
        if case.files:
            yield from (f"{name}:", "")
        yield from ("```", cut(text, _LONGEST_LINE), "```", "")
    if case.command != COMMAND:
        yield from (f"`{case.command}` says:", "")
    yield from ("```text", case.said.rstrip(), "```", "")
