"""Messages for syntax errors, chosen by looking for the mistakes that people make around the place."""

from __future__ import annotations

import re
from collections.abc import Iterator

import lark

from cnndsl.diagnostics import Diagnostic, Label, instead, perhaps
from cnndsl.source import Source, Span
from cnndsl.syntax import grammar

__all__ = ["brackets", "explain", "known", "left_open", "starts_statement"]

_SLIPS: tuple[tuple[str, str, str, str | None], ...] = (
    # around the place of the error; message; help; what to put in the place of what is underlined, where only that can
    # have been meant. {0} stands for the match, {1} for its first group; what a group `here` matches is underlined,
    # else all of it.
    (r"(\w+\([^()]*\))(?P<here>\((\w+)\))", "a layer is not called with what comes in", "write `{3} -> {1}`", None),
    (r"^\s*(?P<here>//)", "a comment does not start with `//`", "write `#`", "#"),
    (r"\bdef\s+(\w+\([^()]*\))\s*:?", "`def` is not part of the language", "write `{1} = ...`, without `return`", None),
    (r'\b(?:import|include|from)\s+("[^"]*")', "definitions are brought in by `use`", "write `use {1}`", "use {1}"),
    (
        r"\bdefault\s+(?P<here>\w+\s*=\s*\w+)",
        "`default` sets the arguments of a layer",
        "write `default CONV({1})`",
        None,
    ),
    (
        r"\bfor\s*(?P<here>\(([\w\s,]+)\))\s*in\b",
        "the names of a row stand without brackets",
        "write `for {2} in`",
        "{2}",
    ),
    (r"[\])]\s*(?P<here>[xX×]\s*(\d+))\b", "a repetition is written `*n`", "write `*{2}`", "*{2}"),
    (r"\b(\d+(?:\.\d+)?)[kK]\b", "`{0}` is no number", "write `{1}e3`", "{1}e3"),
    (r"\b(\d+(?:\.\d+)?)M\b", "`{0}` is no number", "write `{1}e6`", "{1}e6"),
    (r"\b(\d+(?:\.\d+)?)[GB]\b", "`{0}` is no number", "write `{1}e9`", "{1}e9"),
    (
        r"\b(AS|FOR|IN|IF|ELSE|AND|OR|NOT|USE|SHARED|DEFAULT|REQUIRE)\b",
        "keywords are lower case",
        "write `{lower}`",
        "{lower}",
    ),
    (r"=>|-->|–>|—>|⇒|⟶|➔|->>|=>>", "`{0}` is no arrow", "write `->`", "->"),
    (r"<-|<<|←", "arrows point forward: `{0}` is none", "turn the path round and write `->`", None),
    (r"(?:->|>>|→)\s*(?:->|>>|→)", "there is nothing between two arrows", "remove one of them", None),
    (r"\[\s*\]", "the brackets are empty", "write a layer inside, or ID to pass the input on", None),
    (r",\s*\]", "a concatenation has at least two branches", "remove the comma, or add a branch", None),
    (r",\s*,", "there is nothing between two commas", "remove one of them", None),
    (
        r"\b\d+(?: +[xX×] *\d+| *[xX×] +\d+)(?: *[xX×] *\d+)*",
        "a size is written without spaces",
        "write `{compact}`",
        "{compact}",
    ),
    (r"\b(\d+)x([A-Za-z_]\w*)", "a size of names is a tuple", "write `({listed})`", "({listed})"),
    (r"\d+[xX×](?![\dHW])", "a size needs a number on both sides of its x", "write 3x3", None),
    (
        r"\bif\b(?:[^=\n]|[=<>!]=)*[^=<>!](?P<here>=)(?!=)",
        "`=` gives a name to something; a comparison is `==`",
        "write `==`",
        "==",
    ),
    (r"[{}]", "`{0}` is not part of the language", "group with [ ] and call with ( )", None),
    (r";(?=\s*$)", "a statement ends with its line", "remove the `;`", ""),
    (r";", "statements are not separated by `;`", "start a new line", None),
    (r"[“”‘’']([^“”‘’'\"\n]+)[“”‘’']", "{0} is no string of the language", 'write "{1}"', '"{1}"'),
    (r"[“”‘’']", "{0} is no quotation mark of the language", 'write "..."', None),
    (r"[\w)] *(?P<here>\^) *[\w(]", "`^` is no operator", "a power is written `**`", "**"),
    (r"\^", "`^` is no operator", "a power is written `**`", None),
    (r"&&|\|\|", "`{0}` is no operator", "write `and` or `or`; networks are multiplied with `&`", None),
    (r"\.\.\.", "`...` leaves something out", "write every element, or repeat with `*n`", None),
)

_AROUND = 300
"""Characters that are looked at on each side of a mistake."""

_OPENING, _CLOSING = "[(", "])"


