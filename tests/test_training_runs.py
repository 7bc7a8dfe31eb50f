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


def with_recipe(text: str) -> Callable[[Path], object]:
    return lambda run: (run / "recipe.cnn").write_text(text)


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
    "config of tomorrow": (with_value("format", 3), "it has format 3, and this version of cnndsl reads 2"),
    "no recipe": (lambda run: (run / "recipe.cnn").unlink(), "cannot read"),
    "a recipe that is binary": (lambda run: (run / "recipe.cnn").write_bytes(b"\xff"), "is not UTF-8 text"),
    "a recipe that is cut": (cut("recipe.cnn", 300), "recipe.cnn is damaged: this `(` is never closed"),
    "a recipe that is empty": (cut("recipe.cnn", 0), "recipe.cnn is damaged: it holds no recipe"),
    "a recipe that is deep": (
        with_recipe("TRAIN(epochs=" + "-" * 50_000 + "1)"),
        "recipe.cnn is damaged: this is nested",
    ),
    "a recipe with an escape": (with_recipe('TRAIN(loss="\x1b[2J")'), "recipe.cnn is damaged: `\ufffd[2J` is no loss"),
    "a value is a word": (with_recipe("TRAIN(batch=many)"), "recipe.cnn is damaged: `many` has no value"),
    "a value is true": (with_recipe("TRAIN(epochs=true)"), "the number of epochs is a whole number of at least 1"),
    "a value is out of range": (with_recipe("TRAIN(optimizer=ADAM(-1))"), "the learning rate is above 0, not -1"),
    "a filling is gone": (with_config(lambda config: config.pop("filling")), "it has no `filling`"),
    "a filling is a word": (with_value("filling.classes", "many"), '`filling.classes` cannot be "many"'),
    "a filling of nothing": (with_value("filling.input", [3, 0, 0]), "`filling.input` cannot be [3, 0, 0]"),
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


def test_json_holds_what_was_seen_and_what_was_not(small_run: Path, tmp_path: Path) -> None:
    done = call("predict", small_run, SEVEN, tmp_path, SEVEN, "--top", "2", "--format", "json")
    first, folder, last = json.loads(done.stdout)
    assert done.exit_code == 2
    assert done.stderr == f"cnndsl: {folder['error']}\n"
    assert folder == {
        "image": str(tmp_path),
        "error": f"cannot read {tmp_path}: it is a folder; name the pictures in it",
    }
    assert first == last
    assert (first["image"], len(first["predictions"])) == (SEVEN, 2)
    likeliest = [f"  {100 * each['probability']:6.2f} %  {each['class']}" for each in first["predictions"]]
    assert call("predict", small_run, SEVEN, "--top", "2").stdout.splitlines()[1:] == likeliest


def test_pictures_in_batches_are_told_as_one_by_one(run_folder: Path, tmp_path: Path) -> None:
    recipe = run_folder / "recipe.cnn"
    recipe.write_text(recipe.read_text().replace("batch=64", "batch=3"))
    rng = np.random.default_rng(0)
    pictures = [tmp_path / f"{number}.png" for number in range(8)]
    for number, picture in enumerate(pictures):
        Image.fromarray(rng.integers(256, size=(5 + number, 20), dtype=np.uint8)).save(picture)
    pictures[4].write_text("no picture")
    together = json.loads(call("predict", run_folder, *pictures, "--top", "9", "--format", "json").stdout)
    alone = [
        json.loads(call("predict", run_folder, picture, "--top", "9", "--format", "json").stdout)[0]
        for picture in pictures
    ]
    assert [found["image"] for found in together] == list(map(str, pictures))
    assert together[4] == alone[4]
    for one, other in zip(together, alone, strict=True):
        pairs = zip(one.get("predictions", ()), other.get("predictions", ()), strict=True)
        assert all(a["class"] == b["class"] and a["probability"] == pytest.approx(b["probability"]) for a, b in pairs)


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
