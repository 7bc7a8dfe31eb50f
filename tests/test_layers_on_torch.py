"""Layers against torch: their examples, random attributes, and the values of what a shape cannot tell apart."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import CASES, Case, by_x
from meta import build, run, seen_by_compiler, seen_by_torch

import cnndsl
from cnndsl.layers import Layer, layer_types
from cnndsl.layers.attributes import Real

torch = pytest.importorskip("torch")
nn = torch.nn

pytestmark = pytest.mark.torch

EXAMPLES = [example.spec for layer in layer_types() for example in layer.examples]


@pytest.mark.parametrize("spec", EXAMPLES)
def test_torch_sees_what_the_compiler_says_of_an_example(spec: str) -> None:
    graph = cnndsl.parse(spec).graph
    assert seen_by_torch(graph) == seen_by_compiler(graph)


# Attributes that torch has too

TORCH_NAMES = {"slope": ("negative_slope", "init"), "ceil": ("ceil_mode",), "count_pad": ("count_include_pad",)}
DEFAULTS_OF_THE_LANGUAGE = {"CONV.padding", "DWCONV.padding", "DECONV.stride"}


def torch_modules(spec: str) -> list[torch.nn.Module]:
    """The modules that the last layer becomes."""
    *_, last = build(cnndsl.parse(spec).graph, "meta").values()
    return list(last.called.values())


def common_attributes() -> Iterator[Any]:
    """Layer, attribute, torch's name of it and torch's default, for the first example of every layer."""
    for layer in layer_types():
        for module in torch_modules(layer.examples[0].spec):
            parameters = inspect.signature(type(module)).parameters
            for attribute in layer.attributes:
                for name in TORCH_NAMES.get(attribute, (attribute,)):
                    if name in parameters:
                        id = f"{layer.word()}.{attribute}"
                        yield pytest.param(layer, attribute, name, parameters[name].default, id=id)


COMMON = list(common_attributes())
NUMBERS = [each for each in COMMON if isinstance(each.values[0].attributes[each.values[1]], Real)]
OTHER_ARGUMENTS = {"GN": "groups=4, "}


@pytest.mark.parametrize(("layer", "attribute", "name", "default"), COMMON)
def test_defaults_are_torchs(layer: type[Layer], attribute: str, name: str, default: object) -> None:
    ours = layer.attributes[attribute].default
    is_torchs = ours == default or (ours == "valid" and default == 0)
    is_fixed = isinstance(ours, bool | int | float | str) and default is not inspect.Parameter.empty
    if is_fixed:
        assert is_torchs is (f"{layer.word()}.{attribute}" not in DEFAULTS_OF_THE_LANGUAGE)


@pytest.mark.parametrize(("layer", "attribute", "name", "default"), NUMBERS)
def test_a_number_reaches_torchs_module(layer: type[Layer], attribute: str, name: str, default: object) -> None:
    others = OTHER_ARGUMENTS.get(layer.word(), "")
    (module,) = torch_modules(f"INPUT(8x6x6) -> {layer.word()}({others}{attribute}=0.3)")
    assert getattr(module, name) == 0.3


# Random attributes


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
@settings(derandomize=True, deadline=None, max_examples=150)
@given(data=st.data())
def test_random_attributes_mean_what_they_mean_to_torch(cases: st.SearchStrategy[Case], data: st.DataObject) -> None:
    data.draw(cases).check()


@pytest.mark.slow
@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
@settings(deadline=None, max_examples=3000)
@given(data=st.data())
def test_many_random_attributes_mean_what_they_mean_to_torch(
    cases: st.SearchStrategy[Case], data: st.DataObject
) -> None:
    data.draw(cases).check()


# Values


def leaving(spec: str, *inputs: object) -> torch.Tensor:
    """What leaves a network for one sample, with all its weights 1, in evaluation."""
    modules = build(cnndsl.parse(spec).graph)
    for module in modules.values():
        module.eval()
        for weight in module.parameters():
            nn.init.ones_(weight)
    with torch.no_grad():
        return run(modules, [torch.as_tensor(entering, dtype=torch.float32)[None] for entering in inputs])[0]


def counted(*shape: int) -> torch.Tensor:
    """0, 1, 2, ... in this shape: every value tells where it comes from."""
    return torch.arange(prod(shape), dtype=torch.float32).view(shape)


@pytest.mark.parametrize(
    ("arguments", "sums"),
    [
        ("2, padding=same", [3, 5, 7, 4]),
        ("4, padding=same", [6, 10, 9, 7]),
        ("3, 2, padding=same", [3, 9]),
        ("2, padding=same, dilation=3", [3, 5, 2, 3]),
        ("3, 2, padding=same_upper", [6, 7]),
        ("4, 3, padding=same_upper", [6, 7]),
        ("3, padding=full", [1, 3, 6, 9, 7, 4]),
        ("3, padding=causal", [1, 3, 6, 9]),
        ("2, padding=causal, dilation=2", [1, 2, 4, 6]),
        ("3, padding=(0, 2)", [6, 9, 7, 4]),
    ],
)
def test_padding_lies_where_the_language_says(arguments: str, sums: list[float]) -> None:
    assert leaving(f"INPUT(1x4) -> CONV(1, {arguments}, bias=false)", [[1, 2, 3, 4]]).tolist() == [sums]


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_same_padding_is_torchs_own_under_a_stride_too() -> None:
    entering = counted(1, 9, 7)
    for kernel, dilation, stride in product((1, 2, 3, 4), (1, 2), (1, 2, 3)):
        convolution = nn.Conv2d(1, 1, kernel, padding="same", dilation=dilation, bias=False)
        nn.init.ones_(convolution.weight)
        sums = leaving(f"INPUT(1x9x7) -> CONV(1, {kernel}, {stride}, dilation={dilation}, bias=false)", entering)
        assert torch.equal(sums, convolution(entering)[:, ::stride, ::stride])


@pytest.mark.parametrize(
    ("arguments", "largest"),
    [
        ("2, 1, padding=same", [-1, -1, -2]),
        ("3, 1, padding=same", [-1, -1, -1]),
        ("2, 1, padding=full", [-3, -1, -1, -2]),
        ("3, 1, padding=full", [-3, -1, -1, -1, -2]),
        ("2, 2, padding=same_upper", [-1, -2]),
        ("3, 1, padding=causal", [-3, -1, -1]),
    ],
)
def test_padding_of_a_max_pool_never_wins(arguments: str, largest: list[float]) -> None:
    for word in ("POOL", "MAXPOOL"):
        assert leaving(f"INPUT(1x3) -> {word}({arguments})", [[-3, -1, -2]]).tolist() == [largest]


@pytest.mark.parametrize(
    ("arguments", "means"),
    [
        ("2, 1, padding=same", [4.5, 7.5, 4.5]),
        ("3, 1, padding=1", [3, 6, 5]),
        ("3, 1, padding=1, count_pad=false", [4.5, 6, 7.5]),
        ("3, 1, padding=same, count_pad=false", [4.5, 6, 7.5]),
        ("2, 2, ceil=true", [4.5, 9]),
        ("2, 1, padding=causal", [1.5, 4.5, 7.5]),
    ],
)
def test_padding_counts_in_a_mean_unless_told_otherwise(arguments: str, means: list[float]) -> None:
    assert leaving(f"INPUT(1x3) -> AVGPOOL({arguments})", [[3, 6, 9]]).tolist() == [means]


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 1), (1, 1, 1, 1)], ids=by_x)
def test_a_mean_may_reach_over_all_sides_of_a_small_map(shape: tuple[int, ...]) -> None:
    cells = 2 ** (len(shape) - 1)
    means = leaving(f"INPUT({by_x(shape)}) -> AVGPOOL(2, 1, padding=1)", torch.ones(shape))
    assert means.flatten().tolist() == [1 / cells] * cells


@pytest.mark.parametrize(
    ("size", "arguments", "largest"),
    [
        (6, "2, 3, padding=(0, 1), ceil=true", [2, 5]),
        (7, "2, 3, padding=(0, 1), ceil=true", [2, 5, 7]),
        (6, "3, 2, ceil=true", [3, 5, 6]),
        (6, "3, 2, padding=(2, 0), ceil=true", [1, 3, 5, 6]),
        (5, "3, 3, padding=full, ceil=true", [1, 4, 5]),
        (6, "1, 4, ceil=true", [1, 5]),
    ],
)
def test_the_last_window_of_ceil_starts_inside_the_map(size: int, arguments: str, largest: list[float]) -> None:
    entering = [range(1, size + 1)]
    assert leaving(f"INPUT(1x{size}) -> POOL({arguments})", entering).tolist() == [largest]


def test_ceil_takes_a_window_that_reaches_over_the_edge_of_a_small_map() -> None:
    (largest,) = nn.MaxPool2d(3, 2, ceil_mode=True)(counted(1, 1, 2, 2))
    assert torch.equal(leaving("INPUT(1x2x2) -> POOL(3, 2, ceil=true)", counted(1, 2, 2)), largest)


def test_channels_are_counted_from_0_and_the_last_is_not_included() -> None:
    whole = counted(5, 2, 2)
    assert torch.equal(leaving("INPUT(5x2x2) -> CHANNELS(1, 3)", whole), whole[1:3])
    assert leaving("INPUT(5) -> CHANNELS(3, 5)", range(5)).tolist() == [3, 4]


def test_shuffle_takes_the_groups_in_turn() -> None:
    assert leaving("INPUT(6x1) -> SHUFFLE(2)", counted(6, 1)).flatten().tolist() == [0, 3, 1, 4, 2, 5]
    assert leaving("INPUT(6x1) -> SHUFFLE(3)", counted(6, 1)).flatten().tolist() == [0, 2, 4, 1, 3, 5]


def test_crop_cuts_the_odd_one_off_at_the_end() -> None:
    whole = counted(2, 5, 6)
    assert torch.equal(leaving("INPUT(2x5x6) -> CROP(2x3)", whole), whole[:, 1:3, 1:4])


@pytest.mark.parametrize("shape", [(3, 3), (3, 3, 3), (3, 3, 3, 3)], ids=by_x)
def test_a_vector_gate_multiplies_along_the_channels(shape: tuple[int, ...]) -> None:
    whole = counted(*shape)
    means = whole.flatten(1).mean(1).view(3, *(1,) * (len(shape) - 1))
    assert torch.equal(leaving(f"INPUT({by_x(shape)}) -> [ID & GAP]", whole), whole * means)
    assert torch.equal(leaving(f"INPUT({by_x(shape)}) -> [GAP & ID & GAP]", whole), means * whole * means)


def test_a_map_of_one_channel_multiplies_over_the_channels() -> None:
    whole = counted(3, 3, 3)
    assert torch.equal(leaving("INPUT(3x3x3) -> [ID & CHANNELS(1, 2)]", whole), whole * whole[1:2])


def test_a_map_of_one_position_multiplies_over_the_positions() -> None:
    whole = counted(3, 3, 3)
    assert torch.equal(leaving("INPUT(3x3x3) -> [POOL(3) & ID]", whole), whole.amax((1, 2), keepdim=True) * whole)


def test_gates_of_every_kind_meet_on_a_map() -> None:
    whole = counted(3, 3, 3)
    gated = whole * whole.mean((1, 2), keepdim=True) * whole[:1] * whole.amax((1, 2), keepdim=True)
    assert torch.equal(leaving("INPUT(3x3x3) -> [ID & GAP & CHANNELS(0, 1) & POOL(3)]", whole), gated)


def test_differences_are_taken_from_left_to_right() -> None:
    spec = "INPUT(3) -> [ID - RELU - ABS]"
    assert leaving(spec, [-2, 0, 5]).tolist() == [-4, 0, -5]
    assert leaving("INPUT(3) -> [RELU - ID + ABS]", [-2, 0, 5]).tolist() == [4, 0, 5]


def test_branches_are_concatenated_in_the_order_of_the_text() -> None:
    assert leaving("INPUT(3) -> [CHANNELS(2, 3), CHANNELS(0, 1), ID]", range(3)).tolist() == [2, 0, 0, 1, 2]


def test_a_map_is_flattened_channel_after_channel() -> None:
    assert leaving("INPUT(2x2x3) -> FLATTEN", counted(2, 2, 3)).tolist() == list(range(12))


@pytest.mark.parametrize("has_scale", [True, False], ids=["scale", "no-scale"])
@pytest.mark.parametrize("has_shift", [True, False], ids=["shift", "no-shift"])
def test_batch_norm_learns_only_what_it_is_told_to(has_scale: bool, has_shift: bool) -> None:
    spec = f"INPUT(2x2) -> BN(eps=0.5, scale={str(has_scale).lower()}, shift={str(has_shift).lower()})"
    *_, norm = build(cnndsl.parse(spec).graph).values()
    kept = by_name(norm)
    assert [name in kept for name in ("weight", "bias")] == [has_scale, has_shift]
    values = {"running_mean": [1, 2], "running_var": [0.5, 3.5], "weight": [2, 2], "bias": [7, 7]}
    for name in kept.keys() & values.keys():
        kept[name].copy_(torch.tensor(values[name]))
    standard = torch.tensor([[0.0, 1.0], [0.0, 2.0]])
    given = torch.tensor([[1.0, 2.0], [2.0, 6.0]])
    assert torch.equal(norm.eval()(given[None])[0], standard * (2 if has_scale else 1) + (7 if has_shift else 0))


@pytest.mark.parametrize("scale", ["true", "false"])
@pytest.mark.parametrize("shift", ["true", "false"])
def test_batch_norm_remembers_by_its_momentum(scale: str, shift: str) -> None:
    *_, norm = build(cnndsl.parse(f"INPUT(1) -> BN(momentum=0.25, scale={scale}, shift={shift})").graph).values()
    by_name(norm)["running_var"].fill_(1)
    norm.train()(torch.tensor([[2.0], [6.0]]))
    assert by_name(norm)["running_mean"].item() == 0.25 * 4
    assert by_name(norm)["running_var"].item() == 0.75 + 0.25 * 8


def by_name(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Its weights and buffers, by their own names."""
    return {path.rpartition(".")[2]: value for path, value in module.state_dict().items()}


