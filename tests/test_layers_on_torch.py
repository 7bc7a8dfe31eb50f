"""Layers against torch: their examples, random attributes, and the values of what a shape cannot tell apart."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from itertools import product
from math import inf, prod
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meta import BATCH, build, run, seen_by_compiler, seen_by_torch
from test_layers import last_node, printed

import cnndsl
from cnndsl.graph import Graph
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


@pytest.mark.parametrize(("layer", "attribute", "name", "default"), COMMON)
def test_defaults_are_torchs(layer: type[Layer], attribute: str, name: str, default: object) -> None:
    ours = layer.attributes[attribute].default
    is_torchs = ours == default or (ours == "valid" and default == 0)
    is_fixed = isinstance(ours, bool | int | float | str) and default is not inspect.Parameter.empty
    if is_fixed:
        assert is_torchs is (f"{layer.word()}.{attribute}" not in DEFAULTS_OF_THE_LANGUAGE)


@pytest.mark.parametrize(("layer", "attribute", "name", "default"), NUMBERS)
def test_a_number_reaches_torchs_module(layer: type[Layer], attribute: str, name: str, default: object) -> None:
    (module,) = torch_modules(f"INPUT(8x6x6) -> {layer.word()}({attribute}=0.3)")
    assert getattr(module, name) == 0.3


# Random attributes


class Case(NamedTuple):
    """A drawn layer and what it means.

    Attributes:
        spec: the layer as the language writes it.
        entering: the shape that enters.
        raw: the torch module of the same meaning.
        by_hand: the same written out, where torch has no module that does all of it.
        is_forbidden: the language refuses it though torch could be brought to do it.
    """

    spec: str
    entering: tuple[int, ...]
    raw: Callable[[], torch.nn.Module]
    by_hand: Callable[[], torch.nn.Module] | None = None
    is_forbidden: bool = False

    def check(self) -> None:
        """Torch refuses what the compiler rejects, and sees and computes the same where it accepts."""
        try:
            graph = cnndsl.parse(self.spec).graph
        except cnndsl.SpecError as error:
            (code,) = (found.code for found in error.diagnostics if found.is_error)
            assert code == "bad-argument" if self.is_forbidden else self.is_refused_by_torch()
            return
        assert not self.is_forbidden
        assert seen_by_torch(graph) == seen_by_compiler(graph)
        assert_same_values(graph, (self.by_hand or self.raw)())
        assert printed(last_node(printed(graph.nodes[-1]))) == printed(graph.nodes[-1])

    def is_refused_by_torch(self) -> bool:
        try:
            return self.raw()(torch.zeros(BATCH, *self.entering)).numel() == 0
        except (IndexError, RuntimeError, ValueError):
            return True


def assert_same_values(graph: Graph, reference: torch.nn.Module) -> None:
    """The last layer computes what the reference does, given the same weights."""
    torch.manual_seed(0)
    *_, last = build(graph).values()
    for weight in last.parameters():
        nn.init.normal_(weight)
    reference.load_state_dict(dict(zip(reference.state_dict(), last.state_dict().values(), strict=True)))
    entering = torch.randn(BATCH, *graph.nodes[0].type.shape, dtype=torch.float64)
    torch.testing.assert_close(last.double()(entering), reference.double()(entering))


class Function(nn.Module):
    """A function as a module without weights."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.forward = function


class Slide(NamedTuple):
    """A drawn window over a drawn map; the padding as written and as it should come out."""

    sizes: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str
    pairs: tuple[tuple[int, int], ...]

    def pad(self, value: float) -> torch.nn.Module:
        sides = [side for pair in reversed(self.pairs) for side in pair]
        return Function(lambda entering: nn.functional.pad(entering, sides, value=value))


def spec(entering: tuple[int, ...], word: str, *positional: object, **keywords: object) -> str:
    """A layer as the language writes it, behind the shape that enters."""
    arguments = [*map(text, positional), *(f"{name}={text(value)}" for name, value in keywords.items())]
    return f"INPUT({by_x(entering)}) -> {word}({', '.join(arguments)})"


