"""The rules of the language that bind a file together: values, bodies, sharing, models, switches, other files.

Each rule has a spec that keeps it and one that breaks it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from specs_in_tests import compiled, diagnostics, graph, layers, mistakes, nodes, output, params

import cnndsl
from cnndsl.compiler import compile_source
from cnndsl.source import Source, read

pytestmark = pytest.mark.core


def outputs(text: str, **parameters: object) -> dict[str, str]:
    """The size of every output by its name."""
    return {end.name: str(end.node.type) for end in graph(text, **parameters).outputs}


def inputs(text: str) -> dict[str, str]:
    return {end.name: str(end.node.type) for end in graph(text).inputs}


def codes(text: str, **parameters: object) -> list[str]:
    return [found.code for found in diagnostics(text, **parameters)]


# what was silently wrong in a first reading, each right or a mistake

SHARED_WIDTHS = "shared h = CONV(4)\nINPUT(4x8x8) as a -> CONV(8) as b\na -> h\nb -> h"
TRAPS = {
    "A -> x -> B": ("INPUT as x -> RELU as y -> CONV(4) -> x -> CONV(4)", "lost-value"),
    "[v -> head for v in p3, p4]": ("INPUT as p -> POOL as q\n[v -> CONV(4) for v in p, q]", "lost-value"),
    "an unbracketed side": ("f(n) = CONV(n) -> f(n-1) if n > 1 else ID\nINPUT -> f(3)", "bare-branch"),
    "shared on two widths": (SHARED_WIDTHS, "shared-weights"),
    "a gate of the wrong length": ("INPUT(8x4x4) -> [ID & GAP -> FC(4) -> SIGMOID]", "shape-mismatch"),
    "Conv beside conv": ("conv(c) = CONV(c)\nINPUT -> conv(4) -> Conv(8)", "ambiguous-case"),
    "padding=sane": ("INPUT -> CONV(8, padding=sane)", "unknown-name"),
    "CONV(-3)": ("INPUT -> CONV(-3)", "bad-argument"),
    "CONV(C/2) with odd C": ("INPUT -> CONV(C/2)", "bad-argument"),
    "*(n-1) with n = 0": ("f(n) = RELU*(n-1)\nINPUT -> f(0)", "bad-count"),
    "rows of unequal length": ("INPUT -> [CONV(a, b) for a, b in (1, 2), (3, 4, 5)]", "bad-row"),
    "two flows from x = INPUT": ("x = INPUT(3x8x8)\nx -> FC(4)\nx -> FC(3)", "model-as-value"),
    "two flows from x = INPUT, bare": ("x = INPUT\nx -> FC(4)\nx -> FC(3)", "model-as-value"),
    "CHANNELS(2, 9) of 3": ("INPUT -> CHANNELS(2, 9)", "out-of-range"),
    "CROP(9) of 8": ("INPUT(3x8x8) -> CROP(9)", "out-of-range"),
    "a statement on another's line": ("INPUT -> RELU x = 3", "missing-arrow"),
}


@pytest.mark.parametrize(("text", "code"), TRAPS.values(), ids=TRAPS)
def test_a_trap_is_a_mistake(text: str, code: str) -> None:
    assert set(codes(text)) == {code}


RIGHT = {
    "n = 8 - 2 - 1": ("n = 8 - 2 - 1\nINPUT -> CONV(n)", "5x32x32"),
    "A*2 as x": ("INPUT(3x8x8) -> CONV(3)*2 as x -> [CONV(3) + x]", "3x8x8"),
    "a label read by a later branch": ("INPUT(3x8x8) -> [CONV(8) as a -> BN, a -> CONV(4)]", "12x8x8"),
}


@pytest.mark.parametrize(("text", "size"), RIGHT.values(), ids=RIGHT)
def test_a_trap_is_right(text: str, size: str) -> None:
    assert output(text) == size


# values: `as`, and paths that start from them


def test_a_path_starts_from_a_value() -> None:
    text = "INPUT(3x8x8) -> CONV(4) as x -> POOL -> CONV(4) -> UNPOOL2 -> [ID + x]"
    text = text.replace("UNPOOL2", "DECONV(4)")
    assert nodes(text)[-1] == "add1 4x8x8"
    assert [read.path for read in graph(text).nodes[-1].inputs] == ["deconv1", "conv1"]


def test_a_name_holds_for_all_copies_and_for_a_whole_merge() -> None:
    assert outputs("INPUT(3x8x8) -> CONV(3)*2 as x -> RELU\nx") == {"out": "3x8x8", "x": "3x8x8"}
    text = "INPUT(3x8x8) -> [CONV(3) + ID] as x -> POOL\n[x + x -> RELU]"
    assert graph(text).outputs[-1].node.inputs[0].path == "add1"


def test_a_later_branch_reads_what_an_earlier_one_names() -> None:
    text = "INPUT(3x8x8) -> [CONV(8) as a -> BN, a -> CONV(4)]"
    assert output(text) == "12x8x8"
    assert mistakes("INPUT(3x8x8) -> [a -> CONV(4), CONV(8) as a -> BN]") == ["read-before-named: a"]


def test_a_value_is_read_below_what_names_it() -> None:
    assert outputs("INPUT(3x8x8) as x\nx -> FC(2)\nx -> FC(3)") == {"out": "2", "out2": "3"}
    assert mistakes("x -> FC(2)\nINPUT(3x8x8) as x") == ["read-before-named: x"]


BODIES = {
    "a definition": "block = CONV(4) as x -> RELU\nINPUT(3x8x8) -> block -> [ID, x]",
    "a copy": "INPUT(3x8x8) -> [CONV(4) as x -> RELU]*2 -> [ID, x]",
    "a row": "INPUT(3x8x8) -> [CONV(c) as x -> RELU for c in 4, 8] -> [ID, x]",
}


@pytest.mark.parametrize("text", BODIES.values(), ids=BODIES)
def test_outside_the_body_that_names_it_nobody_sees_a_value(text: str) -> None:
    assert mistakes(text) == ["out-of-sight: x"]


def test_each_copy_and_each_row_has_values_of_its_own() -> None:
    copies = graph("INPUT(4x8x8) -> [CONV(4) as x -> RELU -> [ID + x]]*2")
    rows = graph("INPUT(4x8x8) -> [CONV(4, k) as x -> RELU -> [ID + x] for k in 3, 3]")
    for each in (copies, rows):
        assert [[read.path for read in node.inputs] for node in each if node.name.startswith("add")] == [
            ["relu1", "conv1"],
            ["relu2", "conv2"],
        ]


def test_a_definition_does_not_see_the_values_of_the_file() -> None:
    assert codes("block = [ID + x]\nINPUT(3x8x8) -> CONV(3) as x -> block") == ["out-of-sight"]
    assert output("block(v) = [ID + v]\nINPUT(3x8x8) -> CONV(3) as x -> RELU -> block(x)") == "3x8x8"


def test_a_body_names_a_value_once() -> None:
    assert mistakes("INPUT -> CONV(4) as x -> RELU as x") == ["named-twice: x"]
    assert codes("f(x) = CONV(4) as x\nINPUT -> f(3)") == ["named-twice"]
    assert codes("x = 3\nINPUT -> CONV(x) as x") == ["named-twice"]
    assert output("f = CONV(4) as x -> RELU -> [ID + x]\nINPUT(3x8x8) -> f as x -> f -> [ID + x]") == "4x8x8"


@pytest.mark.parametrize("name", ["RELU", "C", "H"])
def test_a_value_is_not_called_like_a_layer_or_a_shape(name: str) -> None:
    assert mistakes(f"INPUT -> CONV(4) as {name}") == [f"reserved-name: {name}"]


def test_a_value_in_an_argument_belongs_to_the_caller() -> None:
    text = "once(net) = net -> RELU\nINPUT(3x8x8) -> once(CONV(3) as y) -> [ID + y]"
    assert [read.path for read in graph(text).nodes[-1].inputs] == ["once1.relu1", "once1.conv1"]
    twice = "twice(net) = net -> net\nINPUT(3x8x8) -> twice(CONV(3) as y) -> [ID + y]"
    assert codes(twice) == ["named-twice"]


def test_a_value_that_is_not_built_is_not_read() -> None:
    assert mistakes("INPUT -> [CONV(3) as x if C == 4 else ID] -> RELU -> [ID + x]") == ["not-built: x"]
    assert output("INPUT -> [CONV(3) as x if C == 3 else ID] -> RELU -> [ID + x]") == "3x32x32"


# nothing is dropped


DROPPED = {
    "a value in the middle": ("INPUT -> CONV(8) as x -> RELU -> x -> CONV(4)", "x"),
    "a merge of values": ("INPUT as x -> RELU as y -> CONV(4) -> [x, y]", "x"),
    "rows in a chain": ("INPUT as p -> POOL as q\n[v -> CONV(4) for v in p, q]", "v"),
    "a value again": ("INPUT as x\nx*2 -> CONV(4)", "x*2"),
    "a block that reads its argument": ("f(v) = v -> RELU\nINPUT as x -> CONV(4) -> f(x)", "v"),
}


@pytest.mark.parametrize(("text", "place"), DROPPED.values(), ids=DROPPED)
def test_what_arrives_is_read(text: str, place: str) -> None:
    assert mistakes(text)[0] == f"lost-value: {place}"


KEPT = {
    "read by another branch": "INPUT(3x8x8) as x -> RELU -> [ID + x]",
    "read by its name": "INPUT(3x8x8) as x -> RELU as y -> x -> CONV(4)\ny -> FC(3)",
    "an output": "INPUT(3x8x8) as x -> RELU as y -> x -> CONV(4)\ny",
    "an input beside it": "INPUT(3x8x8) -> [ID, INPUT(1x8x8)] -> CONV(4)",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_is_read_elsewhere_may_arrive_at_a_value(text: str) -> None:
    graph(text)


def test_what_arrives_at_a_mistake_is_not_said_to_be_lost() -> None:
    assert codes("INPUT as x -> RELU as y -> x -> CONV(4)\ny -> CONV(0)") == ["bad-argument"]


# flows, inputs, outputs


def test_outputs_are_ends_that_nothing_reads_and_bare_names_in_the_order_of_the_text() -> None:
    text = "INPUT(3x8x8) as x -> CONV(4) as p\np\nx -> FC(3) as logits\np -> FC(2)\np -> GAP"
    assert outputs(text) == {"p": "4x8x8", "logits": "3", "out": "2", "out2": "4"}


@pytest.mark.parametrize("flow", ["x -> ID as y", "x as y", "[x] as y", "f(x) as y", "x -> CONV(4)*0 as y"])
def test_a_flow_that_computes_nothing_is_an_output_all_the_same(flow: str) -> None:
    text = f"f(v) = v\nINPUT(3x8x8) -> CONV(4) as x -> FC(3)\n{flow}"
    assert outputs(text) == {"out": "3", "y": "4x8x8"}


@pytest.mark.parametrize("flow", ["main", "[main]", "[other -> FC(3)] if false else main"])
def test_a_value_is_an_output_once(flow: str) -> None:
    found = graph(f"INPUT(8) -> FC(5) as other -> FC(4) as main\n{flow}")
    assert [(end.name, str(end.node.type)) for end in found.outputs] == [("main", "4")]


def test_names_of_outputs_do_not_clash() -> None:
    assert list(outputs("INPUT(3x8x8) as x -> FC(1)\nx -> FC(2) as out\nx -> FC(3)")) == ["out2", "out", "out3"]


def test_every_input_written_is_an_input_with_the_name_that_it_has() -> None:
    text = "INPUT(3x8x8) as image -> CONV(4) as x\nINPUT(1x8x8) -> CONV(4) -> [ID + x]"
    assert inputs(text) == {"image": "3x8x8", "input2": "1x8x8"}
    changed = cnndsl.parse(text, input={"image": "3x6x6", "input2": (1, 6, 6)})
    assert str(changed.graph.outputs[0].node.type) == "4x6x6"


def test_a_merge_of_values_starts_a_flow() -> None:
    text = "INPUT(3x8x8) as a\nINPUT(1x8x8) as b\n[a, b -> RELU] -> CONV(4)"
    assert [read.path for read in graph(text).nodes[3].inputs] == ["input1", "relu1"]


def test_a_block_that_starts_with_its_argument_starts_a_flow() -> None:
    assert output("up(v) = v -> DECONV(4)\nINPUT(3x4x4) as x\nup(x) -> FC(3)") == "3"
    assert codes("up(v) = v -> DECONV(4)\nINPUT(3x4x4) as x\nup(RELU) -> FC(3)") == ["missing-arrow"]


# arguments: numbers, values, networks


def test_a_value_is_computed_once_however_often_it_is_used() -> None:
    text = "f(v) = [v + v -> RELU + v]\nINPUT(3x8x8) as x\nf(x -> CONV(3))"
    assert layers(text).count("CONV(3, bias=true*)") == 1
    assert params(text) == 3 * 3 * 9 + 3


def test_a_network_is_built_at_each_use() -> None:
    text = "f(net) = [net + net -> RELU]\nINPUT(3x8x8) -> f(CONV(3))"
    assert params(text) == 2 * (3 * 3 * 9 + 3)


def test_a_value_that_is_never_used_is_not_computed() -> None:
    assert layers("f(v, n) = [v -> RELU] if n else ID\nINPUT(3x8x8) as x -> f(x -> CONV(9), false) -> TANH") == [
        "INPUT(3x8x8)",
        "TANH",
    ]


def test_a_value_belongs_to_the_block_that_passes_it_and_stands_before_the_one_that_reads_it() -> None:
    text = """
