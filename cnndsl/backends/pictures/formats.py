"""A network as a picture, in a style and a format."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cnndsl.backends.pictures.canvas import Canvas
from cnndsl.backends.pictures.dot import Direction
from cnndsl.backends.pictures.layout import Unrendered
from cnndsl.backends.pictures.themes import THEMES, ThemeName
from cnndsl.graph import Graph

if TYPE_CHECKING:
    from cnndsl.analyses.diff import Difference
    from cnndsl.backends.pictures.view import View

__all__ = ["FORMATS", "STYLES", "Look", "Style", "difference", "format_of", "rendered"]

_DEEPEST = 2**31
_MOST_LEVELS = 6
"""Of a page of volumes: with more of them open, there is too much to see."""

Style = Literal["graph", "blocks", "volumes"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a network is drawn.

    Attributes:
        style: `graph`, every layer and what flows between them; `blocks`, the stages, and each distinct block beside
            them; `volumes`, feature maps as boxes in perspective.
        theme: the colours.
        direction: where the network flows; None for down, and for right in the style `volumes`, which has no other.
        depth: how many levels of blocks are opened, at least 1; None for as many as can be looked at.
        folded: whether what repeats is drawn once.
    """

    style: Style = "graph"
    theme: ThemeName = "light"
    direction: Direction | None = None
    depth: int | None = None
    folded: bool = True


def rendered(graph: Graph, form: str, look: Look) -> bytes:
    """The picture in one of the formats of its style.

    Raises:
        Unrendered: the style has no such format, or what lays out, draws or makes a PDF is missing or fails.
    """
    return _making(look.style, form)(graph, look)


def format_of(path: str | os.PathLike[str], style: Style = "graph") -> str:
    """The format that the suffix of a file names.

    Raises:
        Unrendered: it names none of the style.
    """
    form = Path(path).suffix.removeprefix(".").lower()
    if form not in FORMATS:
        known = ", ".join(f".{name}" for name in STYLES[style])
        raise Unrendered(f"the name of a picture ends in one of {known}; {os.fspath(path)!r} does not")
    _making(style, form)
    return form


def _making(style: Style, form: str) -> Callable[[Graph, Look], bytes]:
    found = STYLES[style].get(form)
    if found is None:
        raise Unrendered(f"the style {style} has no .{form}; it has {', '.join(f'.{each}' for each in STYLES[style])}")
    return found


def _svg_of(draw: Callable[[Graph, Look], Canvas]) -> Callable[[Graph, Look], str]:
    def drawn(graph: Graph, look: Look) -> str:
        from cnndsl.backends.pictures.svg import svg

        return svg(draw(graph, look))

    return drawn


def _drawings(draw: Callable[[Graph, Look], Canvas]) -> Mapping[str, Callable[[Graph, Look], bytes]]:
    """The formats that are made of shapes."""
    text = _svg_of(draw)

    def svg(graph: Graph, look: Look) -> bytes:
        return text(graph, look).encode()

    def png(graph: Graph, look: Look) -> bytes:
        from cnndsl.backends.pictures.raster import png

        return png(text(graph, look))

    def pdf(graph: Graph, look: Look) -> bytes:
        from cnndsl.backends.pictures.raster import pdf

        return pdf(text(graph, look))

    return {"svg": svg, "png": png, "pdf": pdf}


def _graph(graph: Graph, look: Look) -> Canvas:
    from cnndsl.backends.pictures.graph import draw
    from cnndsl.backends.pictures.view import view

    return draw(view(graph, look.depth, folded=look.folded), THEMES[look.theme], look.direction or "down")


