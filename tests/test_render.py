"""Pictures: what they show, who lays them out, and what happens where that fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import Run
from specs_in_tests import NETWORKS

import cnndsl
from cnndsl.backends.pictures.formats import Look, rendered
from cnndsl.backends.pictures.layout import Unrendered, layout_program
from cnndsl.graph import Block, End, Graph, scopes

NAMES = [path.stem for path in NETWORKS]
NEEDS_TYPST = pytest.mark.skipif(find_spec("typst") is None, reason="typst is missing: pip install 'cnndsl[pdf]'")
STRANGE = 'a<b>"&\\N\\l&lt;]; x -> y <script/> é→'


def graph_of(text: str) -> Graph:
    return cnndsl.parse(text).graph


WHOLE = Look(depth=99, folded=False)


def drawn(graph: Graph) -> dict[str, Any]:
    """The DOT text of all layers as a layout program reads it."""
    command = [str(layout_program()), "-Kdot", "-Tjson"]
    source = rendered(graph, "dot", WHOLE)
    done = subprocess.run(command, input=source.decode(), capture_output=True, encoding="utf-8", check=True)
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def texts(svg: bytes | str) -> list[str]:
    """What a picture says, label by label."""
    found = (element.text or "" for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))
    return [text.replace("\N{NO-BREAK SPACE}", " ").strip() for text in found]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment whose PATH holds no program at all."""
    empty = tmp_path / "no programs"
    empty.mkdir()
    environment = {"PATH": str(empty), "CNNDSL_DOT": ""}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


