"""The walks of examples/ are run as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT, Run
from sessions import fences, folder, run_python, run_session

WALKS = sorted(path for path in (ROOT / "examples").glob("*.md") if path.name != "README.md")
NEEDS_TORCH = {"export", "train", "eval", "predict"}


@pytest.mark.parametrize(
    "walk",
    [pytest.param(path, id=path.stem, marks=pytest.mark.torch if path.stem in NEEDS_TORCH else ()) for path in WALKS],
)
def test_a_walk(walk: Path, run: Run, tmp_path: Path) -> None:
    place = folder(tmp_path)
    for language, text in fences(walk, "console|python"):
        if language == "console":
            run_session(text, run, place)
        else:
            run_python(text, place)


def test_every_command_has_a_walk_that_runs_it() -> None:
    for path in (ROOT / "cnndsl" / "cli").glob("[!_]*.py"):
        name = path.stem
        assert f"\n$ cnndsl {name} " in (ROOT / "examples" / f"{name}.md").read_text()


def test_the_list_names_every_walk() -> None:
    listed = (ROOT / "examples" / "README.md").read_text()
    assert all(f"[{walk.name}]({walk.name})" in listed for walk in WALKS)
