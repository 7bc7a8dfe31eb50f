"""Where a package of an extra is missing, the command says what to type. torch is not needed to see that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

WITHOUT = """
import sys
sys.modules[sys.argv.pop(1)] = None  # an import of it raises ModuleNotFoundError
from cnndsl.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "arguments",
    [["train", "zoo:lenet5"], ["eval", "no-such-run"], ["predict", "no-such-run", "seven.png"]],
    ids=lambda arguments: arguments[0],
)
def test_without_torch_there_is_one_line_and_status_2(arguments: list[str]) -> None:
    command = [sys.executable, "-c", WITHOUT, "torch", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    expected = f"cnndsl {arguments[0]} needs torch, which is not installed: pip install 'cnndsl[train]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


@pytest.mark.torch
@pytest.mark.parametrize("package", ["sklearn", "safetensors"])
def test_the_other_packages_of_the_extra_are_named_too(package: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT, package, "train", "zoo:lenet5", "--out", str(tmp_path / "run")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"needs {package}, which is not installed" in done.stderr
    assert not (tmp_path / "run").exists()
