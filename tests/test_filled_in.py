"""What the language fills in: the input, filters, units and biases that a spec leaves out."""

from __future__ import annotations

import pytest
from specs_in_tests import diagnostics, graph, layers, params

from cnndsl.layers import Layer

CLASSES = 10
HIDDEN = 256


def of(word: str, text: str, **parameters: object) -> list[Layer]:
    """The layers of one kind, in order."""
    return [node.layer for node in graph(text, **parameters) if node.layer.word() == word]


def filters(text: str) -> list[int]:
    return [layer.value("filters") for layer in of("CONV", text)]


def units(text: str, **parameters: object) -> list[int]:
    return [layer.value("units") for layer in of("FC", text, **parameters)]


def biases(text: str) -> dict[str, bool]:
    """By path, of all layers that have the choice."""
    return {node.path: node.layer.value("bias") for node in graph(text) if "bias" in node.layer.attributes}


# input and pooling


def test_a_bare_input_is_a_small_colour_image() -> None:
    (entering,) = graph("INPUT").inputs
    assert str(entering.node.type) == "3x32x32"
    assert entering.node.layer.filled == {"shape"}


def test_a_written_input_is_not_filled_in() -> None:
    assert graph("INPUT(3x32x32)").nodes[0].layer.filled == frozenset()


def test_a_bare_pooling_takes_the_largest_of_two_by_two() -> None:
    (pool,) = of("POOL", "INPUT -> POOL")
    assert [pool.value(name) for name in ("kernel", "stride", "mode", "padding")] == [(2, 2), (2, 2), "max", "valid"]


def test_a_bare_convolution_is_three_by_three_and_keeps_the_size() -> None:
    (conv,) = of("CONV", "INPUT -> CONV")
    found = [conv.value(name) for name in ("filters", "kernel", "stride", "padding", "dilation", "groups")]
    assert found == [64, (3, 3), (1, 1), "same", (1, 1), 1]
    assert params("INPUT -> CONV") == 64 * 3 * 9 + 64


@pytest.mark.parametrize(("size", "kernel"), [("3x20", (3,)), ("3x8x8x8", (3, 3, 3))])
def test_a_bare_convolution_follows_the_rank_of_its_input(size: str, kernel: tuple[int, ...]) -> None:
    (conv,) = of("CONV", f"INPUT({size}) -> CONV")
    assert conv.value("kernel") == kernel


# filters