def test_batch_norm_rejects_an_eps_with_which_torch_cannot_train() -> None:
    with pytest.raises(ValueError, match="eps"):
        nn.BatchNorm1d(1, eps=0)(torch.zeros(2, 1))
    with pytest.raises(cnndsl.SpecError, match="eps"):
        cnndsl.parse("INPUT(1) -> BN(eps=0)")


def test_response_norm_divides_alpha_by_the_number_of_channels() -> None:
    normalised = leaving("INPUT(3x1) -> LRN(3, alpha=6, beta=1, k=2)", [[1], [2], [3]]).flatten()
    squares = torch.tensor([1 + 4, 1 + 4 + 9, 4 + 9])
    torch.testing.assert_close(normalised, torch.tensor([1, 2, 3]) / (2 + 6 / 3 * squares))


def test_softmax_adds_up_over_the_channels() -> None:
    sums = leaving("INPUT(3x3x3) -> SOFTMAX", counted(3, 3, 3)).sum(0)
    torch.testing.assert_close(sums, torch.ones(3, 3))


def test_gelu_is_exact_unless_told_otherwise() -> None:
    entering = torch.linspace(-2, 2, 5)
    for argument, approximate in (("", "none"), ('(approximate="tanh")', "tanh")):
        expected = nn.functional.gelu(entering, approximate=approximate)
        assert torch.equal(leaving(f"INPUT(5) -> GELU{argument}", entering), expected)


