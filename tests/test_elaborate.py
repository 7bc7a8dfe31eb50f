"""From text to graph: every form that is compiled, with nodes, shapes and parameters counted by hand."""

from __future__ import annotations

import subprocess
import sys

import pytest
from specs_in_tests import compiled, diagnostics, graph, last, layers, mistakes, nodes, output, params

from cnndsl.compiler import compile_source
from cnndsl.elaborate import budget
from cnndsl.graph import verify
from cnndsl.source import Source

pytestmark = pytest.mark.core

# sequence, groups, repeats, options


@pytest.mark.parametrize("arrow", ["->", ">>", "→"])
def test_a_sequence_feeds_each_element_with_the_one_before(arrow: str) -> None:
    text = f"INPUT(3x8x8) {arrow} CONV(4) {arrow} RELU {arrow} POOL {arrow} FC(5)"
    assert nodes(text) == ["input1 3x8x8", "conv1 4x8x8", "relu1 4x8x8", "pool1 4x4x4", "fc1 5"]
    assert [[read.index for read in node.inputs] for node in graph(text)] == [[], [0], [1], [2], [3]]
    assert params(text) == (4 * 3 * 9 + 4) + (5 * 64 + 5)


@pytest.mark.parametrize(
    "text", ["[CONV(4) -> RELU]", "(CONV(4) -> RELU)", "[[CONV(4)] -> (RELU)]", "[CONV(4)] -> RELU"]
)
def test_groups_change_nothing_in_a_sequence(text: str) -> None:
    assert nodes(f"INPUT(3x8x8) -> {text}") == ["input1 3x8x8", "conv1 4x8x8", "relu1 4x8x8"]


def test_a_repeat_gives_copies_with_weights_of_their_own() -> None:
    text = "INPUT(3x8x8) -> [CONV(4) -> RELU]*3"
    copies = [f"{word}{number} 4x8x8" for number in (1, 2, 3) for word in ("conv", "relu")]
    assert nodes(text) == ["input1 3x8x8", *copies]
    assert params(text) == (4 * 3 * 9 + 4) + 2 * (4 * 4 * 9 + 4)


def test_repeats_multiply() -> None:
    for text in ("RELU*2*3", "[RELU*2]*3", "RELU*(2*3)"):
        assert len(graph(f"INPUT -> {text}")) == 1 + 6


@pytest.mark.parametrize(
    "text", ["CONV(4)*0", "[CONV(4) -> POOL(2)]*0", "[[CONV(4)*2]*0]*5", "ID*3", "[CONV(4)*3]*(2 - 2)"]
)
def test_no_copies_are_the_identity(text: str) -> None:
    assert nodes(f"INPUT(3x8x8) -> {text} -> RELU") == ["input1 3x8x8", "relu1 3x8x8"]


def test_no_copies_are_the_identity_in_a_branch() -> None:
    assert nodes("INPUT(3x8x8) -> [CONV(3) + CONV(7)*0]") == ["input1 3x8x8", "conv1 3x8x8", "add1 3x8x8"]


def test_an_option_is_present() -> None:
    text = "INPUT(3x8x8) -> CONV(4)? -> [POOL -> RELU?]? -> CONV(6)*2?"
    assert nodes(text) == ["input1 3x8x8", "conv1 4x8x8", "pool1 4x4x4", "relu1 4x4x4", "conv2 6x4x4", "conv3 6x4x4"]


def test_a_count_may_be_the_shape_that_comes_in() -> None:
    assert len(graph("INPUT(3x8x8) -> RELU*C -> TANH*(H//4)")) == 1 + 3 + 2


# merges


def test_branches_are_concatenated_along_the_channels() -> None:
    text = "INPUT(3x8x8) -> [CONV(4), CONV(5, 1) -> RELU, ID]"
    assert nodes(text) == ["input1 3x8x8", "conv1 4x8x8", "conv2 5x8x8", "relu1 5x8x8", "concat1 12x8x8"]
    assert [node.path for node in graph(text).nodes[-1].inputs] == ["conv1", "relu1", "input1"]
    assert params(text) == (4 * 3 * 9 + 4) + (5 * 3 + 5)


def test_vectors_are_concatenated() -> None:
    assert output("INPUT(8) -> [FC(3), FC(4), ID]") == "15"


def test_a_dense_block_keeps_what_it_read() -> None:
    text = "INPUT(8x6x6) -> [ID, CONV(4)]*3"
    assert output(text) == "20x6x6"
    assert params(text) == sum(4 * width * 9 + 4 for width in (8, 12, 16))


def test_a_sum_joins_all_its_terms_at_once() -> None:
    text = "INPUT(4x6x6) -> [CONV(4) + ID + CONV(4, 1)] -> RELU"
    assert nodes(text) == ["input1 4x6x6", "conv1 4x6x6", "conv2 4x6x6", "add1 4x6x6", "relu1 4x6x6"]
    assert [node.path for node in graph(text).node("add1").inputs] == ["conv1", "input1", "conv2"]


def test_differences_go_from_left_to_right() -> None:
    text = "INPUT(4x6x6) -> [RELU - TANH - SIGMOID]"
    found = graph(text)
    assert [node.path for node in found.node("subtract1").inputs] == ["relu1", "tanh1"]
    assert [node.path for node in found.node("subtract2").inputs] == ["subtract1", "sigmoid1"]


def test_sums_and_differences_mix() -> None:
    found = graph("INPUT(4x6x6) -> [RELU - TANH + ID]")
    assert [node.path for node in found.node("add1").inputs] == ["subtract1", "input1"]


def test_a_squeeze_and_excitation_block_multiplies_channels() -> None:
    text = "INPUT(32x6x6) -> [ID & GAP -> FC(C//16) -> RELU -> FC(32) -> SIGMOID]"
    words = ["input1 32x6x6", "gap1 32", "fc1 2", "relu1 2", "fc2 32", "sigmoid1 32", "multiply1 32x6x6"]
    assert nodes(text) == words
    assert params(text) == (2 * 32 + 2) + (32 * 2 + 32)


def test_a_product_of_one_map_broadcasts_over_channels() -> None:
    assert output("INPUT(8x6x6) -> [CONV(1, 1) & ID]") == "8x6x6"
    assert output("INPUT(8x6x6) -> [POOL(6) & ID]") == "8x6x6"


def test_merges_nest() -> None:
    text = "INPUT(4x6x6) -> [[CONV(4) + ID] -> RELU, [ID, ID]]"
    assert nodes(text)[-1] == "concat2 12x6x6"


def test_an_input_may_be_read_by_every_branch() -> None:
    found = graph("INPUT(4x6x6) -> [ID + ID + ID]")
    assert [node.index for node in found.nodes[-1].inputs] == [0, 0, 0]


MISFITS = {
    "INPUT(4x6x6) -> [ID, POOL]": "shape-mismatch: POOL",
    "INPUT(4x6x6) -> [POOL, ID, ID]": "shape-mismatch: ID",
    "INPUT(4x6x6) -> [ID, GAP]": "shape-mismatch: GAP",
    "INPUT(4x6x6) -> [CONV(5) + ID]": "shape-mismatch: ID",
    "INPUT(4x6x6) -> [ID - CONV(5) -> RELU]": "shape-mismatch: CONV(5) -> RELU",
    "INPUT(4x6x6) -> [ID & GAP -> FC(3)]": "shape-mismatch: GAP -> FC(3)",
    "INPUT(4x6x6) -> [POOL(n), for n in 1, 2, 3]": "shape-mismatch: [POOL(n), for n in 1, 2, 3]",
}


@pytest.mark.parametrize(("text", "mistake"), MISFITS.items(), ids=MISFITS)
def test_branches_that_do_not_fit(text: str, mistake: str) -> None:
    assert mistakes(text) == [mistake]


