"""The index of the shipped specs: what each name stands for, and what the network comes to.

It is a table, `specs/index.csv`; several names may stand for one spec with other values of its parameters.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["INDEX", "Entry", "index"]

INDEX = "index.csv"


class Entry(NamedTuple):
    """A row.

    Attributes:
        name: what stands behind `zoo:`.
        spec: the name of the file, without its suffix; of one with several models with `:MODEL` behind it.
        settings: the values of the file's parameters that the name stands for, by parameter.
        year: of the publication; None for what was not published.
        task: what the network is for, by the name of a data set where it has one.
        input: the shape of its input; of several with `; ` between them.
        params: its parameters, as published or counted by other means than the compiler.
        macs: its multiply-accumulates for one sample, likewise.
        outputs: the shapes of its outputs, the main one first.
        top1: the published accuracy on the task in percent, of one network; None where none is known.
        source: where that is printed, and how it was measured if not on one crop.
        counts: where parameters and MACs come from: `published: ...`, `by hand: FILE` or `arithmetic: FILE`.
    """

    name: str
    spec: str
    settings: Mapping[str, str]
    year: int | None
    task: str
    input: str
    params: int
    macs: int
    outputs: tuple[str, ...]
    top1: float | None
    source: str
    counts: str

    @property
    def file(self) -> str:
        """The name of its file, without its suffix."""
        return self.spec.partition(":")[0]

    @property
    def model(self) -> str:
        """Which of several models of its file it is; "" of one with a single one."""
        return self.spec.partition(":")[2]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The shapes of its inputs."""
        return tuple(self.input.split("; "))


class _Index(Mapping[str, Entry]):
    """Entries are made of their rows when they are asked for: most commands want one, of some two hundred."""

    def __init__(self, rows: Iterator[list[str]]) -> None:
        self._heads = next(rows)
        self._rows = {row[0]: row for row in rows}

    def __getitem__(self, name: str) -> Entry:
        return _entry(dict(zip(self._heads, self._rows[name], strict=True)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


@cache
def index(folder: Path) -> Mapping[str, Entry]:
    """The rows of the index in a folder, by name, in their order; none where there is no index."""
    if not (folder / INDEX).exists():
        return {}
    with (folder / INDEX).open(encoding="utf-8", newline="") as file:
        return _Index(csv.reader(file))


def _entry(row: Mapping[str, str]) -> Entry:
    settings = dict[str, str]()
    for setting in row["set"].split():
        name, _, settings[name] = setting.partition("=")
    return Entry(
        name=row["name"],
        spec=row["spec"],
        settings=settings,
        year=int(row["year"]) if row["year"] else None,
        task=row["task"],
        input=row["input"],
        params=int(row["params"]),
        macs=int(row["macs"]),
        outputs=tuple(row["output"].split("; ")),
        top1=float(row["top1"]) if row["top1"] else None,
        source=row["source"],
        counts=row["counts"],
    )
