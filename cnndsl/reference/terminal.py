"""The list of layers and the page of a layer, a block or a code as plain text that fits a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from cnndsl.diagnostics import CODES, Diagnostic
from cnndsl.layers import REQUIRED, Attribute, Layer, Reject
from cnndsl.layers.signature import default, signature
from cnndsl.reference.cases import Case, case_of
from cnndsl.reference.codes import rule_of
from cnndsl.reference.composites import Composite
from cnndsl.reference.entries import Entry, families
from cnndsl.reference.texts import cut, description, filled, gives, meaning
from cnndsl.reference.uses import in_torch, mistakes

__all__ = ["listing", "page"]

_STEP = "  "


def listing(entries: Iterable[Entry], width: int) -> str:
    """Every entry under its family: how it is called, and below that a sentence."""
    return "\n\n".join(_family(name, found, width) for name, found in families(entries).items()) + "\n"


def page(meant: Entry | str, width: int) -> str:
    """All that there is to say about an entry or a code."""
    if isinstance(meant, str):
        sections = _code(meant, width)
    elif isinstance(meant, Composite):
        sections = iter((_call(meant, width), _wrapped(meant.summary, width), _indented(meant.text)))
    else:
        sections = _layer(meant, width)
    return "\n\n".join(section for section in sections if section) + "\n"


def _family(name: str, entries: list[Entry], width: int) -> str:
    lines = [line for entry in entries for line in _listed(entry, width)]
    return "\n".join([name, *lines])


def _listed(entry: Entry, width: int) -> Iterator[str]:
    yield _call(entry, width, _STEP)
    summary = entry.summary if isinstance(entry, Composite) else f"{entry.summary()}{_origin(entry)}"
    yield _wrapped(summary, width, _STEP * 3)


def _origin(layer: type[Layer]) -> str:
    return "" if layer.is_built_in() else f" From the package {layer.package()}."


def _layer(layer: type[Layer], width: int) -> Iterator[str]:
    yield _call(layer, width)
    yield _wrapped(f"{layer.summary()}{_origin(layer)}", width)
    yield from (_wrapped(paragraph, width) for paragraph in description(layer))
    if layer.elsewhere:
        yield _wrapped(f"Elsewhere: {', '.join(layer.elsewhere)}.", width)
    yield _section("takes", _attributes(layer, width))
    yield _section("for example", (f"{_indented(each.spec)}\n{_STEP * 3}{gives(each)}" for each in layer.examples))
    yield _section("the first of these in PyTorch", _indented(in_torch(layer)).splitlines())
    yield _section("mistakes", (_mistake(each, width) for each in layer.rejects))


def _call(entry: Entry, width: int, indent: str = "") -> str:
    text = entry.signature if isinstance(entry, Composite) else signature(entry)
    return _wrapped(text, width, indent, indent + _STEP * 2)


def _section(title: str, lines: Iterable[str]) -> str:
    """Lines below their title; "" where there are none."""
    shown = list(lines)
    return "\n".join([title, *shown]) if shown else ""


def _attributes(layer: type[Layer], width: int) -> Iterator[str]:
    widest = max(map(len, layer.attributes), default=0)
    for name, attribute in layer.attributes.items():
        before = f"{_STEP}{name.ljust(widest)}  "
        text = f"{meaning(name, attribute)}. {_without(attribute)}."
        yield _wrapped(text, width, before, " " * len(before))


def _without(attribute: Attribute[Any]) -> str:
    return "Needed" if attribute.default is REQUIRED else f"By default {filled(attribute) or default(attribute)}"


def _mistake(reject: Reject, width: int) -> str:
    lines = (line for found in mistakes(reject) for line in _told(found, width))
    return "\n".join([_indented(reject.spec), *lines])


def _told(found: Diagnostic, width: int) -> Iterator[str]:
    indent = _STEP * 3
    yield _wrapped(f"{found.code}: {found.message}", width, indent, indent + _STEP)
    for note in (found.label, f"help: {found.help}" if found.help else ""):
        if note:
            yield _wrapped(note, width, indent + _STEP)


def _code(code: str, width: int) -> Iterator[str]:
    yield f"{CODES[code].severity.value}[{code}]"
    yield _wrapped(rule_of(code), width)
    case = case_of(code)
    yield _section("for example", (_indented(cut(case.spec, width - len(_STEP))), *_other_files(case)))
    yield f"{_STEP}$ {case.command}\n{_indented(case.said.rstrip())}"


def _other_files(case: Case) -> Iterator[str]:
    for name, text in case.files.items():
        yield f"\n{_STEP}and in {name}:\n\n{_indented(text)}"


def _indented(text: str) -> str:
    return textwrap.indent(text, _STEP)


def _wrapped(text: str, width: int, first: str = "", others: str | None = None) -> str:
    """Text in lines of at most this width, where its words allow it."""
    below = first if others is None else others
    filler = textwrap.TextWrapper(
        width, initial_indent=first, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )
    return filler.fill(text)