@pytest.mark.parametrize("text", ["CONV(4) + RELU", "CONV(4) -> RELU + ID", "CONV(4) & ID", "CONV(4) - ID"])
def test_merges_of_networks_stand_in_brackets(text: str) -> None:
    (error,) = diagnostics(f"INPUT(3x8x8) -> {text}")
    assert error.code == "bare-merge"


# definitions


def test_a_definition_is_built_where_it_is_named() -> None:
    text = "block = CONV(4) -> RELU\nINPUT(3x8x8) -> block -> block()"
    expected = ["input1 3x8x8", "block1.conv1 4x8x8", "block1.relu1 4x8x8", "block2.conv1 4x8x8", "block2.relu1 4x8x8"]
    assert nodes(text) == expected


def test_definitions_stand_in_any_order() -> None:
    text = "a = b -> b\nINPUT(3x8x8) -> a\nb = CONV(c)\nc = d*2\nd = 3"
    assert output(text) == "6x8x8"


@pytest.mark.parametrize(
    ("call", "widths"),
    [
        ("f(1)", [1, 2, 3]),
        ("f(4)", [4, 2, 6]),
        ("f(4, 5)", [4, 5, 9]),
        ("f(4, 5, 6)", [4, 5, 6]),
        ("f(4, c=6)", [4, 2, 6]),
        ("f(c=6, a=4)", [4, 2, 6]),
        ("f(b=1, a=2)", [2, 1, 3]),
    ],
)
def test_arguments_meet_their_parameters_and_defaults_the_parameters_before(call: str, widths: list[int]) -> None:
    text = f"f(a, b=2, c=a + b) = CONV(a) -> CONV(b) -> CONV(c)\nINPUT(3x8x8) -> {call}"
    assert [node.type.channels for node in graph(text).nodes[1:]] == widths


def test_a_definition_whose_parameters_all_have_defaults_needs_no_brackets() -> None:
    text = "f(a=4) = CONV(a)\nINPUT(3x8x8) -> f -> f() -> f(5)"
    assert [node.type.channels for node in graph(text)] == [3, 4, 4, 5]


ARGUMENTS = {
    "INPUT -> f": "missing-argument: f",
    "INPUT -> f()": "missing-argument: f()",
    "INPUT -> f(b=1)": "missing-argument: f(b=1)",
    "INPUT -> f(1, 2, 3)": "too-many-arguments: 3",
    "INPUT -> f(1, d=2)": "unknown-argument: d",
    "INPUT -> f(1, a=2)": "repeated-argument: a=2",
    "INPUT -> f(a=1, a=2)": "repeated-argument: a=2",
    "INPUT -> g(1)": "too-many-arguments: 1",
    "INPUT -> CONV(8, 3, 1, same, 1, 1, true, he, zeros, 9)": "too-many-arguments: 9",
    "INPUT -> CONV(8, kernal=3)": "unknown-argument: kernal",
    "INPUT -> CONV(8, filters=3)": "repeated-argument: filters=3",
    "INPUT -> CROP": "missing-argument: CROP",
    "INPUT -> CHANNELS(1)": "missing-argument: CHANNELS(1)",
    "INPUT -> RELU(1)": "too-many-arguments: 1",
    "INPUT(3, 32, 32)": "too-many-arguments: 3, 32, 32",
}


@pytest.mark.parametrize(("flow", "mistake"), ARGUMENTS.items(), ids=ARGUMENTS)
def test_arguments_that_do_not_fit_the_parameters(flow: str, mistake: str) -> None:
    assert mistakes(f"f(a, b=2) = CONV(a) -> CONV(b)\ng = RELU\n{flow}") == [mistake]


def test_positional_arguments_stand_before_keywords() -> None:
    (error,) = diagnostics("f(a, b=2) = CONV(a) -> CONV(b)\nINPUT -> f(a=1, 2)")
    assert error.span.text == "2"


def test_a_number_is_computed_at_the_call() -> None:
    text = "f(n) = CONV(4) -> CONV(n)\nINPUT(3x8x8) -> f(2*C)"
    assert output(text) == "6x8x8"


def test_a_default_is_computed_at_the_call() -> None:
    text = "f(n=2*C) = CONV(4) -> CONV(n)\nINPUT(3x8x8) -> f -> f"
    assert [node.type.channels for node in graph(text)] == [3, 4, 6, 4, 12]


def test_a_function_of_the_incoming_width_takes_it_as_a_default() -> None:
    assert output("half(c=C) = c//2\nINPUT(8x6x6) -> CONV(half()) -> CONV(half())") == "2x6x6"


def test_a_parameter_remembers_the_incoming_width() -> None:
    text = "se(r=16, c=C) = [ID & GAP -> FC(c//r) -> RELU -> FC(c) -> SIGMOID]\nINPUT(32x6x6) -> se -> se(8)"
    widths = [node.type.channels for node in graph(text) if node.layer.word() == "FC"]
    assert widths == [2, 32, 4, 32]


# networks, blocks and layers as arguments


def test_a_network_sees_the_shape_where_it_is_used() -> None:
    text = "f(net) = CONV(4) -> net\nINPUT(3x8x8) -> f(CONV(2*C))"
    assert output(text) == "8x8x8"


def test_a_network_is_built_afresh_at_each_use() -> None:
    text = "twice(net) = net -> net\nINPUT(3x8x8) -> twice(CONV(4) -> RELU)"
    names = ["conv1", "relu1", "conv2", "relu2"]
    assert [node.path for node in graph(text).nodes[1:]] == [f"twice1.{name}" for name in names]
    assert params(text) == (4 * 3 * 9 + 4) + (4 * 4 * 9 + 4)


def test_a_network_that_is_not_used_is_not_built() -> None:
    assert nodes("f(net) = RELU\nINPUT(3x8x8) -> f(CONV(4))") == ["input1 3x8x8", "f1.relu1 3x8x8"]


def test_a_network_may_be_a_default() -> None:
    text = "f(act=RELU) = CONV(4) -> act\nINPUT(3x8x8) -> f -> f(TANH) -> f(act=BN -> SILU)"
    words = " ".join(node.layer.word() for node in graph(text))
    assert words == "INPUT CONV RELU CONV TANH CONV BN SILU"


def test_a_network_keeps_the_names_of_the_place_where_it_is_written() -> None:
    text = "w = 5\nf(w, net) = CONV(w) -> net\ng(w) = f(2, CONV(w))\nINPUT(3x8x8) -> g(7) -> f(1, CONV(w))"
    assert [node.type.channels for node in graph(text)] == [3, 2, 7, 1, 5]


def test_layers_and_blocks_are_passed_by_bare_name_and_called_inside() -> None:
    text = (
        "sep(c, k=3) = DWCONV(k) -> CONV(c, 1)\n"
        "two(conv) = conv(8) -> conv(9, k5)\n"
        "k5 = 5\n"
        "INPUT(3x8x8) -> two(CONV) -> two(sep)"
    )
    assert nodes(text) == [
        "input1 3x8x8",
        "two1.conv1 8x8x8",
        "two1.conv2 9x8x8",
        "two2.sep1.dwconv1 9x8x8",
        "two2.sep1.conv1 8x8x8",
        "two2.sep2.dwconv1 8x8x8",
        "two2.sep2.conv1 9x8x8",
    ]


def test_networks_nest_as_arguments() -> None:
    text = "level(c, inner) = CONV(c) -> [ID, POOL -> inner -> DECONV(c)]\nINPUT(1x8x8) -> level(2, level(3, CONV(5)))"
    assert [str(node.type) for node in graph(text)] == [
        "1x8x8",
        "2x8x8",
        "2x4x4",
        "3x4x4",
        "3x2x2",
        "5x2x2",
        "3x4x4",
        "6x4x4",
        "2x8x8",
        "4x8x8",
    ]