def explain(source: Source, text: str, offset: int, error: lark.UnexpectedInput) -> Diagnostic:
    """What is wrong at an offset where the grammar could not go on."""
    return (
        _foreign_character(source, text, offset)
        or _open_string(source, text, offset)
        or known(source, text, offset)
        or _bracket(source, text, offset)
        or _dangling(source, text, offset)
        or _chained(source, text, offset)
        or _without_else(source, text, offset, error)
        or _missing_arrow(source, text, offset)
        or _mixed(source, text, offset)
        or _unexpected(source, text, offset, error)
    )


def _line(text: str, offset: int) -> tuple[int, str]:
    """What stands around an offset on its line, without comment, and where that starts; of a long line a part."""
    start = max(text.rfind("\n", 0, offset) + 1, offset - _AROUND)
    end = text.find("\n", offset)
    line = text[start : min(len(text) if end < 0 else end, offset + _AROUND)]
    return start, re.sub(r"#.*", "", line)


def _open_string(source: Source, text: str, offset: int) -> Diagnostic | None:
    start, line = _line(text, offset)
    if line.count('"') % 2 == 0:
        return None
    span = Span(source, start + line.rindex('"'), start + len(line.rstrip()))
    return Diagnostic("syntax", "the string does not end on its line", span, help='write the closing `"`')


def known(source: Source, text: str, offset: int) -> Diagnostic | None:
    """The slip that stands around an offset, if it is one of those that have their own message."""
    start, line = _line(text, offset)
    for pattern, message, help, edit in _SLIPS:
        for match in re.finditer(pattern, line):
            first, last = match.span("here" if "here" in match.re.groupindex else 0)
            if start + first <= offset <= start + last:
                span = Span(source, start + first, start + last)
                words, forms = (match[0], *match.groups()), _forms(match[0])
                message, help = message.format(*words), help.format(*words, **forms)
                fix = None if edit is None else instead(span, edit.format(*words, **forms))
                return Diagnostic("syntax", message, span, help=help, fix=fix)
    return None


def _forms(text: str) -> dict[str, str]:
    """What help may say of a slip in other words."""
    compact = text.replace(" ", "")
    return {"compact": compact, "listed": ", ".join(re.split("[xX×]", compact)), "lower": text.lower()}


def _bracket(source: Source, text: str, offset: int) -> Diagnostic | None:
    """A bracket without its partner: at the end of the text, at a new statement, or the wrong one."""
    opened = left_open(text[: offset + 1])
    if opened and opened[-1][1] in _CLOSING:
        return _unmatched(source, opened)
    if opened and (offset >= len(text.rstrip()) or _is_in_a_later_statement(text, offset, opened[-1][0])):
        place, bracket = opened[-1]
        closing = _CLOSING[_OPENING.index(bracket)]
        message = f"this `{bracket}` is never closed"
        return Diagnostic("unclosed-bracket", message, Span(source, place, place + 1), help=f"write `{closing}`")
    return None


def _unmatched(source: Source, opened: list[tuple[int, str]]) -> Diagnostic:
    place, bracket = opened.pop()
    span = Span(source, place, place + 1)
    if not opened:
        return Diagnostic("unclosed-bracket", f"nothing is opened that this `{bracket}` closes", span)
    there, opening = opened[-1]
    other = Label(Span(source, there, there + 1), "opened here")
    return Diagnostic("unclosed-bracket", f"`{opening}` is closed with `{bracket}`", span, others=(other,))


def left_open(text: str) -> list[tuple[int, str]]:
    """The brackets that a text leaves open, and behind them the first that closes none of them."""
    opened: list[tuple[int, str]] = []
    for place, bracket in brackets(text):
        if bracket in _OPENING:
            opened.append((place, bracket))
        elif opened and _OPENING.index(opened[-1][1]) == _CLOSING.index(bracket):
            opened.pop()
        else:
            return [*opened, (place, bracket)]
    return opened


def _is_in_a_later_statement(text: str, offset: int, opened: int) -> bool:
    """Whether the line of an offset starts a statement, and a bracket was opened on a line above it."""
    return opened < text.rfind("\n", 0, offset) + 1 and starts_statement(text, offset)


def starts_statement(text: str, offset: int) -> bool:
    """Whether the line of an offset begins as only a definition or a flow does."""
    start = text.rfind("\n", 0, offset) + 1
    first = r"[A-Za-z_]\w*(\([^\n]{0,400}\))?[ \t]*=[^=]|INPUT\b|(?i:TRAIN)[ \t]*\("
    return bool(re.match(first, text[start : start + 2 * _AROUND]))


def tokens(text: str) -> int:
    """About how many words, numbers, strings and signs a text has, comments left out."""
    return sum(not found.startswith("#") for found in re.findall(r'#[^\n]*|"[^"\n]*"|\w+|->|[^\w\s]', text))


def brackets(text: str) -> Iterator[tuple[int, str]]:
    """The brackets of a text and their places, those in strings and comments left out."""
    for match in re.finditer(r'[\[\]()]|#[^\n]*|"[^"\n]*"', text):
        if match[0] in "[]()":
            yield match.start(), match[0]


