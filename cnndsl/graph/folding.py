"""What repeats is shown once: members of a block that follow each other and are alike, folded."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from cnndsl.graph.graph import Graph, Node
from cnndsl.graph.hierarchy import Scope

__all__ = ["Alike", "Fold", "Folding"]

_LONGEST_GROUP = 12
"""Members that may repeat together, `[CONV -> BN -> RELU]*6`; looking for longer ones takes time and finds nothing."""

_FEWEST_OF_A_GROUP = 3
"""Times that several members must repeat for the copies to be told by their number: two are as short written out."""

Member = Node | Scope
Alike = Literal["exactly", "in a chain", "never"]


class Fold(NamedTuple):
    """Members that stand one after the other and are alike.

    Attributes:
        copies: the members of each copy, in execution order; of most folds there is one copy of one member.
    """

    copies: tuple[tuple[Member, ...], ...]

    @property
    def times(self) -> int:
        return len(self.copies)

    @property
    def first(self) -> tuple[Member, ...]:
        return self.copies[0]

    def nodes(self) -> Iterator[Node]:
        """All nodes of all copies."""
        for copy in self.copies:
            for member in copy:
                if isinstance(member, Node):
                    yield member
                else:
                    yield from member.nodes()


class Folding:
    r"""Folds the scopes of one graph.

    Two members are alike where a report could not tell them apart: the same layers with the same attributes on values
    of the same sizes, called in blocks of the same names with the same arguments.

    Args:
        alike: "exactly": what is said above. "in a chain": as a picture can show it, in which each copy reads nothing
            but the one before, and nothing else reads that; values may have other channels, as those of a dense block
            have, which become ever more. "never": nothing is folded.
        graph: the network; needed for chains only.
        marks: of nodes that are told from others by more than that.

    >>> from cnndsl import parse
    >>> from cnndsl.graph import hierarchy
    >>> network = hierarchy(parse("f = CONV(8) -> RELU\nINPUT -> f*4 -> FC").graph)
    >>> [(fold.times, fold.first[0].path) for fold in Folding().folds(network)]
    [(1, 'input1'), (1, ('f1',)), (3, ('f2',)), (1, 'fc1')]
    """

    def __init__(
        self, alike: Alike = "exactly", graph: Graph | None = None, marks: Mapping[Node, Hashable] | None = None
    ) -> None:
        self._alike = alike
        self._marks = marks or {}
        self._readers = graph.readers() if graph else {}
        self._leaving = {end.node for end in graph.outputs} if graph else set()
        self._numbers: dict[Hashable, int] = {}
        self._kinds: dict[int, int] = {}

    def folds(self, scope: Scope) -> list[Fold]:
        """The members of a scope, in order; where some repeat, all copies in one fold."""
        if self._alike == "never":
            return [Fold(((member,),)) for member in scope.members]
        kinds = [self._kind(member) for member in scope.members]
        folds: list[Fold] = []
        start = 0
        while start < len(kinds):
            length, times = _repeated(kinds, start)
            ends = range(start, start + length * times, length)
            fold = self._chained(Fold(tuple(tuple(scope.members[at : at + length]) for at in ends)))
            folds.append(fold)
            start += len(fold.first) * fold.times
        return folds

    def _chained(self, fold: Fold) -> Fold:
        """The copies from the first on that are in a chain, if that is asked for; the first member, if they are few."""
        if self._alike != "in a chain" or fold.times == 1:
            return fold
        nodes = [set(Fold((copy,)).nodes()) for copy in fold.copies]
        times = 1
        while times < fold.times and self._follows(nodes[times - 1], nodes[times]):
            times += 1
        return Fold(fold.copies[:times]) if times >= _fewest(len(fold.first)) else Fold((fold.first[:1],))

    def _follows(self, before: set[Node], behind: set[Node]) -> bool:
        """Whether some nodes read nothing but some others and each other, and nothing else reads those."""
        both = before | behind
        return (
            all(both.issuperset(node.inputs) for node in behind)
            and all(both.issuperset(self._readers[node]) for node in before)
            and before.isdisjoint(self._leaving)
        )

    def _kind(self, member: Member) -> int:
        """A number that members which are alike have in common."""
        found = self._kinds.get(id(member))
        if found is None:
            content = self._of_node(member) if isinstance(member, Node) else self._of_scope(member)
            found = self._kinds[id(member)] = self._numbers.setdefault(content, len(self._numbers))
        return found

    def _of_scope(self, scope: Scope) -> Hashable:
        return str(scope.block), tuple(map(self._kind, scope.members))

    def _of_node(self, node: Node) -> Hashable:
        types: Hashable = (*node.input_types, node.type)
        if self._alike == "in a chain":
            types = tuple(read.type.shape[1:] for read in node.inputs), node.type.shape[1:]
        return str(node.layer), node.shares is None, types, self._marks.get(node)


def _repeated(kinds: Sequence[int], start: int) -> tuple[int, int]:
    """How many of the kinds from `start` on repeat together, and how often: those that save most lines."""
    best, saved = (1, 1), 0
    for length in range(1, min(_LONGEST_GROUP, (len(kinds) - start) // 2) + 1):
        if kinds[start] != kinds[start + length]:
            continue
        times = _times(kinds, start, length)
        if times >= _fewest(length) and length * (times - 1) > saved:
            best, saved = (length, times), length * (times - 1)
    return best


def _fewest(length: int) -> int:
    return 2 if length == 1 else _FEWEST_OF_A_GROUP


def _times(kinds: Sequence[int], start: int, length: int) -> int:
    """How often the `length` kinds from `start` on stand there one after the other."""
    first = kinds[start : start + length]
    times = 1
    while kinds[start + times * length : start + (times + 1) * length] == first:
        times += 1
    return times
