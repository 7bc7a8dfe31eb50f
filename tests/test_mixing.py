"""Mixup and cutmix, as their papers have them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Generator, Tensor  # noqa: E402
from torch.nn.functional import one_hot  # noqa: E402

from cnndsl.training.mixing import mixer  # noqa: E402

pytestmark = pytest.mark.torch

CLASSES, SHAPE = 16, (3, 9, 12)
TARGET = torch.arange(CLASSES)
IMAGES = TARGET.view(-1, 1, 1, 1).expand(CLASSES, *SHAPE).float()
"""Each image is filled with the number of its class, so that its pixels tell where they come from."""


def mixed(mixup: float, cutmix: float, seed: int, images: Tensor = IMAGES) -> tuple[Tensor, Tensor]:
    mix = mixer(mixup, cutmix, CLASSES, SHAPE)
    assert mix is not None
    return mix(images, TARGET, Generator().manual_seed(seed))


def test_without_alpha_nothing_is_mixed() -> None:
    assert mixer(0, 0, CLASSES, SHAPE) is None


def test_mixup_adds_images_and_targets_in_the_same_parts() -> None:
    for seed in range(20):
        images, target = mixed(0.4, 0, seed)
        torch.testing.assert_close(images[:, 0, 0, 0], target @ TARGET.float())
        torch.testing.assert_close(images, images[:, :1, :1, :1].expand_as(images))
        torch.testing.assert_close(target.sum(dim=1), torch.ones(CLASSES))
        torch.testing.assert_close(target.sum(dim=0), torch.ones(CLASSES))  # each is the other of one
        assert len(target.diagonal()[target.diagonal() < 1].unique()) <= 1  # one part for the batch


def test_cutmix_takes_a_box_and_its_area_is_the_part_of_the_target() -> None:
    areas = []
    for seed in range(60):
        images, target = mixed(0, 1.0, seed)
        is_taken = (images != IMAGES).all(dim=1)
        for index, taken in enumerate(is_taken):
            rows, columns = taken.any(dim=1), taken.any(dim=0)
            assert torch.equal(taken, rows[:, None] & columns)
            found = one_hot(images[index, 0].long(), CLASSES).float().mean(dim=(0, 1))
            torch.testing.assert_close(target[index], found)
        areas.append(is_taken.float().mean(dim=(1, 2)).max().item())
    assert min(areas) < 0.05
    assert max(areas) > 0.6


@pytest.mark.parametrize("alpha", [0.3, 1.0, 4.0])
def test_the_parts_follow_the_beta_distribution(alpha: float) -> None:
    kept = torch.stack([mixed(alpha, 0, seed)[1].diagonal().min() for seed in range(1000)])
    assert kept.mean().item() == pytest.approx(0.5, abs=0.03)
    assert kept.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


def test_both_take_turns_by_chance() -> None:
    plain = [bool(torch.equal(mixed(1, 1, seed)[0], mixed(1, 1, seed)[0].round())) for seed in range(100)]
    assert 30 < sum(plain) < 70


def test_what_a_network_reads_in_a_row_is_mixed_alike() -> None:
    for mixup, cutmix in ((1, 0), (0, 1)):
        images, target = mixed(mixup, cutmix, 3)
        rows, same = mixed(mixup, cutmix, 3, IMAGES.flatten(1))
        assert torch.equal(rows, images.flatten(1))
        assert torch.equal(target, same)


def test_the_batch_itself_stays_as_it_was() -> None:
    images = IMAGES.clone()
    mixed(0, 1, 0, images)
    mixed(1, 0, 0, images)
    assert torch.equal(images, IMAGES)
