"""From pixels to the input of a network, against the same by hand."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import product

import pytest

torch = pytest.importorskip("torch")
functional = pytest.importorskip("torch.nn.functional")

from torch import Generator, Tensor  # noqa: E402

from cnndsl.training.augmentation import augmenter  # noqa: E402
from cnndsl.training.preprocessing import Preprocessing  # noqa: E402
from cnndsl.training.recipe.augmentations import Crop, Flip, Noise, Shift  # noqa: E402

pytestmark = pytest.mark.torch

MEAN, STD = (0.3, 0.5, 0.7), (0.2, 0.1, 0.4)
PLAIN = Preprocessing((3, 8, 8), False, MEAN, STD)


def pixels(count: int = 5, channels: int = 3, height: int = 8, width: int = 8) -> Tensor:
    generator = Generator().manual_seed(0)
    return torch.randint(256, (count, channels, height, width), generator=generator, dtype=torch.uint8)


def normalised(images: Tensor) -> Tensor:
    return (images - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)


def resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(images, size=size, mode="bilinear", antialias=True)


@pytest.mark.parametrize(
    ("dtype", "white"), [("uint8", 255.0), ("uint8", 16.0), ("uint16", 65535.0), ("float32", 1.0), ("float64", 10_000)]
)
def test_pixels_of_every_kind_are_normalised_and_left_as_they_were(dtype: str, white: float) -> None:
    given = (pixels() / 255 * white).to(getattr(torch, dtype))
    before = given.clone()
    ours = replace(PLAIN, white=white)
    expected = normalised(given.double() / white).float()
    noise = augmenter([Noise.bind({"std": 0})], (8, 8), MEAN)
    for found in (ours(given), ours.augmented(given, None, Generator()), ours.augmented(given, noise, Generator())):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
        assert found.dtype == torch.float32
    assert torch.equal(given, before)


def test_without_a_size_images_are_stretched_to_the_input() -> None:
    given = pixels(height=13, width=6)
    torch.testing.assert_close(PLAIN(given), normalised(resized(given / 255, (8, 8))))


@pytest.mark.parametrize(
    ("height", "width", "covering", "top", "left"),
    [(20, 30, (10, 15), 0, 2), (7, 5, (14, 10), 2, 0), (10, 10, (10, 10), 0, 0)],
)
def test_with_a_size_the_shorter_side_has_it_and_the_middle_is_taken(
    height: int, width: int, covering: tuple[int, int], top: int, left: int
) -> None:
    given = pixels(height=height, width=width)
    ours = replace(PLAIN, size=(10, 10))
    whole = resized(given / 255, covering)[:, :, top : top + 10, left : left + 10]
    torch.testing.assert_close(ours.whole(given) / 255, whole)
    torch.testing.assert_close(ours(given), normalised(whole)[:, :, 1:9, 1:9])


def test_training_augments_the_whole_image_before_it_is_normalised() -> None:
    given = pixels(count=64, height=10, width=10)
    ours = replace(PLAIN, size=(10, 10))
    chain = [Crop.bind({}), Flip.bind({}), Shift.bind({})]
    augment = augmenter(chain, (8, 8), MEAN)
    assert augment is not None
    expected = normalised(augment(given / 255, Generator().manual_seed(3)))
    found = ours.augmented(given, augment, Generator().manual_seed(3))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_ten_views_are_the_corners_the_middle_and_their_mirror_images() -> None:
    given = pixels(height=11, width=12)
    ours = Preprocessing((3, 8, 6), False, MEAN, STD, size=(11, 12), crops=10)
    places = [*product((0, 3), (0, 6)), (1, 3)]
    expected = []
    for top, left in places:
        view = normalised(given / 255)[:, :, top : top + 8, left : left + 6]
        expected += [view, view.flip(3)]
    found = list(ours.views(given))
    assert len(found) == 10
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    answer = torch.rand(144, 4).softmax(dim=1)
    mean = torch.stack([view.flatten(1) @ answer for view in expected]).mean(dim=0)
    torch.testing.assert_close(ours.averaged(lambda view: view.flatten(1) @ answer, given), mean)


def test_one_view_is_the_middle() -> None:
    given = pixels(height=10, width=12)
    ours = replace(PLAIN, size=(10, 12))
    assert torch.equal(ours.averaged(lambda view: view, given), ours(given))
    assert [view.shape for view in ours.views(given)] == [(5, 3, 8, 8)]
    torch.testing.assert_close(ours(given), normalised(given / 255)[:, :, 1:9, 2:10])


def test_grey_and_colour_become_one_another_and_maps_become_rows() -> None:
    colour, grey = pixels(), pixels(channels=1)
    luma = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    to_grey = Preprocessing((1, 8, 8), True, MEAN, STD)
    torch.testing.assert_close(to_grey(colour), (normalised(colour / 255) * luma).sum(dim=1).flatten(1))
    to_colour = Preprocessing((3, 8, 8), False, (0.5,), (0.25,))
    torch.testing.assert_close(to_colour(grey), ((grey / 255 - 0.5) / 0.25).expand(-1, 3, -1, -1))


def test_thirteen_bands_stay_thirteen() -> None:
    bands = Preprocessing((13, 8, 8), False, (0.5,) * 13, (0.25,) * 13, white=65535)
    given = pixels(channels=13).to(torch.uint16)
    torch.testing.assert_close(bands(given), (given.float() / 65535 - 0.5) / 0.25)


def test_what_it_learned_in_evaluation_serves_training() -> None:
    ours = Preprocessing((3, 8, 8), False, (0.11, 0.12, 0.13), STD)
    with torch.inference_mode():
        ours(pixels())
    images = (pixels() / 255).requires_grad_()
    ours.augmented(images, None, Generator()).sum().backward()
    assert images.grad is not None


def test_it_can_be_kept_as_plain_numbers() -> None:
    ours = replace(PLAIN, size=(10, 12), crops=10, white=65535.0)
    kept = json.loads(json.dumps(asdict(ours)))
    plain = {name: tuple(each) if isinstance(each, list) else each for name, each in kept.items()}
    assert Preprocessing(**plain) == ours
