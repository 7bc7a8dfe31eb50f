"""Whether two modules compute the same from the same weights: outputs, gradients, statistics, in double precision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from cnndsl.model import Model

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

__all__ = ["assert_near", "assert_the_same", "flat"]

torch.set_num_threads(1)  # sums in the same order on every machine

TOLERANCE = 1e-10
NORMS = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


def assert_the_same(theirs: nn.Module, model: Model, batch: int = 2) -> None:
    """The module of a network computes what one does that was written by hand, in training and in evaluation.

    What is registered at the same place in both belongs together, whatever its name.
    """
    torch.manual_seed(0)
    inputs = [torch.randn(batch, *end.node.type.shape, dtype=torch.float64) for end in model.graph.inputs]
    theirs, ours = theirs.double(), model.to_torch().double()
    give_weights(theirs, inputs)
    take_weights(ours, theirs)
    for training in modes(theirs):
        expected, found = results(theirs.train(training), inputs), results(ours.train(training), inputs)
        outputs = [end.node.type.shape for end in model.graph.outputs]
        assert [tuple(each.shape[1:]) for each in found[: len(outputs)]] == outputs
        for one, other in zip(expected, found, strict=True):
            assert_near(other, one)
        for one, other in zip(theirs.buffers(), ours.buffers(), strict=True):
            assert_near(other, one)


def give_weights(module: nn.Module, inputs: Sequence[Tensor]) -> None:
    """Random gains and biases, which torch begins with ones and zeros, and statistics near those of the inputs.

    So no path is without a gradient in evaluation either.
    """
    norms = [each for each in module.modules() if isinstance(each, NORMS)]
    with torch.no_grad():
        for vector in (each for each in module.parameters() if each.ndim == 1):
            vector.add_(0.1 * torch.randn_like(vector))
        for norm in norms:
            norm.momentum = 1.0
        module.train()(*inputs)
        for norm in norms:
            norm.momentum = 0.1
            norm.running_mean.add_(0.1 * torch.randn_like(norm.running_mean))
            norm.running_var.mul_(0.5 + torch.rand_like(norm.running_var))


def take_weights(ours: nn.Module, theirs: nn.Module) -> None:
    with torch.no_grad():
        for kind in ("parameters", "buffers"):
            for one, other in zip(getattr(theirs, kind)(), getattr(ours, kind)(), strict=True):
                assert one.shape == other.shape
                other.copy_(one)


def modes(module: nn.Module) -> tuple[bool, ...]:
    """Training and evaluation, if they differ."""
    differs = any(isinstance(each, NORMS | nn.Dropout) for each in module.modules())
    return (True, False) if differs else (True,)


def results(module: nn.Module, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The outputs, then the gradients of the inputs and of all parameters, for one random weighting of the outputs."""
    torch.manual_seed(1)  # dropout
    inputs = [each.clone().requires_grad_() for each in inputs]
    outputs = list(flat(module(*inputs)))
    torch.manual_seed(2)
    total = sum((each * torch.randn_like(each)).sum() for each in outputs)
    return [*outputs, *torch.autograd.grad(total, [*inputs, *module.parameters()])]


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
