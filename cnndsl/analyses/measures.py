"""What a budget can be set for, `require params < 5e6`: totals of a network, and what has the largest share in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from cnndsl.analyses.cost import Cost, cost
from cnndsl.analyses.receptive_field import head
from cnndsl.graph import Graph, Node
from cnndsl.layers.extent import for_large_sizes

__all__ = ["Measures"]

_MOST_NAMED = 3
"""Layers that are told to have the largest shares."""


class Measures:
    """The totals of a network by the words of `cnndsl.elaborate.names.MEASURES`, each computed when it is asked for."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def value(self, word: str, arguments: Mapping[str, object]) -> int:
        """A total: a number, or a formula of open sizes.

        Args:
            word: which.
            arguments: those of `memory`, its batch and its optimizer.

        Raises:
            LookupError: there is no such thing in this network; the text is a sentence.
        """
        by_word: dict[str, Callable[[], int]] = {
            "params": lambda: self._cost.params,
            "macs": lambda: self._cost.macs,
            "flops": lambda: self._cost.flops,
            "receptive_field": lambda: head(self._graph).size,
            "memory": lambda: self._memory(arguments),
        }
        return by_word[word]()

    def largest(self, word: str) -> str:
        """Which layers have the largest shares: `most in fc1 37,748,736 (62 %), fc2 ...`; where the field is taken."""
        if word == "receptive_field":
            found = head(self._graph)
            return f"it is that of a position of {found.node.path}, {found.node.type}"
        if word == "memory":
            from cnndsl.analyses.memory import memory

            rows = memory(self._graph).rows
            return f"most values are kept for {_listed((row.node, row.saved) for row in rows)}"
        return f"most in {_listed((row.node, getattr(row, word)) for row in self._cost.rows)}"

    @cached_property
    def _cost(self) -> Cost:
        return cost(self._graph)

    def _memory(self, arguments: Mapping[str, object]) -> int:
        from cnndsl.analyses.memory import OPTIMIZERS, memory

        batch, optimizer = arguments["batch"], arguments["optimizer"]
        assert isinstance(batch, int)
        if optimizer not in OPTIMIZERS:
            raise LookupError(f"there is no optimizer `{optimizer}`; there are {', '.join(OPTIMIZERS)}")
        return memory(self._graph).training(batch, str(optimizer)).total


def _listed(shares: Iterable[tuple[Node, int]]) -> str:
    """The largest of some shares, each with its part of all."""
    found = [(node, share) for node, share in shares if share != 0]
    total = for_large_sizes(sum(share for _, share in found))
    largest = sorted(found, key=lambda each: -for_large_sizes(each[1]))[:_MOST_NAMED]
    told = (f"{node.path} {share:,} ({100 * for_large_sizes(share) / total:.0f} %)" for node, share in largest)
    return ", ".join(told) or "no layer"
