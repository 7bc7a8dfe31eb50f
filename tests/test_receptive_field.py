"""Receptive fields: published numbers, and what torch's gradients say."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_open_sizes import at

import cnndsl
from cnndsl.analyses.field import Field, Interval
from cnndsl.analyses.receptive_field import NodeField, receptive_fields
from cnndsl.graph import Graph, Node
from cnndsl.layers import layer_types

torch = pytest.importorskip("torch")
dependence = pytest.importorskip("dependence")
layer_cases = pytest.importorskip("layer_cases")
meta = pytest.importorskip("meta")
programs = pytest.importorskip("programs")
test_programs = pytest.importorskip("test_programs")

pytestmark = pytest.mark.torch

EXAMPLES = [example for layer in layer_types() for example in layer.examples]
short = settings(derandomize=True, deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
long = settings(deadline=None, max_examples=1_500, suppress_health_check=list(HealthCheck))


def rows(spec: str) -> list[NodeField]:
    return list(receptive_fields(cnndsl.parse(spec).graph).rows)


def text(spec: str) -> str:
    """What is said of the last node."""
    return str(rows(spec)[-1])


# Published numbers

RESNET = """
conv(c, k, s=1)    = CONV(c, k, s) -> BN
shortcut(c, s)     = ID if C == c and s == 1 else conv(c, 1, s)
bottleneck(c, s=1) = [conv(c, 1, s) -> RELU -> conv(c, 3) -> RELU -> conv(4*c, 1)
                      + shortcut(4*c, s)] -> RELU
stage(c, n, s)     = bottleneck(c, s) -> bottleneck(c)*(n-1)
INPUT({size}) -> conv(2, 7, 2) -> RELU -> POOL(3, 2, padding=same)
  -> stage(1, 3, 1) -> stage(1, {second}, 2) -> stage(1, {third}, 2) -> stage(1, 3, 2)
"""
"""As in the paper: the stride in the first 1x1 convolution. Receptive fields do not depend on the widths."""


@pytest.mark.parametrize(
    ("spec", "path", "said"),
    [
        ("alexnet", "pool3", "195 /32"),
        ("vgg16", "stage5.pool1", "212 /32"),
        ("googlenet", "inception9.concat1", "715 /32"),
        ("mobilenetv2", "conv2.relu6_1", "491 /32"),
        ("resnet50", "stage4.bottleneck3.relu3", "427 /32"),
        ("resnet50", "gap1", "619"),
        ("lenet5", "avgpool2", "16 /4"),
        ("unet", "level1.level1.level1.level1.double2.relu2", "140 /16"),
    ],
)
def test_fields_of_the_shipped_specs(spec: str, path: str, said: str) -> None:
    found = {row.node.path: str(row) for row in receptive_fields(cnndsl.load(f"zoo:{spec}").graph).rows}
    assert found[path] == said


@pytest.mark.parametrize(
    ("blocks", "size"), [((4, 6), 483), ((4, 23), 1027), ((8, 36), 1507)], ids=["50", "101", "152"]
)
def test_fields_of_residual_networks(blocks: tuple[int, int], size: int) -> None:
    """The numbers of Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", 2019."""
    spec = RESNET.format(size="3x224x224", second=blocks[0], third=blocks[1])
    assert text(spec) == f"{size} /32"
    assert text(f"{spec} -> GAP -> FC(10)") == str(size + 6 * 32)


def test_the_field_of_resnet_50_is_what_a_gradient_touches() -> None:
    graph = cnndsl.parse(RESNET.format(size="1x704x900", second=4, third=6)).graph
    (leaf,), values = dependence.run_positive(graph)
    (gradient,) = dependence.gradients(values[graph.nodes[-1]], (1, 14), [leaf])
    place = dependence.touched(gradient, 1)
    assert max(place) - min(place) + 1 == 483
    field = receptive_fields(graph).rows[-1].fields["input"][1]
    assert field is not None
    assert field.at((0, 14)) == (min(place), max(place))


