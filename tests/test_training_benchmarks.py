"""The benchmarks of training: what they call missed, and the pages that they write."""

from __future__ import annotations

import importlib.util
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

LOOPS = ["cnndsl", "by hand", "by hand, again", "accelerate"]


def ratio(median: float, low: float, high: float) -> dict[str, float]:
    return {"median": median, "low": low, "high": high}


def speeds(ours: float, again: float, start: float) -> dict[str, Any]:
    loops = {"cnndsl": 900.0, "by hand": 1000.0}
    throughput = {"loops": loops, "ratio": {"fastest": "by hand", **ratio(ours, 0.8, 1)}, "again": ratio(1, again, 1.1)}
    seconds = {"cnndsl": 2.2, "by hand": 2.0}
    return {
        "throughput": {"lenet5": throughput},
        "start": {"seconds": seconds, "ratio": ratio(start, 1, 2), "again": ratio(1, 0.9, 1.05)},
        "machine": {"processor": "P", "cores": 2, "memory_gb": 1, "load": 0.1},
    }


@pytest.mark.parametrize(
    ("ours", "again", "start", "count"),
    [(0.97, 0.99, 1.15, 0), (0.96, 0.99, 1.15, 1), (0.96, 0.95, 1.15, 0), (0.97, 0.99, 1.16, 1), (0.5, 0.9, 3, 2)],
)
def test_what_is_slower_than_wanted_is_missed_unless_the_same_is_as_far_from_itself(
    ours: float, again: float, start: float, count: int
) -> None:
    train = pytest.importorskip("train")
    assert len(train.missed(speeds(ours, again, start))) == count


def test_speeds_stand_in_the_page() -> None:
    train = pytest.importorskip("train")
    text = "before\n<!-- train: throughput -->\n\n<!-- end -->\n<!-- train: start -->\n<!-- end -->\nbehind\n"
    found = train.page(text, speeds(0.98, 0.99, 1.1))
    assert "| by hand | 1,000 |" in found
    assert "| cnndsl beside the fastest other | 0.980 (0.800 to 1.000) |" in found
    assert "| cnndsl | 2.20 |" in found
    assert found.startswith("before\n")
    assert found.endswith("behind\n")


def accuracies(*percent: float) -> dict[str, Any]:
    runs = {str(seed): {"accuracy": each, "epochs": 60, "seconds": 5.0} for seed, each in enumerate(percent)}
    machine = {"processor": "P", "cores": 2}
    return {"tasks": {"digits": runs}, "machine": machine, "versions": {"torch": "2"}}


def test_an_accuracy_is_missed_by_the_mean_of_all_seeds() -> None:
    accuracy = pytest.importorskip("accuracy")
    assert accuracy.missed(accuracies(98, 98.5, 99)) == []
    assert accuracy.missed(accuracies(98, 98.5, 98.9)) == ["digits: 98.47 %, and 98.5 % is wanted"]
    assert accuracy.missed(accuracies(10)) == []


def test_accuracies_stand_in_the_page_with_their_commands() -> None:
    accuracy = pytest.importorskip("accuracy")
    found = accuracy.page("<!-- accuracy: table -->\n\n<!-- end -->\n", accuracies(98, 98.5, 99))
    assert "| `cnndsl train zoo:lenet5 --data digits --seed N` | 98.50 ± 0.50 % | 98.5 % | 60 | 5 to 5 |" in found
    assert "digits" not in accuracy.page("<!-- accuracy: table -->\n\n<!-- end -->\n", accuracies(98))


def test_commands_of_the_page_are_those_that_are_measured() -> None:
    accuracy = pytest.importorskip("accuracy")
    for task in accuracy.TASKS.values():
        assert task.command.startswith("cnndsl train ")
        assert task.words("--seed", "1")[3:] == [*shlex.split(task.command)[1:], "--seed", "1"]


def skip_without_rivals() -> None:
    for package in ("keras", "accelerate", "torch"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")  # to import Keras without a word on its backend fails here


@pytest.mark.slow
@pytest.mark.torch
def test_training_is_measured(tmp_path: Path) -> None:
    skip_without_rivals()
    output = tmp_path / "train.json"
    command = [sys.executable, "benchmarks/train.py", "--rounds", "1", "--images", "256", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(output.read_text())
    for each in found["throughput"].values():
        assert list(each["loops"])[:4] == LOOPS
        assert all(rate > 0 for rate in each["loops"].values())
    assert found["start"]["ratio"]["median"] > 0


@pytest.mark.slow
@pytest.mark.torch
def test_what_is_for_a_gpu_runs_without_one(tmp_path: Path) -> None:
    skip_without_rivals()
    output = tmp_path / "train.json"
    only = ["--only", "resnet18", "--only", "resnet18-compiled", "--images", "8"]
    command = [sys.executable, "benchmarks/train.py", *only, "--rounds", "1", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    eager, compiled = json.loads(output.read_text())["throughput"].values()
    assert list(eager["loops"]) == [*LOOPS, "Keras on torch"]
    assert list(compiled["loops"]) == LOOPS
    page = "<!-- train: throughput -->\n<!-- end -->\n"
    train = pytest.importorskip("train")
    assert "| Keras on torch | " in train.page(page, json.loads(output.read_text()))