def test_a_parameter_may_be_a_number_in_one_call_and_a_network_in_another() -> None:
    text = "f(a, b) = [a + b]\ng(a, n) = a*n\nINPUT(3x8x8) -> f(CONV(3), ID) -> g(RELU, 2) -> FC(g(f(2, 3), 4))"
    assert nodes(text) == [
        "input1 3x8x8",
        "f1.conv1 3x8x8",
        "f1.add1 3x8x8",
        "g1.relu1 3x8x8",
        "g1.relu2 3x8x8",
        "fc1 20",
    ]


@pytest.mark.parametrize("use", ["a", "a -> a", "a*2", "[a, ID]", "b(a)"])
def test_a_definition_may_be_a_call_that_turns_out_to_be_a_network(use: str) -> None:
    words = [node.layer.word() for node in graph(f"f(n) = n\na = f(RELU)\nb(x) = x\nINPUT -> {use} -> FC(f(3))")]
    assert words[1] == "RELU"
    assert words[-1] == "FC"


def test_what_a_name_stands_for_must_fit_its_place() -> None:
    assert mistakes("f(n) = n(3)\nINPUT -> f(4)") == ["not-a-network: n"]
    assert mistakes("f(net) = net(3)\nINPUT -> f(RELU -> TANH)") == ["too-many-arguments: net(3)"]
    assert mistakes("f(net) = CONV(net)\nINPUT -> f(RELU)") == ["bad-argument: net"]
    assert mistakes("n = 4\nINPUT -> n") == ["not-a-network: n"]
    assert mistakes("b = RELU -> TANH\nINPUT -> FC(b)") == ["bad-argument: b"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("5", "not-a-network: 5"),
        ("3x3", "not-a-network: 3x3"),
        ("same", "not-a-network: same"),
        ("true", "not-a-network: true"),
        ('"text"', 'not-a-network: "text"'),
        ("(3, 4)", "not-a-network: (3, 4)"),
        ("max(2, 3)", "not-a-network: max(2, 3)"),
        ("3*CONV(4)", "not-a-network: 3*CONV(4)"),
        ("CONV(4)*3-1", "not-a-network: CONV(4)*3-1"),
        ("CONV(4)/2", "not-a-number: CONV(4)"),
        ("CONV(4)*RELU", "bad-count: RELU"),
        ("CONV(4)*-1", "bad-count: -1"),
        ("CONV(4)*2.5", "bad-count: 2.5"),
        ("CONV(4)*true", "bad-count: true"),
        ("CONV(4)*3x3", "bad-count: 3x3"),
        ("CONV(4)*same", "bad-count: same"),
    ],
)  # fmt: skip
def test_a_value_where_a_network_belongs_or_a_wrong_count(text: str, mistake: str) -> None:
    assert mistakes(f"INPUT -> {text}") == [mistake]


# tables


def rows(table: str, names: str = "c", body: str = "CONV(c)") -> list[int]:
    """The channels behind each row of a chain."""
    return [node.type.channels for node in graph(f"INPUT(3x8x8) -> [{body} for {names} in {table}]").nodes[1:]]


def test_a_table_is_a_chain_of_its_rows() -> None:
    assert rows("4, 5, 6") == [4, 5, 6]
    assert rows("(4, 1), (5, 3)", "c, k", "CONV(c, k)") == [4, 5]


def test_a_single_row_is_a_local_definition() -> None:
    assert rows("2*C") == [6]
    assert rows("(4, 1)", "c, k", "CONV(c) -> CONV(k)") == [4, 1]


@pytest.mark.parametrize("table", ["(4, 5)", "(4, 5),", "range(4, 6)", "4, 5,"])
def test_with_one_name_a_single_tuple_is_spread(table: str) -> None:
    assert rows(table) == [4, 5]


def test_a_single_tuple_of_rows_is_spread() -> None:
    assert rows("((4, 1), (5, 3))", "c, k", "CONV(c, k)") == [4, 5]


def test_a_named_table_is_spread() -> None:
    text = "t = ((4, 1), (5, 3))\nu = (6, 7)\nINPUT(3x8x8) -> [CONV(c, k) for c, k in t] -> [CONV(c) for c in u]"
    assert [node.type.channels for node in graph(text)] == [3, 4, 5, 6, 7]


def test_rows_of_a_table_may_be_tables() -> None:
    text = "table = ((4, 5), (6, 7))\nINPUT(3x8x8) -> [[CONV(c) for c in row] for row in table]"
    assert [node.type.channels for node in graph(text)] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("table", ["()", "range(0)", "empty"])
def test_a_chain_of_no_rows_is_the_identity(table: str) -> None:
    assert nodes(f"empty = ()\nINPUT(3x8x8) -> [CONV(c) for c in {table}] -> RELU") == ["input1 3x8x8", "relu1 3x8x8"]


def test_rows_are_concatenated() -> None:
    text = "INPUT(3x8x8) -> [CONV(c, k), for c, k in (4, 1), (5, 3), (6, 5)]"
    assert output(text) == "15x8x8"
    assert params(text) == (4 * 3 + 4) + (5 * 3 * 9 + 5) + (6 * 3 * 25 + 6)


@pytest.mark.parametrize(("join", "word"), [("+", "add1"), ("&", "multiply1"), ("-", "subtract2")])
def test_rows_are_merged(join: str, word: str) -> None:
    text = f"INPUT(3x8x8) -> [CONV(4, k) {join} for k in 1, 3, 5]"
    assert nodes(text)[-1] == f"{word} 4x8x8"
    assert params(text) == sum(4 * 3 * k * k + 4 for k in (1, 3, 5))


def test_a_merge_of_one_row_is_that_row() -> None:
    assert nodes("INPUT(3x8x8) -> [CONV(4) + for k in 1,]") == ["input1 3x8x8", "conv1 4x8x8"]


@pytest.mark.parametrize("join", [",", " +", " -", " &"])
def test_a_merge_of_no_rows_has_no_result(join: str) -> None:
    assert mistakes(f"INPUT -> [CONV(4){join} for k in ()]") == [f"bad-row: [CONV(4){join} for k in ()]"]


def test_rows_hold_words_layers_and_networks() -> None:
    text = 'INPUT(3x8x8) -> [f(4, padding=p) -> net for f, p, net in (CONV, same, RELU), (CONV, "valid", POOL -> TANH)]'
    assert nodes(text) == [
        "input1 3x8x8",
        "conv1 4x8x8",
        "relu1 4x8x8",
        "conv2 4x6x6",
        "pool1 4x3x3",
        "tanh1 4x3x3",
    ]


def test_rows_are_computed_once_where_the_loop_is_entered() -> None:
    assert rows("C + 1, C + 2") == [4, 5]
    assert rows("range(1, C)", body="CONV(c*5)") == [5, 10]


def test_names_of_a_row_are_seen_in_its_body_only() -> None:
    text = "c = 9\nINPUT(3x8x8) -> [CONV(c) for c in 4, 5] -> CONV(c)"
    assert [node.type.channels for node in graph(text)] == [3, 4, 5, 9]
    (error,) = diagnostics("INPUT -> [CONV(c) for c in 4, 5] -> CONV(c)")
    assert error.span.start == len("INPUT -> [CONV(c) for c in 4, 5] -> CONV(")


