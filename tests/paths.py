"""Random pieces of network that are right by construction: a writer knows the type of what comes in and what is named.

A type is a width and a grid. In a file both are numbers. In a definition the width is a parameter, or unknown, and the
grid a word that is equal only for equal sizes; then `C` and named values say what numbers cannot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple, TypeVar

from cnndsl.layers import Layer, layer_types
from cnndsl.layers.tensor import by_x

__all__ = ["EXAMPLES", "Block", "Body", "Type", "Writer"]

T = TypeVar("T")


class Type(NamedTuple):
    """What flows along an arrow: an unknown width is None, the grid of a vector ()."""

    width: int | str | None
    grid: tuple[int, ...] | str

    @property
    def is_vector(self) -> bool:
        return self.grid == ()

    @property
    def halved(self) -> Type:
        """What windows with stride 2 and enough padding leave."""
        grid = f"{self.grid}/2" if isinstance(self.grid, str) else tuple((size + 1) // 2 for size in self.grid)
        return self._replace(grid=grid)


class Block(NamedTuple):
    """A definition that can be called: what for, where, how, and what leaves.

    Attributes:
        role: `keep` leaves the type as it is, `widen` sets a width, `make` does so by a block that it is given, and
            `value` is called in place of a value.
        name: what is called.
        is_for_vectors: whether vectors or maps enter.
        call: writes a call, from the type that enters, the body it stands in and a width.
    """

    role: str
    name: str
    is_for_vectors: bool
    call: Callable[[Type, Body, str], str]
    fixed: int | None = None


@dataclass
class Body:
    """What can be read at a place of a text."""

    values: dict[str, Type] = field(default_factory=dict)
    networks: dict[str, Type] = field(default_factory=dict)
    counts: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    may_name: bool = True

    def copy(self) -> Body:
        """A body of its own inside this one: a copy of a repetition or a row."""
        return Body(dict(self.values), self.networks, self.counts, set(self.counts) | set(self.networks), True)

    def side(self, may_name: bool) -> Body:
        """A place in this body whose names nothing outside it can read: a side of a conditional, an argument."""
        return Body(dict(self.values), self.networks, self.counts, self.taken, may_name and self.may_name)

    def of_type(self, type: Type) -> list[str]:
        return [] if type.width is None else [name for name, each in self.values.items() if each == type]


class _Tail(NamedTuple):
    """What an example of a layer does behind its input."""

    before: Type
    text: str
    after: Type


def _tails(layer: type[Layer]) -> list[_Tail]:
    """What the examples of a layer do that are small enough."""
    found = []
    for example in layer.examples:
        spec = re.fullmatch(r"INPUT\(([\dx]+)\) -> (.*)", example.spec)
        if spec is not None:
            before, after = (tuple(map(int, size.split("x"))) for size in (spec[1], example.output))
            text = f"[{spec[2]}]{'*1' * (' as ' in spec[2])}"
            if max(prod(before), prod(after)) <= 1_000 and example.parameters < 5_000:
                found.append(_Tail(Type(before[0], before[1:]), text, Type(after[0], after[1:])))
    return found


EXAMPLES = [tails for layer in layer_types() if (tails := _tails(layer))]
"""What the examples of each layer do, as far as they are small enough."""

EVERYWHERE = [
    example.spec.partition(" -> ")[2]
    for layer in layer_types()
    if layer.family in ("activation", "regularisation") and layer.is_built_in()
    for example in layer.examples
    if example.spec.count("->") == 1
]
"""Layers that take every type as it is."""

_ON_MAPS = """
    CONV(C) CONV(C,1) CONV(C,3)->BN->RELU CONV(C,2,padding=same) CONV(C,3,dilation=2) CONV(C,3,groups=C) DWCONV
    DWCONV(3,1,2)->CONV(C//2,1) CONV(C,3,bias=true)->BN CONV(C,3,bias=false) CONV(2*C,1)->CHANNELPOOL(2)
    POOL(3,1,padding=same) AVGPOOL(2,1,padding=same) PAD(1)->CONV(C,3,padding=valid) DECONV(C,3,1,1)
    BN(scale=false) CONV(C,init=he) UPSAMPLE->GN(C)->POOL [ID,ID]->GN(1,shift=false)->CHANNELS(0,C//2) LN L2NORM
    LRN(3) SCALE(0.5) SCALE(2,one) SCALE(.1,train=false) BIAS BN SHUFFLE(C) CHANNELS(0,C) SEPCONV(C) SE(1)
    sepconv(C,bias=false)->BN CONV(C)->[BN,BN]->CONV(C//2,1) [CONV(C)->BN+CONV(C,1)->BN]
    PAD(channels=(0,C))->CHANNELS(C//2,C) relu Relu6 CONV(divisible(C,1),1) BN->RELU
"""
_ON_VECTORS = """
    FC(C) FC(2*C)->RELU->FC(C//2) FC(C,bias=false)->BN BN LN [ID,ID]->GN(1)->CHANNELS(0,C//2) BIAS SCALE
    SCALE(1,element) L2NORM FC(C,init=xavier) FLATTEN CHANNELS(0,C) PAD(channels=(1,1))->CHANNELS(1,C-1)
    CHANNELPOOL(1)
"""
OF_RANK = {
    1: ["CONV(C,3,padding=causal)", "PAD((1,0))->CONV(C,2,padding=valid)"],
    2: ["FILTER(edges)", "CONV(C,1x3)", "CONV(C,3,padding=((1,1),(0,2)))", "POOL(3x1,1,padding=same)"],
    3: ["CONV(C,1x3x1)", "POOL(1x1x3,1,padding=same)"],
}
_HALVING = """
    CONV(C,3,2) POOL(2,padding=same) POOL(3,2,padding=1) DWCONV(3,2) CONV(C,3,2,padding=same_upper) CONV(C,1,2)
    AVGPOOL(2,padding=same_upper) MAXPOOL(3,2,padding=same)
"""
ARROWS = [" -> ", " -> ", " -> ", "\n  -> ", " >> ", " → "]
LABELS = ["t", "u", "v", "z", *(f"v{number}" for number in range(1, 400))]


class Writer:
    """Writes pieces of network.

    Args:
        choices: numbers up to 255 that it draws from; where they are spent, the first option is taken.

    Attributes:
        rank: the spatial axes of the maps that enter definitions.
    """

    def __init__(self, choices: Iterable[int]) -> None:
        self._choices = iter(choices)
        self.rank = self.pick([2, 2, 2, 1, 3])
        self.blocks: list[Block] = []
        self.constants: dict[str, int] = {}
        self.tables: list[str] = []
        self.fuel = 0
        """How many further forms there may be."""

    # choices

    def number(self, least: int, most: int) -> int:
        return least + next(self._choices, 0) % (most - least + 1)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.number(0, len(options) - 1)]

    def chance(self, one_in: int) -> bool:
        return self.number(1, one_in) == one_in

    def written(self, value: int) -> str:
        """A text that is a number."""
        constants = [f"({name}+{value - known})" for name, known in self.constants.items() if known <= value]
        equal = [name for name, known in self.constants.items() if known == value]
        plain = [str(value)] * 6
        computed = [
            f"({value + 2}-2)", f"({2 * value}//2)", f"({value} % {value + 1})", f"min({value}, {value + 3})",
            f"max(0, {value})", f"abs(-{value})", f"({2 * value}/2)", f"round({value}.4)", f"floor({value}.9)",
            f"sqrt({value}**2)", f"log2(2**{value})", f"({value} if {value} > 0 else 0)", f"({value}**1)",
            f"ceil({value}-.5)", f"-({value}*-1)",
        ]  # fmt: skip
        return self.pick([*plain, *equal * 3, *constants, *computed])

    def count(self, body: Body, most: int = 2) -> str:
        """How often something is repeated."""
        if body.counts and self.chance(2):
            return self.pick(body.counts)
        return self.written(self.number(0, most))

    def label(self, body: Body) -> str:
        name = next(each for each in LABELS if each not in body.taken)
        body.taken.add(name)
        return name

    def chained(self, *elements: str) -> str:
        return "".join(
            element + (self.pick(ARROWS) if position < len(elements) - 1 else "")
            for position, element in enumerate(elements)
        )

    # what leaves the type as it is

    def keep(self, here: Type, body: Body) -> str:
        """A path that leaves the type as it is, and reads what comes in."""
        if self.fuel <= 0 or self.chance(4):
            return self._layer(here)
        self.fuel -= 1
        forms = [
            self._chain, self._chain, self._sum, self._sum, self._difference, self._gate, self._branches, self._dense,
            self._repeated, self._optional, self._conditional, self._table, self._table, self._table_joined,
            self._valued_table, self._skip, self._skip, self._far_skip, self._named, self._named_in_copy, self._given,
            *[self.call] * 6,
        ]  # fmt: skip
        forms += [] if here.is_vector else [self._down_and_up, self._unpooled]
        return self.pick(forms)(here, body) or self._layer(here)

    def one(self, here: Type, body: Body) -> str:
        """The same as a single element."""
        return f"[{self.keep(here, body)}]"

    def _layer(self, here: Type) -> str:
        if self.chance(4):
            return self.pick(EVERYWHERE)
        choices = _ON_VECTORS.split() if here.is_vector else [*_ON_MAPS.split(), *OF_RANK[self._rank_of(here)]]
        return self.pick(choices)

    def _rank_of(self, here: Type) -> int:
        return self.rank if isinstance(here.grid, str) else len(here.grid)

    def _chain(self, here: Type, body: Body) -> str:
        return self.chained(*(self.keep(here, body) for _ in range(self.number(2, 3))))

    def _term(self, here: Type, body: Body) -> str:
        return "ID" if self.chance(3) else self.keep(here, body)

    def _sum(self, here: Type, body: Body) -> str:
        return f"[{' + '.join(self._term(here, body) for _ in range(self.number(2, 3)))}]"

    def _difference(self, here: Type, body: Body) -> str:
        terms = [self._term(here, body) for _ in range(self.number(2, 3))]
        return f"[{terms[0]} - {' + '.join(terms[1:])}]"

    def _gate(self, here: Type, body: Body) -> str:
        """In the three forms that broadcast, for maps."""
        gates = ["FC(C) -> SIGMOID", "ID"]
        if not here.is_vector:
            gates = ["GAP -> FC(C) -> SIGMOID", "CONV(1, 1) -> SIGMOID", "ADAPTIVEPOOL(1) -> CONV(C, 1)", "CHANNELPOOL"]
        terms = [self.pick(gates)]
        terms.insert(self.number(0, 1), self._term(here, body))
        return f"[{' & '.join(terms)}]"

    def _narrow(self, here: Type, times: str) -> str:
        """The width again, where it is known; else what comes in, divided."""
        layer = "FC({})" if here.is_vector else "CONV({}, 1)"
        return layer.format(f"C//{times}" if here.width is None or self.chance(2) else here.width)

    def _branches(self, here: Type, body: Body) -> str:
        terms = [self._term(here, body) for _ in range(self.number(2, 3))]
        return self.chained(f"[{', '.join(terms)}]", self._narrow(here, str(len(terms))))

    def _dense(self, here: Type, body: Body) -> str:
        layer = "FC(C)" if here.is_vector else "CONV(C)"
        times = self.number(0, 2)
        return self.chained(f"[ID, {layer}]*{self.written(times)}", self._narrow(here, f"2**{times}"))

    def _repeated(self, here: Type, body: Body) -> str:
        return f"{self.one(here, body.copy())}*{self.count(body)}"

    def _named_in_copy(self, here: Type, body: Body) -> str:
        inner = body.copy()
        name = self.label(inner)
        first = f"{self.one(here, inner)} as {name}"
        inner.values[name] = here
        return f"[{self.chained(first, self.keep(here, inner), f'[ID + {name}]')}]*{self.count(body)}"

    def _optional(self, here: Type, body: Body) -> str:
        return f"{self.one(here, body)}?"

    def _conditional(self, here: Type, body: Body) -> str:
        test = self.pick(
            [
                "C > 3",
                "C % 2 == 0",
                "not C == 4",
                "C < 5 or C >= 8",
                "C != 3 and true",
                "divisible(10*C + 7, 4) % 8 == 0",
            ]
        )
        if body.counts and self.chance(2):
            test = f"{self.pick(body.counts)} {self.pick(['>', '==', '<='])} {self.number(0, 2)}"
        then, otherwise = (self.one(here, body.side(may_name=True)) for _ in range(2))
        return f"[{then} if {test} else {'ID' if self.chance(3) else otherwise}]"

    def _table(self, here: Type, body: Body) -> str:
        if self.tables and self.chance(3):
            layer = "FC(C)" if here.is_vector else "CONV(C, k)"
            return f"[{layer}*n for k, n in {self.pick(self.tables)}]"
        inner = body.copy()
        if self.chance(2):
            networks = ", ".join(self.one(here, body.side(may_name=False)) for _ in range(self.number(1, 2)))
            inner.networks = {**inner.networks, "net": here}
            inner.taken.add("net")
            return f"[net -> {self.keep(here, inner)} for net in RELU, {networks}]"
        inner.counts = [*inner.counts, "m"]
        rows = ", ".join(f"({self.pick(['RELU', 'SILU', 'BN'])}, {self.count(body)})" for _ in range(self.number(1, 3)))
        return f"[{self.one(here, inner)} -> act*m for act, m in {rows}]"

    def _table_joined(self, here: Type, body: Body) -> str:
        sign = self.pick(["+", "+", "-", "&", ","])
        rows = self.number(1, 3)
        layer = "FC(C + 0*k)" if here.is_vector else self.pick(["CONV(C, k)", "CONV(C, 3, dilation=k)"])
        table = f"range(1, {rows + 1})" if self.chance(2) else ", ".join(str(1 + row) for row in range(rows))
        comma = sign if sign == "," else f" {sign}"
        loop = f"[{layer}{comma} for k in {table}]"
        return self.chained(loop, self._narrow(here, str(rows))) if sign == "," else loop

    def _valued_table(self, here: Type, body: Body) -> str | None:
        values = body.of_type(here)
        if not values:
            return None
        inner = body.copy()
        inner.values["val"] = here
        inner.taken.add("val")
        rows = ", ".join(self.pick(values) for _ in range(self.number(1, 3)))
        return f"[ID + [val -> {self.keep(here, inner)} + for val in {rows}]]"

    def _given(self, here: Type, body: Body) -> str | None:
        """What a parameter of the definition stands for."""
        fitting = [name for name, type in body.networks.items() if type == here]
        return self.pick(fitting) if fitting else None

    def _named(self, here: Type, body: Body) -> str | None:
        """A value is named, to be read further on."""
        if not body.may_name:
            return None
        name = self.label(body)
        text = f"{self.one(here, body)} as {name}"
        body.values[name] = here
        return text

    def value(self, here: Type, body: Body) -> str | None:
        """Something of a type that reads nothing of what comes in."""
        names = body.of_type(here)
        if not names:
            return None
        self.fuel -= 1
        name, other = self.pick(names), self.pick(names)
        blocks = [block for block in self.blocks if block.role == "value" and self.fits(block, here)]
        if blocks and self.chance(2):
            return self.pick(blocks).call(here, body, name)
        inner = body.side(may_name=False)
        choices = [
            lambda: name,
            lambda: f"{name} -> {self.keep(here, inner)}",
            lambda: f"[{name} + {other} -> {self.keep(here, inner)}]",
            lambda: f"[{name} & {other}]",
        ]
        return self.pick(choices)()

    def _skip(self, here: Type, body: Body) -> str | None:
        value = self.value(here, body)
        if value is None:
            return None
        terms = [self._term(here, body), value]
        form = self.number(0, 3)
        if form == 0:
            return self.chained(f"[{', '.join(terms)}]", self._narrow(here, "2"))
        return f"[{[' + ', ' - ', ' & '][form - 1].join(terms if self.chance(2) else terms[::-1])}]"

    def _far_skip(self, here: Type, body: Body) -> str | None:
        """A value of another type is brought to this grid and joined."""
        others = [name for name, type in body.values.items() if type != here and self._can_fit(type, here)]
        if here.width is None or not others or not body.may_name:
            return None
        name = self.pick(others)
        place = self.label(body)
        body.values[place] = here
        fitted = self.chained(name, *self._to_grid(body.values[name], here, place))
        return self.chained(f"[ID as {place}, {fitted}]", self._narrow_to(here))

    def _narrow_to(self, here: Type) -> str:
        return f"FC({here.width})" if here.is_vector else f"CONV({here.width}, 1)"

    def _can_fit(self, there: Type, here: Type) -> bool:
        return not isinstance(here.grid, str) or not there.is_vector

    def _to_grid(self, there: Type, here: Type, place: str) -> list[str]:
        """The way of a value to the grid of a place that has a name."""
        ours, theirs = here.grid, there.grid
        if ours == theirs:
            return []
        if here.is_vector:
            return [self.pick(["GAP", "FLATTEN"])]
        if isinstance(ours, str) or isinstance(theirs, str):
            return [f"RESIZE({place})"]
        if len(ours) != len(theirs):
            pooled = [] if there.is_vector else ["GAP"]
            return [*pooled, f"FC({prod(ours)})", f"RESHAPE({by_x((1, *ours))})"]
        return [f"CROP({place})"] if all(map(int.__ge__, theirs, ours)) else [f"RESIZE({place})"]

    def _down_and_up(self, here: Type, body: Body) -> str | None:
        if not body.may_name:
            return None
        place = self.label(body)
        body.values[place] = here
        below = self.keep(here.halved, body)
        up = self.pick([f"RESIZE({place})", f"UPSAMPLE -> CROP({place})", f"DECONV(C) -> CROP({place})"])
        return self.chained(f"ID as {place}", self.pick(_HALVING.split()), below, up, f"[ID + {place}]")

    def _unpooled(self, here: Type, body: Body) -> str:
        inner = body.copy()
        name = self.label(inner)
        inner.values[name] = here.halved
        below = self.keep(here.halved, inner)
        pool = self.pick(["POOL(3, 2, padding=1)", "MAXPOOL(3, 2, padding=1)"])
        return f"[{self.chained(f'{pool} as {name}', below, f'UNPOOL({name})')}]*1"

    # calls

    def fits(self, block: Block, here: Type) -> bool:
        if block.is_for_vectors or here.is_vector:
            return block.is_for_vectors and here.is_vector
        return self._rank_of(here) == self.rank

    def call(self, here: Type, body: Body) -> str | None:
        blocks = [block for block in self.blocks if block.role == "keep" and self.fits(block, here)]
        blocks = [block for block in blocks if block.fixed in (None, here.width) or here.width is not None]
        if not blocks:
            return None
        shared = [block for block in blocks if block.fixed]
        block = self.pick(shared if shared and self.chance(2) else blocks)
        if block.fixed in (None, here.width):
            return block.call(here, body, "")
        layer = "FC({})" if here.is_vector else "CONV({}, 1)"
        inner = here._replace(width=block.fixed)
        calls = [block.call(inner, body, "") for _ in range(self.number(1, 2))]
        return self.chained(layer.format(block.fixed), *calls, layer.format(here.width))

    def widen(self, here: Type, width: int, body: Body) -> str:
        """A path that sets the width."""
        blocks = [block for block in self.blocks if block.role in ("widen", "make") and self.fits(block, here)]
        if blocks and self.chance(2):
            return self.pick(blocks).call(here, body, self.written(width))
        if here.is_vector:
            return f"FC({self.written(width)})"
        return (
            f"{self.pick(['CONV', 'CONV', 'SEPCONV', 'sepconv'])}({self.written(width)}{self.pick(['', ', 1', ', 3'])})"
        )

    def halve(self) -> str:
        return self.pick(_HALVING.split())

    def convert(self, here: Type, there: Type) -> list[str]:
        """From one type of numbers to another."""
        assert not isinstance(there.grid, str)
        if here == there:
            return []
        if there.is_vector:
            return [*([] if here.is_vector else [self.pick(["GAP", "GMP", "FLATTEN"])]), f"FC({there.width})"]
        size = by_x((int(there.width or 0), *there.grid))
        if len(here.grid) != len(there.grid):
            pooled = [] if here.is_vector else ["GAP"]
            return [*pooled, f"FC({prod((int(there.width or 0), *there.grid))})", f"RESHAPE({size})"]
        resized = [] if here.grid == there.grid else [self.pick(["RESIZE", "ADAPTIVEPOOL"]) + f"({by_x(there.grid)})"]
        return [f"CONV({there.width}, 1)", *resized]
