"""A picture as LaTeX: a document of its own, drawn by TikZ, to be compiled or changed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from cnndsl.backends.pictures.canvas import (
    Anchor,
    Canvas,
    Curve,
    Ellipse,
    Group,
    Item,
    Point,
    Polygon,
    Rectangle,
    Text,
)
from cnndsl.backends.pictures.svg import arrow_head

__all__ = ["tikz"]

_HEAD = r"""% {title}
% {description}
% pdflatex makes it a page of its own; \input of what is between begin and end puts it into another document.
\RequirePackage{{fix-cm}} % letters of any size
\documentclass[tikz,border=0pt]{{standalone}}
"""

_ANCHORS: dict[Anchor, str] = {"start": "base west", "middle": "base", "end": "base east"}

_SPECIAL = {
    "\\": r"$\backslash$",
    "{": r"$\{$",
    "}": r"$\}$",
    "$": r"\symbol{36}",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\^{}",
    "~": r"$\sim$",
    "<": "$<$",
    ">": "$>$",
    "|": r"$\vert$",
    '"': "{'}{'}",
    "'": "{'}",  # two of these three would be one letter
    "`": "{`}",
    "-": "{-}",
    "×": r"$\times$",
    "→": r"$\to$",
    "←": r"$\leftarrow$",
    "−": "$-$",
    "·": r"$\cdot$",
    "…": r"\dots{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "±": r"$\pm$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "⊕": r"$\oplus$",
    "∞": r"$\infty$",
    "°": r"$^\circ$",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
}

_ACCENTS = {
    "GRAVE ACCENT": "`",
    "ACUTE ACCENT": "'",
    "CIRCUMFLEX ACCENT": "^",
    "TILDE": "~",
    "DIAERESIS": '"',
    "RING ABOVE": "r",
    "CARON": "v",
    "BREVE": "u",
    "MACRON": "=",
    "DOT ABOVE": ".",
    "DOUBLE ACUTE ACCENT": "H",
    "CEDILLA": "c",
    "DOT BELOW": "d",
}
"""LaTeX's commands for accents, by what Unicode calls what is combined."""

_SMALL_GREEK = (
    " alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu "
    "xi pi rho sigma tau upsilon phi chi psi omega "
)
_CAPITAL_GREEK = " gamma delta theta lamda xi pi sigma upsilon phi psi omega "
"""What Unicode calls the letters that LaTeX has commands for, each between blanks."""


def tikz(canvas: Canvas) -> str:
    """The picture as a document for pdflatex; other documents can take over the part that draws."""
    return "".join(f"{line}\n" for line in _Writer().document(canvas))


