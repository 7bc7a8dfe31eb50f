"""The style `blocks`: stages, and each distinct block once beside them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import Run
from specs_in_tests import ZOO
from test_pictures import said, size_of
from test_render import graph_of, texts

import cnndsl
from cnndsl.backends.pictures.blocks import Kind, views
from cnndsl.backends.pictures.formats import Look, rendered
from cnndsl.backends.pictures.labels import of_frame
from cnndsl.backends.pictures.layout import layout_program
from cnndsl.backends.pictures.merging import merged

BLOCKS = Look(style="blocks")


def titles(kinds: list[Kind]) -> list[str]:
    return [kind.title for kind in kinds]


def test_resnet_is_four_stages_and_the_blocks_of_its_paper() -> None:
    main, kinds = views(cnndsl.load("zoo:resnet152").graph)
    assert said(main)[4:8] == ["stage(64, 3, 1)", "stage(128, 8, 2)", "stage(256, 36, 2)", "stage(512, 3, 2)"]
    assert titles(kinds) == [
        "conv(64…2048, 7/1/3, (2/1), (1))",
        "stage(64/128/256/512, 3/8/36, 1/2)",
        "bottleneck(64/128/256/512, 1/2)",
        "bottleneck(64/128/256/512)",
        "shortcut(256/512/1024/2048, 1/2)",
    ]
    plain = kinds[3].view
    assert said(plain)[1::2] == [
        "conv(64/128/256/512, 1, 1)", "conv(64/128/256/512, 3, 1, 1)", "conv(256/512/1024/2048, 1)", "RELU",
    ]  # fmt: skip
    assert [arrow.position for arrow in plain.arrows if arrow.is_skip] == [1]
    assert not plain.is_sized


def test_a_block_that_is_always_the_same_tells_its_sizes() -> None:
    main, (kind,) = views(graph_of("f = CONV(4) -> RELU\nINPUT(4x9x9) -> f -> f -> FC"))
    assert (said(main), titles([kind])) == (["input", "f ×2", "FC 10"], ["f"])
    assert kind.view.is_sized
    assert said(kind.view) == ["input", "CONV 4, 3×3", "RELU"]


def test_a_block_of_one_layer_is_that_layer() -> None:
    main, kinds = views(graph_of("f = BN\nINPUT -> CONV(4) -> f -> FC"))
    assert (said(main), kinds) == (["input", "CONV 4, 3×3", "BN", "FC 10"], [])


def test_blocks_of_one_name_that_consist_of_other_things_are_drawn_apart() -> None:
    _, kinds = views(graph_of("f(n) = CONV(n) -> [RELU if n < 8 else TANH]\nINPUT -> f(4) -> f(8) -> f(16) -> FC"))
    assert titles(kinds) == ["f(4)", "f(8/16)"]
    assert said(kinds[1].view) == ["input", "CONV 8/16, 3×3", "TANH"]


def test_what_repeats_without_a_name_is_opened() -> None:
    main, _ = views(graph_of("f(c) = CONV(c) -> RELU\nINPUT(4x9x9) -> [f(4) -> BN -> f(8) -> f(4)]*3 -> FC"))
    assert said(main) == ["input", "f(4)", "BN", "f(8)", "f(4)", "FC 10"]


def test_how_often_layers_of_a_block_repeat_is_told_of_all_copies() -> None:
    _, kinds = views(cnndsl.load("zoo:densenet121").graph)
    (frame,) = kinds[0].view.frames()
    assert (kinds[0].title, of_frame(frame, kinds[0].view.graph)) == ("dense(6/12/24/16, 32)", "×6/×12/×24/×16")


def test_several_values_that_enter_and_leave_have_boxes_of_their_own() -> None:
    _, (kind,) = views(graph_of("f(x) = [CONV(4) + x -> CONV(4)] -> RELU\nINPUT -> CONV(3) as a -> CONV(4) -> f(a)"))
    assert said(kind.view)[:2] == ["input 1", "input 2"]


@pytest.mark.core
@pytest.mark.parametrize("name", ZOO)
def test_every_definition_that_is_called_is_drawn(name: str) -> None:
    graph = cnndsl.load(f"zoo:{name}").graph
    main, kinds = views(graph)
    nodes_of = {scope: [node for node in graph if node.scope[: len(scope)] == scope] for scope in graph.blocks}
    called = {block.definition for scope, block in graph.blocks.items() if len(nodes_of[scope]) > 1}
    assert {re.split(r"\W", kind.title, maxsplit=1)[0] for kind in kinds} == called
    assert len(titles(kinds)) < 30
    for view in (main, *(kind.view for kind in kinds)):
        boxes = list(view.boxes())
        entered = {arrow.target for arrow in view.arrows}
        assert all(box in entered or box.is_end or box.text == "" for box in boxes)


@pytest.mark.parametrize("name", ["resnet152", "inceptionv4", "unet", "densenet201", "lenet5"])
def test_one_picture_has_it_all_and_fits_a_page(name: str) -> None:
    graph = cnndsl.load(f"zoo:{name}").graph
    main, kinds = views(graph)
    svg = rendered(graph, "svg", BLOCKS)
    shown = texts(svg)
    for view in (main, *(kind.view for kind in kinds)):
        assert set(said(view)) <= set(shown)
    assert set(titles(kinds)) <= set(shown)
    assert max(size_of(svg.decode())) <= 3020


def test_dot_and_mermaid_have_the_blocks_beside_the_network(run: Run, tmp_path: Path) -> None:
    graph = cnndsl.load("zoo:resnet50").graph
    main, kinds = views(graph)
    for form in ("dot", "mmd"):
        done = run("render", "zoo:resnet50", "--style", "blocks", "-o", f"net.{form}", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    command = [str(layout_program()), "-Kdot", "-Tjson"]
    read = json.loads(subprocess.run(command, input=(tmp_path / "net.dot").read_bytes(), capture_output=True).stdout)
    clusters = [each for each in read["objects"] if each["name"].startswith("cluster_")]
    assert [each["label"].removesuffix("\\l") for each in clusters] == titles(kinds)
    shown = [main, *(kind.view for kind in kinds)]
    boxes = sum(len(list(view.boxes())) + len(view.outputs) for view in shown)
    assert len(read["objects"]) - len(clusters) == boxes
    lines = (tmp_path / "net.mmd").read_text().splitlines()
    assert sum(":::" in line for line in lines) == boxes
    assert sum("-->" in line for line in lines) == len(read["edges"])
    (skips,) = (line.split()[1] for line in lines if "linkStyle" in line)
    edges = [line for line in lines if "-->" in line]
    assert all(edges[int(number)].split()[0].endswith("n0") for number in skips.split(","))


@pytest.mark.parametrize(
    ("labels", "one"),
    [
        (["RELU", "RELU"], "RELU"),
        (["RELU", "TANH"], "RELU | TANH"),
        (["f(1)", "f(10)", "f(2)", "f(3)", "f(4)"], "f(1…10)"),
        (["f(3)", "f(1x7)", "f(7x1)", "f(1)", "f(5)"], "f(3/1x7/7x1/1/…)"),
        (["f(8, padding=valid)", "f(8)"], "f(8, (padding=valid))"),
        (["f(2) ×3", "f(4) ×5"], "f(2/4) ×3/×5"),
        (["FC 10", "FC"], "FC (10)"),
        (["×6", "×12"], "×6/×12"),
        (["POOL 2×2, stride 2", "POOL 3×3, stride 2, padding same"], "POOL 2×2/3×3, stride 2, (padding same)"),
    ],
)
def test_labels_become_one(labels: list[str], one: str) -> None:
    assert merged(labels) == one
