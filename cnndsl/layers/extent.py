"""Sizes that are open: formulas of H and W, the sizes of an input that only a user of the network will know.

An `Extent` takes the place of a whole number in shapes and in what is counted. Arithmetic with whole numbers and with
other extents gives an extent, or a plain number where nothing of H and W is left. A formula is a polynomial with whole
coefficients in *atoms*: H, W, and whole parts `(H+1)//2` of a formula divided by a number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cnndsl.layers.conditions import compare, is_zero
from cnndsl.layers.rejected import Undecided
from cnndsl.layers.spelling import bracketed, spell

__all__ = [
    "Atom",
    "Extent",
    "Monomial",
    "Terms",
    "for_large_sizes",
    "for_small_sizes",
    "is_size",
    "require_closed",
    "require_short",
    "spelled",
]

# To the type checker an extent is a whole number, as all arithmetic of shapes is written for both. To the program it is
# none: `isinstance(x, int)` keeps it out of where a number is needed.
if TYPE_CHECKING:
    _Integer = int
else:
    _Integer = object

_HIGHEST_POWER = 4
_LONGEST = 40
_SMALL = {"H": 1_000, "W": 1_000}
_LARGE = {"H": 1_000_000, "W": 1_000_000}


class Atom:
    """H or W, or the whole part of a formula divided by a number of at least 2.

    Its text tells it from all others.
    """

    __slots__ = ("divisor", "numerator", "text")

    def __init__(self, text: str, numerator: Extent | None = None, divisor: int = 1) -> None:
        self.text = text
        self.numerator = numerator
        self.divisor = divisor

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Atom) and self.text == other.text

    def __lt__(self, other: Atom) -> bool:
        return (self.numerator is not None, self.divisor, self.text) < (
            other.numerator is not None,
            other.divisor,
            other.text,
        )

    def value(self, sizes: Mapping[str, int]) -> int:
        return sizes[self.text] if self.numerator is None else self.numerator.evaluate(sizes) // self.divisor

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.text}) if self.numerator is None else self.numerator.names

    @property
    def length(self) -> int:
        return 1 if self.numerator is None else 1 + self.numerator.length

    @property
    def rise(self) -> int | None:
        return 1 if self.numerator is None else self.numerator.rise

    @property
    def period(self) -> int:
        return 1 if self.numerator is None else self.divisor * self.numerator.period

    @property
    def rises(self) -> bool:
        return self.numerator is None or self.numerator.rises


Monomial = tuple[Atom, ...]
"""A product of atoms, sorted; the empty one stands for 1."""

Terms = tuple[tuple[Monomial, int], ...]
"""A sum of products, each with its number, which is not 0; the highest products first."""


class Extent(_Integer):
    """A whole number that depends on H or W, each at least 1. Equal formulas are equal values.

    `<` and its like compare for all H and W. Where that is no plain yes or no, the answer is the one for large sizes,
    and the sizes for which it is right are noted (`conditions.collecting`).
    """

    def __new__(cls, terms: Terms) -> Extent:
        made = object.__new__(cls)
        made._terms = terms
        return made

    _terms: Terms

    @classmethod
    def of(cls, name: str) -> Extent:
        """The size of that name: `Extent.of("H")`."""
        return cls((((Atom(name),), 1),))

    # equality

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extent) and self._terms == other._terms

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self._terms)

    # arithmetic

    def __add__(self, other: int) -> int:
        if isinstance(other, Extent | int | float):
            return _sum((*self._terms, *_terms(other, self)))
        return NotImplemented

    def __mul__(self, other: int) -> int:
        if isinstance(other, Extent | int | float):
            pairs = ((one, two) for one in self._terms for two in _terms(other, self))
            return _sum((tuple(sorted((*left, *right))), a * b) for (left, a), (right, b) in pairs)
        return NotImplemented

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> int:
        return self * -1

    def __pos__(self) -> int:
        return self

    def __sub__(self, other: int) -> int:
        return self + -1 * other

    def __rsub__(self, other: int) -> int:
        return self * -1 + other

    def __floordiv__(self, other: int) -> int:
        divisor = _number(other, self)
        if divisor < 0:
            return -self // -divisor
        if divisor == 0:
            raise ZeroDivisionError
        return _whole_part(dict(self._terms), divisor)

    def __mod__(self, other: int) -> int:
        return self - other * (self // other)

    def __divmod__(self, other: int) -> tuple[int, int]:
        return self // other, self % other

    def __truediv__(self, other: int) -> Any:
        if self % other == 0:
            return self // other
        raise Undecided(f"whether {self} is a multiple of {other} depends on an open size")

    def __pow__(self, other: int, modulo: int | None = None) -> Any:
        power = _number(other, self)
        if not 0 <= power <= _HIGHEST_POWER:
            raise Undecided(f"{self} is open, and its power {power} is too high for a formula")
        return math.prod([self] * power)

    def _divided_into(self, other: int, modulo: int | None = None) -> Any:
        raise Undecided(f"{other} cannot be computed with {self}, which is open")

    __rfloordiv__ = __rmod__ = __rtruediv__ = __rpow__ = __rdivmod__ = _divided_into

    def __abs__(self) -> int:
        return self if self >= 0 else -self

    def __floor__(self) -> int:
        return self

    __ceil__ = __trunc__ = __floor__

    def __round__(self, digits: Any = None) -> int:
        return self

    def __index__(self) -> int:
        raise Undecided(f"a number is needed, and {self} is open")

    __int__ = __float__ = __index__

    # order

    def __ge__(self, other: int) -> bool:
        return compare(self, ">=", other)

    def __gt__(self, other: int) -> bool:
        return compare(self, ">", other)

    def __le__(self, other: int) -> bool:
        return compare(self, "<=", other)

    def __lt__(self, other: int) -> bool:
        return compare(self, "<", other)

    def __bool__(self) -> bool:
        """Whether it is not 0 for large sizes."""
        return not is_zero(self)

    # what a formula is like

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """Its value where H and W are given: `evaluate({"H": 224, "W": 224})`."""
        return sum(number * math.prod(atom.value(sizes) for atom in monomial) for monomial, number in self._terms)

    def _atoms(self) -> Iterator[Atom]:
        return (atom for monomial, _ in self._terms for atom in monomial)

    @cached_property
    def names(self) -> frozenset[str]:
        """The sizes it depends on, "H" or "W"."""
        return frozenset().union(*(atom.names for atom in self._atoms()))

    @cached_property
    def length(self) -> int:
        """How many times a size or a whole part stands in it."""
        return sum(atom.length for atom in self._atoms())

    @cached_property
    def rise(self) -> int | None:
        """How much it grows where its size grows by the period; None where it is a product of sizes."""
        total = 0
        for monomial, number in self._terms:
            for atom in monomial:
                if len(monomial) > 1 or atom.rise is None:
                    return None
                total += number * atom.rise * (self.period // atom.period)
        return total

    @cached_property
    def period(self) -> int:
        """Where its size grows by so much, it always grows by the same whole number."""
        return math.lcm(*(atom.period for atom in self._atoms()))

    @cached_property
    def rises(self) -> bool:
        """Whether its form shows that it never falls where a size grows."""
        ones = dict.fromkeys(("H", "W"), 1)
        products = (monomial for monomial, _ in self._terms if len(monomial) > 1)
        are_positive = all(atom.value(ones) >= 0 for monomial in products for atom in monomial)
        grow = all(number > 0 for monomial, number in self._terms if monomial)
        return grow and are_positive and all(atom.rises for atom in self._atoms())

    @property
    def is_never_zero(self) -> bool:
        """Whether its numbers have a factor that the one without a size lacks."""
        *open, (last, constant) = self._terms
        return not last and constant % math.gcd(*(number for _, number in open)) != 0

    # text

    def __str__(self) -> str:
        return format(self)

    def __repr__(self) -> str:
        return f"Extent({self})"

    def __format__(self, spec: str) -> str:
        """As the language writes it; `,` sets the thousands apart."""
        return spell(self._terms, spec)


def spelled(size: int) -> str:
    """A size as it stands among others in a shape: in brackets, if it is more than a name."""
    return bracketed(str(size))


def is_size(value: object) -> bool:
    """Whether a value is a whole number, or open."""
    return isinstance(value, int | Extent) and not isinstance(value, bool)


def require_closed(value: object, what: str) -> None:
    """Neither a value nor, of a tuple, what is in it depends on an open size.

    Raises:
        Undecided: it does.
    """
    if isinstance(value, Extent):
        raise Undecided(f"{what} cannot depend on an open size, as {value} does")
    if isinstance(value, tuple):
        for each in value:
            require_closed(each, what)


def require_short(number: int) -> None:
    """A formula is none that only thousands of layers on end can give: not too long, its numbers below 2^63.

    Raises:
        Undecided: it is.
    """
    if not isinstance(number, Extent):
        return
    if number.length > _LONGEST:
        raise Undecided(f"a formula of {number.length} parts is too long for an open size")
    if any(abs(each) >= 2**63 for each in _numbers(number)):
        raise Undecided("the numbers in a formula of an open size stay below 2^63")


def _numbers(extent: Extent) -> Iterator[int]:
    """The numbers in a formula, also those that it is divided by."""
    for monomial, factor in extent._terms:
        yield factor
        for atom in monomial:
            if atom.numerator is not None:
                yield atom.divisor
                yield from _numbers(atom.numerator)


def for_small_sizes(number: int) -> int:
    """A number, for an example of usual sizes where it depends on open ones."""
    return number.evaluate(_SMALL) if isinstance(number, Extent) else number


def for_large_sizes(number: int) -> int:
    """A number, for an example of large sizes where it depends on open ones."""
    return number.evaluate(_LARGE) if isinstance(number, Extent) else number


def _terms(value: int | float, beside: Extent) -> Terms:
    if isinstance(value, Extent):
        return value._terms
    whole = _number(value, beside)
    return (((), whole),) if whole else ()


def _number(value: int | float, beside: Extent) -> int:
    """A whole number that an extent is computed with."""
    if isinstance(value, Extent) or value != int(value):
        raise Undecided(f"{beside} is open, and no formula with {value} is computed")
    return int(value)


def _sum(terms: Iterable[tuple[Monomial, int]]) -> int:
    """The sum of products, each with its number: an extent, or a number where none is left."""
    total: dict[Monomial, int] = {}
    for monomial, number in terms:
        total[monomial] = total.get(monomial, 0) + number
    return _made(total)


def _made(total: Mapping[Monomial, int]) -> int:
    left = {monomial: number for monomial, number in total.items() if number}
    if not any(left):
        return left.get((), 0)
    return Extent(tuple(sorted(left.items(), key=lambda term: (-len(term[0]), term[0]))))


def _whole_part(numerator: Mapping[Monomial, int], divisor: int) -> int:
    """`numerator // divisor` in one form for what is equal, as far as the rules below see it.

    What the divisor divides is taken out; what is left has small numbers, the first of them positive, and shares no
    factor with the divisor. Then whole parts inside it are opened: `(t + n//e) // d` is `(e*t + n) // (d*e)`.
    """
    outside, inside = _divided(numerator, divisor)
    open = [monomial for monomial in inside if monomial]
    if not open:
        return _made(outside)
    if inside[open[0]] < 0:  # p//d is -((d-1-p)//d)
        flipped = {monomial: -number for monomial, number in inside.items()}
        flipped[()] = flipped.get((), 0) + divisor - 1
        return _made(outside) - _whole_part(flipped, divisor)
    shared = math.gcd(divisor, *(inside[monomial] for monomial in open))
    divisor //= shared
    inside = {monomial: number // shared for monomial, number in inside.items()}
    for monomial in open:
        number, atom = inside[monomial], monomial[0]
        if len(monomial) == 1 and atom.numerator is not None and abs(number) == 1:
            rest = _made({other: count for other, count in inside.items() if other != monomial})
            opened = number * atom.numerator + atom.divisor * rest + (atom.divisor - 1 if number < 0 else 0)
            return _made(outside) + opened // (divisor * atom.divisor)
    formula = _made(inside)
    assert isinstance(formula, Extent)
    return _made(outside) + Extent((((Atom(f"{spelled(formula)}//{divisor}", formula, divisor),), 1),))


def _divided(numerator: Mapping[Monomial, int], divisor: int) -> tuple[dict[Monomial, int], dict[Monomial, int]]:
    """Whole multiples of the divisor, and what is left: at most half of it, of the plain number less than all of it."""
    outside: dict[Monomial, int] = {}
    inside: dict[Monomial, int] = {}
    for monomial, number in numerator.items():
        outside[monomial], rest = divmod(number, divisor)
        if monomial and (2 * rest > divisor or (2 * rest == divisor and number < 0)):
            outside[monomial] += 1
            rest -= divisor
        if rest:
            inside[monomial] = rest
    return outside, inside
