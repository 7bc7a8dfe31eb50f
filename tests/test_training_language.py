"""Training what the language can say beyond one path: shared weights, several models, other files."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_training import SEVEN, call

pytestmark = pytest.mark.torch

BLOCKS = "default CONV(bias=true)\nconv(c) = CONV(c, 3, 2) -> RELU\ndigit = INPUT(1x8x8) -> conv(4) -> FC(10)"
SPEC = 'use "parts/blocks.cnn"\nother = INPUT(1x8x8) -> FC(10)\nINPUT(1x8x8) -> conv(4)*2 -> FC(10)'
SHARED = "shared half = CONV(4) -> BN -> RELU\nINPUT(1x8x8) -> CONV(4) -> half -> half -> POOL -> half -> FC(10)"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "blocks.cnn").write_text(BLOCKS)
    (tmp_path / "net.cnn").write_text(SPEC)
    return tmp_path / "net.cnn"


def train(spec: str | Path, out: Path, *more: str) -> str:
    done = call("train", spec, "--epochs", "1", "--device", "cpu", "--out", out, *more)
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("model", ["net", "other", "digit"])
def test_one_model_of_several_is_trained_with_the_files_it_needs(spec: Path, model: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert f"training {model} on digits" in train(f"{spec}:{model}", run)
    (spec.parent / "parts" / "blocks.cnn").unlink()
    assert call("eval", run).exit_code == 0, "the run folder has what it needs"
    assert call("predict", run, SEVEN).exit_code == 0


def test_which_model_is_asked(spec: Path, tmp_path: Path) -> None:
    done = call("train", spec, "--out", tmp_path / "run")
    assert (done.exit_code, "which-model" in done.stderr) == (1, True)


def test_a_file_from_elsewhere_cannot_be_kept(spec: Path, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "net.cnn").write_text('use "blocks.cnn"\nINPUT(1x8x8) -> conv(4) -> FC(10)')
    done = call("train", inside / "net.cnn", "--use-from", tmp_path / "parts", "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert "cannot be kept with the run" in done.stderr
    assert not (tmp_path / "run").exists()


def test_shared_weights_are_trained_stored_and_read_back(tmp_path: Path) -> None:
    spec = tmp_path / "net.cnn"
    spec.write_text(SHARED)
    assert "842 parameters" in train(spec, tmp_path / "run")
    assert call("eval", tmp_path / "run").exit_code == 0
