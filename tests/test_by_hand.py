"""The module of a spec computes what a hand-written one does: outputs and gradients, in double precision."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from small import small, spec_of

import cnndsl
from cnndsl.model import Model

torch = pytest.importorskip("torch")
by_hand = pytest.importorskip("by_hand")

from torch import Tensor, nn  # noqa: E402

pytestmark = pytest.mark.torch

torch.set_num_threads(1)  # sums in the same order on every machine

TOLERANCE = 1e-10
BATCH = {"unet": 1}  # a costly one; others see 2


def pair(name: str, model: Model, x: Tensor) -> tuple[nn.Module, nn.Module]:
    """The module by hand and that of the spec, with the same weights and statistics.

    What is registered at the same place belongs together. Gains and biases, which torch begins with ones and zeros, are
    random; statistics are near those of the input, so that no path is without a gradient in evaluation either.
    """
    torch.manual_seed(0)
    theirs, ours = by_hand.NETWORKS[name]().double(), model.to_torch().double()
    norms = [each for each in theirs.modules() if isinstance(each, nn.BatchNorm2d)]
    with torch.no_grad():
        for vector in (each for each in theirs.parameters() if each.ndim == 1):
            vector.add_(0.1 * torch.randn_like(vector))
        for norm in norms:
            norm.momentum = 1.0
        theirs(x)
        for norm in norms:
            norm.momentum = 0.1
            norm.running_mean.add_(0.1 * torch.randn_like(norm.running_mean))
            norm.running_var.mul_(0.5 + torch.rand_like(norm.running_var))
        for kind in ("parameters", "buffers"):
            for one, other in zip(getattr(theirs, kind)(), getattr(ours, kind)(), strict=True):
                assert one.shape == other.shape
                other.copy_(one)
    return theirs, ours


def modes(module: nn.Module) -> tuple[bool, ...]:
    """Training and evaluation, if they differ."""
    differs = any(isinstance(each, nn.BatchNorm2d | nn.Dropout) for each in module.modules())
    return (True, False) if differs else (True,)


def results(module: nn.Module, x: Tensor) -> list[Tensor]:
    """The outputs, then the gradients of the input and of all parameters, for one random weighting of the outputs."""
    torch.manual_seed(1)  # dropout
    x = x.clone().requires_grad_()
    outputs = list(flat(module(x)))
    torch.manual_seed(2)
    total = sum((each * torch.randn_like(each)).sum() for each in outputs)
    return [*outputs, *torch.autograd.grad(total, [x, *module.parameters()])]


def flat(outputs: object) -> Iterable[Tensor]:
    """Tensors in tuples and lists."""
    if isinstance(outputs, Tensor):
        yield outputs
    else:
        assert isinstance(outputs, tuple | list)
        for each in outputs:
            yield from flat(each)


def assert_near(found: Tensor, expected: Tensor) -> None:
    """No number is further away than the tolerance allows for the largest of them."""
    largest = expected.abs().max()
    assert largest > 0, "nothing is compared"
    assert (found - expected).abs().max() <= TOLERANCE * largest


def assert_the_same(name: str, model: Model) -> None:
    (entering,) = model.graph.inputs
    torch.manual_seed(3)
    x = torch.randn(BATCH.get(name, 2), *entering.node.type.shape, dtype=torch.float64)
    theirs, ours = pair(name, model, x)
    for training in modes(theirs):
        expected, found = results(theirs.train(training), x), results(ours.train(training), x)
        outputs = [end.node.type.shape for end in model.graph.outputs]
        assert [tuple(each.shape[1:]) for each in found[: len(outputs)]] == outputs
        for one, other in zip(expected, found, strict=True):
            assert_near(other, one)
        for one, other in zip(theirs.buffers(), ours.buffers(), strict=True):
            assert_near(other, one)


@pytest.mark.parametrize("name", by_hand.NETWORKS)
def test_a_spec_computes_what_the_module_by_hand_does(name: str) -> None:
    assert_the_same(name, small(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in by_hand.NETWORKS if name != "unet"])
def test_a_spec_computes_what_the_module_by_hand_does_at_its_own_size(name: str) -> None:
    assert_the_same(name, cnndsl.load(spec_of(name)))