FILTERS = {
    "INPUT -> CONV -> CONV": [64, 64],
    "INPUT -> CONV -> POOL -> CONV": [64, 128],
    "INPUT -> CONV -> RELU -> POOL -> RELU -> CONV -> CONV": [64, 128, 128],
    "INPUT -> CONV -> POOL -> POOL -> CONV": [64, 128],
    "INPUT(3x64x64) -> [CONV -> POOL]*6": [64, 128, 256, 512, 512, 512],
    "INPUT(3x64x64) -> [CONV*2 -> POOL]*3 -> CONV": [64, 64, 128, 128, 256, 256, 512],
    # the first of a path, whatever stands before it
    "INPUT -> POOL -> CONV": [64],
    "INPUT(512x8x8) -> CONV": [64],
    "INPUT(8x8x8) -> BN -> RELU -> AVGPOOL -> CONV -> CONV": [64, 64],
    # after a written number
    "INPUT -> CONV(10) -> CONV -> POOL -> CONV": [10, 10, 20],
    "INPUT -> CONV(300) -> POOL -> CONV": [300, 512],
    "INPUT -> CONV(600) -> POOL -> CONV -> CONV": [600, 600, 600],
    "INPUT -> CONV(7) -> POOL -> CONV(5) -> CONV": [7, 5, 5],
    # a stride of its own does not double, nor the one after it
    "INPUT -> CONV(stride=2) -> CONV": [64, 64],
    "INPUT -> CONV -> CONV(stride=2) -> CONV": [64, 64, 64],
    "INPUT -> CONV(10, padding=valid) -> CONV": [10, 10],
    # other ways to shrink
    "INPUT -> CONV(10) -> AVGPOOL -> CONV": [10, 20],
    "INPUT -> CONV(10) -> CROP(8) -> CONV": [10, 20],
    "INPUT -> CONV(10) -> POOL(3) -> CONV": [10, 20],
    "INPUT -> CONV(10) -> POOL(3, 1) -> CONV": [10, 20],
    "INPUT -> CONV(10) -> POOL(3, 1, padding=same) -> CONV": [10, 10],
    "INPUT(3x8x16) -> CONV(10) -> POOL(1x2) -> CONV": [10, 20],
    "INPUT(3x16) -> CONV(10) -> POOL -> CONV": [10, 20],
    "INPUT -> CONV(10) -> POOL(1) -> CONV": [10, 10],
    # along branches
    "INPUT -> CONV(10) -> [ID, ID] -> CONV": [10, 20],
    "INPUT -> CONV(10) -> POOL -> [ID, RELU] -> CONV": [10, 40],
    "INPUT -> CONV(10) -> [POOL, POOL -> CONV(6)] -> CONV": [10, 6, 32],
    "INPUT -> CONV(10) -> [POOL -> CONV(6), CONV(6) -> POOL] -> CONV": [10, 6, 6, 24],
    "INPUT -> CONV(10) -> [POOL -> CONV(6) + POOL -> CONV(6)] -> CONV": [10, 6, 6, 6],
    "INPUT -> CONV(10) -> POOL -> [CONV + CONV]": [10, 20, 20],
    "[INPUT, INPUT -> CONV(5)] -> CONV": [5, 8],
    "INPUT -> [RELU, POOL(3, 1, padding=same)] -> CONV": [64],
    # inside blocks and networks passed on
    "f(net) = net -> POOL -> net\nINPUT -> f(CONV)": [64, 128],
    "INPUT -> [CONV(padding=p) -> POOL for p in same, same]": [64, 128],
    "INPUT -> CONV(kernel=5, stride=2) -> POOL -> CONV(kernel=1)": [64, 128],
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FILTERS.items(), ids=FILTERS)
def test_filters(text: str, expected: list[int]) -> None:
    assert filters(text) == expected


def test_a_depthwise_convolution_is_not_one_that_chooses_filters() -> None:
    """It keeps its input's channels; what shrinks in it shrinks for the next."""
    assert filters("INPUT -> DWCONV -> CONV") == [64]
    assert filters("INPUT -> CONV(10) -> DWCONV -> CONV") == [10, 10]
    assert filters("INPUT -> CONV(10) -> POOL -> DWCONV -> CONV") == [10, 20]


def test_only_what_is_left_out_is_filled_in() -> None:
    written, bare, by_keyword = of("CONV", "INPUT -> CONV(8) -> CONV -> CONV(filters=8, bias=true)")
    assert written.filled == {"bias"}
    assert bare.filled == {"filters", "bias"}
    assert by_keyword.filled == frozenset()


# units

UNITS = {
    "INPUT -> FC": [CLASSES],
    "INPUT -> FC -> FC": [HIDDEN, CLASSES],
    "INPUT -> FC -> RELU -> DROPOUT -> FC -> SOFTMAX": [HIDDEN, CLASSES],
    "INPUT -> [FC -> RELU]*3": [HIDDEN, HIDDEN, CLASSES],
    "INPUT -> FC -> FC(7)": [HIDDEN, 7],
    "INPUT -> FC(7) -> FC": [7, CLASSES],
    "INPUT -> FC -> FC(7) -> FC": [HIDDEN, 7, CLASSES],
    "INPUT -> FC(bias=false) -> FC(bias=false)": [HIDDEN, CLASSES],
    # branches
    "INPUT -> [FC, FC]": [CLASSES, CLASSES],
    "INPUT -> [FC + FC]": [CLASSES, CLASSES],
    "INPUT -> [FC, FC -> FC]": [CLASSES, HIDDEN, CLASSES],
    "INPUT -> [FC, FC -> RELU] -> FC": [HIDDEN, HIDDEN, CLASSES],
    "INPUT -> FC -> [FC, FC(3)]": [HIDDEN, CLASSES, 3],
    "INPUT -> FC -> [ID, FC(3)]": [HIDDEN, 3],
    "INPUT(256x4x4) -> [ID & GAP -> FC -> SIGMOID] -> CONV(3)": [HIDDEN],
    "INPUT(10x4x4) -> [ID & GAP -> FC -> SIGMOID]": [CLASSES],
    "INPUT(256x4x4) -> [ID & GAP -> FC -> SIGMOID] -> GAP -> FC": [HIDDEN, CLASSES],
    "INPUT(3x4x4) -> [ID & GAP -> FC -> RELU -> FC(C//85) -> SIGMOID]": [HIDDEN, 3],
    # each flow has a last one
    "INPUT -> FC\nINPUT -> FC -> FC": [CLASSES, HIDDEN, CLASSES],
    # in blocks
    "head = FC -> RELU -> FC\nINPUT -> head -> head": [HIDDEN, HIDDEN, HIDDEN, CLASSES],
    "f(net) = net -> RELU -> net\nINPUT -> f(FC)": [HIDDEN, CLASSES],
}


