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

_ESCAPED = {ord(character): f"#{ord(character)};" for character in '#&;<>"`\\'}
"""Mermaid reads `#35;` as the character of that number."""


def mermaid(view: View, theme: Theme, direction: Direction = "down", beside: Iterable[tuple[str, View]] = ()) -> str:
    """The text of the flowchart: a node for each box, a subgraph for each frame.

    Args:
        view: what is drawn.
        theme: the colours.
        direction: where it flows.
        beside: further views with their titles, each in a subgraph.
    """
    lines = [
        f"%% {labels.printable(view.graph.name)}",
        f"flowchart {_DIRECTIONS[direction]}",
        f"  accTitle: {_escaped(view.graph.name)}",
        f"  accDescr: {_escaped(description(view.graph))}",
    ]
    drawn = [_Writer(view, theme, "")]
    lines.extend(drawn[0].lines("  "))
    for number, (title, other) in enumerate(beside, 1):
        drawn.append(_Writer(other, theme, f"b{number}"))
        lines.append(f'  subgraph b{number}["{_escaped(title)}"]')
        lines.extend(drawn[-1].lines("    "))
        lines.append("  end")
    return "\n".join([*lines, *_skips(drawn, theme), *_classes(theme)]) + "\n"


def _skips(drawn: Iterable[_Writer], theme: Theme) -> Iterator[str]:
    """How arrows that pass by are drawn, which are told by their numbers."""
    numbers, before = list[str](), 0
    for each in drawn:
        numbers += [str(before + place) for place, arrow in enumerate(each.view.arrows) if arrow.is_skip]
        before += len(each.view.arrows) + len(each.view.outputs)
    if numbers:
        yield f"  linkStyle {','.join(numbers)} stroke:{theme.skip},stroke-width:2px"


def _classes(theme: Theme) -> Iterator[str]:
    for family, fill in {**theme.families, "plain": theme.plain}.items():
        yield f"  classDef {family} fill:{fill},stroke:{theme.line},color:{theme.ink}"
    yield f"  classDef end_ fill:{theme.end},stroke:{theme.end},color:{theme.on_end}"


class _Writer:
    """Args:
    view: what is written.
    theme: the colours.
    prefix: what the names of all nodes and subgraphs begin with.
    """

    def __init__(self, view: View, theme: Theme, prefix: str) -> None:
        self.view, self._theme, self._prefix = view, theme, prefix
        self._names = {box: f"{prefix}n{place}" for place, box in enumerate(view.boxes())}
        self._frames = 0

    def lines(self, indent: str) -> Iterator[str]:
        view = self.view
        yield from self._members(view.members, indent)
        for place in range(len(view.outputs)):
            yield f'{indent}{self._prefix}o{place}(["{_escaped(shown_output(view, place))}"]):::end_'
        for arrow in view.arrows:
            yield indent + _edge(
                self._names[arrow.source], labels.of_value(arrow.type, view), self._names[arrow.target]
            )
        for place, (end, box) in enumerate(view.outputs):
            yield indent + _edge(self._names[box], labels.of_value(end.node.type, view), f"{self._prefix}o{place}")

    def _members(self, members: Iterable[Box | Frame], indent: str) -> Iterator[str]:
        for member in members:
            if isinstance(member, Box):
                yield indent + self._box(member)
                continue
            self._frames += 1
            text = labels.of_frame(member, self.view.graph)
            yield f'{indent}subgraph {self._prefix}f{self._frames}["{_escaped(text)}"]'
            yield from self._members(member.members, indent + "  ")
            yield f"{indent}end"

    def _box(self, box: Box) -> str:
        node, name, text = box.node, self._names[box], _escaped(labels.of_box(box, self.view.graph))
        family = box.family if box.family in self._theme.families else "plain"
        if node is None:
            return f'{name}[["{text}"]]:::{family}'
        if box.is_end or isinstance(node.layer, Input):
            return f'{name}(["{text}"]):::end_'
        if type(node.layer) in labels.SIGNS:
            return f'{name}(("{text}")):::plain'
        return f'{name}["{text}"]:::{family}'


def _edge(source: str, text: str, target: str) -> str:
    return f'{source} -->|"{text}"| {target}' if text else f"{source} --> {target}"


def _escaped(text: str) -> str:
    return labels.printable(text).translate(_ESCAPED)
