"""Open sizes: what is said of `INPUT(3xHxW)` has to be what comes out where H and W are numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from specs_in_tests import NETWORKS, diagnostics, graph, mistakes, nodes

from cnndsl.analyses.cost import cost
from cnndsl.compiler import Compilation, compile_source
from cnndsl.diagnostics import Diagnostic
from cnndsl.graph import Graph
from cnndsl.layers import TensorType
from cnndsl.layers.conditions import agree, collecting
from cnndsl.layers.extent import Extent
from cnndsl.layers.rejected import Undecided
from cnndsl.model import SpecError, parse
from cnndsl.source import Source

pytestmark = pytest.mark.core

H, W = Extent.of("H"), Extent.of("W")

searching = settings(derandomize=True, deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])


def at(number: int, height: int, width: int) -> int:
    return number.evaluate({"H": height, "W": width}) if isinstance(number, Extent) else number


def computed(text: str, height: int, width: int) -> Any:
    """What Python makes of a formula."""
    return eval(text.replace(",", ""), {"H": height, "W": width})


# formulas

Formula = tuple[int, Callable[[int, int], int]]


def formulas() -> st.SearchStrategy[Formula]:
    """A formula, and the same in numbers."""
    leaves = st.one_of(
        st.just((H, lambda h, w: h)),
        st.just((W, lambda h, w: w)),
        st.integers(-9, 9).map(lambda number: (number, lambda h, w: number)),
    )

    def joined(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
        pairs = st.tuples(inner, inner)
        divided = st.tuples(inner, st.integers(1, 9) | st.integers(-4, -1))
        return st.one_of(
            pairs.map(lambda both: (both[0][0] + both[1][0], lambda h, w: both[0][1](h, w) + both[1][1](h, w))),
            pairs.map(lambda both: (both[0][0] - both[1][0], lambda h, w: both[0][1](h, w) - both[1][1](h, w))),
            pairs.map(lambda both: (both[0][0] * both[1][0], lambda h, w: both[0][1](h, w) * both[1][1](h, w))),
            divided.map(lambda both: (both[0][0] // both[1], lambda h, w: both[0][1](h, w) // both[1])),
            divided.map(lambda both: (both[0][0] % both[1], lambda h, w: both[0][1](h, w) % both[1])),
            inner.map(lambda one: (-one[0], lambda h, w: -one[1](h, w))),
        )

    return st.recursive(leaves, joined, max_leaves=8)


sizes = st.integers(1, 300)


@searching
@given(formulas(), sizes, sizes)
def test_a_formula_is_what_its_numbers_give(formula: Formula, height: int, width: int) -> None:
    extent, number = formula
    assert at(extent, height, width) == number(height, width)


@searching
@given(formulas(), sizes, sizes)
def test_a_formula_reads_as_what_it_is(formula: Formula, height: int, width: int) -> None:
    extent, number = formula
    assert computed(str(extent), height, width) == number(height, width)
    assert computed(f"{extent:,}", height, width) == number(height, width)


@searching
@given(formulas(), formulas())
def test_equal_formulas_are_equal_everywhere_and_hash_alike(one: Formula, other: Formula) -> None:
    left, right = one[0], other[0]
    if left == right:
        assert hash(left) == hash(right)
        assert all(at(left, size, 2 * size + 1) == at(right, size, 2 * size + 1) for size in range(1, 50))


@searching
@given(formulas())
def test_nothing_is_open_that_is_the_same_for_all_sizes(formula: Formula) -> None:
    extent = formula[0]
    assert extent - extent == 0
    assert type(extent - extent) is int
    assert type(0 * extent) is int


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": lambda left, right: left >= right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    "<": lambda left, right: left < right,
    "agree": agree,
}


@searching
@given(formulas(), formulas(), st.sampled_from(list(COMPARISONS)))
def test_a_comparison_holds_where_its_condition_does(one: Formula, other: Formula, operator: str) -> None:
    compare = COMPARISONS[operator]
    try:
        with collecting() as conditions:
            answer = compare(one[0], other[0])
    except Undecided:
        return
    for height in range(1, 120):
        width = 1 + (height * 37) % 90
        truth = compare(one[1](height, width), other[1](height, width))
        if not conditions:
            assert truth == answer
            continue
        (condition,) = conditions
        if condition.sizes is not None:
            size = height if condition.name == "H" else width
            assert (truth == answer) == (size in condition.sizes) == said(condition.text, condition.name, size)
        else:
            assert (truth == answer) == computed(condition.text, height, width)


def said(text: str, name: str, size: int) -> bool:
    """Whether a size is among those that a condition on it names in words, or as a formula."""
    regular, _, early = text.partition(", or ")
    return all(_one(each, name, size) for each in regular.split(" and ")) or bool(early and _one(early, name, size))


def _one(text: str, name: str, size: int) -> bool:
    if found := re.fullmatch(rf"{name}( % (\d+))? is (at most )?(a multiple of )?(\d[\d, a-z]*|even|odd)", text):
        _, modulus, most, multiple, what = found.groups()
        value = size % int(modulus) if modulus else size
        if what in ("even", "odd"):
            return size % 2 == (what == "odd")
        numbers = list(map(int, re.findall(r"\d+", what)))
        if multiple:
            return size % numbers[0] == 0
        if most:
            return value <= numbers[0]
        return numbers[0] <= value <= numbers[1] if " to " in what else value in numbers
    if found := re.fullmatch(rf"{name} % (\d+) is not (\d+)", text):
        return size % int(found[1]) != int(found[2])
    return bool(computed(text, size, size))


ceil_half = -(-H // 2)
SPELLINGS = {
    "H": H,
    "H//2": H // 2,
    "(H+1)//2": (H - 1) // 2 + 1,
    "(H-4)//2": (H - 4) // 2,
    "2*(H//2)": 2 * (H // 2),
    "(H+3)//4": -(-ceil_half // 2),
    "H//32": H // 2 // 2 // 2 // 2 // 2,
    "H//30": H // 5 // 2 // 3,
    "9*(H-2)*(W-2)": 9 * (H - 2) * (W - 2),
    "64*(H//2)*(W//2)": 64 * (H // 2) * (W // 2),
    "60*((H-12)//4)*W+10": 60 * (H // 4 - 3) * W + 10,
    "H**2": H * H,
    "H+W": W + H,
}


@pytest.mark.parametrize("text", SPELLINGS)
def test_formulas_are_short(text: str) -> None:
    assert str(SPELLINGS[text]) == text


def test_thousands_are_set_apart_where_counts_are() -> None:
    assert f"{9408 * ((H + 1) // 2) * W + 1290:,}" == "9,408*((H+1)//2)*W + 1,290"


CONDITIONS = {
    "H >= 7": lambda: (H - 7) // 2 + 1 >= 1,
    "H is even": lambda: agree(H, 2 * (H // 2)),
    "H is a multiple of 32": lambda: agree(H, 32 * (H // 32)),
    "H % 32 is 28": lambda: agree(H - 28, 32 * ((H - 28 + 31) // 32)) and agree(H % 32, 28),
    "H % 8 is at most 3": lambda: agree(H // 4, 2 * (H // 8)),
    "H is 56 or 57": lambda: agree(28, H // 2),
    "H % 4 is not 3": lambda: agree((H + 1) // 4, H // 4),
    "H == W": lambda: agree(H, W),
    "16*H*W >= 100": lambda: 16 * H * W >= 100,
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_conditions_in_words(text: str) -> None:
    with collecting() as conditions:
        CONDITIONS[text]()
    assert conditions[-1].text == text


@pytest.mark.parametrize("never", [(H, H + 1), (2 * H, 2 * W + 1), (2 * (H // 2), 2 * (H // 2) + 1), (16 * H * W, 10)])
def test_what_is_never_equal_does_not_agree(never: tuple[int, int]) -> None:
    with collecting() as conditions:
        assert not agree(*never)
    assert not conditions


@pytest.mark.parametrize(
    "compute", [lambda: H > W, lambda: H % 2 > 0, lambda: range(H), lambda: 7 // H, lambda: H * 0.5]
)
def test_what_needs_a_number_says_so(compute: Callable[[], object]) -> None:
    with pytest.raises(Undecided):
        compute()


# networks, open and closed


def compile_at(text: str, size: str | None = None, **parameters: object) -> Compilation:
    return compile_source(Source("net.cnn", text), parameters, {"": size} if size else {})


def assert_same(open: Graph, closed: Graph, height: int, width: int) -> None:
    """Every node has the type, the parameters and the MACs that its formulas give."""
    assert [node.path for node in open] == [node.path for node in closed]
    for one, other in zip(cost(open).rows, cost(closed).rows, strict=True):
        channels, *spatial = (at(extent, height, width) for extent in one.node.type.shape)
        assert TensorType(channels, tuple(spatial)) == other.node.type, one.node.path
        counts = [at(number, height, width) for number in (one.params, one.buffers, one.macs)]
        assert counts == [other.params, other.buffers, other.macs], one.node.path


def holds(found: tuple[Diagnostic, ...], height: int, width: int) -> bool:
    """Whether the network is right for a size, by what the warnings say."""
    return all(
        _holds(diagnostic.message.partition(" only where ")[2], height, width)
        for diagnostic in found
        if diagnostic.code == "undecided"
    )


def _holds(text: str, height: int, width: int) -> bool:
    if found := re.fullmatch(r"H and W are (multiples of (\d+)|even)", text):
        return height % int(found[2] or 2) == 0 == width % int(found[2] or 2)
    parts = re.split(r" and (?=[HW] |[^ ]+ == )", text)
    return all(
        eval(part, {"H": height, "W": width})
        if " == " in part
        else said(part, part[0], height if part[0] == "H" else width)
        for part in parts
    )


ASKING = {
    "enet": "what a pooling found has its place in maps of one size, which these are for some sizes only",
    "semi-adversarial": "this network has three inputs",
    "unet-same": "this network asks whether two sizes are the same",
}


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
@pytest.mark.parametrize("larger", [0, 1, 37])
def test_shipped_specs_are_the_same_with_open_sizes(spec: Any, larger: int) -> None:
    text = spec.read_text()
    written = compile_at(text).graph
    assert written is not None
    channels, *sides = written.inputs[0].node.type.shape
    if spec.stem in ASKING:
        pytest.skip(ASKING[spec.stem])
    if len(sides) != 2:
        pytest.skip("this network has no two sides")
    height, width = sides
    open = compile_at(text, f"{channels}xHxW")
    size = (height + larger, width + 2 * larger)
    closed = compile_at(text, f"{channels}x{size[0]}x{size[1]}")
    assert open.graph is not None, open.diagnostics
    assert holds(open.diagnostics, *size) == (closed.graph is not None)
    if closed.graph is not None:
        assert_same(open.graph, closed.graph, *size)


WINDOWS = st.builds(
    "{}, {}, padding={}".format,
    st.integers(1, 5),
    st.integers(1, 3),
    st.sampled_from(["same", "valid", "full", "same_upper", "1"]),
)
ELEMENTS = st.one_of(
    WINDOWS.map(lambda window: f"CONV(4, {window})"),
    WINDOWS.map(lambda window: f"DWCONV({window})"),
    st.builds("POOL({}, {})".format, st.integers(1, 4), st.integers(1, 3)),
    st.builds("POOL({}, {}, ceil=true)".format, st.integers(1, 4), st.integers(1, 3)),
    st.builds("DECONV(4, {}, {})".format, st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from(["CONV", "RELU", "BN", "[ID + CONV(C)]", "CROP((H//2 + 1, W))", "[ID & GAP -> FC(C)]", "CROP(5)"]),
)


def chains(most: int) -> st.SearchStrategy[str]:
    return st.lists(ELEMENTS, min_size=1, max_size=most).map(" -> ".join)


BRANCHES = st.builds(
    "[{}, {}]".format, chains(2), st.sampled_from(["ID", "POOL -> CONV(3) -> DECONV(4)", "POOL(3, 1)", "CONV(2)"])
)
PROGRAMS = st.lists(ELEMENTS | BRANCHES, min_size=1, max_size=5).map(" -> ".join)


programs = given(
    PROGRAMS, st.sampled_from(["", " -> GAP -> FC(3)", " -> FC(3)"]), st.lists(sizes, min_size=8, max_size=8)
)


@settings(searching, max_examples=100)
@programs
def test_programs_are_right_where_it_says_so(program: str, end: str, some: list[int]) -> None:
    assert_right_where_it_says_so(program, end, some)


@pytest.mark.slow
@settings(searching, derandomize=False, max_examples=1_000)
@programs
def test_many_programs_are_right_where_it_says_so(program: str, end: str, some: list[int]) -> None:
    assert_right_where_it_says_so(program, end, some)


def assert_right_where_it_says_so(program: str, end: str, some: list[int]) -> None:
    text = f"INPUT(2xHxW) -> {program}{end}"
    open = compile_at(text)
    for height, width in [*zip(some, reversed(some), strict=True), *((size, 2 * size) for size in range(1, 20))]:
        closed = compile_at(text, f"2x{height}x{width}")
        if open.graph is None:
            codes = {found.code for found in open.diagnostics}
            assert "open-size" in codes or closed.graph is None, text
        elif holds(open.diagnostics, height, width):
            assert closed.graph is not None, (text, height, width)
            assert_same(open.graph, closed.graph, height, width)
        else:
            assert closed.graph is None, (text, height, width)


def test_an_open_size_can_be_set_and_a_set_one_opened() -> None:
    text = "INPUT(3xHx8) -> POOL -> CONV(4)"
    assert nodes(text)[-1] == "conv1 4x(H//2)x4"
    assert str(parse(text, input="3x9x8").graph.outputs[0].node.type) == "4x4x4"
    assert str(parse("INPUT(3x8x8) -> POOL", input="3xHx8").graph.outputs[0].node.type) == "3x(H//2)x4"
    assert str(parse("size = 3x8x8\nINPUT(size) -> POOL", size="3x8xW").graph.outputs[0].node.type) == "3x4x(W//2)"


def test_one_size_may_be_open_and_sounds_have_one() -> None:
    assert nodes("INPUT(40xW) -> CONV(8, 3, 2) -> GAP -> FC(5)") == [
        "input1 40xW",
        "conv1 8x((W+1)//2)",
        "gap1 8",
        "fc1 5",
    ]


def test_the_same_name_is_the_same_size() -> None:
    assert nodes("INPUT(3xHxH) -> POOL -> PERMUTE(CWH) -> [ID + RELU]")[-1] == "add1 3x(H//2)x(H//2)"


DECIDED = {
    "INPUT(3xHxW) -> [RELU if H >= 1 else POOL]": "relu1 3xHxW",
    "INPUT(3xHxW) -> [RELU if C == 3 else POOL]": "relu1 3xHxW",
    "INPUT(3xHxW) -> [RELU if H == H//2*2 + H%2 else POOL]": "relu1 3xHxW",
    "INPUT(3xHxW) -> CROP((min(H, H//2 + H), 2*W/2))": "crop1 3xHxW",
    "INPUT(3xHxW) -> CROP((H - H//2, max(W, 1)))": "crop1 3x(H-H//2)xW",
    "INPUT(3xHxW) -> CROP((round(H), abs(-1)))": "crop1 3xHx1",
}


@pytest.mark.parametrize("text", DECIDED)
def test_what_is_the_same_for_all_sizes_is_decided(text: str) -> None:
    assert nodes(text)[-1] == DECIDED[text]


OPEN = {
    "INPUT(3xHxW) -> CONV(H)": "H",
    "INPUT(3xHxW) -> POOL(H)": "H",
    "INPUT(3xHxW) -> POOL((H, W))": "(H, W)",
    "INPUT(3xHxW) -> RELU*H": "H",
    "INPUT(3xHxW) -> [RELU if H == W else POOL]": "H == W",
    "INPUT(3xHxW) -> [RELU if H > 3 else POOL]": "H > 3",
    "INPUT(3xHxW) -> CONV(sqrt(H))": "sqrt(H)",
    "INPUT(3xHxW) -> CONV(H/2)": "H/2",
    "INPUT(3xHxW) -> CONV(7//H)": "7//H",
    "INPUT(3xHxW) -> CONV(0.5*H)": "0.5*H",
    "INPUT(3xHxW) -> CROP(min(H, W))": "min(H, W)",
    "INPUT(3xHxW) -> CROP(H**9)": "H**9",
    "INPUT(3xHxW) -> [i for i in range(H)]": "range(H)",
}


@pytest.mark.parametrize("text", OPEN)
def test_what_needs_a_number_is_one_mistake(text: str) -> None:
    assert mistakes(text) == [f"open-size: {OPEN[text]}"]


def test_formulas_do_not_grow_without_end() -> None:
    assert mistakes("INPUT(3xHxW) -> [DECONV(3, 3, 3) -> POOL]*5000")[0] == "open-size: POOL"
    assert mistakes("f(h, n) = f(h*(h + 1), n - 1) if n > 0 else CROP(h)\nINPUT(3xHxW) -> f(H//2, 150)")


@pytest.mark.parametrize("times", [63, 64, 200])
def test_numbers_in_formulas_stay_below_the_largest(times: int) -> None:
    """Also those that a formula is divided by."""
    assert mistakes(f"INPUT(3xHxW) -> [POOL]*{times}") == ["open-size: POOL"]
    assert compile_at("INPUT(3xHxW) -> [POOL]*62").graph is not None


def told(text: str) -> list[str]:
    return [found.message for found in compile_at(text).diagnostics]


WARNINGS = {
    "INPUT(3xHxW) -> [ID, POOL -> DECONV(3)]": ["the branches fit together only where H and W are even"],
    "INPUT(3xHx8) -> [ID, POOL -> DECONV(3)]": ["the branches fit together only where H is even"],
    "INPUT(3xHxW) -> CROP(7)": ["CROP fits only where H >= 7 and W >= 7"],
    "INPUT(3xHxW) -> CROP(7) -> POOL(7)": ["CROP fits only where H >= 7 and W >= 7"],
    "INPUT(3xHxW) -> POOL(4) -> RELU -> POOL(4) -> POOL(2)": ["POOL fits only where H >= 32 and W >= 32"],
    "INPUT(3xHxW) -> [ID, POOL -> DECONV(3)] -> GAP": ["the branches fit together only where H and W are even"],
    "INPUT(3xHxW) -> [ID & POOL -> DECONV(1)]": ["the branches fit together only where H and W are even"],
    "INPUT(3xHxW) -> [POOL -> DECONV(3) & RELU]": ["the branches fit together only where H and W are even"],
    "INPUT(3xHxW) -> [ID + CROP(7)]": ["the branches fit together only where H is 7 and W is 7"],
    "INPUT(3xHxW) -> RELU -> CONV(8, 7, 2) -> POOL(3, 2, padding=same) -> GAP": [],
}


@pytest.mark.parametrize("text", WARNINGS)
def test_each_demand_is_told_once_and_none_that_follows(text: str) -> None:
    assert told(text) == WARNINGS[text]


CONTRADICTIONS = {
    "INPUT(3xHx8) -> [ID + CROP((7, 8))] -> POOL(8x1)": "H >= 8 and H is 7",
    "INPUT(3xHx8) -> [ID + CROP((7, 8))] -> [ID, CROP((6, 8))]": "H is 7 and H is 6",
}


@pytest.mark.parametrize("text", CONTRADICTIONS)
def test_what_no_size_meets_is_a_mistake(text: str) -> None:
    found = compile_at(text).diagnostics[-1]
    expected = f"the branches fit together for no H: {CONTRADICTIONS[text]} exclude each other"
    assert (found.code, found.message) == ("shape-mismatch", expected)


# reports and artifacts

UNET = """
level(c, inner) = CONV(c) -> RELU -> [ID, POOL -> inner -> DECONV(c)] -> CONV(c) -> RELU
INPUT(3xHxW) -> level(4, level(8, CONV(16))) -> CONV(2, 1)
"""
RESIDUAL = """
block(c, s) = [CONV(c, 3, s) -> BN -> RELU -> CONV(c) -> BN + (ID if s == 1 else CONV(c, 1, s))] -> RELU
INPUT(3xHxW) -> CONV(8, 7, 2) -> BN -> RELU -> POOL(3, 2, padding=same) -> [block(c, s) for c, s in (8, 1), (16, 2)]
"""


def test_reports_show_formulas(run: Any) -> None:
    found = run("check", "-e", "INPUT(1xHxW) -> CONV(6, 5, padding=valid) -> POOL -> FC(10)")
    assert found.returncode == 0
    assert "6x((H-4)//2)x((W-4)//2)" in found.stdout
    assert "150*(H-4)*(W-4)" in found.stdout
    assert "operations  150*H*W" in found.stdout


def test_data_holds_formulas_as_text(run: Any) -> None:
    import json

    (model,) = json.loads(run("check", "--format", "json", "-e", "INPUT(3xHxW) -> CONV(2, stride=2)").stdout)
    assert model["outputs"][0]["size"] == [2, "(H+1)//2", "(W+1)//2"]
    assert model["params"] == 56
    assert model["macs"] == "54*((H+1)//2)*((W+1)//2)"


def test_pictures_show_formulas() -> None:
    assert "8×(H//2)×W" in parse("INPUT(8xHxW) -> POOL(2x1)").to_dot()


NEEDS_A_NUMBER = {
    "INPUT(3xHxW) -> CONV(8) -> FC(10)": "FC(10)",
    "INPUT(3xHxW) -> CROP((H//2, W)) -> GAP": "CROP((H//2, W))",
    "INPUT(3xHxW) -> CONV(8, 3, 2, padding=same_upper)": "CONV(8, 3, 2, padding=same_upper)",
    "INPUT(3xHxW) -> CONV(8, 2, 3, padding=same_upper)": "CONV(8, 2, 3, padding=same_upper)",
}


@pytest.mark.parametrize("text", NEEDS_A_NUMBER)
def test_torch_says_which_layer_needs_a_number(text: str) -> None:
    with pytest.raises(SpecError, match="--input") as raised:
        parse(text).torch_source()
    (found,) = raised.value.diagnostics
    assert (found.code, found.span.text) == ("open-size", NEEDS_A_NUMBER[text])


def test_commands_say_which_layer_needs_a_number(run: Any) -> None:
    found = run("export", "--to", "torch", "-e", "INPUT(3xHxW) -> FC(10)")
    assert found.returncode == 1
    assert found.stderr.startswith("error[open-size]: torch makes FC with a number, and here that is 3*H*W")


@pytest.mark.torch
def test_training_says_that_it_needs_a_number(run: Any) -> None:
    found = run("train", "-e", "INPUT(1xHxW) -> CONV(4) -> GAP -> FC(10)")
    assert found.returncode == 1
    assert "give --input 1x8x8" in found.stderr


@pytest.mark.torch
@pytest.mark.parametrize(
    "text", [RESIDUAL, UNET, f"{RESIDUAL} -> GAP -> FC(10)"], ids=["residual", "unet", "classifier"]
)
def test_torch_gives_the_sizes_of_the_formulas(text: str) -> None:
    import torch

    model = parse(text)
    network = model.to_torch().eval()
    shape = model.graph.outputs[0].node.type.shape
    for height, width in ((32, 64), (48, 32)):
        found = network(torch.zeros(2, 3, height, width))
        assert list(found.shape[1:]) == [at(extent, height, width) for extent in shape]
    assert sum(map(torch.numel, network.parameters())) == cost(model.graph).params


def test_the_source_is_that_of_any_size() -> None:
    """But for the sizes in comments and in the docstring: the network does not change with the size of its input."""
    open, closed = (parse(RESIDUAL, input=size).torch_source() for size in ("3xHxW", "3x64x64"))
    without = [re.sub(r" *#.*|(Input|Its spec, with) .*", "", source) for source in (open, closed)]
    assert without[0] == without[1]


def test_open_graphs_print_and_convert() -> None:
    found = graph(UNET)
    assert "8x(H//2)x(W//2)" in str(found)
    assert found.to_networkx().number_of_nodes() == len(found)


def test_a_number_of_channels_that_is_open_is_a_mistake_of_what_needs_it() -> None:
    for layer in ("DWCONV", "CONV(4, groups=2)", "GN(2)", "SEPCONV(4)"):
        assert {found.code for found in diagnostics(f"INPUT(3xHxW) -> PERMUTE(HWC) -> {layer}")} == {"open-size"}, layer


def test_whether_a_map_shrank_is_taken_for_large_sizes() -> None:
    assert graph("INPUT(3xHxW) -> [POOL(2, 1), POOL -> CONV(3) -> DECONV(4)] -> CONV").outputs
