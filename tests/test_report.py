"""The report of `check`: its tree, its columns, its totals and its formats."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import ROOT, Run
from specs_in_tests import NETWORKS, SPECS
from terminals import shown_on

import cnndsl
from cnndsl.analyses.outline import MOST_LINES, Entry, flat, outline, walk
from cnndsl.analyses.report import Report
from cnndsl.backends.report.columns import COLUMNS, USUAL, WIDE
from cnndsl.backends.report.totals import PRECISIONS
from cnndsl.compiler import compile_source
from cnndsl.graph import Node
from cnndsl.source import read

pytestmark = pytest.mark.core

RESIDUAL = """\
conv(c)  = CONV(c) -> BN
block(c) = [conv(c) -> RELU -> conv(c) + ID] -> RELU
INPUT -> conv(8) -> RELU -> block(8)*5 -> [CONV(8) -> TANH]*4 -> GAP -> FC
"""
ADDED = ("params", "frozen", "buffers", "macs", "flops", "memory")
"""Columns whose numbers are the same in all copies of what repeats."""


def entries(text: str, depth: int | None = None) -> list[tuple[int, str, int]]:
    """Level, label and times of every line."""
    return [(level, entry.label, entry.times) for level, entry in walk(outline(cnndsl.parse(text).graph, depth))]


# The tree


def test_blocks_are_told_by_their_calls_and_what_repeats_is_told_once() -> None:
    assert entries(RESIDUAL) == [
        (0, "INPUT(3x32x32*)", 1),
        (0, "conv(8)", 1),
        (1, "CONV(8, bias=false*)", 1),
        (1, "BN", 1),
        (0, "RELU", 1),
        (0, "block(8)", 5),
        (1, "conv(8)", 1),
        (2, "CONV(8, bias=false*)", 1),
        (2, "BN", 1),
        (1, "RELU", 1),
        (1, "conv(8)", 1),
        (2, "CONV(8, bias=false*)", 1),
        (2, "BN", 1),
        (1, "ADD", 1),
        (1, "RELU", 1),
        (0, "repeat", 4),
        (1, "CONV(8, bias=true*)", 1),
        (1, "TANH", 1),
        (0, "GAP", 1),
        (0, "FC(10*)", 1),
    ]


def test_what_differs_is_not_folded() -> None:
    widths = "f(c) = CONV(c)\nINPUT(8x6x6) -> f(8) -> f(8) -> f(9) -> f(8)"
    assert entries(widths, 1) == [(0, "INPUT(8x6x6)", 1), (0, "f(8)", 2), (0, "f(9)", 1), (0, "f(8)", 1)]
    names = "f = CONV(8)\ng = CONV(8)\nINPUT(8x6x6) -> f -> g"
    assert entries(names, 1) == [(0, "INPUT(8x6x6)", 1), (0, "f", 1), (0, "g", 1)]
    shared = "shared f = CONV(8)\nINPUT(8x6x6) -> f -> f -> f"
    assert entries(shared, 1) == [(0, "INPUT(8x6x6)", 1), (0, "f", 1), (0, "f", 2)]
    sizes = "f = CONV(8, padding=valid)\nINPUT(8x9x9) -> f*3"
    assert entries(sizes, 1) == [(0, "INPUT(8x9x9)", 1), (0, "f", 1), (0, "f", 1), (0, "f", 1)]


def test_two_alike_are_folded_where_they_are_one_layer_or_block_each() -> None:
    assert entries("INPUT(8) -> RELU -> RELU -> FC") == [(0, "INPUT(8)", 1), (0, "RELU", 2), (0, "FC(10*)", 1)]
    pairs = "INPUT(8x6x6) -> [CONV(8) -> RELU]*2"
    assert [times for _, _, times in entries(pairs)] == [1] * 5


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_depth_says_how_many_levels_are_told(depth: int) -> None:
    levels = {level for level, _, _ in entries(RESIDUAL, depth)}
    assert levels == set(range(depth))


def test_no_level_is_no_depth() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        cnndsl.parse("INPUT -> FC").summary(depth=0)


def test_a_report_is_as_deep_as_fits_on_a_page() -> None:
    for spec in NETWORKS:
        graph = cnndsl.load(spec).graph
        lines = len(list(walk(outline(graph))))
        depths = [len(list(walk(outline(graph, depth)))) for depth in range(1, 12)]
        fitting = [count for count in depths if count <= MOST_LINES]
        assert lines == max(fitting, default=depths[0]), spec.stem


def test_the_value_that_leaves_a_block_is_told() -> None:
    """The last to be computed is not the one that leaves."""
    text = "f = CONV(4, 1) as a -> CONV(2, 1) as b -> [b, a]\nINPUT(3x6x6) -> f -> FC"
    leaving = {entry.label: str(entry.leaving.type) for entry in outline(cnndsl.parse(text).graph)}
    assert leaving["f"] == "6x6x6"


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_a_flat_report_has_every_layer(spec: Path) -> None:
    graph = cnndsl.load(spec).graph
    assert [(entry.path, entry.label, entry.node) for entry in flat(graph)] == [
        (node.path, str(node.layer), node) for node in graph
    ]


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_the_tree_holds_every_layer_once(spec: Path) -> None:
    graph = cnndsl.load(spec).graph

    def nodes(found: Iterable[Entry]) -> Iterator[Node]:
        for entry in found:
            yield from entry.nodes
            copies = [node for child in entry.children for node in child.nodes]
            if copies:
                assert len(copies) * entry.times == len(entry.nodes)
                assert copies == list(entry.nodes[: len(copies)])
                list(nodes(entry.children))

    assert list(nodes(outline(graph, 99))) == list(graph)


# Totals


def number(report: Report, word: str, entry: Entry) -> int:
    cell = COLUMNS[word].cell(report, entry)
    return 0 if cell == "shared" else cell if isinstance(cell, int) else cell.number  # type: ignore[union-attr]


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_every_number_is_the_sum_of_the_lines_below_it(spec: Path) -> None:
    report = Report(cnndsl.load(spec).graph)
    found = outline(report.graph, 99)
    for word in ADDED:
        for _, entry in walk(found):
            if entry.children:
                below = sum(number(report, word, child) for child in entry.children)
                assert number(report, word, entry) == entry.times * below, (word, entry.path)
    totals = {"params": report.cost.params, "buffers": report.cost.buffers, "macs": report.cost.macs}
    for word, total in totals.items():
        assert sum(number(report, word, entry) for entry in found) == total
    saved = sum(number(report, "saved", entry) for entry in found)
    assert saved == report.memory.training(1).saved


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
@pytest.mark.parametrize("flags", [[], ["--flat"], ["--depth", "1"], ["--depth", "all"]], ids=" ".join)
def test_printed_totals_are_the_sums_of_the_printed_rows(spec: Path, flags: list[str]) -> None:
    """As read from the table: rows of the outermost level are those whose label begins the line."""
    table = printed(spec, flags)
    *rows, _, total = [line for line in table.splitlines() if line]
    outermost = [line for line in rows if line[0] not in "├└│ "]
    columns = [[_read(cell) for cell in line.split()[-2:]] for line in outermost]
    assert [sum(column) for column in zip(*columns, strict=True)] == [_read(cell) for cell in total.split()[-2:]]


def printed(spec: Path, flags: list[str]) -> str:
    """The rows of a table and its total, without header, rules and what is below."""
    from cnndsl.backends.report.table import report_table
    from cnndsl.backends.report.terminal import write
    from cnndsl.backends.report.totals import Training

    report = Report(cnndsl.load(spec).graph)
    depth = {"1": 1, "all": 99}[flags[1]] if "--depth" in flags else None
    found = flat(report.graph) if "--flat" in flags else outline(report.graph, depth)
    return write(report_table(report, found, USUAL, Training())).split("\n\n")[1].split("\n", 2)[2]


def _read(cell: str) -> int:
    return 0 if cell in ("-", "shared") else int(cell.replace(",", ""))


def test_sizes_are_those_of_the_weights(run: Run) -> None:
    done = run(
        "check", "-e", "INPUT(1x8x8) -> FILTER(box) -> CONV(1000, bias=true) -> GAP -> FC(1)", "--format", "json"
    )
    (model,) = json.loads(done.stdout)
    assert (model["params"], model["frozen"], model["buffers"]) == (11_001, 9, 9)
    assert model["size"] == {name: size * 11_010 for name, size in PRECISIONS.items()}


def test_batch_and_optimizer_change_what_training_takes(run: Run) -> None:
    def training(*flags: str) -> dict[str, int]:
        (model,) = json.loads(run("check", "zoo:lenet5", "--format", "json", *flags).stdout)
        found: dict[str, int] = model["memory"]["training"]
        return found

    usual, one, plain = training(), training("--batch", "1"), training("--optimizer", "sgd")
    assert (usual["batch"], usual["optimizer"]) == (32, "adam")
    assert usual["saved"] == 32 * one["saved"]
    assert plain["optimizer_state"] == 0 < usual["optimizer_state"]
    for found in (usual, one, plain):
        parts = ("saved", "parameters", "gradients", "optimizer_state", "buffers")
        assert found["total"] == sum(found[part] for part in parts)


def test_a_convention_gives_its_numbers(run: Run) -> None:
    done = run("check", "zoo:resnet50", "--convention", "torchinfo", "--depth", "1")
    header, *_ = [line for line in done.stdout.splitlines() if line.startswith("layer")]
    assert header.endswith("mult-adds (torchinfo)")
    total = next(line for line in done.stdout.splitlines() if line.startswith("total"))
    assert total.split()[-1] == "4,089,238,376"
    assert "4,089,184,256 MACs" in " ".join(done.stdout.split())


# Columns


def test_columns_are_chosen_by_their_words_in_the_order_given(run: Run) -> None:
    done = run("check", "zoo:lenet5", "--format", "csv", "--columns", "macs, output,macs")
    assert done.stdout.splitlines()[:2] == ["level,times,layer,macs,output", "0,1,INPUT(1x32x32),0,1x32x32"]


def test_all_stands_for_every_column_and_level(run: Run) -> None:
    done = run("check", "zoo:unet", "--format", "csv", "--columns", "all", "--depth", "ALL")
    header, *rows = done.stdout.splitlines()
    assert header.split(",") == ["level", "times", "layer", *COLUMNS]
    assert max(int(row.split(",")[0]) for row in rows) == 5


def test_every_column_has_something_to_say_in_every_format(run: Run) -> None:
    words = ",".join(COLUMNS)
    for form in ("table", "totals", "markdown", "latex", "csv", "html"):
        done = run("check", "zoo:unet", "-e", RESIDUAL, "--format", form, "--columns", words)
        assert (done.returncode, done.stderr) == (0, ""), form


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--columns", "ouput"], "did you mean `output`?"),
        (["--columns", ""], "none of path, input"),
        (["--depth", "0"], "neither a number of levels"),
        (["--depth", "deep"], "neither a number of levels"),
        (["--depth", "2", "--flat"], "--flat opens all blocks"),
        (["--convention", "torchinf"], "did you mean `torchinfo`?"),
        (["--optimizer", "adamax"], "did you mean `adam"),
        (["--batch", "0"], "0 is not in the range"),
        (["--format", "xml"], "'xml' is not one of"),
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_told_in_a_line(run: Run, flags: list[str], says: str) -> None:
    done = run("check", "zoo:lenet5", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


# The terminal


@pytest.mark.parametrize("spec", ["resnet50", "unet", "googlenet", "mobilenetv2"])
def test_a_report_fits_the_terminal_and_uses_a_wide_one(run: Run, spec: str) -> None:
    """What is wider gets more columns, and at last all names in full."""
    found = {
        width: run("check", f"zoo:{spec}", COLUMNS=str(width)).stdout.splitlines() for width in (80, 100, 120, 200)
    }
    for width, lines in found.items():
        assert max(map(len, lines)) <= width
    headings = [lines[2].split() for lines in found.values()]
    assert all(narrow == wide[: len(narrow)] for narrow, wide in itertools.pairwise(headings))
    report = Report(cnndsl.parse("INPUT").graph)
    assert " ".join(headings[-1][4:]) == " ".join(COLUMNS[word].heading(report) for word in WIDE)


def test_numbers_are_never_cut(run: Run) -> None:
    done = run("check", "zoo:vgg16", COLUMNS="20")
    assert "138,357,544  15,470,264,320" in done.stdout


def test_ascii_takes_the_place_of_what_a_terminal_does_not_know(run: Run) -> None:
    done = run("check", "zoo:lenet5", PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert "\n|- CONV(6" in done.stdout
    assert "\n`- TANH" in done.stdout
    assert "├─ CONV(6" in run("check", "zoo:lenet5", PYTHONIOENCODING="utf-8").stdout


def on_a_terminal(**environment: str) -> str:
    """What `check` writes where standard output is a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cnndsl", "check", "zoo:lenet5"]
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    with subprocess.Popen(command, cwd=ROOT, stdout=theirs, env={**kept, "COLUMNS": "80", **environment}) as process:
        os.close(theirs)
        found = shown_on(ours)
        process.wait()
    return found.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_colours_are_for_terminals_that_want_them(run: Run) -> None:
    assert "\033[" in on_a_terminal(TERM="xterm")
    assert "\033[" not in on_a_terminal(TERM="xterm", NO_COLOR="1")
    assert "\033[" not in on_a_terminal(TERM="dumb")
    assert "\033[" not in run("check", "zoo:lenet5", TERM="xterm").stdout
    plain = re.sub(r"\033\[\d*m", "", on_a_terminal(TERM="xterm")).replace("\r\n", "\n")
    assert plain == run("check", "zoo:lenet5", COLUMNS="80").stdout


