"""A network as a page of its own, in which blocks fold and unfold, everything tells what it is, and one can search.

The blocks are nested grids, which the browser lays out; a script draws the arrows from where things are, anew after
every change. Nothing is loaded from anywhere.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from html import escape
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from cnndsl.analyses.cost import NodeCost, cost
from cnndsl.backends.pictures import labels
from cnndsl.backends.pictures.describe import description
from cnndsl.backends.pictures.dot import shown_output
from cnndsl.backends.pictures.fonts import FAMILIES
from cnndsl.backends.pictures.grid import Cell, Grid, Link, grid
from cnndsl.backends.pictures.themes import Theme
from cnndsl.backends.pictures.view import Arrow, Box, Frame, View
from cnndsl.graph import Graph, Node
from cnndsl.layers.structure import Concat, Input
from cnndsl.source import Span

__all__ = ["figures", "page"]

_ALONE = "1/auto/-1"
"""The columns of what has a row for itself: all."""


@dataclass(frozen=True, slots=True, eq=False)
class _Output:
    """What a value that leaves the network leads to."""

    text: str
    around: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class _Port:
    """Where a value enters a block, or leaves it."""

    source: Box
    enters: bool


_Thing = Box | Frame | _Output
_Ends = Box | _Output


@dataclass(slots=True)
class _Scope:
    """What a block consists of, or the whole: members and ports, and what reads what."""

    members: list[_Thing]
    links: list[Link] = field(default_factory=list)

    def placed(self) -> Grid:
        ports = list(dict.fromkeys(end for link in self.links for end in link if isinstance(end, _Port)))
        entries = [port for port in ports if port.enters]
        return grid(entries, self.members, self.links, [port for port in ports if not port.enters])


def page(graph: Graph, parts: Sequence[tuple[str, View]], theme: Theme, depth: int) -> str:
    """The page.

    Args:
        graph: the network.
        parts: what is shown of it, each under a title, all blocks open; the first is the network itself.
        theme: the colours.
        depth: how many levels of blocks are open at first.
    """
    costs = {each.node: each for each in cost(graph).rows}
    writer = _Writer(graph, costs, depth)
    sections = [
        f"<details open><summary>{_text(title)}</summary>{writer.part(view)}</details>" for title, view in parts
    ]
    return _filled(graph, theme, sections, writer.deepest, depth, writer.edges, writer.sources)


def figures(graph: Graph, pictures: Sequence[str], theme: Theme, depth: int) -> str:
    """The page of pictures that show more and more levels of blocks, one at a time.

    Args:
        graph: the network.
        pictures: SVG, each with a level more than the one before, from the first.
        theme: the colours.
        depth: which of them is shown at first.
    """
    sections = [
        f'<section data-level="{level}"{"" if level == depth else " hidden"}>{_inline(picture, level)}</section>'
        for level, picture in enumerate(pictures, 1)
    ]
    return _filled(graph, theme, sections, len(pictures), depth)


def _inline(picture: str, number: int) -> str:
    """SVG as part of a page that has more of it: what it refers to has names of its own."""
    element = picture[picture.index("<svg") :]
    return re.sub(r'(id="|url\(#)(?=clip)', rf"\1p{number}", element)


def _filled(
    graph: Graph,
    theme: Theme,
    sections: Sequence[str],
    levels: int,
    level: int,
    edges: Sequence[object] = (),
    sources: Mapping[str, object] = MappingProxyType({}),
) -> str:
    texts = {
        "title": _text(graph.name),
        "description": _text(description(graph)),
        "style": _resource("page.css") + _colours(theme),
        "sections": "".join(sections),
        "levels": "".join(
            f"<option{' selected' if each == min(level, levels) else ''}>{each}</option>"
            for each in range(1, levels + 1)
        ),
        "edges": _script(edges),
        "sources": _script(dict(sources)),
        "script": _resource("page.js"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: texts[found[1]], _resource("page.html"))


class _Writer:
    """Writes the elements, and gathers what the script needs.

    Attributes:
        edges: the arrows: the elements that they lead from and to, those on their way, what is written at them.
        sources: the lines of the sources that elements were written in, by name of the source and number.
        deepest: how many levels of blocks there are.
    """

    def __init__(self, graph: Graph, costs: dict[Node, NodeCost], depth: int) -> None:
        self._graph, self._costs, self._depth = graph, costs, depth
        self._count = 0
        self.edges: list[dict[str, Any]] = []
        self.sources: dict[str, dict[int, str]] = {}
        self.deepest = 1

    def part(self, view: View) -> str:
        return _Part(self, view).written()

    def name(self) -> str:
        self._count += 1
        return f"e{self._count}"

    def tip(self, thing: Box | Frame) -> dict[str, Any]:
        """What is told of something: what it is and where, what enters and leaves, what it costs, its line."""
        entry = thing.entry
        costs = [self._costs[node] for node in entry.nodes if node in self._costs]
        node = entry.nodes[0]
        tip: dict[str, Any] = {
            "path": thing.path,
            "what": entry.label if entry.times == 1 else f"{entry.label} ×{entry.times}",
            "out": labels.of_type(entry.leaving.type),
            "params": f"{sum(each.params for each in costs):,}",
            "macs": f"{sum(each.macs for each in costs):,}",
        }
        if thing.entry.node and node.inputs:
            tip["in"] = ", ".join(labels.of_type(type) for type in node.input_types)
        block = self._graph.blocks.get(tuple(entry.path.split(".")))
        tip["at"] = self._place(block.span if block and not entry.node else node.span)
        return tip

    def _place(self, span: Span) -> list[Any]:
        """The name of the source, the number of the line, and from where to where of it."""
        line, column = span.position
        text = span.source.line(line)
        self.sources.setdefault(span.source.name, {})[line] = text
        length = max(1, min(span.end - span.start, len(text) - column + 1))
        return [span.source.name, line, column - 1, column - 1 + length]

    def is_open(self, level: int) -> bool:
        self.deepest = max(self.deepest, level + 1)
        return level < self._depth


class _Part:
    """Writes one view."""

    def __init__(self, writer: _Writer, view: View) -> None:
        self._writer, self._view, self._graph = writer, view, view.graph
        self._outputs = {place: _Output(shown_output(view, place)) for place in range(len(view.outputs))}
        self._scopes: dict[Frame | None, _Scope] = {None: _Scope([*view.members, *self._outputs.values()])}
        self._gather(view.members)
        for arrow in view.arrows:
            self._link(arrow.source, arrow.target)
        for place, (_, box) in enumerate(view.outputs):
            self._link(box, self._outputs[place])
        self._grids = {frame: scope.placed() for frame, scope in self._scopes.items()}
        self._names: dict[object, str] = {}
        self._feet: dict[object, str] = {}
        """Where arrows leave the row of what is not alone there: below all that is beside it."""

    def _gather(self, members: Sequence[Box | Frame]) -> None:
        for member in members:
            if isinstance(member, Frame):
                self._scopes[member] = _Scope(list(member.members))
                self._gather(member.members)

    def _link(self, source: Box, target: _Ends) -> None:
        for frame, link in self._links(source, target):
            scope = self._scopes[frame]
            if link not in scope.links:
                scope.links.append(link)

    def _links(self, source: Box, target: _Ends) -> Iterator[tuple[Frame | None, Link]]:
        """On the way of a value: out of the blocks around it, and into those around what reads it."""
        shared = 0
        while shared < min(len(source.around), len(target.around)) and source.around[shared] is target.around[shared]:
            shared += 1
        out, into = (*source.around, source), (*target.around, target)
        for level in reversed(range(shared, len(source.around))):
            yield source.around[level], Link(out[level + 1], _Port(source, enters=False))
        yield source.around[shared - 1] if shared else None, Link(out[shared], into[shared])
        for level in range(shared, len(target.around)):
            yield target.around[level], Link(_Port(source, enters=True), into[level + 1])

    def written(self) -> str:
        text = self._grid(None, 0)
        for arrow in self._view.arrows:
            self._edge(arrow.source, arrow.target, labels.of_value(arrow.type, self._view), arrow)
        for place, (end, box) in enumerate(self._view.outputs):
            self._edge(box, self._outputs[place], labels.of_value(end.node.type, self._view), None)
        return text

    def _edge(self, source: Box, target: _Ends, text: str, arrow: Arrow | None) -> None:
        way = []
        for frame, link in self._links(source, target):
            found = self._grids[frame]
            if isinstance(link.source, _Port):
                way.append(self._names[frame, link.source])
            elif (frame, link.source) in self._feet:
                way.append(self._feet[frame, link.source])
            way += [self._names[frame, link, cell] for cell in found.ways[link]]
            if isinstance(link.target, _Port):
                way.append(self._names[frame, link.target])
        edge = {"from": self._names[source], "to": self._names[target], "way": way, "text": text}
        self._writer.edges.append({**edge, "skip": True} if arrow and arrow.is_skip else edge)

    def _grid(self, frame: Frame | None, level: int) -> str:
        found = self._grids[frame]
        areas = _areas(found)
        parts = [self._cell(frame, thing, areas[cell], level) for thing, cell in found.cells.items()]
        for thing, cell in found.cells.items():
            if not isinstance(thing, _Port) and _ALONE not in areas[cell]:
                name = self._feet[frame, thing] = self._writer.name()
                parts.append(f'<i class="foot" id="{name}" style="{areas[cell]}"></i>')
        for link, cells in found.ways.items():
            for cell in cells:
                name = self._names[frame, link, cell] = self._writer.name()
                parts.append(f'<i class="way" id="{name}" style="{areas[cell]}"></i>')
        columns = 1 + max(cell.column for cell in areas)
        return f'<div class="grid" style="grid-template-columns:repeat({columns},auto)">{"".join(parts)}</div>'

    def _cell(self, frame: Frame | None, thing: object, area: str, level: int) -> str:
        name = self._writer.name()
        if isinstance(thing, _Port):
            self._names[frame, thing] = name
            return f'<i class="port" id="{name}" style="{area}"></i>'
        self._names[thing] = name
        if isinstance(thing, Frame):
            return self._frame(thing, name, area, level)
        if isinstance(thing, _Output):
            return f'<div class="box end" id="{name}" style="{area}">{_text(thing.text)}</div>'
        assert isinstance(thing, Box)
        return self._box(thing, name, area)

    def _frame(self, frame: Frame, name: str, area: str, level: int) -> str:
        text = labels.of_frame(frame, self._graph)
        is_open = self._writer.is_open(level + 1)
        state = "" if is_open else " closed"
        times = " several" if frame.entry.times > 1 else ""
        tone = "odd" if level % 2 else "even"
        head = (
            f'<button aria-expanded="{str(is_open).lower()}" data-tip="{_data(self._writer.tip(frame))}">'
            f"{_text(text)}</button>"
        )
        inside = self._grid(frame, level + 1)
        kind = f"frame {tone} {frame.family}{state}{times}"
        return (
            f'<div class="{kind}" id="{name}" data-level="{level + 1}" style="{area}">'
            f'{head}<div class="inside">{inside}</div></div>'
        )

    def _box(self, box: Box, name: str, area: str) -> str:
        node, text = box.node, labels.of_box(box, self._graph)
        kind = "block" if node is None else box.family
        if box.is_end or (node is not None and isinstance(node.layer, Input)):
            kind = "end"
        elif node is not None and type(node.layer) in labels.SIGNS:
            kind = "sign"
        elif node is not None and isinstance(node.layer, Concat):
            kind = "concat"
        times = " several" if box.entry.times > 1 else ""
        family = f" {box.family}" if kind == "block" else ""
        tip = "" if box.is_end else f' tabindex="0" data-tip="{_data(self._writer.tip(box))}"'
        return f'<div class="box {kind}{family}{times}" id="{name}" style="{area}"{tip}>{_text(text)}</div>'


def _areas(found: Grid) -> dict[Cell, str]:
    """Where everything stands, as CSS has it; what has a row for itself in the middle of it."""
    cells = [*found.cells.values(), *(cell for way in found.ways.values() for cell in way)]
    alone = Counter(cell.row for cell in cells)
    return {
        cell: f"grid-area:{cell.row + 1}/" + (_ALONE if alone[cell.row] == 1 else f"{cell.column + 1}")
        for cell in cells
    }


def _text(text: str) -> str:
    return escape(labels.printable(text))


def _data(value: object) -> str:
    return escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _script(value: object) -> str:
    """JSON that a script element can hold: nothing in it ends the element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _colours(theme: Theme) -> str:
    """The theme as properties of CSS."""
    single = {each.name: getattr(theme, each.name) for each in fields(theme)}
    lines = [f"--{name.replace('_', '-')}:{value}" for name, value in single.items() if isinstance(value, str)]
    lines += [f"--frame-{name}:{value}" for name, value in zip(("even", "odd"), theme.frames, strict=True)]
    lines.append(f"--font:{FAMILIES}")
    families = "".join(
        f".box.{family},.frame.closed.{family}{{background:{fill}}}\n" for family, fill in theme.families.items()
    )
    return f":root{{{';'.join(lines)}}}\n{families}"


def _resource(name: str) -> str:
    return files("cnndsl.backends.pictures").joinpath(name).read_text(encoding="utf-8")
