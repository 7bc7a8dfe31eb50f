"""What all tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import process_time

import pytest

ROOT = Path(__file__).parent.parent

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where torch is not installed, the comparisons with it are skipped, visibly."""
    if find_spec("torch") is None:
        missing = pytest.mark.skip(reason="torch is not installed: pip install 'cnndsl[torch]'")
        for item in items:
            if "torch" in item.keywords:
                item.add_marker(missing)


@pytest.fixture
def run() -> Run:
    """Run `python -m cnndsl` with some arguments, as a user does."""

    def run(*arguments: str, cwd: Path = ROOT, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name != "COLUMNS"}  # where output is no terminal
        return subprocess.run(
            [sys.executable, "-m", "cnndsl", *arguments],
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            env={**kept, "OMP_NUM_THREADS": "1", **environment},  # the test runners share the cores
            check=False,
        )

    return run


USUAL = 0.02
"""Seconds of the processor that `slowness` measures by, on the machines where limits of time were set."""


def slowness() -> float:
    """How many times as slow as usual the machine is at this moment; 1 where it is faster."""
    start = process_time()
    found: dict[int, str] = {}
    for number in range(300_000):
        found[number % 1000] = str(number)
    return max(1.0, (process_time() - start) / USUAL)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-cases", action="store_true", help="write what the messages say now into diagnostics/")
