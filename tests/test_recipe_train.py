"""Recipes at work: `cnndsl train` reads them, tells what is wrong before there is data, and keeps them with the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT
from specs_in_tests import compiled
from test_training import call

from cnndsl.cli import commands
from cnndsl.compiler import Filling, compile_source
from cnndsl.source import Source
from cnndsl.training.recipe import Recipe
from cnndsl.training.recipe.document import document
from cnndsl.training.recipe.flags import names, option
from cnndsl.training.runs import Run

NET = "INPUT -> CONV(4) -> RELU -> GAP -> FC\n"
SHORT = ["--epochs", "1", "--device", "cpu"]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "net.cnn"
    path.write_text(NET + "n = 2\nTRAIN(epochs=n, batch=100, optimizer=ADAM(lr=0.01), augment=none)")
    return path


def test_the_page_in_docs_is_what_the_declarations_give() -> None:
    assert (ROOT / "docs" / "recipe.md").read_text() == document(), "a declaration has changed since `make docs`"


def test_help_has_every_flag_with_its_default() -> None:
    shown = CliRunner().invoke(commands, ["train", "--help"]).stdout
    flat = " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80
    assert all(f" {option(name)} " in flat for name in names())
    assert all(f"{heading}:" in shown for heading in Recipe.headings.values())
    assert "--epochs N The number of epochs: a whole number of at least 1. [default: 60]" in flat
    assert "[SGD: 0.01, ADAM: 0.003, ADAMW: 0.001, RMSPROP: 0.001]" in flat


@pytest.mark.torch
def test_the_recipe_of_a_file_is_followed_and_kept(spec: Path, tmp_path: Path) -> None:
    done = call("train", spec, "--out", tmp_path / "run", "--seed", "3")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "epochs   2, batches of 100, lr 0.01, seed 3\n" in done.stdout
    recipe = Run(tmp_path / "run").read_recipe()
    assert (recipe.epochs, recipe.batch, recipe.seed, recipe.augment) == (2, 100, 3, ())
    formatted = call("fmt", "--check", tmp_path / "run" / "recipe.cnn")
    assert formatted.exit_code == 0
    assert call("eval", tmp_path / "run").exit_code == 0


@pytest.mark.torch
def test_flags_and_parameters_change_it(spec: Path, tmp_path: Path) -> None:
    flags = ["-D", "n=1", "--lr", "0.02", "--batch", "50", "--data", "digits"]
    done = call("train", spec, *flags, "--out", tmp_path / "run")
    assert "epochs   1, batches of 50, lr 0.02, seed 0\n" in done.stdout


@pytest.mark.torch
def test_what_is_bare_takes_shape_and_classes_of_the_data(spec: Path, tmp_path: Path) -> None:
    done = call("train", spec, *SHORT, "--out", tmp_path / "run")
    assert "network  1x8x8 -> 10, 90 parameters" in done.stdout
    assert json.loads((tmp_path / "run" / "config.json").read_text())["filling"]["input"] == [1, 8, 8]
    assert call("eval", tmp_path / "run").exit_code == 0


@pytest.mark.torch
@pytest.mark.parametrize(
    ("flags", "sizes"),
    [
        (["--input", "3x16x16"], "3x16x16 -> 10"),
        (["-D", "classes=10"], "1x8x8 -> 10"),
        (["--size", "12x14"], "1x12x14 -> 10"),
        (["--size", "12", "--augment", "CROP(10)"], "1x10x10 -> 10"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_said_of_the_sizes_wins(spec: Path, tmp_path: Path, flags: list[str], sizes: str) -> None:
    assert f"network  {sizes}, " in call("train", spec, *SHORT, *flags, "--out", tmp_path / "run").stdout


@pytest.mark.torch
def test_other_classes_than_those_of_the_data_are_a_clash(spec: Path, tmp_path: Path) -> None:
    done = call("train", spec, "-D", "classes=7", "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert "error[misfit]: the output is a row of 7, and digits has 10 classes\n" in done.stderr


@pytest.mark.torch
@pytest.mark.parametrize("size", ["input", "8"])
def test_ten_pieces_need_a_larger_image(size: str, tmp_path: Path) -> None:
    text = f"INPUT(1x8x8) -> FC(10)\nTRAIN(epochs=1, size={size}, crops=10)"
    done = call("train", "-e", text, "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert "error[misfit]: crops=10 looks at so many pieces of an image" in done.stderr
    assert "as large as the network's input, 8x8\n" in done.stderr
    assert "^^" in done.stderr.split("crops=10)")[1]
    larger = call("train", "-e", text, "--size", "10", "--augment", "CROP(8)", "--out", tmp_path / "run")
    assert larger.exit_code == 0


@pytest.mark.torch
def test_a_window_that_fits_no_image_of_the_data_is_told(tmp_path: Path) -> None:
    fits_by_default = "INPUT -> POOL(9) -> FC"
    assert not compiled(fits_by_default).has_errors
    done = call("train", "-e", fits_by_default, "--out", tmp_path / "run")
    assert (done.exit_code, "a 9x9 window does not fit an 8x8 map" in done.stderr) == (1, True)
    assert (
        call("train", "-e", "INPUT -> POOL(9) -> FC", "--size", "9", *SHORT, "--out", tmp_path / "run").exit_code == 0
    )


@pytest.fixture
def without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data that must not be asked for."""
    from cnndsl.training import data

    def never(name: str) -> data.DataSet:
        raise AssertionError("data was looked for")

    monkeypatch.setattr(data, "find", never)


