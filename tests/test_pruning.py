"""Parts of networks: what an output is computed from."""

from __future__ import annotations

import pytest

import cnndsl
from cnndsl.graph import Graph, leading_to, verify
from cnndsl.source import zoo

pytestmark = pytest.mark.core

HEADS = """head = GAP -> FC(10)
INPUT(3x32x32) -> [CONV(8) -> BN -> RELU]*2 as x -> CONV(16) -> RELU -> GAP -> FC(10)
x -> head as early
x -> CONV(4) as late -> head
"""


def only(graph: Graph, number: int) -> Graph:
    return verify(leading_to(graph, graph.outputs[number : number + 1]))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_one_output_keeps_what_it_is_computed_from_and_its_name(number: int) -> None:
    graph = cnndsl.parse(HEADS).graph
    part = only(graph, number)
    assert [end.name for end in part.outputs] == [graph.outputs[number].name]
    assert part.outputs[0].node.path == graph.outputs[number].node.path
    read = {node for node in part for node in node.inputs}
    assert all(node in read for node in part if node is not part.outputs[0].node)


def test_layers_keep_their_paths() -> None:
    graph = cnndsl.parse(HEADS).graph
    assert {node.path for node in only(graph, 1)} < {node.path for node in graph}
    assert {node.path for node in graph} == {node.path for number in range(3) for node in only(graph, number)}


@pytest.mark.parametrize("name", zoo())
def test_all_outputs_of_a_shipped_network_keep_all_of_it(name: str) -> None:
    graph = cnndsl.load(f"zoo:{name}").graph
    assert str(verify(leading_to(graph, graph.outputs))) == str(graph)


def test_weights_that_were_shared_with_what_is_left_out_belong_to_what_is_left() -> None:
    graph = cnndsl.parse(
        "shared head(c) = GAP -> FC(c)\nINPUT(3x8x8) as x -> CONV(4) -> head(5)\nx -> CONV(4) -> head(5)"
    ).graph
    assert sum(node.shares is not None for node in graph) == 1
    assert not any(node.shares for node in only(graph, 1))


def test_all_inputs_stay() -> None:
    graph = cnndsl.parse("INPUT(3x8x8) as a -> CONV(4)\nINPUT(3x8x8) as b -> CONV(4)").graph
    assert [end.name for end in only(graph, 0).inputs] == ["a", "b"]
