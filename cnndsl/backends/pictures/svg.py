"""A picture as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from cnndsl.backends.pictures.canvas import (
    Canvas,
    Clip,
    Curve,
    Ellipse,
    Group,
    Item,
    Point,
    Polygon,
    Rectangle,
    Text,
)
from cnndsl.backends.pictures.fonts import FAMILIES

__all__ = ["svg"]

_HALF_AS_WIDE = 0.36
"""Of the length of the head of an arrow, half of its breadth."""

_HALO = 3.0
"""Points of the line around letters that have a halo, half of which they hide."""


def svg(canvas: Canvas) -> str:
    """The picture as a document of its own, with title and description for those who listen to it."""
    return "".join(_document(canvas))


def _document(canvas: Canvas) -> Iterator[str]:
    width, height = _number(canvas.width), _number(canvas.height)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    if canvas.by:
        yield f"<!-- laid out by {_printable(canvas.by).replace('--', '- -')} -->\n"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label={quoteattr(_printable(canvas.title))} font-family={quoteattr(FAMILIES)}>\n'
    )
    yield f"<title>{_text(canvas.title)}</title>\n<desc>{_text(canvas.description)}</desc>\n"
    if canvas.paper != "none":
        yield f'<rect width="{width}" height="{height}" fill="{canvas.paper}"/>\n'
    yield from _Writer().items(canvas.items)
    yield "</svg>\n"


class _Writer:
    def __init__(self) -> None:
        self._clips = 0

    def items(self, items: Iterable[Item]) -> Iterator[str]:
        for item in items:
            if isinstance(item, Group):
                yield from self._group(item)
            else:
                yield _shape(item) + "\n"

    def _group(self, group: Group) -> Iterator[str]:
        attributes = ""
        if group.moved is not None:
            attributes += f' transform="translate({_pair(group.moved)})"'
        if group.clip is not None:
            self._clips += 1
            name = f"clip{self._clips}"
            yield f'<clipPath id="{name}">{_clip(group.clip)}</clipPath>\n'
            attributes += f' clip-path="url(#{name})"'
        yield f"<g{attributes}>\n"
        if group.title:
            yield f"<title>{_text(group.title)}</title>\n"
        yield from self.items(group.items)
        yield "</g>\n"


def _clip(clip: Clip) -> str:
    return _element("rect", x=clip.x, y=clip.y, width=clip.width, height=clip.height)


def _shape(item: Item) -> str:
    match item:
        case Rectangle():
            shape = {"x": item.x, "y": item.y, "width": item.width, "height": item.height}
            rounded = {"rx": item.radius} if item.radius else {}
            return _element("rect", **shape, **rounded, **_look(item.fill, item.stroke, item.thickness, item.dash))
        case Ellipse():
            shape = {"cx": item.center.x, "cy": item.center.y, "rx": item.width / 2, "ry": item.height / 2}
            return _element("ellipse", **shape, **_look(item.fill, item.stroke, item.thickness))
        case Polygon():
            points = " ".join(map(_pair, item.points))
            return _element("polygon", points=points, **_look(item.fill, item.stroke, item.thickness))
        case Curve():
            return _curve(item)
        case Text():
            weight = {"font-weight": "bold"} if item.bold else {}
            anchor = {} if item.anchor == "start" else {"text-anchor": item.anchor}
            halo = {}
            if item.halo != "none":
                halo = {"stroke": item.halo, "stroke-width": _HALO, "stroke-linejoin": "round", "paint-order": "stroke"}
            place = {"x": item.at.x, "y": item.at.y, "font-size": item.size, "fill": item.fill}
            return _element("text", _text(item.text), **place, **anchor, **weight, **halo)
    raise AssertionError(item)


def _curve(curve: Curve) -> str:
    first, *others = curve.points
    path = f"M{_pair(first)}" + (f"C{' '.join(map(_pair, others))}" if others else "")
    line = _element("path", d=path, **_look("none", curve.stroke, curve.thickness, curve.dash))
    if curve.arrow is None:
        return line
    points = " ".join(map(_pair, arrow_head(curve.points[-1], curve.arrow)))
    return line + _element("polygon", points=points, fill=curve.stroke)


def arrow_head(end: Point, tip: Point) -> Sequence[Point]:
    """The corners of the head of an arrow: its tip, and two beside the end of the line."""
    across = tip.x - end.x, tip.y - end.y
    aside = Point(_HALF_AS_WIDE * across[1], -_HALF_AS_WIDE * across[0])
    return tip, Point(end.x - aside.x, end.y - aside.y), Point(end.x + aside.x, end.y + aside.y)


def _look(fill: str, stroke: str, thickness: float, dash: float = 0) -> dict[str, object]:
    look: dict[str, object] = {"fill": fill}
    if stroke != "none":
        look["stroke"] = stroke
        if thickness != 1:
            look["stroke-width"] = thickness
        if dash:
            look["stroke-dasharray"] = dash
    return look


def _element(tag: str, content: str = "", /, **attributes: object) -> str:
    written = "".join(f' {name}="{_value(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>"


def _value(value: object) -> str:
    return _number(value) if isinstance(value, int | float) else str(value)


def _pair(point: Point) -> str:
    return f"{_number(point.x)},{_number(point.y)}"


def _number(value: float) -> str:
    """With two places behind the point, none of them a zero at the end."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    return escape(_printable(text))


def _printable(text: str) -> str:
    """The text with blanks for line ends and whatever else XML does not take."""
    return "".join(character if character.isprintable() else " " for character in text)
