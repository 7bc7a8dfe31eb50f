"""What pictures show: what is folded, which arrows there are, where they break, and in which colours."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from xml.etree import ElementTree

import pytest
from conftest import Run
from specs_in_tests import ZOO
from test_render import drawn, graph_of, size, texts

import cnndsl
from cnndsl.backends.pictures import fonts
from cnndsl.backends.pictures.columns import LONGEST
from cnndsl.backends.pictures.formats import Look, rendered
from cnndsl.backends.pictures.labels import of_box, of_frame
from cnndsl.backends.pictures.layout import Unrendered, layout_program
from cnndsl.backends.pictures.themes import THEMES, Theme
from cnndsl.backends.pictures.view import Arrow, Frame, View, view
from cnndsl.graph import Graph

LARGE = {"resnet152": 4, "densenet201": 4, "inceptionv4": 0, "unet": 8}
"""With the arrows that pass by: of U-Net there are two to each, one before the crop and one behind it."""


def picture(text: str, depth: int | None = None) -> View:
    return view(graph_of(text), depth)


def said(found: View) -> list[str]:
    return [of_box(box, found.graph) for box in found.boxes()]


def ends(found: View, arrow: Arrow) -> tuple[str, str, str]:
    source, target = (of_box(box, found.graph) for box in (arrow.source, arrow.target))
    return source, size(arrow.type.shape), target


def test_what_repeats_is_drawn_once_with_how_often() -> None:
    found = picture("f = CONV(8) -> RELU\nINPUT(8x9x9) -> f*4 -> FC(2)")
    (frame,) = (member for member in found.members if isinstance(member, Frame))
    assert of_frame(frame, found.graph) == "f ×4"
    assert said(found) == ["input", "CONV 8, 3×3", "RELU", "FC 2"]
    assert [ends(found, arrow) for arrow in found.arrows] == [
        ("input", "8×9×9", "CONV 8, 3×3"),
        ("CONV 8, 3×3", "8×9×9", "RELU"),
        ("RELU", "8×9×9", "FC 2"),
    ]


def test_the_layers_of_a_dense_block_repeat_though_they_read_ever_more() -> None:
    found = picture("INPUT(4x9x9) -> [ID, BN -> CONV(2)]*3 -> GAP -> FC(2)")
    assert said(found) == ["input", "BN", "CONV 2, 3×3", "concat", "GAP", "FC 2"]
    (frame,) = (member for member in found.members if isinstance(member, Frame))
    assert of_frame(frame, found.graph) == "×3"
    assert ("concat", "10×9×9", "GAP") in [ends(found, arrow) for arrow in found.arrows]


def test_layers_on_maps_of_other_sizes_are_not_alike() -> None:
    assert len(said(picture("f = CONV(8) -> RELU -> POOL\nINPUT(8x16x16) -> f*3"))) == 1 + 3 * 3
    assert len(said(picture("f = CONV(8) -> RELU\nINPUT(8x16x16) -> f*3"))) == 1 + 2


def test_only_what_stands_in_a_chain_is_folded() -> None:
    assert len(said(picture("INPUT -> CONV(3) -> [CONV(3), CONV(3), CONV(3)] -> FC"))) == 7
    assert len(said(picture("f = CONV(3) -> RELU\nINPUT(3x8x8) -> f as a -> f as b -> f\n[a + b] -> FC"))) == 9
    assert len(said(picture("INPUT(3x8x8) -> CONV(3) as a -> CONV(3) as b\na as one\nb as two"))) == 3


def test_numbers_are_told_as_somebody_would_write_them() -> None:
    found = picture("f(p) = DROPOUT(p) -> RELU\nINPUT -> f(0.1 + 0.05) -> f(0.1 + 0.2) -> DROPOUT(1/3) -> FC", 1)
    assert said(found) == ["input", "f(0.15)", "f(0.3)", "DROPOUT 0.3333", "FC 10"]


def test_as_many_levels_are_opened_as_are_asked_for() -> None:
    text = "f = CONV(8) -> RELU\ng = f -> POOL\nINPUT -> g -> FC"
    assert said(picture(text, 1)) == ["input", "g", "FC 10"]
    assert said(picture(text, 2)) == ["input", "f", "POOL 2×2, stride 2", "FC 10"]
    assert said(picture(text, 3)) == ["input", "CONV 8, 3×3", "RELU", "POOL 2×2, stride 2", "FC 10"]


def test_a_block_that_is_not_opened_reads_a_value_once() -> None:
    found = picture("f = [CONV(8) + CONV(8)]\nINPUT -> f -> FC", 1)
    assert [ends(found, arrow)[::2] for arrow in found.arrows] == [("input", "f"), ("f", "FC 10")]


@pytest.mark.parametrize(
    ("text", "skips"),
    [
        ("INPUT -> CONV(3) -> [CONV(3) -> BN + ID] -> FC", [("CONV 3, 3×3", "+")]),
        ("INPUT -> CONV(3) -> [ID, CONV(3)] -> FC", [("CONV 3, 3×3", "concat")]),
        ("INPUT -> CONV(3) -> [CROP(20), POOL -> DECONV(3, 2, 2) -> CROP(20)] -> FC", [
            ("CONV 3, 3×3", "CROP 20×20"), ("CROP 20×20", "concat"),
        ]),
        ("INPUT -> [CONV(3) + CONV(3)] -> [CONV(3), POOL(3, 1, same)] -> FC", []),
        ("INPUT(8) -> FC(8) -> [ID & FC(8) -> SIGMOID] -> FC", [("FC 8", "×")]),
        ("INPUT -> CONV(4) -> [CHANNELS(0, 2), CHANNELS(1, 3)] -> [ID, ID] -> FC", []),
    ],
)  # fmt: skip
def test_what_passes_by_is_drawn_so_that_one_sees_it(text: str, skips: list[tuple[str, str]]) -> None:
    found = picture(text)
    assert [ends(found, arrow)[::2] for arrow in found.arrows if arrow.is_skip] == skips
    svg = rendered(found.graph, "svg", Look())
    assert svg.decode().count(f'stroke="{THEMES["light"].skip}"') == len(skips)


def test_what_passes_by_inside_a_closed_block_is_not_seen() -> None:
    text = "f = [CHANNELS(0, 2), CHANNELS(2, 4) -> CONV(2)]\nINPUT(4x9x9) -> BN -> f -> FC"
    assert [arrow.is_skip for arrow in picture(text, 1).arrows] == [False] * 3
    assert sum(arrow.is_skip for arrow in picture(text, 2).arrows) == 2


@pytest.mark.parametrize("name", LARGE)
def test_large_networks_are_folded_and_fit_a_page(name: str) -> None:
    graph = cnndsl.load(f"zoo:{name}").graph
    found = view(graph)
    assert len(said(found)) < 100
    assert sum(arrow.is_skip for arrow in found.arrows) == LARGE[name]
    svg = rendered(graph, "svg", Look()).decode()
    assert max(size_of(svg)) <= LONGEST + 30


@pytest.mark.core
@pytest.mark.parametrize("name", ZOO)
def test_every_box_is_reached_and_nothing_is_drawn_twice(name: str) -> None:
    graph = cnndsl.load(f"zoo:{name}").graph
    for depth in (1, 2, None):
        found = view(graph, depth)
        boxes = list(found.boxes())
        assert len({box.path for box in boxes}) == len(boxes)
        entered = {arrow.target for arrow in found.arrows}
        left = {arrow.source for arrow in found.arrows} | {box for _, box in found.outputs}
        inputs = {box for box in boxes if box.entry.nodes[0] in {end.node for end in graph.inputs}}
        assert set(boxes) == entered | inputs == left


def size_of(svg: str) -> tuple[float, float]:
    found = re.search(r'<svg [^>]*width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    assert found
    return float(found[1]), float(found[2])


LONG = "INPUT(1x9x9) -> [CONV(4) -> RELU]*80 -> GAP -> FC(3)"


@pytest.mark.parametrize("direction", ["down", "right"])
def test_a_long_picture_is_broken_and_everything_is_in_it_once(direction: str) -> None:
    graph = graph_of(LONG)
    svg = rendered(graph, "svg", Look(direction=direction, folded=False))  # type: ignore[arg-type]
    width, height = size_of(svg.decode())
    assert (width if direction == "right" else height) <= LONGEST + 30
    shown = texts(svg)
    assert shown.count("CONV 4, 3×3") == shown.count("RELU") == 80
    assert shown.count("4×9×9") == 160
    pieces = svg.decode().count("<clipPath")
    assert pieces >= 3
    assert svg.decode().count("<ellipse") == 2 * (pieces - 1)  # where it ends, and where it goes on


def test_what_is_too_large_for_any_page_is_told_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    arguments = ("-e", "INPUT(1x1x1) -> [CONV(1), CONV(1)]*4000", "--max-nodes", "20000", "--unfold")
    done = run("render", *arguments, "-o", "net.svg", cwd=tmp_path)
    assert done.returncode == 2
    assert re.fullmatch(
        r"cnndsl: the picture would be \d+ x \d+ inches, too large for a page: open fewer blocks, .*\n", done.stderr
    )
    assert list(tmp_path.iterdir()) == []


def test_it_says_what_it_is_to_those_who_cannot_see_it() -> None:
    graph = cnndsl.load("zoo:lenet5").graph
    svg = rendered(graph, "svg", Look())
    root = ElementTree.fromstring(svg)
    assert (root.get("role"), root.get("aria-label")) == ("img", "lenet5")
    title, description = list(root)[:2]
    assert (title.tag.partition("}")[2], title.text) == ("title", "lenet5")
    assert description.text == "A network from 1×32×32 to 10: 11 layers, 61,706 parameters."
    titles = [each.text for each in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "conv1.conv1: CONV(6, 5, padding=valid, bias=true*), 6×28×28" in titles


def luminance(colour: str) -> float:
    """As WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(share * value for share, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_texts_stand_out(theme: Theme) -> None:
    for fill in (*theme.families.values(), theme.plain):
        assert contrast(theme.ink, fill) >= 4.5
    for ground in (theme.paper, *theme.frames):
        assert contrast(theme.quiet, ground) >= 4.5
        assert contrast(theme.skip, ground) >= 3
        assert contrast(theme.line, ground) >= 3
    assert contrast(theme.on_end, theme.end) >= 4.5


def test_families_stay_apart_in_grey() -> None:
    """By about four of CIE lightness, which goes to 100."""
    lightness = sorted(116 * luminance(fill) ** (1 / 3) - 16 for fill in THEMES["print"].families.values())
    assert all(high - low >= 3.9 for low, high in pairwise(lightness))


def test_themes_are_heeded(run: Run, tmp_path: Path) -> None:
    done = run("render", "zoo:lenet5", "-o", "net.svg", "--theme", "dark", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    svg = (tmp_path / "net.svg").read_text()
    assert f'fill="{THEMES["dark"].paper}"' in svg
    assert THEMES["light"].paper not in svg
    done = run("render", "zoo:lenet5", "-o", "net.svg", "--theme", "blue", cwd=tmp_path)
    assert done.returncode == 2
    assert "'blue' is none of light, dark, print" in done.stderr


def test_widths_are_those_of_helvetica() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    metrics = (Path(matplotlib.__file__).parent / "mpl-data" / "fonts" / "afm" / "phvr8a.afm").read_text()
    found = {int(code): int(width) for code, width in re.findall(r"^C (\d+) ; WX (\d+) ;", metrics, re.M)}
    for code in range(32, 127):
        if chr(code) not in "'`-":  # Adobe's code has other quotes and a hyphen there
            assert fonts.width(chr(code), 1000) == found[code], chr(code)


def test_the_font_that_becomes_part_of_pictures_is_as_wide() -> None:
    tools = pytest.importorskip("fontTools.ttLib")
    font = tools.TTFont(fonts.files()[0])
    characters, widths, unit = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
    for text in ("CONV 64, 7×7, stride 2", "bottleneck(256) ×35", "256×56×56", "DWCONV 3×3, padding valid", "output"):
        drawn_width = sum(widths[characters[ord(character)]][0] for character in text) / unit
        assert drawn_width == pytest.approx(fonts.width(text, 1), rel=0.09)


def test_the_program_that_laid_it_out_is_named_in_each_format(run: Run, tmp_path: Path) -> None:
    for form in ("svg", "png"):
        run("render", "zoo:lenet5", "-o", f"net.{form}", cwd=tmp_path)
        assert re.search(rb"laid out by graphviz[\w-]* [\d.]+|laid out by dot", (tmp_path / f"net.{form}").read_bytes())


def mermaid(graph: Graph) -> list[str]:
    return rendered(graph, "mmd", Look()).decode().splitlines()


def test_mermaid_has_every_box_frame_and_arrow() -> None:
    graph = cnndsl.load("zoo:resnet18").graph
    found, lines = view(graph), mermaid(graph)
    assert lines[1] == "flowchart TD"
    assert sum(":::" in line for line in lines) == len(list(found.boxes())) + len(found.outputs)
    assert sum("-->" in line for line in lines) == len(found.arrows) + len(found.outputs)
    assert sum(line.strip() == "end" for line in lines) == sum(line.strip().startswith("subgraph") for line in lines)
    assert sum("subgraph" in line for line in lines) == len({each for box in found.boxes() for each in box.around})


def test_mermaid_shows_strange_text_as_it_is() -> None:
    (line,) = (line for line in mermaid(graph_of('f(a) = CONV(8)\nINPUT -> f("<b>|;") -> FC')) if "subgraph" in line)
    shown = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), line.split('"')[1])
    assert shown == "f(<b>|;)"


