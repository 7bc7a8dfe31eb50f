"""The intermediate representation: what holds of every graph, and the views on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import networkx
import pytest
from specs_in_tests import NETWORKS, graph

from cnndsl.graph import End, Graph, InvalidGraph, Node, verify
from cnndsl.layers import TensorType
from cnndsl.model import load

pytestmark = pytest.mark.core

BLOCK = "block(c) = [CONV(c) -> BN + ID] -> RELU\nINPUT(4x8x8) -> block(4)*2 -> GAP -> FC(3)"


def with_node(of: Graph, place: int, **changes: object) -> Graph:
    """The graph with one node changed; those behind it still read the old one."""
    nodes = list(of.nodes)
    nodes[place] = replace(nodes[place], **changes)  # type: ignore[arg-type]  # any field
    return replace(of, nodes=tuple(nodes))


def chain(text: str = "INPUT(4x8x8) -> RELU -> CONV(3)") -> Graph:
    return graph(text)


# verification


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_every_spec_gives_a_graph_that_holds(spec: Path) -> None:
    found = load(spec).graph
    assert verify(found) is found


def test_a_node_at_the_wrong_place_is_refused() -> None:
    with pytest.raises(InvalidGraph, match="says it is number 7"):
        verify(with_node(chain(), 2, index=7))


def test_nodes_in_another_order_are_refused() -> None:
    first, second, third = chain().nodes
    with pytest.raises(InvalidGraph, match="relu1"):
        verify(replace(chain(), nodes=(second, first, third)))


def test_a_node_that_reads_what_stands_behind_it_is_refused() -> None:
    found = chain()
    with pytest.raises(InvalidGraph, match="relu1 reads conv1"):
        verify(with_node(found, 1, inputs=(found.nodes[2],)))


def test_a_node_that_reads_itself_is_refused() -> None:
    found = with_node(chain(), 1)
    looped = found.nodes[1]
    object.__setattr__(looped, "inputs", (looped,))
    with pytest.raises(InvalidGraph, match="relu1 reads relu1"):
        verify(found)


def test_a_node_that_reads_another_graph_is_refused() -> None:
    with pytest.raises(InvalidGraph, match="relu1 reads input1"):
        verify(with_node(chain(), 1, inputs=(chain().nodes[0],)))


def test_two_nodes_of_one_path_are_refused() -> None:
    found = graph("INPUT(4x8x8) -> RELU -> RELU")
    with pytest.raises(InvalidGraph, match="two nodes are called relu1"):
        verify(with_node(found, 2, name="relu1"))


def test_a_type_that_the_layer_does_not_give_is_refused() -> None:
    with pytest.raises(InvalidGraph, match="conv1 is 3x8x9, but its layer gives 3x8x8"):
        verify(with_node(chain(), 2, type=TensorType(3, (8, 9))))


@pytest.mark.parametrize("ends", ["inputs", "outputs"])
def test_an_end_that_is_no_node_of_the_graph_is_refused(ends: str) -> None:
    stranger = chain().nodes[-1]
    with pytest.raises(InvalidGraph, match="conv1 is not in the graph"):
        verify(replace(chain(), **{ends: (End("x", stranger),)}))


def test_an_end_behind_the_last_node_is_refused() -> None:
    found = chain()
    stranger = replace(found.nodes[-1], index=99)
    with pytest.raises(InvalidGraph, match="not in the graph"):
        verify(replace(found, outputs=(End("out", stranger),)))


# views


def test_a_graph_is_its_nodes() -> None:
    found = graph(BLOCK)
    assert len(found) == len(found.nodes) == 11
    assert list(found) == list(found.nodes)
    assert [node.index for node in found] == list(range(11))


def test_a_node_is_found_by_its_path() -> None:
    found = graph(BLOCK)
    assert all(found.node(node.path) is node for node in found)
    assert found.node("block2.conv1").index == 5
    assert found.node("block2.conv1").scope == ("block2",)


@pytest.mark.parametrize("path", ["", "conv1", "block1", "block1.conv2", "block3.conv1"])
def test_a_path_that_is_not_there_is_a_key_error(path: str) -> None:
    with pytest.raises(KeyError):
        graph(BLOCK).node(path)


def test_readers_are_those_that_read_in_execution_order() -> None:
    found = graph(BLOCK)
    readers = {node.path: [reader.path for reader in read_by] for node, read_by in found.readers().items()}
    assert list(readers) == [node.path for node in found]
    assert readers["input1"] == ["block1.conv1", "block1.add1"]
    assert readers["block1.relu1"] == ["block2.conv1", "block2.add1"]
    assert readers["fc1"] == []


def test_a_reader_of_two_arguments_is_named_twice() -> None:
    found = graph("INPUT(4x8x8) -> [ID + ID]")
    assert found.readers()[found.nodes[0]] == [found.nodes[1], found.nodes[1]]


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_readers_are_the_inputs_turned_round(spec: Path) -> None:
    found = load(spec).graph
    forward = sorted((read.index, node.index) for node in found for read in node.inputs)
    backward = sorted((node.index, reader.index) for node, readers in found.readers().items() for reader in readers)
    assert forward == backward


def test_types_that_enter_are_those_of_the_inputs() -> None:
    node = graph("INPUT(4x8x8) -> [CONV(3), ID]").node("concat1")
    assert [str(entering) for entering in node.input_types] == ["3x8x8", "4x8x8"]


def test_the_printed_form() -> None:
    assert str(graph(BLOCK)).splitlines() == [
        "graph net",
        "  %0 = INPUT(4x8x8)() : 4x8x8  # input1",
        "  %1 = CONV(4, bias=false*)(%0) : 4x8x8  # block1.conv1",
        "  %2 = BN(%1) : 4x8x8  # block1.bn1",
        "  %3 = ADD(%2, %0) : 4x8x8  # block1.add1",
        "  %4 = RELU(%3) : 4x8x8  # block1.relu1",
        "  %5 = CONV(4, bias=false*)(%4) : 4x8x8  # block2.conv1",
        "  %6 = BN(%5) : 4x8x8  # block2.bn1",
        "  %7 = ADD(%6, %4) : 4x8x8  # block2.add1",
        "  %8 = RELU(%7) : 4x8x8  # block2.relu1",
        "  %9 = GAP(%8) : 4  # gap1",
        "  %10 = FC(3)(%9) : 3  # fc1",
        "  return out = %10",
    ]


def test_the_printed_form_of_several_outputs() -> None:
    assert str(graph("INPUT(3) -> FC(2)\nINPUT(4)")).splitlines()[-1] == "  return out = %1, out2 = %2"


def test_nodes_are_equal_only_to_themselves() -> None:
    one, other = chain(), chain()
    assert one.nodes[0] != other.nodes[0]
    assert len({*one.nodes, *other.nodes}) == 6


def test_nodes_are_frozen() -> None:
    with pytest.raises(AttributeError):
        chain().nodes[0].name = "x"  # type: ignore[misc]


# networkx


def test_networkx_sees_a_vertex_for_each_path_and_an_edge_for_each_argument() -> None:
    view = graph(BLOCK).to_networkx()
    assert view.name == "net"
    assert list(view.nodes) == [node.path for node in graph(BLOCK)]
    assert view.nodes["block1.conv1"] == {"layer": "CONV(4, bias=false*)", "word": "CONV", "shape": (4, 8, 8)}
    assert list(view.in_edges("block1.add1", keys=True, data="shape")) == [
        ("block1.bn1", "block1.add1", 0, (4, 8, 8)),
        ("input1", "block1.add1", 1, (4, 8, 8)),
    ]


def test_networkx_keeps_two_edges_between_two_nodes() -> None:
    view = graph("INPUT(4x8x8) -> [ID + ID]").to_networkx()
    assert view.number_of_edges("input1", "add1") == 2
    assert sorted(view["input1"]["add1"]) == [0, 1]


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_networkx_finds_the_shipped_networks_acyclic_and_in_order(spec: Path) -> None:
    found = load(spec).graph
    view = found.to_networkx()
    assert networkx.is_directed_acyclic_graph(view)
    assert view.number_of_nodes() == len(found)
    assert view.number_of_edges() == sum(len(node.inputs) for node in found)
    position = {node.path: node.index for node in found}
    assert all(position[read] < position[reader] for read, reader in view.edges())
    assert networkx.has_path(view, found.inputs[0].node.path, found.outputs[0].node.path)


def test_a_node_says_what_it_is() -> None:
    node: Node = graph("INPUT(4x8x8) -> [CONV(3), ID]").node("concat1")
    assert repr(node) == "%2 = CONCAT(%1, %0) : 7x8x8  # concat1"


def test_every_scope_knows_the_call_behind_it() -> None:
    blocks = graph("a(c, s=1, act=RELU) = CONV(c, 3, s) -> act\nb(n) = a(2*n) -> a(n, act=SILU)\nINPUT -> b(4)").blocks
    assert {".".join(scope): str(block) for scope, block in blocks.items()} == {
        "b1": "b(4)",
        "b1.a1": "a(8)",
        "b1.a2": "a(4, act=SILU)",
    }
    assert blocks["b1", "a2"].arguments == {"c": 4, "s": 1, "act": "SILU"}


def test_a_block_without_nodes_is_no_scope() -> None:
    assert graph("pass = ID\nINPUT -> pass -> FC").blocks == {}
