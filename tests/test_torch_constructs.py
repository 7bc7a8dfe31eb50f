"""Single constructs as modules of torch, beside what one writes by hand for them."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

import cnndsl

torch = pytest.importorskip("torch")
agreement = pytest.importorskip("agreement")
tracing = pytest.importorskip("tracing")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as f  # noqa: E402

pytestmark = pytest.mark.torch


class SegNet(nn.Module):
    """Values go back to where the poolings of the same level found the largest."""

    def __init__(self) -> None:
        super().__init__()
        self.down1 = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.down2 = nn.Sequential(nn.Conv2d(4, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        self.up2 = nn.Sequential(nn.Conv2d(6, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.up1 = nn.Conv2d(4, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.down1(x)
        b, places1 = f.max_pool2d(a, 3, 2, return_indices=True)
        b = self.down2(b)
        c, places2 = f.max_pool2d(b, 2, return_indices=True)
        c = self.up2(f.max_unpool2d(c, places2, 2, output_size=b.shape[2:]))
        return self.up1(f.max_unpool2d(c, places1, 3, 2, output_size=a.shape[2:]))


class FarAway(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.early = nn.Conv2d(3, 4, 3, padding=1)
        self.path = nn.Sequential(*(each for _ in range(12) for each in (nn.Conv2d(4, 4, 3, padding=1), nn.Tanh())))
        self.last = nn.Conv2d(11, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        early = self.early(x)
        late = self.path(early)
        return self.last(torch.cat([late, early, x], 1))


class Ends(nn.Module):
    """Two inputs, one of which is a vector, and three outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Conv2d(3, 8, 3, padding=1)
        self.film = nn.Linear(5, 8)
        self.mask = nn.Conv2d(8, 1, 1)
        self.classes = nn.Linear(8, 3)

    def forward(self, image: Tensor, told: Tensor) -> tuple[Tensor, ...]:
        seen = torch.relu(self.trunk(image) * self.film(told)[..., None, None])
        return self.mask(seen), self.classes(seen.mean((2, 3))), seen


class Heads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.head = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU())

    def forward(self, x: Tensor) -> list[Tensor]:
        fine = self.stem(x)
        coarse = f.max_pool2d(fine, 2)
        return [self.head(each) for each in (fine, coarse, f.max_pool2d(coarse, 2))]


