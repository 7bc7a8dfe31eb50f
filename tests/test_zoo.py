"""Every entry of the zoo has exactly the counts of its index: published ones, or those of tests/references."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Run
from specs_in_tests import SPECS, compiled

import cnndsl
from cnndsl.analyses.cost import cost
from cnndsl.backends.pictures.layout import program_version
from cnndsl.cli import commands
from cnndsl.compiler import compile_source
from cnndsl.reference import gallery
from cnndsl.reference.zoo import with_index
from cnndsl.source import SUFFIX, read, zoo
from cnndsl.zoo import Entry

ENTRIES = [pytest.param(entry, id=entry.name) for entry in zoo().values()]


def size(text: str) -> list[int]:
    return [int(extent) for extent in text.split("x")]


def test_every_spec_has_a_row_and_every_row_a_spec() -> None:
    assert {spec.stem for spec in SPECS} == {entry.file for entry in zoo().values()}


FIRST = """
    alexnet densenet121 densenet201 euronet googlenet inceptionv3 lecture-arrows lecture-conv-pool lecture-linear
    lecture-one-conv lecture-pattern lecture-stacked lenet5 mobilenetv2 resnet50 resnet152 seresnet50 shufflenetv2 unet
    vgg16
"""


def test_the_names_of_the_first_specs_stand() -> None:
    assert set(FIRST.split()) <= set(zoo())


def test_no_two_names_stand_for_the_same() -> None:
    meant = [(entry.spec, *sorted(entry.settings.items())) for entry in zoo().values()]
    assert len(set(meant)) == len(meant)


@pytest.mark.core
@pytest.mark.parametrize("entry", ENTRIES)
def test_check_prints_the_counts_of_the_index(entry: Entry, capsys: pytest.CaptureFixture[str]) -> None:
    commands(["check", f"zoo:{entry.name}", "--format", "json"], standalone_mode=False)
    (report,) = json.loads(capsys.readouterr().out)
    assert report["name"] == entry.name
    assert [each["size"] for each in report["inputs"]] == [*map(size, entry.inputs)]
    assert [each["size"] for each in report["outputs"]] == [size(output) for output in entry.outputs]
    assert (report["params"], report["macs"]) == (entry.params, entry.macs)
    assert sum(node["params"] for node in report["nodes"]) == entry.params
    assert sum(node["macs"] for node in report["nodes"]) == entry.macs
    assert report["diagnostics"] == []


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_the_opening_comment_tells_the_counts(spec: Path) -> None:
    words = " ".join(line.removeprefix("#").strip() for line in spec.read_text().splitlines())
    for graph in compile_source(read(spec)).graphs:
        found = cost(graph)
        assert f"{found.params:,} parameters, {found.macs:,} MACs" in words


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_number_that_is_printed_somewhere_says_where(entry: Entry) -> None:
    assert (entry.top1 is None) == (entry.source == "")
    assert entry.top1 is None or 0 < entry.top1 < 100
    assert re.match(r"(published|by hand|arithmetic): ", entry.counts)


def test_the_page_has_the_index() -> None:
    page = (ROOT / "docs" / "zoo.md").read_text()
    assert page == with_index(page), "the index has changed since `make docs`"


@pytest.mark.core
def test_the_gallery_shows_a_network_of_each_spec_as_it_is_drawn() -> None:
    """Those whose pictures come from this machine's layout program, byte for byte."""
    folder = ROOT / "docs" / "gallery"
    assert (ROOT / "docs" / "gallery.md").read_text() == gallery.page("gallery"), "run `make gallery`"
    assert [entry.spec for entry in gallery.shown()] == list(dict.fromkeys(entry.spec for entry in zoo().values()))
    by = f"<!-- laid out by {program_version()} -->"
    drawn = dict(gallery.pictures())
    assert {path.name for path in folder.iterdir()} == drawn.keys()
    for name, content in drawn.items():
        kept = (folder / name).read_text()
        assert by not in kept or kept == content.decode(), f"{name}: run `make gallery`"


