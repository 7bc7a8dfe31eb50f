"""The gallery of the zoo: a page with pictures of each of its networks, from its index.

`python -m cnndsl.reference.gallery docs/gallery.md docs/gallery`: the page, and the folder of its pictures.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from cnndsl.backends.pictures.formats import Look, Style, rendered
from cnndsl.backends.report.zoo import stands_for
from cnndsl.compiler import compile_source
from cnndsl.files import write_whole
from cnndsl.source import ZOO, read, zoo
from cnndsl.zoo import Entry

__all__ = ["STYLES", "page", "pictures", "shown"]

STYLES: tuple[Style, ...] = ("volumes", "blocks", "graph")
"""Of each network, in this order."""

_HEAD = """\
# Gallery

A network of each file of [the zoo](zoo.md), as [`cnndsl render`](render.md) draws it: in the style `volumes`, feature
maps as boxes, in `blocks`, its stages and each distinct block once beside them, and behind the link as `graph`, every
layer. The pictures are made by `make gallery`.
"""


def shown() -> list[Entry]:
    """Of each spec the network that it is as it stands, where that has a name, or else its first in the index."""
    chosen: dict[str, Entry] = {}
    for entry in zoo().values():
        if entry.spec not in chosen or (chosen[entry.spec].settings and not entry.settings):
            chosen[entry.spec] = entry
    return list(chosen.values())


def page(folder: str) -> str:
    """The page, whose pictures are in that folder."""
    return "\n".join([_HEAD, *(_section(entry, folder) for entry in shown())])


def pictures() -> Iterator[tuple[str, bytes]]:
    """The names of the files and what they hold."""
    for entry in shown():
        source = read(f"{ZOO}{entry.name}")
        graph = compile_source(source, source.with_settings({})).graph
        assert graph is not None
        for style in STYLES:
            yield _file(entry, style), rendered(graph, "svg", Look(style=style))


def _section(entry: Entry, folder: str) -> str:
    year = f", {entry.year}" if entry.year else ""
    text = f"`{stands_for(entry)}`, {entry.task}{year}: {entry.params:,} parameters."
    volumes, blocks, whole = (f"{folder}/{_file(entry, style)}" for style in STYLES)
    return "\n".join(
        [
            f"## {entry.name}\n",
            f"{text} [Every layer]({whole}).\n",
            f"![Feature maps of {entry.name}]({volumes})\n",
            f"![Blocks of {entry.name}]({blocks})\n",
        ]
    )


def _file(entry: Entry, style: Style) -> str:
    return f"{entry.name}-{style}.svg"


if __name__ == "__main__":
    target, folder = map(Path, sys.argv[1:])
    folder.mkdir(exist_ok=True)
    for name, content in pictures():
        write_whole(folder / name, content)
    write_whole(target, page(folder.name).encode())