def _dangling(source: Source, text: str, offset: int) -> Diagnostic | None:
    """An operator or an arrow with nothing behind it: before a new statement, at the end of the text, or at all."""
    start = text.rfind("\n", 0, offset) + 1
    if starts_statement(text, offset) and (span := _operator_before(source, text, start)):
        what = "a new statement starts"
    elif (span := _operator_before(source, text, offset)) is None:
        return None
    elif offset < len(text.rstrip()):
        message = f"`{span.text}` needs something behind it, but there `{_word(text, offset)}` stands"
        help = "remove one of the two" if _word(text, offset) == span.text else ""
        return Diagnostic("syntax", message, span, help=help)
    else:
        what = "the text ends"
    message = f"`{span.text}` needs something behind it, but there {what}"
    return Diagnostic("syntax", message, span, help="write the next element, or remove it")


def _operator_before(source: Source, text: str, end: int) -> Span | None:
    """The operator that stands before an offset, comments left aside."""
    begin = text.rfind("\n", 0, max(0, end - _AROUND)) + 1  # a comment begins on its line
    code = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), text[begin:end])
    found = re.search(r"(->|>>|→|\*\*|//|[-+*&|/%=,])\s*$", code)
    return Span(source, begin + found.start(1), begin + found.end(1)) if found else None


def _missing_arrow(source: Source, text: str, offset: int) -> Diagnostic | None:
    """Inside brackets, two elements that nothing joins."""
    left = re.search(r"([A-Za-z_]\w*|\]|\))\s*$", text[max(0, offset - _AROUND) : offset])
    right = re.match(r"[A-Za-z_]\w*|\[", text[offset : offset + _AROUND])
    if left is None or right is None or {left[1], right[0]} & grammar.keywords():
        return None
    opened = left_open(text[:offset])
    if opened and opened[-1][1] == "(":
        return None  # a comma is as likely
    span = Span(source, offset, offset + right.end())
    message = f"nothing joins `{right[0]}` to what stands before it"
    help = f"write `-> {right[0]}`" + ", or `,` before it if it begins a branch" * bool(opened)
    fix = perhaps(Span(source, offset, offset), "-> ")
    return Diagnostic("missing-arrow", message, span, help=help, fix=fix)


def _mixed(source: Source, text: str, offset: int) -> Diagnostic | None:
    """`A + B & C`: behind an operand, such an operator is refused beside one of the other kind only."""
    sign = text[offset : offset + 1]
    operand = re.search(r"(\w+|[)\]?])\s*$", text[max(0, offset - _AROUND) : offset])
    if sign not in ("+", "-", "&") or operand is None or operand[1] in grammar.keywords():
        return None
    message = f"`{sign}` cannot stand at one level with {'`+` or `-`' if sign == '&' else '`&`'}"
    help = "put what belongs together in brackets: `[[A + B] & C]` or `[A + [B & C]]`"
    return Diagnostic("syntax", message, Span(source, offset, offset + 1), help=help)


def _chained(source: Source, text: str, offset: int) -> Diagnostic | None:
    """`1 < C < 4`: behind an operand, a comparison is refused beside another one only."""
    found = re.match(r"==|!=|<=|>=|<|>", text[offset : offset + 2])
    if found is None or not re.search(r"[\w)\]]\s*$", text[max(0, offset - _AROUND) : offset]):
        return None
    span = Span(source, offset, offset + found.end())
    help = "write one for each, with `and` between them: `1 < n and n < 4`"
    return Diagnostic("syntax", "comparisons do not follow each other", span, help=help)


def _without_else(source: Source, text: str, offset: int, error: lark.UnexpectedInput) -> Diagnostic | None:
    """The last `if` of the text so far, where only `else` could complete it and its bracket or statement ends."""
    expected = getattr(error, "accepts", None) or getattr(error, "expected", None) or ()
    ends = offset >= len(text.rstrip()) or text[offset] in "]),\n" or starts_statement(text, offset)
    begun = [match.start() for match in re.finditer(r"\bif\b", text[:offset])]
    if "ELSE" not in expected or not ends or not begun:
        return None
    span = Span(source, begun[-1], begun[-1] + len("if"))
    help = "write `else ID` behind the test to pass the input on"
    return Diagnostic("syntax", "this `if` has no `else`", span, help=help)


def _foreign_character(source: Source, text: str, offset: int) -> Diagnostic | None:
    character = text[offset : offset + 1]
    if not character.strip() or character in "→×“”‘’–—⇒⟶➔←" or (character.isascii() and character.isprintable()):
        return None
    message = f"the character {character!r} (U+{ord(character):04X}) is not part of the language"
    return Diagnostic("syntax", message, Span(source, offset, offset + 1))


def _unexpected(source: Source, text: str, offset: int, error: lark.UnexpectedInput) -> Diagnostic:
    word = _word(text, offset)
    span = Span(source, offset, offset + len(word))
    if not word:
        return Diagnostic("syntax", "the text ends in the middle of a statement", span)
    if word in grammar.keywords():
        message = f"`{word}` is a word of the language and cannot stand here"
        return Diagnostic("syntax", message, span, help="a definition or a label needs another name")
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
    match = re.match(r"[A-Za-z_0-9.]{1,60}|->|>>|\S", text[offset : offset + _AROUND])
    return match[0] if match else ""