# What is said


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("INPUT(3x8x9)", "1 /1"),
        ("INPUT(3x8x9) -> CONV(4, 3x5, 1x2)", "3x5 /1x2"),
        ("INPUT(3x8x9) -> CONV(4, 3, dilation=2)", "5 /1"),
        ("INPUT(40x98) -> CONV(4, 3, 2)", "3 /2"),
        ("INPUT(3x8x9) -> CONV(4) -> GAP", "10x11"),
        ("INPUT(3x8x9) -> CONV(4) -> FC(10) -> RELU", "10x11"),
        ("INPUT(10) -> FC(3)", "-"),
        ("INPUT(3x8x8) -> DECONV(4) -> DECONV(4)", "1 /0.25"),
        ("INPUT(3x8x8) -> UPSAMPLE(2, bilinear)", "2 /0.5"),
        ("INPUT(3x8x8) -> UPSAMPLE(3)", "1 /0.3333"),
        ("INPUT(3x8x9) -> PERMUTE(CWH)", "1 /1"),
        ("INPUT(3x8x9) -> PERMUTE(HWC) -> CONV(4)", "8x3 /-x1"),
        ("INPUT(3x8x8) -> [CONV(4, 1), CONV(4, 5), POOL(3, 1, padding=same)]", "5 /1"),
        ("INPUT(3x9x9) -> [CONV(4, 3, 2) + POOL(1, 2) -> CONV(4, 3)]", "5 /2"),
        ("INPUT(3x8x8) -> CONV(4) -> GN(2)", "10 /1"),
        ("INPUT(3x8x8) -> CONV(4) -> INSTANCENORM(running=true)", "3 /1"),
        # a gate reads all; beside it the first and the last position reach into the padding
        ("INPUT(3x8x8) -> CONV(4) -> SE(2)", "10 /1"),
        ("INPUT(3x8x8) -> CONV(4) -> SE(2) -> CONV(4)", "11 /1"),
        ("INPUT(3x8x8) -> CONV(4) -> [ID & POOL(8)]", "10 /1"),
        # paths of several paces, 1 and 6/7: no stride is that of both, the sizes are exact
        ("INPUT(3x7x7) -> [ID, POOL -> RESIZE(7)] -> CONV(8, 3)", "5"),
        ("INPUT(3x7x7) -> [ID, POOL -> RESIZE(7)] -> CONV(8, 3) -> GAP", "10"),
        ("INPUT(3x8x8) as a\nINPUT(3x8x8) as b\n[a -> CONV(3) + b -> CONV(3, 5x3)]", "a 3 /1, b 5x3 /1"),
        ("INPUT(3x8x8) as a\nINPUT(3) as b\n[a & b]", "1 /1"),
    ],
)
def test_what_is_said_of_the_last_node(spec: str, said: str) -> None:
    assert text(spec) == said


RESIZES = "RESIZE(300, bilinear) -> CONV(3, 3, 2) -> RESIZE(217, bilinear) -> CONV(3, 3, 2) -> RESIZE(511, bilinear)"


def test_what_is_too_long_to_follow_is_not_known() -> None:
    assert text("INPUT(1x5000) -> RESIZE(4999)") == "-"
    assert text("INPUT(1x5000) -> [ID -> CROP(4999) & RESIZE(4999)] -> CONV(8)") == "-"
    assert text(f"INPUT(3x224x224) -> {RESIZES} -> [CONV(3)]*100") == "-"
    assert text(f"INPUT(3x224x224) -> {RESIZES} -> [CONV(3)]*100 -> GAP") == "-"


def test_where_the_field_of_the_first_position_starts() -> None:
    *_, last = rows("INPUT(3x32x30) -> CONV(8, 5) -> POOL(3x2, padding=((1, 1), (0, 0))) -> CONV(8, 3)")
    assert [along and along.start for along in last.along["input"]] == [-1 - 3 - 2, -2 - 2]


# Open sizes

