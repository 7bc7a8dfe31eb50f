"""What was found for each tensor of a network in a file: data, and its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

__all__ = ["Doubt", "Entry", "File", "Left", "Match", "Pair", "Report", "WeightsError", "WeightsWarning"]

Match = Literal["name", "order"]
"""How tensors are matched: by their names, or by execution order and shape."""


class Entry(NamedTuple):
    """A tensor of a file."""

    name: str
    shape: tuple[int, ...]

    @property
    def module(self) -> str:
        """The name of what it belongs to: `layer1.0.conv1` for `layer1.0.conv1.weight`."""
        return self.name.rpartition(".")[0]

    @property
    def leaf(self) -> str:
        """Its name there: `weight`."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class File:
    """What matching knows of a file.

    Attributes:
        name: how it is called in messages.
        entries: its tensors, in its order.
        is_ordered: whether that order may be the one of its network; safetensors sort by name.
        repeats: names of tensors that are the same memory as one before them.
        notes: what reading it has to tell.
        are_equal: whether two of its tensors hold the same numbers.
    """

    name: str
    entries: tuple[Entry, ...]
    is_ordered: bool = True
    repeats: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    are_equal: Callable[[str, str], bool] = lambda one, other: one == other


class Pair(NamedTuple):
    """A tensor of the network and the one of the file that it gets."""

    ours: str
    theirs: str
    shape: tuple[int, ...]


class Doubt(NamedTuple):
    """Layers that could be exchanged, as far as the file tells.

    Attributes:
        pairs: what was taken for what, by the names of the layers.
        ours: layers of the network that could have been taken as well, and were not.
        theirs: likewise, of the file.
    """

    pairs: tuple[tuple[str, str], ...]
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()


class Left(NamedTuple):
    """A tensor without a counterpart, and why it has none."""

    name: str
    shape: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What matching found; `str()` shows it as the command line does.

    Attributes:
        file: the name of the file.
        network: the name of the network.
        match: by what they were matched.
        pairs: the tensors that fit, in execution order.
        doubts: of these, what could be exchanged.
        new: tensors of the network that the file has nothing for; they keep their initial values.
        unused: tensors of the file that nothing in the network takes.
        fixed: tensors whose numbers the spec says, and which stay whatever the file has.
        needless: tensors of the network that the file lacks and need not have: counters.
        repeated: tensors of the file that hold once more what another holds.
        notes: what else there is to know.
    """

    file: str
    network: str
    match: Match
    pairs: tuple[Pair, ...]
    doubts: tuple[Doubt, ...] = ()
    new: tuple[Left, ...] = ()
    unused: tuple[Left, ...] = ()
    fixed: tuple[Pair, ...] = ()
    needless: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def is_complete(self) -> bool:
        """Whether every tensor on both sides has its counterpart."""
        return not self.new and not self.unused

    @property
    def is_clear(self) -> bool:
        """Whether there is nothing that someone should look at: it is complete and without doubt."""
        return self.is_complete and not self.doubts

    def text(self, *, verbose: bool = False) -> str:
        """The report for people, in 80 columns where the names allow it.

        Args:
            verbose: with every pair, not only how many each block has.
        """
        from cnndsl.backends.torch.weights.text import shown

        return shown(self, verbose)

    def __str__(self) -> str:
        return self.text()


class WeightsError(ValueError):
    """Weights that cannot be read, or do not fit; the text is for people.

    Attributes:
        report: what was matched, if it came to that.
    """

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report


class WeightsWarning(UserWarning):
    """Weights fit in part, or in more ways than one; the text is the report."""
