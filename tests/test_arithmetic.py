"""Numbers of the language: exact where they are whole, bounded, and wrong only with a message.

Expressions are computed where a layer takes any number: as the alpha of an LRN.
"""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from specs_in_tests import compiled, diagnostics, last, mistakes

pytestmark = pytest.mark.core

SPEC = "INPUT(6x7x5) -> LRN(1, alpha={})"
LARGEST = 2**63 - 1

deterministic = settings(derandomize=True, deadline=None, max_examples=300)
whole = st.integers(-(10**6), 10**6)
positive = st.integers(1, 10**6)
real = st.floats(-1e9, 1e9).map(lambda value: round(value, 6))


def value(expression: str) -> object:
    return last(SPEC.format(expression)).value("alpha")


def truth(test: str) -> bool:
    return value(f"1 if {test} else 0") == 1


def mistake(expression: str) -> str:
    (only,) = mistakes(SPEC.format(expression))
    return only


def written(number: float) -> str:
    """A number as an expression; the language has no negative literals."""
    return f"({number!r})" if number < 0 else repr(number)


def assert_same(found: object, expected: float) -> None:
    """Equal, and of the same type: a whole number is an integer."""
    assert (type(found), found) == (type(expected), expected)


RESULTS: dict[str, float] = {
    # exact division
    "6/2": 3,
    "7/2": 3.5,
    "1/3*3": 1,
    "6/4*2": 3,
    "2**62/2**10": 2**52,
    "9223372036854775806/2": 4611686018427387903,
    "9007199254740993/1": 9007199254740993,
    "0/5": 0,
    "-6/3": -2,
    "7//2": 3,
    "7%3": 1,
    "7.5//2": 3,
    "7.5%2": 1.5,
    # whole results are integers
    "0.5*4": 2,
    "64*0.75": 48,
    "1.5 + 1.5": 3,
    "2.5 - 0.5": 2,
    "4**0.5": 2,
    "2**-1": 0.5,
    "5.": 5,
    "1e3": 1000,
    # order of evaluation
    "8 - 2 - 1": 5,
    "8 - 2 + 1": 7,
    "8/4/2": 1,
    "2**3**2": 512,
    "-2**2": -4,
    "(-2)**2": 4,
    "2 + 3*4": 14,
    "(2 + 3)*4": 20,
    "[2 + 3]*4": 20,
    "7 - -3": 10,
    "-7": -7,
    "--7": 7,
    # shapes
    "C": 6,
    "H": 7,
    "W": 5,
    "C*H*W": 210,
    "C//4": 1,
    # functions
    "min(3, 1, 2)": 1,
    "max(3, 1, 2)": 3,
    "min(3)": 3,
    "max((3, 1, 2))": 3,
    "max(range(5))": 4,
    "min(1, 0.5)": 0.5,
    "abs(-3)": 3,
    "abs(-0.5)": 0.5,
    "round(2.4)": 2,
    "round(2.5)": 3,
    "round(3.5)": 4,
    "round(-2.5)": -2,
    "round(7)": 7,
    "floor(2.9)": 2,
    "floor(-2.1)": -3,
    "ceil(2.1)": 3,
    "ceil(-2.9)": -2,
    "floor(7/2)": 3,
    "sqrt(49)": 7,
    "sqrt(2.25)": 1.5,
    "sqrt(0)": 0,
    "sqrt(2)": math.sqrt(2),
    "sqrt(85070591730234615)": math.sqrt(85070591730234615),
    "log2(8)": 3,
    "log2(0.25)": -2,
    "log2(10)": math.log2(10),
    "divisible(37, 8)": 40,
    "divisible(24*0.75, 8)": 24,
    "divisible(3, 8)": 8,
    # bounds
    "9223372036854775807": LARGEST,
    "2**62 + (2**62 - 1)": LARGEST,
    "-9223372036854775807": -LARGEST,
    "1e308": 1e308,
    "1e16": 1e16,
}


@pytest.mark.parametrize(("expression", "result"), RESULTS.items(), ids=RESULTS)
def test_results(expression: str, result: float) -> None:
    assert_same(value(expression), result)


# laws


@given(whole, whole.filter(bool))
@deterministic
def test_division_is_exact_and_gives_an_integer_where_it_can(left: int, right: int) -> None:
    exact = Fraction(left, right)
    expected = int(exact) if exact.denominator == 1 else left / right
    assert_same(value(f"{written(left)}/{written(right)}"), expected)


@given(st.integers(1, LARGEST), st.integers(1, LARGEST))
@deterministic
def test_division_of_large_multiples_is_exact(left: int, right: int) -> None:
    assume(left * right <= LARGEST)
    assert_same(value(f"{left * right}/{right}"), left)


@given(whole, whole.filter(bool))
@deterministic
def test_quotient_and_remainder_give_the_number_back(left: int, right: int) -> None:
    a, b = written(left), written(right)
    assert_same(value(f"{a}//{b}*{b} + {a}%{b}"), left)
    assert truth(f"max({a}%{b}, -({a}%{b})) < max({b}, -{b})")


