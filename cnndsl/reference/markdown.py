"""The reference page of all layers, docs/layers.md. Its examples and mistakes are run as every document is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cnndsl.layers import REQUIRED, Attribute, Layer
from cnndsl.layers.declared import Declared
from cnndsl.layers.signature import default, signature
from cnndsl.reference.composites import Composite
from cnndsl.reference.entries import Entry, families, name_of
from cnndsl.reference.texts import description, filled, gives, meaning
from cnndsl.reference.uses import in_torch

__all__ = ["cell", "document", "parameters"]

_OPENING = """\
# Layers

Every layer of the [language](language.md), by family; `cnndsl explain CONV` shows the same in a terminal, with what the
compiler says of each mistake. This page is written by `make docs` from the declarations in `cnndsl/layers/`: change
those, not this. The first lines of an entry give its call with its defaults, positional parameters in order; a layer
may be written in any case.
"""


def document(entries: Iterable[Entry]) -> str:
    """The page on these entries."""
    found = families(entries)
    return "\n".join([_OPENING, *_contents(found), *(line for name in found for line in _family(name, found[name]))])


def _contents(found: Mapping[str, list[Entry]]) -> Iterator[str]:
    yield from ("| family | |", "|---|---|")
    for name, entries in found.items():
        links = " ".join(f"[{name_of(entry)}](#{name_of(entry).lower()})" for entry in entries)
        yield f"| [{name}](#{name}) | {links} |"
    yield ""


def _family(name: str, entries: list[Entry]) -> Iterator[str]:
    yield from (f"## {name.capitalize()}", "")
    for entry in entries:
        yield from (f"### {name_of(entry)}", "")
        yield from _block(entry) if isinstance(entry, Composite) else _layer(entry)


def _block(block: Composite) -> Iterator[str]:
    yield from (f"`{block.signature}`", "", block.summary, "")
    yield from _fence("", block.text)


def _layer(layer: type[Layer]) -> Iterator[str]:
    yield from (f"`{signature(layer)}`", "", layer.summary(), "")
    for paragraph in description(layer):
        yield from (paragraph, "")
    yield from parameters(layer)
    if layer.elsewhere:
        yield from (f"Elsewhere: {', '.join(layer.elsewhere)}.", "")
    if layer.examples:
        yield from _fence("cnn", "\n\n".join(f"{each.spec}\n# gives {gives(each)}" for each in layer.examples))
    written = in_torch(layer)
    if written:
        yield from ("The first of these in PyTorch:", "", *_fence("", written))
    if layer.rejects:
        mistakes = "\n\n".join(f"{each.spec}\n# error {each.code}" for each in layer.rejects)
        yield from ("Mistakes:", "", *_fence("cnn", mistakes))


def parameters(declared: type[Declared]) -> Iterator[str]:
    """The table of all that is declared, and an empty line; nothing where that is nothing."""
    if declared.attributes:
        yield from ("| parameter | | default |", "|---|---|---|")
        yield from (
            f"| `{name}` | {cell(meaning(name, attribute))} | {cell(_default(attribute))} |"
            for name, attribute in declared.attributes.items()
        )
        yield ""


def _default(attribute: Attribute[Any]) -> str:
    return "" if attribute.default is REQUIRED else filled(attribute) or f"`{default(attribute)}`"


def cell(text: str) -> str:
    """A text as a cell of a table."""
    return text.replace("|", "\\|")


def _fence(language: str, text: str) -> Iterator[str]:
    yield from (f"```{language}", text, "```", "")