class _Writer:
    """Writes a command for each shape.

    Attributes:
        colours: the names of the colours, by their values.
    """

    def __init__(self) -> None:
        self.colours: dict[str, str] = {}

    def document(self, canvas: Canvas) -> Iterator[str]:
        body = list(self._items(canvas.items, "  "))
        paper = [] if canvas.paper == "none" else [f"  \\fill[{self._colour(canvas.paper)}] {_corners(canvas)};"]
        yield _HEAD.format(title=_comment(canvas.title), description=_comment(canvas.description)).rstrip("\n")
        for value, name in self.colours.items():
            yield f"\\definecolor{{{name}}}{{HTML}}{{{value.removeprefix('#').upper()}}}"
        yield r"\begin{document}"
        yield r"\begin{tikzpicture}[x=1bp,y=-1bp,line join=round,inner sep=0pt]"
        yield f"  \\useasboundingbox {_corners(canvas)};"
        yield from paper
        yield from body
        yield r"\end{tikzpicture}"
        yield r"\end{document}"

    def _items(self, items: Iterable[Item], indent: str) -> Iterator[str]:
        for item in items:
            if isinstance(item, Group):
                yield from self._group(item, indent)
            else:
                yield from (indent + line for line in self._shape(item))

    def _group(self, group: Group, indent: str) -> Iterator[str]:
        if not (group.title or group.clip or group.moved):
            yield from self._items(group.items, indent)
            return
        shift = f"[shift={{{_at(group.moved)}}}]" if group.moved else ""
        comment = f" % {_comment(group.title)}" if group.title else ""
        yield f"{indent}\\begin{{scope}}{shift}{comment}"
        if group.clip is not None:
            yield f"{indent}  \\clip {_rectangle(*group.clip)};"
        yield from self._items(group.items, indent + "  ")
        yield f"{indent}\\end{{scope}}"

    def _shape(self, item: Item) -> Iterator[str]:
        match item:
            case Rectangle():
                more = [f"rounded corners={_number(item.radius)}bp"] if item.radius else []
                place = _rectangle(item.x, item.y, item.width, item.height)
                yield self._path(place, item.fill, item.stroke, item.thickness, item.dash, more)
            case Ellipse():
                size = f"x radius={_number(item.width / 2)}bp,y radius={_number(item.height / 2)}bp"
                yield self._path(f"{_at(item.center)} ellipse [{size}]", item.fill, item.stroke, item.thickness)
            case Polygon():
                corners = " -- ".join(map(_at, item.points))
                yield self._path(f"{corners} -- cycle", item.fill, item.stroke, item.thickness)
            case Curve():
                yield self._path(_line(item.points), "none", item.stroke, item.thickness, item.dash)
                if item.arrow is not None:
                    corners = " -- ".join(map(_at, arrow_head(item.points[-1], item.arrow)))
                    yield self._path(f"{corners} -- cycle", item.stroke)
            case Text():
                yield self._text(item)

    def _path(
        self,
        path: str,
        fill: str,
        stroke: str = "none",
        thickness: float = 1,
        dash: float = 0,
        more: Sequence[str] = (),
    ) -> str:
        options = []
        if fill != "none":
            options.append(f"fill={self._colour(fill)}")
        if stroke != "none":
            options += [f"draw={self._colour(stroke)}", f"line width={_number(thickness)}bp"]
        if stroke != "none" and dash:
            options.append(f"dash pattern=on {_number(dash)}bp off {_number(dash)}bp")
        return f"\\path[{','.join([*options, *more])}] {path};"

    def _text(self, text: Text) -> str:
        size = f"\\fontsize{{{_number(text.size)}bp}}{{{_number(1.2 * text.size)}bp}}\\selectfont\\sffamily"
        font = size + (r"\bfseries" if text.bold else "")
        options = f"anchor={_ANCHORS[text.anchor]},text={self._colour(text.fill)},font={font}"
        if text.halo != "none":
            options += f",fill={self._colour(text.halo)},inner sep=1bp,outer sep=-1bp"
        return f"\\node[{options}] at {_at(text.at)} {{{escaped(text.text)}}};"

    def _colour(self, value: str) -> str:
        return self.colours.setdefault(value, f"colour{len(self.colours) + 1}")


def escaped(text: str) -> str:
    """The text as LaTeX shows it; characters that pdflatex has no letter for stand as their number, `U+4E2D`."""
    return "".join(map(_character, unicodedata.normalize("NFC", text)))


def _character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if not character.isprintable():
        return " "
    if character.isascii():
        return character
    return _accented(character) or _greek(character) or f"U+{ord(character):04X}"


def _accented(character: str) -> str:
    r"""`\'{e}` of a letter with one accent; "" of another character."""
    parts = unicodedata.normalize("NFD", character)
    if len(parts) != 2 or not (parts[0].isascii() and parts[0].isalpha()):
        return ""
    accent = _ACCENTS.get(unicodedata.name(parts[1], "").removeprefix("COMBINING "))
    return f"\\{accent}{{{parts[0]}}}" if accent else ""


def _greek(character: str) -> str:
    r"""`$\alpha$` of a Greek letter that LaTeX has a command for; "" of another character."""
    kind, _, name = unicodedata.name(character, "").lower().partition(" letter ")
    command = name.replace("lamda", "lambda")
    if kind == "greek small" and f" {name} " in _SMALL_GREEK:
        return f"$\\{command}$"
    return f"$\\{command.title()}$" if kind == "greek capital" and f" {name} " in _CAPITAL_GREEK else ""


def _comment(text: str) -> str:
    """The text on one line, with what a comment may hold."""
    return "".join(each if each.isprintable() and each.isascii() else "?" for each in text.replace("×", "x"))


def _corners(canvas: Canvas) -> str:
    return _rectangle(0, 0, canvas.width, canvas.height)


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return f"{_at(Point(x, y))} rectangle {_at(Point(x + width, y + height))}"


def _line(points: Sequence[Point]) -> str:
    """A path; straight pieces, whose control points are their ends, as lines."""
    path = _at(points[0])
    for place in range(0, len(points) - 1, 3):
        start, near, far, end = points[place : place + 4]
        if near == start and far == end:
            path += f" -- {_at(end)}" if start != end else ""
        else:
            path += f" .. controls {_at(near)} and {_at(far)} .. {_at(end)}"
    return path


def _at(point: Point) -> str:
    return f"({_number(point.x)},{_number(point.y)})"


def _number(value: float) -> str:
    """With two places behind the point, none of them a zero at the end."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
