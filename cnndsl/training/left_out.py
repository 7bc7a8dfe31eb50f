"""What cannot be used of a data set: counted, named, and left out only where that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from cnndsl.training.errors import Unusable

__all__ = ["Broken", "LeftOut", "listed", "settle"]

Broken: TypeAlias = Literal["fail", "skip"]
"""What becomes of a data set of which a part is broken."""

NAMED = 5
"""How many are named before the rest is only counted."""


class LeftOut(NamedTuple):
    """Something that is not used.

    Attributes:
        path: of a file or folder; of an array with what is counted in it, `labels.gz[17]`, from 0.
        reason: why, as the rest of a sentence.
    """

    path: str
    reason: str


def listed(left_out: Sequence[LeftOut]) -> str:
    """The first few, a line for each, and how many there are besides."""
    lines = [f"  {_printable(path)}: {_printable(reason)}" for path, reason in left_out[:NAMED]]
    if len(left_out) > NAMED:
        lines.append(f"  and {len(left_out) - NAMED:,} more")
    return "\n".join(lines)


def settle(found: Sequence[LeftOut], broken: Broken, whole: str) -> tuple[LeftOut, ...]:
    """What is left out, if that is allowed.

    Args:
        found: what is broken.
        broken: what becomes of it.
        whole: of how many and where, "1,200 pictures in birds/train".

    Raises:
        Unusable: something is broken, and that is not to be passed over.
    """
    if found and broken == "fail":
        how_to_go_on = f"write --broken skip to leave {'them' if len(found) > 1 else 'it'} out"
        raise Unusable(f"{len(found):,} of {whole} cannot be used:\n{listed(found)}\n{how_to_go_on}")
    return tuple(found)


def _printable(text: str) -> str:
    """A name from anywhere, harmless to a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
