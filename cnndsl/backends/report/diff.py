"""How two networks differ, as a table and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from cnndsl.analyses.cost import NodeCost, cost
from cnndsl.analyses.diff import Difference, Kind, Pair
from cnndsl.backends.report.table import Heading, Line, Table
from cnndsl.graph import Graph

__all__ = ["as_data", "diff_table", "sameness"]

_SIGNS: dict[Kind, str] = {"added": "+", "removed": "-", "changed": "~"}
_HEADINGS = (
    Heading("change", "change", False),
    Heading("output", "output", False),
    Heading("params", "params", True),
    Heading("macs", "MACs", True),
)
_TIMES = "xN: N blocks that changed alike, of which the first is named; the numbers are those of all"


class _Item(NamedTuple):
    """A line: a layer, or a block that was added or removed as a whole."""

    kind: Kind
    call: str
    scope: tuple[str, ...]
    pairs: tuple[Pair, ...]

    @property
    def signature(self) -> tuple[object, ...]:
        return self.kind, self.call, self.pairs[0].changes


class _Group(NamedTuple):
    """What changed inside a block, directly."""

    scope: tuple[str, ...]
    items: tuple[_Item, ...]


def diff_table(found: Difference) -> Table:
    """What was added (+), removed (-) and changed (~), block by block; blocks that changed alike are told once."""
    folded = [list(group) for _, group in groupby(_groups(found), key=lambda group: _signature(found, group))]
    return Table(
        title=f"{found.before.name} -> {found.after.name}",
        label="layer",
        headings=_HEADINGS,
        lines=tuple(line for groups in folded for line in _lines(groups)),
        totals=tuple(_totals(found)),
        notes=(_TIMES,) if any(len(groups) > 1 for groups in folded) else (),
    )


def sameness(found: Difference) -> str:
    """A sentence about two networks between which nothing differs."""
    total = cost(found.after)
    counts = f"{len(found.after):,} layers, {total.params:,} parameters, {total.macs:,} MACs"
    return f"{found.before.name} and {found.after.name} are the same network: {counts}"


def as_data(found: Difference) -> dict[str, Any]:
    """All of it as JSON can hold it: both networks in numbers, and every pair of layers that differs."""
    return {
        "before": _network(found.before),
        "after": _network(found.after),
        "counts": {kind: found.count(kind) for kind in ("added", "removed", "changed", "resized", "same")},
        "pairs": [
            {
                "kind": pair.kind,
                "before": pair.before and _layer(pair.before),
                "after": pair.after and _layer(pair.after),
                "changes": list(pair.changes),
            }
            for pair in found.pairs
            if pair.kind != "same"
        ],
    }


# Lines


def _groups(found: Difference) -> list[_Group]:
    """Items by the blocks that they are in, in the order of the first of each."""
    groups: dict[tuple[str, ...], list[_Item]] = {}
    for item in _items(found):
        groups.setdefault(item.scope, []).append(item)
    return [_Group(scope, tuple(items)) for scope, items in groups.items()]


def _items(found: Difference) -> Iterator[_Item]:
    whole = {
        "added": _wholly(found.after, (pair.after for pair in found.pairs if pair.kind == "added")),
        "removed": _wholly(found.before, (pair.before for pair in found.pairs if pair.kind == "removed")),
    }
    of_blocks: dict[tuple[Kind, tuple[str, ...]], list[Pair]] = {}
    order: list[tuple[Kind, tuple[str, ...]] | Pair] = []
    for pair in found.pairs:
        if pair.kind in ("same", "resized"):
            continue
        scope = _own(pair).node.scope
        block = next((scope[:end] for end in range(1, len(scope) + 1) if scope[:end] in whole.get(pair.kind, ())), None)
        if block is None:
            order.append(pair)
        else:
            if (pair.kind, block) not in of_blocks:
                order.append((pair.kind, block))
            of_blocks.setdefault((pair.kind, block), []).append(pair)
    for each in order:
        if isinstance(each, Pair):
            node = _own(each).node
            yield _Item(each.kind, str(node.layer), node.scope, (each,))
        else:
            kind, scope = each
            graph = found.after if kind == "added" else found.before
            yield _Item(kind, str(graph.blocks[scope]), scope[:-1], tuple(of_blocks[each]))


def _own(pair: Pair) -> NodeCost:
    row = pair.after or pair.before
    assert row is not None
    return row


def _wholly(graph: Graph, rows: Iterable[NodeCost | None]) -> set[tuple[str, ...]]:
    """The blocks of which every layer is one of these."""
    chosen = {row.node for row in rows if row is not None}
    kept = {node.scope[:end] for node in graph if node not in chosen for end in range(1, len(node.scope) + 1)}
    every = {node.scope[:end] for node in chosen for end in range(1, len(node.scope) + 1)}
    return every - kept


def _signature(found: Difference, group: _Group) -> object:
    """What groups have in common that are told once; a group of the outermost level stands for itself."""
    blocks = {**found.before.blocks, **found.after.blocks}
    name = blocks[group.scope].definition if group.scope in blocks else group.scope
    return name, group.scope[:-1], tuple(item.signature for item in group.items)


def _lines(groups: Sequence[_Group]) -> Iterator[Line]:
    first = groups[0]
    together = [[item for group in groups for item in (group.items[place],)] for place in range(len(first.items))]
    if first.scope:
        pairs = [pair for items in together for item in items for pair in item.pairs]
        yield Line(".".join(first.scope), len(groups), (), ("", "", *_more(pairs)))
    for place, items in enumerate(together, 1):
        follows = (place < len(together),) if first.scope else ()
        pairs = [pair for item in items for pair in item.pairs]
        item = items[0]
        cells = (", ".join(item.pairs[0].changes), _output(item), *_more(pairs))
        yield Line(f"{_SIGNS[item.kind]} {item.call}", 1, follows, cells)


def _output(item: _Item) -> str:
    """The size of what leaves it, then and now where it was there already."""
    last = item.pairs[-1]
    then, now = (str(row.node.type) if row else "" for row in (last.before, last.after))
    return f"{then} -> {now}" if then and now and then != now else now or then


def _more(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """How many more parameters and multiply-accumulates there are, with their signs; nothing for none."""
    sums = sum(pair.params for pair in pairs), sum(pair.macs for pair in pairs)
    return tuple(f"{number:+,}" if number != 0 else "" for number in sums)


# Below


def _totals(found: Difference) -> Iterator[tuple[str, str]]:
    one, two = cost(found.before), cost(found.after)
    counts = ", ".join(f"{found.count(kind):,} {kind}" for kind in ("added", "removed", "changed"))
    yield "layers", f"{len(found.before):,} -> {len(found.after):,}: {counts}"
    yield "parameters", _change(one.params, two.params)
    yield "MACs", _change(one.macs, two.macs)
    resized = [pair for pair in found.pairs if pair.kind == "resized"]
    if resized:
        first = resized[0]
        assert first.before is not None and first.after is not None  # noqa: PT018
        sizes = f"{first.before.node.type} -> {first.after.node.type}"
        yield "sizes", f"{len(resized):,} more layers have other ones, the first is {first.after.node.path}, {sizes}"
    for title, then, now in (
        ("inputs", found.before.inputs, found.after.inputs),
        ("outputs", found.before.outputs, found.after.outputs),
    ):
        texts = [", ".join(f"{end.name} {end.node.type}" for end in ends) for ends in (then, now)]
        if texts[0] != texts[1]:
            yield title, " -> ".join(texts)


def _change(then: int, now: int) -> str:
    if then == now:
        return f"{now:,}, as before"
    share = f", {100 * (now - then) / then:+.1f} %" if isinstance(then, int) and isinstance(now, int) and then else ""
    return f"{then:,} -> {now:,} ({now - then:+,}{share})"


# Data


def _network(graph: Graph) -> dict[str, Any]:
    found = cost(graph)
    return {
        "name": graph.name,
        "layers": len(graph),
        "params": _plain(found.params),
        "macs": _plain(found.macs),
        "inputs": {end.name: _size(end.node.type.shape) for end in graph.inputs},
        "outputs": {end.name: _size(end.node.type.shape) for end in graph.outputs},
    }


def _layer(row: NodeCost) -> dict[str, Any]:
    node = row.node
    return {
        "path": node.path,
        "layer": node.layer.word(),
        "call": str(node.layer),
        "output": _size(node.type.shape),
        "params": _plain(row.params),
        "macs": _plain(row.macs),
        "line": node.span.position.line,
    }


def _size(shape: Iterable[int]) -> list[int | str]:
    return [_plain(extent) for extent in shape]


def _plain(number: int) -> int | str:
    """A number as it is, a formula of open sizes as text."""
    return number if type(number) is int else str(number)
