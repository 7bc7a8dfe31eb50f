"""A report as text in 80 columns: what many tensors of one block have in common is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from cnndsl.backends.torch.weights.report import Doubt, Left, Report
from cnndsl.layers.tensor import by_x

__all__ = ["folded", "listed", "plain", "shown"]

WIDTH = 80
MOST_LINES = 24
"""Of one list, where not all is asked for."""


def shown(report: Report, verbose: bool) -> str:
    """The report, without a line end behind it."""
    return "\n".join(_lines(report, None if verbose else MOST_LINES))


def _lines(report: Report, most: int | None) -> Iterator[str]:
    total = len(report.pairs) + len(report.new)
    yield f"weights: {len(report.pairs):,} of {total:,} tensors of {plain(report.network)} are in {plain(report.file)}"
    for note in report.notes:
        yield from wrap(f"note: {plain(note)}", WIDTH, subsequent_indent="  ")
    yield f"matched by {'name' if report.match == 'name' else 'order and shape'}"
    yield from _cut(_pairs(report) if most is None else _blocks(report), most)
    if report.doubts:
        yield "in doubt: these could be exchanged, as far as order and shapes tell"
        yield from _cut(_doubts(report.doubts), most)
    if report.new:
        yield f"new, with initial values: {len(report.new):,}"
        yield from _cut(listed(report.new, (pair.ours for pair in report.pairs)), most)
    if report.unused:
        yield f"not used of the file: {len(report.unused):,}"
        yield from _cut(listed(report.unused, (pair.theirs for pair in report.pairs)), most)


def _cut(lines: Iterable[str], most: int | None) -> Iterator[str]:
    """The first of the lines, and how many more there are."""
    every = list(lines)
    if most is None or len(every) <= most + 1:
        yield from every
        return
    yield from every[:most]
    yield f"  ... and {len(every) - most:,} more lines; --verbose has them all"


def _pairs(report: Report) -> Iterator[str]:
    for ours, theirs, shape in report.pairs:
        yield from _entry(f"{ours} {_size(shape)}".rstrip(), f"<- {theirs}" if theirs != ours else "")


def _blocks(report: Report) -> Iterator[str]:
    """For each of the outermost blocks how many tensors it has, and from where."""
    for block, pairs in groupby(report.pairs, lambda pair: pair.ours.partition(".")[0]):
        found = list(pairs)
        modules = list(dict.fromkeys(pair.theirs.rpartition(".")[0] or pair.theirs for pair in found))
        origin = f"{modules[0]} ... {modules[-1]}" if len(modules) > 1 else modules[0]
        is_same = all(pair.ours == pair.theirs for pair in found)
        yield from _entry(f"{block}, {_tensors(len(found))}", "" if is_same else f"<- {origin}")


def _doubts(doubts: Iterable[Doubt]) -> Iterator[str]:
    for number, doubt in enumerate(doubts, 1):
        start = f"{number}. "
        lines = [line for ours, theirs in doubt.pairs for line in _entry(ours, f"<- {theirs}")]
        lines += [line for ours in doubt.ours for line in _entry(ours, "<- none of these")]
        lines += [line for theirs in doubt.theirs for line in _entry("none of these", f"<- {theirs}")]
        for place, line in enumerate(lines):
            yield f"  {start if place == 0 else ' ' * len(start)}{line.removeprefix('  ')}"


def listed(left: Sequence[Left], matched: Iterable[str]) -> Iterator[str]:
    """Tensors without a counterpart, each block that is left as a whole in one line.

    Args:
        left: the tensors.
        matched: the names of the other tensors of the same side.
    """
    found = {each.name: each for each in left}
    for label, names in folded(list(found), matched, {name: each.why for name, each in found.items()}):
        first = found[names[0]]
        size = f" {_size(first.shape)}".rstrip() if len(names) == 1 else f", {_tensors(len(names))}"
        yield from _entry(f"{label}{size}", f": {first.why}", glue="")


def folded(names: Sequence[str], others: Iterable[str], reasons: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Names by the outermost block all of whose tensors are among them for one reason.

    >>> reasons = dict.fromkeys(["a.b.x", "a.b.y", "a.c"], "none")
    >>> list(folded(["a.b.x", "a.b.y", "a.c"], ["a.d"], reasons))
    [('a.b.*', ['a.b.x', 'a.b.y']), ('a.c', ['a.c'])]
    """
    inside: Counter[tuple[str, str]] = Counter()
    whole: Counter[str] = Counter()
    for name in names:
        for block in _around(name):
            inside[block, reasons[name]] += 1
            whole[block] += 1
    whole.update(block for name in others for block in _around(name))
    groups: dict[str, list[str]] = {}
    for name in names:
        fitting = (block for block in _around(name) if inside[block, reasons[name]] == whole[block] > 1)
        label = next((f"{block}.*" for block in fitting), name)
        groups.setdefault(label, []).append(name)
    yield from groups.items()


def _around(name: str) -> Iterator[str]:
    """The blocks around a tensor, outermost first."""
    parts = name.split(".")
    return (".".join(parts[:depth]) for depth in range(1, len(parts)))


def _entry(left: str, right: str, glue: str = " ") -> Iterator[str]:
    """Two sides on one line, or where that is too long on two."""
    left, right = f"  {plain(left)}", plain(right)
    if not right or len(left) + len(glue) + len(right) <= WIDTH:
        yield f"{left}{glue if right else ''}{right}"
        return
    yield f"{left}:" if right.startswith(": ") else left
    yield f"      {right.removeprefix(': ')}"


def _tensors(count: int) -> str:
    return f"{count:,} tensor{'s' if count != 1 else ''}"


def _size(shape: tuple[int, ...]) -> str:
    return by_x(shape)


def plain(text: str) -> str:
    """A text of a file without what a terminal would act on."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