@pytest.mark.parametrize(("text", "expected"), UNITS.items(), ids=UNITS)
def test_units(text: str, expected: list[int]) -> None:
    assert units(text) == expected


def test_units_that_are_filled_in_are_marked() -> None:
    hidden, written, last = of("FC", "INPUT -> FC -> FC(7) -> FC")
    assert (hidden.filled, written.filled, last.filled) == ({"units"}, frozenset(), {"units"})


@pytest.mark.parametrize("definition", ["classes = 7", "classes = 14//2", "classes = n - 1\nn = 8"])
def test_a_definition_says_how_many_classes_there_are(definition: str) -> None:
    text = f"{definition}\nINPUT -> FC -> FC"
    assert units(text) == [HIDDEN, 7]
    assert "units" in of("FC", text)[1].filled


@pytest.mark.parametrize("text", ["INPUT -> FC -> FC", "classes = 7\nINPUT -> FC -> FC"], ids=["free", "defined"])
@pytest.mark.parametrize("value", [3, "3"])
def test_the_number_of_classes_can_be_set(text: str, value: object) -> None:
    assert units(text, classes=value) == [HIDDEN, 3]


@pytest.mark.parametrize("text", ["INPUT -> FC(7)", "INPUT -> CONV", "INPUT -> FC(units=7)"])
def test_without_a_bare_layer_there_are_no_classes_to_set(text: str) -> None:
    (error,) = diagnostics(text, classes=3)
    assert (error.code, error.span.text) == ("bad-override", "classes")


@pytest.mark.parametrize("value", [0, -3, 2.5, "same", True, (1, 2), "[RELU]"], ids=repr)
@pytest.mark.parametrize("text", ["INPUT -> FC", "classes = 7\nINPUT -> FC"], ids=["free", "defined"])
def test_a_number_of_classes_that_is_none_is_a_mistake(text: str, value: object) -> None:
    assert len(diagnostics(text, classes=value)) == 1


@pytest.mark.parametrize("value", [" = 0", " = 5/2", " = same", " = RELU", "(n) = n"])
def test_a_definition_of_classes_that_is_no_number_is_a_mistake(value: str) -> None:
    assert len(diagnostics(f"classes{value}\nINPUT -> FC")) == 1


def test_a_width_that_depends_on_itself_is_a_mistake() -> None:
    (error,) = diagnostics("INPUT(3x2x2) -> FC -> [FC(3) if C == 10 else ID]")
    assert error.span.text == "FC"


def test_a_width_that_others_depend_on_settles() -> None:
    assert units("INPUT(3x2x2) -> FC -> [FC(3) if C == 256 else FC(4)]") == [HIDDEN, 3]
    assert units("INPUT(3x2x2) -> FC -> [ID if C == 256 else RELU]") == [CLASSES]


def test_a_message_tells_the_width_that_the_rules_give() -> None:
    (error,) = diagnostics("INPUT(3x4x4) -> [ID & GAP -> FC -> SIGMOID] -> FC")
    assert error.code == "shape-mismatch"
    assert str(HIDDEN) in error.message


