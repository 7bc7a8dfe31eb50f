"""The page of the lectures' numbers says what the specs and formulas come to."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path

import lectures
import pytest
from conftest import ROOT
from lectures import LECTURES, PARTS, Claim, Value, agrees, claims, digits, verdict
from pages import filled

PAGE = (ROOT / "docs" / "lectures.md").read_text(encoding="utf-8")
CLAIMS = [pytest.param(claim, id=f"{PARTS[claim.lecture - 1]}-{claim.claim}") for claim in claims()]


def section(number: int) -> str:
    """The page's part on a lecture."""
    return PAGE.split(f"## {LECTURES[number - 1].title}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_comes_to_what_the_page_says(claim: Claim) -> None:
    assert lectures.line(claim) in section(claim.lecture)


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_is_not_simply_right_says_why(claim: Claim) -> None:
    found = verdict(claim)
    assert (claim.other is not None) == (found == "loose"), "another reading is for what is right under it alone"
    if claim.why:
        assert lectures.note(claim) in section(claim.lecture)
    if found in ("loose", "wrong"):
        assert claim.why.endswith(".")


WRONG = {
    (3, "neurons of its first layer"),
    (3, "the order of PyTorch's axes"),
    (4, "EuroNet, conv2d_5"),
    (5, "weights of a neuron on an ImageNet image"),
    (5, "GoogLeNet has 12x fewer parameters than AlexNet"),
}


def test_these_are_wrong() -> None:
    assert {(claim.lecture, claim.claim) for claim in claims() if verdict(claim) == "wrong"} == WRONG


def test_there_are_many_claims_of_every_lecture() -> None:
    of_each = Counter(claim.lecture for claim in claims())
    assert len(claims()) >= 60
    assert sorted(of_each) == [1, 2, 3, 4, 5]
    assert min(of_each.values()) >= 10


def test_no_claim_is_told_twice() -> None:
    assert len({(claim.lecture, claim.claim) for claim in claims()}) == len(claims())


def test_the_page_has_every_lecture_under_its_title() -> None:
    places = [PAGE.index(f"## {each.title}\n\n{each.authors}.\n") for each in LECTURES]
    assert places == sorted(places)


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    """As the command writes it, from a page without tables."""
    page = tmp_path / "lectures.md"
    page.write_text(filled(PAGE, "lectures", lambda name: ""), encoding="utf-8")
    subprocess.run([sys.executable, ROOT / "tests" / "lectures.py", page], cwd=ROOT, check=True, timeout=120)
    assert page.read_text(encoding="utf-8") == PAGE, "run `python tests/lectures.py docs/lectures.md`"


@pytest.mark.parametrize(
    ("number", "count"), [(60_000_000, 1), (650_000, 2), (4_096, 4), (0.62, 2), (0.01, 1), (12, 2), (0, 1)]
)
def test_digits_that_are_given(number: float, count: int) -> None:
    assert digits(number) == count


@pytest.mark.parametrize(
    ("ours", "says", "expected"),
    [
        (60_965_224, 60_000_000, True),
        (60_965_224, 61_000_000, True),
        (60_965_224, 62_000_000, False),
        (659_272, 650_000, False),
        (650_080, 650_000, True),
        (8.71, 12, False),
        (Fraction(1, 9), Fraction(1, 9), True),
        (0.1113, Fraction(1, 9), False),
        (((0.0838, 0.6193),), ((0.08, 0.62),), True),
        (((0.0838, 0.6193),), ((0.08, 0.61),), False),
        (((1, 2),), ((1,), (2,)), False),
        ("no", "yes", False),
        ("3x3", 3, False),
    ],
)
def test_what_agrees(ours: Value, says: Value, expected: bool) -> None:
    assert agrees(ours, says) == expected


def claim(says: Value, ours: Value, other: Value | None = None) -> Claim:
    reading = None if other is None else lectures.Other("the other", lambda: other)
    return Claim(1, "a claim", says, "the one", lambda: ours, other=reading)


def test_verdicts() -> None:
    assert verdict(claim(3_073, 3_073)) == "right"
    assert verdict(claim(60_000_000, 60_965_224)) == "rounded"
    assert verdict(claim(650_000, 659_272, 650_080)) == "loose"
    assert verdict(claim(650_000, 659_272, 610_000)) == "wrong"
    assert verdict(claim(150_129, 150_529)) == "wrong"