def test_dot_and_svg_of_one_look_have_the_same_boxes() -> None:
    graph = cnndsl.load("zoo:googlenet").graph
    labels = [each["label"] for each in drawn(graph)["objects"] if not each["name"].startswith("cluster_")]
    svg = texts(rendered(graph, "svg", Look(depth=99, folded=False)))
    assert sorted(labels) == sorted(text for text in svg if text in set(labels))


def test_a_style_that_has_no_such_format_is_told() -> None:
    with pytest.raises(Unrendered, match=r"the style graph has no \.tex; it has \.svg, \.png, \.pdf, \.dot, \.mmd"):
        rendered(graph_of("INPUT -> FC"), "tex", Look())


@pytest.mark.parametrize("look", [Look(), Look(depth=99, folded=False)], ids=["folded", "whole"])
def test_a_picture_takes_less_than_three_times_as_long_as_its_layout(look: Look) -> None:
    """As SVG that the layout program writes itself; measured again where other tests are in the way."""
    graph = cnndsl.load("zoo:resnet152").graph
    source = rendered(graph, "dot", look)
    command = [str(layout_program()), "-Kdot", "-Tsvg"]
    measured = []
    for _ in range(5):
        own = min(seconds(lambda: subprocess.run(command, input=source, capture_output=True, check=True)))
        measured.append(min(seconds(lambda: rendered(graph, "svg", look))) / own)
        if measured[-1] < 3:
            return
    pytest.fail(f"times as long: {measured}")


def seconds(do: Callable[[], object]) -> Iterator[float]:
    for _ in range(3):
        start = perf_counter()
        do()
        yield perf_counter() - start
