"""Arithmetic of the language: exact where numbers are whole, and bounded.

`/` is exact: a whole result is an integer. Whole numbers stay below 2^63, others are finite. Sizes that are open are
computed with as formulas, as far as that needs no number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeGuard, TypeVar

from cnndsl.layers.conditions import agree, collecting
from cnndsl.layers.extent import Extent, require_short
from cnndsl.layers.rejected import Undecided

__all__ = ["FUNCTIONS", "LARGEST", "BadArithmetic", "binary", "call", "compare", "is_number", "is_whole", "normal"]

LARGEST = 2**63 - 1
LONGEST_RANGE = 10_000

Number = int | float

T = TypeVar("T")


class BadArithmetic(Exception):
    """There is no result: the fact, and what to write instead."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def normal(value: Number) -> Number:
    """The number itself, a whole one as an integer.

    Raises:
        BadArithmetic: it is larger than the language's numbers.
    """
    if isinstance(value, Extent):
        require_short(value)
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadArithmetic("the result is larger than any number of the language")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if abs(value) > LARGEST:
        raise BadArithmetic("the result is 2^63 or more")
    return value


def binary(operator: str, left: Number, right: Number) -> Number:
    """`left operator right` for one of `+ - * / // % **`.

    Raises:
        BadArithmetic: division by zero, a result out of bounds or not real.
        Undecided: it needs the number of a size that is open.
    """
    if operator in ("/", "//", "%") and right == 0:
        raise BadArithmetic(f"{left} {operator} 0 has no result")
    if operator == "**" and not isinstance(left, Extent):
        return _power(left, right)
    return normal(_OPERATIONS[operator](left, right))


def _divide(left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return left / right


_OPERATIONS: dict[str, Callable[[Any, Any], Number]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "//": lambda left, right: left // right,
    "%": lambda left, right: left % right,
    "**": lambda left, right: left**right,
}


def _power(left: Number, right: Number) -> Number:
    if left == 0 and right < 0:
        raise BadArithmetic(f"0 ** {right} has no result")
    if left < 0 and not isinstance(right, int):
        raise BadArithmetic(f"{left} ** {right} is not a real number")
    if abs(left) > 1 and abs(right) * math.log2(abs(left)) > 1023:  # before it is computed
        raise BadArithmetic("the result is larger than any number of the language")
    return normal(left**right)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def compare(operator: str, left: Any, right: Any) -> bool:
    """`left operator right`; numbers, words, booleans and tuples can be equal, only numbers are ordered.

    Raises:
        BadArithmetic: the order of something that is no number is asked for.
        Undecided: it depends on a size that is open.
    """
    if operator in ("==", "!="):
        return _are_equal(left, right) == (operator == "==")
    if not (is_number(left) and is_number(right)):
        raise BadArithmetic(f"only numbers can be compared with `{operator}`", "compare with == or !=")
    if isinstance(left, Extent) or isinstance(right, Extent):
        return _decided(lambda: _COMPARISONS[operator](left, right), f"{left} {operator} {right}")
    return _COMPARISONS[operator](left, right)


def _are_equal(left: Any, right: Any) -> bool:
    """Equality in which true is not 1, also inside tuples."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(_are_equal, left, right))
    if (isinstance(left, Extent) or isinstance(right, Extent)) and is_number(left) and is_number(right):
        return _decided(lambda: agree(left, right), f"{left} == {right}")
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _decided(compute: Callable[[], T], what: str) -> T:
    """The result of comparisons that are the same for all sizes.

    Raises:
        Undecided: they are not.
    """
    with collecting() as conditions:
        result = compute()
    if conditions:
        raise Undecided(f"`{what}` depends on an open size")
    return result


def is_number(value: object) -> bool:
    return isinstance(value, int | float | Extent) and not isinstance(value, bool)


def is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _divisible(value: Number, by: Number) -> Number:
    """The nearest multiple of `by`, at least `by`, and not more than 10 % below the value.

    The rounding of channel counts in MobileNetV2's code (Sandler et al., 2018, `make_divisible`).
    """
    if by <= 0:
        raise BadArithmetic("divisible(x, by) needs a positive `by`")
    nearest = max(by, int(value + by / 2) // by * by)
    return nearest + by if nearest < 0.9 * value else nearest


def _range(*arguments: Number) -> tuple[int, ...]:
    if not all(isinstance(argument, int) for argument in arguments):
        raise BadArithmetic("range takes whole numbers")
    if len(arguments) == 3 and arguments[2] == 0:
        raise BadArithmetic("the step of a range is not 0")
    numbers = range(*arguments)  # type: ignore[arg-type]
    if len(numbers) > LONGEST_RANGE:
        raise BadArithmetic(f"a range has at most {LONGEST_RANGE:,} numbers")
    return tuple(numbers)


def _round(value: Number) -> int:
    """To the nearest whole number, halves upwards."""
    below = math.floor(value)
    return below + (value - below >= 0.5)


def _square_root(value: Number) -> Number:
    if value < 0:
        raise BadArithmetic(f"{value} has no square root")
    return math.isqrt(value) if isinstance(value, int) and math.isqrt(value) ** 2 == value else math.sqrt(value)


def _log2(value: Number) -> Number:
    if value <= 0:
        raise BadArithmetic(f"{value} has no logarithm")
    return math.log2(value)


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    # the function, and how many arguments it takes: at least, at most
    "min": (lambda *numbers: min(numbers), 1, 1_000),
    "max": (lambda *numbers: max(numbers), 1, 1_000),
    "abs": (abs, 1, 1),
    "round": (_round, 1, 1),
    "floor": (math.floor, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "sqrt": (_square_root, 1, 1),
    "log2": (_log2, 1, 1),
    "range": (_range, 1, 3),
    "divisible": (_divisible, 2, 2),
}


_OF_FORMULAS = frozenset({"min", "max", "abs", "round", "floor", "ceil"})
"""Functions that take open sizes."""


def call(name: str, arguments: tuple[Any, ...]) -> Any:
    """The result of a built-in function.

    Raises:
        BadArithmetic: the wrong number or kind of arguments, or no result.
    """
    function, least, most = FUNCTIONS[name]
    if len(arguments) == 1 and name in ("min", "max") and isinstance(arguments[0], tuple) and arguments[0]:
        arguments = arguments[0]
    if not least <= len(arguments) <= most:
        count = f"{least}" if least == most else f"{least} to {most}"
        raise BadArithmetic(f"{name} takes {count} argument{'s' * (most > 1)}, not {len(arguments)}")
    if not all(map(is_number, arguments)):
        raise BadArithmetic(f"{name} takes numbers")
    if any(isinstance(argument, Extent) for argument in arguments):
        return _call_with_open(name, arguments)
    result = function(*arguments)
    return result if isinstance(result, tuple) else normal(result)


def _call_with_open(name: str, arguments: tuple[Any, ...]) -> Any:
    shown = f"{name}({', '.join(map(str, arguments))})"
    if name not in _OF_FORMULAS:
        raise Undecided(f"{shown} needs a number, and the size is open")
    return normal(_decided(lambda: FUNCTIONS[name][0](*arguments), shown))
