"""The blocks of docs/blocks.md against modules written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import pytest
import sessions
from conftest import ROOT

import cnndsl

torch = pytest.importorskip("torch")
nn = torch.nn
functional = pytest.importorskip("torch.nn.functional")
flop_counter = pytest.importorskip("torch.utils.flop_counter")

pytestmark = pytest.mark.torch

Tensor = torch.Tensor
Module = torch.nn.Module


def conv_bn(entering: int, leaving: int, kernel: int, stride: int = 1, **options: int) -> nn.Sequential:
    padding = kernel // 2 * options.get("dilation", 1)
    conv = nn.Conv2d(entering, leaving, kernel, stride, padding, bias=False, **options)
    return nn.Sequential(conv, nn.BatchNorm2d(leaving))


def bn_conv(entering: int, leaving: int, kernel: int, **options: int) -> nn.Sequential:
    conv = nn.Conv2d(entering, leaving, kernel, padding=kernel // 2, **options)
    return nn.Sequential(nn.BatchNorm2d(entering), nn.ReLU(), conv)


def grown(x: Tensor, scale: int, mode: str = "nearest") -> Tensor:
    return functional.interpolate(x, scale_factor=scale, mode=mode)


def separable(entering: int, leaving: int, kernel: int) -> nn.Sequential:
    depthwise = nn.Conv2d(entering, entering, kernel, padding=kernel // 2, groups=entering, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(entering, leaving, 1, bias=False))


class Res2Net(Module):
    def __init__(self, channels: int, width: int, scales: int = 4) -> None:
        super().__init__()
        self.reduce = conv_bn(channels, scales * width, 1)
        self.convs = nn.ModuleList(conv_bn(width, width, 3) for _ in range(scales - 1))
        self.expand = conv_bn(scales * width, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        first, *others = self.reduce(x).relu().chunk(len(self.convs) + 1, dim=1)
        done = [first]
        for conv, part in zip(self.convs, others, strict=True):
            done.append(conv(part if len(done) == 1 else part + done[-1]).relu())
        return (x + self.expand(torch.cat(done, dim=1))).relu()


class Basic(Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = conv_bn(width, width, 3), conv_bn(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.second(self.first(x).relu())).relu()


def reach(widths: Sequence[int], source: int, target: int) -> Module:
    """From one stream of HRNet to another."""
    if source == target:
        return nn.Identity()
    if source > target:
        up = nn.Upsample(scale_factor=2 ** (source - target))
        return nn.Sequential(*conv_bn(widths[source], widths[target], 1), up)
    steps: list[Module] = []
    for _ in range(target - source - 1):
        steps += [*conv_bn(widths[source], widths[source], 3, 2), nn.ReLU()]
    return nn.Sequential(*steps, *conv_bn(widths[source], widths[target], 3, 2))


class Exchange(Module):
    """Four residual blocks on each stream of HRNet, then every target is a sum of what comes from all."""

    def __init__(self, widths: Sequence[int], targets: int) -> None:
        super().__init__()
        self.streams = nn.ModuleList(nn.Sequential(*(Basic(width) for _ in range(4))) for width in widths)
        self.paths = nn.ModuleList(
            nn.ModuleList(reach(widths, source, target) for source in range(len(widths))) for target in range(targets)
        )

    def forward(self, values: Sequence[Tensor]) -> list[Tensor]:
        values = [stream(value) for stream, value in zip(self.streams, values, strict=True)]
        return [sum(path(value) for path, value in zip(paths, values, strict=True)).relu() for paths in self.paths]


class HRNet(Module):
    def __init__(self, widths: Sequence[int], modules: int) -> None:
        super().__init__()
        self.exchanges = nn.Sequential(*(Exchange(widths, len(widths)) for _ in range(modules)))

    def forward(self, *values: Tensor) -> Tensor:
        streams = self.exchanges(values)
        return torch.cat([streams[0], *(grown(x, 2**i, "bilinear") for i, x in enumerate(streams[1:], 1))], dim=1)


class NasnetCell(Module):
    def __init__(self, entering: int, before: int, width: int) -> None:
        super().__init__()
        self.fit = nn.Sequential(nn.ReLU(), *conv_bn(entering, width, 1))
        self.fit_before = nn.Sequential(nn.ReLU(), *conv_bn(before, width, 1))
        self.left3, self.before3, self.left5 = (self.twice(width, kernel) for kernel in (3, 3, 5))
        self.before5, self.before3_again = (self.twice(width, kernel) for kernel in (5, 3))
        self.mean = nn.AvgPool2d(3, 1, 1, count_include_pad=False)

    @staticmethod
    def twice(width: int, kernel: int) -> nn.Sequential:
        steps = (nn.Sequential(nn.ReLU(), separable(width, width, kernel), nn.BatchNorm2d(width)) for _ in range(2))
        return nn.Sequential(*steps)

    def forward(self, h: Tensor, p: Tensor) -> Tensor:
        p, h = self.fit_before(p), self.fit(h)
        pairs = [
            self.left3(h) + h,
            self.before3(p) + self.left5(h),
            self.mean(h) + p,
            2 * self.mean(p),
            self.before5(p) + self.before3_again(p),
        ]
        return torch.cat([p, *pairs], dim=1)


class Nasnet(Module):
    def __init__(self, stem: int, width: int) -> None:
        super().__init__()
        self.stem = conv_bn(3, stem, 3)
        self.first, self.second = NasnetCell(stem, stem, width), NasnetCell(6 * width, stem, width)

    def forward(self, x: Tensor) -> Tensor:
        stem = self.stem(x)
        return self.second(self.first(stem, stem), stem)


class Factor(Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x


class PyramidNode(Module):
    """A node of BiFPN: the weighted sum of two or three maps, and a separable convolution."""

    def __init__(self, terms: int, width: int) -> None:
        super().__init__()
        self.factors = nn.ModuleList(Factor() for _ in range(terms))
        self.conv = nn.Sequential(separable(width, width, 3), nn.BatchNorm2d(width), nn.SiLU())

    def forward(self, *maps: Tensor) -> Tensor:
        return self.conv(sum(factor(x) for factor, x in zip(self.factors, maps, strict=True)))


class BiFpn(Module):
    def __init__(self, width: int, levels: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(PyramidNode(2, width) for _ in range(levels - 1))
        self.up = nn.ModuleList(PyramidNode(3, width) for _ in range(levels - 2))
        self.last = PyramidNode(2, width)

    def forward(self, *pyramid: Tensor) -> tuple[Tensor, ...]:
        passed = [pyramid[-1]]
        for node, level in zip(self.down, reversed(pyramid[:-1]), strict=True):
            passed.insert(0, node(level, grown(passed[0], 2)))
        leaving = [passed[0]]
        for node, level, between in zip(self.up, pyramid[1:-1], passed[1:-1], strict=True):
            leaving.append(node(level, between, self.halved(leaving[-1])))
        return *leaving, self.last(pyramid[-1], self.halved(leaving[-1]))

    @staticmethod
    def halved(x: Tensor) -> Tensor:
        return functional.max_pool2d(x, 3, 2, 1)


class SoftmaxFusion(Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        first, second = self.weight.softmax(0)
        return first * fine + second * grown(coarse, 2)


class PreActivation(Module):
    """The residual block of the hourglass."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        reduce, conv = bn_conv(width, half, 1, bias=False), bn_conv(half, half, 3, bias=False)
        self.convs = nn.Sequential(reduce, conv, bn_conv(half, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.convs(x)


class Hourglass(Module):
    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.skip, self.before = PreActivation(width), PreActivation(width)
        self.inner = Hourglass(width, depth - 1) if depth > 1 else PreActivation(width)
        self.after = PreActivation(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.skip(x) + grown(self.after(self.inner(self.before(functional.max_pool2d(x, 2)))), 2)


class SelectiveKernel(Module):
    def __init__(self, width: int, squeezed: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(conv_bn(width, width, 3, dilation=d, groups=32) for d in (1, 2))
        self.squeeze = nn.Sequential(nn.Linear(width, squeezed, bias=False), nn.BatchNorm1d(squeezed), nn.ReLU())
        self.excite = nn.Linear(squeezed, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        branches = torch.stack([branch(x).relu() for branch in self.branches], dim=1)
        gates = self.excite(self.squeeze(branches.sum(1).mean((2, 3)))).unflatten(1, (2, -1)).softmax(1)
        return (branches * gates[..., None, None]).sum(1)


class Cbam(Module):
    def __init__(self, width: int, squeezed: int) -> None:
        super().__init__()
        squeeze, excite = nn.Linear(width, squeezed, bias=False), nn.Linear(squeezed, width, bias=False)
        self.mlp = nn.Sequential(squeeze, nn.ReLU(), excite)
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = x * (self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3)))).sigmoid()[..., None, None]
        return x * self.conv(torch.stack([x.mean(1), x.amax(1)], dim=1)).sigmoid()


class Aspp(Module):
    def __init__(self, entering: int, width: int) -> None:
        super().__init__()
        self.pointwise = conv_bn(entering, width, 1)
        self.atrous = nn.ModuleList(conv_bn(entering, width, 3, dilation=d) for d in (6, 12, 18))
        self.image, self.project = conv_bn(entering, width, 1), conv_bn(5 * width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        branches = [branch(x) for branch in (self.pointwise, *self.atrous)]
        image = self.image(x.mean((2, 3), keepdim=True))
        branches.append(functional.interpolate(image, x.shape[2:], mode="bilinear"))
        return self.project(torch.cat(branches, dim=1).relu()).relu()


class Csp(Module):
    def __init__(self, width: int, layers: int, growth: int) -> None:
        super().__init__()
        half = width // 2
        self.layers = nn.ModuleList(self.layer(half + i * growth, growth) for i in range(layers))
        self.partial = bn_conv(half + layers * growth, half, 1, bias=False)
        self.transition = bn_conv(width, width, 1, bias=False)

    @staticmethod
    def layer(entering: int, growth: int) -> nn.Sequential:
        return nn.Sequential(bn_conv(entering, 4 * growth, 1, bias=False), bn_conv(4 * growth, growth, 3, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        skipped, x = x.chunk(2, dim=1)
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return self.transition(torch.cat([skipped, self.partial(x)], dim=1))


class DualPath(Module):
    def __init__(self, entering: int, width: int, residual: int, growth: int, blocks: int) -> None:
        super().__init__()
        self.residual = residual
        self.project = bn_conv(entering, residual + 2 * growth, 1, bias=False)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                bn_conv(residual + (2 + i) * growth, width, 1, bias=False),
                bn_conv(width, width, 3, groups=8, bias=False),
                bn_conv(width, residual + growth, 1, bias=False),
            )
            for i in range(blocks)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.project(x)
        added, appended = x[:, : self.residual], [x[:, self.residual :]]
        for block in self.blocks:
            y = block(torch.cat([added, *appended], dim=1))
            added = added + y[:, : self.residual]
            appended.append(y[:, self.residual :])
        return torch.cat([added, *appended], dim=1)


class OctConv(Module):
    """Octave convolution of a pair of maps into another pair, or, where it is the last one, into the high map alone."""

    def __init__(self, entering: int, leaving: int, last: bool = False) -> None:
        super().__init__()
        ways = ("high to high", "low to high") if last else ("high to high", "low to high", "low to low", "high to low")
        self.convs = nn.ModuleDict({way: nn.Conv2d(entering, leaving, 3, padding=1, bias=False) for way in ways})
        self.norms = nn.ModuleList(nn.BatchNorm2d(leaving) for _ in ways[::2])

    def forward(self, high: Tensor, low: Tensor) -> list[Tensor]:
        sums = [self.convs["high to high"](high) + grown(self.convs["low to high"](low), 2)]
        if "low to low" in self.convs:
            sums.append(self.convs["low to low"](low) + self.convs["high to low"](functional.avg_pool2d(high, 2)))
        return [norm(each).relu() for norm, each in zip(self.norms, sums, strict=True)]


class OctaveNet(Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.high, self.low = conv_bn(3, width, 3), conv_bn(3, width, 3)
        self.layers = nn.ModuleList(
            [OctConv(width, width), OctConv(width, width), OctConv(width, 2 * width, last=True)]
        )

    def forward(self, x: Tensor) -> Tensor:
        pair = [self.high(x).relu(), self.low(functional.avg_pool2d(x, 2)).relu()]
        for layer in self.layers:
            pair = layer(*pair)
        return pair[0]


class Siamese(Module):
    def __init__(self) -> None:
        super().__init__()
        layers: list[Module] = []
        for entering, leaving, kernel in (1, 64, 10), (64, 128, 7), (128, 128, 4):
            layers += [nn.Conv2d(entering, leaving, kernel), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(128, 256, 4), nn.ReLU(), nn.Flatten(), nn.Linear(256 * 6 * 6, 4096), nn.Sigmoid()]
        self.encoder = nn.Sequential(*layers)
        self.score = nn.Linear(4096, 1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return self.score((self.encoder(left) - self.encoder(right)).abs()).sigmoid()


class Correlation(Module):
    def __init__(self, reach: int) -> None:
        super().__init__()
        self.reach = reach

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        height, width = right.shape[2:]
        padded = functional.pad(right, (self.reach,) * 4)
        moved = [padded[:, :, i : i + height, j : j + width] for i, j in product(range(2 * self.reach + 1), repeat=2)]
        return torch.stack([(left * each).mean(1) for each in moved], dim=1)


class HRNetW32(Module):
    """The network of human pose estimation, up to its map of features: the last exchange gives the finest stream."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*conv_bn(3, 64, 3, 2), nn.ReLU(), *conv_bn(64, 64, 3, 2), nn.ReLU())
        self.first = nn.Sequential(*(Bottleneck(64 if i == 0 else 256, 64) for i in range(4)))
        self.fine, self.coarse = conv_bn(256, 32, 3), conv_bn(256, 64, 3, 2)
        self.stages = nn.ModuleList()
        for streams, modules in (2, 1), (3, 4), (4, 3):
            widths = [32 * 2**i for i in range(streams)]
            targets = [1 if (streams, i) == (4, modules - 1) else streams for i in range(modules)]
            self.stages.append(nn.Sequential(*(Exchange(widths, each) for each in targets)))
        self.finer = nn.ModuleList(conv_bn(width, 2 * width, 3, 2) for width in (64, 128))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(self.stem(x))
        streams = [self.fine(x).relu(), self.coarse(x).relu()]
        for stage, finer in zip(self.stages, self.finer, strict=False):
            streams = stage(streams)
            streams.append(finer(streams[-1]).relu())
        return self.stages[-1](streams)[0]


class Bottleneck(Module):
    def __init__(self, entering: int, width: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            *conv_bn(entering, width, 1), nn.ReLU(), *conv_bn(width, width, 3), nn.ReLU(), *conv_bn(width, 4 * width, 1)
        )
        self.shortcut = nn.Identity() if entering == 4 * width else conv_bn(entering, 4 * width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return (self.convs(x) + self.shortcut(x)).relu()


BY_HAND: dict[str, Callable[[], Module]] = {
    "Res2Net": lambda: Res2Net(64, 8),
    "HRNet's exchange": lambda: HRNet((8, 16, 32), modules=2),
    "NASNet-A": lambda: Nasnet(16, 8),
    "BiFPN": lambda: BiFpn(16, levels=5),
    "BiFPN's softmax": SoftmaxFusion,
    "hourglass": lambda: Hourglass(32, depth=4),
    "selective kernel": lambda: SelectiveKernel(64, 32),
    "CBAM": lambda: Cbam(64, 4),
    "ASPP": lambda: Aspp(64, 32),
    "CSP": lambda: Csp(64, layers=4, growth=16),
    "dual path": lambda: DualPath(32, 32, residual=64, growth=8, blocks=3),
    "OctConv": lambda: OctaveNet(16),
    "siamese pair": Siamese,
    "correlation": lambda: Correlation(reach=2),
}
SPECS = [text for _, text in sessions.fences(ROOT / "docs" / "blocks.md", "cnn")]
BLOCKS = [pytest.param(spec, by_hand, id=id) for spec, (id, by_hand) in zip(SPECS, BY_HAND.items(), strict=True)]


def entering(model: cnndsl.model.Model, **options: object) -> list[Tensor]:
    """A sample for each input."""
    return [torch.rand(1, *end.node.type.shape, **options) for end in model.graph.inputs]


def leaving(module: Module, inputs: list[Tensor]) -> tuple[Tensor, ...]:
    outputs = module(*inputs)
    return outputs if isinstance(outputs, tuple) else (outputs,)


def assert_counts(model: cnndsl.model.Model, by_hand: Callable[[], Module]) -> None:
    """Parameters, MACs and the shapes of all outputs are those of a module written by hand."""
    with torch.device("meta"):
        module = by_hand()
    with flop_counter.FlopCounterMode(display=False) as counter:
        outputs = leaving(module.eval(), entering(model, device="meta"))
    summary = model.summary()
    assert sum(weight.numel() for weight in module.parameters()) == summary.params
    assert sum(buffer.numel() for buffer in module.buffers()) == summary.buffers
    assert counter.get_total_flops() == 2 * summary.macs
    assert [tuple(each.shape[1:]) for each in outputs] == [end.node.type.shape for end in model.graph.outputs]


def assert_values(model: cnndsl.model.Model, by_hand: Callable[[], Module]) -> None:
    """With equal weights, the module of the compiler gives what one written by hand gives."""
    torch.manual_seed(0)
    theirs, ours = by_hand().double().eval(), model.to_torch().double().eval()
    inputs = entering(model, dtype=torch.double)
    with torch.no_grad():
        for each, same in zip(in_order(theirs, inputs), in_order(ours, inputs), strict=True):
            same.copy_(nn.init.uniform_(each, 0.05, 0.5) if each.dim() < 2 else nn.init.xavier_uniform_(each))
            assert same.shape == each.shape
        torch.testing.assert_close(leaving(ours, inputs), leaving(theirs, inputs), rtol=1e-10, atol=1e-12)


def in_order(module: Module, inputs: list[Tensor]) -> list[Tensor]:
    """The weights and statistics of a module by their shapes; those of one shape in the order of their first use."""
    used: dict[Module, list[Tensor]] = {}

    def note(owner: Module, _: object) -> None:
        own = [*owner.parameters(recurse=False), *owner.buffers(recurse=False)]
        used.setdefault(owner, [each for each in own if each.is_floating_point()])

    hooks = [each.register_forward_pre_hook(note) for each in module.modules()]
    module(*inputs)
    for hook in hooks:
        hook.remove()
    owners = sorted(used.values(), key=lambda own: [tuple(each.shape) for each in own])
    return [each for own in owners for each in own]


@pytest.mark.parametrize(("spec", "by_hand"), BLOCKS)
def test_a_block_counts_as_one_written_by_hand(spec: str, by_hand: Callable[[], Module]) -> None:
    assert_counts(cnndsl.parse(spec), by_hand)


@pytest.mark.parametrize(("spec", "by_hand"), BLOCKS)
def test_a_block_computes_what_one_written_by_hand_does(spec: str, by_hand: Callable[[], Module]) -> None:
    assert_values(cnndsl.parse(spec), by_hand)


HRNET_W32 = """
conv(c, k, s=1) = CONV(c, k, s) -> BN
cell(c, s=1)    = conv(c, 3, s) -> RELU
bottleneck      = [conv(64, 1) -> RELU -> cell(64) -> conv(256, 1) + [ID if C == 256 else conv(256, 1)]] -> RELU
units           = [[cell(C) -> conv(C, 3) + ID] -> RELU]*4
down(c, n)      = [cell(C, 2)]*(n-1) -> conv(c, 3, 2)
up(c, n)        = conv(c, 1) -> UPSAMPLE(2**n)
path(j, i)      = ID if j == i else down(32*2**i, i-j) if j < i else up(32*2**i, j-i)
fuse(i, xs)     = [x -> path(j, i) + for j, x in xs] -> RELU

two(xs)           = finer(fuse(0, xs), fuse(1, xs))
finer(a, b)       = three(4, a, b, b -> cell(128, 2))
three(n, a, b, c) = exchange3(n, ((0, a -> units), (1, b -> units), (2, c -> units))) if n > 0 else
                    four(3, a, b, c, c -> cell(256, 2))
exchange3(n, xs)  = three(n-1, fuse(0, xs), fuse(1, xs), fuse(2, xs))
four(n, a, b, c, d) = exchange4(n, ((0, a -> units), (1, b -> units), (2, c -> units), (3, d -> units)))
exchange4(n, xs)  = four(n-1, fuse(0, xs), fuse(1, xs), fuse(2, xs), fuse(3, xs)) if n > 1 else fuse(0, xs)

INPUT(3x256x192) -> cell(64, 2)*2 -> bottleneck*4 as x
two(((0, x -> cell(32) -> units), (1, x -> cell(64, 2) -> units)))
"""


def test_an_exchange_by_recursion_over_several_values_has_exactly_the_parameters_of_the_module_by_hand() -> None:
    assert_counts(cnndsl.parse(HRNET_W32), HRNetW32)
