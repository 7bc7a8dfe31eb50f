"""The evaluation of a network, by torchmetrics. Import it only where one is asked for: it takes a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
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
    logits_of: Callable[[Tensor], Tensor], batches: Iterable[tuple[Tensor, Tensor]], classes: Sequence[str]
) -> Evaluation:
    """How good a network is on a feed of images with their classes, of which there is at least one.

    Args:
        logits_of: the network, from images to N x classes, on any device.
        batches: images as the network takes them, and N int64 indices into `classes`.
        classes: their names.
    """
    loss, among_top, predicted, labels = 0.0, 0, [], []
    for pixels, batch in batches:
        logits = logits_of(pixels)
        on_device = batch.to(logits.device)
        loss += float(cross_entropy(logits.float(), on_device, reduction="none").double().sum())
        among_top += _among_top(logits, on_device) if len(classes) > TOP else 0
        predicted.append(logits.argmax(dim=1).cpu())
        labels.append(batch.cpu())
    images = sum(map(len, labels))
    figures, confusion = _by_class(torch.cat(predicted), torch.cat(labels), classes)
    return Evaluation(
        loss=loss / images,
        top5=among_top / images if len(classes) > TOP else None,
        classes=figures,
        confusion=confusion,
    )


def _among_top(logits: Tensor, labels: Tensor) -> int:
    """How many labels are among the likeliest; torchmetrics takes 70 times as long for it with a thousand classes."""
    return int((logits.topk(TOP, dim=1).indices == labels[:, None]).sum())


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