inner(v) = RELU -> [ID + v]
outer(v) = TANH -> inner(v) -> inner(v)
INPUT(3x8x8) as x -> outer(x -> CONV(3) -> BN)
"""
    assert [node.path for node in graph(text)] == [
        "input1",
        "conv1",
        "bn1",
        "outer1.tanh1",
        "outer1.inner1.relu1",
        "outer1.inner1.add1",
        "outer1.inner2.relu1",
        "outer1.inner2.add1",
    ]


def test_values_inside_values_stand_before_those_that_read_them() -> None:
    text = """
f(v) = SIGMOID -> [ID + v -> RELU]
g(a) = f(a -> TANH) -> [ID + a]
INPUT(3x8x8) as x -> g(x -> CONV(3))
"""
    paths = [node.path for node in graph(text)]
    assert paths == [
        "input1",
        "conv1",
        "g1.tanh1",
        "g1.f1.sigmoid1",
        "g1.f1.relu1",
        "g1.f1.add1",
        "g1.add1",
    ]


def test_a_merge_of_values_is_a_value() -> None:
    text = "f(v) = [v + v]\nINPUT(3x8x8) as a -> CONV(3) as b\nf([a + b])"
    assert sum(node.name.startswith("add") for node in graph(text)) == 2


def test_a_default_may_be_a_value_of_an_earlier_parameter() -> None:
    text = "f(v, w=v -> CONV(3)) = [v + w + w]\nINPUT(3x8x8) as x\nf(x)"
    assert params(text) == 3 * 3 * 9 + 3


def test_a_recursion_over_several_values_computes_each_once() -> None:
    text = """