def test_formulas_of_open_sizes_that_are_long_stand_below_the_table(run: Run) -> None:
    done = run("check", "-e", "INPUT(3xHxW) -> CONV(64, 7, 2) -> POOL -> CONV(64) -> POOL -> GAP -> FC")
    total = next(line for line in done.stdout.splitlines() if line.startswith("total"))
    assert total.split()[-1] == "below"
    assert done.stdout.count("operations") == 1
    assert "9,408*((H+1)//2)*((W+1)//2)" in done.stdout


# Several networks


def test_several_specs_get_a_line_each(run: Run) -> None:
    done = run("check", "zoo:lenet5", "zoo:unet")
    header, rule, *rows = done.stdout.splitlines()
    assert header.split() == ["model", "input", "output", "params", "MACs"]
    assert set(rule) == {"─", " "}
    assert [row.split() for row in rows] == [
        ["lenet5", "1x32x32", "10", "61,706", "416,520"],
        ["unet", "1x572x572", "2x388x388", "31,030,658", "150,428,424,448"],
    ]
    assert run("check", "zoo:lenet5", "--format", "totals").stdout.splitlines()[-1].split() == rows[0].split()


def test_a_folder_stands_for_its_specs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "b.cnn").write_text("INPUT -> FC(2)")
    (tmp_path / "below" / "a.cnn").write_text("INPUT -> FC(3)")
    (tmp_path / "notes.txt").write_text("INPUT -> FC(4)")
    done = run("check", str(tmp_path))
    assert [row.split()[0] for row in done.stdout.splitlines()[2:]] == ["b", "a"]
    zoo = run("check", "specs").stdout.splitlines()[2:]
    models = [graph.name for spec in SPECS for graph in compile_source(read(spec)).graphs]
    assert [row.split()[0] for row in zoo] == models


