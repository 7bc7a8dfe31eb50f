"""A view of a network as a Mermaid flowchart, which GitHub and many wikis draw where it stands in a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnndsl.backends.pictures import labels
from cnndsl.backends.pictures.describe import description
from cnndsl.backends.pictures.dot import Direction, shown_output
from cnndsl.backends.pictures.themes import Theme
from cnndsl.backends.pictures.view import Box, Frame, View
from cnndsl.layers.structure import Input

__all__ = ["mermaid"]

_DIRECTIONS: dict[Direction, str] = {"down": "TD", "right": "LR"}

_ESCAPED = {ord(character): f"#{ord(character)};" for character in '#&<>"`\\[]{}()|;'}
"""Mermaid reads `#35;` as the character of that number."""


def mermaid(view: View, theme: Theme, direction: Direction = "down") -> str:
    """The text of the flowchart: a node for each box, a subgraph for each frame."""
    return "\n".join(_Writer(view, theme).lines(direction)) + "\n"


class _Writer:
    def __init__(self, view: View, theme: Theme) -> None:
        self._view, self._theme = view, theme
        self._names = {box: f"n{place}" for place, box in enumerate(view.boxes())}
        self._frames = 0

    def lines(self, direction: Direction) -> Iterator[str]:
        view, theme = self._view, self._theme
        yield f"%% {labels.printable(view.graph.name)}"
        yield f"flowchart {_DIRECTIONS[direction]}"
        yield f"  accTitle: {_escaped(view.graph.name)}"
        yield f"  accDescr: {_escaped(description(view.graph))}"
        yield from self._members(view.members, "  ")
        for place in range(len(view.outputs)):
            yield f'  o{place}(["{_escaped(shown_output(view, place))}"]):::end_'
        yield from self._arrows()
        for family, fill in {**theme.families, "plain": theme.plain}.items():
            yield f"  classDef {family} fill:{fill},stroke:{theme.line},color:{theme.ink}"
        yield f"  classDef end_ fill:{theme.end},stroke:{theme.end},color:{theme.on_end}"

    def _members(self, members: Iterable[Box | Frame], indent: str) -> Iterator[str]:
        for member in members:
            if isinstance(member, Box):
                yield indent + self._box(member)
                continue
            self._frames += 1
            text = labels.of_frame(member, self._view.graph)
            yield f'{indent}subgraph f{self._frames}["{_escaped(text)}"]'
            yield from self._members(member.members, indent + "  ")
            yield f"{indent}end"

    def _box(self, box: Box) -> str:
        node, name, text = box.node, self._names[box], _escaped(labels.of_box(box, self._view.graph))
        family = box.family if box.family in self._theme.families else "plain"
        if node is None:
            return f'{name}[["{text}"]]:::{family}'
        if isinstance(node.layer, Input):
            return f'{name}(["{text}"]):::end_'
        if type(node.layer) in labels.SIGNS:
            return f'{name}(("{text}")):::plain'
        return f'{name}["{text}"]:::{family}'

    def _arrows(self) -> Iterator[str]:
        names, skips = self._names, []
        for place, arrow in enumerate(self._view.arrows):
            yield f'  {names[arrow.source]} -->|"{labels.of_type(arrow.type)}"| {names[arrow.target]}'
            skips += [str(place)] if arrow.is_skip else []
        for place, (end, box) in enumerate(self._view.outputs):
            yield f'  {names[box]} -->|"{labels.of_type(end.node.type)}"| o{place}'
        if skips:
            yield f"  linkStyle {','.join(skips)} stroke:{self._theme.skip},stroke-width:2px"


def _escaped(text: str) -> str:
    return labels.printable(text).translate(_ESCAPED)
