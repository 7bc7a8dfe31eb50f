"""From a spec to a run folder, and from the run folder to accuracy and names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import ROOT, Run

from cnndsl.cli import commands

pytestmark = pytest.mark.torch

SMALL = ["train", "-e", "INPUT(64) -> FC(10)", "--epochs", "3", "--device", "cpu"]
SEVEN = str(ROOT / "examples" / "seven.png")


def call(*arguments: object) -> Result:
    """A command in this process; an exception that leaves it fails the test."""
    return CliRunner().invoke(commands, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    """The networks are tiny, and the test runners share the cores."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few epochs, to look at and not to change."""
    out = tmp_path_factory.mktemp("small") / "run"
    done = call(*SMALL, "--out", out)
    assert (done.exit_code, done.stderr) == (0, "")
    return out


def trained_and_evaluated(run: Run, out: Path, seed: int) -> float:
    """The percentage that `eval` prints for LeNet-5, with all defaults."""
    done = run("train", "zoo:lenet5", "--data", "digits", "--seed", str(seed), "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    others = [line for line in done.stdout.replace(str(out), "").splitlines() if not line.startswith("epoch ")]
    assert max(map(len, others)) <= 80
    assert done.stdout.splitlines()[-1] == f"next: cnndsl eval {out}"
    evaluated = run("eval", str(out))
    found = re.match(r"accuracy (\d+\.\d\d) %  \((\d+) of 360 held-back images of digits\)\n", evaluated.stdout)
    assert found
    assert float(found[1]) == pytest.approx(int(found[2]) / 3.6, abs=0.005)
    assert re.match(rf"{SEVEN}\n +\d+\.\d\d %  7\n", run("predict", str(out), SEVEN).stdout)
    return float(found[1])


def test_lenet5_reads_digits_it_never_saw(run: Run, tmp_path: Path) -> None:
    assert trained_and_evaluated(run, tmp_path / "run", seed=0) >= 97


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_lenet5_reads_digits_it_never_saw_with_other_seeds(run: Run, tmp_path: Path, seed: int) -> None:
    assert trained_and_evaluated(run, tmp_path / "run", seed=seed) >= 97


@pytest.mark.gpu
def test_a_gpu_is_taken_and_its_run_can_be_used_without_one(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    done = call("train", "zoo:lenet5", "--epochs", "30", "--out", tmp_path / "run")
    assert "  device   cuda:0 (" in done.stdout
    for device in ("cuda", "cpu"):
        evaluated = call("eval", tmp_path / "run", "--device", device)
        assert float(evaluated.stdout.split()[1]) >= 97


def test_training_holds_no_image_that_is_held_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import numpy as np
    from sklearn.datasets import load_digits

    from cnndsl.training import data

    digits = data.find("digits")
    training, held_back = digits.training(), digits.held_back()
    assert (len(training), len(held_back)) == (1437, 360)
    seen = {image.tobytes() for image in training.pixels}
    assert not seen & {image.tobytes() for image in held_back.pixels}

    together = np.concatenate([training.pixels, held_back.pixels])[:, 0]
    whole = np.rint(load_digits().images * (255 / 16))
    assert sorted(map(bytes, together)) == sorted(map(bytes, whole.astype(np.uint8)))
    assert max(abs(np.bincount(training.labels) / 1437 - np.bincount(held_back.labels) / 360)) < 0.002


@pytest.mark.parametrize("more", [[], ["--schedule", "plateau", "--patience", "2"]])
def test_what_is_held_back_is_looked_at_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: list[str]
) -> None:
    from cnndsl.training import data

    def weights(name: str) -> bytes:
        assert call(*SMALL, *more, "--out", tmp_path / name).exit_code == 0
        return (tmp_path / name / "weights.safetensors").read_bytes()

    before = weights("before")
    digits = data.find("digits")

    def others() -> data.Images:
        images = digits.held_back()
        assert isinstance(images, data.Images)
        return data.Images(255 - images.pixels, images.labels[::-1].copy(), images.classes)

    monkeypatch.setitem(data.DATA_SETS, "digits", digits._replace(held_back=others))
    assert weights("after") == before


def test_a_run_folder_holds_what_the_run_was(small_run: Path) -> None:
    assert {path.name for path in small_run.iterdir()} == {
        "spec.cnn",
        "recipe.cnn",
        "config.json",
        "metrics.jsonl",
        "tensorboard",
        "weights.safetensors",
        "checkpoints",
        "lock",
    }
    assert (small_run / "spec.cnn").read_text() == "INPUT(64) -> FC(10)"
    recipe = (small_run / "recipe.cnn").read_text()
    assert "epochs=3,\n" in recipe
    assert "optimizer=ADAM(lr=0.003, " in recipe
    config = json.loads((small_run / "config.json").read_text())
    assert config["data"]["classes"] == list("0123456789")
    metrics = [json.loads(line) for line in (small_run / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in metrics] == [1, 2, 3]
    assert metrics[-1]["loss"] < metrics[0]["loss"]
    assert metrics[-1]["lr"] < metrics[0]["lr"]


@pytest.mark.parametrize("seed", [0, 5])
def test_the_same_seed_gives_the_same_weights_and_figures(small_run: Path, tmp_path: Path, seed: int) -> None:
    assert call(*SMALL, "--seed", seed, "--out", tmp_path / "run").exit_code == 0
    weights = [(path / "weights.safetensors").read_bytes() for path in (small_run, tmp_path / "run")]
    assert (weights[0] == weights[1]) == (seed == 0)
    assert (untimed(small_run) == untimed(tmp_path / "run")) == (seed == 0)


def untimed(run: Path) -> list[dict[str, object]]:
    """What the epochs of a run came to, without how long they took."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{**line, "seconds": None, "images_per_second": None} for line in lines]


def test_dropout_and_batch_norm_follow_the_seed_too(tmp_path: Path) -> None:
    spec = "INPUT(1x8x8) -> CONV(4) -> BN -> RELU -> DROPOUT -> FC(10) -> SOFTMAX"
    for name in ("a", "b"):
        assert call("train", "-e", spec, "--epochs", "1", "--out", tmp_path / name).exit_code == 0
    assert (tmp_path / "a/weights.safetensors").read_bytes() == (tmp_path / "b/weights.safetensors").read_bytes()
    assert untimed(tmp_path / "a") == untimed(tmp_path / "b")


@pytest.mark.parametrize("end", ["SOFTMAX", "LOGSOFTMAX"])
def test_what_ends_a_network_is_left_out_of_its_training(small_run: Path, tmp_path: Path, end: str) -> None:
    spec = f"INPUT(64) -> FC(10) -> {end}"
    assert call("train", "-e", spec, *SMALL[3:], "--out", tmp_path / "run").exit_code == 0
    assert (tmp_path / "run/weights.safetensors").read_bytes() == (small_run / "weights.safetensors").read_bytes()
    assert call("predict", tmp_path / "run", SEVEN).stdout == call("predict", small_run, SEVEN).stdout


@pytest.mark.parametrize(
    "spec",
    ["INPUT(3x12x10) -> CONV(4) -> GAP -> FC(10)", "INPUT(784) -> FC(10)", "INPUT(1x5x5) -> FC(10)"],
    ids=["three channels", "a row", "smaller"],
)
def test_images_are_brought_to_the_input(tmp_path: Path, spec: str) -> None:
    assert call("train", "-e", spec, "--epochs", "1", "--out", tmp_path / "run").exit_code == 0
    assert call("eval", tmp_path / "run").stdout.startswith("accuracy ")


def test_colour_data_trains_a_grey_network_and_pictures_become_coloured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import numpy as np

    from cnndsl.training import data

    def green(images: data.Images) -> data.Images:
        blank = np.zeros_like(images.pixels)
        return data.Images(np.concatenate([blank, images.pixels, blank], axis=1), images.labels, images.classes)

    digits = data.find("digits")
    greens = data.DataSet("greens", lambda: green(digits.training()), lambda: green(digits.held_back()))
    monkeypatch.setitem(data.DATA_SETS, "greens", greens)
    spec = "INPUT(1x8x8) -> FC(10)"
    assert call("train", "-e", spec, "--data", "greens", "--epochs", "5", "--out", tmp_path / "run").exit_code == 0
    accuracy = call("eval", tmp_path / "run").stdout.partition("\n")[0]
    assert float(accuracy.split()[1]) > 50
    assert accuracy.endswith("held-back images of greens)")
    assert call("predict", tmp_path / "run", SEVEN).exit_code == 0


def test_an_image_alone_in_the_last_batch_joins_the_one_before(tmp_path: Path) -> None:
    spec = "INPUT(64) -> FC(10) -> BN"  # 1,437 is 4 * 359 + 1
    done = call("train", "-e", spec, "--epochs", "1", "--batch", "4", "--out", tmp_path / "run")
    assert (done.exit_code, done.stderr) == (0, "")


def test_parameters_and_inputs_of_the_command_line_are_kept(tmp_path: Path) -> None:
    spec = "n = 4\nINPUT(1x8x8) -> CONV(n) -> FC(10)"
    assert (
        call("train", "-e", spec, "-D", "n=2", "--input", "3x6x6", *SMALL[3:], "--out", tmp_path / "run").exit_code == 0
    )
    assert call("eval", tmp_path / "run").exit_code == 0


def test_runs_are_numbered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        assert call(*SMALL).stdout.endswith(f"next: cnndsl eval runs/expression-{number}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["zoo:lenet5", "-D", "classes=7"],
            "error[misfit]: the output is a row of 7, and digits has 10 classes\n"
            "   --> lenet5.cnn:13:24\n"
            "    |\n"
            " 13 |   -> FC(84) -> TANH -> FC(classes)  # F6, output\n"
            "    |                        ^^^^^^^^^^^\n"
            "  = help: give -D classes=10\n",
        ),
        (["-e", "INPUT(64) -> FC(7)"], "= help: end it with FC(10)"),
        (["zoo:unet"], "the output is a map, 2x388x388, and digits needs a row of 10"),
        (["-e", "INPUT(70) -> FC(10)"], "the input is a row of 70, and the images of digits are 1x8x8"),
        (["zoo:euronet"], "13 channels (13x64x64), and the images of digits are 1x8x8\n"),
        (["-e", "INPUT(1x9) -> FC(10)"], "two spatial axes"),
        (["-e", "INPUT(1x4x4x4) -> FC(10)"], "two spatial axes"),
        (["-e", "[INPUT(1x8x8), INPUT(1x8x8)] -> FC(10)"], "one input, and this has input (1x8x8), input2 (1x8x8)"),
        (["-e", "INPUT(10x8x8) -> GAP", "--input", "10x8x8"], "10 channels"),
        (["-e", "INPUT(100) -> SOFTMAX", "--input", "100"], "the output is a row of 100"),
        (["-e", "INPUT(64) -> FC(10) -> BN", "--batch", "1"], "--batch 2 or more"),
        (["-e", "INPUT(64) -> FC(10)", "--epochs", "0"], "the number of epochs is a whole number of at least 1, not 0"),
        (["-e", "INPUT(64) -> FC(10)", "--batch", "0"], "the batch is a whole number of at least 1, not 0"),
        (["-e", "INPUT(64) -> FC(10)", "--lr", "0"], "the learning rate is above 0, not 0"),
        (["-e", "INPUT(64) -> FC(10)", "--lr", "nan"], "`nan` has no value"),
        (["-e", "INPUT(64) -> FC(10)", "--lr", "1e999"], "error[number-too-large]"),
        (["-e", "INPUT(64) -> FC(10)", "--seed", "-1"], "the seed is a whole number of at least 0, not -1"),
        (
            ["-e", "INPUT(64) -> [FC(32) -> RELU]*8 -> FC(10)", "--lr", "1e6"],
            "lower --lr, here 1e+06\n  the first such number comes from fc",
        ),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_a_network_that_cannot_be_trained_is_status_1(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = call("train", *arguments, "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert message in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "digit"], "there is no data set `digit`; did you mean `digits`?"),
        (["--device", "gpu"], "there is no device `gpu`"),
        (["--device", "cuda:99"], "cuda:99"),
        (["--out", str(ROOT / "specs")], "specs is not empty"),
        (["--out", str(ROOT / "README.md")], "README.md is a file"),
        (["--out", str(ROOT / "README.md" / "run")], "cannot make the run folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_used_is_status_2(arguments: list[str], message: str) -> None:
    done = call("train", "-e", "INPUT(64) -> FC(10)", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_loss_that_is_no_number_ends_the_training_and_what_was_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnndsl.training import loop

    monkeypatch.setattr(loop, "factor", lambda schedule, warmup, step, *of: 1 if step < 100 else 1e37)
    done = call("train", "-e", "INPUT(64) -> FC(10) -> RELU -> FC(10)", "--epochs", "9", "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert "in epoch 5 the loss is no longer a finite number: lower --lr, here 0.003\n" in done.stderr
    assert f"train --resume {tmp_path / 'run'} --lr 0.0003 --changing lr\n" in done.stderr
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 4
    assert call("eval", tmp_path / "run").exit_code == 0


@pytest.mark.parametrize(
    ("given", "ours"), [("--learning-rate", "--lr"), ("--batch_size", "--batch"), ("--batch-size", "--batch")]
)
def test_a_flag_as_others_call_it_is_told_ours(given: str, ours: str) -> None:
    done = call("train", "-e", "INPUT(64) -> FC(10)", given, "1")
    assert done.exit_code == 2
    assert given in done.stderr
    assert f"Here it is {ours}." in done.stderr
