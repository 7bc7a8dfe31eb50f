"""The font of pictures: its names, how wide its texts are, and its files."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

__all__ = ["FAMILIES", "FAMILY", "FILED", "files", "width"]

FAMILY = "Arial"
"""Layout programs know its widths without having it, and Helvetica, Liberation Sans and Arimo are as wide."""

FILED = "Hanken Grotesk"
"""What is drawn with where the font is part of the file; as wide as Arial to a few hundredths."""

FAMILIES = f"{FAMILY}, Helvetica, 'Liberation Sans', Arimo, '{FILED}', sans-serif"
"""What viewers may show in its place."""

_PACKAGE = "font_hanken_grotesk"

_WIDTHS = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " \N{NO-BREAK SPACE}!,./:;I[\\]ft·",
    333: "()-`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jckvxyzs",
    556: "#$0123456789?L_abdeghnopqu–",
    584: "+<=>~×−±≤≥≈",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1000: "…→",
    1015: "@",
}
"""Thousandths of the size, from Adobe's metrics of Helvetica (Core 14, `Helvetica.afm`), by characters."""

_OF_CHARACTERS = dict(chain.from_iterable(((each, width) for each in group) for width, group in _WIDTHS.items()))
_BOLD = 1.12
"""How much wider small bold letters are, at most of the common ones."""

_USUAL = 600
"""Of characters that are not among them."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Points that a line of text is wide in a size, in points."""
    return (_BOLD if bold else 1) * sum(_OF_CHARACTERS.get(character, _USUAL) for character in text) * size / 1000


@cache
def files() -> tuple[Path, ...]:
    """The files of the font that becomes part of pictures: the regular and the bold one.

    Raises:
        ModuleNotFoundError: the package that has them is not installed.
    """
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{_PACKAGE} is not installed", name=_PACKAGE)
    folder = Path(found.origin).parent / "files"
    return folder / "HankenGrotesk-Regular.otf", folder / "HankenGrotesk-Bold.otf"