@given(st.lists(whole, min_size=1, max_size=6))
@deterministic
def test_sums_go_from_left_to_right(terms: list[int]) -> None:
    text = written(terms[0]) + "".join(f" - {written(term)}" for term in terms[1:])
    assert_same(value(text), terms[0] - sum(terms[1:]))


@given(real)
@example(0.49999999999999994)
@example(-0.5)
@example(4503599627370495.5)
@deterministic
def test_round_goes_to_the_nearest_and_halves_go_up(number: float) -> None:
    assert_same(value(f"round({written(number)})"), math.floor(Fraction(number) + Fraction(1, 2)))


@given(real)
@deterministic
def test_floor_and_ceil_enclose_the_number(number: float) -> None:
    assert_same(value(f"floor({written(number)})"), math.floor(Fraction(number)))
    assert_same(value(f"ceil({written(number)})"), math.ceil(Fraction(number)))


@given(st.integers(0, 3_037_000_499))
@deterministic
def test_the_root_of_a_square_is_exact(root: int) -> None:
    assert_same(value(f"sqrt({root * root})"), root)


@given(st.lists(st.one_of(whole, real), min_size=1, max_size=6))
@deterministic
def test_min_and_max_are_the_ends_of_the_sorted_numbers(numbers: list[float]) -> None:
    ordered = sorted(numbers)
    listed = ", ".join(map(written, numbers))
    assert value(f"min({listed})") == ordered[0]
    assert value(f"max({listed})") == ordered[-1]


def rounded_as_mobilenet(channels: Fraction, by: int) -> int:
    """The multiple of `by` that is nearest (of two, the larger), at least `by`, and not below nine tenths."""
    below = channels // by * by
    nearest = below if channels - below < Fraction(by, 2) else below + by
    chosen = max(by, nearest)
    return int(chosen if 10 * chosen >= 9 * channels else chosen + by)


@given(st.integers(1, 20_000), st.sampled_from([1, 2, 3, 4, 7, 8, 16, 32, 100]))
@example(9, 8)
@example(11, 8)
@example(12, 8)
@example(17, 8)
@example(44, 32)
@settings(deterministic, max_examples=500)
def test_divisible_rounds_whole_channels_as_mobilenet_does(channels: int, by: int) -> None:
    assert_same(value(f"divisible({channels}, {by})"), rounded_as_mobilenet(Fraction(channels), by))


@given(st.integers(1, 2000), st.sampled_from(["0.25", "0.35", "0.5", "0.75", "1.0", "1.3", "1.4", "2.0"]))
@settings(deterministic, max_examples=500)
def test_divisible_rounds_scaled_channels_as_mobilenet_does(channels: int, width: str) -> None:
    expected = rounded_as_mobilenet(channels * Fraction(width), 8)
    assert_same(value(f"divisible({channels}*{width}, 8)"), expected)


def test_divisible_gives_the_widths_of_the_published_models() -> None:
    """MobileNetV2 at width 1.4, as in the authors' table of checkpoints."""
    widths = [value(f"divisible({channels}*1.4, 8)") for channels in (32, 16, 24, 32, 64, 96, 160, 320, 1280)]
    assert widths == [48, 24, 32, 48, 88, 136, 224, 448, 1792]


@pytest.mark.parametrize(
    ("call", "numbers"),
    [
        ("range(4)", [0, 1, 2, 3]),
        ("range(2, 5)", [2, 3, 4]),
        ("range(1, 8, 3)", [1, 4, 7]),
        ("range(3, 0, -1)", [3, 2, 1]),
        ("range(0)", []),
        ("range(5, 2)", []),
    ],
)
def test_range_counts_up_to_its_end(call: str, numbers: list[int]) -> None:
    total = "INPUT(1x1x1) -> [LRN(1, alpha=i) for i in {}] -> LRN(1, alpha=99)"
    assert last(total.format(call)).value("alpha") == 99
    assert truth(f"{call} == ({', '.join(map(str, numbers))}{',' * (len(numbers) == 1)})")


# comparisons


@given(st.one_of(whole, real), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.one_of(whole, real))
@deterministic
def test_numbers_are_compared_by_value(left: float, operator: str, right: float) -> None:
    expected = {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }
    assert truth(f"{written(left)} {operator} {written(right)}") == expected[operator]


TRUE = [
    "1 == 1.0",
    "2/4 == 0.5",
    "same == same",
    'same == "same"',
    "same != valid",
    "(1, 2) == 1x2",
    "(1, 2) != (2, 1)",
    "(1, 2) != (1, 2, 3)",
    "true == true",
    "true != false",
    "1 != true",
    "0 != false",
    "not 1 == true",
    "same != 1",
    "true",
    "not false",
    "true or false",
    "not (true and false)",
    "true or 1/0 == 1",
    "not (false and 1/0 == 1)",
    "false or false or true",
    "false and false or true",
    "C == 6 and H == 7 and W == 5",
]


