"""Feature maps as boxes: what becomes a volume, where things are, and what it is in LaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from operator import add, mul, sub
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from conftest import ROOT, Run, slowness
from specs_in_tests import ZOO
from test_pictures import size_of
from test_render import STRANGE, graph_of, strangers, texts

import cnndsl
from cnndsl.backends.pictures.canvas import Canvas, Curve, Ellipse, Group, Item, Point, Polygon, Rectangle, Text
from cnndsl.backends.pictures.columns import LONGEST
from cnndsl.backends.pictures.fonts import width
from cnndsl.backends.pictures.formats import Look, rendered
from cnndsl.backends.pictures.layout import Unrendered
from cnndsl.backends.pictures.solids import Scale
from cnndsl.backends.pictures.themes import THEMES
from cnndsl.backends.pictures.tikz import escaped
from cnndsl.backends.pictures.values import MOST_VALUES, Values, values
from cnndsl.backends.pictures.volumes import draw
from cnndsl.graph import Graph
from cnndsl.layers import TensorType

VOLUMES = Look(style="volumes")

ODD = {
    "sequence": "INPUT(1x16000) -> CONV(64, 80, 4) -> BN -> RELU -> POOL(4) -> CONV(128) -> GAP -> FC(10)",
    "film": "INPUT(3x16x112x112) -> CONV(64) -> POOL(1x2x2) -> CONV(128) -> POOL -> FC(101)",
    "open": "INPUT(3xHxW) -> CONV(64) -> RELU -> POOL -> CONV(128) -> UPSAMPLE(2) -> CONV(21, 1)",
    "branches": "INPUT -> CONV(3) -> [CONV(4, 1), CONV(8, 1) -> CONV(8), POOL(3, 1, same)] -> [RELU + CONV(15)] "
    "-> [RELU, TANH] -> [ID & GAP -> FC(30) -> SIGMOID] -> [ID - CONV(30) -> CONV(30)] -> GAP -> FC",
    "ends": "INPUT(1x28x28) -> CONV(8) -> POOL as a\nINPUT(1x14x14) -> CONV(8) as b\n"
    "[a, b] -> CONV(16) as c\nc -> GAP -> FC(3) as x\nc -> CONV(4) -> FLATTEN -> FC(5) as y",
    "crossing": "INPUT -> CONV(8) as a\na -> CONV(8) as b\na -> CONV(8) as c\n[b, c] -> CONV(8) as d\n"
    "[c -> CONV(4), d -> CONV(4)] -> CONV(4) as e\n[e, b -> CONV(4) -> CONV(4)] -> GAP -> FC",
    "skips": "INPUT -> CONV(8) as a -> CONV(8) as b -> CONV(8) as c\n[a, b, c] -> CONV(8) "
    "-> [[CONV(4) -> [ID + CONV(4)], CONV(4)], CONV(8)] as d\n[d, a] -> GAP -> FC",
    "calls": "a_block_whose_name_is_longer_than_it_is_wide(c) = FC(c) -> FC(c)\nINPUT(8) "
    "-> a_block_whose_name_is_longer_than_it_is_wide(2) -> a_block_whose_name_is_longer_than_it_is_wide(3)",
    "alone": "INPUT",
}


def shown(text: str, depth: int | None = None, *, folded: bool = True) -> Values:
    return values(graph_of(text), depth, folded=folded)


def shapes(found: Values) -> list[str]:
    return [value.sign or str(value.type) for value in found.values]


def zoo(name: str) -> Graph:
    return cnndsl.load(f"zoo:{name}").graph


# what is shown


def test_lenet_is_eight_volumes() -> None:
    found = values(zoo("lenet5"))
    assert shapes(found) == ["1x32x32", "6x28x28", "6x14x14", "16x10x10", "16x5x5", "120x1x1", "84", "10"]
    assert [value.behind for value in found.values] == [[], ["TANH"], [], ["TANH"], [], ["TANH"], ["TANH"], []]


def test_alexnet_has_the_boxes_of_its_paper() -> None:
    found = shapes(values(zoo("alexnet")))
    assert found[0] == "3x227x227"
    assert [each for each in found if each.startswith(("96x", "256x", "384x"))] == [
        *("96x55x55", "96x27x27", "256x27x27", "256x13x13"),
        *("384x13x13", "384x13x13", "256x13x13", "256x6x6"),
    ]
    assert found[-3:] == ["4096", "4096", "1000"]


def test_what_keeps_the_shape_is_said_of_the_layer_before_it_or_of_the_next() -> None:
    found = shown("INPUT -> CONV(8) -> BN -> RELU -> [ID, BN -> RELU -> CONV(8) -> DROPOUT] -> FC")
    assert shapes(found) == ["3x32x32", "8x32x32", "8x32x32", "16x32x32", "10"]
    assert [value.behind for value in found.values] == [[], ["BN", "RELU"], ["DROPOUT"], [], []]
    text = texts(rendered(graph_of("INPUT -> CONV(8) -> [ID, BN -> CONV(8)] -> FC"), "svg", VOLUMES))
    assert "BN →" in text


def test_a_window_makes_a_volume_even_where_the_shape_stays() -> None:
    text = "INPUT(8x9x9) -> CONV(8) -> POOL(3, 1, same) -> DWCONV -> RELU -> UPSAMPLE(2) -> GAP -> FC(8) -> FC(8)"
    assert len(shapes(shown(text))) == 8


def test_merges_are_signs_or_volumes_that_are_joined() -> None:
    found = shown("INPUT(3x8x8) -> CONV(3) -> [CONV(3) + ID] -> [CONV(5), POOL(3, 1, same)] -> FC")
    assert shapes(found) == ["3x8x8", "3x8x8", "3x8x8", "+", "5x8x8", "3x8x8", "8x8x8", "10"]
    joined = found.values[-2]
    assert [(part.channels, part.family) for part in joined.parts] == [(5, "convolution"), (3, "pooling")]
    assert [(edge.source, edge.target) for edge in found.edges if edge.passes_by] == [(1, 3)]


def test_a_skip_tells_what_it_goes_through() -> None:
    graph = zoo("unet")
    found = values(graph)
    assert [edge.words for edge in found.edges if edge.passes_by] == [
        [f"CROP {size}×{size}"] for size in (56, 104, 200, 392)
    ]
    said = texts(rendered(graph, "svg", VOLUMES))
    assert all(any(f"CROP {size}×{size}" in text for text in said) for size in (56, 104, 200, 392))
    assert said.count("double(64)") == 2


def test_a_block_that_is_not_opened_is_what_leaves_it() -> None:
    text = "f(c) = CONV(c) -> RELU -> CONV(2*c) -> POOL\nINPUT -> f(8) -> FC"
    assert shapes(shown(text, 1)) == ["3x32x32", "16x16x16", "10"]
    said = texts(rendered(graph_of(text), "svg", replace(VOLUMES, depth=1)))
    assert "f(8)" in said
    assert "16×16×16" in said


def test_a_block_of_one_volume_is_told_by_its_layer() -> None:
    text = "f(c) = BN -> CONV(c, 5) -> RELU\nINPUT(3x9x9) -> f(8) -> FC"
    said = texts(rendered(graph_of(text), "svg", replace(VOLUMES, depth=1)))
    assert {"BN →", "CONV 8", "5×5", "+ RELU"} <= set(said)


@pytest.mark.parametrize("name", ["resnet152", "densenet201", "inceptionv4", "googlenet", "mobilenetv2", "squeezenet"])
def test_large_networks_are_opened_as_far_as_can_be_looked_at(name: str) -> None:
    found = values(zoo(name))
    assert 8 <= sum(not value.sign for value in found.values) <= MOST_VALUES


def test_what_repeats_is_drawn_once_unless_there_is_room_for_all() -> None:
    text = "f = CONV(8) -> POOL(3, 1, same)\nINPUT(8x9x9) -> f*{} -> FC"
    assert len(shapes(shown(text.format(15)))) == 32
    many = shown(text.format(40))
    assert len(shapes(many)) == 4
    assert [(span.label, span.places) for span in many.spans] == [("f ×40", (1, 2))]
    assert len(shapes(shown(text.format(40), 9, folded=False))) == 82


def test_what_leaves_the_last_of_several_copies_is_told_where_it_differs() -> None:
    found = values(zoo("densenet201"))
    assert [span.label for span in found.spans if "×6" in span.label] == ["×6 → 256×56×56"]


# how large it is


def test_sizes_differ_less_than_shapes_do_and_in_the_same_order() -> None:
    types = [TensorType(channels, (side, side)) for channels, side in ((3, 224), (64, 112), (512, 14), (2048, 7))]
    scale = Scale([*types, TensorType(1000)])
    solids = [scale.solid(each) for each in types]
    assert [solid.width for solid in solids] == sorted((solid.width for solid in solids), reverse=True)
    assert [solid.depth for solid in solids] == sorted(solid.depth for solid in solids)
    assert all(10 <= each <= 100 for solid in solids for each in (solid.width, solid.height))
    assert all(4 <= solid.depth <= 50 for solid in solids)
    bars = [scale.solid(TensorType(units)) for units in (1, 10, 1000, 4096)]
    assert [bar.height for bar in bars] == sorted({bar.height for bar in bars})
    assert all(bar.is_bar and bar.height > bar.width for bar in bars)


def test_an_open_size_is_drawn_as_a_large_one() -> None:
    svg = rendered(graph_of(ODD["open"]), "svg", VOLUMES)
    assert {"3×H×W", "128×(H//2)×(W//2)"} <= set(texts(svg))


def test_the_window_is_the_kernels_share_of_the_face() -> None:
    drawing = draw(graph_of("INPUT(1x32x32) -> CONV(4, 8, padding=valid)"), THEMES["light"])
    widths = sorted(item.width for item, _ in flat(drawing.items) if isinstance(item, Rectangle))
    window, _, face = widths
    assert window / face == pytest.approx(8 / 32)


# where it is


class Bounds(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float
    what: str

    def meets(self, other: Bounds) -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > 0.5 and min(self.bottom, other.bottom) - max(self.top, other.top) > 0.5

    def encloses(self, other: Bounds) -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


NOWHERE = Point(0, 0)


def flat(items: object, by: Point = NOWHERE, title: str = "") -> Iterator[tuple[Item, tuple[Point, str]]]:
    """All shapes and texts, with how far they are moved and the title of their group."""
    assert isinstance(items, list | tuple)
    for item in items:
        if isinstance(item, Group):
            moved = item.moved or NOWHERE
            yield from flat(item.items, Point(by.x + moved.x, by.y + moved.y), item.title or title)
        else:
            yield item, (by, title)


def bounds(canvas: Canvas) -> list[Bounds]:
    """Those of every volume and sign, and of every text outside them."""
    found: list[Bounds] = []
    corners: dict[str, list[Point]] = {}
    for item, (by, title) in flat(canvas.items):
        if title:
            corners.setdefault(title, []).extend(Point(x + by.x, y + by.y) for x, y in points(item))
        elif isinstance(item, Text):
            (left, top), (right, bottom) = points(item)
            found.append(Bounds(left + by.x, top + by.y, right + by.x, bottom + by.y, item.text))
    for title, each in corners.items():
        (left, top), (right, bottom) = map(min, zip(*each, strict=True)), map(max, zip(*each, strict=True))
        found.append(Bounds(left, top, right, bottom, title))
    return found


def points(item: Item) -> list[Point]:
    match item:
        case Rectangle():
            return [Point(item.x, item.y), Point(item.x + item.width, item.y + item.height)]
        case Polygon() | Curve():
            return list(item.points)
        case Ellipse():
            x, y, across, up = *item.center, item.width / 2, item.height / 2
            return [Point(x - across, y - up), Point(x + across, y + up)]
        case Text():
            breadth = width(item.text, item.size)
            left = item.at.x - {"start": 0, "middle": breadth / 2, "end": breadth}[item.anchor]
            return [Point(left, item.at.y - 0.72 * item.size), Point(left + breadth, item.at.y + 0.2 * item.size)]
    raise AssertionError(item)


def overlaps(canvas: Canvas) -> list[tuple[str, str]]:
    found = sorted(bounds(canvas))
    return [(one.what, other.what) for one, other in combinations(found, 2) if one.meets(other)]


@pytest.mark.core
@pytest.mark.parametrize("name", [*ZOO, "resnet152", "densenet201", "googlenet-heads", "lenet5-1998"])
def test_nothing_lies_over_anything_in_the_zoo(name: str) -> None:
    for depth in (None, 1):
        canvas = draw(zoo(name), THEMES["light"], depth)
        assert overlaps(canvas) == []
        assert canvas.width <= LONGEST + 60


@pytest.mark.parametrize("name", ["googlenet", "resnet18", "squeezenet", "inceptionv4", "shufflenetv2", "unet"])
def test_nothing_lies_over_anything_where_all_is_opened(name: str) -> None:
    for folded in (True, False):
        assert overlaps(draw(zoo(name), THEMES["light"], 99, folded=folded)) == []


@pytest.mark.parametrize("name", ODD)
def test_nothing_lies_over_anything_in_odd_networks(name: str) -> None:
    assert overlaps(draw(graph_of(ODD[name]), THEMES["light"])) == []


@pytest.mark.parametrize("name", ["unet", "nin", "resnet18", "densenet201", *ODD])
def test_all_is_in_the_picture(name: str) -> None:
    graph = graph_of(ODD[name]) if name in ODD else zoo(name)
    canvas = draw(graph, THEMES["light"])
    found = bounds(canvas)
    assert min(min(each.left, each.top) for each in found) >= 0
    assert max(each.right for each in found) <= canvas.width
    assert max(each.bottom for each in found) <= canvas.height
    assert len({each.what for each in found if ": " in each.what}) == len(values(graph).values)


def test_arcs_lead_over_what_they_pass_by() -> None:
    canvas = draw(graph_of(ODD["skips"]), THEMES["light"])
    solids = [each for each in bounds(canvas) if ": " in each.what]
    arcs = [(item, by) for item, (by, _) in flat(canvas.items) if isinstance(item, Curve) and item.thickness == 1.5]
    assert len(arcs) == 4
    for arc, by in arcs:
        left, right = arc.points[0].x + by.x, arc.points[-1].x + by.x
        top = min(point.y for point in arc.points) + by.y
        passed = [each for each in solids if left < (each.left + each.right) / 2 < right]
        assert passed
        assert all(top < each.top for each in passed)


def sampled(curve: Curve, by: Point) -> Iterator[Point]:
    """Points of a Bézier curve, some behind each other."""
    for piece in range(0, len(curve.points) - 1, 3):
        a, b, c, d = curve.points[piece : piece + 4]
        for step in range(21):
            t = step / 20
            shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            x, y = (sum(map(mul, shares, along)) for along in zip(a, b, c, d, strict=True))
            yield Point(x + by.x, y + by.y)


@pytest.mark.core
@pytest.mark.parametrize("name", [*ZOO, *ODD])
def test_what_passes_by_leads_through_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On one row, where all of a line can be seen."""
    for each in ("_ROW", "LONGEST"):
        monkeypatch.setattr(f"cnndsl.backends.pictures.volumes.{each}", 1e9)
    canvas = draw(graph_of(ODD[name]) if name in ODD else zoo(name), THEMES["light"])
    others = bounds(canvas)
    for item, (by, _) in flat(canvas.items):
        if isinstance(item, Curve) and item.thickness == 1.5:
            for point in sampled(item, by):
                around = Bounds(*map(sub, point, (2.5, 2.5)), *map(add, point, (2.5, 2.5)), "")
                assert [each.what for each in others if each.encloses(around)] == []