# biases

BIASES = {
    "INPUT -> CONV(4)": [True],
    "INPUT -> CONV(4) -> RELU": [True],
    "INPUT -> CONV(4) -> BN": [False],
    "INPUT -> CONV(4) -> ID -> BN": [False],
    "INPUT -> CONV(4) -> RELU*0 -> BN": [False],
    "INPUT -> CONV(4) -> [ID] -> [[BN]] -> RELU": [False],
    "INPUT -> CONV(4) -> BN(shift=false)": [False],
    "INPUT -> CONV(4) -> RELU -> BN": [True],
    "INPUT -> CONV(4) -> DROPOUT -> BN": [True],
    "INPUT -> CONV(4) -> POOL -> BN": [True],
    # two readers
    "INPUT -> CONV(4) -> [BN, BN]": [False],
    "INPUT -> CONV(4) -> [BN + BN]": [False],
    "INPUT -> CONV(4) -> [BN, RELU]": [True],
    "INPUT -> CONV(4) -> [BN, ID]": [True],
    "INPUT -> CONV(4) -> [BN + ID]": [True],
    "INPUT -> CONV(4) -> [BN & GAP -> SIGMOID]": [True],
    # a merge is a reader that is no batch norm
    "INPUT -> [CONV(4), CONV(5)] -> BN": [True, True],
    "INPUT -> [CONV(4) + CONV(4)] -> BN": [True, True],
    "INPUT -> [CONV(4) -> BN, CONV(5)] -> BN": [False, True],
    "INPUT(4x8x8) -> [CONV(4) + ID] -> BN": [True],
    # in blocks and copies each place decides
    "conv(c) = CONV(c) -> BN\nINPUT -> conv(4) -> conv(5) -> CONV(6)": [False, False, True],
    "f(act) = CONV(4) -> act\nINPUT -> f(BN) -> f(RELU) -> f(ID) -> BN": [False, True, False],
    "INPUT -> [CONV(4) -> BN]*2 -> CONV(4)*2": [False, False, True, True],
    "INPUT -> CONV(4)*2 -> BN": [True, False],
    # written ones stay
    "INPUT -> CONV(4, bias=auto) -> BN": [False],
    "INPUT -> CONV(4, bias=auto) -> RELU": [True],
    "INPUT -> CONV(4, bias=true) -> BN": [True],
    "INPUT -> CONV(4, bias=false) -> RELU": [False],
    # the others that have the choice, and dense layers, which have not
    "INPUT -> DWCONV -> BN -> DWCONV": [False, True],
    "INPUT -> DECONV(4) -> BN -> DECONV(4)": [False, True],
    "INPUT -> FC(4) -> BN": [True],
    # flows do not disturb each other
    "INPUT -> CONV(4)\nINPUT -> CONV(4) -> BN": [True, False],
}


@pytest.mark.parametrize(("text", "expected"), BIASES.items(), ids=BIASES)
def test_biases(text: str, expected: list[bool]) -> None:
    assert list(biases(text).values()) == expected


def test_a_bias_counts_only_where_it_is() -> None:
    assert params("INPUT(3x8x8) -> CONV(4) -> BN") == 4 * 3 * 9 + 2 * 4
    assert params("INPUT(3x8x8) -> CONV(4) -> RELU") == 4 * 3 * 9 + 4


def test_a_bias_that_is_decided_is_marked() -> None:
    text = "INPUT(3x8x8) -> CONV(4) -> BN -> CONV(4, bias=auto) -> RELU -> CONV(4, bias=true)"
    assert ["bias" in layer.filled for layer in of("CONV", text)] == [True, True, False]


def test_reports_mark_what_was_filled_in() -> None:
    assert layers("INPUT -> CONV -> BN -> CONV(8, bias=true) -> FC") == [
        "INPUT(3x32x32*)",
        "CONV(64*, bias=false*)",
        "BN",
        "CONV(8, bias=true)",
        "FC(10*)",
    ]
