"""Messages for syntax errors, chosen by looking for the mistakes that people make around the place."""

from __future__ import annotations

import re
from collections.abc import Iterator

import lark

from cnndsl.diagnostics import Diagnostic, Label
from cnndsl.source import Source, Span

__all__ = ["explain"]

_SLIPS: tuple[tuple[str, str, str], ...] = (
    # around the place of the error; message; help. {0} stands for the match, {1} for its first group.
    (r"=>|-->|–>|—>|⇒|⟶|➔|->>|=>>", "`{0}` is no arrow", "write `->`"),
    (r"(?:->|>>|→)\s*(?:->|>>|→)", "there is nothing between two arrows", "remove one of them"),
    (r"\[\s*\]", "the brackets are empty", "write a layer inside, or ID to pass the input on"),
    (r",\s*\]", "a concatenation has at least two branches", "remove the comma, or add a branch"),
    (r",\s*,", "there is nothing between two commas", "remove one of them"),
    (r"\b\d+( *[xX×] *\d+)+", "a size is written without spaces", "write `{compact}`"),
    (r"\b(\d+)x([A-Za-z_]\w*)", "a size of names is a tuple", "write `({1}, {2})`"),
    (r"\d+[xX×]", "a size needs a number on both sides of its x", "write 3x3"),
    (r"\bif\b[^=\n]*[^=<>!]=(?!=)", "`=` gives a name to something; a comparison is `==`", "write `==`"),
    (r"[{}]", "`{0}` is not part of the language", "group with [ ] and call with ( )"),
    (r";", "statements are not separated by `;`", "start a new line"),
    (r"[“”‘’']", "{0} is no quotation mark of the language", 'write "..."'),
    (r'"[^"\n]*$', "the string does not end on its line", 'write the closing `"`'),
    (r"\^", "`^` is no operator", "a power is written `**`"),
    (r"&&|\|\|", "`{0}` is no operator", "write `and` or `or`; networks are multiplied with `&`"),
    (r"\.\.\.", "`...` leaves something out", "write every element, or repeat with `*n`"),
)

_KEYWORDS = frozenset(
    {"as", "for", "in", "if", "else", "and", "or", "not", "shared", "use", "default", "require", "true", "false"}
)
_OPENING, _CLOSING = "[(", "])"


def explain(source: Source, text: str, offset: int, error: lark.UnexpectedInput) -> Diagnostic:
    """What is wrong at an offset where the grammar could not go on."""
    return (
        _slip(source, text, offset)
        or _bracket(source, text, offset)
        or _incomplete(source, text, offset)
        or _unexpected(source, text, offset, error)
    )


def _slip(source: Source, text: str, offset: int) -> Diagnostic | None:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : len(text) if end < 0 else end].split("#")[0]
    for pattern, message, help in _SLIPS:
        for match in re.finditer(pattern, line):
            if start + match.start() <= offset <= start + match.end():
                words = (match[0], *match.groups())
                span = Span(source, start + match.start(), start + match.end())
                help = help.format(*words, compact=match[0].replace(" ", ""))
                return Diagnostic("syntax", message.format(*words), span, help=help)
    return None


def _bracket(source: Source, text: str, offset: int) -> Diagnostic | None:
    """A bracket without its partner: at the end of the text, at a new statement, or the wrong one."""
    opened: list[tuple[int, str]] = []
    for place, bracket in _brackets(text[: offset + 1]):
        if bracket in _OPENING:
            opened.append((place, bracket))
        elif not opened:
            span = Span(source, place, place + 1)
            return Diagnostic("unclosed-bracket", f"nothing is opened that this `{bracket}` closes", span)
        elif _OPENING.index(opened[-1][1]) != _CLOSING.index(bracket):
            here, there = Span(source, place, place + 1), Span(source, opened[-1][0], opened[-1][0] + 1)
            message = f"`{opened[-1][1]}` is closed with `{bracket}`"
            return Diagnostic("unclosed-bracket", message, here, others=(Label(there, "opened here"),))
        else:
            opened.pop()
    if opened and (offset >= len(text.rstrip()) or re.match(r"[A-Za-z_]\w*(\([^()]*\))?\s*=[^=]", text[offset:])):
        place, bracket = opened[-1]
        closing = _CLOSING[_OPENING.index(bracket)]
        message = f"this `{bracket}` is never closed"
        return Diagnostic("unclosed-bracket", message, Span(source, place, place + 1), help=f"write `{closing}`")
    return None


def _brackets(text: str) -> Iterator[tuple[int, str]]:
    for match in re.finditer(r'[\[\]()]|#[^\n]*|"[^"\n]*"', text):
        if match[0] in "[]()":
            yield match.start(), match[0]


def _incomplete(source: Source, text: str, offset: int) -> Diagnostic | None:
    """An operator or an arrow with nothing behind it."""
    before = re.search(r"(->|>>|→|\*\*|//|[-+*&|/%=,])\s*$", re.sub(r"#[^\n]*$", "", text[:offset].rstrip()))
    if before is None:
        return None
    at_end = offset >= len(text.rstrip())
    span = Span(source, before.start(1), before.end(1))
    what = "the text ends" if at_end else f"`{_word(text, offset)}` stands"
    help = "write the next element, or remove it" if at_end else ""
    return Diagnostic("syntax", f"`{before[1]}` needs something behind it, but there {what}", span, help=help)


def _unexpected(source: Source, text: str, offset: int, error: lark.UnexpectedInput) -> Diagnostic:
    word = _word(text, offset)
    span = Span(source, offset, offset + max(1, len(word)))
    if not word:
        return Diagnostic("syntax", "the text ends in the middle of a statement", span)
    if word in _KEYWORDS:
        message = f"`{word}` is a word of the language and cannot stand here"
        return Diagnostic("syntax", message, span, help="a definition or a label needs another name")
    if not word.isascii() or not word.isprintable():
        message = f"the character {word!r} (U+{ord(word[0]):04X}) is not part of the language"
        return Diagnostic("syntax", message, span)
    return Diagnostic("syntax", f"`{word}` cannot stand here", span, help=_expected(error))


def _expected(error: lark.UnexpectedInput) -> str:
    """What could have stood there, when that is little enough to say."""
    expected = getattr(error, "accepts", None) or getattr(error, "expected", None) or ()
    words = {
        "ARROW": "`->`",
        "RPAR": "`)`",
        "RSQB": "`]`",
        "COMMA": "`,`",
        "EQUAL": "`=`",
        "IN": "`in`",
        "ELSE": "`else`",
    }
    found = [shown for name, shown in words.items() if name in expected]
    return f"expected here: {', '.join(found)}" if found and len(expected) < 25 else ""


def _word(text: str, offset: int) -> str:
    match = re.match(r"[A-Za-z_0-9.]+|->|>>|\S", text[offset:])
    return match[0] if match else ""