def test_loops_nest_and_see_the_rows_around_them() -> None:
    assert rows("3, 4", "d", "[CONV(c*d) for c in 1, 2]") == [3, 6, 4, 8]


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ("(4, 1), (5, 3, 2)", "bad-row: (5, 3, 2)"),
        ("(4, 1), 5", "bad-row: 5"),
        ("4, 1", "bad-row: 4"),
        ("(4,), (5, 1)", "bad-row: (4,)"),
        ("((4, 1), (5,))", "bad-row: ((4, 1), (5,))"),
    ],
)
def test_every_row_has_as_many_entries_as_there_are_names(table: str, mistake: str) -> None:
    assert mistakes(f"INPUT(3x8x8) -> [CONV(c, k) for c, k in {table}]") == [mistake]


def test_the_odd_row_is_pointed_at() -> None:
    (error,) = diagnostics("INPUT -> [CONV(c, k) for c, k in (4, 1), (5, 3), (6, 1, 2), (7, 1)]")
    assert error.span.text == "(6, 1, 2)"
    assert "3 entries" in error.message


@pytest.mark.parametrize("join", [",", " +", " -", " &"])
def test_a_table_of_one_row_joins_nothing(join: str) -> None:
    assert [node.layer.word() for node in graph(f"INPUT -> [CONV(c){join} for c in 4]")] == ["INPUT", "CONV"]


def test_a_name_stands_once_in_a_row() -> None:
    assert len(diagnostics("INPUT -> [CONV(c) for c, c in (4, 5)]")) == 1


# conditionals


def test_a_conditional_looks_at_the_incoming_shape() -> None:
    text = "shortcut(c) = ID if C == c else CONV(c, 1)\nINPUT(3x8x8) -> shortcut(4) -> shortcut(4)"
    assert nodes(text) == ["input1 3x8x8", "shortcut1.conv1 4x8x8"]


@pytest.mark.parametrize(
    ("test", "width"),
    [
        ("true", 4),
        ("false", 5),
        ("C == 3", 4),
        ("C != 3", 5),
        ("H > W", 5),
        ("H == 8 and W == 8", 4),
        ("C > 5 or W <= 8", 4),
        ("not C == 3", 5),
        ("n >= 2", 4),
        ("mode == fast", 4),
        ("mode == same", 5),
        ("flag", 4),
    ],
)
def test_tests(test: str, width: int) -> None:
    text = f'n = 2\nmode = "fast"\nfast = "fast"\nflag = true\nINPUT(3x8x8) -> [CONV(4) if {test} else CONV(5)]'
    assert output(text) == f"{width}x8x8"


def test_conditionals_chain() -> None:
    step = "[CONV(4) if C == 3 else CONV(5) if C == 4 else CONV(6)]"
    assert [node.type.channels for node in graph(f"INPUT(3x8x8) -> {step}*4")] == [3, 4, 5, 6, 6]


def test_a_conditional_chooses_numbers() -> None:
    text = "s(c) = 2 if c > 4 else 1\nINPUT(3x8x8) -> CONV(4, 3, s(4)) -> CONV(5, 3, 1 if C == 5 else s(5))"
    assert [str(node.type) for node in graph(text)] == ["3x8x8", "4x8x8", "5x4x4"]


def test_the_side_that_is_not_taken_is_not_elaborated() -> None:
    assert nodes("INPUT(3x8x8) -> [[CONV(0) -> FC(C/2)] if C > 3 else RELU]") == ["input1 3x8x8", "relu1 3x8x8"]
    assert nodes("INPUT(3x8x8) -> [RELU if true else POOL(99)]") == ["input1 3x8x8", "relu1 3x8x8"]
    assert output("INPUT(3x8x8) -> FC(2 if true else 1/0)") == "2"


@pytest.mark.parametrize(
    ("side", "mistake"),
    [
        ("FOO", "unknown-layer: FOO"),
        ("foo(3)", "unknown-layer: foo"),
        ("CONV(foo)", "unbound-count: foo"),
        ("CONV(3)*foo", "unbound-count: foo"),
        ("RELU(1)", "too-many-arguments: 1"),
        ("CONV(3, kernal=3)", "unknown-argument: kernal"),
        ("block(1, 2)", "too-many-arguments: 2"),
    ],
)
@pytest.mark.parametrize("place", ["[RELU if true else {}]", "[{} if false else RELU]", "[{}]*0", "[{} for i in ()]"])
def test_code_that_is_not_reached_is_still_checked_for_names(side: str, mistake: str, place: str) -> None:
    text = f"block(a) = CONV(a)\nINPUT(3x8x8) -> {place.format(f'[{side}]')}"
    assert mistakes(text) == [mistake]


@pytest.mark.parametrize(
    "body", ["RELU -> FOO", "CONV(FOO)", "[FOO, RELU]", "FOO", "CONV(3)*FOO", "RELU if FOO > 2 else ID"]
)
def test_a_definition_that_is_not_used_is_still_checked_for_names(body: str) -> None:
    (error,) = diagnostics(f"unused(a) = {body}\nINPUT -> RELU")
    assert error.span.text == "FOO"


@pytest.mark.parametrize("side", ["CONV(4) -> RELU", "CONV(4) + RELU"])
@pytest.mark.parametrize("text", ["[{} if C == 3 else ID]", "[ID if C == 3 else {}]"])
def test_each_side_is_a_single_element(side: str, text: str) -> None:
    (error,) = diagnostics(f"INPUT(3x8x8) -> {text.format(side)}")
    assert (error.code, error.span.text) == ("bare-branch", side)


def test_a_path_before_a_conditional_is_shown_with_both_readings() -> None:
    (error,) = diagnostics("f(n) = CONV(n) -> f(n-1) if n > 1 else ID\nINPUT -> f(3)")
    assert error.code == "bare-branch"
    assert "`[CONV(n) -> f(n-1)] if n > 1 else ID`" in error.help
    assert "`CONV(n) -> [f(n-1) if n > 1 else ID]`" in error.help


# recursion and limits


def test_a_definition_may_contain_itself_where_a_conditional_ends_it() -> None:
    text = "f(n) = [CONV(n) -> f(n-1)] if n > 0 else ID\nINPUT(3x8x8) -> f(3)"
    assert nodes(text) == ["input1 3x8x8", "f1.conv1 3x8x8", "f1.f1.conv1 2x8x8", "f1.f1.f1.conv1 1x8x8"]


def test_recursion_over_streams() -> None:
    text = "f(n) = [ID, POOL -> f(n-1) -> DECONV(1)] if n > 0 else ID\nINPUT(1x8x8) -> f(3)"
    assert output(text) == "2x8x8"
    assert len([node for node in graph(text) if node.layer.word() == "POOL"]) == 3


def test_functions_of_numbers_may_call_themselves() -> None:
    text = "f(n) = n*f(n-1) if n > 1 else 1\nINPUT(3x8x8) -> FC(f(5))"
    assert output(text) == "120"


def test_two_definitions_may_call_each_other() -> None:
    text = "even(n) = [RELU -> odd(n-1)] if n > 0 else ID\nodd(n) = TANH -> even(n-1)\nINPUT -> even(4)"
    assert [node.layer.word() for node in graph(text)] == ["INPUT", "RELU", "TANH", "RELU", "TANH"]


def test_200_calls_may_be_inside_each_other() -> None:
    text = "f(n) = [RELU -> f(n-1)] if n > 1 else RELU\nINPUT -> f({})"
    assert len(graph(text.format(200))) == 201
    (error,) = diagnostics(text.format(201))
    assert error.code == "endless-definition"
    assert error.span.text == "f(n-1)"
    assert len(error.chain) == 200