# two streams exchange n times: three convolutions of 2 to 2 channels each time
mix(a, b, n) = [a, b] if n == 0 else mix([a -> CONV(2) + b], [a + b -> CONV(2)], n-1)
INPUT(2x4x4) as x
mix(x -> CONV(2), x -> CONV(2), {n})
"""
    one = 2 * 2 * 9 + 2
    assert [params(text.format(n=n)) for n in (0, 1, 2, 6)] == [2 * one, 4 * one, 6 * one, 14 * one]
    assert len(graph(text.format(n=12))) == 4 + 12 * 4


def test_a_definition_may_give_a_tuple_of_values_each_computed_once() -> None:
    text = """
    mixed(xs)      = [y -> CONV(2) + for y in xs]
    streams(n, xs) = xs if n == 0 else streams(n-1, (mixed(xs), mixed(xs)))
    join(x)        = [y + for y in streams(3, (x, x -> RELU))]
    INPUT(2x8x8) as x
    join(x) -> [ID + join(x)]
    """
    assert params(text) == 2 * 3 * 4 * 38
    assert {node.scope[:1] for node in graph(text)} == {(), ("join1",), ("join2",)}


def test_values_of_a_tuple_at_the_top_belong_to_the_file_whoever_reads_them_first() -> None:
    text = """
    pair        = (INPUT(3x8x8) -> CONV(4), INPUT(3x8x8) -> CONV(4))
    last(c, xs) = CONV(c)
    block(c)    = last(c, pair)
    INPUT(3x8x8) -> block(4)
    [x -> CONV(2) + for x in pair]
    """
    assert nodes(text)[-6:-2] == ["conv1 4x8x8", "conv2 2x8x8", "input3 3x8x8", "conv3 4x8x8"]


def test_calls_inside_calls_are_looked_at_once() -> None:
    calls = "f(" * 60 + "x" + ")" * 60
    assert len(graph(f"f(v) = [v -> RELU]\nINPUT(3x8x8) as x\n{calls}")) == 61
    recursion = "g(a, n) = a if n == 0 else h(g(a, n-1))\nh(v) = v -> RELU\nINPUT(3x8x8) as x\ng(x, 60)"
    assert len(graph(recursion)) == 61


def test_a_size_is_one_entry_of_a_table() -> None:
    assert [str(node.type) for node in graph("INPUT(3x8x8) -> [CONV(4, k, padding=valid) for k in 1x5]")][1:] == [
        "4x8x4"
    ]


def test_chains_of_stars_cost_no_more_than_their_length() -> None:
    assert output(f"INPUT(3x8x8) -> CONV({'*'.join('1' * 3000)}) -> RELU{'*1' * 3000}") == "1x8x8"


def test_a_value_is_no_number() -> None:
    assert mistakes("INPUT as v -> CONV(v)") == ["bad-argument: v"]
    assert mistakes("INPUT as v -> CONV(3)*v") == ["bad-count: v"]
    assert mistakes("f(n) = CONV(4) if n == 3 else ID\nINPUT as v -> f(v)") == ["bad-value: n"]


def test_where_a_layer_takes_a_size_a_value_stands_for_its_spatial_size() -> None:
    text = "INPUT(3x16x12) as image -> POOL as small\nimage -> CROP(small) -> [ID + small]"
    assert output(text) == "3x8x6"
    assert codes("INPUT(3x16x12) as image -> GAP as v\nimage -> CROP(v)") == ["bad-argument"]


# shared


def test_calls_of_a_shared_block_have_the_same_weights() -> None:
    text = "{}head = CONV(4, 1) -> BN -> CONV(2)\nINPUT(3x8x8) as p -> POOL as q\np -> head\nq -> head"
    own, shared = graph(text.format("")), graph(text.format("shared "))
    assert params(text.format("")) == 2 * params(text.format("shared "))
    assert [node.shares.path if node.shares else None for node in shared if node.path.startswith("head2.")] == [
        "head1.conv1",
        "head1.bn1",
        "head1.conv2",
    ]
    assert not any(node.shares for node in own)


def test_a_shared_block_computes_at_every_call() -> None:
    text = "shared head = CONV(4, 1)\nINPUT(3x8x8) as p -> POOL as q\np -> head\nq -> head"
    assert cnndsl.parse(text).summary().macs == 12 * (64 + 16)


def test_a_call_that_needs_other_weights_is_a_mistake_that_names_both_places() -> None:
    text = "shared head = CONV(4)\nINPUT(4x8x8) as p -> CONV(8) as q\np -> head\nq -> head"
    (found,) = diagnostics(text)
    assert (found.code, found.label) == ("shared-weights", "`weight` is 4x8x3x3 here")
    assert (found.others[0].span.position.line, found.others[0].text) == (3, "and 4x4x3x3 here")


def test_a_shared_block_may_be_called_with_other_arguments() -> None:
    text = "shared f(n) = [CONV(C) -> RELU]*n\nINPUT(4x8x8) -> f(3) -> f(2) -> f(4)"
    assert params(text) == 4 * (4 * 4 * 9 + 4)


PAIRED = {
    "behind copies": ("[CONV(4) -> RELU]*n -> CONV(4)", "head(1)", "head(2)", {"conv1": "conv1", "conv3": "conv2"}),
    "behind a side": ("[CONV(4)*2 if n else ID] -> CONV(4)", "head(true)", "head(false)", {"conv1": "conv3"}),
    "behind an argument": ("n -> CONV(4)", "head(CONV(4))", "head(ID)", {"conv1": "conv2"}),
    "copies of copies": (
        "[[CONV(4)]*n -> ABS]*2",
        "head(1)",
        "head(2)",
        {"conv1": "conv1", "conv3": "conv2"},
    ),
    "rows": ("[act*m for act, m in (BN, n), (BN, 1)]", "head(1)", "head(2)", {"bn1": "bn1", "bn3": "bn2"}),
    "in an argument": ("n -> CONV(4)", "head(CONV(4))", "head(CONV(4))", {"conv1": "conv1", "conv2": "conv2"}),
}


@pytest.mark.parametrize(("body", "first", "second", "pairs"), PAIRED.values(), ids=PAIRED)
def test_weights_are_paired_by_their_place_in_the_text(
    body: str, first: str, second: str, pairs: dict[str, str]
) -> None:
    """Not by counting: the last convolution of one call is that of the other, however many stand before it."""
    found = graph(f"shared head(n) = {body}\nINPUT(4x8x8) as x\nx -> {first}\nx -> {second}")
    shared = {node.name: node.shares.path for node in found if node.shares}
    assert shared == {name: f"head1.{other}" for name, other in pairs.items()}


def test_a_shared_parameter_has_one_set_of_weights_in_each_call() -> None:
    text = "f({}mlp) = [GAP -> mlp + MAXPOOL(8) -> FLATTEN -> mlp]\nINPUT(4x8x8) -> [f(FC(6)), f(FC(6))]"
    one = 4 * 6 + 6
    assert (params(text.format("")), params(text.format("shared "))) == (4 * one, 2 * one)


def test_a_shared_parameter_is_a_network() -> None:
    assert codes("f(shared n) = CONV(n)\nINPUT -> f(3)") == ["bad-argument"]
    block = "f(shared net) = net(4) -> net(4)\nINPUT(4x8x8) -> f(CONV)"
    assert params(block) == 4 * 4 * 9 + 4


@pytest.mark.parametrize(
    ("body", "one", "other"),
    [("SCALE(v)", 2, 3), ("PRELU(slope=v)", 0.1, 0.2), ("CONV(4, init=constant(v))", 1, 2), ("BN(v)", 0.1, 0.2)],
)
def test_shared_weights_begin_alike(body: str, one: float, other: float) -> None:
    text = f"shared a(v) = {body}\nINPUT(4x8x8) -> a({one}) -> a({{}})"
    graph(text.format(one))
    (found,) = diagnostics(text.format(other))
    assert (found.code, found.help) == ("shared-weights", "give all uses the same arguments, or take `shared` away")


def test_a_shared_parameter_of_a_model_has_one_set_of_weights() -> None:
    text = "net({}mlp=FC(8)) = INPUT(8) -> mlp -> mlp"
    assert (params(text.format("")), params(text.format("shared "))) == (2 * 72, 72)
    assert codes("net(shared n=3) = INPUT(8) -> FC(n)") == ["bad-argument"]


def test_a_shared_parameter_can_be_passed_on() -> None:
    text = "g(shared a) = a -> a\nf(shared b) = g(b) -> b -> g(b)\nINPUT(4x8x8) -> f(CONV(4)) -> f(CONV(4))"
    assert params(text) == 2 * (4 * 4 * 9 + 4)


def test_a_shared_convolution_decides_its_bias_over_all_uses() -> None:
    text = "shared c = CONV(4)\nINPUT(4x8x8) -> [c -> BN, c -> {}]"
    assert layers(text.format("BN"))[1] == "CONV(4, bias=false*)"
    assert {layer for layer in layers(text.format("RELU")) if layer.startswith("CONV")} == {"CONV(4, bias=true*)"}


def test_a_convolution_with_two_readers_keeps_its_bias_unless_both_are_batch_norms() -> None:
    text = "INPUT(4x8x8) -> CONV(4) as x -> BN\nx -> {}"
    assert layers(text.format("BN"))[1] == "CONV(4, bias=false*)"
    assert layers(text.format("RELU"))[1] == "CONV(4, bias=true*)"
    assert layers("INPUT(4x8x8) -> CONV(4) as x -> BN\nx")[1] == "CONV(4, bias=true*)", "an output is a reader too"


# models


GAN = "generator = INPUT(16) -> FC(48)\ndiscriminator(n=4) = INPUT(3x4x4) -> CONV(n) -> FC(1)"


def test_a_file_holds_several_models() -> None:
    found = compiled(GAN).graphs
    assert [(each.name, str(each.outputs[0].node.type)) for each in found] == [
        ("generator", "48"),
        ("discriminator", "1"),
    ]


def test_one_model_is_asked_for_by_name(tmp_path: Path) -> None:
    (tmp_path / "gan.cnn").write_text(GAN)
    assert cnndsl.load(f"{tmp_path}/gan.cnn:discriminator").name == "discriminator"
    with pytest.raises(cnndsl.SpecError, match="which-model"):
        cnndsl.load(tmp_path / "gan.cnn")
    with pytest.raises(cnndsl.SpecError, match="no-model"):
        cnndsl.load(f"{tmp_path}/gan.cnn:critic")


@pytest.mark.parametrize("name", ["zoo:dcgan", "zoo:mask-rcnn", "gan-2 old.cnn"])
def test_the_names_in_the_help_load_the_models(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gan-2 old.cnn").write_text("box = INPUT(16) -> FC(48)\nINPUT(3x4x4) -> FC(1)")
    with pytest.raises(cnndsl.SpecError) as caught:
        cnndsl.load(name)
    help = caught.value.diagnostics[0].help
    assert help is not None
    for each in help.removeprefix("say which: ").split(" or "):
        assert each.startswith(f"{name}:")
        assert cnndsl.load(each).name == each.removeprefix(f"{name}:")


def test_two_models_have_two_names(tmp_path: Path) -> None:
    (tmp_path / "gan.cnn").write_text("gan = INPUT(3x8x8) -> CONV(4)\nINPUT(3x8x8) -> CONV(5)")
    with pytest.raises(cnndsl.SpecError, match="defined-twice"):
        cnndsl.load(f"{tmp_path}/gan.cnn:gan")


def test_a_model_has_defaults_for_its_parameters() -> None:
    assert mistakes("net(n, m=3) = INPUT(8) -> FC(n)") == ["missing-argument: n"]


def test_parameters_of_models_are_set_from_outside() -> None:
    text = "one(n, m=2*n) = INPUT(8) -> FC(m)\ntwo(n=3, net=RELU) = INPUT(8) -> FC(n) -> net"
    assert [output.node.type.channels for each in compiled(text, n=5).graphs for output in each.outputs] == [10, 5]
    assert codes(text, n=5, net="SILU") == ["bad-override"], "it is a network"
    assert mistakes(text, n="five") == ["not-a-number: n", "bad-argument: n"]
    assert codes("f(n) = FC(n)\nINPUT(8) -> f(3)", n=5) == ["bad-override"], "the caller says what it is"


def test_what_is_set_holds_for_the_definition_and_the_parameter_of_a_name() -> None:
    text = "n = 2\nnet(n=3) = INPUT(8) -> FC(n)\nother(m=n) = INPUT(8) -> FC(m)"
    assert [each.outputs[0].node.type.channels for each in compiled(text).graphs] == [3, 2]
    assert [each.outputs[0].node.type.channels for each in compiled(text, n=5).graphs] == [5, 5]
    assert output("n = 2 | 4\nnet(n=3) = INPUT(8) -> FC(n) -> FC(n)", n=2) == "3", "of a switch, a side is named"


def test_only_the_model_that_is_asked_for_has_parameters_to_set(tmp_path: Path) -> None:
    (tmp_path / "gan.cnn").write_text(GAN)
    found = cnndsl.load(f"{tmp_path}/gan.cnn:discriminator", n=2)
    assert found.graph.nodes[1].type.channels == 2
    with pytest.raises(cnndsl.SpecError, match="bad-override"):
        cnndsl.load(f"{tmp_path}/gan.cnn:generator", n=2)


def test_flows_are_one_model_named_after_the_file() -> None:
    found = compiled("INPUT(3x8x8) as x -> FC(2)\nside = INPUT(8) -> FC(3)\nx -> FC(4)").graphs
    assert [(each.name, len(each.outputs)) for each in found] == [("net", 2), ("side", 1)]


def test_a_model_is_no_value() -> None:
    text = "x = INPUT(3x8x8)\nx -> FC(4)\nx -> FC(3)"
    assert mistakes(text) == ["model-as-value: x", "model-as-value: x"]


# switches


def test_a_switch_is_chosen_from_outside() -> None:
    text = "act = RELU | LEAKYRELU(0.2) | SILU\npool = POOL?\nINPUT(3x8x8) -> act -> pool"
    assert layers(text) == ["INPUT(3x8x8)", "RELU", "POOL"]
    assert layers(text, act="silu", pool="off") == ["INPUT(3x8x8)", "SILU"]
    assert layers(text, act=2, pool=False) == ["INPUT(3x8x8)", "LEAKYRELU(0.2)"]
    assert layers(text, act="LEAKYRELU", pool=True)[1:] == ["LEAKYRELU(0.2)", "POOL"]


@pytest.mark.parametrize("value", ["TANH", "0", "4", "true", "1.5"])
def test_a_switch_has_no_other_side(value: str) -> None:
    assert codes("act = RELU | SILU | GELU\nINPUT -> act", act=value) == ["bad-override"]


@pytest.mark.parametrize("other", ["RELU | GELU", "RELU?", "RELU", "1"])
def test_a_switch_that_is_defined_twice_can_still_be_set(other: str) -> None:
    for both in (f"act = RELU | SILU\nact = {other}", f"act = {other}\nact = RELU | SILU"):
        assert "defined-twice" in codes(f"{both}\nINPUT -> act", act="SILU")


def test_a_switch_may_be_of_numbers_and_blocks() -> None:
    text = "width = 8 | 16\nblock = [CONV(width) -> RELU] | POOL\nINPUT(3x8x8) -> block"
    assert (output(text), output(text, width=16), output(text, block=2)) == ("8x8x8", "16x8x8", "3x4x4")


def test_a_switch_of_numbers_is_set_by_the_number() -> None:
    text = "a = 2 | 1\nINPUT(3x8x8) -> CONV(a)"
    assert (output(text, a=1), output(text, a=2)) == ("1x8x8", "2x8x8")
    (found,) = diagnostics(text, a=3)
    assert found.help == "write one of 2, 1"


def test_a_choice_without_a_name_is_a_warning() -> None:
    found = compiled("INPUT(3x8x8) -> [RELU | SILU]")
    assert [each.code for each in found.diagnostics] == ["unnamed-choice"]
    assert str(found.graphs[0].nodes[-1].layer) == "RELU"


def test_a_choice_without_a_name_is_a_warning_in_an_argument_too() -> None:
    found = compiled("f(x) = x -> x\nINPUT(3x8x8) -> f(RELU | SILU)")
    assert [each.code for each in found.diagnostics] == ["unnamed-choice"]


def test_a_choice_of_paths_stands_in_brackets() -> None:
    assert mistakes("INPUT -> RELU | SILU -> FC(3)") == ["bare-merge: |"]


# other files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "blocks.cnn").write_text(
        "default CONV(padding=valid)\nwidth = 4\nconv(c) = CONV(c) -> _norm\n_norm = BN\nunit = conv(width)\n"
        "net = INPUT(3x8x8) -> unit"
    )
    return tmp_path


def load(folder: Path, text: str, name: str = "net.cnn") -> cnndsl.Model:
    (folder / name).write_text(text)
    return cnndsl.load(folder / name)


def errors(folder: Path, text: str) -> list[str]:
    with pytest.raises(cnndsl.SpecError) as caught:
        load(folder, text)
    return [found.code for found in caught.value.diagnostics]


def test_a_file_brings_in_definitions_that_are_resolved_where_they_stand(folder: Path) -> None:
    found = load(folder, 'use "blocks.cnn"\nwidth = 99\nINPUT(3x8x8) -> conv(5) -> CONV(5)')
    assert [str(node.type) for node in found.graph] == ["3x8x8", "5x6x6", "5x6x6", "5x6x6"], "valid there, same here"


def test_private_names_stay_at_home(folder: Path) -> None:
    assert errors(folder, 'use "blocks.cnn"\nINPUT(3x8x8) -> conv(4) -> _norm') == ["unknown-layer"]


def test_ones_own_names_win(folder: Path) -> None:
    found = load(folder, 'use "blocks.cnn"\nconv(c) = CONV(c, 1)\nINPUT(3x8x8) -> conv(5)')
    assert str(found.graph.nodes[-1].type) == "5x8x8"


def test_bringing_in_is_not_transitive(folder: Path) -> None:
    (folder / "middle.cnn").write_text('use "blocks.cnn"\nstem = conv(3)')
    assert str(load(folder, 'use "middle.cnn"\nINPUT(3x8x8) -> stem').graph.nodes[-1].type) == "3x6x6"
    assert errors(folder, 'use "middle.cnn"\nINPUT(3x8x8) -> stem -> unit') == ["unknown-layer"]


def test_a_name_from_two_files_is_a_mistake_where_it_is_read(folder: Path) -> None:
    (folder / "other.cnn").write_text("conv(c) = CONV(c, 5)\nother = RELU")
    both = 'use "blocks.cnn"\nuse "other.cnn"\nINPUT(3x8x8) -> '
    assert errors(folder, both + "conv(4)") == ["ambiguous-use"]
    load(folder, both + "other")


def test_files_that_bring_in_each_other_are_a_mistake(folder: Path) -> None:
    (folder / "a.cnn").write_text('use "b.cnn"\nx = RELU')
    (folder / "b.cnn").write_text('use "a.cnn"\ny = RELU')
    assert errors(folder, 'use "a.cnn"\nINPUT -> x') == ["bad-use"]


def test_a_name_that_no_file_can_have_is_a_mistake(folder: Path) -> None:
    assert errors(folder, f'use "{"a" * 5_000}.cnn"\nINPUT(3x8x8)') == ["bad-use"]


def test_nothing_outside_the_roots_is_brought_in(folder: Path) -> None:
    inside = folder / "inside"
    inside.mkdir()
    (inside / "link.cnn").symlink_to(folder / "blocks.cnn")
    for name in ("../blocks.cnn", str(folder / "blocks.cnn"), "link.cnn"):
        assert errors(inside, f'use "{name}"\nINPUT(3x8x8) -> conv(4)') == ["bad-use"], name
    source = read(inside / "net.cnn")
    assert compile_source(source, roots=(folder,)).graph is not None, "unless the command line allows it"


def test_the_model_of_another_file_can_be_asked_for(folder: Path) -> None:
    (folder / "net.cnn").write_text('use "blocks.cnn"\nINPUT(3x8x8) -> conv(3)')
    assert [each.name for each in compile_source(read(folder / "net.cnn")).graphs] == ["net"]
    assert cnndsl.load(f"{folder}/net.cnn:net").name == "net"


def test_words_of_layers_keep_their_meaning_whatever_is_brought_in(folder: Path) -> None:
    (folder / "words.cnn").write_text("same = valid")
    assert str(load(folder, 'use "words.cnn"\nINPUT(3x8x8) -> CONV(4, padding=same)').graph.nodes[-1].type) == "4x8x8"
    assert output("same = valid\nINPUT(3x8x8) -> CONV(4, padding=same)") == "4x6x6", "unless the file itself says so"


def test_classes_are_those_of_the_layers_own_file(folder: Path) -> None:
    (folder / "head.cnn").write_text("head = FC\nclasses = 5")
    assert str(load(folder, 'use "head.cnn"\nclasses = 7\nINPUT(8) -> head').graph.nodes[-1].type) == "5"
    assert str(load(folder, 'use "head.cnn"\nINPUT(8) -> FC').graph.nodes[-1].type) == "5"
    (folder / "head.cnn").write_text("head = FC")
    assert str(load(folder, 'use "head.cnn"\nclasses = 7\nINPUT(8) -> head').graph.nodes[-1].type) == "7"
    assert output("f(classes) = FC\nINPUT(8) -> f(3)") == "3"


def test_shared_blocks_of_another_file_are_shared(folder: Path) -> None:
    (folder / "heads.cnn").write_text("shared head = CONV(2)")
    found = load(folder, 'use "heads.cnn"\nINPUT(3x8x8) -> [head + head]')
    assert found.summary().params == 3 * 2 * 9 + 2


def test_the_shipped_specs_can_be_brought_in() -> None:
    found = compile_source(Source("<text>", 'use "blocks/resnet.cnn"\nINPUT(3x32x32) -> bottleneck(4)'))
    assert found.graph is not None


# default, require


def test_a_default_holds_for_the_file() -> None:
    text = (
        "default CONV(padding=valid, bias=true)\nblock = CONV(4) -> BN\nINPUT(3x8x8) -> block -> CONV(4, padding=same)"
    )
    assert [str(node.type) for node in graph(text)] == ["3x8x8", "4x6x6", "4x6x6", "4x6x6"]
    assert layers(text)[1] == "CONV(4, padding=valid, bias=true)"


def test_a_default_gives_what_would_be_missing() -> None:
    assert output("default DECONV(filters=5)\nINPUT(3x4x4) -> DECONV") == "5x8x8"


@pytest.mark.parametrize(
    "statement", ["default CONV", "default CONV()", "default conv(2)", "default 3", "default INPUT(3)"]
)
def test_a_default_is_a_layer_with_arguments(statement: str) -> None:
    assert codes(f"conv(c) = CONV(c)\n{statement}\nINPUT -> conv(3)")[0] == "bad-default"


def test_a_default_stays_out_of_the_prelude() -> None:
    own = layers("default FC(bias=false)\nINPUT(16x4x4) -> SE(4) -> FC(3)")
    assert [each for each in own if each.startswith("FC")] == ["FC(4)", "FC(16)", "FC(3, false)"]


def test_a_file_requires_of_its_parameters() -> None:
    text = "depth = 18\nrequire depth == 18 or depth == 34\nINPUT -> FC(depth)"
    assert output(text, depth=34) == "34"
    (found,) = diagnostics(text, depth=50)
    assert (found.code, found.label) == ("requirement", "depth is 50")


def test_a_file_requires_of_its_network() -> None:
    text = "require params < 100 and macs < 1e6\nINPUT(8) -> FC({})"
    assert output(text.format(11)) == "11"
    (found,) = diagnostics(text.format(12))
    assert (found.code, found.label) == ("requirement", "params is 108, macs is 96")


def test_a_bound_that_depends_on_an_open_size_is_a_warning() -> None:
    text = "require params < 1e3 and macs < 1e6\nINPUT(3xHxW) -> CONV(8) -> GAP"
    assert [found.code for found in compiled(text).diagnostics] == ["undecided"]
    assert codes(text.replace("1e3", "10")) == ["requirement"]
    assert codes("require params < RELU\nINPUT -> FC(3)") == ["bad-arithmetic"]


DEFAULTS = {
    "default CONV(padding=sam)": ["unknown-name: sam"],
    "default CONV(kernel=kk)": ["unbound-count: kk"],
    "default CONV(kernel=0)": ["bad-argument: kernel=0"],
    "default CONV(kernel=foo(3))": ["unknown-layer: foo"],
    "default CONVO(3)": ["unknown-layer: CONVO"],
    "default CROP(x)": ["out-of-sight: x"],
}


@pytest.mark.parametrize(("statement", "expected"), DEFAULTS.items())
def test_a_mistake_in_a_default_is_told(statement: str, expected: list[str]) -> None:
    assert mistakes(f"{statement}\nINPUT(3x8x8) as x -> CONV(4) -> CROP(3)") == expected


def test_a_requirement_does_not_read_a_definition_by_mistake() -> None:
    assert mistakes("params = 3\nrequire params > 5\nINPUT(8) -> FC(params)") == ["reserved-name: params"]


# the prelude


@pytest.mark.parametrize("word", ["SE", "se", "Se"])
def test_shipped_blocks_are_written_in_any_case(word: str) -> None:
    assert params(f"INPUT(16x4x4) -> {word}(4)") == 16 * 4 + 4 + 4 * 16 + 16


def test_shipped_blocks_can_be_redefined() -> None:
    assert layers("SE(r=16) = RELU\nINPUT(16x4x4) -> SE")[1] == "RELU"
    assert layers("se = RELU\nINPUT(16x4x4) -> se")[1] == "RELU"
    assert codes("se = RELU\nINPUT(16x4x4) -> se -> Se(4)") == ["ambiguous-case"]


def test_the_prelude_has_no_mistakes() -> None:
    from cnndsl.diagnostics import Diagnostics
    from cnndsl.elaborate.context import Context
    from cnndsl.elaborate.names import check_names
    from cnndsl.elaborate.program import prelude

    found = Diagnostics()
    check_names(Context(prelude(), found))
    assert list(found) == []