@pytest.mark.torch
@pytest.mark.usefixtures("without_data")
@pytest.mark.parametrize(
    ("text", "flags", "codes"),
    [
        ("INPUT -> CONF -> FC\nTRAIN(epochs=0, foo=1)", ["--lr", "-1"], "unknown-layer bad-argument unknown-argument"),
        ("INPUT -> FC\nTRAIN(epochs=0)", [], "bad-argument"),
        ("INPUT -> CONF -> FC", [], "unknown-layer"),
        ("INPUT(1x8x8) -> POOL(40) -> FC(3)", [], "window-too-large"),
        ("INPUT -> FC -> ", ["--epochs", "0"], "syntax bad-argument"),
        ("INPUT -> FC", ["-D", "x=3", "--optimizer", "COSINE"], "bad-override bad-recipe"),
    ],
)
def test_mistakes_are_told_together_before_there_is_data(text: str, flags: list[str], codes: str) -> None:
    done = call("train", "-e", text, *flags)
    assert (done.exit_code, done.stdout) == (1, "")
    assert all(f"error[{code}]" in done.stderr for code in codes.split())


@pytest.mark.torch
def test_where_data_cannot_be_found_the_mistakes_are_told_all_the_same() -> None:
    done = call("train", "-e", "INPUT -> POOL(40) -> FC", "--data", "nothing")
    assert done.exit_code == 2
    assert "error[window-too-large]" in done.stderr
    assert "cnndsl: there is no data set `nothing`" in done.stderr


@pytest.mark.torch
def test_a_warning_of_the_recipe_is_shown_and_training_goes_on(tmp_path: Path) -> None:
    text = NET + "TRAIN(warmup=3, epochs=9)"
    done = call("train", "-e", text, *SHORT, "--out", tmp_path / "run")
    assert (done.exit_code, done.stderr.count("warning[")) == (0, 1)
    assert "the warm-up is 3 epochs long, and the training 1" in done.stderr
    assert call("eval", tmp_path / "run").stderr == ""


@pytest.mark.torch
@pytest.mark.parametrize("name", ["spec.cnn", "recipe.cnn"])
def test_a_file_with_a_name_of_the_runs_own_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("head = CONV(4)")
    (tmp_path / "net.cnn").write_text(f'use "{name}"\nINPUT -> head -> FC')
    done = call("train", tmp_path / "net.cnn", "--out", tmp_path / "run")
    assert (done.exit_code, f"{name} has the name of a file of the run" in done.stderr) == (2, True)


def test_without_a_single_shape_of_the_data_a_bare_input_is_a_mistake() -> None:
    filling = Filling(None, 3, "the images of birds are from 3x64x64 to 3x500x375")
    found = compile_source(Source("net.cnn", "INPUT -> FC"), filling=filling)
    (mistake,) = found.diagnostics
    assert (mistake.code, mistake.span.text) == ("missing-argument", "INPUT")
    assert "from 3x64x64 to 3x500x375" in mistake.message
    assert "INPUT(3x224x224)" in mistake.help
    graph = compile_source(Source("net.cnn", "INPUT -> FC"), inputs={"": "3x8x8"}, filling=filling).graph
    assert graph is not None
    assert str(graph.outputs[0].node.type) == "3"


@pytest.mark.torch
def test_pictures_of_several_sizes_need_one_that_is_written(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(5):
            image.new("RGB", (8 + number, 9)).save(tmp_path / "pets" / name / f"{number}.png")
    train = ["train", "-e", "INPUT -> FC", "--data", tmp_path / "pets", *SHORT, "--out", tmp_path / "run"]
    done = call(*train)
    assert done.exit_code == 1
    assert "error[missing-argument]: INPUT needs its size here: the pictures of " in done.stderr
    assert "are from 9x8 to 9x12 (height x width)\n" in done.stderr
    assert "network  3x9x9 -> 2, " in call(*train, "--size", "9").stdout


@pytest.mark.parametrize(
    ("text", "is_filled_in"),
    [
        ("INPUT(1x8x8) -> FC(3)", False),
        ("INPUT(1x8x8) -> FC -> FC(3)", False),
        ("classes = 3\nINPUT(1x8x8) -> FC", False),
        ("INPUT(1x8x8) -> FC", True),
        ("INPUT -> FC(3)", True),
        ("INPUT -> POOL(40) -> FC(3)", True),
        ("INPUT -> CONF -> FC", False),
    ],
)
def test_what_depends_on_the_data_is_known(text: str, is_filled_in: bool) -> None:
    assert compiled(text).is_filled_in == is_filled_in
