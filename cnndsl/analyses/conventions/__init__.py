"""Operations as other tools count them, for the PyTorch module that a network becomes.

Each tool has a module here: a function from a `Call`, a step with the shapes around it, to what the tool counts in it.
All count one sample, in evaluation mode. `docs/counting.md` tells the conventions in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cnndsl.analyses.conventions import flop_counter, fvcore, ptflops, torchinfo
from cnndsl.analyses.conventions.calls import Call, calls
from cnndsl.graph import Graph
from cnndsl.resources import no_collections

__all__ = ["CONVENTIONS", "Convention", "Counted", "counted"]


class Convention(NamedTuple):
    """How a tool counts.

    Attributes:
        unit: its word for what it counts.
        count: how many of them it finds in a call, for one sample.
    """

    unit: str
    count: Callable[[Call], int]


CONVENTIONS: Mapping[str, Convention] = {
    "torchinfo": Convention("mult-adds", torchinfo.mult_adds),
    "fvcore": Convention("FLOPs", fvcore.flops),
    "ptflops": Convention("MACs", ptflops.macs),
    "torch": Convention("FLOPs", flop_counter.flops),
}
"""The tools, by the names of their packages."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a tool counts in a network.

    Attributes:
        unit: the tool's word for it: "MACs", "FLOPs".
        rows: how many there are in each node, in execution order.
    """

    unit: str
    rows: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.rows)


@no_collections()
def counted(graph: Graph, convention: str) -> Counted:
    """Operations of a graph for one sample, as a tool counts them.

    Raises:
        KeyError: the convention is none of `CONVENTIONS`.
        Undecided: a layer cannot tell what it becomes while its sizes are open.

    >>> from cnndsl import parse
    >>> counted(parse("INPUT(1x28x28) -> FC(10)").graph, "torch").total
    15680
    """
    unit, count = CONVENTIONS[convention]
    return Counted(unit, tuple(sum(map(count, calls(node))) for node in graph))