MOST_LINES = {
    "resnet": 15,
    "densenet": 12,
    "vgg": 12,
    "inceptionv3": 25,
    "inceptionv4": 45,
    "unet": 8,
    "unet-same": 8,
    "segnet": 20,
    "retinanet": 30,
    "yolov4": 30,
    "ssd300": 30,
}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_a_spec_is_short(spec: Path) -> None:
    used = re.findall(r'^use "(.*)"', spec.read_text(), re.M)
    alone = [name for name in used if sum(f'use "{name}"' in other.read_text() for other in SPECS) == 1]
    texts = [spec.read_text(), *((ROOT / "specs" / name).read_text() for name in alone)]
    lines = [line for text in texts for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= MOST_LINES.get(spec.stem, 60)
    assert all(len(line) <= 120 for line in lines)


DETECTORS = {"fast-rcnn", "faster-rcnn-vgg16", "mask-rcnn", "retinanet", "ssd300", "yolov1", "yolov4", "yolov4-tiny"}
"""Specs whose outputs tell of boxes besides classes."""


@pytest.mark.core
def test_classes_can_be_set_for_every_classifier() -> None:
    for entry in zoo().values():
        if entry.file in DETECTORS:
            continue
        if re.search(r"^classes\b", (ROOT / "specs" / f"{entry.file}{SUFFIX}").read_text(), re.M):
            outputs = cnndsl.load(f"zoo:{entry.name}", classes=7).graph.outputs
            assert all(end.node.type.channels == 7 for end in outputs), entry.name


def test_a_variant_is_its_spec_with_its_values_and_what_is_set_besides() -> None:
    variant = cnndsl.load("zoo:resnet101", classes=10)
    assert variant.name == "resnet101"
    assert variant.parameters == {"depth": "101", "classes": 10}
    assert variant.summary().params == cnndsl.load("zoo:resnet", depth=101, classes=10).summary().params
    assert cnndsl.load("zoo:resnet101", depth=18).summary().params == 11_689_512


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        ("resnet", "depth", 77),
        ("vgg", "depth", 12),
        ("densenet", "depth", 122),
        ("shufflenetv1", "g", 5),
        ("mobilenetv1", "width", 0),
        ("mobilenetv2", "width", -1),
        ("efficientnet", "depth", 0),
        ("regnet", "w0", 0),
    ],
)
def test_families_refuse_values_without_a_table(name: str, parameter: str, value: int) -> None:
    found = compiled((ROOT / "specs" / f"{name}{SUFFIX}").read_text(), **{parameter: value})
    assert found.has_errors


def test_the_zoo_is_listed(run: Run) -> None:
    lines = run("zoo", COLUMNS="200").stdout.splitlines()
    assert lines[0].split() == ["zoo:", "year", "input", "params", "MACs", "top-1", "%", "printed", "in"]
    assert len(lines) == len(zoo()) + 2
    narrow = run("zoo", COLUMNS="80").stdout.splitlines()
    assert max(map(len, narrow)) <= 80
    chosen = run("zoo", "VGG", "--format", "csv").stdout.splitlines()
    assert len(chosen) == 1 + sum("vgg" in entry.name for entry in zoo().values())
    (one,) = json.loads(run("zoo", "zoo:resnet101", "--format", "json").stdout)[:1]
    assert (one["name"], one["settings"], one["params"]) == ("resnet101", {"depth": "101"}, 44_549_160)


def test_a_name_that_is_not_shipped_is_told_with_one_that_is(run: Run) -> None:
    done = run("check", "zoo:resnet51")
    assert done.returncode == 2
    assert re.search(
        r"zoo:resnet51 is not shipped; did you mean zoo:resnet.*\? `cnndsl zoo` lists what is", done.stderr
    )
    assert "has 'ressnet' in its name" in run("zoo", "ressnet").stderr


@pytest.mark.slow
def test_the_chart_has_the_networks_whose_accuracy_is_printed_somewhere(tmp_path: Path) -> None:
    pytest.importorskip("adjustText")
    command = [sys.executable, str(ROOT / "examples" / "zoo_chart.py"), str(tmp_path / "chart.svg")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    drawn = re.findall(r">([^<>]+)</text>", (tmp_path / "chart.svg").read_text())
    on_imagenet = [entry for entry in zoo().values() if entry.task == "ImageNet"]
    with_number = {entry.name for entry in on_imagenet if entry.top1 is not None}
    assert with_number <= set(drawn)
    missing = said.removeprefix("not drawn, for want of a published accuracy: ").split(", ")
    assert {name.strip() for name in missing} == {entry.name for entry in on_imagenet} - with_number
    assert not with_number & set(missing)


NEURONS = "253440-186624-64896-64896-43264-4096-4096-1000"
"""Of AlexNet's layers, as its paper and the lecture have them."""


def test_all_but_the_first_of_the_neurons_of_alexnet_are_as_printed() -> None:
    graph = cnndsl.load("zoo:alexnet").graph
    found = [node.type.elements for node in graph if node.layer.word() in ("CONV", "FC")]
    printed = [int(count) for count in NEURONS.split("-")]
    assert found[1:] == printed[1:]
    assert (found[0], printed[0]) == (96 * 55 * 55, 96 * 55 * 48)


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