@pytest.mark.parametrize(
    ("name", "kernel"),
    [
        ("identity", "0 0 0 0 1 0 0 0 0"),
        ("edges", "-1 -1 -1 -1 8 -1 -1 -1 -1"),
        ("laplace", "0 1 0 1 -4 1 0 1 0"),
        ("corners", "1 0 -1 0 0 0 -1 0 1"),
        ("sharpen", "0 -1 0 -1 5 -1 0 -1 0"),
        ("box", "1/9 1/9 1/9 1/9 1/9 1/9 1/9 1/9 1/9"),
        ("gauss", "1/16 2/16 1/16 2/16 4/16 2/16 1/16 2/16 1/16"),
        ("prewittx", "1 0 -1 1 0 -1 1 0 -1"),
        ("prewitty", "1 1 1 0 0 0 -1 -1 -1"),
        ("sobelx", "1 0 -1 2 0 -2 1 0 -1"),
        ("sobely", "1 2 1 0 0 0 -1 -2 -1"),
    ],
)
def test_a_filter_lays_its_kernel_over_every_channel(name: str, kernel: str) -> None:
    """The sums of a lone 1 are the kernel turned round; a second channel stays out of them."""
    point = torch.zeros(2, 3, 3)
    point[0, 1, 1] = 1
    sums = leaving(f"INPUT(2x3x3) -> FILTER({name})", point)
    assert torch.allclose(
        sums[0].flip(0, 1).flatten(), torch.tensor([float(Fraction(each)) for each in kernel.split()])
    )
    assert sums[1].count_nonzero() == 0