@pytest.mark.parametrize("test", TRUE)
def test_what_is_true(test: str) -> None:
    assert truth(test)


def test_entries_of_tuples_are_compared_as_they_are_on_their_own() -> None:
    assert truth("(1, 2) != (true, 2)")


# mistakes

MISTAKES = {
    "1/0": "bad-arithmetic: 1/0",
    "1//0": "bad-arithmetic: 1//0",
    "1%0": "bad-arithmetic: 1%0",
    "1/(2 - 2)": "bad-arithmetic: 1/(2 - 2)",
    "0**-1": "bad-arithmetic: 0**-1",
    "(-8)**0.5": "bad-arithmetic: (-8)**0.5",
    "2**63": "bad-arithmetic: 2**63",
    "2**62 + 2**62": "bad-arithmetic: 2**62 + 2**62",
    "-2**62 - 2**62": "bad-arithmetic: -2**62 - 2**62",
    "2**62*2": "bad-arithmetic: 2**62*2",
    "10**400": "bad-arithmetic: 10**400",
    "10.5**400": "bad-arithmetic: 10.5**400",
    "1e308*10": "bad-arithmetic: 1e308*10",
    "9**9**9**9": "bad-arithmetic: 9**9**9",
    "floor(1e300)": "bad-arithmetic: floor(1e300)",
    "sqrt(-1)": "bad-arithmetic: sqrt(-1)",
    "log2(0)": "bad-arithmetic: log2(0)",
    "divisible(8, 0)": "bad-arithmetic: divisible(8, 0)",
    "divisible(8, -8)": "bad-arithmetic: divisible(8, -8)",
    "divisible(8)": "bad-arithmetic: divisible(8)",
    "min()": "bad-arithmetic: min()",
    "min(())": "bad-arithmetic: min(())",
    "abs(1, 2)": "bad-arithmetic: abs(1, 2)",
    "sqrt()": "bad-arithmetic: sqrt()",
    "max(1, same)": "bad-arithmetic: max(1, same)",
    "max(1, true)": "bad-arithmetic: max(1, true)",
    "abs(RELU)": "bad-arithmetic: abs(RELU)",
    "max(range(0.5))": "bad-arithmetic: range(0.5)",
    "max(range(0, 9, 0))": "bad-arithmetic: range(0, 9, 0)",
    "max(range(1e9))": "bad-arithmetic: range(1e9)",
    "sqrt(x=4)": "unknown-argument: x=4",
    "1 + true": "not-a-number: true",
    "same*2": "not-a-number: same",
    '"a" + 1': 'not-a-number: "a"',
    "(1, 2) + 1": "not-a-number: (1, 2)",
    "-3x3": "not-a-number: 3x3",
    "1 if 1 < same else 0": "bad-arithmetic: 1 < same",
    "1 if true > false else 0": "bad-arithmetic: true > false",
    "1 if (1, 2) < (1, 3) else 0": "bad-arithmetic: (1, 2) < (1, 3)",
    "1 if 3 else 0": "bad-value: 3",
    "1 if C else 0": "bad-value: C",
    "1 if not 3 else 0": "bad-value: 3",
    "1 if true and 3 else 0": "bad-value: 3",
    "1 if same or true else 0": "bad-value: same",
    "true": "bad-argument: alpha=true",
}


@pytest.mark.parametrize(("expression", "expected"), MISTAKES.items(), ids=MISTAKES)
def test_mistakes(expression: str, expected: str) -> None:
    assert mistake(expression) == expected


@pytest.mark.parametrize("spec", ["INPUT -> FC(7/2)", "INPUT -> CONV(8, 7/2)", "INPUT -> CONV(8)*(7/2)"])
def test_a_fraction_where_a_whole_number_is_needed_suggests_how_to_round(spec: str) -> None:
    (error,) = diagnostics(spec)
    assert error.code in ("bad-argument", "bad-count")
    assert "//" in error.help
    assert "round" in error.help


@pytest.mark.parametrize("spec", ["INPUT -> FC(8/2)", "INPUT -> CONV(8, 6/2)", "INPUT -> CONV(8)*(4/2)"])
def test_a_whole_result_is_good_where_a_whole_number_is_needed(spec: str) -> None:
    assert last(spec)


@given(st.text(alphabet="0123456789.+-*/%()eC, ", max_size=12))
@deterministic
def test_any_arithmetic_has_a_bounded_result_or_a_mistake(text: str) -> None:
    compilation = compiled(SPEC.format(text))
    if compilation.graph is None:
        assert compilation.has_errors
        return
    found = compilation.graph.nodes[-1].layer.value("alpha")
    assert isinstance(found, int | float)
    assert abs(found) <= LARGEST if isinstance(found, int) else math.isfinite(found)
