"""What a command does not need is not imported: a cold start is designed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

HEAVY = ["torch", "numpy", "networkx", "rich", "graphviz", "safetensors"]
SHOW_IMPORTS = """
import sys
from cnndsl.cli import commands
try:
    commands(sys.argv[1:])
except SystemExit as done:
    assert not done.code, done.code
print("IMPORTED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def imported_by(*arguments: str, before: str = "") -> list[str]:
    command = [sys.executable, "-c", before + SHOW_IMPORTS, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split("IMPORTED")[1].split()


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "specs/resnet.cnn"],
        ["check", "--format", "json", "specs/unet.cnn"],
        ["fmt", "--check", "specs/resnet.cnn"],
        ["layers"],
        ["layers", "pool", "--format", "json"],
        ["explain", "conv"],
        ["explain", "shape-mismatch"],
        ["export", "-e", "INPUT -> LN -> SCALE -> FC", "--to", "torch"],
        ["--help"],
        ["check", "--help"],
        ["fmt", "--help"],
        ["render", "--help"],
        ["train", "--help"],
        ["export", "--help"],
        ["eval", "--help"],
        ["predict", "--help"],
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    assert [name for name in HEAVY if name in imported_by(*arguments)] == []


def test_a_difference_needs_networkx_only() -> None:
    imported = imported_by("diff", "zoo:vgg16", "zoo:vgg19")
    assert [name for name in HEAVY if name in imported] == ["networkx"]


@pytest.mark.parametrize("form", ["dot", "svg"])
def test_a_picture_needs_graphviz_only(form: str, tmp_path: Path) -> None:
    imported = imported_by("render", "specs/lenet5.cnn", "-o", str(tmp_path / f"net.{form}"))
    assert [name for name in HEAVY if name in imported] == ["graphviz"]
    assert "typst" not in imported


@pytest.mark.parametrize("form", ["svg", "tex"])
def test_a_picture_of_volumes_needs_nothing_heavy(form: str, tmp_path: Path) -> None:
    imported = imported_by("render", "specs/lenet5.cnn", "--style", "volumes", "-o", str(tmp_path / f"net.{form}"))
    assert [name for name in HEAVY if name in imported] == []


def test_help_needs_no_parser() -> None:
    assert "lark" not in imported_by("--help")


def test_the_check_above_can_fail() -> None:
    assert "networkx" in imported_by("--help", before="import networkx")
