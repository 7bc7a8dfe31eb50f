"""Conventions without the tools: what is stated of them, open sizes, and the tables of docs/counting.md."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest
from conftest import ROOT
from specs_in_tests import compiled, graph

import cnndsl
from cnndsl.analyses.conventions import CONVENTIONS, counted
from cnndsl.analyses.cost import cost
from cnndsl.layers import built_in_layer_types
from cnndsl.layers.extent import Extent

PAGE = (ROOT / "docs" / "counting.md").read_text()


def test_a_row_for_each_node_in_order_whose_sum_is_the_total() -> None:
    found = counted(graph("INPUT(3x8x8) -> CONV(4) -> RELU -> FC(10)"), "ptflops")
    assert found.unit == "MACs"
    assert found.rows == (0, 27 * 256 + 256, 2 * 256, 256 * 10 + 10)
    assert found.total == sum(found.rows)


def test_a_convention_that_is_none() -> None:
    with pytest.raises(KeyError):
        counted(graph("INPUT(8) -> FC"), "thop")


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_open_sizes_give_formulas_for_the_same_numbers(convention: str) -> None:
    compared = 0
    for layer in built_in_layer_types():
        for example in layer.examples:
            found = re.fullmatch(r"(INPUT\(\d+)x(\d+)x(\d+)(\)((?!INPUT).)*)", example.spec)
            if found is None:
                continue
            start, height, width, rest, _ = found.groups()
            opened = compiled(f"{start}xHxW{rest}").graph
            if opened is None:  # the example needs its sizes
                continue
            total = counted(opened, convention).total
            sizes = {"H": int(height), "W": int(width)}
            value = total.evaluate(sizes) if isinstance(total, Extent) else total
            assert value == counted(graph(example.spec), convention).total, example.spec
            compared += 1
    assert compared > 80


def test_nothing_heavy_is_imported() -> None:
    script = "import sys, cnndsl.analyses.conventions; print(*{'torch', 'numpy', 'networkx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


# The page


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, its first line being the titles."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines if "--:" not in line[-1]]


def test_the_numbers_of_the_page_are_those_of_the_specs() -> None:
    titles, *found = rows("Each spec by each convention")
    assert titles == ["spec", "MACs", *CONVENTIONS]
    for stem, macs, *totals in found:
        model = cnndsl.load(f"zoo:{stem}")
        assert macs == f"{cost(model.graph).macs:,}"
        assert totals == [f"{counted(model.graph, name).total:,}" for name in CONVENTIONS], stem
    assert len(found) >= 20


def test_the_page_tells_where_the_numbers_of_resnet50_come_from() -> None:
    titles, *found = rows("ResNet-50, layer by layer")
    network = cnndsl.load("zoo:resnet50").graph
    assert titles == ["layer", "MACs", *CONVENTIONS]
    columns = [[row.macs for row in cost(network).rows], *(counted(network, name).rows for name in CONVENTIONS)]
    by_word = [Counter[str]() for _ in columns]
    for sums, column in zip(by_word, columns, strict=True):
        for node, count in zip(network, column, strict=True):
            sums[node.layer.word()] += count
    shown = {word: cells for word, *cells in found}
    assert shown.pop("all") == [f"{sums.total():,}" for sums in by_word]
    assert shown == {word: [f"{sums[word]:,}" for sums in by_word] for word in shown}
    left_out = {node.layer.word() for node in network} - set(shown)
    assert all(sums[word] == 0 for sums in by_word for word in left_out)


def test_the_page_names_every_unit() -> None:
    for name, convention in CONVENTIONS.items():
        assert f"| `{name}` |" in PAGE
        assert re.search(rf"^\| `{name}` \|.*\| {convention.unit} \|", PAGE, re.M)
