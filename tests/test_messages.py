"""`docs/messages.md` quotes what was said of ten mistakes.

What cnndsl says there is what it says now: `test_documents` runs the sessions of that page as those of all others.
After a message has changed, `python benchmarks/mistakes.py --only cnndsl` writes them anew.
"""

from __future__ import annotations

import json
import platform
import re
import runpy
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace

import pytest
from conftest import ROOT

BENCHMARK = SimpleNamespace(**runpy.run_path(str(ROOT / "benchmarks" / "mistakes.py")))
RESULTS = json.loads(BENCHMARK.RESULTS.read_text())
PAGE = BENCHMARK.PAGE.read_text()


def test_the_page_is_what_the_results_give() -> None:
    assert BENCHMARK.page(PAGE, RESULTS) == PAGE, "run benchmarks/mistakes.py --only cnndsl"


def test_the_page_has_all_ten() -> None:
    assert len(BENCHMARK.NAMES) == 10
    assert sorted(re.findall(r"^<!-- mistakes: (?!all)(\w+) -->$", PAGE, re.M)) == BENCHMARK.NAMES


def test_the_sentences_that_count_agree_with_the_results() -> None:
    silent = [
        name for name, said in RESULTS["mistakes"].items() if not said["torch"]["said"] and not said["keras"]["said"]
    ]
    assert silent == ["broadcast", "unused"]
    told = [len(re.findall(r"^error\[", RESULTS["mistakes"]["several"]["cnndsl"]["said"], re.M))]
    told += [bool(RESULTS["mistakes"]["several"][rival]["said"]) for rival in BENCHMARK.RIVALS]
    assert told == [3, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHMARK.NAMES)
@pytest.mark.parametrize("rival", BENCHMARK.RIVALS)
def test_a_rival_still_says_so(rival: str, name: str) -> None:
    """Its words depend on its version and on Python's; with others than those of the results nothing is compared."""
    measured = RESULTS["measured"][rival]
    try:
        here = version(rival).partition("+")[0], platform.python_version_tuple()[:2]
    except PackageNotFoundError:
        pytest.skip(f"{rival} is not installed: pip install 'cnndsl[rivals]'")
    there = measured["version"].partition("+")[0], tuple(measured["python"].split(".")[:2])
    if here != there:
        pytest.skip(f"the results are those of {there}, here is {here}")
    now, then = BENCHMARK.answer(rival, name), RESULTS["mistakes"][name][rival]
    assert [now[fact] for fact in ("said", "lines", "status")] == [then[fact] for fact in ("said", "lines", "status")]
