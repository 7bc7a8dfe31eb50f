"""What a network has at its ends, and what becomes of it: softmax and sigmoid, several outputs, a single number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cnndsl.cli import commands

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")

HEADS = """head = CONV(4, 1) -> RELU -> FC(10)
INPUT(1x8x8) -> CONV(8) -> RELU as x -> CONV(8) -> RELU -> POOL -> FC(10) as main
x -> head as early
x -> CONV(4) -> RELU -> head -> SOFTMAX as late
"""


def call(*arguments: object) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments], catch_exceptions=False)


def trained(spec: str, out: Path, *more: object, epochs: int = 2) -> Path:
    done = call("train", "-e", spec, "--epochs", epochs, "--device", "cpu", *more, "--out", out)
    assert (done.exit_code, done.stderr) == (0, ""), done.stderr
    return out


def evaluated(run: Path) -> dict[str, Any]:
    done = call("eval", run, "--format", "json")
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def weights(run: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(run / "weights.safetensors")


def test_several_outputs_need_their_weights(tmp_path: Path) -> None:
    done = call("train", "-e", HEADS, "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert "the network has 3 outputs, main (10), early (10), late (10): how much does each count" in done.stderr
    assert "give --output-weights '(1, 0.3, 0.3)'" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("given", ["1", "(1, 0.3)", "(1, 0.3, 0.3, 0.3)"])
def test_each_output_has_its_weight(given: str, tmp_path: Path) -> None:
    done = call("train", "-e", HEADS, "--output-weights", given, "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert "and the network 3 outputs" in done.stderr


def test_side_heads_are_trained_and_absent_in_evaluation(tmp_path: Path) -> None:
    from cnndsl.training.runs import Run
    from cnndsl.training.trained import load

    run = trained(HEADS, tmp_path / "run", "--output-weights", "(1, 0.3, 0.3)", epochs=6)
    with_heads = weights(run)
    network = load(Run(run), torch.device("cpu")).network
    kept = network.state_dict()
    assert 0 < len(kept) < len(with_heads)
    assert all(torch.equal(with_heads[name], tensor) for name, tensor in kept.items())
    assert not any("head" in name for name in kept)
    assert evaluated(run)["accuracy"] > 0.7


def test_a_side_head_without_weight_changes_nothing(tmp_path: Path) -> None:
    without = weights(trained(HEADS, tmp_path / "none", "--output-weights", "(1, 0, 0)"))
    with_some = weights(trained(HEADS, tmp_path / "some", "--output-weights", "(1, 0.3, 0.3)"))
    heads = [name for name in without if name.startswith("head") or name == "conv3.weight"]
    again = weights(trained(HEADS, tmp_path / "again", "--output-weights", "(1, 0, 0)", epochs=1))
    assert heads
    assert all(torch.equal(without[name], again[name]) for name in heads)
    assert not all(torch.equal(without[name], with_some[name]) for name in without)


@pytest.mark.parametrize("end", ["SOFTMAX", "LOGSOFTMAX"])
def test_a_softmax_is_left_out_in_training_and_made_up_for_in_evaluation(end: str, tmp_path: Path) -> None:
    plain = trained("INPUT(64) -> FC(10)", tmp_path / "plain")
    ended = trained(f"INPUT(64) -> FC(10) -> {end}", tmp_path / "ended")
    assert weights(plain).keys() == weights(ended).keys()
    assert all(torch.equal(tensor, weights(ended)[name]) for name, tensor in weights(plain).items())
    assert evaluated(plain)["loss"] == evaluated(ended)["loss"]


def test_a_sigmoid_asks_of_each_class_whether_it_is_there(tmp_path: Path) -> None:
    run = trained("INPUT(64) -> FC(10) -> SIGMOID", tmp_path / "run", epochs=20)
    seven = Path(__file__).parent.parent / "examples" / "seven.png"
    (told,) = json.loads(call("predict", run, seven, "--top", 10, "--format", "json").stdout)
    probabilities = [each["probability"] for each in told["predictions"]]
    assert abs(sum(probabilities) - 1) > 1e-3
    assert evaluated(run)["accuracy"] > 0.8
    other = trained("INPUT(64) -> FC(10) -> SIGMOID", tmp_path / "other", "--loss", "cross_entropy", epochs=20)
    (told,) = json.loads(call("predict", other, seven, "--top", 10, "--format", "json").stdout)
    assert sum(each["probability"] for each in told["predictions"]) == pytest.approx(1)


def test_one_number_decides_between_two_classes(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 200)
    images = (labels[:, None, None, None] * 120 + generator.integers(0, 120, (200, 1, 6, 6))).astype(np.uint8)
    np.savez(tmp_path / "two.npz", images=images, labels=labels, classes=np.array(["dark", "bright"]))
    run = trained("INPUT(36) -> FC(1) -> SIGMOID", tmp_path / "run", "--data", tmp_path / "two.npz", epochs=30)
    found = evaluated(run)
    assert [each["name"] for each in found["classes"]] == ["dark", "bright"]
    assert found["accuracy"] > 0.95
    done = call("train", "-e", "INPUT(36) -> FC(1)", "--data", tmp_path / "two.npz", "--out", tmp_path / "no")
    assert "the output is a row of 1, and" in done.stderr
