"""What a recipe does to a training, from the command line to the run folder."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from test_training import _one_thread, call  # noqa: F401

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")

DENSE = "INPUT(64) -> FC(10)"
CONVOLUTION = "INPUT(1x8x8) -> CONV(4) -> BN -> RELU -> FC(10)"


def trained(out: Path, *flags: object, spec: str = DENSE) -> str:
    done = call("train", "-e", spec, "--epochs", 2, "--device", "cpu", *flags, "--out", out)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def weights(run: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(run / "weights.safetensors")


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


CHANGES = [
    ["--optimizer", "SGD(lr=0.1, momentum=0.9, nesterov=true)"],
    ["--optimizer", "adamw"],
    ["--optimizer", "RMSPROP"],
    ["--weight-decay", "0.01"],
    ["--l1", "0.001"],
    ["--schedule", "STEP(1)"],
    ["--schedule", "MULTISTEP(1)"],
    ["--schedule", "ONECYCLE"],
    ["--schedule", "CONSTANT"],
    ["--warmup", "0"],
    ["--label-smoothing", "0.1"],
    ["--mixup", "0.2"],
    ["--cutmix", "1"],
    ["--class-weights", "(1, 2, 1, 1, 1, 1, 1, 1, 1, 1)"],
    ["--clip", "0.1"],
    ["--accumulate", "3"],
    ["--ema", "0.9"],
    ["--augment", "none"],
    ["--augment", "CROP(padding=1) -> FLIP -> ROTATE(10) -> COLORPCA -> ERASE"],
    ["--size", "10", "--augment", "CROP"],
    ["--precision", "bf16"],
    ["--loss", "binary"],
    ["--validation", "0.2"],
]


@pytest.mark.parametrize("flags", CHANGES, ids=lambda flags: " ".join(flags))
def test_every_part_of_a_recipe_changes_the_training_and_its_evaluation_runs(flags: list[str], tmp_path: Path) -> None:
    trained(tmp_path / "plain")
    trained(tmp_path / "changed", *flags)
    plain, changed = weights(tmp_path / "plain"), weights(tmp_path / "changed")
    assert plain.keys() == changed.keys()
    assert not all(torch.equal(plain[name], changed[name]) for name in plain)
    assert call("eval", tmp_path / "changed").exit_code == 0


@pytest.mark.parametrize("flags", CHANGES, ids=lambda flags: " ".join(flags))
def test_the_same_seed_gives_the_same_with_every_part(flags: list[str], tmp_path: Path) -> None:
    for name in ("one", "two"):
        trained(tmp_path / name, *flags, "--epochs", 1, spec=CONVOLUTION)
    one, two = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_recipe_in_the_spec_is_that_of_flags(tmp_path: Path) -> None:
    spec = f"{DENSE}\nTRAIN(optimizer=SGD(lr=0.1, momentum=0.9), batch=100, augment=none)"
    trained(tmp_path / "spec", spec=spec)
    flags = ["--optimizer", "SGD", "--lr", "0.1", "--momentum", "0.9", "--batch", "100", "--augment", "none"]
    trained(tmp_path / "flags", *flags)
    one, two = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("spec", "flags"))
    assert one == two
    assert (tmp_path / "spec" / "recipe.cnn").read_text() == (tmp_path / "flags" / "recipe.cnn").read_text()


def test_a_kept_recipe_trains_the_same_again(tmp_path: Path) -> None:
    trained(tmp_path / "first", "--mixup", "0.4", "--batch", "50", "--seed", "3")
    again = (tmp_path / "first" / "recipe.cnn").read_text()
    done = call("train", "-e", f"{DENSE}\n{again}", "--out", tmp_path / "second")
    assert done.exit_code == 0, done.stderr
    one, two = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("first", "second"))
    assert one == two


def test_accumulated_batches_are_one_large_batch(tmp_path: Path) -> None:
    flags = ["--optimizer", "SGD(lr=0.1)", "--augment", "none", "--schedule", "CONSTANT", "--warmup", "0"]
    trained(tmp_path / "large", *flags, "--batch", 1437)
    trained(tmp_path / "small", *flags, "--batch", 479, "--accumulate", 3)
    large, small = weights(tmp_path / "large"), weights(tmp_path / "small")
    assert all(torch.allclose(large[name], small[name], atol=1e-5) for name in large)


def test_patience_ends_a_training_that_stands_still(tmp_path: Path) -> None:
    told = trained(tmp_path / "run", "--epochs", 50, "--patience", 3, "--lr", "1e-12", "--schedule", "CONSTANT")
    losses = [line["validation"]["loss"] for line in lines(tmp_path / "run")]
    assert len(losses) < 50
    assert losses.index(min(losses)) == len(losses) - 4
    assert f"stopped after epoch {len(losses)}: the validation loss has not fallen for 3 epochs" in told


def test_a_plateau_lowers_the_rate(tmp_path: Path) -> None:
    schedule = "PLATEAU(patience=1, gamma=0.5, threshold=0.9)"
    trained(tmp_path / "run", "--epochs", 6, "--schedule", schedule, "--warmup", 0, "--lr", "0.01")
    rates = [line["lr"] for line in lines(tmp_path / "run")]
    assert rates[0] == 0.01
    assert 0 < rates[-1] <= 0.005
    assert all(after in (before, pytest.approx(before / 2)) for before, after in pairwise(rates))


def test_validation_that_decides_is_kept_from_the_training_images(tmp_path: Path) -> None:
    assert "1,437 images" in trained(tmp_path / "watched")
    assert "1,293 images" in trained(tmp_path / "decided", "--patience", 9)
    assert "1,149 images" in trained(tmp_path / "given", "--validation", 0.2)
    trained(tmp_path / "none", "--validation", 0)
    assert all(line["validation"] is None for line in lines(tmp_path / "none"))


def test_a_bare_input_and_a_bare_fc_are_the_data(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 2, 9, 7), dtype=np.uint8)
    np.savez(tmp_path / "data.npz", images=pixels, labels=np.arange(60) % 4, layout=np.array("NCHW"))
    told = trained(tmp_path / "run", "--data", tmp_path / "data.npz", spec="INPUT -> CONV(4) -> RELU -> GAP -> FC")
    assert re.search(r"network  2x9x7 -> 4,", told)
    assert call("eval", tmp_path / "run").exit_code == 0


def test_ten_views_are_averaged(tmp_path: Path) -> None:
    from cnndsl.training.runs import Run
    from cnndsl.training.trained import load

    flags = ["--size", "10", "--augment", "CROP -> FLIP", "--crops", "10"]
    trained(tmp_path / "run", *flags, spec="INPUT(1x8x8) -> CONV(4) -> RELU -> FC(10)")
    found = load(Run(tmp_path / "run"), torch.device("cpu"))
    pixels = torch.randint(0, 256, (5, 1, 10, 10), dtype=torch.uint8)
    images = (pixels / 255 - found.preprocessing.mean[0]) / found.preprocessing.std[0]
    places = [(0, 0), (0, 2), (2, 0), (2, 2), (1, 1)]
    views = [images[:, :, top : top + 8, left : left + 8] for top, left in places]
    with torch.no_grad():
        answers = [found.network(each).double().softmax(1) for view in views for each in (view, view.flip(3))]
    assert torch.allclose(found.probabilities(pixels), torch.stack(answers).mean(0), atol=1e-6)