OPEN = [
    "INPUT(3xHxW) -> CONV(8, 7, 2) -> POOL -> CONV(8, 3)",
    "INPUT(3xHxW) -> CONV(8, 7, 2) -> POOL -> GAP -> FC(10)",
    "INPUT(3xHxW) -> CONV(8, 7, 2) -> SE(2) -> CONV(8, 3)",
    "INPUT(3xHxW) -> CONV(8, 3, 2) -> GN(2) -> CONV(8, 3)",
    "INPUT(3xHxW) -> CONV(8, 3, 2, padding=same_upper) -> CONV(8, 5, 2, padding=same_upper)",
    "INPUT(3xHxW) -> [CONV(8, 3, 2, padding=same_upper) -> CONV(8) + CONV(8, 1, 2, padding=same_upper)]",
    "INPUT(3xHxW) -> UPSAMPLE(2, bilinear) -> CONV(8, 3) -> GAP",
    "INPUT(3xHxW) -> UPSAMPLE(2, bilinear, align=true) -> CONV(8, 3)",
    "INPUT(3xHxW) -> RESIZE((H+1)//2) -> CONV(8, 3) -> GAP",
    "INPUT(3xHxW) -> RESIZE((3*H, 2*W)) -> CONV(8, 3)",
    "INPUT(3xHxW) -> ADAPTIVEPOOL(7) -> CONV(8, 3)",
    "INPUT(3xHxW) -> ADAPTIVEPOOL(1) -> CONV(8, 3)",
    "INPUT(3xHxW) as x -> POOL -> DECONV(3) as y\n[y, x -> CROP((2*(H//2), 2*(W//2)))] -> CONV(4)",
    "INPUT(3xHxW) as x -> CONV(4, 3, 2) -> [ID & POOL -> CONV(4) -> GAP] -> CROP((H//2, W//2))",
    "INPUT(3xHxW) as x -> POOL as p -> CONV(3) -> UNPOOL(p)",
    "INPUT(3xHxW) -> [ID & CONV(3) -> ADAPTIVEPOOL(1)] -> CONV(3)",
]
KNOWN_OF = [2, 2, 2, 2, 2, 2, 2, 0, 0, 2, 0, 2, 2, 2, 2, 2]
"""Along how many axes the field of the last node is known whatever the sizes."""


@pytest.mark.parametrize(("spec", "known"), list(zip(OPEN, KNOWN_OF, strict=True)))
def test_a_formula_is_what_its_numbers_give(spec: str, known: int) -> None:
    *_, last = rows(spec)
    (name,) = last.fields
    assert sum(along is not None for along in last.along[name]) == known
    for height, width in ((16, 20), (17, 23), (30, 33)):
        *_, closed = rows(spec.replace("HxW", f"{height}x{width}", 1))
        for found, wanted in zip(last.along[name], closed.along[name], strict=True):
            assert wanted is not None
            if found is not None:
                assert at(found.size, height, width) == wanted.size
                assert found.stride == wanted.stride
                assert found.start is None or at(found.start, height, width) == wanted.start


# Layers

OF_ONE_CHANNEL = ("L2NORM", "LN", "SOFTMAX", "LOGSOFTMAX")
"""A single channel leaves them as a constant."""


def assert_reach_is_what_gradients_touch(spec: str, most: int = 10_000) -> None:
    """The real layer, with positive weights, on some samples: each maximum lies somewhere else in another sample."""
    graph = cnndsl.parse(spec).graph
    node = graph.nodes[-1]
    if _has_no_gradient(graph, node):
        return
    torch.manual_seed(0)
    leaves, leaving = _run(graph, node)
    reaches = node.layer.reach(node.input_types, node.type)
    for place in dependence.places(node, most):
        found = dependence.gradients(leaving, place, leaves)
        for number, (gradient, type, along) in enumerate(zip(found, node.input_types, reaches, strict=True)):
            if node.layer.reads_indices and number:
                continue  # numbers of places, which have no gradient
            axes = zip(along, type.spatial, strict=True)
            reads = [dependence.read_along(each, place, node.type.spatial, size) for each, size in axes]
            for axis, read in enumerate(reads):
                touched = dependence.touched(gradient, axis)
                expected = read if all(reads) else set()  # what lies in the padding along an axis reads nothing at all
                _compare(node, touched, expected, f"{spec}: {place} along {axis} of input {number}")


