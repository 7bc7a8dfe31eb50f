"""All that `check` can say about a network, each analysis made when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from cnndsl.analyses.cost import Cost, cost
from cnndsl.graph import Graph

if TYPE_CHECKING:
    from cnndsl.analyses.memory import Memory
    from cnndsl.analyses.receptive_field import ReceptiveFields

__all__ = ["OWN", "Operations", "Report"]

OWN = "cnndsl"
"""The convention that is ours."""


class Operations(NamedTuple):
    """Operations by one convention: what they are called, and how many there are in each node."""

    unit: str
    rows: Sequence[int]


class Report:
    """The analyses of one graph, each with a row for every node.

    Attributes:
        graph: the network.
        convention: the tool whose way of counting operations is asked for.
    """

    def __init__(self, graph: Graph, convention: str = OWN) -> None:
        self.graph = graph
        self.convention = convention

    @cached_property
    def cost(self) -> Cost:
        return cost(self.graph)

    @cached_property
    def fields(self) -> ReceptiveFields:
        from cnndsl.analyses.receptive_field import receptive_fields

        return receptive_fields(self.graph)

    @cached_property
    def memory(self) -> Memory:
        from cnndsl.analyses.memory import memory

        return memory(self.graph)

    @cached_property
    def operations(self) -> Operations:
        """Operations by the convention that is asked for."""
        if self.convention == OWN:
            return Operations("MACs", [row.macs for row in self.cost.rows])
        from cnndsl.analyses.conventions import counted

        found = counted(self.graph, self.convention)
        return Operations(found.unit, found.rows)

    @property
    def weights(self) -> int:
        """How many numbers a file of its weights holds, learned and frozen; statistics are not among them."""
        return self.cost.params + self.cost.frozen
