"""The moving average of weights against torch's."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.optim.swa_utils import AveragedModel  # noqa: E402

from cnndsl.backends.torch.weights.files import read, write  # noqa: E402
from cnndsl.backends.torch.weights.load import tensors_of  # noqa: E402
from cnndsl.training.averaging import MovingAverage  # noqa: E402

pytestmark = pytest.mark.torch


def network() -> nn.Module:
    torch.manual_seed(0)
    first = nn.Linear(4, 4)
    second = nn.Linear(4, 4)
    second.weight = first.weight
    return nn.Sequential(first, nn.BatchNorm1d(4), nn.Dropout(), second)


def change(module: nn.Module, seed: int) -> None:
    """As a step of training would."""
    torch.manual_seed(seed)
    module.train()(torch.randn(8, 4))
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(torch.randn_like(weight))


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.999])
def test_it_is_the_one_of_torch_with_a_warm_start(decay: float) -> None:
    module = network()

    def average(old: torch.Tensor, new: torch.Tensor, updates: torch.Tensor) -> torch.Tensor:
        kept = min(decay, updates / (9 + updates))  # torch takes the first as it is, and counts it
        return kept * old + (1 - kept) * new

    theirs = AveragedModel(module, avg_fn=average)
    theirs.update_parameters(module)
    ours = MovingAverage(module, decay)
    for seed in range(30):
        change(module, seed)
        theirs.update_parameters(module)
        ours.update()
    torch.testing.assert_close(dict(ours.module.named_parameters()), dict(theirs.module.named_parameters()))
    assert not ours.module.training


def test_buffers_are_those_of_the_module_and_the_module_is_left_alone() -> None:
    module = network()
    ours = MovingAverage(module, 0.9)
    change(module, 1)
    before = copy.deepcopy(module.state_dict())
    ours.update()
    assert all(torch.equal(each, before[name]) for name, each in module.state_dict().items())
    assert module.training
    buffers = dict(ours.module.named_buffers())
    assert buffers["1.num_batches_tracked"] == 1
    assert all(torch.equal(each, before[name]) for name, each in buffers.items())


def test_it_can_be_stored_and_taken_up_again(tmp_path: Path) -> None:
    module = network()
    ours = MovingAverage(module, 0.99)
    for seed in range(3):
        change(module, seed)
        ours.update()
    state = copy.deepcopy(ours.state_dict())
    path = tmp_path / "average.safetensors"
    write(state["tensors"], path)
    other = copy.deepcopy(module)
    taken_up = MovingAverage(other, 0.99)
    taken_up.load_state_dict({"updates": state["updates"], "tensors": read(path).tensors})
    for average, each in ((ours, module), (taken_up, other)):
        change(each, 7)
        average.update()
    first, second = tensors_of(ours.module), tensors_of(taken_up.module)
    assert first.keys() == second.keys() == tensors_of(module).keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