def _has_no_gradient(graph: Graph, node: Node) -> bool:
    is_constant = node.layer.word() in OF_ONE_CHANNEL and node.type.channels == 1
    is_constant = is_constant or (node.layer.word() == "SCALE" and node.layer.value("value") == 0)
    return is_constant or test_programs.fails_in_torch(graph) or not node.inputs


def _compare(node: Node, touched: set[int], read: set[int], what: str) -> None:
    word = node.layer.word()
    if word == "PAD" and node.layer.value("mode") != "zero":
        assert read <= touched, what  # what it repeats is read in the padding too
    elif word == "RESHAPE":
        assert touched <= read, what  # only the last axes are followed
    else:
        assert touched == read, what


def _run(graph: Graph, node: Node) -> tuple[list[torch.Tensor], torch.Tensor]:
    """What enters a node, and what leaves it."""
    batch = max(2, min(64, 200_000 // max(prod(read.type.shape) for read in node.inputs)))
    entering = [torch.rand(batch, *read.type.shape, dtype=torch.float64).add(0.1) for read in node.inputs]
    modules = meta.build(graph)
    for each in (node, *node.inputs):
        modules[each].double().eval()
    if node.layer.reads_indices:
        pooling = node.inputs[1]
        entering[1] = modules[pooling](torch.rand(batch, *pooling.input_types[0].shape, dtype=torch.float64))
    for leaf in entering:
        leaf.requires_grad_()
    for weight in modules[node].parameters():
        torch.nn.init.uniform_(weight, 0.5, 1.5)
    return entering, modules[node](*entering)


@pytest.mark.parametrize("example", [pytest.param(each, id=each.spec) for each in EXAMPLES])
def test_layers_read_what_gradients_touch(example: object) -> None:
    if example.parameters > 10_000_000:
        pytest.skip("takes a gigabyte; smaller ones are drawn below")
    assert_reach_is_what_gradients_touch(example.spec, 12)


@pytest.mark.parametrize("cases", list(layer_cases.CASES.values()), ids=list(layer_cases.CASES))
@short
@given(data=st.data())
def test_random_layers_read_what_gradients_touch(cases: st.SearchStrategy, data: st.DataObject) -> None:
    spec = data.draw(cases).spec
    try:
        cnndsl.parse(spec)
    except cnndsl.SpecError:
        return
    assert_reach_is_what_gradients_touch(spec)


def test_filters_read_where_their_kernels_are_not_zero() -> None:
    for name in next(layer for layer in layer_types() if layer.words == ("FILTER",)).attributes["name"].symbols:
        assert_reach_is_what_gradients_touch(f"INPUT(2x6x7) -> FILTER({name})")


@pytest.mark.parametrize("align", ["", ", align=true"])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_resizing_reads_what_gradients_touch(mode: str, align: str) -> None:
    for size, steps in product((1, 2, 3, 4, 6, 9), (1, 2, 3, 4, 6, 9, 13)):
        assert_reach_is_what_gradients_touch(f"INPUT(1x{size}x{size}) -> RESIZE({steps}, {mode}{align})")


@pytest.mark.parametrize("pooling", ["POOL", "MAXPOOL(3, 2, padding=1)", "POOL(3, 2, ceil=true)", "POOL(3, 1)"])
def test_unpooling_reads_what_changes_it_when_it_is_changed(pooling: str) -> None:
    """Where a maximum lies is a number that has no gradient: each position in turn gets another value."""
    graph = cnndsl.parse(f"INPUT(1x9) -> {pooling} as p -> UNPOOL(p)").graph
    modules = meta.build(graph)
    read: dict[int, set[int]] = {place: set() for place in range(9)}
    torch.manual_seed(0)
    samples = torch.rand(500, 1, 9)
    before = meta.run(modules, [samples])
    for position in range(9):
        changed = samples.clone()
        changed[:, :, position] = torch.rand(500, 1)
        for place in (meta.run(modules, [changed]) != before).any(0)[0].nonzero().flatten().tolist():
            read[place].add(position)
    true = dependence.ByPositions(graph, clipped=True)
    for place, positions in read.items():
        hull = (min(positions), max(positions)) if positions else None
        assert true.at(graph.nodes[-1], "input", 0, (0, place)) == hull


# Networks

SELECTING = {"CHANNELS", "PERMUTE", "PIXELSHUFFLE", "RESHAPE"}
"""Layers that lead channels, or positions that become channels, to some of what is behind them and not to others."""


def assert_fields_are_what_gradients_touch(graph: Graph, most: int = 4) -> None:
    """Positions one by one, clipped, give what torch says; not clipped, they give what the analysis says."""
    analysed = receptive_fields(graph).rows
    true, unclipped = (dependence.ByPositions(graph, clipped) for clipped in (True, False))
    leaves, values = dependence.run_positive(graph)
    is_exact = not SELECTING & {node.layer.word() for node in graph}
    for node in {end.node for end in graph.outputs}:
        for place in dependence.places(node, most):
            gradients = dependence.gradients(values[node], place, leaves)
            for end, gradient in zip(graph.inputs, gradients, strict=True):
                hulls = [true.at(node, end.name, axis, place) for axis in range(end.node.type.rank)]
                for axis, known in enumerate(hulls):
                    what = f"{graph}\n{node.path} {place} along {axis} of {end.name}"
                    touched = dependence.touched(gradient, axis)
                    expected = known if all(hulls) else None  # what lies in the padding along an axis reads nothing
                    _compare_hulls((min(touched), max(touched)) if touched else None, expected, is_exact, what)
                    fields = analysed[node.index].fields.get(end.name)
                    field = fields and fields[axis]
                    said = dependence.field_at(field, node, place) if field else None
                    assert field is not None or fields is None, what
                    assert field is None or field.size(node.type.spatial) == _longest(field, node), what
                    assert said == unclipped.at(node, end.name, axis, place), what
                    assert _within(known, said), what


def _longest(field: Field, node: Node) -> int:
    spans = map(field.at, product(*map(range, node.type.spatial)))
    return max((span[1] - span[0] + 1 for span in spans if span), default=0)


def _compare_hulls(touched: Interval | None, known: Interval | None, is_exact: bool, what: str) -> None:
    if is_exact:
        assert touched == known, what
    else:
        assert _within(touched, known), what


def _within(inner: Interval | None, outer: Interval | None) -> bool:
    return inner is None or (outer is not None and outer[0] <= inner[0] and inner[1] <= outer[1])


@pytest.mark.parametrize(
    "spec",
    [
        "INPUT(1x12) -> DECONV(2, 2, 2, dilation=3) -> CONV(2, 3, padding=valid)",  # reads back and forth
        "INPUT(1x12) -> DECONV(2, 1, 2) -> CONV(2, 2, dilation=2)",  # positions that read nothing
        "INPUT(1x12) -> [ADAPTIVEPOOL(8) -> RESIZE(12), ADAPTIVEPOOL(6) -> RESIZE(12)]",  # one pace, two periods
        "INPUT(2x8) -> [CONV(2, 3, padding=(0, 2)) & GAP]",  # the last position reads most
        "INPUT(2x6x6) -> [ID, PERMUTE(CWH) -> CONV(2, 7)]",  # two axes lead to one
        "INPUT(1x45x31) -> [ID, POOL(3, 2, padding=1) as p -> POOL(3, 2, padding=1) -> RESIZE(23x16) "
        "-> CONV(2) -> RESIZE(45x31)] -> CONV(2)",  # repeats later than there are positions
    ],
)
def test_fields_of_what_is_rare_are_what_gradients_touch(spec: str) -> None:
    assert_fields_are_what_gradients_touch(cnndsl.parse(spec).graph, 100)


def check_program(program: object) -> None:
    for graph in test_programs.compiled(program).graphs:
        if len(graph) <= test_programs.MOST_NODES:
            assert_fields_are_what_gradients_touch(graph)


@given(programs.programs())
@short
def test_fields_of_random_programs_are_what_gradients_touch(program: object) -> None:
    check_program(program)


@pytest.mark.slow
@given(programs.programs())
@long
def test_fields_of_many_random_programs_are_what_gradients_touch(program: object) -> None:
    check_program(program)