def program(path: Path, script: str) -> Path:
    """A layout program written in Python."""
    path.write_text(f"#!{sys.executable}\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.core
@pytest.mark.parametrize("name", NAMES)
def test_every_node_edge_and_block_is_drawn(name: str) -> None:
    graph = cnndsl.load(f"zoo:{name}").graph
    read = drawn(graph)
    names = {each["_gvid"]: each["name"] for each in read["objects"]}

    nodes = [each["name"] for each in read["objects"] if not each["name"].startswith("cluster_")]
    outputs = [f"output {number}" for number in range(1, len(graph.outputs) + 1)]
    assert sorted(nodes) == sorted([node.path for node in graph] + outputs)

    edges = Counter((names[each["tail"]], names[each["head"]], each["label"].strip()) for each in read["edges"])
    expected = [(read.path, node.path, size(read.type.shape)) for node in graph for read in node.inputs]
    expected += [
        (end.node.path, name, size(end.node.type.shape)) for end, name in zip(graph.outputs, outputs, strict=True)
    ]
    assert edges == Counter(expected)

    clusters = {each["name"]: each for each in read["objects"] if each["name"].startswith("cluster_")}
    assert clusters.keys() == {f"cluster_{'.'.join(scope)}" for scope in scopes(graph)}
    for scope, block in graph.blocks.items():
        cluster = clusters[f"cluster_{'.'.join(scope)}"]
        inside = {node.path for node in graph if node.scope[: len(scope)] == scope}
        assert {names[each] for each in cluster["nodes"]} == inside
        assert cluster["label"].startswith(block.definition)


def test_layers_are_named_as_people_say_them() -> None:
    text = """
        INPUT -> CONV(8, 5, 2) -> BN -> CONV(8, 1x3, bias=true) -> POOL -> POOL(3, 2, ceil=true)
              -> DWCONV(padding=valid) -> CROP(1) -> CONV(8, 3, dilation=2) -> DROPOUT -> FC
    """
    labels = [each["label"] for each in drawn(graph_of(text))["objects"]]
    assert labels == [
        "input",
        "CONV 8, 5×5, stride 2",
        "BN",
        "CONV 8, 1×3",
        "POOL 2×2, stride 2",
        "POOL 3×3, stride 2, ceil",
        "DWCONV 3×3, padding valid",
        "CROP 1×1",
        "CONV 8, 3×3, dilation 2",
        "DROPOUT 0.5",
        "FC 10",
        "output",
    ]


def test_merges_are_signs_and_a_difference_tells_what_is_subtracted() -> None:
    read = drawn(graph_of("INPUT -> [CONV(3) + ID] -> [TANH - RELU] -> [ID & SIGMOID] -> [ID, RELU]"))
    labels = {each["name"]: each["label"] for each in read["objects"]}
    assert [labels[name] for name in ("add1", "subtract1", "multiply1", "concat1")] == ["+", "−", "×", "concat"]
    names = {each["_gvid"]: each["name"] for each in read["objects"]}
    assert [names[each["tail"]] for each in read["edges"] if "headlabel" in each] == ["relu1"]


def test_several_inputs_and_outputs_have_their_names() -> None:
    labels = [each["label"] for each in drawn(graph_of("INPUT -> FC(2)\nINPUT -> FC(3)"))["objects"]]
    assert [label for label in labels if not label.startswith("FC")] == ["input", "input2", "out", "out2"]


def test_a_long_call_is_shown_up_to_the_network_in_it() -> None:
    labels = {each["name"]: each["label"] for each in drawn(cnndsl.load("zoo:unet").graph)["objects"]}
    assert labels["cluster_level1"] == "level(64, 392, …)\\l"
    assert labels["cluster_level1.double1"] == "double(64)\\l"


def test_svg_and_png_of_one_picture(run: Run, bare: dict[str, str], tmp_path: Path) -> None:
    """By the wheel's program: there is no other."""
    for form in ("svg", "png"):
        done = run("render", "zoo:lenet5", "-o", str(tmp_path / f"net.{form}"), **bare)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    svg, png = (tmp_path / "net.svg").read_bytes(), (tmp_path / "net.png").read_bytes()
    graph = cnndsl.load("zoo:lenet5").graph
    expected = {"input", "output", "conv(6)", "CONV 6, 5×5, padding valid", "TANH", "AVGPOOL 2×2, stride 2", "FC 84"}
    assert expected | {size(node.type.shape) for node in graph} <= set(texts(svg))
    assert "graphviz-pure" in svg.decode()

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    image = pytest.importorskip("PIL.Image", reason="Pillow is missing: pip install 'cnndsl[train]'").open(BytesIO(png))
    image.load()
    points = [float(value) for value in re.findall(r'(?:width|height)="([\d.]+)pt"', svg.decode())]
    assert image.size == pytest.approx([2 * value for value in points], abs=4)


@NEEDS_TYPST
def test_a_pdf_is_one_page_of_the_size_of_the_picture(run: Run, bare: dict[str, str], tmp_path: Path) -> None:
    for form in ("svg", "pdf"):
        done = run("render", "zoo:lenet5", "-o", str(tmp_path / f"net.{form}"), **bare)
        assert (done.returncode, done.stderr) == (0, "")
    svg, pdf = (tmp_path / "net.svg").read_text(), (tmp_path / "net.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert re.findall(rb"/Count (\d+)", pdf) == [b"1"]
    (box,) = re.findall(rb"/MediaBox ?\[ ?0 0 ([\d.]+) ([\d.]+) ?\]", pdf)
    points = [float(value) for value in re.findall(r'(?:width|height)="([\d.]+)pt"', svg)]
    assert [float(value) for value in box] == pytest.approx(points, abs=1)
    assert b"/ToUnicode" in pdf  # its text is text
    assert b"/CreationDate" not in pdf


def test_without_typst_there_is_no_pdf(run: Run, tmp_path: Path) -> None:
    (tmp_path / "typst.py").write_text("raise ImportError")
    done = run("render", "-e", "INPUT -> FC", "-o", str(tmp_path / "net.pdf"), PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cnndsl: PDF needs typst, which is not installed: pip install 'cnndsl[pdf]'\n"
    assert not (tmp_path / "net.pdf").exists()


@pytest.mark.skipif(os.name == "nt", reason="needs scripts that can be run")
def test_the_program_is_the_named_one_then_dot_then_the_wheels(
    bare: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert layout_program().stem == "graphviz-pure"
    dot = program(Path(bare["PATH"]) / "dot", "print('{}')")
    assert layout_program() == dot
    named = program(tmp_path / "named", "print('<svg/>')")
    monkeypatch.setenv("CNNDSL_DOT", str(named))
    assert layout_program() == named
    with pytest.raises(Unrendered, match="named wrote something that is no layout"):
        rendered(graph_of("INPUT -> FC"), "svg", Look())

    from graphviz.backend import dot_command

    assert Path("dot") == dot_command.DOT_BINARY  # others who use the package are not affected


def test_a_wrong_cnndsl_dot_is_told(run: Run, tmp_path: Path) -> None:
    done = run("render", "zoo:lenet5", "-o", str(tmp_path / "net.svg"), CNNDSL_DOT="no/such/dot")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cnndsl: CNNDSL_DOT is 'no/such/dot', which is no program that can be run\n"


def test_no_program_at_all_is_told(bare: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(Unrendered, match="no layout program was found: install Graphviz, or `pip install graphviz"):
        layout_program()


@pytest.mark.skipif(os.name == "nt", reason="needs scripts that can be run")
@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("import sys; print('half a pict'); sys.exit('first\\nno memory')", "fails with status 1: no memory"),
        ("pass", "wrote nothing"),
    ],
)
def test_a_failure_leaves_what_was_there(run: Run, tmp_path: Path, script: str, told: str) -> None:
    failing = program(tmp_path / "failing", script)
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "old.svg").write_text("before")
    for name in ("old.svg", "new.svg"):
        done = run("render", "zoo:lenet5", "-o", str(folder / name), CNNDSL_DOT=str(failing))
        assert (done.returncode, done.stderr) == (2, f"cnndsl: {failing} {told}\n")
    assert [path.name for path in folder.iterdir()] == ["old.svg"]
    assert (folder / "old.svg").read_text() == "before"


@pytest.mark.parametrize("name", ["net.gif", "net", "svg", "net.svg.bak", ".png"])
def test_the_suffix_is_one_that_is_known(run: Run, tmp_path: Path, name: str) -> None:
    done = run("render", "zoo:lenet5", "-o", name, cwd=tmp_path)
    assert done.returncode == 2
    assert f"ends in one of .svg, .png, .pdf, .dot, .mmd, .html; '{name}' does not" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_where_it_cannot_write(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder.svg").mkdir()
    for name, told in (("folder.svg", "it is a folder"), ("none/net.svg", f"there is no folder {tmp_path / 'none'}")):
        done = run("render", "zoo:lenet5", "-o", name, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (2, f"cnndsl: cannot write {name}: {told}\n")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder.svg"]


def test_a_spec_with_mistakes_has_no_picture(run: Run, tmp_path: Path) -> None:
    done = run("render", "-e", "INPUT -> CONV(0)", "-o", "net.svg", cwd=tmp_path)
    assert done.returncode == 1
    assert "error[bad-argument]" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_parameters_sizes_and_direction_are_heeded(run: Run, tmp_path: Path) -> None:
    arguments = ("-D", "classes=7", "--input", "1x64x64", "--direction", "right")
    done = run("render", "zoo:vgg16", "-o", "NET.DOT", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    source = (tmp_path / "NET.DOT").read_text(encoding="utf-8")
    assert source.startswith("digraph vgg16 {")
    assert "FC 7" in source
    assert "1×64×64" in source
    assert "rankdir=LR" in source


def strangers() -> Iterator[Graph]:
    """Graphs in which every text that a spec may choose is hostile."""
    graph = graph_of("f(a) = CONV(8) -> RELU\nINPUT -> f(1)\nINPUT -> FC")
    for strange in (
        STRANGE,
        "<b>bold</b>",
        "<>",
        "\\",
        '"',
        "\\G",
        "a:b",
        "]]>",
        "--><x/>",
        "&#60;",
        "\x00\x1b\ud800\ufffe",
    ):
        block = Block("f", {"a": strange}, frozenset({"a"}), graph.blocks["f1",].span)
        inputs = (End(strange, graph.inputs[0].node), graph.inputs[1])
        outputs = (End(strange, graph.outputs[0].node), graph.outputs[1])
        yield replace(graph, name=strange, blocks={("f1",): block}, inputs=inputs, outputs=outputs)


@pytest.mark.parametrize("by", ["this machine's program", "the wheel's program"])
def test_text_of_strangers_is_shown_as_it_is(request: pytest.FixtureRequest, by: str) -> None:
    if by == "the wheel's program":
        request.getfixturevalue("bare")
    wrong = [ascii(graph.outputs[0].name) for graph in strangers() if not shows_as_it_is(graph)]
    assert wrong == []


def shows_as_it_is(graph: Graph) -> bool:
    """At an input, at an output and, cut where it is long, in the head of a block; and nothing else comes of it."""
    strange = "".join(each if each.isprintable() else " " for each in graph.outputs[0].name).strip()
    svg = rendered(graph, "svg", Look())
    elements = {element.tag.partition("}")[2] for element in ElementTree.fromstring(svg).iter()}
    said = [re.sub(r"\s", " ", text) for text in texts(svg)]
    return (
        elements <= {"svg", "g", "title", "desc", "rect", "polygon", "path", "text"}
        and said.count(strange) == 2
        and any(text.startswith(f"f({strange[:20]}") for text in said)
    )


def test_a_string_in_a_spec_is_shown_as_it_is(run: Run, tmp_path: Path) -> None:
    done = run("render", "-e", 'f(a) = CONV(8)\nINPUT -> f("<&>") -> FC', "-o", "net.svg", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "f(<&>)" in texts((tmp_path / "net.svg").read_bytes())


@pytest.mark.parametrize("form", ["dot", "svg", "png", pytest.param("pdf", marks=NEEDS_TYPST)])
def test_the_same_spec_gives_the_same_bytes(run: Run, tmp_path: Path, form: str) -> None:
    spec = "INPUT -> [CONV(8) + CONV(8)] -> [RELU, TANH, POOL(3, 1, 1)] -> GAP -> FC"
    pictures = []
    for seed in ("1", "2"):
        done = run("render", "-e", spec, "-o", f"{seed}.{form}", cwd=tmp_path, PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
        pictures.append((tmp_path / f"{seed}.{form}").read_bytes())
    assert pictures[0] == pictures[1]


def test_a_model_draws_itself(tmp_path: Path) -> None:
    model = cnndsl.load("zoo:lenet5")
    model.render(tmp_path / "net.svg", direction="right")
    assert b"AVGPOOL" in (tmp_path / "net.svg").read_bytes()
    assert model.to_dot().startswith("digraph lenet5 {")
    with pytest.raises(Unrendered):
        model.render(tmp_path / "net.gif")
