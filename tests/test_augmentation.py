"""Augmentations against SciPy, Pillow, scikit-learn and torch's own functions, with the same draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from cnndsl.training.recipe.augmentations import (
    Augmentation,
    ColorPCA,
    Crop,
    Erase,
    Flip,
    Jitter,
    Misplaced,
    Noise,
    ResizedCrop,
    Rotate,
    Shift,
    Turn,
    VerticalFlip,
    Zoom,
    sizes,
)
from cnndsl.training.recipe.part import parts_by_word

torch = pytest.importorskip("torch")
functional = pytest.importorskip("torch.nn.functional")

from torch import Generator, Tensor  # noqa: E402

from cnndsl.training.augmentation import Components, augmenter, principal_components  # noqa: E402

pytestmark = pytest.mark.torch

COMPONENTS = Components((0.2, 0.02, 0.005), ((0.6, 0.8, 0.0), (-0.8, 0.6, 0.0), (0.0, 0.0, 1.0)))
MEAN = (0.3, 0.5, 0.7)
GREY = (0.299, 0.587, 0.114)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    """The images are tiny, and the test runners share the cores."""
    torch.set_num_threads(1)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def pictures(count: int = 16, channels: int = 3, height: int = 8, width: int = 8) -> Tensor:
    return torch.rand(count, channels, height, width, generator=seeded(99))


def augmented(images: Tensor, *chain: Augmentation, wanted: tuple[int, int] = (8, 8), seed: int = 0) -> Tensor:
    mean, components = (MEAN * 5)[: images.shape[1]], COMPONENTS if images.shape[1] == 3 else None
    if images.shape[1] != 3:
        values = (0.1,) * images.shape[1]
        components = Components(values, tuple(map(tuple, torch.eye(images.shape[1]).tolist())))
    augment = augmenter(chain, wanted, mean, components)
    assert augment is not None
    before = images.clone()
    found = augment(images, seeded(seed))
    assert torch.equal(images, before)
    return found


def draws(*shape: int) -> Tensor:
    """What an augmentation that draws once draws, from -1 to 1."""
    return torch.rand(*shape, generator=seeded()) * 2 - 1


def distances(found: Tensor, those: Sequence[Tensor]) -> Tensor:
    """N x candidates: how far each image is from each of its candidates."""
    return torch.stack([(found - other).abs().amax(dim=(1, 2, 3)) for other in those], dim=1)


# ------------------------------------------------------------------------------------------------ affine


def test_a_shift_samples_between_pixels_and_repeats_the_border() -> None:
    images = pictures(width=11)
    theta = torch.eye(2, 3).repeat(len(images), 1, 1)
    theta[:, :, 2] = 2 * draws(len(images), 2) * 0.3
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    expected = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    torch.testing.assert_close(augmented(images, Shift.bind({"part": 0.3})), expected)


@pytest.mark.parametrize("height", [8, 13])
def test_a_rotation_is_that_of_scipy(height: int) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    images = pictures(height=height)
    found = augmented(images, Rotate.bind({"degrees": 70}))
    for image, angle, ours in zip(images, 70 * draws(len(images)), found, strict=True):
        theirs = ndimage.rotate(image.numpy(), angle.item(), (1, 2), reshape=False, order=1, mode="nearest")
        torch.testing.assert_close(ours, torch.from_numpy(theirs), atol=1e-4, rtol=0)


def test_a_zoom_is_that_of_scipy() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    images = pictures(width=9)
    found = augmented(images, Zoom.bind({"factors": (0.5, 2)}))
    factors = 0.5 + 1.5 * (draws(len(images)) + 1) / 2
    middle = torch.tensor([0, 3.5, 4.0])
    for image, factor, ours in zip(images, factors, found, strict=True):
        scale = torch.tensor([1, 1 / factor, 1 / factor])
        theirs = ndimage.affine_transform(image.numpy(), scale, middle - scale * middle, order=1, mode="nearest")
        torch.testing.assert_close(ours, torch.from_numpy(theirs), atol=1e-4, rtol=0)


def test_affine_augmentations_side_by_side_do_what_one_does_after_the_other() -> None:
    """On a plane, which bilinear sampling keeps, away from the border."""
    rows, columns = torch.meshgrid(torch.arange(40.0), torch.arange(60.0), indexing="ij")
    images = (0.3 * rows + 0.7 * columns).expand(6, 1, 40, 60)
    chain = [Shift.bind({"part": 0.1}), Rotate.bind({"degrees": 20}), Zoom.bind({"factors": (1, 1.4)})]
    generator = seeded()
    apart = images
    for part in chain:
        augment = augmenter([part], (40, 60), MEAN)
        assert augment is not None
        apart = augment(apart, generator)
    inside = (..., slice(14, -14), slice(14, -14))
    found = augmented(images, *chain)
    torch.testing.assert_close(found[inside], apart[inside], atol=1e-2, rtol=0)
    assert (found[inside] - augmented(images, *reversed(chain))[inside]).abs().max() > 1


# ------------------------------------------------------------------------------------------------ exact


@pytest.mark.parametrize(("part", "axis"), [(Flip, 3), (VerticalFlip, 2)])
def test_a_part_of_the_images_is_mirrored(part: type[Augmentation], axis: int) -> None:
    images = pictures(1000)
    away = distances(augmented(images, part.bind({"p": 0.3})), [images, images.flip(axis)])
    assert torch.equal(away.min(dim=1).values, torch.zeros(1000))
    assert 0.25 < (away[:, 1] == 0).float().mean() < 0.35
    assert torch.equal(augmented(images, part.bind({"p": 1})), images.flip(axis))
    assert torch.equal(augmented(images, part.bind({"p": 0})), images)


def test_each_quarter_turn_is_as_likely() -> None:
    images = pictures(1000)
    away = distances(augmented(images, Turn.bind({})), [images.rot90(turns, (2, 3)) for turns in range(4)])
    assert ((away == 0).sum(dim=0) > 200).all()
    assert torch.equal((away == 0).sum(dim=1), torch.ones(1000, dtype=torch.int64))


@pytest.mark.parametrize(("mode", "theirs"), [("zero", "constant"), ("reflect", "reflect"), ("edge", "edge")])
def test_a_crop_is_a_window_of_the_padded_image_and_every_window_is_as_likely(mode: str, theirs: str) -> None:
    import numpy as np

    images = pictures(1500, height=5, width=6)
    padded = torch.from_numpy(np.pad(images.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), theirs))
    windows = [padded[:, :, top : top + 8, left : left + 7] for top, left in product(range(2), range(4))]
    found = augmented(images, Crop.bind({"size": (8, 7), "padding": 2, "mode": mode}))
    hits = distances(found, windows) == 0
    assert hits.any(dim=1).all()
    assert (hits.sum(dim=0) > 1500 / 8 * 0.7).all()


def test_a_crop_of_everything_is_the_image() -> None:
    images = pictures()
    assert torch.equal(augmented(images, Crop.bind({})), images)


# ------------------------------------------------------------------------------------------------ boxes


def test_a_resized_crop_is_a_piece_that_torch_resizes() -> None:
    images = pictures(12, height=7, width=6)
    part = ResizedCrop.bind({"size": (4, 9), "scale": (0.2, 0.8), "ratio": (0.5, 2)})
    boxes = [
        (top, left, height, width)
        for height, width in product(range(1, 8), range(1, 7))
        if 0.2 * 42 * 0.6 <= height * width <= 0.8 * 42 * 1.3
        for top, left in product(range(8 - height), range(7 - width))
    ]
    pieces = [
        functional.interpolate(
            images[:, :, top : top + height, left : left + width], size=(4, 9), mode="bilinear", antialias=True
        )
        for top, left, height, width in boxes
    ]
    away = distances(augmented(images, part), pieces)
    assert (away.min(dim=1).values < 1e-5).all()
    assert len({*away.argmin(dim=1).tolist()}) > 8


def test_the_boxes_of_resized_crops_have_the_areas_and_shapes_asked_for() -> None:
    """The differences of neighbours in a resized plane are the sides of its box, in parts of the image."""
    rows, columns = torch.meshgrid(torch.arange(100.0), torch.arange(100.0), indexing="ij")
    images = torch.stack([rows, columns]).expand(2000, 2, 100, 100)
    found = augmented(images, ResizedCrop.bind({"size": 5}))
    heights = (found[:, 0, 3, 2] - found[:, 0, 2, 2]) * 5
    widths = (found[:, 1, 2, 3] - found[:, 1, 2, 2]) * 5
    areas, ratios = heights * widths / 10_000, widths / heights
    assert 0.075 < areas.min() < 0.1
    assert 0.9 < areas.max() <= 1
    assert 0.72 < ratios.min() < 0.78
    assert 1.28 < ratios.max() < 1.38
    assert ratios.log().mean().abs() < 0.02


def test_where_no_box_fits_a_resized_crop_is_the_middle() -> None:
    images = pictures(height=4, width=40)
    part = ResizedCrop.bind({"size": (4, 6), "scale": (1, 1), "ratio": (0.5, 1.5)})
    torch.testing.assert_close(augmented(images, part), images[..., 17:23])
    flat = ResizedCrop.bind({"size": (6, 4), "scale": (1, 1), "ratio": (2 / 3, 2)})
    torch.testing.assert_close(augmented(images.mT, flat), images.mT[..., 17:23, :])


def test_a_box_of_some_images_becomes_the_mean() -> None:
    images = pictures(1000, height=20, width=30)
    found = augmented(images, Erase.bind({"p": 0.4, "scale": (0.05, 0.3)}))
    changed = (found != images).any(dim=1)
    assert torch.equal(found, torch.where(changed[:, None], torch.tensor(MEAN).view(1, 3, 1, 1), images))
    rows, columns = changed.any(dim=2).sum(dim=1), changed.any(dim=1).sum(dim=1)
    areas = changed.sum(dim=(1, 2))
    assert torch.equal(areas, rows * columns)
    assert all(changed[corner].any() for corner in [(..., 0, 0), (..., 0, -1), (..., -1, 0), (..., -1, -1)])
    erased = areas > 0
    assert 0.35 < erased.float().mean() < 0.45
    assert 0.045 * 600 < areas[erased].min() < 0.07 * 600
    assert 0.27 * 600 < areas.max() < 0.33 * 600
    ratios = columns[erased] / rows[erased]
    assert ratios.min() < 0.5
    assert ratios.max() > 2


# ------------------------------------------------------------------------------------------------ colour


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
def test_a_jitter_is_that_of_pillow(name: str) -> None:
    from PIL import Image, ImageEnhance

    pillow = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
    enhance = dict(zip(("brightness", "contrast", "saturation"), pillow, strict=True))
    pixels = (pictures() * 255).byte()
    part = Jitter.bind({"brightness": 0, "contrast": 0, "saturation": 0, name: 0.8})
    found = augmented(pixels / 255, part) * 255
    factors = 1 + 0.8 * draws(len(pixels), 3)[:, list(enhance).index(name)]
    for image, factor, ours in zip(pixels, factors, found, strict=True):
        picture = Image.fromarray(image.permute(1, 2, 0).numpy())
        theirs = torch.tensor(list(enhance[name](picture).enhance(factor.item()).tobytes())).view(8, 8, 3)
        assert (ours.permute(1, 2, 0) - theirs).abs().max() < 2  # Pillow rounds twice


def test_the_principal_components_are_those_of_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    channels = 5
    pixels = (pictures(40, channels, 6, 7) @ torch.diag(torch.arange(7) / 6) * 65535).int()
    pixels[:, 1] //= 3
    rows = pixels.transpose(0, 1).flatten(1).double().T / 65535
    theirs = PCA().fit(rows.numpy())
    values, vectors = principal_components([pixels[:11].numpy(), pixels[11:]], white=65535)
    assert values == pytest.approx(theirs.explained_variance_ * (1 - 1 / len(rows)), rel=1e-6)
    agreement = torch.tensor(vectors).double() @ torch.from_numpy(theirs.components_.T)
    torch.testing.assert_close(agreement.abs(), torch.eye(channels).double(), atol=1e-5, rtol=0)
    assert all(max(vector, key=abs) > 0 for vector in vectors)


def test_colours_move_along_their_principal_components() -> None:
    images = pictures(4000, height=2, width=2)
    moves = augmented(images, ColorPCA.bind({"std": 0.5})) - images
    assert (moves - moves[:, :, :1, :1]).abs().max() < 1e-6
    along = moves[:, :, 0, 0] @ torch.tensor(COMPONENTS.vectors).T
    assert (along.std(dim=0) / torch.tensor(COMPONENTS.values)).tolist() == pytest.approx([0.5] * 3, rel=0.05)
    correlations = torch.corrcoef(along.T) - torch.eye(3)
    assert correlations.abs().max() < 0.05


def test_noise_is_normal_and_apart_for_every_value() -> None:
    images = pictures(500)
    noise = augmented(images, Noise.bind({"std": 0.1})) - images
    assert noise.std().item() == pytest.approx(0.1, rel=0.02)
    assert noise.mean().abs() < 0.002
    assert len(noise.unique()) > 0.5 * noise.numel()


# ------------------------------------------------------------------------------------------------ chains

ARGUMENTS: dict[str, dict[str, Any]] = {"ROTATE": {"degrees": 15}}
EVERY = {word: part.bind(ARGUMENTS.get(word, {})) for word, part in parts_by_word(Augmentation).items()}


@pytest.mark.parametrize("channels", [1, 3, 13])
@pytest.mark.parametrize("word", EVERY)
def test_every_augmentation_depends_on_the_seed_alone_and_treats_each_image_apart(word: str, channels: int) -> None:
    image = pictures(1, channels, 12, 12)
    images = image.expand(32, channels, 12, 12).contiguous()
    wanted = (10, 10) if "size" in EVERY[word].attributes else (12, 12)
    found = augmented(images, EVERY[word], wanted=wanted)
    assert found.shape == (32, channels, *wanted)
    assert found.dtype == torch.float32
    assert torch.equal(found, augmented(images, EVERY[word], wanted=wanted))
    assert not torch.equal(found, augmented(images, EVERY[word], wanted=wanted, seed=1))
    assert len({tuple(each.flatten().tolist()) for each in found}) > 1


def test_a_chain_is_worked_off_in_its_order() -> None:
    images = pictures(height=12, width=12)
    chain = [Crop.bind({"size": 10}), Flip.bind({"p": 1}), Shift.bind({}), Erase.bind({"p": 1}), Noise.bind({})]
    generator, expected = seeded(), images
    for part in chain:
        augment = augmenter([part], (8, 8), MEAN)
        assert augment is not None
        expected = augment(expected, generator)
    assert torch.equal(augmented(images, *chain), expected)
    assert augmenter([], (8, 8), MEAN) is None


@pytest.mark.parametrize(
    ("chain", "channels", "size", "index", "attribute"),
    [
        ([Flip.bind({}), Crop.bind({"size": 41, "padding": 4})], 3, (32, 32), 1, "size"),
        ([Crop.bind({"padding": 32, "mode": "reflect"})], 3, (32, 40), 0, "padding"),
        ([Turn.bind({}), Crop.bind({})], 3, (32, 40), 0, ""),
        ([Jitter.bind({"saturation": 0.1})], 1, (32, 32), 0, "saturation"),
        ([Crop.bind({"size": 24}), Flip.bind({})], 3, (32, 32), 0, "size"),
        ([Flip.bind({})], 3, (40, 40), None, "size"),
        ([], 3, (40, 32), None, "size"),
        ([Crop.bind({"padding": 4})], 3, (30, 30), None, "size"),
    ],
    ids=str,
)
def test_a_chain_that_images_cannot_go_through_says_where(
    chain: list[Augmentation], channels: int, size: tuple[int, int], index: int | None, attribute: str
) -> None:
    with pytest.raises(Misplaced) as misplaced:
        sizes(chain, channels, size, (32, 32))
    assert (misplaced.value.index, misplaced.value.attribute) == (index, attribute)


@pytest.mark.parametrize(
    ("chain", "size"),
    [
        ([], (32, 32)),
        ([Crop.bind({"size": 32, "padding": 4}), Flip.bind({}), Turn.bind({})], (32, 32)),
        ([Crop.bind({"padding": 31, "mode": "reflect"})], (32, 32)),
        ([ResizedCrop.bind({})], (40, 50)),
        ([Crop.bind({"size": (35, 33)}), Crop.bind({})], (40, 50)),
    ],
    ids=str,
)
def test_a_chain_that_is_accepted_gives_the_input_of_the_network(
    chain: list[Augmentation], size: tuple[int, int]
) -> None:
    sizes(chain, 3, size, (32, 32))
    augment = augmenter(chain, (32, 32), MEAN)
    images = pictures(2, 3, *size)
    assert (images if augment is None else augment(images, seeded())).shape == (2, 3, 32, 32)


def test_an_image_of_one_pixel_can_be_augmented() -> None:
    for word, part in EVERY.items():
        found = augmented(pictures(3, 3, 1, 1), part, wanted=(1, 1))
        assert found.isfinite().all(), word
        assert math.prod(found.shape) == 9