class Attend(nn.Module):
    """CBAM's attention over the channels: one perceptron for two poolings."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8))

    def forward(self, x: Tensor) -> Tensor:
        gate = self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3)))
        return x * torch.sigmoid(gate)[..., None, None]


class Nest(nn.Module):
    """A U-Net that contains itself."""

    def __init__(self, in_channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, width, 3, padding=1)
        if depth:
            self.inner = Nest(width, 2 * width, depth - 1)
            self.up = nn.ConvTranspose2d(2 * width, width, 2, 2)
            self.last = nn.Conv2d(2 * width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x))
        if not hasattr(self, "inner"):
            return x
        return self.last(torch.cat([x, self.up(self.inner(f.max_pool2d(x, 2)))], 1))


class Uneven(nn.Module):
    """`same` puts the odd one at the end whatever the stride; `same_upper` pads as much as TensorFlow does."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1]
        self.rank = rank
        self.even = conv(2, 3, 4)
        self.strided = conv(3, 3, 4, 3)
        self.upper = conv(3, 4, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.even(f.pad(x, (1, 2) * self.rank))
        x = self.strided(f.pad(x, (1, 2) * self.rank))  # 11 to 4
        return self.upper(f.pad(x, (1, 2) * self.rank))  # 4 to 2: (2 - 1)*3 + 4 - 4 in all


class Volumes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(2, 4, (3, 1, 3), (1, 2, 2), (1, 0, 1), bias=False)
        self.norm = nn.BatchNorm3d(4)
        self.up = nn.ConvTranspose3d(4, 2, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = f.max_pool3d(torch.relu(self.norm(self.conv(x))), (1, 2, 2))
        return self.up(x)


class Sequences(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.causal1 = nn.Conv1d(2, 4, 3)
        self.causal2 = nn.Conv1d(4, 4, 3, dilation=2)
        self.norm = nn.BatchNorm1d(4)
        self.last = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.causal1(f.pad(x, (2, 0))))
        x = torch.relu(self.norm(self.causal2(f.pad(x, (4, 0))))) + x
        return self.last(x.mean(2))


UNEVEN = "CONV(3, 4) -> CONV(3, 4, 3, padding=same) -> CONV(4, 4, 3, padding=same_upper)"
BY_HAND: dict[str, tuple[str, Callable[[], nn.Module]]] = {
    "places of maxima": (
        """
        conv(c) = CONV(c) -> BN -> RELU
        INPUT(3x17x13) -> conv(4) -> POOL(3, 2) as p -> conv(6) -> POOL as q -> UNPOOL(q) -> conv(4) -> UNPOOL(p)
          -> CONV(2)""",
        SegNet,
    ),
    "values that are read far away": (
        "INPUT(3x7x7) as x -> CONV(4) as early -> [CONV(4) -> TANH]*12 -> [ID, early, x] -> CONV(2, 1)",
        FarAway,
    ),
    "several inputs and outputs": (
        """
        INPUT(3x6x6) as image -> CONV(8) -> [ID & INPUT(5) as told -> FC(8)] -> RELU as seen
        seen -> CONV(1, 1) as mask
        seen -> GAP -> FC(3) as scores
        seen""",
        Ends,
    ),
    "a block that is shared": (
        """
        shared head = CONV(4) -> BN -> RELU
        INPUT(3x8x8) -> CONV(4) as p3 -> POOL as p4 -> POOL as p5
        p3 -> head
        p4 -> head
        p5 -> head""",
        Heads,
    ),
    "a network that is shared as argument": (
        """
        attend(shared mlp) = [ID & [GAP -> mlp + GMP -> mlp] -> SIGMOID]
        INPUT(8x5x5) -> attend(FC(4) -> RELU -> FC(8))""",
        Attend,
    ),
    "recursion": (
        """
        nest(c, n)  = CONV(c) -> RELU -> [lower(c, n) if n > 0 else ID]
        lower(c, n) = [ID, POOL -> nest(2*c, n-1) -> DECONV(c, 2, 2)] -> CONV(c)
        INPUT(3x16x16) -> nest(4, 3)""",
        lambda: Nest(3, 4, 3),
    ),
    "uneven padding along one axis": (f"INPUT(2x11) -> {UNEVEN}", lambda: Uneven(1)),
    "uneven padding along two axes": (f"INPUT(2x11x11) -> {UNEVEN}", lambda: Uneven(2)),
    "uneven padding along three axes": (f"INPUT(2x11x11x11) -> {UNEVEN}", lambda: Uneven(3)),
    "three-dimensional": (
        "INPUT(2x5x9x9) -> CONV(4, 3x1x3, 1x2x2) -> BN -> RELU -> POOL(1x2x2) -> DECONV(2, 2, 2)",
        Volumes,
    ),
    "one-dimensional": (
        """
        INPUT(2x12) -> CONV(4, 3, padding=causal) -> RELU
          -> [CONV(4, 3, dilation=2, padding=causal, bias=true) -> BN -> RELU + ID] -> GAP -> FC(3)""",
        Sequences,
    ),
}


@pytest.mark.parametrize(("spec", "by_hand"), BY_HAND.values(), ids=BY_HAND)
def test_a_construct_computes_what_the_module_by_hand_does(spec: str, by_hand: Callable[[], nn.Module]) -> None:
    agreement.assert_the_same(by_hand(), cnndsl.parse(spec))


SHARED = """
    shared head(s=1) = CONV(4, 3, s) -> BN -> RELU -> CONV(4)
    INPUT(3x8x8) -> CONV(4) as p3 -> POOL as p4
    p3 -> head
    p4 -> head
    p3 -> head(2)"""


def test_shared_weights_stay_shared_when_a_module_is_converted_copied_and_trained() -> None:
    model = cnndsl.parse(SHARED)
    for convert in (lambda module: module, lambda module: module.double(), copy.deepcopy):
        module = convert(model.to_torch())
        assert sum(weight.numel() for weight in module.parameters()) == model.summary().params
        x = torch.randn(2, 3, 8, 8, dtype=next(module.parameters()).dtype)
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        sum(each.sum() for each in module(x)).backward()
        optimizer.step()
        state = module.state_dict()
        for key in ("conv1.weight", "bn1.weight", "bn1.running_mean", "conv2.bias"):
            same = [value for name, value in state.items() if name.startswith("head") and name.endswith(key)]
            assert len({value.data_ptr() for value in same}) == 1


def test_shared_statistics_are_those_of_all_uses() -> None:
    module = cnndsl.parse("shared f = BN(momentum=0.5)\nINPUT(2x4) as x -> f as a\nx -> RELU -> f as b").to_torch()
    x = torch.randn(3, 2, 4)
    module(x)
    first, second = (each.mean((0, 2)) for each in (x, x.relu()))
    assert torch.allclose(module.state_dict()["f1.bn1.running_mean"], 0.25 * first + 0.5 * second)
    assert module.state_dict()["f1.bn1.num_batches_tracked"] == 2


def test_a_path_is_dropped_for_whole_samples_in_training_and_never_in_evaluation() -> None:
    module = cnndsl.parse("INPUT(2x3x3) -> [CONV(2, 1) -> DROPPATH(0.3) + ID]").to_torch()
    torch.manual_seed(0)
    x = torch.randn(4000, 2, 3, 3)
    with torch.no_grad():
        whole, kept = module.conv1(x), (module(x) - x) / module.conv1(x)
        assert torch.allclose(module.eval()(x), whole + x)
    is_kept = kept.flatten(1).mean(1) > 0.5
    assert torch.allclose(kept[is_kept], torch.tensor(1 / 0.7), atol=1e-2)
    assert (kept[~is_kept].abs() < 1e-2).all()
    assert abs(is_kept.double().mean() - 0.7) < 4 * (0.3 * 0.7 / len(x)) ** 0.5


def test_the_kernel_of_a_filter_is_a_buffer_that_training_leaves_alone() -> None:
    module = cnndsl.parse("INPUT(3x6x6) -> FILTER(gauss) -> CONV(2)").to_torch()
    assert {name for name, _ in module.named_buffers()} == {"filter1.weight"}
    assert {name for name, _ in module.named_parameters()} == {"conv1.weight", "conv1.bias"}
    assert "filter1.weight" in module.state_dict()
    kernel = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    x = torch.randn(2, 3, 6, 6)
    before = module(x)
    before.sum().backward()
    torch.optim.SGD(module.parameters(), lr=0.1).step()
    assert torch.equal(module.filter1.weight, kernel.expand(3, 1, 3, 3))
    assert torch.allclose(module.filter1(x), f.conv2d(x, kernel.expand(3, 1, 3, 3), padding=1, groups=3))
    assert module.double().filter1.weight.dtype == torch.float64


class Watched(nn.Module):
    """What the graph of `WATCHED` says; subclasses say something else."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(4, 4, 1)
        self.conv2 = nn.Conv2d(4, 4, 1)
        self.relu1 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.conv1(x) - self.conv2(x))
        return torch.cat([y, x], dim=1)


class Exchanged(Watched):
    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.conv2(x) - self.conv1(x))
        return torch.cat([y, x], dim=1)


class Turned(Watched):
    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.conv1(x) - self.conv2(x))
        return torch.cat([x, y], dim=1)


class Twice(Watched):
    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.conv1(x) - self.conv1(x))
        return torch.cat([y, x], dim=1)


class Added(Watched):
    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.conv1(x) + self.conv2(x))
        return torch.cat([y, x], dim=1)


class LeftOut(Watched):
    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(x) - self.conv2(x)
        return torch.cat([y, x], dim=1)


class More(Watched):
    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.conv1(x) - self.conv2(x))
        return torch.cat([y, x], dim=1) + 0


class InVain(Watched):
    def forward(self, x: Tensor) -> Tensor:
        torch.abs(x)
        return super().forward(x)


WATCHED = "INPUT(4x3x3) as x -> [CONV(4, 1) - CONV(4, 1)] -> RELU -> [ID, x]"


def test_shapes_are_told_node_by_node() -> None:
    found = tracing.shapes_by_node(Watched(), cnndsl.parse(WATCHED), [torch.zeros(2, 4, 3, 3)])
    assert list(found) == ["conv1", "conv2", "subtract1", "relu1", "concat1"]
    assert set(found.values()) == {(4, 3, 3), (8, 3, 3)}


@pytest.mark.parametrize("wrong", Watched.__subclasses__())
def test_a_module_that_computes_something_else_is_told_apart(wrong: type[nn.Module]) -> None:
    with pytest.raises(AssertionError):
        tracing.shapes_by_node(wrong(), cnndsl.parse(WATCHED), [torch.zeros(2, 4, 3, 3)])
