"""cnndsl as a library."""

from __future__ import annotations

import pytest
from conftest import ROOT

import cnndsl
from cnndsl.source import UnreadableSource


def test_load_takes_paths_and_names_of_the_zoo() -> None:
    assert cnndsl.load(ROOT / "specs" / "lenet5.cnn").name == cnndsl.load("zoo:lenet5").name == "lenet5"


def test_a_model_has_its_graph_and_its_source() -> None:
    net = cnndsl.parse("INPUT(1x28x28) -> FC(10)")
    assert [str(node.type) for node in net.graph] == ["1x28x28", "10"]
    assert net.source.text == "INPUT(1x28x28) -> FC(10)"
    assert repr(net) == "<Model text: 2 nodes>"


def test_the_summary_prints_the_table_and_knows_the_totals() -> None:
    summary = cnndsl.load("zoo:resnet50").summary()
    assert (summary.params, summary.macs, summary.buffers) == (25_557_032, 4_089_184_256, 53_173)
    assert "25,557,032" in str(summary)
    assert repr(summary) == str(summary)


def test_parameters_are_keywords() -> None:
    assert cnndsl.parse("INPUT -> [FC(8)]*n", n=3).graph.outputs[0].node.name == "fc3"


def test_mistakes_raise_with_the_message_of_the_command_line() -> None:
    with pytest.raises(cnndsl.SpecError, match="did you mean `CONV`") as raised:
        cnndsl.parse("INPUT -> CONF(8)")
    assert [found.code for found in raised.value.diagnostics] == ["unknown-layer"]


def test_a_missing_file_raises() -> None:
    with pytest.raises(UnreadableSource, match=r"nowhere\.cnn"):
        cnndsl.load("nowhere.cnn")


def test_warnings_are_kept_with_the_model() -> None:
    assert [found.code for found in cnndsl.parse("INPUT(32x32x3) -> FC").diagnostics] == ["size-order"]


def test_unknown_names_of_the_package_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = cnndsl.nonsense


@pytest.mark.parametrize("size", ["3x64x64", (3, 64, 64), {"input": "3x64x64"}])
def test_the_size_of_the_input_can_be_set(size: object) -> None:
    net = cnndsl.load("zoo:lenet5", input=size, classes=7)
    assert [net.graph.inputs[0].node.type.shape, net.graph.outputs[0].node.type.shape] == [(3, 64, 64), (7,)]
