"""The wheel is complete: it works from another folder, without the checkout beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_grammars_and_specs_are_inside(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert {f"cnndsl/grammars/{file.name}" for file in (ROOT / "grammars").iterdir()} <= set(names)
    assert {f"cnndsl/specs/{spec.name}" for spec in (ROOT / "specs").glob("*.cnn")} <= set(names)
    assert "cnndsl/py.typed" in names


def test_check_runs_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    target, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(target), "CNNDSL_CACHE": str(tmp_path / "cache")}

    def python(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    assert Path(python("-c", "import cnndsl; print(cnndsl.__file__)").strip()).is_relative_to(target)
    assert "25,557,032" in python("-m", "cnndsl", "check", "zoo:resnet50")
    assert "SE(4)" in python("-m", "cnndsl", "check", "-e", "INPUT(16x4x4) -> SE(4)"), "the prelude is inside"
    spec = target / "cnndsl" / "specs" / "lenet5.cnn"
    assert "Token.Name.Builtin\t'INPUT'" in python("-m", "pygments", "-f", "raw", str(spec))
