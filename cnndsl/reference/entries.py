"""What there is to look up: layers and blocks by family, and codes of diagnostics; and who is meant by a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cnndsl.diagnostics import CODES
from cnndsl.layers import Layer, built_in_layer_types, layer_types, word_here
from cnndsl.reference.composites import FAMILY, Composite, composites

__all__ = [
    "Entry",
    "Found",
    "entries",
    "families",
    "family_of",
    "find",
    "name_of",
    "names",
    "shipped_entries",
]

Entry = type[Layer] | Composite
"""What a spec can use by name, or by a form of the language."""

_ORDER = (
    *("structure", "convolution", "pooling", "dense", "normalisation", "activation", "regularisation"),
    *("rearrangement", FAMILY),
)
"""Families as a course tells them; those of plugins follow."""


class Found(NamedTuple):
    """What a name means: an entry, or a code.

    Attributes:
        meant: the entry or the code.
        here: our word for it, where the name is that of other frameworks.
    """

    meant: Entry | str
    here: str = ""


def entries() -> tuple[Entry, ...]:
    """Every layer, those of plugins included, and every block of the prelude."""
    return (*layer_types(), *composites())


def shipped_entries() -> tuple[Entry, ...]:
    """The same without what other packages bring."""
    return (*built_in_layer_types(), *composites())


def families(entries: Iterable[Entry]) -> Mapping[str, list[Entry]]:
    """The entries under the heading that each belongs to, first those of the module that has its name."""
    found: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=_is_elsewhere):
        found.setdefault(family_of(entry), []).append(entry)
    known = [family for family in _ORDER if family in found]
    return {family: found[family] for family in dict.fromkeys((*known, *found))}


def _is_elsewhere(entry: Entry) -> bool:
    return not isinstance(entry, Composite) and not entry.__module__.endswith(f".{entry.family}")


def family_of(entry: Entry) -> str:
    return FAMILY if isinstance(entry, Composite) else entry.family


def name_of(entry: Entry) -> str:
    return entry.name if isinstance(entry, Composite) else entry.word()


def names() -> list[str]:
    """Every name that `find` knows, but for those of other frameworks."""
    words = [word for layer in layer_types() for word in layer.words or (layer.word(),)]
    return [*words, *(block.name for block in composites()), *CODES]


def find(name: str) -> Found | None:
    """What a name means, in any case: a layer, a block, a code, a layer by the name that another framework gives it."""
    known: dict[str, Entry | str] = {code: code for code in CODES}
    known |= {word.lower(): layer for layer in layer_types() for word in (*layer.words, layer.word())}
    known |= {block.name.lower(): block for block in composites()}  # before a layer of a plugin, as in specs
    here = word_here(name) or ""
    meant, theirs = known.get(name.lower()), known.get(here.lower())
    return Found(meant) if meant else Found(theirs, here) if theirs else None
