"""Layers of other packages: the one of examples/plugin as it is installed, and packages with something wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import ROOT, Run
from sessions import fences, folder, run_python, run_session

PLUGIN = ROOT / "examples" / "plugin"
README = PLUGIN / "README.md"
DOUBLE = '''
from cnndsl.layers import Layer
from cnndsl.layers.lowering import Operator


class Double(Layer):
    """Twice what comes in."""

    words = ("{word}",)

    def lower(self, inputs, output):
        return (Operator("+", (0, 0)),)
'''


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the plugin as pip installs it."""
    target = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(PLUGIN)], check=True, capture_output=True)
    return target


def package(where: Path, name: str, text: str) -> str:
    """Write a package whose module declares layers; gives the folder, for PYTHONPATH."""
    (where / f"{name}.py").write_text(text)
    metadata = where / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[console_scripts]\nx = y:z\n\n[cnndsl.layers]\nany = {name}\n")
    return str(where)


def double(where: Path, name: str, word: str) -> str:
    return package(where, name, DOUBLE.replace("{word}", word))


# What works


@pytest.mark.torch
def test_its_walk(installed: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(installed))
    for language, text in fences(README, "console|python"):
        if language == "console":
            run_session(text, run, place)
        else:
            run_python(text, place)


def test_its_layers_are_drawn(installed: Path, run: Run, tmp_path: Path) -> None:
    done = run("render", "examples/plugin/transformer.cnn", "-o", str(tmp_path / "net.dot"), PYTHONPATH=str(installed))
    assert (done.returncode, done.stderr) == (0, "")
    assert "GRIDSAMPLE" in (tmp_path / "net.dot").read_text()
    spec = ["-e", "INPUT(3xHxW) -> BLURPOOL(5, stride=3)"]
    run("render", *spec, "-o", str(tmp_path / "net.dot"), PYTHONPATH=str(installed))
    assert "BLURPOOL 5, stride 3" in (tmp_path / "net.dot").read_text()


def test_its_layers_take_open_sizes(installed: Path, run: Run) -> None:
    done = run("check", "-e", "INPUT(3xHxW) -> BLURPOOL", PYTHONPATH=str(installed))
    assert done.returncode == 0
    assert "3x((H+1)//2)x((W+1)//2)" in done.stdout


def test_its_layers_say_what_they_read(installed: Path) -> None:
    script = """
from cnndsl import parse
from cnndsl.analyses.receptive_field import receptive_fields
for spec in "INPUT -> POOL(2, 1) -> BLURPOOL -> CONV", "INPUT(2x4x4) as places\\nINPUT -> CONV -> GRIDSAMPLE(places)":
    print(receptive_fields(parse(spec).graph).rows[-1])
"""
    command = [sys.executable, "-c", script]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(installed), os.environ.get("PYTHONPATH", "")))}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["8 /2", "input2 34, places 1 /1"]


def test_its_layers_pass_the_tests_of_all_layers(installed: Path) -> None:
    files = ["tests/test_layers.py"]
    if find_spec("torch"):
        files += ["tests/test_layers_on_torch.py", "tests/test_torch_source.py"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "BLURPOOL or GRIDSAMPLE", *files]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_layer_is_listed_with_its_package(run: Run, tmp_path: Path) -> None:
    run = partial(run, PYTHONPATH=double(tmp_path, "doubling", "DOUBLE"))
    assert run("layers", "double").stdout == "plugin\n  DOUBLE\n      Twice what comes in. From the package doubling.\n"
    assert '"package": "doubling"' in run("layers", "double", "--format", "json").stdout
    assert run("check", "-e", "INPUT -> DOUBLE -> double -> FC").stderr == ""


def test_a_spec_without_it_does_not_know_it(run: Run) -> None:
    assert "unknown-layer" in run("check", "-e", "INPUT -> DOUBLE").stderr


def test_a_value_may_name_an_object_in_the_module(run: Run, tmp_path: Path) -> None:
    where = double(tmp_path, "doubling", "DOUBLE")
    (tmp_path / "doubling-1.0.dist-info" / "entry_points.txt").write_text("[cnndsl.layers]\nany = doubling:Double\n")
    assert run("check", "-e", "INPUT -> DOUBLE", PYTHONPATH=where).returncode == 0


# What is wrong


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("class", "SyntaxError: invalid syntax"),
    ],
    ids=["import", "error", "syntax"],
)
def test_a_package_that_fails_is_named_and_the_rest_works(run: Run, tmp_path: Path, text: str, reason: str) -> None:
    done = run("check", "zoo:lenet5", PYTHONPATH=package(tmp_path, "broken", text))
    assert done.returncode == 0
    assert "61,706" in done.stdout
    assert done.stderr.startswith(f"cnndsl: the layers of broken 1.0 are left out: {reason}")
    assert len(done.stderr.splitlines()) == 1


def test_a_word_of_ours_stays_ours(run: Run, tmp_path: Path) -> None:
    done = run("check", "-e", "INPUT -> CONV", PYTHONPATH=double(tmp_path, "doubling", "CONV"))
    assert "1,792" in done.stdout
    assert done.stderr == "cnndsl: the layer CONV of doubling is left out: cnndsl has a layer of that name\n"


def test_of_two_packages_with_one_word_both_are_named(run: Run, tmp_path: Path) -> None:
    double(tmp_path, "one", "DOUBLE")
    done = run("check", "-e", "INPUT -> DOUBLE", PYTHONPATH=double(tmp_path, "other", "DOUBLE"))
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1
    assert {"one", "other"} <= set(done.stderr.replace(":", "").split())


def test_a_word_is_a_name_in_capitals(run: Run, tmp_path: Path) -> None:
    done = run("check", "-e", "INPUT -> CONV", PYTHONPATH=double(tmp_path, "doubling", "Double"))
    assert done.returncode == 0
    assert done.stderr == "cnndsl: the layer Double of doubling is left out: a word is a name in capitals\n"


@pytest.mark.parametrize("text", ["[cnndsl.layers]\nbroken", "[cnndsl.layers]\nx = \n[cnndsl.layers]\n", "\x00\xff"])
def test_a_malformed_list_of_entry_points_does_no_harm(run: Run, tmp_path: Path, text: str) -> None:
    where = package(tmp_path, "broken", "")
    (tmp_path / "broken-1.0.dist-info" / "entry_points.txt").write_text(text)
    done = run("check", "zoo:lenet5", PYTHONPATH=where)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_class_that_is_declared_again_replaces_the_first(run: Run, tmp_path: Path) -> None:
    """As when a cell of a notebook is run twice."""
    twice = DOUBLE.replace("{word}", "DOUBLE") * 2
    done = run("check", "-e", "INPUT -> DOUBLE", PYTHONPATH=package(tmp_path, "doubling", twice))
    assert (done.returncode, done.stderr) == (0, "")
