"""The page: everything of the network is in it, nothing else, and in a browser it folds, tells and finds."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run
from specs_in_tests import ZOO
from test_render import STRANGE, graph_of

import cnndsl
from cnndsl.backends.pictures.formats import Look, rendered
from cnndsl.backends.pictures.grid import Link, grid
from cnndsl.backends.pictures.labels import of_box, of_value
from cnndsl.backends.pictures.view import Frame, view
from cnndsl.graph import Graph

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NEEDS_BROWSER = pytest.mark.skipif(BROWSER is None, reason="apt install chromium")


def page(graph: Graph, **look: Any) -> str:
    return rendered(graph, "html", Look(**look)).decode()


class Elements(HTMLParser):
    """The elements of a page: tag, attributes, and the text directly in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))
        if tag not in ("meta", "input"):
            self._open.append(len(self.found) - 1)

    def handle_endtag(self, tag: str) -> None:
        at = self._open.pop()
        assert self.found[at][0] == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[self._open[-1]][2].append(data)

    def of_class(self, name: str) -> list[tuple[dict[str, str | None], str]]:
        return [
            (attributes, "".join(text))
            for _, attributes, text in self.found
            if name in (attributes.get("class") or "").split()
        ]

    def script(self, name: str) -> Any:
        (text,) = (
            "".join(text) for tag, attributes, text in self.found if tag == "script" and attributes.get("id") == name
        )
        return json.loads(text)


def frames(members: list[Any]) -> list[Frame]:
    return [each for member in members if isinstance(member, Frame) for each in (member, *frames(member.members))]


@pytest.mark.core
@pytest.mark.parametrize("name", ZOO)
def test_every_box_block_and_arrow_is_there(name: str) -> None:
    graph = cnndsl.load(f"zoo:{name}").graph
    whole, found = view(graph, 99), Elements(page(graph))
    boxes = [text for _, text in found.of_class("box")]
    assert sorted(boxes) == sorted(
        [
            *(of_box(box, graph) for box in whole.boxes()),
            *("output" if end.name == "out" else end.name for end, _ in whole.outputs),
        ]
    )
    assert len(found.of_class("frame")) == len(frames(whole.members))
    edges = found.script("edges")
    assert sorted(edge["text"] for edge in edges) == sorted(
        [
            *(of_value(arrow.type, whole) for arrow in whole.arrows),
            *(of_value(end.node.type, whole) for end, _ in whole.outputs),
        ]
    )
    assert sum("skip" in edge for edge in edges) == sum(arrow.is_skip for arrow in whole.arrows)
    names = [attributes["id"] for _, attributes, _ in found.found if "id" in attributes]
    assert len(names) == len(set(names))
    assert all({edge["from"], edge["to"], *edge["way"]} <= set(names) for edge in edges)


def test_a_layer_tells_what_it_is_what_it_costs_and_where_it_is_written() -> None:
    found = Elements(page(cnndsl.load("zoo:lenet5").graph))
    (tip,) = (json.loads(box["data-tip"] or "") for box, text in found.of_class("box") if text == "FC 84")
    at = tip.pop("at")
    assert tip == {"path": "fc1", "what": "FC(84)", "in": "120×1×1", "out": "84", "params": "10,164", "macs": "10,080"}
    line = found.script("sources")[at[0]][str(at[1])]
    assert line[at[2] : at[3]].startswith("FC(84)")
    assert (ROOT / "specs" / at[0]).read_text().splitlines()[at[1] - 1] == line


def test_as_many_blocks_are_open_as_in_the_picture() -> None:
    graph = graph_of("f = CONV(8) -> RELU\ng = f -> POOL\nINPUT -> g -> FC")
    for depth, closed in ((1, ["g", "f"]), (2, ["f"]), (3, []), (None, [])):
        text = page(graph, depth=depth)
        heads = re.findall(r'<button aria-expanded="(true|false)"[^>]*>(.*?)</button>', text)
        assert [label for state, label in heads if state == "false"] == closed
        assert len(Elements(text).of_class("closed")) == len(closed)


def test_nothing_is_loaded_and_strange_text_is_shown_as_it_is() -> None:
    strange = STRANGE.replace("\\", "") + "</script><script>alert(1)</script>{{edges}}"
    graph = graph_of('f(a) = CONV(8)\nINPUT -> f("' + strange.replace('"', "'") + '") -> FC # </script>')
    text = page(graph)
    assert not re.search(r"""(src|href)=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)""", html.unescape(text))
    assert text.count("<script") == text.count("</script>") == 3
    (head,) = (
        text for tag, _, texts in Elements(text).found if tag == "button" for text in texts if text.startswith("f(")
    )
    assert "a<b>" in head
    assert text == page(graph)


def test_styles_and_themes_are_heeded(run: Run, tmp_path: Path) -> None:
    done = run("render", "zoo:resnet18", "--style", "blocks", "--theme", "dark", "-o", "net.html", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "net.html").read_text()
    assert text.count("<details open>") >= 4
    assert "--paper:#0d1117" in text


