"""Precision, memory format, compilation, accumulation and clipping against torch by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn.functional import cross_entropy  # noqa: E402

from cnndsl.backends.torch.weights.load import tensors_of  # noqa: E402
from cnndsl.training.errors import Unusable  # noqa: E402
from cnndsl.training.optimizer import optimizer  # noqa: E402
from cnndsl.training.precision import Precision  # noqa: E402
from cnndsl.training.recipe.optimizers import SGD, Adam  # noqa: E402

pytestmark = pytest.mark.torch

CPU = torch.device("cpu")
PLAIN = SGD.bind({"lr": 0.1})


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    """The networks are tiny, and the test runners share the cores."""
    torch.set_num_threads(1)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))


def batch(seed: int = 0, count: int = 16) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 3, 6, 6, generator=generator)
    return images, torch.randint(5, (count,), generator=generator)


def trained(precision: Precision, part: Any = PLAIN, clip: float = 0.0, steps: int = 3) -> dict[str, Tensor]:
    steps_of = optimizer(part, precision.network)
    for step in range(steps):
        images, target = batch(step)
        precision.backward(cross_entropy(precision(images).float(), target))
        precision.step(steps_of, clip)
    return {name: each.detach() for name, each in tensors_of(precision.network).items()}


def trained_by_hand(clip: float = 0.0, steps: int = 3) -> dict[str, Tensor]:
    module = network()
    steps_of = torch.optim.SGD(module.parameters(), lr=0.1)
    for step in range(steps):
        images, target = batch(step)
        steps_of.zero_grad()
        cross_entropy(module(images), target).backward()
        if clip:
            nn.utils.clip_grad_norm_(module.parameters(), clip)
        steps_of.step()
    return {name: each.detach() for name, each in module.named_parameters()}


@pytest.mark.parametrize("clip", [0.0, 0.05])
def test_single_precision_is_the_plain_loop(clip: float) -> None:
    torch.testing.assert_close(trained(Precision(network(), CPU), clip=clip), trained_by_hand(clip))


@pytest.mark.parametrize("kind", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("clip", [0.0, 0.05])
def test_every_precision_trains_weights_in_float32_almost_as_single_precision_does(kind: Any, clip: float) -> None:
    found = trained(Precision(network(), CPU, kind), clip=clip)
    assert {each.dtype for each in found.values()} == {torch.float32}
    torch.testing.assert_close(found, trained_by_hand(clip), atol=3e-3, rtol=0)


@pytest.mark.parametrize(("kind", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_lower_precisions_are_those_of_autocast(kind: Any, dtype: torch.dtype) -> None:
    images, _ = batch()
    with torch.autocast("cpu", dtype):
        expected = network()(images)
    found = Precision(network(), CPU, kind)(images)
    assert found.dtype == dtype
    assert torch.equal(found, expected)


def test_the_l1_penalty_is_not_scaled_with_the_loss_in_fp16() -> None:
    for part in (SGD.bind({"lr": 0.1, "l1": 0.1}), Adam.bind({"l1": 0.1})):
        expected = trained(Precision(network(), CPU), part)
        torch.testing.assert_close(trained(Precision(network(), CPU, "fp16"), part), expected, atol=5e-3, rtol=0)


def test_a_step_whose_gradients_are_not_finite_is_left_out_in_fp16() -> None:
    precision = Precision(network(), CPU, "fp16")
    steps_of = optimizer(SGD.bind({"lr": 0.1, "l1": 0.1}), precision.network)
    before = {name: each.clone() for name, each in tensors_of(precision.network).items()}
    images, target = batch()
    precision.backward(cross_entropy(precision(images).float(), target) * 1e35)
    precision.step(steps_of)
    after = tensors_of(precision.network)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert precision.state_dict()["scale"] == 32768
    other = Precision(network(), CPU, "fp16")
    other.load_state_dict(precision.state_dict())
    assert other.state_dict() == precision.state_dict()


@pytest.mark.parametrize("kind", ["fp32", "fp16"])
def test_accumulated_batches_are_one(kind: Any) -> None:
    images, target = batch()
    whole, parts = Precision(network(), CPU, kind), Precision(network(), CPU, kind)
    for precision, count in ((whole, 1), (parts, 4)):
        steps_of = optimizer(PLAIN, precision.network)
        for few, wanted in zip(images.chunk(count), target.chunk(count), strict=True):
            precision.backward(cross_entropy(precision(few).float(), wanted), of=count)
        precision.step(steps_of)
        assert all(weight.grad is None for weight in precision.network.parameters())
    torch.testing.assert_close(tensors_of(whole.network), tensors_of(parts.network), atol=1e-4, rtol=0)


def test_channels_last_changes_the_memory_alone() -> None:
    precision = Precision(network(), CPU, channels_last=True)
    assert precision.network[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert precision(batch()[0]).shape == (16, 5)
    torch.testing.assert_close(trained(precision), trained_by_hand())
    rows = Precision(nn.Sequential(nn.Linear(4, 2)), CPU, channels_last=True)
    assert rows(torch.zeros(3, 4)).shape == (3, 2)


@pytest.mark.slow
def test_a_compiled_network_learns_the_same_under_the_same_names() -> None:
    precision = Precision(network(), CPU, compile=True)
    torch.testing.assert_close(trained(precision), trained_by_hand())
    assert list(tensors_of(precision.network)) == ["0.weight", "0.bias", "4.weight", "4.bias"]


WITHOUT_COMPILER = """
import torch
from cnndsl.training.errors import Unusable
from cnndsl.training.precision import Precision
network = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.ReLU())
try:
    Precision(network, torch.device("cpu"), compile=True)(torch.zeros(3, 4))
except Unusable as error:
    print(error)
"""


@pytest.mark.slow
def test_where_no_compiler_is_one_sentence_says_so(tmp_path: Any) -> None:
    environment = {**os.environ, "CXX": "/nowhere/c++", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_COMPILER],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "No working C++ compiler" in done.stdout
    assert done.stdout.endswith("leave out --compile\n")
    assert done.stdout.count("\n") == 1


def test_what_is_not_implemented_in_a_precision_is_told() -> None:

    class Unfit(nn.Module):
        def forward(self, images: Tensor) -> Any:
            return torch.linalg.lu_factor(images.bfloat16())

    with pytest.raises(Unusable, match=r"precision.*BFloat16.*--precision fp32"):
        Precision(Unfit(), CPU, "bf16")(torch.eye(3))
