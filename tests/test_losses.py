"""Losses against torch's, scikit-learn's and their formulas."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot  # noqa: E402

from cnndsl.training.losses import balanced, criterion, per_class  # noqa: E402

pytestmark = pytest.mark.torch

CLASSES = 5
WEIGHTS = (0.5, 1.0, 2.0, 0.0, 3.0)


@pytest.fixture
def logits() -> Tensor:
    return 3 * torch.randn(12, CLASSES, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def target() -> Tensor:
    return torch.randint(0, CLASSES, (12,), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def shares() -> Tensor:
    return torch.rand(12, CLASSES, generator=torch.Generator().manual_seed(2)).softmax(dim=1)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_the_cross_entropy_is_that_of_torch(
    logits: Tensor, target: Tensor, shares: Tensor, smoothing: float, weights: tuple[float, ...] | None
) -> None:
    ours = criterion("cross_entropy", CLASSES, label_smoothing=smoothing, class_weights=weights)
    tensor = None if weights is None else torch.tensor(weights)
    for wanted in (target, shares):
        assert torch.equal(ours(logits, wanted), cross_entropy(logits, wanted, tensor, label_smoothing=smoothing))


def test_the_binary_loss_is_that_of_torch(logits: Tensor, target: Tensor, shares: Tensor) -> None:
    ours = criterion("binary", CLASSES)
    expected = binary_cross_entropy_with_logits(logits, one_hot(target, CLASSES).float())
    assert torch.equal(ours(logits, target), expected)
    assert torch.equal(ours(logits, shares), binary_cross_entropy_with_logits(logits, shares))


def test_the_binary_loss_smooths_as_the_cross_entropy_does(logits: Tensor, target: Tensor) -> None:
    smooth = one_hot(target, CLASSES) * 0.9 + 0.1 / CLASSES
    for kind in ("binary", "cross_entropy"):
        expected = criterion(kind, CLASSES)(logits, smooth)
        torch.testing.assert_close(criterion(kind, CLASSES, label_smoothing=0.1)(logits, target), expected)


def test_the_binary_loss_weighs_images_by_their_class_as_scikit_learn_does(logits: Tensor, target: Tensor) -> None:
    from sklearn.metrics import log_loss

    truth, chances = one_hot(target, CLASSES), logits.sigmoid()
    images = [WEIGHTS[label] for label in target]
    columns = [log_loss(truth[:, each], chances[:, each], sample_weight=images) for each in range(CLASSES)]
    found = criterion("binary", CLASSES, class_weights=WEIGHTS)(logits, target)
    assert found.item() == pytest.approx(sum(columns) / CLASSES, rel=1e-5)
    torch.testing.assert_close(criterion("binary", CLASSES, class_weights=[2.0] * CLASSES)(logits, target),
                               criterion("binary", CLASSES)(logits, target))  # fmt: skip


@pytest.mark.parametrize("kind", ["binary", "cross_entropy"])
def test_one_number_decides_between_two_classes(kind: str) -> None:
    number = torch.randn(9, 1, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([0, 1, 1, 0, 1, 0, 0, 0, 1])
    expected = binary_cross_entropy_with_logits(number[:, 0], target.float())
    torch.testing.assert_close(criterion(kind, 2)(number, target), expected)
    torch.testing.assert_close(criterion(kind, 2)(number, one_hot(target, 2).float()), expected)
    torch.testing.assert_close(per_class(number, 2).softmax(dim=1)[:, 1], number[:, 0].sigmoid())
    assert per_class(torch.zeros(3, 1), 1).shape == (3, 1)


def test_several_outputs_are_weighted(logits: Tensor, target: Tensor) -> None:
    outputs = (logits, logits.flip(0), logits.flip(1))
    ours = criterion("cross_entropy", CLASSES, output_weights=(1, 0.3, 0.3))
    each = [cross_entropy(output, target) for output in outputs]
    torch.testing.assert_close(ours(outputs, target), each[0] + 0.3 * each[1] + 0.3 * each[2])
    assert torch.equal(ours(logits, target), each[0])


def test_half_precision_is_summed_in_single(logits: Tensor, target: Tensor) -> None:
    for kind in ("binary", "cross_entropy"):
        found = criterion(kind, CLASSES)(logits.bfloat16(), target)
        assert torch.equal(found, criterion(kind, CLASSES)(logits.bfloat16().float(), target))


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    import numpy as np
    from sklearn.utils.class_weight import compute_class_weight

    counts = [3, 1, 7]
    labels = np.repeat(range(3), counts)
    assert balanced(counts) == pytest.approx(compute_class_weight("balanced", classes=np.arange(3), y=labels).tolist())
    assert balanced([4, 0]) == (0.5, 0.0)