def test_every_kernel_is_compared() -> None:
    (name,) = (layer.attributes["name"] for layer in layer_types() if layer.words == ("FILTER",))
    (marks,) = test_a_filter_lays_its_kernel_over_every_channel.pytestmark
    assert [kernel for kernel, _ in marks.args[1]] == list(name.symbols)


def test_a_filter_pads_with_zeros() -> None:
    assert leaving("INPUT(1x1x3) -> FILTER(box)", torch.ones(1, 1, 3)).mul(9).round().tolist() == [[[2, 3, 2]]]


def test_biases_of_ordinal_ranks_share_what_comes_in() -> None:
    assert leaving("INPUT(1) -> BIAS(3)", [5]).tolist() == [6, 6, 6]


def test_neighbouring_channels_are_pooled() -> None:
    whole = torch.tensor([3, 1, 2, 9, 5, 7])
    assert leaving("INPUT(6) -> CHANNELPOOL(2)", whole).tolist() == [3, 9, 7]
    assert leaving("INPUT(6) -> CHANNELPOOL(3, avg)", whole).tolist() == [2, 7]
    assert leaving("INPUT(6) -> CHANNELPOOL", whole).tolist() == [9]


def test_letters_of_an_order_name_the_axes_that_come_in() -> None:
    whole = counted(2, 3, 4)
    assert torch.equal(leaving("INPUT(2x3x4) -> PERMUTE(HWC)", whole), whole.permute(1, 2, 0))
    assert torch.equal(leaving("INPUT(2x3x4) -> PERMUTE(WCH)", whole), whole.permute(2, 0, 1))