@pytest.mark.parametrize(
    "text",
    [
        "f = RELU -> f\nINPUT -> f",
        "f(n) = [RELU -> f(n+1)]\nINPUT -> f(1)",
        "f(n) = RELU if n < 0 else f(n+1)\nINPUT -> f(1)",
        "f = g\ng = [RELU -> f]\nINPUT -> f",
        "f(n) = f(n+1)\nINPUT -> FC(f(1))",
        "a = b + 1\nb = a + 1\nINPUT -> FC(a)",
        "a = a\nINPUT -> FC(a)",
        "f(net) = f(net -> RELU)\nINPUT -> f(RELU)",
        "f = [f, f]\nINPUT -> f",
    ],
)
def test_a_definition_without_an_end_is_one_mistake(text: str) -> None:
    (error,) = diagnostics(text)
    assert error.code == "endless-definition"


@pytest.mark.parametrize(
    "text",
    [
        "INPUT -> RELU*200001",
        "INPUT -> RELU*(10**15)",
        "INPUT -> [[RELU*1000]*1000]*1000",
        "a = INPUT -> RELU*120000\nb = INPUT -> RELU*120000\nc = INPUT -> RELU*120000",
    ],
)
def test_the_networks_of_a_file_have_a_largest_size(text: str) -> None:
    (error,) = diagnostics(text)
    assert error.code == "too-many-nodes"


def test_the_models_of_a_file_share_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MOST_STEPS", 60_000)
    one, two = ("\n".join(f"{name} = INPUT -> [ID*150]*100" for name in names) for names in ("a", "ab"))
    assert graph(one).nodes
    assert [error.code for error in diagnostics(two)] == ["too-many-steps"]


def test_sizes_stay_below_the_largest_whole_number() -> None:
    assert diagnostics("INPUT(3x4x4) -> DECONV(4, 2, 2**62) -> FC(H)")


def doubled(first: str, combined: str, times: int = 60) -> str:
    """Definitions each of which holds the one before twice."""
    lines = [f"a{number} = {combined.format(f'a{number - 1}')}" for number in range(1, times)]
    return "\n".join([f"a0 = {first}", *lines])


ENDLESS = {
    "numbers-that-double": "f(n) = f(n-1) + f(n-1) if n > 0 else 1\nINPUT -> FC(f(60))",
    "tuples-that-double": f"{doubled('(1, 1)', '({0}, {0})')}\nINPUT -> FC(a59)",
    "joined-rows": "r = range(10000)\nINPUT -> [[ID, for a in r], for b in r]",
}
ENDLESS_TOO = {
    "arguments-that-double": f"f(net) = [net -> net]\nINPUT -> {'f(' * 60}ID{')' * 60}",
    "calls-that-double": "f(n) = [f(n-1) -> f(n-1)] if n > 0 else RELU\nINPUT -> f(60)",
    "rows-of-rows": "r = range(10000)\nINPUT -> [[RELU for a in r] for b in r]",
    "copies-of-nothing": "INPUT -> [[[ID*1000]*1000]*1000]*1000",
    "networks-that-double": f"{doubled('ID', '{0} -> {0}')}\nINPUT -> a59",
    "added-rows": "r = range(10000)\nINPUT -> [[ID + for a in r] for b in r]",
    "rows-of-numbers": "r = range(10000)\nf(n) = f(n-1) if n > 0 else 1\nINPUT -> [[FC(f(99)) for a in r] for b in r]",
}


def codes_in_time(text: str) -> str:
    """The codes that another process finds; it may take a minute."""
    program = (
        "import sys; from cnndsl.compiler import compile_source; from cnndsl.source import Source\n"
        "print(*{found.code for found in compile_source(Source('net.cnn', sys.stdin.read())).diagnostics})"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-300:]
    return done.stdout.strip()


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_what_would_never_end_is_a_mistake_in_time(text: str) -> None:
    assert codes_in_time(text)


@pytest.mark.slow
@pytest.mark.parametrize("text", ENDLESS_TOO.values(), ids=ENDLESS_TOO)
def test_what_else_would_never_end_is_a_mistake_in_time(text: str) -> None:
    assert codes_in_time(text)


LONG = {
    "sum": "1" + " + 1" * 20_000,
    "product": "1" + "*1" * 4000,
    "quotient": "1" + "/1" * 4000,
    "conditional": "1 if false else " * 3000 + "1",
    "negations": "1 if " + "not " * 4000 + "true else 1",
    "power": "1**" * 4000 + "1",
    "minus": "-" * 4000 + "1",
}


@pytest.mark.parametrize("expression", LONG.values(), ids=LONG)
def test_a_long_expression_has_a_value_or_is_refused_in_time(expression: str) -> None:
    assert codes_in_time(f"INPUT -> FC({expression})") in ("", "nested-too-deep")


def test_a_long_path_is_compiled() -> None:
    assert len(graph("INPUT" + " -> RELU" * 20_000)) == 20_001


# C H W


@pytest.mark.parametrize(
    ("size", "name", "extent"),
    [
        ("7", "C", 7),
        ("7x6", "C", 7),
        ("7x6", "W", 6),
        ("7x6x5", "C", 7),
        ("7x6x5", "H", 6),
        ("7x6x5", "W", 5),
        ("7x6x5x2", "C", 7),
        ("7x6x5x2", "H", 5),
        ("7x6x5x2", "W", 2),
    ],
)
def test_the_shape_that_comes_in(size: str, name: str, extent: int) -> None:
    assert output(f"INPUT({size}) -> FC({name})") == str(extent)


@pytest.mark.parametrize(("size", "name"), [("7", "H"), ("7", "W"), ("7x6", "H")])
def test_a_shape_without_such_an_axis(size: str, name: str) -> None:
    assert mistakes(f"INPUT({size}) -> FC({name})") == [f"no-shape: {name}"]


@pytest.mark.parametrize("text", ["INPUT(C)", "n = C\nINPUT -> FC(n)", "n = 2*max(1, H)\nINPUT -> FC(n)"])
def test_at_the_top_level_nothing_comes_in(text: str) -> None:
    (error,) = diagnostics(text)
    assert error.code == "no-shape"
    assert f"{error.span.text.lower()}={error.span.text}" in error.help


def test_in_a_branch_the_shape_is_what_comes_into_its_element() -> None:
    assert output("INPUT(3x8x8) -> CONV(4) -> [CONV(C), CONV(2*C)]") == "12x8x8"
    assert output("INPUT(3x8x8) -> [ID, CONV(5) -> CONV(2*C)]") == "13x8x8"
    assert output("INPUT(3x8x8) -> [ID & GAP -> FC(C)]*2") == "3x8x8"


# names


def test_layers_are_written_in_any_case() -> None:
    text = "Input(3x8x8) -> Conv(4) -> ReLU -> relu -> MaxPool -> fc(5)"
    assert [node.layer.word() for node in graph(text)] == ["INPUT", "CONV", "RELU", "RELU", "MAXPOOL", "FC"]


def test_a_definition_in_lower_case_stands_beside_the_layer_in_capitals() -> None:
    text = "conv(c) = CONV(c) -> BN\nINPUT(3x8x8) -> conv(4) -> CONV(5)"
    assert [node.layer.word() for node in graph(text)] == ["INPUT", "CONV", "BN", "CONV"]


@pytest.mark.parametrize(
    "text",
    [
        "conv(c) = CONV(c)\nINPUT -> Conv(4)",
        "conv(c) = Conv(c)\nINPUT -> conv(4)",
        "Conv(c) = CONV(c)\nINPUT -> conv(4)",
        "pool = POOL(3, 2)\nINPUT -> Pool",
        "bn = BN -> RELU\nINPUT -> [Bn if true else bn]",
        "f(pool) = pool -> Pool\nINPUT -> f(POOL)",
        "INPUT -> [relu -> Relu for relu in RELU, TANH]",
    ],
)
def test_a_third_spelling_is_an_error(text: str) -> None:
    (error,) = diagnostics(text)
    assert error.code == "ambiguous-case"
    assert error.span.text.rstrip("(").lower() in ("conv", "pool", "bn", "relu")


