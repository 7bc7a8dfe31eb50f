"""The budget of a cold start, measured as a user would feel it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import ROOT


@pytest.mark.slow
@pytest.mark.torch
def test_a_cold_check_keeps_its_budget() -> None:
    """At most a sixth of importing torch, and 15 times starting Python."""
    command = [sys.executable, "benchmarks/check.py", "--runs", "9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout)
    assert measured["met"], measured
