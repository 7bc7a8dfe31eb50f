"""Matching by execution order and shape, for files whose names are another library's.

A file's tensors are taken together by layer, and a layer's kind is what its tensors are called and their shapes. The
layers of a file that keeps its order are matched so that whatever lies before something in the network lies before it
in the file too (`walk`), or, where one side has layers that the other has not, so that as many as possible are
(`alignment`). A file that is sorted by name has no order but that of the numbers in its names.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from cnndsl.backends.torch.weights.alignment import aligned
from cnndsl.backends.torch.weights.exchange import Exchange
from cnndsl.backends.torch.weights.places import COUNTER, Place, Slot, places, ways_to
from cnndsl.backends.torch.weights.report import Doubt, Entry, File, Left, Pair, Report, WeightsError
from cnndsl.backends.torch.weights.walk import walk
from cnndsl.graph import Graph
from cnndsl.layers.tensor import by_x

__all__ = ["by_order"]

MOST_LAYERS = 10_000
"""With weights: what lies before what takes memory that grows with their square."""

MOST_PAIRS = 2_000_000
"""Of layers of both sides that are compared where some have no counterpart."""

BY_NUMBERS = "it keeps no order of execution, so only numbers in its names tell one; a .pth does"

NONE_LEFT = "none with its shapes is left in its place"

Kind = Hashable
"""What two layers have in common that could take each other's tensors."""


class _Layer(NamedTuple):
    """A layer of the file: its name, and its tensors by their names there."""

    name: str
    entries: dict[str, Entry]


def by_order(graph: Graph, file: File) -> Report:
    """The tensors of a file for a network, by execution order and shape.

    Raises:
        WeightsError: the network has too many layers for it.
    """
    ours = [place for place in places(graph) if not place.is_fixed]
    if len(ours) > MOST_LAYERS:
        raise WeightsError(f"matching by order is for networks of up to {MOST_LAYERS:,} layers with weights")
    fixed = [slot.name for place in places(graph) if place.is_fixed for slot in place.slots.values()]
    matching = _Matching(ours, _layers(file), ways_to(graph, ours), _is_ordered(file))
    matching.run()
    told = _Told(matching)
    return Report(
        file=file.name,
        network=graph.name,
        match="order",
        pairs=tuple(told.pairs),
        doubts=tuple(matching.doubts()),
        new=tuple(told.new),
        unused=tuple(told.unused),
        needless=(*fixed, *told.needless),
        repeated=tuple(entry.name for entry in file.entries if entry.name in file.repeats),
        notes=file.notes if matching.is_ordered else (*file.notes, BY_NUMBERS),
    )


def _layers(file: File) -> list[_Layer]:
    """The layers of a file, in its order."""
    found: dict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in file.entries:
        if entry.name not in file.repeats:
            found[entry.module][entry.leaf] = entry
    return [_Layer(name, entries) for name, entries in found.items()]


def _is_ordered(file: File) -> bool:
    """Whether the order of a file may be that of its network: not by name, and layer after layer."""
    names = [entry.name for entry in file.entries if entry.leaf != COUNTER]
    modules = [module for module, _ in groupby(entry.module for entry in file.entries)]
    is_by_layer = len(modules) == len(set(modules))
    return file.is_ordered and is_by_layer and (names != sorted(names) or len(modules) == 1)


def _shapes(tensors: dict[str, Slot] | dict[str, Entry]) -> Kind:
    return frozenset((leaf, tensor.shape) for leaf, tensor in tensors.items() if leaf != COUNTER)


def _core(tensors: dict[str, Slot] | dict[str, Entry]) -> Kind:
    """A layer's kind by its weight alone: with a bias and without one it is the same."""
    return tensors["weight"].shape if "weight" in tensors else None