RESERVED = ["{} = 3\nINPUT", "{}(a) = TANH\nINPUT", "f({}) = TANH\nINPUT -> f(1)", "INPUT -> [TANH for {} in 1]"]


@pytest.mark.parametrize("name", ["CONV", "RELU", "C", "H", "W"])
@pytest.mark.parametrize("text", RESERVED, ids=["definition", "block", "parameter", "row"])
def test_layers_in_capitals_and_shape_names_are_reserved(name: str, text: str) -> None:
    assert [found.code for found in diagnostics(text.format(name))] == ["reserved-name"]


def test_a_name_is_defined_once() -> None:
    (error,) = diagnostics("a = 1\nb = 2\na(x) = CONV(x)\nINPUT -> FC(b)")
    assert (error.code, error.span.position.line) == ("defined-twice", 3)
    assert [other.span.position.line for other in error.others] == [1]


def test_a_parameter_is_named_once() -> None:
    assert mistakes("f(a, a) = CONV(a)\nINPUT -> f(1, 2)") == ["bad-parameter: a"]


def test_a_default_uses_earlier_parameters_only() -> None:
    (error,) = diagnostics("f(aaa=bbb, bbb=2) = CONV(aaa)\nINPUT -> f")
    assert (error.code, error.span.text) == ("read-before-named", "bbb")
    assert error.help == "a default reads the parameters before it"


@pytest.mark.parametrize("text", ["INPUT -> [CONV -> POOL]*5 -> CONV", "INPUT(512x2x2) -> CONV(C, 7, 2) -> CONV(C, 3)"])
def test_a_small_map_is_no_sign_of_channels_that_were_written(text: str) -> None:
    assert compiled(text).diagnostics == ()


def test_a_block_does_not_see_the_parameters_of_its_caller() -> None:
    (error,) = diagnostics("f(a) = CONV(width)\ng(width) = f(1)\nINPUT -> g(7)")
    assert (error.span.text, error.span.position.line) == ("width", 1)


def test_a_parameter_hides_a_definition() -> None:
    assert output("c = 9\nf(c) = CONV(c)\nINPUT(3x8x8) -> f(4)") == "4x8x8"


def test_a_definition_hides_a_function() -> None:
    assert output("max(a) = a + 1\nINPUT(3x8x8) -> FC(max(3))") == "4"


def test_words_of_layers_are_symbols_and_strings_mean_the_same() -> None:
    specs = [f"INPUT(3x8x8) -> CONV(4, 3, padding={word})" for word in ("valid", '"valid"')]
    assert layers(specs[0]) == layers(specs[1])
    assert output("p = valid\nINPUT(3x8x8) -> CONV(4, 3, padding=p)") == "4x6x6"


@pytest.mark.parametrize(
    ("text", "mistake", "meant"),
    [
        ("INPUT -> CONVV(3)", "unknown-layer: CONVV", "CONV"),
        ("INPUT -> Rellu", "unknown-layer: Rellu", "RELU"),
        ("block = RELU\nINPUT -> blok", "unknown-layer: blok", "block"),
        ("INPUT -> CONV(3, padding=sam)", "unknown-name: sam", "same"),
        ("width = 3\nINPUT -> CONV(widht)", "unknown-name: widht", "width"),
        ("f(stride) = CONV(3, stride=strid)\nINPUT -> f(1)", "unknown-name: strid", "stride"),
        ("INPUT -> CONV(3, kernal=3)", "unknown-argument: kernal", "kernel"),
        ("INPUT -> FC(maxx(1, 2))", "unknown-layer: maxx", "max"),
    ],
)
def test_an_unknown_name_is_answered_with_what_was_meant(text: str, mistake: str, meant: str) -> None:
    (error,) = diagnostics(text)
    assert f"{error.code}: {error.span.text}" == mistake
    assert f"did you mean `{meant}`?" in error.help


@pytest.mark.parametrize(
    "text", ["INPUT -> RELU*N", "INPUT -> FC(N)", "x = N\nINPUT -> FC(x)", "INPUT -> CONV(2*N + 1)"]
)
def test_a_free_name_shows_both_ways_to_bind_it(text: str) -> None:
    (error,) = diagnostics(text)
    assert (error.code, error.span.text) == ("unbound-count", "N")
    assert "`N = 2`" in error.help
    assert "-D N=2" in error.help


# paths


def test_paths_tell_the_blocks_that_a_node_came_through() -> None:
    text = (
        "conv(c) = CONV(c) -> BN\n"
        "bottleneck(c) = [conv(c) -> conv(c) -> conv(4*c) + ID] -> RELU\n"
        "stage(n) = bottleneck(2)*n\n"
        "INPUT(8x6x6) -> stage(2) -> stage(1) -> CONV(3)"
    )
    paths = [node.path for node in graph(text)]
    assert "stage1.bottleneck2.conv3.conv1" in paths
    assert "stage2.bottleneck1.add1" in paths
    assert paths[-1] == "conv1"
    assert graph(text).node("stage2.bottleneck1.conv2.bn1").scope == ("stage2", "bottleneck1", "conv2")


def test_nodes_and_blocks_are_numbered_among_their_kind_in_each_block() -> None:
    text = "a = RELU -> TANH -> RELU -> b\nb = RELU\nINPUT(3x8x8) -> a -> RELU -> b -> a -> [RELU + b]"
    assert [node.path for node in graph(text)] == [
        "input1",
        "a1.relu1",
        "a1.tanh1",
        "a1.relu2",
        "a1.b1.relu1",
        "relu1",
        "b1.relu1",
        "a2.relu1",
        "a2.tanh1",
        "a2.relu2",
        "a2.b1.relu1",
        "relu2",
        "b2.relu1",
        "add1",
    ]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("f(a) = a\nINPUT -> f(RELU)*2 -> f(TANH)", ["f1.relu1", "f2.relu1", "f3.tanh1"]),
        ("g(a, n) = a*n\nINPUT -> RELU*g(1, 1) -> g(RELU, 2)", ["relu1", "g1.relu1", "g1.relu2"]),
        ("f(a) = a\nINPUT -> f(f(RELU)) -> f(TANH)", ["f1.f1.relu1", "f2.tanh1"]),
        ("f(a) = a\nINPUT -> [f(RELU) if f(3) == 3 else ID]", ["f1.relu1"]),
    ],
    ids=["repeated", "a-number-too", "nested", "tested"],
)
def test_only_calls_that_build_nodes_are_numbered(text: str, paths: list[str]) -> None:
    assert [node.path for node in graph(text).nodes[1:]] == paths


@pytest.mark.parametrize(
    "text",
    [
        "a = RELU\na1 = RELU\nINPUT -> a*11 -> a1",
        "a1 = RELU\na = RELU\nINPUT -> a1 -> a*11",
        "conv = CONV(4)\nconv1 = CONV(4)\nINPUT -> conv*11 -> conv1*2 -> CONV(4)*11",
        "A = RELU\na = TANH -> RELU\nINPUT -> A -> a",
        "relu = RELU\nINPUT -> [relu -> RELU]*2",
    ],
)
def test_paths_are_unique(text: str) -> None:
    found = graph(text)
    paths = [node.path for node in found]
    assert len(set(paths)) == len(paths)
    verify(found)


def test_a_node_knows_where_it_was_written() -> None:
    text = "block(c) = CONV(c) -> RELU\nINPUT(3x8x8) -> block(4) -> [ID + ID]"
    spans = [node.span.text for node in graph(text)]
    assert spans == ["INPUT(3x8x8)", "CONV(c)", "RELU", "ID + ID"]


