"""Every network of the zoo that is no classifier learns: one step on made data, with the loss of its paper.

Where the whole loss is more than a few lines, what is left out is said. Boxes are made, not matched: which position
answers for what is drawn at random, as a matching would give it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import cnndsl
from cnndsl.source import zoo

torch = pytest.importorskip("torch")
functional = torch.nn.functional

pytestmark = pytest.mark.torch

Loss = Callable[..., Any]


def per_pixel(scores: Any) -> Any:
    """The cross-entropy of every pixel (Long et al., 2015; Ronneberger et al., 2015, without its weights)."""
    size = (scores.shape[0], *scores.shape[2:])
    return functional.cross_entropy(scores, torch.randint(scores.shape[1], size))


def ranks(logits: Any) -> Any:
    """Cao et al., 2020, Eq. 4: the binary cross-entropy of each question whether the rank is higher."""
    levels = (torch.arange(logits.shape[1]) < torch.randint(logits.shape[1], (len(logits), 1))).float()
    return (
        -(functional.logsigmoid(logits) * levels + (functional.logsigmoid(logits) - logits) * (1 - levels))
        .sum(1)
        .mean()
    )


def classes(logits: Any) -> Any:
    return functional.cross_entropy(logits, torch.randint(logits.shape[1], (len(logits),)))


def faces(kept: Any, changed: Any) -> Any:
    """The first stage of Mirjalili et al., 2018: both faces are to be what came in."""
    face = torch.rand_like(kept)
    return functional.binary_cross_entropy(kept, face) + functional.binary_cross_entropy(changed, face)


def real(logits: Any) -> Any:
    """Goodfellow et al., 2014: the discriminator tells what is real."""
    return functional.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))


def generated(pictures: Any) -> Any:
    """The same, of a generator: a discriminator is to take what it makes for real."""
    judge = cnndsl.load("zoo:dcgan-discriminator").to_torch()
    return real(judge(pictures))


def cells(grid: Any) -> Any:
    """Redmon et al., 2016, Eq. 3, for cells in which the first box answers for an object."""
    n, _, height, width = grid.shape
    boxes, kinds = grid[:, :10].reshape(n, 2, 5, height, width), grid[:, 10:]
    has_object = (torch.rand(n, height, width) < 0.3).float()
    centre, extent, sure = boxes[:, 0, :2], boxes[:, 0, 2:4], boxes[:, :, 4]
    place = (centre - torch.rand_like(centre)).square() + (
        extent.abs().sqrt() - torch.rand_like(extent).sqrt()
    ).square()
    kind = functional.one_hot(torch.randint(kinds.shape[1], has_object.shape), kinds.shape[1]).movedim(-1, 1)
    found = 5 * place.sum(1) + (sure[:, 0] - torch.rand_like(has_object)).square() + (kinds - kind).square().sum(1)
    empty = 0.5 * (sure[:, 1].square() + (1 - has_object) * sure[:, 0].square())
    return (has_object * found + empty).sum() / n


def levels(*maps: Any) -> Any:
    """Of YOLOv4 the terms of objects and classes, binary cross-entropies; squares in place of CIoU for the boxes."""
    rows = torch.cat([each.reshape(len(each), 3, -1, *each.shape[2:]).movedim(2, -1).flatten(1, 3) for each in maps], 1)
    has_object = torch.rand(rows.shape[:2]) < 0.1
    sure = functional.binary_cross_entropy_with_logits(rows[..., 4], has_object.float())
    found = rows[has_object]
    kind = functional.one_hot(torch.randint(found.shape[1] - 5, (len(found),)), found.shape[1] - 5).float()
    place = (found[:, :4] - torch.rand(len(found), 4)).square().sum(1).mean()
    return sure + functional.binary_cross_entropy_with_logits(found[:, 5:], kind) + place


def joined(maps: tuple[Any, ...], wide: int) -> Any:
    """All positions of all levels as rows."""
    return torch.cat([each.movedim(1, -1).reshape(len(each), -1, wide) for each in maps], 1)


def multibox(*maps: Any) -> Any:
    """Liu et al., 2016, Eq. 1, with three times as many hard negatives as boxes that answer for something."""
    kinds = maps[0].shape[1] // 4
    scores, shifts = joined(maps[::2], kinds), joined(maps[1::2], 4)
    target = torch.randint(1, kinds, scores.shape[:2]) * (torch.rand(scores.shape[:2]) < 0.05)
    target[:, -1] = 1  # of the last map, which has few boxes
    each = functional.cross_entropy(scores.movedim(2, 1), target, reduction="none")
    count = int((target > 0).sum())
    hard = each[target == 0].topk(3 * count).values
    place = functional.smooth_l1_loss(shifts[target > 0], torch.rand(count, 4), reduction="sum")
    return (each[target > 0].sum() + hard.sum() + place) / count


def focal(*maps: Any) -> Any:
    """Lin et al., 2017, Eq. 5 with alpha 0.25 and gamma 2, and a smooth L1 for the boxes."""
    scores, shifts = joined(maps[::2], 91), joined(maps[1::2], 4)
    has_object = torch.rand(scores.shape[:2]) < 0.02
    target = functional.one_hot(torch.randint(91, scores.shape[:2]), 91) * has_object[..., None]
    right = torch.where(target > 0, scores.sigmoid(), 1 - scores.sigmoid())
    weight = torch.where(target > 0, 0.25, 0.75)
    each = (
        weight
        * (1 - right) ** 2
        * functional.binary_cross_entropy_with_logits(scores, target.float(), reduction="none")
    )
    place = functional.smooth_l1_loss(shifts[has_object], torch.rand(int(has_object.sum()), 4), reduction="sum")
    return (each.sum() + place) / has_object.sum()


def proposals(*maps: Any) -> Any:
    """Ren et al., 2015, Eq. 1, of the region proposal network; one score a box, or two as in the paper."""
    maps = maps[1:] if len(maps) == 3 else maps[4:]
    wide = 2 if maps[0].shape[1] == 18 else 1
    scores, shifts = joined(maps[::2], wide), joined(maps[1::2], 4)
    is_object = torch.rand(scores.shape[:2]) < 0.5
    logits = scores[..., 0] if wide == 1 else scores[..., 1] - scores[..., 0]
    place = functional.smooth_l1_loss(shifts[is_object], torch.rand(int(is_object.sum()), 4))
    return functional.binary_cross_entropy_with_logits(logits, is_object.float()) + place


def regions(decided: Any) -> Any:
    """Girshick, 2015, Eq. 1: the class of a region, and the box of that class."""
    kinds = decided.shape[1] // 5
    scores, shifts = decided[:, :kinds], decided[:, kinds:].reshape(len(decided), kinds, 4)
    target = torch.arange(len(decided)) % kinds
    found = target > 0
    place = functional.smooth_l1_loss(shifts[found, target[found]], torch.rand(int(found.sum()), 4))
    return functional.cross_entropy(scores, target) + place


def pooled(features: Any) -> Any:
    """The same of the whole network: parts of the map, pooled, go through the layers for regions."""
    box = cnndsl.load("zoo:fast-rcnn-box").to_torch()
    parts = [functional.adaptive_max_pool2d(features[..., start:], (7, 7)) for start in range(4)]
    return regions(box(torch.cat(parts)))


def masks(logits: Any) -> Any:
    """He et al., 2017, Section 3: the mean binary cross-entropy of the mask of the true class."""
    target = torch.arange(len(logits))
    return functional.binary_cross_entropy_with_logits(logits[target, target], torch.rand_like(logits[:, 0]).round())


SMALL = "3x64x64"
STEPS: dict[str, tuple[Loss, dict[str, Any]]] = {
    "unet": (per_pixel, {}),
    "unet-same": (per_pixel, {"input": "1x32x32"}),
    "unet-bn": (per_pixel, {"input": "3x45x37"}),
    "segnet": (per_pixel, {"input": SMALL}),
    "segnet-voc": (per_pixel, {"input": SMALL}),
    "deconvnet": (per_pixel, {}),
    "enet": (per_pixel, {"input": SMALL}),
    "fcn8s": (per_pixel, {"input": SMALL}),
    "coral": (ranks, {}),
    "transfer": (classes, {"input": SMALL}),
    "semi-adversarial": (faces, {}),
    "dcgan-generator": (generated, {}),
    "dcgan-discriminator": (real, {}),
    "dcgan-paper-generator": (generated, {}),
    "dcgan-paper-discriminator": (real, {}),
    "yolov1": (cells, {}),
    "yolov4": (levels, {"input": SMALL}),
    "yolov4-tiny": (levels, {"input": SMALL}),
    "ssd300": (multibox, {}),
    "ssd300-coco": (multibox, {}),
    "retinanet": (focal, {"input": "3x128x128"}),
    "fast-rcnn-image": (pooled, {"input": "3x96x128"}),
    "fast-rcnn-box": (regions, {}),
    "faster-rcnn-vgg16-image": (proposals, {"input": "3x96x128"}),
    "faster-rcnn-vgg16-box": (regions, {}),
    "faster-rcnn-fpn-image": (proposals, {"input": "3x128x128"}),
    "faster-rcnn-fpn-box": (regions, {}),
    "mask-rcnn-mask": (masks, {}),
}
HEAVY = {
    *("deconvnet", "fast-rcnn-box", "fast-rcnn-image", "faster-rcnn-vgg16-box", "fcn8s", "segnet-voc", "ssd300-coco"),
    *("unet", "yolov1"),
}


def test_every_network_that_is_no_classifier_is_trained() -> None:
    others = {
        entry.name
        for entry in zoo().values()
        if entry.spec != "filters" and (":" in entry.spec or any("x" in output for output in entry.outputs))
    }
    assert others == STEPS.keys() - {"coral", "transfer"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in HEAVY else []) for name in STEPS]
)
def test_a_step_reaches_every_weight(name: str) -> None:
    torch.manual_seed(0)
    loss, settings = STEPS[name]
    model = cnndsl.load(f"zoo:{name}", **settings)
    module = model.to_torch()
    has_norms = any(node.layer.word() == "BN" for node in model.graph)
    batch = 12 if loss in (regions, masks, ranks, classes) else 1 + has_norms
    images = [torch.rand(batch, *end.node.type.shape) for end in model.graph.inputs]
    optimizer = torch.optim.Adam(module.parameters())
    before = [weight.detach().clone() for weight in module.parameters()]
    outputs = module(*images)
    found = loss(*outputs) if isinstance(outputs, tuple) else loss(outputs)
    found.backward()
    optimizer.step()
    assert torch.isfinite(found)
    for (key, weight), old in zip(module.named_parameters(), before, strict=True):
        assert weight.grad is not None, key
        assert torch.isfinite(weight.grad).all(), key
        assert weight.grad.any(), key
        assert not torch.equal(weight, old), key