def text(value: object) -> str:
    if isinstance(value, tuple):
        return by_x(value[:1] if len(set(value)) == 1 else value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def by_x(extents: tuple[int, ...]) -> str:
    return "x".join(map(str, extents))


def extents(rank: int, least: int, most: int) -> st.SearchStrategy[tuple[int, ...]]:
    number = st.integers(least, most)
    return st.one_of(number.map(lambda extent: (extent,) * rank), st.tuples(*(number,) * rank))


def map_sizes(rank: int) -> st.SearchStrategy[tuple[int, ...]]:
    return extents(rank, 1, {0: 1, 1: 12, 2: 8, 3: 5}[rank])


def shapes(least_rank: int, most_channels: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    sizes = st.integers(least_rank, 3).flatmap(map_sizes)
    return st.builds(lambda channels, sizes: (channels, *sizes), st.integers(1, most_channels), sizes)


def mostly_divisible(by: int) -> st.SearchStrategy[int]:
    return st.builds(lambda quotient, rest: by * quotient + rest, st.integers(1, 2), st.sampled_from([0, 0, 0, 1]))


def paddings(rank: int) -> st.SearchStrategy[Any]:
    """A word, a number for each axis, or a pair for each."""
    words = ["valid", "same", "full", "same_upper", *(["causal"] if rank == 1 else [])]
    pair = st.tuples(st.integers(0, 3), st.integers(0, 3))
    return st.one_of(st.sampled_from(words), extents(rank, 0, 3), st.tuples(*(pair,) * rank))


def sides(word: str, size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """What a word for padding means along one axis."""
    reach = dilation * (kernel - 1) + 1
    upper = max(0, (-(-size // stride) - 1) * stride + reach - size)
    return {
        "valid": (0, 0),
        "same": ((reach - 1) // 2, reach // 2),
        "full": (reach - 1, reach - 1),
        "same_upper": (upper // 2, upper - upper // 2),
        "causal": (reach - 1, 0),
    }[word]


@st.composite
def slides(draw: st.DrawFn, most_dilation: int = 2) -> Slide:
    rank = draw(st.integers(1, 3))
    kernel, stride, dilation = extents(rank, 1, 4), extents(rank, 1, 3), extents(rank, 1, most_dilation)
    axes = draw(map_sizes(rank)), draw(kernel), draw(stride), draw(dilation)
    padding = draw(paddings(rank))
    if isinstance(padding, str):
        return Slide(*axes, padding, tuple(sides(padding, *axis) for axis in zip(*axes, strict=True)))
    if isinstance(padding[0], int):
        return Slide(*axes, text(padding), tuple((side, side) for side in padding))
    return Slide(*axes, str(padding if rank > 1 else padding[0]), padding)


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    slide, groups = draw(slides()), draw(st.integers(1, 3))
    channels, filters = draw(mostly_divisible(groups)), draw(mostly_divisible(groups))
    bias = draw(st.sampled_from(["true", "false", "auto"]))
    entering = (channels, *slide.sizes)
    return Case(
        spec(entering, "CONV", filters, slide.kernel, slide.stride, slide.padding, slide.dilation, groups, bias),
        entering,
        lambda: raw_convolution(slide, channels, filters, groups, bias != "false"),
    )


@st.composite
def depthwise_convolutions(draw: st.DrawFn) -> Case:
    slide, has_bias = draw(slides()), draw(st.booleans())
    channels, multiplier = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    entering = (channels, *slide.sizes)
    keywords = {"padding": slide.padding, "dilation": slide.dilation, "bias": has_bias}
    return Case(
        spec(entering, "DWCONV", slide.kernel, slide.stride, multiplier, **keywords),
        entering,
        lambda: raw_convolution(slide, channels, channels * multiplier, channels, has_bias),
    )


def raw_convolution(slide: Slide, channels: int, filters: int, groups: int, bias: bool) -> torch.nn.Module:
    kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[len(slide.sizes) - 1]
    convolution = kind(channels, filters, slide.kernel, slide.stride, 0, slide.dilation, groups, bias)
    return nn.Sequential(slide.pad(0), convolution)


@st.composite
def transposed_convolutions(draw: st.DrawFn) -> Case:
    rank, groups, has_bias = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.booleans())
    kernel, stride, dilation = draw(extents(rank, 1, 4)), draw(extents(rank, 1, 3)), draw(extents(rank, 1, 2))
    padding, extra = draw(extents(rank, 0, 3)), draw(extents(rank, 0, 2))
    channels, filters = draw(mostly_divisible(groups)), draw(mostly_divisible(groups))
    entering = (channels, *draw(map_sizes(rank)))
    kind = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[rank - 1]
    return Case(
        spec(entering, "DECONV", filters, kernel, stride, padding, extra, dilation, groups, has_bias),
        entering,
        lambda: kind(channels, filters, kernel, stride, padding, extra, groups, has_bias, dilation),
    )


@st.composite
def poolings(draw: st.DrawFn, word: str, ceil: bool) -> Case:
    slide = draw(slides(most_dilation=1))
    averages = word == "AVGPOOL" or (word == "POOL" and draw(st.booleans()))
    counts_padding = word != "AVGPOOL" or draw(st.booleans())
    own = {"POOL": {"mode": "avg" if averages else "max"}, "AVGPOOL": {"count_pad": counts_padding}}
    entering = (draw(st.integers(1, 3)), *slide.sizes)
    has_empty_windows = any(max(pair) >= extent for pair, extent in zip(slide.pairs, slide.kernel, strict=True))
    has_no_mean = averages and not fits_torch(slide) and (ceil or not counts_padding)
    return Case(
        spec(entering, word, slide.kernel, slide.stride, slide.padding, ceil=ceil, **own.get(word, {})),
        entering,
        lambda: raw_pooling(slide, averages, ceil, counts_padding),
        lambda: Function(lambda whole: pool_by_hand(whole, slide, averages, ceil, counts_padding)),
        is_forbidden=all(windows(slide, ceil)) and (has_empty_windows or has_no_mean),
    )


def fits_torch(slide: Slide) -> bool:
    """Torch's poolings pad both sides alike, by at most half the window."""
    return all(pair[0] == pair[1] <= extent / 2 for pair, extent in zip(slide.pairs, slide.kernel, strict=True))


def raw_pooling(slide: Slide, averages: bool, ceil: bool, counts_padding: bool) -> torch.nn.Module:
    rank = len(slide.sizes)
    kind = getattr(nn, f"{'Avg' if averages else 'Max'}Pool{rank}d")
    more = {} if counts_padding else {"count_include_pad": False}
    if fits_torch(slide):
        before = tuple(pair[0] for pair in slide.pairs)
        return kind(slide.kernel, slide.stride, before, ceil_mode=ceil, **more)
    return nn.Sequential(slide.pad(0 if averages else -inf), kind(slide.kernel, slide.stride, ceil_mode=ceil, **more))


def pool_by_hand(whole: torch.Tensor, slide: Slide, averages: bool, ceil: bool, counts_padding: bool) -> torch.Tensor:
    """Every window cut out of the map; what it holds beside values is padding, counted in a mean or not."""
    by_axis = windows(slide, ceil)
    leaving = []
    for starts in product(*by_axis):
        ends = [start + extent for start, extent in zip(starts, slide.kernel, strict=True)]
        inside = [slice(max(start, 0), max(end, 0)) for start, end in zip(starts, ends, strict=True)]
        values = whole[(..., *inside)].flatten(2)
        if averages:
            padded = [size + pair[1] for size, pair in zip(slide.sizes, slide.pairs, strict=True)]
            cells = prod(min(end, edge) - start for start, end, edge in zip(starts, ends, padded, strict=True))
            leaving.append(values.sum(2) / (cells if counts_padding else values.shape[2]))
        else:
            leaving.append(values.amax(2))
    return torch.stack(leaving, 2).unflatten(2, [len(starts) for starts in by_axis])


def windows(slide: Slide, ceil: bool) -> list[list[int]]:
    """Where windows start along each axis."""
    axes = zip(slide.sizes, slide.kernel, slide.stride, slide.pairs, strict=True)
    return [list(window_starts(*axis, ceil)) for axis in axes]


def window_starts(size: int, kernel: int, stride: int, pair: tuple[int, int], ceil: bool) -> Iterator[int]:
    """With `ceil` the last may reach over the padded edge, if it starts inside."""
    end = size + pair[1]
    start = -pair[0]
    while start + kernel <= end:
        yield start
        start += stride
    covered = start - stride + kernel
    if ceil and covered < end and start < size:
        yield start


@st.composite
def crops(draw: st.DrawFn) -> Case:
    entering = draw(shapes(1))
    size = draw(extents(len(entering) - 1, 1, 5))

    def crop(whole: torch.Tensor) -> torch.Tensor:
        for axis, extent in enumerate(size, start=2):
            whole = whole.narrow(axis, (whole.shape[axis] - extent) // 2, extent)
        return whole

    return Case(spec(entering, "CROP", size), entering, lambda: Function(crop))


@st.composite
def channel_ranges(draw: st.DrawFn) -> Case:
    entering, first, behind = draw(shapes(0, 6)), draw(st.integers(0, 6)), draw(st.integers(1, 7))
    select = Function(lambda whole: whole.narrow(1, first, behind - first))
    return Case(spec(entering, "CHANNELS", first, behind), entering, lambda: select)


@st.composite
def shuffles(draw: st.DrawFn) -> Case:
    entering, groups = draw(shapes(1, 12)), draw(st.integers(1, 4))
    shuffle = Function(lambda whole: whole.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2))
    return Case(spec(entering, "SHUFFLE", groups), entering, lambda: shuffle)


@st.composite
def dense_layers(draw: st.DrawFn) -> Case:
    entering, units, has_bias = draw(shapes(0)), draw(st.integers(1, 9)), draw(st.booleans())
    dense = nn.Sequential(nn.Flatten(), nn.Linear(prod(entering), units, has_bias))
    return Case(spec(entering, "FC", units, has_bias), entering, lambda: dense)


POSITIVE = st.floats(0.01, 2)


@st.composite
def batch_norms(draw: st.DrawFn) -> Case:
    entering, eps, momentum = draw(shapes(0)), draw(st.floats(0.01, 1)), draw(st.floats(0, 1))
    has_scale, has_shift = draw(st.booleans()), draw(st.booleans())
    norm = BatchNormByHand(entering[0], eps, has_scale, has_shift)
    return Case(spec(entering, "BN", eps, momentum, has_scale, has_shift), entering, lambda: norm)


class BatchNormByHand(nn.Module):
    """Batch norm in training, for a scale without a shift too."""

    def __init__(self, channels: int, eps: float, has_scale: bool, has_shift: bool) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if has_scale else None
        self.bias = nn.Parameter(torch.zeros(channels)) if has_shift else None
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, entering: torch.Tensor) -> torch.Tensor:
        by_channel = entering.transpose(0, 1).flatten(1)
        mean, variance = by_channel.mean(1, keepdim=True), by_channel.var(1, keepdim=True, correction=0)
        leaving = (by_channel - mean) / (variance + self.eps).sqrt()
        if self.weight is not None:
            leaving = leaving * self.weight[:, None]
        if self.bias is not None:
            leaving = leaving + self.bias[:, None]
        return leaving.view(entering.transpose(0, 1).shape).transpose(0, 1)


@st.composite
def response_norms(draw: st.DrawFn) -> Case:
    entering, size = draw(shapes(1, 6)), draw(st.integers(1, 7))
    alpha, beta, k = draw(POSITIVE), draw(POSITIVE), draw(POSITIVE)

    def normalise(whole: torch.Tensor) -> torch.Tensor:
        neighbours = (whole[:, max(0, c - size // 2) : c + (size - 1) // 2 + 1] for c in range(entering[0]))
        squares = torch.stack([each.square().sum(1) for each in neighbours], 1)
        return whole / (k + alpha / size * squares) ** beta

    return Case(spec(entering, "LRN", size, alpha, beta, k), entering, lambda: Function(normalise))


CASES = {
    "CONV": convolutions(),
    "DWCONV": depthwise_convolutions(),
    "DECONV": transposed_convolutions(),
    **{word: poolings(word, ceil=False) for word in ("POOL", "MAXPOOL", "AVGPOOL")},
    **{f"{word}-ceil": poolings(word, ceil=True) for word in ("POOL", "MAXPOOL", "AVGPOOL")},
    "CROP": crops(),
    "CHANNELS": channel_ranges(),
    "SHUFFLE": shuffles(),
    "BN": batch_norms(),
    "LRN": response_norms(),
    "FC": dense_layers(),
}


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
