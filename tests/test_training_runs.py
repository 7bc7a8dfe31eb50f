"""Run folders and pictures from anywhere: damaged, foreign, hostile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_training import SEVEN, SMALL, call

pytestmark = pytest.mark.torch
Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    assert call(*SMALL, "--out", out).exit_code == 0
    return out


@pytest.fixture
def run_folder(small_run: Path, tmp_path: Path) -> Path:
    """A run folder to damage."""
    return Path(shutil.copytree(small_run, tmp_path / "run"))


def with_config(change: Callable[[dict[str, object]], object]) -> Callable[[Path], object]:
    def damage(run: Path) -> None:
        config = json.loads((run / "config.json").read_text())
        change(config)
        (run / "config.json").write_text(json.dumps(config))

    return damage


def with_value(path: str, value: object) -> Callable[[Path], object]:
    def change(config: dict[str, object]) -> None:
        *folders, name = path.split(".")
        for folder in folders:
            config = config[folder]  # type: ignore[assignment]
        config[name] = value

    return with_config(change)


def cut(name: str, size: int) -> Callable[[Path], object]:
    return lambda run: (run / name).write_bytes((run / name).read_bytes()[:size])


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, "there is no such folder"),
    "no config": (lambda run: (run / "config.json").unlink(), "it has no config.json"),
    "a folder as config": (
        lambda run: ((run / "config.json").unlink(), (run / "config.json").mkdir()),
        "cannot read",
    ),
    "no spec": (lambda run: (run / "spec.cnn").unlink(), "cannot read"),
    "no weights": (lambda run: (run / "weights.safetensors").unlink(), "ended before its first epoch did"),
    "config cut": (cut("config.json", 40), "it is not JSON"),
    "config is binary": (lambda run: (run / "config.json").write_bytes(b"\xff\x00"), "is damaged"),
    "config is deep": (lambda run: (run / "config.json").write_text("[" * 100_000), "it is not JSON"),
    "config is a list": (lambda run: (run / "config.json").write_text("[]"), "it has no `format`"),
    "config of tomorrow": (with_value("format", 2), "it has format 2, and this version of cnndsl reads 1"),
    "a setting is gone": (with_config(lambda config: config.pop("settings")), "it has no `settings`"),
    "a setting is a word": (with_value("settings.batch", "many"), '`settings.batch` cannot be "many"'),
    "a setting is true": (with_value("settings.epochs", True), "`settings.epochs` cannot be true"),
    "a setting is out of range": (with_value("settings.lr", -1), "`settings.lr` cannot be -1"),
    "classes are numbers": (with_value("data.classes", [1, 2]), "`data.classes` cannot be [1, 2]"),
    "classes hold an escape": (with_value("data.classes", ["\x1b[2J"] * 10), "`data.classes` cannot be"),
    "other classes": (with_value("data.classes", ["a"]), "does not fit config.json"),
    "a mean too many": (with_value("data.mean", [0.1, 0.1]), "`data.mean` cannot be"),
    "mean is infinite": (with_value("data.mean", [float("inf")]), "`data.mean` cannot be"),
    "mean is huge": (with_value("data.mean", [10**400]), "`data.mean` cannot be"),
    "std is zero": (with_value("data.std", [0]), "`data.std` cannot be"),
    "white is zero": (with_value("data.white", 0), "`data.white` cannot be 0"),
    "shape of two": (with_value("data.shape", [8, 8]), "`data.shape` cannot be"),
    "parameters are a list": (with_value("parameters", []), "`parameters` cannot be []"),
    "parameters that the spec has not": (with_value("parameters", {"n": "3"}), "has mistakes with the parameters"),
    "inputs that are none": (with_value("inputs", {"": {"x": []}}), "has mistakes with the parameters"),
    "data of elsewhere": (with_value("data.name", "letters"), "there is no data set `letters`"),
    "another spec": (lambda run: (run / "spec.cnn").write_text("INPUT(64) -> FC(8) -> FC(10)"), "does not belong"),
    "a spec of another size": (lambda run: (run / "spec.cnn").write_text("INPUT(81) -> FC(10)"), "does not belong"),
    "a spec that is none": (lambda run: (run / "spec.cnn").write_text("INPUT -> CONF"), "has mistakes"),
    "a spec that is binary": (lambda run: (run / "spec.cnn").write_bytes(b"\xff"), "is not UTF-8 text"),
    "weights cut": (cut("weights.safetensors", 500), "weights.safetensors is damaged"),
    "weights empty": (cut("weights.safetensors", 0), "weights.safetensors is damaged"),
    "weights are a pickle": (
        lambda run: (run / "weights.safetensors").write_bytes(b"\x80\x02}q\x00."),
        "weights.safetensors is damaged",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_folder_is_one_message_and_status_2(run_folder: Path, damage: str) -> None:
    do, message = DAMAGES[damage]
    do(run_folder)
    done = call("eval", run_folder)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("cnndsl: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_is_no_run_folder(small_run: Path) -> None:
    done = call("predict", small_run / "config.json", SEVEN)
    assert (done.exit_code, done.stderr) == (2, f"cnndsl: {small_run / 'config.json'} is no run folder: it is a file\n")


def test_pictures_that_cannot_be_read_do_not_hide_the_others(small_run: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes(Path(SEVEN).read_bytes()[:300])
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    bad = [tmp_path / "text.png", tmp_path / "cut.png", tmp_path / "bomb.png", tmp_path, tmp_path / "gone.png"]
    done = call("predict", small_run, *bad, SEVEN, "--top", "2")
    assert done.exit_code == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [f"cannot read {path}" for path in bad]
    name, *likeliest = done.stdout.splitlines()
    assert name == SEVEN
    assert len(likeliest) == 2


def test_probabilities_are_those_of_all_classes(small_run: Path) -> None:
    lines = call("predict", small_run, SEVEN, "--top", "99").stdout.splitlines()[1:]
    percents = [float(line.split()[0]) for line in lines]
    assert percents == sorted(percents, reverse=True)
    assert sum(percents) == pytest.approx(100, abs=0.1)
    assert sorted(line.split()[2] for line in lines) == list("0123456789")


def test_a_picture_is_the_same_in_every_mode(small_run: Path, tmp_path: Path) -> None:
    grey = Image.open(SEVEN).convert("L")
    transparent = Image.new("RGBA", grey.size, "white")
    transparent.putalpha(grey)
    modes = {
        "grey.png": grey,
        "colour.png": grey.convert("RGB"),
        "palette.gif": grey.convert("P"),
        "transparent.png": transparent,
        "deep.png": Image.fromarray(np.asarray(grey).astype("uint16") * 257),
    }
    said = set()
    for name, picture in modes.items():
        picture.save(tmp_path / name)
        said.add(call("predict", small_run, tmp_path / name).stdout.partition("\n")[2])
    assert len(said) == 1
