"""The evaluation of a network, by torchmetrics. Import it only where one is asked for: it takes a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor
from torchmetrics.functional.classification import (
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)

from cnndsl.training.evaluation import ClassFigures, Evaluation

__all__ = ["evaluate"]

TOP = 5
"""Of a top-5 accuracy, the figure of the ImageNet challenge (Russakovsky et al., 2015)."""


@torch.inference_mode()
def evaluate(
    answers: Callable[[Tensor], Tensor],
    batches: Iterable[tuple[Tensor, Tensor]],
    classes: Sequence[str],
    *,
    is_binary: bool = False,
) -> Evaluation:
    """How good a network is on a feed of images with their classes, of which there is at least one.

    Args:
        answers: the network, from images to probabilities N x classes in float64, on any device.
        batches: images as the network takes them, and N int64 indices into `classes`.
        classes: their names.
        is_binary: whether each class is decided by itself: the loss is then the mean over classes of the binary
            cross-entropy.
    """
    loss, among_top, predicted, labels = 0.0, 0, [], []
    for pixels, batch in batches:
        found = answers(pixels)
        on_device = batch.to(found.device)
        loss += float(_losses(found, on_device, is_binary).sum())
        among_top += _among_top(found, on_device) if len(classes) > TOP else 0
        predicted.append(found.argmax(dim=1).cpu())
        labels.append(batch.cpu())
    images = sum(map(len, labels))
    figures, confusion = _by_class(torch.cat(predicted), torch.cat(labels), classes)
    return Evaluation(
        loss=loss / images,
        top5=among_top / images if len(classes) > TOP else None,
        classes=figures,
        confusion=confusion,
    )


def _losses(probabilities: Tensor, labels: Tensor, is_binary: bool) -> Tensor:
    """The loss of each image, in nats."""
    least = torch.finfo(probabilities.dtype).tiny
    right = probabilities.gather(1, labels[:, None])[:, 0].clamp(min=least).log()
    if not is_binary:
        return -right
    others = (1 - probabilities).clamp(min=least).log()
    return -(right + others.sum(dim=1) - others.gather(1, labels[:, None])[:, 0]) / probabilities.shape[1]


def _among_top(probabilities: Tensor, labels: Tensor) -> int:
    """How many labels are among the likeliest; torchmetrics takes 70 times as long for it with a thousand classes."""
    return int((probabilities.topk(TOP, dim=1).indices == labels[:, None]).sum())


def _by_class(
    predicted: Tensor, labels: Tensor, classes: Sequence[str]
) -> tuple[tuple[ClassFigures, ...], tuple[tuple[int, ...], ...]]:
    """The figures of each class, and the confusion matrix, of N predictions."""
    each = [
        figure(predicted, labels, num_classes=len(classes), average="none", validate_args=False).tolist()
        for figure in (multiclass_precision, multiclass_recall, multiclass_f1_score)
    ]
    confusion = multiclass_confusion_matrix(predicted, labels, len(classes), validate_args=False).tolist()
    figures = (
        ClassFigures(name=name, precision=precision, recall=recall, f1=f1, support=sum(row))
        for name, precision, recall, f1, row in zip(classes, *each, confusion, strict=True)
    )
    return tuple(figures), tuple(map(tuple, confusion))
