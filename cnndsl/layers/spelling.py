"""Formulas of open sizes as text: short, and as the language would compute them."""

from __future__ import annotations

from collections import Counter
from math import gcd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnndsl.layers.extent import Monomial, Terms

__all__ = ["bracketed", "spell"]


def spell(terms: Terms, spec: str = "") -> str:
    """The formula of some terms; with the spec `,` the thousands of its numbers are set apart.

    A product of a formula of H and one of W is told as such, and a number added to a single whole part stands inside
    it: `9*(H-2)*(W-2)`, `(H-4)//2`.
    """
    return _product(terms, spec) or _folded(terms) or _sum(terms, spec)


def bracketed(text: str) -> str:
    """A formula as part of a larger one."""
    return text if text.isalnum() else f"({text})"


def _sum(terms: Terms, spec: str) -> str:
    leading = next((term for term in terms if term[1] > 0), terms[0])
    text = _term(*leading, spec)
    for term in terms:
        if term is not leading:
            monomial, number = term
            text += (" - " if number < 0 else " + ") + _term(monomial, abs(number), spec)
    return text if spec else text.replace(" ", "")


def _term(monomial: Monomial, number: int, spec: str) -> str:
    if not monomial:
        return format(number, spec)
    if number == 1 and len(monomial) == 1:
        return monomial[0].text
    powers = [bracketed(atom.text) + (f"**{times}" if times > 1 else "") for atom, times in Counter(monomial).items()]
    sign = "-" if number < 0 else ""
    factors = powers if abs(number) == 1 else [format(abs(number), spec), *powers]
    return sign + "*".join(factors)


def _folded(terms: Terms) -> str:
    """`(H-4)//2` for `H//2 - 2`; "" where the terms are no such sum."""
    if len(terms) != 2 or terms[1][0]:
        return ""
    (monomial, number), (_, constant) = terms
    atom = monomial[0]
    if number != 1 or len(monomial) > 1 or atom.numerator is None:
        return ""
    return f"{bracketed(str(atom.numerator + constant * atom.divisor))}//{atom.divisor}"


def _product(terms: Terms, spec: str) -> str:
    """A formula of H times one of W, perhaps with a number before and one behind; "" where the terms are none."""
    rows: dict[Monomial, dict[Monomial, int]] = {}
    for monomial, number in terms:
        if any(len(atom.names) > 1 for atom in monomial):
            return ""
        of_height = tuple(atom for atom in monomial if "H" in atom.names)
        of_width = tuple(atom for atom in monomial if "W" in atom.names)
        rows.setdefault(of_width, {})[of_height] = number
    left = _without_factor(next(iter(rows.values())))
    if len(terms) < 2 or not any(left) or not any(rows):
        return ""
    leading = next(monomial for monomial in left if monomial)
    right = {of_width: row.get(leading, 0) // left[leading] for of_width, row in rows.items()}
    added = {term: number for term, number in _difference(rows, left, right).items() if number}
    if added.keys() - {((), ())}:
        return ""
    shared = gcd(*right.values())
    right = {of_width: times // shared for of_width, times in right.items() if times}
    factors = [bracketed(spell(tuple(each.items()))) for each in (left, right)]
    text = "*".join(factors if shared == 1 else [format(shared, spec), *factors])
    return _sum_of(text, added.get(((), ()), 0), spec)


def _difference(
    rows: dict[Monomial, dict[Monomial, int]], left: dict[Monomial, int], right: dict[Monomial, int]
) -> dict[tuple[Monomial, Monomial], int]:
    """What some rows are more than the product of two sums."""
    found = {(of_height, of_width): number for of_width, row in rows.items() for of_height, number in row.items()}
    for of_width, times in right.items():
        for of_height, number in left.items():
            found[of_height, of_width] = found.get((of_height, of_width), 0) - times * number
    return found


def _sum_of(text: str, added: int, spec: str) -> str:
    if not added:
        return text
    sign, space = "+-"[added < 0], " " if spec else ""
    return f"{text}{space}{sign}{space}{format(abs(added), spec)}"


def _without_factor(row: dict[Monomial, int]) -> dict[Monomial, int]:
    shared = gcd(*row.values())
    return {monomial: number // shared for monomial, number in row.items()}
