"""The benchmark of the modules: what it measures, how it judges, and the page that shows it."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ROOT

BENCHMARK = SimpleNamespace(**runpy.run_path(str(ROOT / "benchmarks" / "modules.py")))
RESULTS = json.loads(BENCHMARK.RESULTS.read_text())
PAGE = BENCHMARK.PAGE.read_text()


def result(ratio: float, again: float = 1.0, apart: float = 0.0) -> dict[str, Any]:
    """A measurement with intervals of a hundredth around its ratios."""
    spans = ({"median": each, "low": each - 0.01, "high": each + 0.01} for each in (ratio, again))
    return {
        **dict(zip(("ratio", "again"), spans, strict=True)),
        "ms": 10.0,
        "reference_ms": 10.0,
        "apart": apart,
        "rounding": 1e-6,
    }


def missed(results: dict[str, Any]) -> list[str]:
    return [says for says, met in BENCHMARK.verdicts(results) if not met]


def test_the_page_is_what_the_results_give() -> None:
    assert BENCHMARK.page(PAGE, RESULTS) == PAGE, "run benchmarks/modules.py --page"
    parts = ["plain", "inference", "text", "gpu", "verdict", "machine"]
    assert re.findall(r"^<!-- modules: (\w+) -->$", PAGE, re.M) == parts


def test_the_results_are_of_all_networks_and_references() -> None:
    for part in ("by hand", "torchvision", "inference"):
        assert [name for name in RESULTS[part] if name != "versions"] == list(BENCHMARK.NETWORKS)
    assert RESULTS["torchvision"]["versions"]["torchvision"]


def test_a_plain_module_is_as_fast_as_the_reference_or_within_what_that_is_beside_itself() -> None:
    found = {
        "one": result(0.99),
        "two": result(0.95),
        "three": result(0.95, again=0.95),
        "four": result(0.9, again=0.95),
    }
    assert missed({"by hand": {"resnet50": found}}) == ["resnet50 by hand, two", "resnet50 by hand, four"]
    assert missed({"gpu": {"torchvision": found}})[0] == "resnet50 torchvision on the GPU, two"


def test_the_form_for_inference_is_faster_and_gives_the_same() -> None:
    found = {"batch 1": result(1.15), "batch 16": result(1.15)}
    assert missed({"inference": {"resnet50": found}}) == ["resnet50 for inference, batch 16"]
    found = {"batch 1": result(2, apart=2e-5), "batch 16": result(2, apart=9e-6)}
    assert missed({"inference": {"resnet50": found}}) == ["resnet50 for inference, batch 1"]


def test_what_is_missed_stands_on_the_page() -> None:
    shown = BENCHMARK.page(PAGE, {**RESULTS, "by hand": {"resnet50": {"forward, batch 1": result(0.5)}}})
    assert (
        "| resnet50 | forward, batch 1 | by hand | 0.500 (0.490 to 0.510) **missed** | 1.000 (0.990 to 1.010) |"
        in shown
    )
    assert "\n- resnet50 by hand, forward, batch 1\n" in shown


@pytest.mark.torch
def test_the_interval_of_a_median_leaves_out_what_is_rare() -> None:
    pairs = pytest.importorskip("pairs")
    assert pairs.Ratio.of(range(1, 16)) == (8, 4, 12)  # 15 rounds: the 4th and the 12th value, by the sign test
    assert pairs.Ratio.of([3.0, 1.0, 2.0]) == (2, 1, 3)


@pytest.mark.torch
def test_every_round_runs_all_three_and_the_order_changes() -> None:
    pairs = pytest.importorskip("pairs")
    calls: list[str] = []
    slow, first, second = (lambda name=name: calls.append(name) for name in ("ours", "reference", "again"))
    pairs.compared(slow, first, second, rounds=6)
    rounds = [tuple(calls[start : start + 3]) for start in range(3 * pairs.WARM_UPS, len(calls), 3)]
    assert len(set(rounds)) == 6
    assert all(sorted(each) == ["again", "ours", "reference"] for each in rounds)


@pytest.mark.torch
def test_references_are_the_same_network() -> None:
    torch, pairs = pytest.importorskip("torch"), pytest.importorskip("pairs")
    flat = lambda units: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 224 * 224, units))  # noqa: E731
    one = flat(2)
    assert torch.equal(pairs.with_weights_of(flat(2), one)[1].weight, one[1].weight)
    with pytest.raises(ValueError, match=r"\(3, 150528\) in the reference is \(2, 150528\) in ours"):
        pairs.with_weights_of(flat(3), one)
    with pytest.raises(ValueError, match="of their standard deviation apart"):
        pairs.with_weights_of(torch.nn.Sequential(flat(2), torch.nn.Sigmoid()), one)


@pytest.mark.slow
@pytest.mark.torch
def test_it_measures(tmp_path: Path) -> None:
    output = tmp_path / "modules.json"
    parts = ["by hand", "inference", "text"]
    options = ["--only", "mobilenetv2", "--batches", "1", "--rounds", "1", "--parts", *parts, "--output", str(output)]
    subprocess.run([sys.executable, "benchmarks/modules.py", *options], cwd=ROOT, capture_output=True, check=True)
    found = json.loads(output.read_text())
    assert list(found["by hand"]["mobilenetv2"]) == ["forward, batch 1", "forward and backward, batch 1"]
    assert found["inference"]["mobilenetv2"]["batch 1"]["apart"] < 1e-4
    assert 0 < found["text"]["parse"] < found["text"]["whole"]


@pytest.mark.slow
@pytest.mark.torch
def test_training_steps_are_measured_eager_and_compiled() -> None:
    torch, pairs = pytest.importorskip("torch"), pytest.importorskip("pairs")
    nn = torch.nn
    made = [
        nn.Sequential(nn.Conv2d(3, 8, 7, 16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 1000))
        for _ in range(3)
    ]
    before = made[0][0].weight.clone()
    found = pairs.trained(made[0], made[1:], macs=1_000_000, rounds=1, device="cpu", batch=2)
    assert list(found) == ["eager", "compiled"]
    for each in found.values():
        assert each["images_per_second"] == pytest.approx(pairs.STEPS * 2 / each["ms"] * 1000, abs=0.1)
        assert each["share_of_peak"] is None  # nobody says what a CPU's is
    assert not torch.equal(made[0][0].weight, before)


@pytest.mark.gpu
@pytest.mark.torch
def test_a_gpu_is_measured(tmp_path: Path) -> None:
    if not pytest.importorskip("torch").cuda.is_available():
        pytest.skip("there is no GPU")
    output = tmp_path / "modules.json"
    options = ["--parts", "gpu", "--rounds", "1", "--output", str(output)]
    subprocess.run([sys.executable, "benchmarks/modules.py", *options], cwd=ROOT, capture_output=True, check=True)
    found = json.loads(output.read_text())["gpu"]["by hand"]
    assert all(each["images_per_second"] > 0 and each["card"] for each in found.values())