def _kinds(ours: list[Place], theirs: list[_Layer]) -> tuple[list[Kind], list[Kind]]:
    """The kinds of the layers of both sides; None where the other side has none like it."""
    mine, others = [_shapes(place.slots) for place in ours], [_shapes(layer.entries) for layer in theirs]
    common = set(mine) & set(others)
    my_cores = [None if kind in common else _core(place.slots) for kind, place in zip(mine, ours, strict=True)]
    other_cores = [None if kind in common else _core(layer.entries) for kind, layer in zip(others, theirs, strict=True)]
    cores = set(my_cores) & set(other_cores) - {None}
    return _either(mine, my_cores, common, cores), _either(others, other_cores, common, cores)


def _either(kinds: list[Kind], cores: list[Kind], common: set[Kind], common_cores: set[Kind]) -> list[Kind]:
    pairs = zip(kinds, cores, strict=True)
    return [kind if kind in common else core if core in common_cores else None for kind, core in pairs]


class _Matching:
    """Which layer of the file each layer of the network takes.

    Attributes:
        taken: for the layers of the network, by number, the number of the layer of the file.
        is_ordered: whether the order of the file says something.
    """

    def __init__(self, ours: list[Place], theirs: list[_Layer], ways: list[int], is_ordered: bool) -> None:
        self.ours, self.theirs, self.ways, self.is_ordered = ours, theirs, ways, is_ordered
        self.kinds, self.their_kinds = _kinds(ours, theirs)
        self.taken: dict[int, int] = {}
        self._exchange = Exchange()

    def run(self) -> None:
        """Find them."""
        ours = [number for number, kind in enumerate(self.kinds) if kind is not None]
        theirs = [number for number, kind in enumerate(self.their_kinds) if kind is not None]
        if not self.is_ordered:
            self._by_numbers(ours, theirs)
        elif not self._walk(theirs):
            self._align(ours, theirs)

    def _walk(self, theirs: list[int]) -> bool:
        """Match all, if all can be, and each behind whatever lies before it."""
        others = [self.their_kinds[number] for number in theirs]
        if Counter(kind for kind in self.kinds if kind is not None) != Counter(others):
            return False
        walked = walk(self.kinds, self.ways, others)
        if walked is None:
            return False
        self.taken = dict(zip(walked.taken, theirs, strict=True))
        for at, alternative in walked.alternatives:
            self._exchange.add(walked.taken[at], alternative)
        return True

    def _align(self, ours: list[int], theirs: list[int]) -> None:
        """Match as many as stand in the same order; then those that the order does not forbid, or that are unique."""
        if len(ours) * len(theirs) > MOST_PAIRS:
            raise WeightsError(
                f"some layers have no counterpart, and {len(ours):,} are too many to tell which by order"
            )
        kinds = [self.kinds[number] for number in ours]
        others = [self.their_kinds[number] for number in theirs]
        parents = [self.theirs[number].name.rpartition(".")[0] for number in theirs]
        are_close = [False, *(one == other for one, other in pairwise(parents))]
        alignment = aligned(kinds, others, are_close[: len(others)])
        self.taken = {ours[mine]: theirs[at] for mine, at in alignment.pairs}
        for mine, at in alignment.others:
            self._exchange.add(ours[mine], ~theirs[at])
        left = self._left(theirs)
        for mine in ours:
            if mine not in self.taken:
                self._take_first(mine, left, self.bounds(mine))
        for alike in self._alike(ours).values():
            self._doubt_places(alike)
        self._doubt_what_could_move(ours, theirs)
        counts, their_counts = Counter(kinds), Counter(others)
        for mine in ours:
            if mine not in self.taken and counts[self.kinds[mine]] == their_counts[self.kinds[mine]] == 1:
                self._take_first(mine, left, range(len(self.theirs)))

    def _doubt_what_could_move(self, ours: list[int], theirs: list[int]) -> None:
        """Where something else of its kind could stand between what is certain, a layer is in doubt.

        What is in doubt holds nothing else in its place, so this is repeated until nothing more comes of it.
        """
        alike: dict[Kind, list[int]] = defaultdict(list)
        for number in theirs:
            alike[self.their_kinds[number]].append(number)
        open = [mine for mine in ours if mine not in self.taken]
        certain = [mine for mine in sorted(self.taken) if not self._exchange.knows(mine)]
        before = -1
        while len(certain) != before:
            before = len(certain)
            for mine in certain:
                allowed = self.bounds(mine, but_doubted=True)
                others = [at for at in alike[self.kinds[mine]] if at in allowed and at != self.taken[mine]]
                for at in others:
                    self._exchange.add(mine, ~at)
                for other in open:
                    is_alike = self.kinds[other] == self.kinds[mine]
                    if is_alike and self.taken[mine] in self.bounds(other, but_doubted=True, but=mine):
                        self._exchange.add(mine, other)
            certain = [mine for mine in certain if not self._exchange.knows(mine)]

    def _left(self, theirs: list[int]) -> dict[Kind, list[int]]:
        """The layers of the file that are not taken, by their kind."""
        used, left = set(self.taken.values()), defaultdict(list)
        for number in theirs:
            if number not in used:
                left[self.their_kinds[number]].append(number)
        return left

    def _take_first(self, mine: int, left: dict[Kind, list[int]], allowed: range) -> None:
        alike = left[self.kinds[mine]]
        found = next((number for number in alike if number in allowed), None)
        if found is not None:
            self.taken[mine] = found
            alike.remove(found)

    def bounds(self, mine: int, *, but_doubted: bool = False, but: int | None = None) -> range:
        """Where in the file a layer can stand: behind what lies before it, before what lies behind.

        Args:
            mine: its number.
            but_doubted: whether to disregard what is in doubt itself.
            but: another one to disregard.
        """
        if not self.is_ordered:
            return range(len(self.theirs))
        first, end = 0, len(self.theirs)
        for other, at in self.taken.items():
            if other != but and not (but_doubted and self._exchange.knows(other)):
                first = max(first, at + 1) if self.ways[mine] >> other & 1 else first
                end = min(end, at) if self.ways[other] >> mine & 1 else end
        return range(first, end)

    def _by_numbers(self, ours: list[int], theirs: list[int]) -> None:
        """Match those of one kind in the order of the numbers in their names."""
        others: dict[Kind, list[int]] = defaultdict(list)
        for number in sorted(theirs, key=lambda number: _natural(self.theirs[number].name)):
            others[self.their_kinds[number]].append(number)
        for kind, alike in self._alike(ours).items():
            self.taken.update(zip(alike, others[kind], strict=False))
            self._doubt_places(alike)
            names = {number: _natural(self.theirs[number].name) for number in others[kind]}
            groups = [list(names)] if len(alike) != len(names) else _unordered(names, 0)
            for group in groups:
                self._join([~number for number in group])

    def _alike(self, ours: list[int]) -> dict[Kind, list[int]]:
        """The layers of the network by their kind, each in execution order."""
        found: dict[Kind, list[int]] = defaultdict(list)
        for number in ours:
            found[self.kinds[number]].append(number)
        return found

    def _doubt_places(self, alike: list[int]) -> None:
        """Layers of the network of one kind neither of which lies before the other are in doubt."""
        for at, mine in enumerate(alike):
            for other in reversed(alike[:at]):
                if self.ways[mine] >> other & 1:
                    break
                self._exchange.add(other, mine)

    def _join(self, numbers: list[int]) -> None:
        """Say that all of these could be exchanged."""
        for one, other in pairwise(numbers):
            self._exchange.add(one, other)

    def doubts(self) -> Iterator[Doubt]:
        """The layers that could be exchanged, those of one network's place after the other."""
        for mine, at in self.taken.items():
            self._exchange.add_if_known(mine, ~at)
        for group in self._exchange.groups():
            ours = sorted(number for number in group if number >= 0)
            theirs = sorted(~number for number in group if number < 0)
            pairs = [
                (self.ours[number].path, self.theirs[self.taken[number]].name)
                for number in ours
                if number in self.taken
            ]
            used = set(self.taken.values())
            yield Doubt(
                tuple(pairs),
                tuple(self.ours[number].path for number in ours if number not in self.taken),
                tuple(self.theirs[number].name for number in theirs if number not in used),
            )