def test_an_unpooling_puts_values_where_the_largest_were() -> None:
    spec = "INPUT(1x4) -> POOL as p -> ABS -> UNPOOL(p)"
    assert leaving(spec, [[-1, -2, -4, -3]]).tolist() == [[1, 0, 0, 3]]


def test_what_is_random_in_training_is_not_in_evaluation() -> None:
    whole = counted(2, 3, 3)
    assert torch.equal(leaving("INPUT(2x3x3) -> DROPPATH(0.9) -> NOISE(5) -> DROPOUT(0.9)", whole), whole)


# Initial values

FAN_IN, FAN_OUT = 8 * 5 * 5, 400 * 5 * 5


@pytest.mark.parametrize(
    ("written", "spread"),
    [
        ("he", (2 / FAN_IN) ** 0.5),
        ("lecun", (1 / FAN_IN) ** 0.5),
        ("xavier", (2 / (FAN_IN + FAN_OUT)) ** 0.5),
        ("normal(0.3)", 0.3),
        ("uniform(0.3)", 0.3 / 3**0.5),
        ("auto", (1 / 3 / FAN_IN) ** 0.5),
    ],
)
def test_weights_begin_with_the_spread_that_is_written(written: str, spread: float) -> None:
    weight = begun(f"INPUT(8x6x6) -> CONV(400, 5, init={written})")["weight"]
    assert weight.std().item() == pytest.approx(spread, rel=0.02)
    assert abs(weight.mean().item()) < spread / 50
    is_bounded = bool(weight.abs().max() <= spread * 3**0.5 * 1.001)
    assert is_bounded is written.startswith(("xavier", "uniform", "auto"))


@pytest.mark.parametrize("layer", ["CONV(4", "DWCONV(3", "DECONV(4", "FC(4"])
def test_weights_and_biases_begin_as_constants(layer: str) -> None:
    found = begun(f"INPUT(4x6x6) -> {layer}, init=zeros, bias_init=constant(-2))")
    assert found["weight"].unique().tolist() == [0]
    assert found["bias"].unique().tolist() == [-2]


def test_learned_factors_begin_as_written_and_biases_at_0() -> None:
    assert begun("INPUT(3) -> SCALE(1e-6)")["weight"].tolist() == pytest.approx([1e-6] * 3)
    assert begun("INPUT(3) -> SCALE")["weight"].tolist() == [1] * 3
    assert begun("INPUT(3) -> BIAS")["bias"].tolist() == [0] * 3


def begun(spec: str) -> dict[str, torch.Tensor]:
    """The first values of the last layer's weights."""
    torch.manual_seed(0)
    *_, last = build(cnndsl.parse(spec).graph).values()
    return by_name(last)


def test_a_response_norm_takes_a_map_that_was_permuted() -> None:
    model = cnndsl.parse("INPUT(2x3x4x5) -> PERMUTE(CHDW) -> LRN(3)")
    whole = torch.randn(2, 2, 3, 4, 5)
    expected = nn.LocalResponseNorm(3)(whole.permute(0, 1, 3, 2, 4).contiguous())
    torch.testing.assert_close(model.to_torch()(whole), expected)
