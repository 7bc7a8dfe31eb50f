"""The budget of a cold start, measured as a user would feel it, and the page that shows it beside other tools."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT
from processes import Failed, installed, run

BENCHMARK = SimpleNamespace(**runpy.run_path(str(ROOT / "benchmarks" / "check.py")))
RESULTS = json.loads(BENCHMARK.RESULTS.read_text())
PAGE = BENCHMARK.PAGE.read_text()

needs_wait4 = pytest.mark.skipif(not hasattr(os, "wait4"), reason="nothing tells here what one process takes")


def test_the_page_is_what_the_results_give() -> None:
    assert BENCHMARK.page(PAGE, RESULTS) == PAGE, "run benchmarks/check.py --page"
    assert re.findall(r"^<!-- check: (\w+) -->$", PAGE, re.M) == ["networks", "yardsticks", "targets", "machine"]


def test_the_results_are_of_all_tools_and_networks() -> None:
    assert list(RESULTS["networks"]) == list(BENCHMARK.NETWORKS)
    assert all(list(found) == list(BENCHMARK.TOOLS) for found in RESULTS["networks"].values())
    assert BENCHMARK.judged(RESULTS) == RESULTS


def test_targets_are_judged_by_the_fastest_the_leanest_and_the_worst_network() -> None:
    def found(cnndsl: float, *others: tuple[float, float]) -> dict[str, dict[str, float]]:
        rivals = {f"rival{number}": {"ms": ms, "mb": mb} for number, (ms, mb) in enumerate(others)}
        return {"cnndsl": {"ms": cnndsl, "mb": 20}, **rivals}

    networks = {"small": found(100, (1500, 400), (2000, 300)), "large": found(160, (1500, 100), (1600, 90))}
    judged = BENCHMARK.judged({"networks": networks, "yardsticks": {"python -c pass": {"ms": 10, "mb": 9}}})
    assert judged["targets"] == {
        "faster": {"at_least": 10, "found": {"small": 15, "large": 9.375}, "met": False},
        "leaner": {"at_least": 5, "found": {"small": 15, "large": 4.5}, "met": False},
        "python": {"at_most": 15, "found": {"small": 10, "large": 16}, "met": False},
    }
    alone = BENCHMARK.judged({"networks": {"small": found(100)}, "yardsticks": {"import torch": {"ms": 1000}}})
    assert alone["targets"] == {"torch": {"at_most": 0.167, "found": {"small": 0.1}, "met": True}}
    assert (judged["met"], alone["met"]) == (False, True)


@needs_wait4
def test_a_process_is_measured_alone() -> None:
    """Not the memory of the one that measures, and that of the process in full."""
    held = bytearray(os.urandom(1 << 20) * 150)
    small = run([sys.executable, "-c", "pass"], os.environ)
    large = run([sys.executable, "-c", "import time; held = bytes(1) * 100_000_000; time.sleep(0.3)"], os.environ)
    assert len(held) > 150e6
    assert small.megabytes < 60
    assert 95 < large.megabytes - small.megabytes < 110
    assert large.seconds > 0.3


@needs_wait4
def test_a_process_that_fails_is_not_measured() -> None:
    with pytest.raises(Failed, match="with 3:\nno network"):
        run([sys.executable, "-c", "import sys; print('no network', file=sys.stderr); sys.exit(3)"], os.environ)


@pytest.mark.slow
@needs_wait4
@pytest.mark.torch
@pytest.mark.parametrize("tool", [tool for tool in BENCHMARK.TOOLS if tool != BENCHMARK.CNNDSL])
def test_a_rival_still_reports(tool: str, tmp_path: Path) -> None:
    package = BENCHMARK.TOOLS[tool].package
    if not installed(package):
        pytest.skip(f"{package} is not installed: pip install 'cnndsl[rivals]'")
    output = tmp_path / "check.json"
    options = ["--tools", tool, "--networks", "inceptionv3", "--runs", "1", "--output", str(output)]
    subprocess.run([sys.executable, "benchmarks/check.py", *options], cwd=ROOT, capture_output=True, check=True)
    assert list(json.loads(output.read_text())["networks"]["inceptionv3"]) == ["cnndsl", tool]


@pytest.mark.slow
@needs_wait4
@pytest.mark.torch
def test_a_cold_check_keeps_its_budget() -> None:
    """At most a sixth of importing torch, 15 times starting Python; measured again where other tests are in the way."""
    command = [sys.executable, "benchmarks/check.py", "--runs", "9", "--tools", "cnndsl"]
    for _ in range(3):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        measured = json.loads(done.stdout)
        assert list(measured["targets"]) == ["python", "torch"]
        if measured["met"]:
            return
    pytest.fail(f"over the budget three times: {measured['targets']}")