class _Told:
    """What the matching of layers comes to for their tensors."""

    def __init__(self, matching: _Matching) -> None:
        self._matching = matching
        self.pairs: list[Pair] = []
        self.new: list[Left] = []
        self.needless: list[str] = []
        self._reasons: dict[str, str] = {}
        paired: set[str] = set()
        places = self._in_their_places()
        for number, place in enumerate(matching.ours):
            at = matching.taken.get(number)
            entries = matching.theirs[at].entries if at is not None else {}
            others = matching.theirs[places[number]].entries if number in places else {}
            for leaf, slot in place.slots.items():
                self._tell(slot, leaf, entries.get(leaf), others.get(leaf), self._why(number, leaf))
        paired.update(pair.theirs for pair in self.pairs)
        entries_left = (entry for layer in matching.theirs for entry in layer.entries.values())
        self.unused = [self._unused(entry) for entry in entries_left if entry.name not in paired]

    def _tell(self, slot: Slot, leaf: str, taken: Entry | None, other: Entry | None, why: str) -> None:
        if taken is not None and taken.shape == slot.shape:
            self.pairs.append(Pair(slot.name, taken.name, slot.shape))
        elif leaf == COUNTER:
            self.needless.append(slot.name)
        elif other is not None and other.shape != slot.shape:
            self.new.append(Left(slot.name, slot.shape, f"{other.name} in its place is {by_x(other.shape)}"))
            self._reasons[other.name] = f"{slot.name} in its place is {by_x(slot.shape)}"
        else:
            self.new.append(Left(slot.name, slot.shape, why))

    def _in_their_places(self) -> dict[int, int]:
        """For layers that took nothing, what stands in their places with other shapes."""
        matching = self._matching
        free = [number for number in range(len(matching.theirs)) if number not in set(matching.taken.values())]
        found: dict[int, int] = {}
        for mine, place in enumerate(matching.ours):
            if mine in matching.taken or not free:
                continue
            allowed, wanted = matching.bounds(mine), _form(place.slots)
            alike = [each for each in free if each in allowed and _form(matching.theirs[each].entries) == wanted]
            at = alike[0] if len(alike) == 1 or (alike and matching.is_ordered) else None
            if at is not None:
                found[mine] = at
                free.remove(at)
        return found

    def _why(self, number: int, leaf: str) -> str:
        matching = self._matching
        if number in matching.taken:
            return f"{matching.theirs[matching.taken[number]].name} has no {leaf}"
        return NONE_LEFT if matching.kinds[number] is not None else "no layer of the file has its shapes"

    def _unused(self, entry: Entry) -> Left:
        matching = self._matching
        number = next(at for at, layer in enumerate(matching.theirs) if layer.name == entry.module)
        takers = {at: mine for mine, at in matching.taken.items()}
        if number in takers:
            why = f"{matching.ours[takers[number]].path} has no {entry.leaf}"
        else:
            is_known = matching.their_kinds[number] is not None
            why = NONE_LEFT if is_known else "no layer of the network has its shapes"
        return Left(entry.name, entry.shape, self._reasons.get(entry.name, why))


def _form(tensors: dict[str, Slot] | dict[str, Entry]) -> Kind:
    """What two layers have in common that differ in numbers of channels only."""
    return frozenset((leaf, len(tensor.shape)) for leaf, tensor in tensors.items() if leaf != COUNTER)


_Part = tuple[int, int, str]
"""A number or a word of a name, as it is sorted: 0, the number and no word, or 1, 0 and the word."""


def _natural(name: str) -> list[_Part]:
    """A name as its numbers and what is between them, to sort by."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _unordered(names: dict[int, list[_Part]], depth: int) -> Iterator[list[int]]:
    """Those of some names that agree so far, and go on with words, which tell no order."""
    if len(names) < 2:
        return
    parts: dict[_Part | None, dict[int, list[_Part]]] = defaultdict(dict)
    for number, name in names.items():
        parts[name[depth] if depth < len(name) else None][number] = name
    if len(parts) > 1 and any(part is None or part[2] for part in parts):
        yield list(names)
        return
    for part in parts.values():
        yield from _unordered(part, depth + 1)
