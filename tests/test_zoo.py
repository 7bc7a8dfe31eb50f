"""Every shipped spec has exactly the published counts, as the command prints them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import ROOT

import cnndsl
from cnndsl.cli import commands

SPECS = sorted((ROOT / "specs").glob("*.cnn"))


def published() -> dict[str, tuple[str, int, int, str]]:
    """The rows of docs/zoo.md: input, parameters, MACs, output of each spec."""
    rows: dict[str, tuple[str, int, int, str]] = {}
    for line in (ROOT / "docs" / "zoo.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and re.fullmatch(r"[\d,]+", cells[2]):
            name, entering, params, macs, leaving, _ = cells
            rows[name] = entering, int(params.replace(",", "")), int(macs.replace(",", "")), leaving
    return rows


def size(text: str) -> list[int]:
    return [int(extent) for extent in text.split("x")]


def test_every_spec_has_a_row_and_every_row_a_spec() -> None:
    assert {spec.stem for spec in SPECS} == set(published())


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_check_prints_the_published_counts(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands(["check", str(spec), "--format", "json"], standalone_mode=False)
    (report,) = json.loads(capsys.readouterr().out)
    entering, params, macs, leaving = published()[spec.stem]
    assert report["name"] == spec.stem
    assert report["inputs"] == [{"name": "input", "size": size(entering)}]
    assert report["outputs"] == [{"name": "out", "size": size(leaving)}]
    assert (report["params"], report["macs"]) == (params, macs)
    assert sum(node["params"] for node in report["nodes"]) == params
    assert sum(node["macs"] for node in report["nodes"]) == macs
    assert report["diagnostics"] == []


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_the_opening_comment_tells_the_counts(spec: Path) -> None:
    _, params, macs, _ = published()[spec.stem]
    assert f"{params:,} parameters, {macs:,} MACs" in spec.read_text()


LECTURE = {
    "INPUT -> FC": (30_730, 30_720),
    "INPUT -> CONV -> RELU -> FC": (657_162, 2_424_832),
    "INPUT -> [CONV -> RELU -> POOL]*2 -> FC -> RELU -> FC": (2_175_626, 22_743_552),
    "INPUT -> [CONV -> RELU -> CONV -> RELU -> POOL]*3 -> [FC -> RELU]*2 -> FC": (2_262_602, 153_881_088),
    "Input >> [[Conv >> ReLU] * 2 >> Pool] * 3 >> FC": (1_186_378, 152_805_376),
}
PATTERN = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"


@pytest.mark.parametrize(("line", "counts"), LECTURE.items(), ids=LECTURE)
def test_the_lines_of_the_lecture_run_verbatim(line: str, counts: tuple[int, int]) -> None:
    summary = cnndsl.parse(line).summary()
    assert (summary.params, summary.macs) == counts


@pytest.mark.parametrize(
    ("n", "m", "k", "counts"), [(2, 3, 1, (2_196_810, 153_815_552)), (0, 0, 0, LECTURE["INPUT -> FC"])]
)
def test_the_pattern_of_the_lecture_runs_verbatim(n: int, m: int, k: int, counts: tuple[int, int]) -> None:
    summary = cnndsl.parse(PATTERN, N=n, M=m, K=k).summary()
    assert (summary.params, summary.macs) == counts


def test_classes_can_be_set_for_every_classifier() -> None:
    for spec in SPECS:
        if "classes" in spec.read_text():
            assert cnndsl.load(spec, classes=7).graph.outputs[0].node.type.channels == 7, spec.stem
