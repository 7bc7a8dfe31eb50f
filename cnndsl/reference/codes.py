"""The page of all codes, docs/codes.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from cnndsl.diagnostics import CODES, Severity
from cnndsl.reference.cases import COMMAND, case_of
from cnndsl.reference.texts import cut

__all__ = ["codes_document", "rule_of"]

_OPENING = """\
# Codes

Every message has a code, which says what kind of mistake it is about; `cnndsl explain CODE` shows in a terminal what
this page shows: the rule, a spec that breaks it, and what is said of that. With an error there is no network, with a
warning there is. This page is written by `make docs` from `cnndsl/diagnostics/codes.py` and `cnndsl/reference/cases/`.
"""

_LONGEST_LINE = 120
_OF_LINT = "Warnings of `cnndsl lint`"


def codes_document() -> str:
    """The page."""
    return "\n".join([_OPENING, *_contents(), *(line for code in CODES for line in _code(code))])


def _contents() -> Iterator[str]:
    for severity in Severity:
        for of_lint, what in ((False, f"{severity.value.capitalize()}s"), (True, _OF_LINT)):
            links = [
                f"[{code}](#{code})"
                for code, its in CODES.items()
                if its.severity is severity and its.is_of_lint is of_lint
            ]
            if links:
                yield from (textwrap.fill(f"{what}: {', '.join(links)}.", _LONGEST_LINE, break_on_hyphens=False), "")


def rule_of(code: str) -> str:
    """The rule behind a code, and which command looks for it where that is one alone."""
    _, rule, is_of_lint, is_on = CODES[code]
    if not is_of_lint:
        return rule
    return f"{rule} `cnndsl lint{'' if is_on else f' --on {code}'}` looks for it."


def _code(code: str) -> Iterator[str]:
    case = case_of(code)
    yield from (f"## {code}", "", f"{CODES[code].severity.value.capitalize()}. {rule_of(code)}", "")
    for name, text in {"net.cnn": case.spec, **case.files}.items():
        if case.files:
            yield from (f"{name}:", "")
        yield from ("```", cut(text, _LONGEST_LINE), "```", "")
    if case.command != COMMAND:
        yield from (f"`{case.command}` says:", "")
    yield from ("```text", case.said.rstrip(), "```", "")