def test_branches_lie_above_each_other_and_meet() -> None:
    canvas = draw(graph_of("INPUT -> [CONV(4, 1), CONV(5, 3), CONV(6, 5)] -> FC"), THEMES["light"])
    found = {each.what.rpartition(", ")[2]: each for each in bounds(canvas) if ": " in each.what}
    tops = [found[shape].top for shape in ("4×32×32", "5×32×32", "6×32×32")]
    assert tops == sorted(tops)
    assert {round(found[shape].left) // 20 for shape in ("4×32×32", "5×32×32", "6×32×32")} == {
        round(found["5×32×32"].left) // 20
    }
    assert found["15×32×32"].left > found["6×32×32"].right


# formats


def test_every_theme_and_format_says_the_same(run: Run, tmp_path: Path) -> None:
    for theme in THEMES:
        done = run("render", "zoo:lenet5", "--style", "volumes", "--theme", theme, "-o", "net.svg", cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        svg = (tmp_path / "net.svg").read_text()
        assert f'fill="{THEMES[theme].paper}"' in svg
        assert {"6×28×28", "CONV 6", "+ TANH", "input", "output", "84"} <= set(texts(svg))
    done = run("render", "zoo:lenet5", "--style", "volumes", "-o", "net.png", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "net.png").read_bytes().startswith(b"\x89PNG")


def test_it_needs_no_layout_program(run: Run, tmp_path: Path) -> None:
    arguments = ("render", "zoo:resnet18", "--style", "volumes", "-o", "net.svg")
    done = run(*arguments, cwd=tmp_path, CNNDSL_DOT="no/such/dot", PATH="")
    assert (done.returncode, done.stderr) == (0, "")
    assert "laid out by" not in (tmp_path / "net.svg").read_text()


def test_volumes_flow_to_the_right(run: Run, tmp_path: Path) -> None:
    arguments = ("render", "zoo:lenet5", "--style", "volumes", "-o", "net.svg", "--direction")
    assert run(*arguments, "right", cwd=tmp_path).returncode == 0
    done = run(*arguments, "down", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "cnndsl: the style volumes flows to the right, not down\n")


def test_a_style_that_has_no_such_format_is_told() -> None:
    with pytest.raises(Unrendered, match=r"the style volumes has no \.dot; it has \.svg, \.png, \.pdf, \.tex"):
        rendered(graph_of("INPUT -> FC"), "dot", VOLUMES)


def test_pointing_at_a_volume_tells_its_layer() -> None:
    svg = rendered(zoo("lenet5"), "svg", VOLUMES)
    titles = [each.text for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == "lenet5"
    assert "conv1.conv1: CONV(6, 5, padding=valid, bias=true*), 6×28×28" in titles


@pytest.mark.parametrize("form", ["svg", "tex"])
def test_the_same_spec_gives_the_same_bytes(run: Run, tmp_path: Path, form: str) -> None:
    pictures = []
    for seed in ("1", "2"):
        name = f"{seed}.{form}"
        done = run("render", "zoo:googlenet", "--depth", "9", "--style", "volumes", "-o", name, cwd=tmp_path,
                   PYTHONHASHSEED=seed)  # fmt: skip
        assert done.returncode == 0, done.stderr
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]


def test_text_of_strangers_is_text() -> None:
    for graph in strangers():
        for depth in (1, None):
            svg = rendered(graph, "svg", replace(VOLUMES, depth=depth))
            elements = {element.tag.partition("}")[2] for element in ElementTree.fromstring(svg).iter()}
            assert elements <= {"svg", "g", "title", "desc", "rect", "polygon", "path", "ellipse", "text"}


def test_a_long_name_is_broken_and_cut() -> None:
    graph = graph_of("INPUT -> FC")
    long = replace(graph, outputs=(graph.outputs[0]._replace(name="x" * 500),))
    canvas = draw(long, THEMES["light"])
    assert overlaps(canvas) == []
    assert canvas.width < 600
    assert any(text.startswith("xxx") and text.endswith("…") for text in texts(rendered(long, "svg", VOLUMES)))


def test_a_long_picture_is_broken_into_rows() -> None:
    graph = graph_of("INPUT(1x9x9) -> [CONV(4) -> RELU]*80 -> GAP -> FC(3)")
    svg = rendered(graph, "svg", replace(VOLUMES, depth=99, folded=False))
    assert max(size_of(svg.decode())) <= LONGEST + 30
    assert texts(svg).count("CONV 4") == texts(svg).count("4×9×9") == 80
    assert svg.decode().count("<clipPath") >= 3


# LaTeX


HOSTILE = [STRANGE, "\\end{document}", "$x^2_i$ % {~} #1 & \\", "naïve Größe Žluť ŐŁø αβΩλ", "中文 ∀ 🙂 \x00\u202e ́",
           "--- '' `` \"q\" <<>> ?` ,,", "^^M ^^5c", "\\input{/etc/passwd}"]  # fmt: skip


def test_latex_escapes_what_it_reads_in_its_own_way() -> None:
    assert escaped("a_b & 50% #1 {x} $y$ ~^\\ <|>") == (
        r"a\_b \& 50\% \#1 $\{$x$\}$ \symbol{36}y\symbol{36} $\sim$\^{}$\backslash$ $<$$\vert$$>$"
    )
    assert escaped("3×3 → − · …") == r"3$\times$3 $\to$ $-$ $\cdot$ \dots{}"
    assert escaped("é Ž αΩλ ß 中") == r"\'{e} \v{Z} $\alpha$$\Omega$$\lambda$ \ss{} U+4E2D"
    assert all(each.isascii() and "\n" not in each for each in map(escaped, HOSTILE))


def test_latex_names_every_colour_once() -> None:
    source = rendered(zoo("squeezenet"), "tex", VOLUMES).decode()
    colours = re.findall(r"\\definecolor\{(\w+)\}\{HTML\}\{(\w{6})\}", source)
    assert len(colours) == len(dict(colours)) == len({value for _, value in colours})
    assert set(re.findall(r"colour\d+", source)) == dict(colours).keys()
    assert source.startswith("% squeezenet\n% A network from 3x224x224 to 1000:")
    assert source.rstrip().endswith("\\end{document}")


@pytest.mark.tex
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="apt install texlive-latex-extra")
@pytest.mark.parametrize("name", ["lenet5", "alexnet", "googlenet", "hostile"])
def test_latex_compiles(tmp_path: Path, name: str) -> None:
    graph = hostile() if name == "hostile" else zoo(name)
    (tmp_path / "net.tex").write_bytes(rendered(graph, "tex", VOLUMES))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "net.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="latin-1", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Warning" not in done.stdout
    assert "pk>" not in done.stdout  # letters are outlines, not dots
    assert "Output written on net.pdf (1 page" in done.stdout


def hostile() -> Graph:
    """A network whose outputs and blocks have the names that are hardest for LaTeX."""
    outputs = "\n".join(f"x -> FC({number + 1}) as y{number}" for number in range(len(HOSTILE)))
    graph = graph_of(f"INPUT(8) -> FC(4) as x\n{outputs}")
    ends = tuple(end._replace(name=name) for end, name in zip(graph.outputs, HOSTILE, strict=True))
    return replace(graph, name=HOSTILE[0], outputs=ends)


# time


@pytest.mark.slow
def test_it_takes_little_longer_than_a_check(tmp_path: Path) -> None:
    """At most half a second, measured again where other tests are in the way."""
    check = [sys.executable, "-m", "cnndsl", "check", "zoo:lenet5"]
    render = [*check[:3], "render", "zoo:lenet5", "--style", "volumes", "-o", str(tmp_path / "net.svg")]

    def seconds(command: list[str]) -> float:
        start = perf_counter()
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        return perf_counter() - start

    for _ in range(3):
        longer = median(seconds(render) for _ in range(5)) - median(seconds(check) for _ in range(5))
        if longer <= 0.5 * slowness():
            return
    pytest.fail(f"{longer:.2f} s longer than a check, three times")