def test_a_grid_has_a_free_way_for_every_link() -> None:
    links = [Link("in", "a"), Link("a", "b"), Link("b", "add"), Link("in", "add"), Link("in", "c"), Link("c", "add")]
    found = grid(["in"], ["a", "b", "c", "add"], links, [])
    used = [*found.cells.values(), *(cell for way in found.ways.values() for cell in way)]
    assert len(used) == len(set(used))
    assert {link: len(way) for link, way in found.ways.items() if way} == {Link("in", "add"): 2, Link("c", "add"): 1}
    assert all(found.cells[link.source].row < found.cells[link.target].row for link in links)


def in_browser(text: str, script: str, folder: Path) -> Any:
    """What a script gives that runs behind those of the page."""
    caught = "<script>window.failed = []; window.onerror = (message) => { window.failed.push(message); };</script>"
    made = "const done = document.createElement('pre'); done.id = 'done'; document.body.append(done);"
    told = f"done.textContent = JSON.stringify((() => {{ {script} }})());"
    run = f"<script>window.addEventListener('load', () => {{ {made} {told} }});</script>"
    path = folder / "page.html"
    path.write_text(text.replace("<body>", f"<body>{caught}", 1).replace("</body>", f"{run}</body>"), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000", "--virtual-time-budget=5000"]
    command = [str(BROWSER), *options, f"--user-data-dir={folder}", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    found = re.search(r'<pre id="done">(.*?)</pre>', done.stdout, re.S)
    assert found, done.stderr[-500:]
    return json.loads(html.unescape(found[1]))


GEOMETRY = """
const shown = (element) => element.offsetParent !== null;
const boxes = [...document.querySelectorAll('.box, .frame.closed')].filter(shown)
  .filter((each) => !each.parentElement.closest('.closed'));
const rects = boxes.map((each) => each.getBoundingClientRect());
const origin = document.getElementById('arrows').getBoundingClientRect();
const overlaps = [], cut = [], crossed = [];
boxes.forEach((each, one) => {
  if (each.scrollWidth > each.clientWidth + 1) cut.push(each.textContent);
  boxes.forEach((_, other) => {
    const a = rects[one], b = rects[other];
    if (one < other && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      overlaps.push([each.id, boxes[other].id]);
  });
});
const paths = [...document.querySelectorAll('#arrows path')];
for (const path of paths) {
  const length = path.getTotalLength();
  for (let at = 0; at <= length; at += 4) {
    const point = path.getPointAtLength(at), x = point.x + origin.left, y = point.y + origin.top;
    boxes.forEach((each, place) => {
      const box = rects[place];
      if (each.id !== path.dataset.from && each.id !== path.dataset.to
          && x > box.left + 1 && x < box.right - 1 && y > box.top + 1 && y < box.bottom - 1)
        crossed.push([path.dataset.from, path.dataset.to, each.textContent.slice(0, 30)]);
    });
  }
}
return { failed: window.failed, boxes: boxes.length, paths: paths.length, overlaps, cut, crossed };
"""


@pytest.mark.browser
@NEEDS_BROWSER
@pytest.mark.parametrize("depth", [None, 1, 2, 99])
@pytest.mark.parametrize(
    "name",
    ["lenet5", "lenet5-1998", "resnet50", "googlenet-heads", "unet", "densenet121", "inceptionv4", "shufflenetv2"],
)
def test_nothing_overlaps_is_cut_or_crossed(name: str, depth: int | None, tmp_path: Path) -> None:
    graph = cnndsl.load(f"zoo:{name}").graph
    found = in_browser(page(graph, depth=depth), GEOMETRY, tmp_path)
    assert found.pop("boxes") >= 4
    assert found.pop("paths") >= 3
    assert found == {"failed": [], "overlaps": [], "cut": [], "crossed": []}


@pytest.mark.browser
@NEEDS_BROWSER
def test_blocks_fold_and_unfold(tmp_path: Path) -> None:
    script = """
    const state = () => ({
      open: document.querySelectorAll('.frame:not(.closed)').length,
      expanded: document.querySelectorAll('[aria-expanded=true]').length,
      arrows: document.querySelectorAll('#arrows path').length,
      level: document.getElementById('level').value,
    });
    const states = [state()];
    document.querySelector('.frame > button').click(); states.push(state());
    document.querySelector('.frame > button').click(); states.push(state());
    document.getElementById('close').click(); states.push(state());
    document.getElementById('open').click(); states.push(state());
    const level = document.getElementById('level');
    level.value = '2'; level.dispatchEvent(new Event('change')); states.push(state());
    return { states, failed: window.failed };
    """
    graph = graph_of("f = CONV(8) -> RELU\ng = f -> POOL\nINPUT -> g -> FC")
    found = in_browser(page(graph), script, tmp_path)
    every = {"open": 2, "expanded": 2, "arrows": 5, "level": "3"}
    closed = {"open": 0, "expanded": 0, "arrows": 3, "level": "1"}
    first = {"open": 1, "expanded": 1, "arrows": 3, "level": "3"}
    second = {"open": 1, "expanded": 1, "arrows": 4, "level": "2"}
    assert found == {"failed": [], "states": [every, first, every, closed, every, second]}


@pytest.mark.browser
@NEEDS_BROWSER
def test_the_blocks_beside_a_network_fold_and_are_found(tmp_path: Path) -> None:
    script = """
    const paths = () => document.querySelectorAll('#arrows path').length;
    const states = [paths()];
    const part = document.querySelectorAll('details')[1];
    part.open = false; part.dispatchEvent(new Event('toggle')); states.push(paths());
    const find = document.getElementById('find');
    find.value = 'BN'; find.dispatchEvent(new Event('input')); states.push(part.open, paths());
    return { states, failed: window.failed };
    """
    found = in_browser(page(cnndsl.load("zoo:resnet50").graph, style="blocks"), script, tmp_path)
    every, folded, is_open, again = found["states"]
    assert (found["failed"], is_open, again) == ([], True, every)
    assert folded == every - 3


@pytest.mark.browser
@NEEDS_BROWSER
def test_it_tells_and_finds(tmp_path: Path) -> None:
    script = """
    const tip = document.getElementById('tip'), told = [];
    const box = [...document.querySelectorAll('.box')].find((each) => each.textContent === 'FC 84');
    for (const [begin, end] of [['mouseenter', 'mouseleave'], ['focus', 'blur']]) {
      box.dispatchEvent(new Event(begin)); told.push(tip.hidden ? '' : tip.innerText);
      box.dispatchEvent(new Event(end)); told.push(tip.hidden);
    }
    const find = document.getElementById('find'), found = [];
    for (const wanted of ['avgpool', '5x5', '5×5', '16x10x10', 'nowhere']) {
      find.value = wanted; find.dispatchEvent(new Event('input'));
      const hits = [...document.querySelectorAll('.hit')];
      found.push([document.getElementById('found').value, hits.length, hits.every((hit) => hit.offsetParent !== null)]);
    }
    find.value = 'avgpool'; find.dispatchEvent(new Event('input'));
    const enter = () => find.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
    enter(); enter(); enter();
    found.push(document.getElementById('found').value);
    return { told, found, failed: window.failed };
    """
    found = in_browser(page(cnndsl.load("zoo:lenet5").graph, depth=1), script, tmp_path)
    assert found["failed"] == []
    told = found["told"]
    assert told[1::2] == [True, True]
    assert told[0] == told[2]
    assert re.search(r"FC\(84\).*fc1.*120×1×1.*10,164.*10,080.*lenet5\.cnn:\d+", told[0], re.S)
    assert found["found"] == [
        ["2 found", 2, True],  # the two
        ["4 found", 4, True],  # kernels, and what leaves the second pooling
        ["4 found", 4, True],
        ["4 found", 4, True],  # the block, its layers, and the pooling that reads it
        ["nothing", 0, True],
        "1 of 2",
    ]


@pytest.mark.browser
@NEEDS_BROWSER
@pytest.mark.parametrize("name", ["resnet152", "densenet201"])
def test_a_large_network_that_is_all_open_stays_usable(name: str, tmp_path: Path) -> None:
    script = """
    const start = performance.now();
    document.getElementById('open').click();
    document.body.getBoundingClientRect();
    return performance.now() - start;
    """
    graph = cnndsl.load(f"zoo:{name}").graph
    assert in_browser(page(graph, folded=False, depth=1), script, tmp_path) < 2000


@pytest.mark.browser
@NEEDS_BROWSER
def test_volumes_are_a_page_whose_levels_are_pictures(tmp_path: Path) -> None:
    script = """
    const shown = () => [...document.querySelectorAll('section')].filter((each) => !each.hidden);
    const seen = () => shown().map((each) => each.dataset.level);
    const find = document.getElementById('find'), states = [seen()];
    document.getElementById('close').click(); states.push(seen());
    find.value = 'plain'; find.dispatchEvent(new Event('input'));
    states.push(document.querySelectorAll('.hit').length);
    document.getElementById('open').click(); states.push(seen());
    const names = [...document.querySelectorAll('[id]')].map((each) => each.id);
    return { states, failed: window.failed, twice: names.length - new Set(names).size };
    """
    graph = cnndsl.load("zoo:resnet18").graph
    text = page(graph, style="volumes")
    levels = text.count("<section")
    assert levels >= 3
    found = in_browser(text, script, tmp_path)
    assert (found["failed"], found["twice"]) == ([], 0)
    first, closed, hits, opened = found["states"]
    assert (len(first), closed, opened) == (1, ["1"], [str(levels)])
    assert hits >= 4


def test_a_notebook_shows_the_picture_and_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    model = cnndsl.load("zoo:lenet5")
    assert model._repr_svg_() == rendered(model.graph, "svg", Look()).decode()
    shown = Elements(model._repr_html_()).found
    assert [tag for tag, _, _ in shown] == ["iframe"]
    assert shown[0][1]["srcdoc"] == page(model.graph)
    monkeypatch.setenv("CNNDSL_DOT", "no/such/program")
    assert model._repr_svg_() is None
    assert model._repr_html_()
