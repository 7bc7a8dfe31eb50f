"""The blocks that every spec can use: definitions in the language itself, each under a comment that describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cnndsl.elaborate.binding import signature_of_definition
from cnndsl.syntax import ast

__all__ = ["FAMILY", "Composite", "composites", "composites_of"]

FAMILY = "composite"
"""The heading under which they stand among the families of layers."""


class Composite(NamedTuple):
    """A block of the prelude.

    Attributes:
        name: what it is called.
        signature: its name with its parameters, `SE(r=16)`.
        summary: the comment above it, as one paragraph.
        text: its definition.
    """

    name: str
    signature: str
    summary: str
    text: str


def composites() -> tuple[Composite, ...]:
    """The blocks of the shipped prelude, in its order."""
    from cnndsl.elaborate.prelude import prelude_file

    return composites_of(prelude_file())


def composites_of(file: ast.File) -> tuple[Composite, ...]:
    """The definitions of a file as blocks to tell about."""
    return tuple(
        Composite(found.name, str(signature_of_definition(found)), _comment_above(found), found.span.text)
        for found in file.definitions
    )


def _comment_above(definition: ast.Definition) -> str:
    return " ".join(reversed(list(_lines_above(definition))))


def _lines_above(definition: ast.Definition) -> Iterator[str]:
    """The lines of the comment that ends right above a definition, without their `#`, the last first."""
    source = definition.span.source
    for number in range(definition.span.position.line - 1, 0, -1):
        line = source.line(number)
        if not line.startswith("#"):
            return
        yield line.removeprefix("#").strip()
