"""The order in which blocks become classes: those of a definition after those of all definitions that it uses."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.backends.torch.tree import Instance

__all__ = ["definition_of", "in_order"]


def definition_of(instance: Instance) -> str:
    """The name of a block's definition; "" for the network."""
    return instance.block.definition if instance.block else ""


def in_order(network: Instance) -> Iterator[list[Instance]]:
    """The blocks of a network, each once, in a list for each definition: what is inside a block stands before its own.

    A definition that contains itself has a list for the blocks of each height.
    """
    found = list(dict.fromkeys(network.walk()))
    numbers = {name: number for number, name in enumerate(dict.fromkeys(map(definition_of, found)))}
    inside = _inside(found, numbers)
    by_rank: dict[tuple[int, int, int], list[Instance]] = {}
    for instance in found:
        number = numbers[definition_of(instance)]
        contains_itself = inside[number] >> number & 1
        rank = (inside[number] | 1 << number).bit_count(), instance.height if contains_itself else 0, number
        by_rank.setdefault(rank, []).append(instance)
    return (instances for _, instances in sorted(by_rank.items(), key=lambda each: each[0]))


def _inside(instances: list[Instance], numbers: dict[str, int]) -> list[int]:
    """For each definition the set of those inside its blocks, at whatever depth, as the bits of a number.

    Of two definitions of which one contains the other and not the other way round, it has the larger set, itself in it.
    """
    direct = [0] * len(numbers)
    for instance in instances:
        for child in instance.children():
            direct[numbers[definition_of(instance)]] |= 1 << numbers[definition_of(child)]
    inside = direct
    while True:
        wider = [found | _union(inside, found) for found in inside]
        if wider == inside:
            return inside
        inside = wider


def _union(sets: list[int], which: int) -> int:
    union = 0
    while which:
        last = which & -which
        union |= sets[last.bit_length() - 1]
        which ^= last
    return union