# flows, inputs, outputs


def test_every_flow_is_an_output_and_every_input_an_input() -> None:
    found = graph("INPUT(3x8x8) -> FC(4)\nINPUT(7) -> FC(5)\nINPUT(2x5) -> FC(6)")
    assert [(end.name, str(end.node.type)) for end in found.inputs] == [
        ("input", "3x8x8"),
        ("input2", "7"),
        ("input3", "2x5"),
    ]
    assert [(end.name, str(end.node.type)) for end in found.outputs] == [("out", "4"), ("out2", "5"), ("out3", "6")]


def test_a_flow_may_begin_with_several_inputs() -> None:
    text = "[INPUT(3x8x8) -> CONV(4), INPUT(1x8x8)] -> CONV(2)"
    assert nodes(text) == ["input1 3x8x8", "conv1 4x8x8", "input2 1x8x8", "concat1 5x8x8", "conv2 2x8x8"]
    assert [end.node.path for end in graph(text).inputs] == ["input1", "input2"]


def test_an_input_may_be_an_output() -> None:
    found = graph("INPUT(3x8x8)")
    assert found.inputs[0].node is found.outputs[0].node


@pytest.mark.parametrize("size", ["784", "1x28x28", "40x98", "1x16x112x112"])
def test_inputs_have_up_to_three_spatial_sizes(size: str) -> None:
    assert output(f"INPUT({size}) -> RELU") == size


@pytest.mark.parametrize("text", ["", "# nothing", "a = 3", "block = RELU -> TANH"])
def test_a_file_without_a_flow_has_no_network(text: str) -> None:
    assert [found.code for found in diagnostics(text)] == ["no-input"]


@pytest.mark.parametrize("text", ["INPUT(3x8x8)*0", "[INPUT for i in ()]", "INPUT(3x8x8) -> FC(2)\nINPUT*0"])
def test_a_flow_without_a_node_is_a_mistake(text: str) -> None:
    assert len(diagnostics(text)) == 1


@pytest.mark.parametrize("text", ["RELU -> FC(3)", "RELU", "INPUT -> FC(3)\nRELU -> FC(2)", "[RELU] -> FC(3)"])
def test_a_flow_that_reads_what_comes_in_lacks_an_arrow(text: str) -> None:
    (error,) = diagnostics(text)
    assert (error.code, error.span.text) == ("missing-arrow", "RELU")


def test_a_flow_that_starts_with_a_block_lacks_an_arrow() -> None:
    assert [found.code for found in diagnostics("block = RELU -> TANH\nblock -> FC(3)")] == ["missing-arrow"]


@pytest.mark.parametrize(
    "text", ["INPUT -> RELU -> INPUT", "INPUT -> [INPUT, INPUT]", "INPUT -> INPUT(3x8x8) -> FC(1)"]
)
def test_an_input_in_the_middle_of_a_path_loses_what_arrives(text: str) -> None:
    (error,) = diagnostics(text)
    assert (error.code, error.span.text[:5]) == ("input-inside", "INPUT")


# -D


SETTABLE = """\
width  = 4
twice  = width*2
mode   = same
bias   = true
kernel = 3x3
rate   = 0.5
table  = ((4, 1), (5, 3))
block  = RELU
wide(c) = CONV(c*width)
INPUT(3x8x8)
  -> CONV(twice, kernel, padding=mode, bias=bias) -> DROPOUT(rate) -> [CONV(c, k) for c, k in table] -> block*N
"""


def test_without_values_definitions_have_their_own() -> None:
    assert layers(SETTABLE, N=0)[1:3] == ["CONV(8, bias=true)", "DROPOUT"]
    assert [node.type.channels for node in graph(SETTABLE, N=0)] == [3, 8, 8, 4, 5]


VALUES = [
    ("width", 6, "6", 1, "filters", 12),
    ("mode", "valid", "valid", 1, "padding", "valid"),
    ("mode", "valid", '"valid"', 1, "padding", "valid"),
    ("bias", False, "false", 1, "bias", False),
    ("kernel", (1, 3), "1x3", 1, "kernel", (1, 3)),
    ("kernel", [1, 3], "(1, 3)", 1, "kernel", (1, 3)),
    ("kernel", 5, "5", 1, "kernel", (5, 5)),
    ("rate", 0.25, "0.25", 2, "p", 0.25),
    ("rate", 1, "1", 2, "p", 1),
    ("rate", 1e-05, "1e-5", 2, "p", 1e-5),
    ("twice", 5, "2 + 3", 1, "filters", 5),
    ("twice", 5, "max(5, 4)", 1, "filters", 5),
    ("table", ((7, 1), (8, 1)), "((7, 1), (8, 1))", 3, "filters", 7),
    ("table", [[7, 1]], "((7, 1),)", 3, "filters", 7),
]


@pytest.mark.parametrize(
    ("name", "value", "text", "node", "attribute", "bound"), VALUES, ids=[f"{row[0]}={row[1]!r}" for row in VALUES]
)
def test_a_definition_takes_its_value_from_outside(
    name: str, value: object, text: str, node: int, attribute: str, bound: object
) -> None:
    """As a Python value, and as text, which is how the command line gives it."""
    for given in (value, text):
        layer = graph(SETTABLE, N=0, **{name: given}).nodes[node].layer
        assert layer.value(attribute) == bound


def test_dependents_follow() -> None:
    assert last("a = 2\nb = a + 1\nf(c=b) = FC(c*a)\nINPUT -> f", a=10).value("units") == 110


def test_a_free_name_takes_its_value_from_outside() -> None:
    text = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"
    assert len(graph(text, N=2, M=3, K=1)) == 1 + 3 * 5 + 2 + 1
    assert len(graph(text, N="0", M="0", K="0")) == 2


def test_a_free_name_in_a_definition_takes_its_value_from_outside() -> None:
    assert last("x = n*2\nf(c) = FC(c + n)\nINPUT -> f(x)", n=4).value("units") == 12


def test_a_negative_number_can_be_set() -> None:
    text = "a = 1\nINPUT(6x7x5) -> LRN(1, alpha=a)"
    assert last(text, a=-3).value("alpha") == last(text, a="-3").value("alpha") == -3
    assert last(text, a=-0.5).value("alpha") == -0.5


@pytest.mark.parametrize("name", ["M", "widht", "c", "k", "f", "same", "CONV", "C", "", "a b", "for"])
def test_an_unknown_name_cannot_be_set(name: str) -> None:
    """Parameters of definitions and names of rows among them."""
    (error,) = diagnostics(SETTABLE, N=0, **{name: 3})
    assert (error.code, error.span.text) == ("bad-override", name)
    assert error.span.source.name == "command line"


@pytest.mark.parametrize("name", ["block", "wide"])
def test_a_block_cannot_be_set(name: str) -> None:
    (error,) = diagnostics(SETTABLE, N=0, **{name: 3})
    assert (error.code, error.span.text) == ("bad-override", name)
    assert "block" in error.message


def test_a_name_that_cannot_be_set_is_answered_with_what_was_meant() -> None:
    (error,) = diagnostics(SETTABLE, N=0, widht=3)
    assert "did you mean `width`?" in error.help


BAD_VALUES = ["", "1 +", "1/0", "a b", "[RELU]", "CONV(3)", "f(3)", "a = 3", "1\n2", "$", "9" * 30, "# 3"]


@pytest.mark.parametrize("text", BAD_VALUES)
def test_a_value_that_is_none_is_one_mistake(text: str) -> None:
    (error,) = diagnostics(SETTABLE, N=0, width=text)
    assert error.span.source.name == "command line"
    assert error.span.source.text.startswith("-D width=")


