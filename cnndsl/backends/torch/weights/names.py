"""Matching by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnndsl.backends.torch.weights.places import COUNTER, Place, Slot, places
from cnndsl.backends.torch.weights.report import Entry, File, Left, Pair, Report
from cnndsl.graph import Graph
from cnndsl.layers.tensor import by_x

__all__ = ["COMPILED", "by_name"]

COMPILED = "_orig_mod."
"""What `torch.compile` puts in front of the names of a module."""

WRAPPERS = ("module.", "model.", COMPILED)
"""What DataParallel, a module around the network and `torch.compile` put in front of all names."""


def by_name(graph: Graph, file: File) -> Report:
    """The tensors of a file under the names of a network.

    A wrapper's prefix is left out where more names fit without it.
    """
    ours = places(graph)
    entries, notes = _unwrapped(file.entries, {name for slot in _slots(ours) for name in (slot.name, *slot.aliases)})
    found = _Found(file, entries)
    for place in ours:
        for leaf, slot in place.slots.items():
            found.look_for(slot, leaf, place.is_fixed)
    return Report(
        file=file.name,
        network=graph.name,
        match="name",
        pairs=tuple(found.pairs),
        new=tuple(found.new),
        unused=tuple(found.unused()),
        fixed=tuple(found.fixed),
        needless=tuple(found.needless),
        repeated=tuple(found.repeated),
        notes=(*file.notes, *notes),
    )


def _slots(ours: Iterable[Place]) -> Iterator[Slot]:
    return (slot for place in ours for slot in place.slots.values())


def _unwrapped(entries: tuple[Entry, ...], wanted: set[str]) -> tuple[dict[str, Entry], list[str]]:
    """The entries by the name that counts."""
    best = {entry.name: entry for entry in entries}
    names, prefixes, taken = best, "", ""
    hits = len(wanted & best.keys())
    while wrapper := next((each for each in WRAPPERS if any(name.startswith(each) for name in names)), None):
        names = {name.removeprefix(wrapper): entry for name, entry in names.items()}
        prefixes += wrapper
        if len(wanted & names.keys()) > hits:
            best, taken, hits = names, prefixes, len(wanted & names.keys())
    return best, [f"the prefix `{taken}` of its names is left out"] if taken else []


class _Found:
    """What was found so far."""

    def __init__(self, file: File, entries: dict[str, Entry]) -> None:
        self._file = file
        self._left = dict(entries)
        self._reasons: dict[str, str] = {}
        self.pairs: list[Pair] = []
        self.new: list[Left] = []
        self.fixed: list[Pair] = []
        self.needless: list[str] = []
        self.repeated: list[str] = []

    def look_for(self, slot: Slot, leaf: str, is_fixed: bool) -> None:
        """Find what a tensor of the network gets."""
        known = [name for name in (slot.name, *slot.aliases) if name in self._left]
        fitting = [name for name in known if self._left[name].shape == slot.shape]
        if is_fixed and not known:
            self.needless.append(slot.name)
        elif fitting:
            first = self._left.pop(fitting[0])
            pairs = self.fixed if is_fixed else self.pairs
            pairs.append(Pair(slot.name, first.name, slot.shape))
            self._aside(slot, first, known)
        elif known:
            other = self._left[known[0]]
            self.new.append(Left(slot.name, slot.shape, f"{_its(other, slot)} is {_size(other.shape)} in the file"))
            self._reasons[other.name] = f"it is {_size(slot.shape)} in the network"
        elif leaf == COUNTER:
            self.needless.append(slot.name)
        else:
            self.new.append(Left(slot.name, slot.shape, "the file has no such name"))

    def _aside(self, slot: Slot, first: Entry, known: list[str]) -> None:
        """Lay aside what the file holds for the other uses of weights that are shared, if that is the same."""
        for name in known:
            entry = self._left.get(name)
            if entry is None:
                continue
            if entry.shape == first.shape and self._file.are_equal(entry.name, first.name):
                self.repeated.append(self._left.pop(name).name)
            else:
                self._reasons[entry.name] = f"it is one with {slot.name} in the network, and holds other numbers"

    def unused(self) -> Iterator[Left]:
        """What nothing was found for, in the order of the file."""
        for entry in self._left.values():
            why = self._reasons.get(entry.name, "the network has no such name")
            yield Left(entry.name, entry.shape, why)


def _its(other: Entry, slot: Slot) -> str:
    return "it" if other.name.endswith(slot.name) else other.name


def _size(shape: tuple[int, ...]) -> str:
    """`64x3x7x7`; of a single number, `one number`."""
    return by_x(shape) if shape else "one number"