def difference(found: Difference, form: str, look: Look) -> bytes:
    """A picture of what differs between two networks, as a graph: .svg, .png, .pdf or .dot.

    Raises:
        Unrendered: there is no such format, or what lays out, draws or makes a PDF is missing or fails.
    """
    from cnndsl.backends.pictures.difference import view_of

    theme, direction = THEMES[look.theme], look.direction or "down"
    view = view_of(found, look.depth, folded=look.folded)
    if form in ("svg", "png", "pdf"):
        from cnndsl.backends.pictures.graph import draw

        return _drawings(lambda graph, look: draw(view, theme, direction))[form](view.graph, look)
    if form == "dot":
        from cnndsl.backends.pictures.dot import digraph

        source: str = digraph(view, theme, direction).source
        return source.encode()
    raise Unrendered(f"a picture of a difference has no .{form}; it has .svg, .png, .pdf, .dot")


def _blocks(graph: Graph, look: Look) -> Canvas:
    from cnndsl.backends.pictures.blocks import draw

    return draw(graph, THEMES[look.theme], look.direction or "down")


def _dot(graph: Graph, look: Look) -> bytes:
    from cnndsl.backends.pictures.dot import digraph

    view, beside = _views(graph, look)
    source: str = digraph(view, THEMES[look.theme], look.direction or "down", beside).source
    return source.encode()


def _mermaid(graph: Graph, look: Look) -> bytes:
    from cnndsl.backends.pictures.mermaid import mermaid

    view, beside = _views(graph, look)
    return mermaid(view, THEMES[look.theme], look.direction or "down", beside).encode()


def _views(graph: Graph, look: Look) -> tuple[View, list[tuple[str, View]]]:
    """What is drawn, and what beside it."""
    if look.style == "blocks":
        from cnndsl.backends.pictures.blocks import views

        whole, kinds = views(graph)
        return whole, [(kind.title, kind.view) for kind in kinds]
    from cnndsl.backends.pictures.view import view

    return view(graph, look.depth, folded=look.folded), []


def _volumes(graph: Graph, look: Look) -> Canvas:
    from cnndsl.backends.pictures.volumes import draw

    if look.direction == "down":
        raise Unrendered("the style volumes flows to the right, not down")
    return draw(graph, THEMES[look.theme], look.depth, folded=look.folded)


def _volumes_tex(graph: Graph, look: Look) -> bytes:
    from cnndsl.backends.pictures.tikz import tikz

    return tikz(_volumes(graph, look)).encode()


def _page(graph: Graph, look: Look) -> bytes:
    """All blocks are there; those are open at first that a picture would show open."""
    from cnndsl.backends.pictures.html import page

    view, beside = _views(graph, replace(look, depth=_DEEPEST))
    shown, _ = _views(graph, look)
    depth = 1 + max(len(box.around) for box in shown.boxes())
    return page(graph, [(graph.name, view), *beside], THEMES[look.theme], depth).encode()


def _volumes_page(graph: Graph, look: Look) -> bytes:
    """A picture for each number of levels, as long as there is more to see; the one that was asked for at first."""
    from cnndsl.backends.pictures.html import figures

    text = _svg_of(_volumes)
    wanted = text(graph, look)
    pictures: list[str] = []
    while len(pictures) < _MOST_LEVELS:
        picture = text(graph, replace(look, depth=len(pictures) + 1))
        if pictures and picture == pictures[-1]:
            break
        pictures.append(picture)
    if wanted not in pictures:
        pictures.append(wanted)
    return figures(graph, pictures, THEMES[look.theme], pictures.index(wanted) + 1).encode()


STYLES: Mapping[Style, Mapping[str, Callable[[Graph, Look], bytes]]] = {
    "graph": {**_drawings(_graph), "dot": _dot, "mmd": _mermaid, "html": _page},
    "blocks": {**_drawings(_blocks), "dot": _dot, "mmd": _mermaid, "html": _page},
    "volumes": {**_drawings(_volumes), "tex": _volumes_tex, "html": _volumes_page},
}
"""What makes a picture of each format, by style."""

FORMATS = tuple(dict.fromkeys(form for forms in STYLES.values() for form in forms))