@pytest.mark.parametrize("text", BAD_VALUES)
def test_a_free_name_with_a_bad_value_is_one_mistake(text: str) -> None:
    """That it has no value now is no news."""
    (error,) = diagnostics("INPUT -> RELU*N", N=text)
    assert error.span.source.name == "command line"


@pytest.mark.parametrize("value", [2.5, -1, True, "same", (1, 2)], ids=repr)
def test_a_value_of_the_wrong_kind_is_reported_where_it_is_used(value: object) -> None:
    assert mistakes(SETTABLE, N=value) == ["bad-count: N"]


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), object, {"a": 1}, b"same"], ids=repr)
def test_a_python_value_that_the_language_lacks_is_one_mistake(value: object) -> None:
    assert len(diagnostics(SETTABLE, N=0, width=value)) == 1


def test_a_name_is_free_where_it_is_free_though_it_is_a_parameter_elsewhere() -> None:
    text = "f(n) = RELU*n\nINPUT -> f(n)"
    assert len(graph(text, n=2)) == 3


def test_the_recipe_is_never_looked_at() -> None:
    text = 'TRAIN(data="digits", optimizer=SGD(lr=0.1), schedule=COSINE, foo=BAR(1, 2) -> BAZ, x=3xHxW)\nINPUT -> FC(3)'
    assert output(text) == "3"
    assert diagnostics(text, SGD=3)[0].code == "bad-override"


# one mistake, one message

ONE_MISTAKE = {
    "INPUT(3x8x8) -> FOO -> FC(C) -> CONV(H) -> [CONV(3) if C > 3 else ID]*W": "unknown-layer: FOO",
    "INPUT(3x8x8) -> POOL(9) -> FC(3) -> CONV(4)": "window-too-large: 9",
    "INPUT(3x8x8) -> FC(3) -> CONV(4) -> POOL -> CONV(5)": "needs-map: CONV(4)",
    "INPUT(3x8x8) -> [CONV(4), POOL, CONV(7, padding=valid)] -> [ID + CONV(3)] -> CROP(9)": "shape-mismatch: POOL",
    "INPUT(3x8x8) -> [CONV(4) + ID] -> FC(C//0)": "shape-mismatch: ID",
    "c(n) = CONV(n, kernal=3)\nINPUT -> c(3) -> c(4) -> c(5)": "unknown-argument: kernal",
    "c(n) = CONV(n*FOO)\nINPUT -> c(3) -> c(4) -> c(5)": "unbound-count: FOO",
    "c(n) = CONV(n/2)\nINPUT -> c(3) -> c(5) -> c(7)": "bad-argument: n/2",
    "c(n) = CONV(n)\nINPUT -> c -> c(4) -> CONV(C)": "missing-argument: c",
    "c(n) = CONV(n)\nINPUT -> c(3, 4) -> c(4) -> CONV(C)": "too-many-arguments: 4",
    "c = CONV(3)\nINPUT -> c(2)": "too-many-arguments: 2",
    "x = 1/0\nINPUT -> CONV(x) -> CONV(x)*x -> FC(x)": "bad-arithmetic: 1/0",
    "x = foo\nINPUT -> CONV(x) -> CONV(x)*x -> FC(x)": "unbound-count: foo",
    "x = foo + 1\ny = x*2\nINPUT -> CONV(y) -> [FC(y) if y > 2 else ID]": "unbound-count: foo",
    "INPUT(3x8x8) -> CONV(0)*5 -> POOL(9)": "bad-argument: 0",
    "INPUT(3x8x8) -> [POOL(9)]*5": "window-too-large: 9",
    "INPUT(3x8x8) -> [POOL(k) for k in 2, 2, 9, 2]": "window-too-large: k",
    "INPUT(3x8x8) -> CONV(8, groups=2) -> CONV(4, groups=4)": "groups: groups=2",
    "INPUT(3x8x8) -> [CONV(4)*n, RELU -> FC(C)] -> FC(3)": "unbound-count: n",
    "INPUT(3x8x8) -> [CONV(c, k) for c, k in (1, 2), (3,)] -> FC(C) -> POOL": "bad-row: (3,)",
    "INPUT(0x8x8) -> CONV(4) -> FC(3)": "bad-argument: 0x8x8",
    "CONV(4) -> CONV(C) -> POOL(99)": "missing-arrow: CONV(4)",
    "f(n) = [RELU -> f(n)]\nINPUT -> f(1) -> FC(C)": "endless-definition: f(n)",
    "a = 1\na = 2\nINPUT -> FC(a)": "defined-twice: a",
    "f(FC) = CONV(FC)\nINPUT -> f(3)": "reserved-name: FC",
    "INPUT -> [CONV(4) if 3 else CONV(5)] -> CONV(C)": "bad-value: 3",
    "INPUT -> CONV(4, padding=max) -> CONV(C)": "bad-argument: padding=max",
    "f(a) = CONV(a) -> CONV(foo)\nINPUT -> f(3) -> f(4)": "unbound-count: foo",
    "INPUT -> [CONV(4) + RELU if C == 3 else ID]": "bare-branch: CONV(4) + RELU",
}  # fmt: skip


@pytest.mark.parametrize(("text", "mistake"), ONE_MISTAKE.items(), ids=ONE_MISTAKE)
def test_one_mistake_is_one_message(text: str, mistake: str) -> None:
    assert mistakes(text) == [mistake]


def test_all_independent_mistakes_come_in_one_run_in_the_order_of_the_text() -> None:
    text = (
        "a = 1\n"
        "a = 2\n"
        "f(FC) = RELU\n"
        "unused = FOO -> RELU\n"
        "INPUT(3x8x8) -> CONV(foo) -> BAR\n"
        "INPUT(3x8x8) -> POOL(9) -> RELU(1)\n"
        "INPUT(3x8x8) -> CONV(4, kernal=3) -> [ID + RELU]\n"
        "INPUT(3x8x8) -> [ID + POOL]\n"
        "RELU -> FC(1/0)\n"
    )
    assert mistakes(text) == [
        "defined-twice: a",
        "reserved-name: FC",
        "unknown-layer: FOO",
        "unbound-count: foo",
        "unknown-layer: BAR",
        "window-too-large: 9",
        "too-many-arguments: 1",
        "unknown-argument: kernal",
        "shape-mismatch: POOL",
        "missing-arrow: RELU",
        "bad-arithmetic: 1/0",
    ]


def test_mistakes_of_the_branches_are_independent() -> None:
    text = "INPUT(3x8x8) -> [CONV(0), POOL(9) -> RELU, FC(3) -> CONV(4), ID] -> CONV(C)"
    assert mistakes(text) == ["bad-argument: 0", "window-too-large: 9", "needs-map: CONV(4)"]


def test_a_message_tells_the_calls_that_led_to_it() -> None:
    text = "pool(k) = POOL(k)\nstage(k) = RELU -> pool(k)\nINPUT(3x8x8) -> stage(2) -> stage(9)"
    (error,) = diagnostics(text)
    assert [step.span.text for step in error.chain] == ["stage(9)", "pool(k)"]


def test_warnings_alone_leave_a_graph() -> None:
    compilation = compiled("INPUT(32x32x3) -> FC(3)")
    assert compilation.graph is not None
    assert not compilation.has_errors
    assert [found.code for found in compilation.diagnostics] == ["size-order"]


def test_compiling_twice_gives_the_same() -> None:
    text = "f(n) = CONV(n) -> RELU\nINPUT(3x8x8) -> [f(4), f(5)]*2 -> FC"
    assert str(graph(text)) == str(graph(text))
    wrong = "INPUT -> FOO -> CONV(n)"
    source = Source("net.cnn", wrong)
    assert compile_source(source).diagnostics == compile_source(source).diagnostics
