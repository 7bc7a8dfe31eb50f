"""Calls of one definition of which some lack a part that others have: `ID if s == 1 else conv(c)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cnndsl.backends.torch.runs import Body, Run
from cnndsl.backends.torch.tree import ENTERING, Instance, Wire
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operator

__all__ = ["Lacking", "Places", "aligned", "at_places", "goes_on"]

_MOST_LACKING = 4
"""Parts that one class may have or not; beyond that two classes read better."""

_LONGEST = 200
"""Runs of a body that is compared with others."""


class Lacking(NamedTuple):
    """A body lacks what the whole one has: which of the values that it would read stands in its place."""

    passes: int


class _Place(NamedTuple):
    """Where a body has what the whole one has: in which runs, and whether it is a part of the first of these."""

    run: int
    part: int | None = None
    runs: int = 1


Places = tuple[_Place | Lacking, ...]
"""For every run of the whole body where another one has it."""


def _is_alike(one: Run, other: Run, is_chain: bool) -> bool:
    """Whether two runs make the same, but for values and numbers of times; what they read is not looked at."""
    if len(one.pieces) != len(other.pieces) or (not is_chain and len(one.carried) != len(other.carried)):
        return False
    pairs = zip(one.pieces, other.pieces, strict=True)
    return (is_chain or (one.count == 1) == (other.count == 1)) and all(a.kind == b.kind for a, b in pairs)


def goes_on(before: Run, run: Run) -> bool:
    """Whether a run of a chain repeats what the run before it is, with other values."""
    if len(before.pieces) != len(run.pieces):
        return False
    pairs = zip(before.pieces, run.pieces, strict=True)
    return all(
        (one.word, one.suffix, one.form, one.number + before.count) == (two.word, two.suffix, two.form, two.number)
        for one, two in pairs
    )


def _passed_on(run: Run) -> Iterator[Wire]:
    """Those values that can take the place of what a run gives, where it is not there; none for most runs."""
    if run.count != 1 or len(run.pieces) != 1:
        return
    item = run.pieces[0].item
    if item.is_again or item.origin:
        return
    match item.content:
        case ModuleCall(initial=initial, without=without, results=1) if not initial and not without:
            yield from item.reads
        case Instance(inputs=inputs, outputs=outputs) if len(inputs) == len(outputs) == 1:
            yield from item.reads
        case Operator() | FunctionCall():
            yield from item.reads


def aligned(whole: Body, other: Body) -> Places | None:
    """Where a body has the runs of a whole one, which may have more; None where they do not match."""
    if len(whole.runs) > _LONGEST or whole.is_chain != other.is_chain:
        return None
    found = _Alignment(whole, other).places(0, 0, {}, {}, _MOST_LACKING)
    return tuple(found) if found is not None else None


def at_places(body: Body, places: Places) -> tuple[Run | Lacking, ...]:
    """The runs of a body in the order of a whole one."""
    return tuple(place if isinstance(place, Lacking) else _run(body, place) for place in places)


def _run(body: Body, place: _Place) -> Run | Lacking:
    if place.runs > 1:
        return Run.once(body.runs[place.run : place.run + place.runs])
    run = body.runs[place.run]
    if place.part is None:
        return run
    if run.count == 1:
        return Lacking(0) if place.part else run
    return run.split()[place.part]


class _Alignment:
    """Walks along the whole body and another one, which lacks what does not match, if that can be passed by."""

    def __init__(self, whole: Body, other: Body) -> None:
        self._whole = whole
        self._other = other

    def places(
        self, index: int, at: int, numbers: dict[int, int], passed: dict[Wire, Wire], may_lack: int
    ) -> list[_Place | Lacking] | None:
        """The places from two runs on, or None.

        Args:
            index: the run of the whole body.
            at: the run of the other body.
            numbers: of the other body's values those in the whole one.
            passed: for what the other body lacks the value in its place.
            may_lack: how much more it may lack.
        """
        found: list[_Place | Lacking] = []
        while index < len(self._whole.runs):
            run = self._whole.runs[index]
            if self._matches_in_two(index, at):
                found += [_Place(at, 0), _Place(at, 1)]
                at += 1
                index += 2
            elif self._matches(run, at, numbers, passed):
                other = self._other.runs[at]
                numbers |= {other.place + offset: run.place + offset for offset in range(run.size)}
                found.append(_Place(at))
                at += 1
                index += 1
            elif self._matches_one_by_one(run, at):
                found.append(_Place(at, runs=len(run.pieces)))
                at += len(run.pieces)
                index += 1
            else:
                rest = self._lacking(index, at, numbers, passed, may_lack)
                return None if rest is None else found + rest
        ends = self._whole.is_chain or self._same(self._whole.outputs, self._other.outputs, numbers, passed)
        return found if at == len(self._other.runs) and ends else None

    def _lacking(
        self, index: int, at: int, numbers: dict[int, int], passed: dict[Wire, Wire], may_lack: int
    ) -> list[_Place | Lacking] | None:
        run = self._whole.runs[index]
        if self._goes_on(index):  # the other body has it no times
            rest = self.places(index + 1, at, dict(numbers), passed, may_lack)
            return None if rest is None else [Lacking(0), *rest]
        for position, wire in enumerate(_passed_on(run) if may_lack else ()):
            beyond = {**passed, Wire(run.place): wire}
            rest = self.places(index + 1, at, dict(numbers), beyond, may_lack - 1)
            if rest is not None:
                return [Lacking(position), *rest]
        return None

    def _matches(self, run: Run, at: int, numbers: dict[int, int], passed: dict[Wire, Wire]) -> bool:
        if at == len(self._other.runs) or not _is_alike(run, self._other.runs[at], self._whole.is_chain):
            return False
        if self._whole.is_chain:
            return True
        other = self._other.runs[at]
        inside = numbers | {other.place + offset: run.place + offset for offset in range(run.size)}
        pairs = [
            *((one.item.reads, two.item.reads) for one, two in zip(run.pieces, other.pieces, strict=True)),
            *zip(map(tuple, run.carried), map(tuple, other.carried), strict=True),
        ]
        return all(self._same(one, two, inside, passed) for one, two in pairs)

    def _matches_in_two(self, index: int, at: int) -> bool:
        """Whether the other body has as one run what the whole has as two: a first one, and then the others."""
        if index + 1 >= len(self._whole.runs) or not self._goes_on(index + 1) or at == len(self._other.runs):
            return False
        first, others = self._whole.runs[index : index + 2]
        run = self._other.runs[at]
        has_others = at + 1 < len(self._other.runs) and _is_alike(others, self._other.runs[at + 1], True)
        return first.count == 1 and not has_others and _is_alike(first, run, True)

    def _matches_one_by_one(self, run: Run, at: int) -> bool:
        """Whether the other body has as several runs what the whole has as one."""
        parts = self._other.runs[at : at + len(run.pieces)]
        if not self._whole.is_chain or len(run.pieces) == 1 or any(part.count > 1 for part in parts):
            return False
        return bool(parts) and _is_alike(run, Run.once(parts), True)

    def _goes_on(self, index: int) -> bool:
        """Whether a run of a chain only repeats what stands before it, with other values."""
        return self._whole.is_chain and index > 0 and goes_on(self._whole.runs[index - 1], self._whole.runs[index])

    def _same(
        self, reads: tuple[Wire, ...], others: tuple[Wire, ...], numbers: dict[int, int], passed: dict[Wire, Wire]
    ) -> bool:
        if len(reads) != len(others):
            return False
        theirs = (wire if wire.item == ENTERING else Wire(numbers.get(wire.item, -2), wire.position) for wire in others)
        return all(_passing(one, passed) == _passing(two, passed) for one, two in zip(reads, theirs, strict=True))


def _passing(wire: Wire, passed: dict[Wire, Wire]) -> Wire:
    while wire in passed:
        wire = passed[wire]
    return wire
