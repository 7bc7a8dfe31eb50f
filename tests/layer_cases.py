"""Drawn layers, as the language writes them and as torch or a few lines by hand compute the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import inf, prod
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st
from meta import BATCH, build, run, seen_by_compiler, seen_by_torch
from test_layers import last_node, printed

import cnndsl
from cnndsl.graph import Graph

torch = pytest.importorskip("torch")
nn = torch.nn


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
        if not graph.nodes[-1].layer.reads_indices:
            assert printed(last_node(printed(graph.nodes[-1]))) == printed(graph.nodes[-1])

    def is_refused_by_torch(self) -> bool:
        try:
            return self.raw()(torch.zeros(BATCH, *self.entering)).numel() == 0
        except (IndexError, RuntimeError, ValueError):
            return True


def assert_same_values(graph: Graph, reference: torch.nn.Module) -> None:
    """The network computes what the reference does, given the same weights of its last layer and random numbers."""
    torch.manual_seed(0)
    modules = build(graph)
    *_, last = modules.values()
    for weight in last.parameters():
        nn.init.normal_(weight)
    reference.load_state_dict(dict(zip(reference.state_dict(), last.state_dict().values(), strict=True)))
    last.double()
    entering = torch.randn(BATCH, *graph.nodes[0].type.shape, dtype=torch.float64)
    torch.manual_seed(1)
    leaving = run(modules, [entering])
    torch.manual_seed(1)
    torch.testing.assert_close(leaving, reference.double()(entering))


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


@st.composite
def instance_norms(draw: st.DrawFn) -> Case:
    entering, eps, momentum = draw(shapes(0)), draw(st.floats(0.01, 1)), draw(st.floats(0, 1))
    has_scale, has_shift, has_statistics = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    kind = (RefusingNorm, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)[len(entering) - 1]
    return Case(
        spec(entering, "INSTANCENORM", eps, momentum, has_scale, has_shift, has_statistics),
        entering,
        lambda: halved(kind(entering[0], eps, momentum, True, has_statistics), has_scale, has_shift),
    )


class RefusingNorm(nn.Module):
    """What torch has for vectors."""

    def __init__(self, *settings: object) -> None:
        super().__init__()

    def forward(self, entering: torch.Tensor) -> torch.Tensor:
        raise ValueError


def halved(norm: torch.nn.Module, has_scale: bool, has_shift: bool) -> torch.nn.Module:
    """A norm with half of its weights, or none: what is left out is 1, or 0."""
    for name, is_present in (("weight", has_scale), ("bias", has_shift)):
        if not is_present:
            norm.register_parameter(name, None)
    return norm


@st.composite
def layer_norms(draw: st.DrawFn) -> Case:
    entering, eps = draw(shapes(0)), draw(st.floats(0.01, 1))
    has_scale, has_shift = draw(st.booleans()), draw(st.booleans())
    norm = halved(nn.LayerNorm(entering[0], eps), has_scale, has_shift)
    return Case(
        spec(entering, "LN", eps, has_scale, has_shift),
        entering,
        lambda: nn.Sequential(move_axis(1, -1), norm, move_axis(-1, 1)),
    )


def move_axis(source: int, target: int) -> torch.nn.Module:
    return Function(lambda whole: whole.movedim(source, target))


@st.composite
def group_norms(draw: st.DrawFn) -> Case:
    groups, eps = draw(st.integers(1, 3)), draw(st.floats(0.01, 1))
    entering = (draw(mostly_divisible(groups)), *draw(shapes(0))[1:])
    has_scale, has_shift = draw(st.booleans()), draw(st.booleans())
    return Case(
        spec(entering, "GN", groups, eps, has_scale, has_shift),
        entering,
        lambda: halved(nn.GroupNorm(groups, entering[0], eps), has_scale, has_shift),
        is_forbidden=prod(entering) == groups,
    )


@st.composite
def unit_norms(draw: st.DrawFn) -> Case:
    entering, eps = draw(shapes(0)), draw(st.floats(0.01, 1))
    unit = Function(lambda whole: whole / whole.square().sum(1, keepdim=True).sqrt().clamp(min=eps))
    return Case(spec(entering, "L2NORM", eps), entering, lambda: unit)


class WithWeight(nn.Module):
    """A function of what comes in and of a weight."""

    def __init__(self, shape: tuple[int, ...], function: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.function = function

    def forward(self, entering: torch.Tensor) -> torch.Tensor:
        return self.function(entering, self.weight)


@st.composite
def biases(draw: st.DrawFn) -> Case:
    entering, per = draw(shapes(0)), draw(st.sampled_from(["channel", "element"]))
    units = draw(st.one_of(st.none(), st.integers(1, 4)))
    written = {"per": per} if units is None else {"units": units, "per": per}
    shape = (units or entering[0], *(size if per == "element" else 1 for size in entering[1:]))
    return Case(
        spec(entering, "BIAS", **written),
        entering,
        lambda: WithWeight(shape, lambda whole, bias: whole + bias),
        is_forbidden=entering[0] not in (1, shape[0]),
    )


@st.composite
def scales(draw: st.DrawFn) -> Case:
    entering, value, train = draw(shapes(0)), draw(st.floats(-3, 3)), draw(st.booleans())
    per = draw(st.sampled_from(["channel", "one", "element"]))
    shape = {"channel": (entering[0], *(1,) * (len(entering) - 1)), "one": (1,), "element": entering}[per]
    learned = WithWeight(shape, lambda whole, factors: whole * factors)
    constant = Function(lambda whole: whole * value)
    return Case(spec(entering, "SCALE", value, per, train), entering, lambda: learned if train else constant)


@st.composite
def adaptive_poolings(draw: st.DrawFn) -> Case:
    entering, mode = draw(shapes(1)), draw(st.sampled_from(["avg", "max"]))
    size = draw(extents(len(entering) - 1, 1, 6))
    kind = getattr(nn, f"Adaptive{mode.title()}Pool{len(size)}d")
    return Case(spec(entering, "ADAPTIVEPOOL", size, mode), entering, lambda: kind(size))


@st.composite
def global_poolings(draw: st.DrawFn) -> Case:
    entering, (word, pool) = draw(shapes(1)), draw(st.sampled_from([("GAP", torch.mean), ("GMP", torch.amax)]))
    return Case(spec(entering, word), entering, lambda: Function(lambda whole: pool(whole.flatten(2), 2)))


@st.composite
def channel_poolings(draw: st.DrawFn) -> Case:
    size, mode, takes_all = draw(st.integers(1, 3)), draw(st.sampled_from(["max", "avg"])), draw(st.booleans())
    entering = (draw(mostly_divisible(size)), *draw(shapes(0))[1:])
    written = {"mode": mode} if takes_all else {"size": size, "mode": mode}
    pool, taken = {"max": torch.amax, "avg": torch.mean}[mode], entering[0] if takes_all else size
    by_hand = Function(lambda whole: pool(whole.unflatten(1, (-1, taken)), 2))
    return Case(spec(entering, "CHANNELPOOL", **written), entering, lambda: by_hand)


@st.composite
def unpoolings(draw: st.DrawFn) -> Case:
    slide, ceil, word = draw(slides(most_dilation=1)), draw(st.booleans()), draw(st.sampled_from(["POOL", "MAXPOOL"]))
    entering = (draw(st.integers(1, 3)), *slide.sizes)
    pooling = spec(entering, word, slide.kernel, slide.stride, slide.padding, ceil=ceil)
    has_empty_windows = any(max(pair) >= extent for pair, extent in zip(slide.pairs, slide.kernel, strict=True))
    return Case(
        f"{pooling} as p -> UNPOOL(p)",
        entering,
        lambda: raw_pooling(slide, False, ceil, True),
        lambda: Function(lambda whole: only_largest(whole, slide, ceil)),
        is_forbidden=all(windows(slide, ceil)) and (has_empty_windows or not fits_torch(slide)),
    )


def only_largest(whole: torch.Tensor, slide: Slide, ceil: bool) -> torch.Tensor:
    """A map in which the largest values of all windows are left, and the others are 0."""
    axes = zip(slide.kernel, windows(slide, ceil), strict=True)
    cells = [[slice(max(start, 0), start + extent) for start in starts] for extent, starts in axes]
    kept = torch.zeros_like(whole)
    for inside in product(*cells):
        window = whole[(..., *inside)]
        largest = window.flatten(2).amax(2).view(*window.shape[:2], *(1,) * len(inside))
        kept[(..., *inside)] += torch.where(window == largest, window - kept[(..., *inside)], 0)
    return kept


@st.composite
def resamplings(draw: st.DrawFn, word: str) -> Case:
    entering, align = draw(shapes(1)), draw(st.booleans())
    rank = len(entering) - 1
    target = draw(extents(rank, 1, 3))
    mode = draw(st.sampled_from(["nearest", "linear", "bilinear", "bicubic", "trilinear"]))
    name = {"UPSAMPLE": "scale_factor", "RESIZE": "size"}[word]
    more = {"align_corners": align} if align or mode != "nearest" else {}
    resample = Function(lambda whole: nn.functional.interpolate(whole, **{name: target}, mode=mode, **more))
    fits = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}.get(mode, rank) == rank
    return Case(
        spec(entering, word, target, mode, align),
        entering,
        lambda: resample,
        is_forbidden=not fits or (align and mode == "nearest"),
    )


@st.composite
def pixel_shuffles(draw: st.DrawFn) -> Case:
    factor = draw(st.integers(1, 3))
    entering = (draw(mostly_divisible(factor**2)), *draw(map_sizes(2)))

    def shuffle(whole: torch.Tensor) -> torch.Tensor:
        cells = whole.unflatten(1, (-1, factor, factor))  # N C r r H W
        return cells.permute(0, 1, 4, 2, 5, 3).flatten(4).flatten(2, 3)

    return Case(spec(entering, "PIXELSHUFFLE", factor), entering, lambda: Function(shuffle))


@st.composite
def pads(draw: st.DrawFn) -> Case:
    entering = draw(shapes(0))
    rank = len(entering) - 1
    mode = draw(st.sampled_from(["zero", "reflect", "replicate", "circular"]))
    pair = st.tuples(st.integers(0, 3), st.integers(0, 3))
    pairs, channels = draw(st.tuples(*(pair,) * rank)), draw(st.one_of(st.just((0, 0)), pair))
    written = str(pairs if rank > 1 else pairs[0]) if rank else 0
    return Case(
        spec(entering, "PAD", written, str(channels), mode),
        entering,
        lambda: pad_by_torch(pairs, channels, mode),
        is_forbidden=mode != "zero" and (channels != (0, 0) or not rank),
    )


def pad_by_torch(pairs: tuple[tuple[int, int], ...], channels: tuple[int, int], mode: str) -> torch.nn.Module:
    sides = [side for pair in reversed(pairs) for side in pair]
    name = "constant" if mode == "zero" else mode

    def pad(whole: torch.Tensor) -> torch.Tensor:
        around = nn.functional.pad(whole, sides, name) if sides else whole
        return nn.functional.pad(around, ((0, 0) * len(pairs)) + channels)

    return Function(pad)


@st.composite
def reshapes(draw: st.DrawFn) -> Case:
    entering = draw(shapes(0))
    target = draw(st.one_of(st.sampled_from([entering[::-1], (prod(entering),), (1, prod(entering))]), shapes(0)))
    reshape = Function(lambda whole: whole.reshape(len(whole), *target))
    return Case(f"INPUT({by_x(entering)}) -> RESHAPE({by_x(target)})", entering, lambda: reshape)


@st.composite
def permutations(draw: st.DrawFn) -> Case:
    entering = draw(shapes(1))
    axes = {2: "CW", 3: "CHW", 4: "CDHW"}[len(entering)]
    order = "".join(draw(st.permutations(axes)))
    permute = Function(lambda whole: torch.einsum(f"N{axes}->N{order}", whole))
    return Case(spec(entering, "PERMUTE", order), entering, lambda: permute)


@st.composite
def random_layers(draw: st.DrawFn) -> Case:
    entering, number, is_noise = draw(shapes(0)), draw(st.floats(0, 0.9)), draw(st.booleans())

    def drop(whole: torch.Tensor) -> torch.Tensor:
        kept = torch.full((len(whole),), 1 - number, dtype=whole.dtype).bernoulli()
        return whole * (kept / (1 - number)).view(-1, *(1,) * (whole.dim() - 1))

    noise = Function(lambda whole: whole + number * torch.randn_like(whole))
    word, reference = ("NOISE", noise) if is_noise else ("DROPPATH", Function(drop))
    return Case(spec(entering, word, number), entering, lambda: reference)


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
    "INSTANCENORM": instance_norms(),
    "LN": layer_norms(),
    "GN": group_norms(),
    "L2NORM": unit_norms(),
    "BIAS": biases(),
    "SCALE": scales(),
    "ADAPTIVEPOOL": adaptive_poolings(),
    "GAP-GMP": global_poolings(),
    "CHANNELPOOL": channel_poolings(),
    "UNPOOL": unpoolings(),
    **{word: resamplings(word) for word in ("UPSAMPLE", "RESIZE")},
    "PIXELSHUFFLE": pixel_shuffles(),
    "PAD": pads(),
    "RESHAPE": reshapes(),
    "PERMUTE": permutations(),
    "DROPPATH-NOISE": random_layers(),
}