def test_a_folder_without_specs_is_told(run: Run, tmp_path: Path) -> None:
    done = run("check", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"cnndsl: there is no .cnn file in {tmp_path}\n"


def test_the_layers_of_several_specs_are_told_where_they_are_asked_for(run: Run) -> None:
    done = run("check", "zoo:lenet5", "zoo:euronet", "--depth", "1")
    assert [line for line in done.stdout.splitlines() if line in ("lenet5", "euronet")] == ["lenet5", "euronet"]


def test_all_models_of_one_file_are_told(run: Run) -> None:
    text = "generator = { INPUT(8) -> FC(4) }\ncritic = { INPUT(4) -> FC(1) }"
    done = run("check", "-", stdin=text)
    if done.returncode == 0:
        assert {"generator", "critic"} <= set(done.stdout.split())


# Formats


def test_markdown_is_a_table(run: Run) -> None:
    lines = run("check", "-e", RESIDUAL, "--format", "markdown").stdout.splitlines()
    table = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")]
    assert {len(row) for row in table} == {4}
    assert table[1] == [" --- ", " --- ", " --: ", " --: "]
    labels = [row[0] for row in table]
    assert " block(8) x5 " in labels
    assert " &emsp;&emsp;CONV(8, bias=false\\*) " in labels
    assert lines[0] == "### expression"


def test_csv_has_whole_numbers_for_programs(run: Run) -> None:
    done = run(
        "check", "zoo:resnet50", "--format", "csv", "--columns", "params,macs,memory,macs-share", "--depth", "all"
    )
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    outermost = [row for row in rows if row["level"] == "0"]
    assert sum(int(row["params"]) for row in outermost) == 25_557_032
    assert sum(int(row["macs"]) for row in outermost) == 4_089_184_256
    assert sum(float(row["macs-share"]) for row in outermost) == pytest.approx(1, abs=1e-4)
    assert any(row["times"] == "5" for row in rows)


class _Page(HTMLParser):
    """Every element is closed; the texts of cells, and what the page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.refers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.refers += [str(value) for name, value in attrs if name in ("src", "href")]
        if tag == "meta":
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_html_is_a_page_of_its_own(run: Run) -> None:
    done = run("check", "-e", RESIDUAL, "--format", "html")
    page = _Page()
    page.feed(done.stdout)
    assert (page.open, page.refers) == ([], [])
    assert page.rows[0] == ["layer", "output", "params", "MACs"]
    assert page.rows[-1][0] == "total"
    assert "url(" not in done.stdout


def test_a_text_of_a_spec_stays_text(run: Run, tmp_path: Path) -> None:
    """The name of a file is all of a stranger's that a report shows as it is."""
    path = tmp_path / "<b>a_$b$&c.cnn"
    path.write_text("INPUT -> FC")
    assert "<b>" not in run("check", str(path), "--format", "html").stdout
    assert r"\<b\>a\_$b$&c" in run("check", str(path), "--format", "markdown").stdout
    latex = run("check", str(path), "--format", "latex", "--format", "totals", "--format", "latex").stdout
    assert "&c" not in latex.replace(r"\&c", "")


def test_latex_needs_what_it_names(run: Run) -> None:
    done = run("check", "zoo:resnet50", "--format", "latex")
    first, *_ = done.stdout.splitlines()
    assert first == r"% \usepackage{booktabs,longtable,textcomp}"
    assert r"\hspace*{1em}bottleneck(256) $\times$ 5" in done.stdout


@pytest.mark.tex
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="apt install texlive-latex-recommended")
def test_latex_compiles(run: Run, tmp_path: Path) -> None:
    words = ",".join(COLUMNS)
    table = run("check", "zoo:seresnet50", "--format", "latex", "--columns", words).stdout
    packages = table.splitlines()[0].removeprefix("% ")
    (tmp_path / "table.tex").write_text(
        f"\\documentclass{{article}}\n{packages}\n\\begin{{document}}\n{table}\\end{{document}}\n"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_data_have_all_that_the_table_has(run: Run) -> None:
    (model,) = json.loads(run("check", "-e", RESIDUAL, "--format", "json").stdout)
    for key in ("params", "frozen", "buffers", "macs", "flops"):
        assert model[key] == sum(node[key] for node in model["nodes"]), key
    last_map = next(node for node in model["nodes"] if node["path"] == "tanh4")
    assert last_map["field"] == {"input": {"size": [31, 31], "stride": [1, 1], "start": [-15, -15]}}
    assert {"path": "block3", "definition": "block", "call": "block(8)"} in model["blocks"]
    assert sum(node["saved"] for node in model["nodes"]) * 32 >= model["memory"]["training"]["saved"]
    assert model["operations"] == {"convention": "cnndsl", "unit": "MACs", "total": model["macs"]}


def test_data_of_a_wrong_spec_have_the_same_keys(run: Run) -> None:
    right, wrong = json.loads(run("check", "-e", "INPUT -> FC", "-e", "INPUT -> CONF", "--format", "json").stdout)
    assert list(right) == list(wrong)
    assert wrong["params"] is None


def test_every_column_and_key_is_documented(run: Run) -> None:
    page = (ROOT / "docs" / "check.md").read_text()
    for column in COLUMNS.values():
        assert f"| `{column.word}` | {column.about} |" in page
    (model,) = json.loads(run("check", "zoo:lenet5", "--format", "json").stdout)
    for key in (*model, *model["nodes"][0], *model["memory"], *model["memory"]["training"]):
        assert f"`{key}`" in page, key
