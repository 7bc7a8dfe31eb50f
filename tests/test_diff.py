"""What differs between two networks, aligned by structure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import ROOT, Run
from hypothesis import given, settings
from programs import Program, programs

from cnndsl import load, parse
from cnndsl.analyses.cost import cost
from cnndsl.analyses.diff import Difference, difference
from cnndsl.backends.pictures.difference import view_of
from cnndsl.backends.pictures.dot import digraph
from cnndsl.backends.pictures.themes import THEMES, ThemeName
from cnndsl.compiler import compile_source
from cnndsl.graph import Graph
from cnndsl.source import Source

pytestmark = pytest.mark.core


def between(before: str, after: str) -> Difference:
    return difference(parse(before).graph, parse(after).graph)


SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def told(found: Difference) -> list[str]:
    """What is not the same: `~ CONV: stride 1 -> 2`."""
    rows = [(pair, pair.after or pair.before) for pair in found.pairs if pair.kind in SIGNS]
    return [
        f"{SIGNS[pair.kind]} {row.node.layer.word()}{': ' * bool(pair.changes)}{', '.join(pair.changes)}"
        for pair, row in rows
        if row
    ]


def lines(run: Run, *arguments: str) -> list[str]:
    done = run("diff", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return [line.rstrip() for line in done.stdout.splitlines()]


def require_sound(before: Graph, after: Graph) -> Difference:
    """Every layer of both is told once, in its order, and the numbers add up."""
    found = difference(before, after)
    assert [pair.before.node for pair in found.pairs if pair.before] == list(before.nodes)
    assert [pair.after.node for pair in found.pairs if pair.after] == list(after.nodes)
    assert sum(pair.params for pair in found.pairs) == cost(after).params - cost(before).params
    assert sum(pair.macs for pair in found.pairs) == cost(after).macs - cost(before).macs
    for pair in found.pairs:
        assert (pair.before is None) == (pair.kind == "added")
        assert (pair.after is None) == (pair.kind == "removed")
        if pair.before and pair.after:
            assert pair.before.node.layer.word() == pair.after.node.layer.word()
            is_alike = str(pair.before.node.layer) == str(pair.after.node.layer) and pair.params == 0
            is_moved = any(change.startswith(("reads ", "inputs ")) for change in pair.changes)
            assert (pair.kind == "changed") == (not is_alike or is_moved)
    return found


# what people compare


def test_vgg_19_has_a_convolution_more_in_three_stages(run: Run) -> None:
    found = lines(run, "zoo:vgg16", "zoo:vgg19")
    assert [line.split()[:3] for line in found if "+ " in line and "->" not in line] == [
        ["├─", "+", "CONV(256,"],
        ["└─", "+", "RELU"],
        ["├─", "+", "CONV(512,"],
        ["└─", "+", "RELU"],
    ]
    assert any(line.startswith("stage4 x2 ") and line.endswith("+4,719,616  +2,312,110,080") for line in found)
    assert "parameters  138,357,544 -> 143,667,240 (+5,309,696, +3.8 %)" in found


def test_se_resnet_50_has_a_block_more_in_every_bottleneck(run: Run) -> None:
    found = lines(run, "zoo:resnet50", "zoo:seresnet50")
    blocks = [line for line in found if line.startswith("stage")]
    assert [line.split()[:2] for line in blocks] == [
        [f"stage{number}.bottleneck1", f"x{times}"] for number, times in zip((1, 2, 3, 4), (3, 4, 6, 3), strict=True)
    ]
    assert sum("└─ + SE(16)" in line for line in found) == 4
    assert "layers      175 -> 271: 96 added, 0 removed, 0 changed" in found
    back = difference(load("zoo:seresnet50").graph, load("zoo:resnet50").graph)
    assert {pair.kind for pair in back.pairs} == {"same", "removed"}


def test_the_stride_of_resnet_50_moved() -> None:
    found = difference(load("zoo:resnet50-paper").graph, load("zoo:resnet50").graph)
    changed = [(pair.after.node.path, pair.changes) for pair in found.pairs if pair.kind == "changed" and pair.after]
    assert changed == [
        (f"stage{stage}.bottleneck1.conv{number}.conv1", (f"stride {then} -> {now}",))
        for stage in (2, 3, 4)
        for number, then, now in ((1, 2, 1), (2, 1, 2))
    ]
    assert found.count("resized") == 6
    assert found.count("added") == found.count("removed") == 0


def test_a_character_is_told_with_what_follows_from_it(tmp_path: Path, run: Run) -> None:
    text = (ROOT / "specs" / "lenet5.cnn").read_text()
    (tmp_path / "lenet5.cnn").write_text(text.replace("CONV(c, 5", "CONV(c, 3"))
    found = lines(run, "zoo:lenet5", str(tmp_path / "lenet5.cnn"))
    assert sum("kernel 5 -> 3" in line for line in found) == 3
    assert any(line.startswith("~ FC(84) ") and "reads 120x1x1 -> 120x4x4" in line for line in found)
    assert "parameters  61,706 -> 180,554 (+118,848, +192.6 %)" in found


BASE = "INPUT(3x8x8) -> CONV(8) -> BN -> RELU -> CONV(8) -> BN -> RELU -> GAP -> FC(2)"
EDITS = {
    "a layer more at the end": ("GAP", "CONV(4) -> GAP", ["+ CONV", "~ FC: reads 8 -> 4"]),
    "a layer more at the start": ("-> CONV(8)", "-> CONV(8, 5) -> CONV(8)", ["+ CONV", "~ CONV: reads 3x8x8 -> 8x8x8"]),
    "a layer less": ("BN -> RELU -> GAP", "RELU -> GAP", ["~ CONV: bias false -> true", "- BN"]),
    "another kind of layer": ("RELU -> GAP", "SILU -> GAP", ["- RELU", "+ SILU"]),
    "a repetition more": ("-> GAP", "-> CONV(8) -> BN -> RELU -> GAP", ["+ CONV", "+ BN", "+ RELU"]),
    "a widened layer": (
        "RELU -> CONV(8)",
        "RELU -> CONV(9)",
        ["~ CONV: filters 8 -> 9", "~ BN: reads 8x8x8 -> 9x8x8", "~ FC: reads 8 -> 9"],
    ),
    "another size": ("3x8x8", "3x9x9", ["~ INPUT: shape 3x8x8 -> 3x9x9"]),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_told_as_what_it_is(name: str) -> None:
    text, other, expected = EDITS[name]
    found = told(require_sound(parse(BASE).graph, parse(BASE.replace(text, other, 1)).graph))
    assert found == expected


def test_a_connection_that_leads_elsewhere_is_told() -> None:
    text = "INPUT(4x8x8) as a -> CONV(4) as b -> CONV(4) as c\n[c + {}] -> GAP -> FC(2)"
    assert told(between(text.format("a"), text.format("b"))) == ["~ ADD: reads input1 -> conv1"]
    assert told(between(text.format("a"), text.format("a + b"))) == ["~ ADD: inputs 2 -> 3"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f(c) = [CONV(c) -> RELU]\nINPUT(3x8x8) -> f(4)*2 -> FC(2)", "INPUT(3x8x8) -> [CONV(4) -> RELU]*2 -> FC(2)"),
        ("INPUT(3x8x8) -> CONV(4) -> FC(2)", "INPUT(3x8x8) >> CONV(filters=4, kernel=3) >> FC(2)"),
        ("n = 2\nINPUT(8) -> FC(n)", "INPUT(8) -> FC(2)"),
    ],
)
def test_what_is_only_written_differently_is_the_same(one: str, other: str) -> None:
    assert between(one, other).is_empty
    assert not between(one, other.replace("FC(2)", "FC(3)")).is_empty


def test_outputs_that_change_places_are_a_difference() -> None:
    text = "INPUT(8) as x -> FC(2) as {}\nx -> FC(2) as {}"
    assert between(text.format("a", "b"), text.format("a", "b")).is_empty
    assert not between(text.format("a", "b"), text.format("b", "a")).is_empty


# any two networks

ZOO = ["lenet5", "alexnet", "vgg11", "googlenet", "resnet18", "resnet50", "densenet121", "mobilenetv2", "unet"]


@pytest.mark.parametrize(("one", "other"), list(pairwise(ZOO)))
def test_every_layer_of_both_is_told_once(one: str, other: str) -> None:
    require_sound(load(f"zoo:{one}").graph, load(f"zoo:{other}").graph)


@pytest.mark.parametrize("name", ZOO)
def test_a_network_is_the_same_as_itself(name: str) -> None:
    assert difference(load(f"zoo:{name}").graph, load(f"zoo:{name}").graph).is_empty


@settings(deadline=None, max_examples=25)
@given(programs(), programs())
def test_random_networks_are_compared(one: Program, other: Program) -> None:
    found = [compile_source(Source("net.cnn", each.text), each.parameters).graphs[0] for each in (one, other)]
    require_sound(*found)
    assert difference(found[0], found[0]).is_empty


def test_open_sizes_are_compared() -> None:
    found = between("INPUT(3xHxW) -> CONV(8) -> GAP -> FC(2)", "INPUT(3xHxW) -> CONV(8, 5) -> GAP -> FC(2)")
    assert told(found) == ["~ CONV: kernel 3 -> 5"]


# formats and the command


def test_json_has_all_that_differs(run: Run) -> None:
    (found,) = [json.loads(run("diff", "zoo:vgg16", "zoo:vgg19", "--format", "json").stdout)]
    assert (found["before"]["params"], found["after"]["params"]) == (138_357_544, 143_667_240)
    assert found["counts"] == {"added": 6, "removed": 0, "changed": 0, "resized": 0, "same": 39}
    first = found["pairs"][0]
    assert (first["kind"], first["before"], first["changes"]) == ("added", None, [])
    assert first["after"] == {
        "path": "stage3.conv2",
        "layer": "CONV",
        "call": "CONV(256, bias=true)",
        "output": [256, 56, 56],
        "params": 590_080,
        "macs": 1_849_688_064,
        "line": first["after"]["line"],
    }


def test_markdown_is_a_table_for_a_pull_request(run: Run) -> None:
    done = run("diff", "zoo:vgg16", "zoo:vgg19", "--format", "markdown")
    assert done.stdout.startswith("### vgg16 -\\> vgg19\n\n| layer | change | output | params | MACs |\n")
    assert "- **parameters**: 138,357,544 -\\> 143,667,240" in done.stdout


def test_the_exit_status_tells_only_where_it_is_asked(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.cnn"
    wrong.write_text("INPUT(3x8x8) -> CONF(3)")
    for arguments, status in (
        (["zoo:vgg16", "zoo:vgg19"], 0),
        (["zoo:vgg16", "zoo:vgg19", "--exit-code"], 1),
        (["zoo:vgg16", "zoo:vgg16", "--exit-code"], 0),
        (["zoo:vgg16", str(wrong)], 1),
        (["zoo:vgg16", "zoo:vgg77"], 2),
        (["zoo:vgg16"], 2),
        (["zoo:vgg16", "zoo:vgg19", "zoo:vgg11"], 2),
        (["--git", "a", "b"], 2),
    ):
        done = run("diff", *arguments)
        assert done.returncode == status, arguments
        assert "Traceback" not in done.stderr


def test_what_is_set_from_outside_is_set_of_both(run: Run) -> None:
    assert lines(run, "zoo:lenet5", "-e", "classes = 3\nINPUT(1x32x32) -> FC(classes)", "-D", "classes=7")
    done = run("diff", "zoo:vgg16", "zoo:vgg19", "--input", "3x64x64")
    assert any("+ CONV(512" in line and "512x8x8" in line for line in done.stdout.splitlines())
    assert run("diff", "zoo:vgg16", "zoo:vgg19", "-D", "no=3").returncode == 1


def test_git_shows_what_differs(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "cnndsl"

    def git(*words: str) -> str:
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "COLUMNS": "100"}
        who = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", f"diff.cnn.command={program} diff --git"]
        done = subprocess.run([*who, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    git("init", "-q")
    (tmp_path / ".gitattributes").write_text("*.cnn diff=cnn\n")
    (tmp_path / "blocks.cnn").write_text("conv(c) = CONV(c) -> BN -> RELU\n")
    (tmp_path / "net.cnn").write_text('use "blocks.cnn"\nINPUT(3x8x8) -> conv(8) -> GAP -> FC(2)\n')
    (tmp_path / "old.cnn").write_text("INPUT(8) -> FC(2)\n")
    (tmp_path / "bad.cnn").write_text("INPUT(8) -> FC(2)\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    (tmp_path / "net.cnn").write_text('use "blocks.cnn"\nINPUT(3x8x8) -> conv(8) -> conv(16) -> GAP -> FC(2)\n')
    (tmp_path / "old.cnn").unlink()
    (tmp_path / "bad.cnn").write_text("INPUT(8) -> FD(2)\n")
    (tmp_path / "new.cnn").write_text("INPUT(8) -> FC(3)\n")
    git("add", "-A")
    shown = git("diff", "--cached")
    assert "net.cnn\nnet -> net\n" in shown
    assert "+ conv(16)" in shown
    assert "old.cnn was removed\n" in shown
    assert "new.cnn was added\n" in shown
    assert "bad.cnn cannot be compared: after it has mistakes\n" in shown


# its picture


def drawn(run: Run, tmp_path: Path, *arguments: str) -> str:
    picture = tmp_path / "difference.svg"
    done = run("diff", *arguments, "-o", str(picture))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return picture.read_text()


def fills(picture: str, theme: ThemeName = "light") -> dict[str, int]:
    """How many boxes have the colour of each mark."""
    return {mark: picture.count(f'fill="{colour}"') for mark, colour in THEMES[theme].marks.items()}


def test_a_picture_shows_what_was_added_and_removed_in_its_place(run: Run, tmp_path: Path) -> None:
    picture = drawn(run, tmp_path, "zoo:vgg16", "zoo:vgg19")
    assert fills(picture) == {"added": 6, "removed": 0, "changed": 0}
    assert picture.count(">+ CONV 512, 3×3<") == 2
    picture = drawn(run, tmp_path, "zoo:vgg19", "zoo:vgg16", "--theme", "dark")
    assert fills(picture, "dark") == {"added": 0, "removed": 6, "changed": 0}
    assert picture.count(">− CONV 512, 3×3<") == 2
    picture = drawn(run, tmp_path, "zoo:resnet50-paper", "zoo:resnet50", "--theme", "print")
    assert fills(picture, "print")["changed"] == 6


def test_a_picture_folds_what_changed_alike(run: Run, tmp_path: Path) -> None:
    picture = drawn(run, tmp_path, "zoo:resnet50", "zoo:seresnet50")
    assert fills(picture) == {"added": 8, "removed": 0, "changed": 0}
    assert picture.count(">+ SE(16)<") == 8


@pytest.mark.parametrize(("one", "other"), list(pairwise(ZOO)))
def test_any_two_networks_can_be_drawn(one: str, other: str) -> None:
    found = difference(load(f"zoo:{one}").graph, load(f"zoo:{other}").graph)
    view = view_of(found)
    paths = [each.path for each in view.all()]
    assert len(paths) == len(set(paths))
    assert len(view.graph) == len({node.path for node in view.graph}) == len(found.pairs)
    marks = [view.marks.get(node) for node in view.graph] if view.marks else []
    assert [mark for mark in marks if mark] == [pair.kind for pair in found.pairs if pair.kind in SIGNS]
    assert digraph(view, THEMES["light"]).source


def test_a_picture_in_another_format_is_refused(run: Run, tmp_path: Path) -> None:
    for name in ("net.tex", "net.html", "net.mmd", "net"):
        done = run("diff", "zoo:vgg16", "zoo:vgg19", "-o", str(tmp_path / name))
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert not (tmp_path / name).exists()
