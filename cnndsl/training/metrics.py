"""The evaluation of a network by torchmetrics. Import it only where one is asked for: it takes a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassConfusionMatrix,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
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
    metrics = _metrics(len(classes))
    total, images = 0.0, 0
    for pixels, labels in batches:
        logits = logits_of(pixels)
        labels = labels.to(logits.device)
        metrics.to(logits.device).update(logits.float(), labels)
        total += float(cross_entropy(logits.double(), labels, reduction="sum"))
        images += len(labels)
    found = {name: value.tolist() for name, value in metrics.compute().items()}
    return Evaluation(
        loss=total / images,
        top5=found.get("top5"),
        classes=tuple(
            ClassFigures(name=name, precision=precision, recall=recall, f1=f1, support=sum(row))
            for name, precision, recall, f1, row in zip(
                classes, found["precision"], found["recall"], found["f1"], found["confusion"], strict=True
            )
        ),
        confusion=tuple(map(tuple, found["confusion"])),
    )


def _metrics(classes: int) -> MetricCollection:
    """What is counted; arguments are not checked anew in every batch, which would wait for the device.

    Which metrics share their counts is said here. Left to itself, the collection lets those share them whose counts are
    equal after the first batch, and the top-5 accuracy would become the accuracy where that batch has no mistake.
    """
    of_each = {"precision": MulticlassPrecision, "recall": MulticlassRecall, "f1": MulticlassF1Score}
    metrics: dict[str, Metric | MetricCollection] = {
        name: kind(num_classes=classes, average="none", validate_args=False) for name, kind in of_each.items()
    }
    groups = [[*of_each], ["confusion"]]
    metrics["confusion"] = MulticlassConfusionMatrix(classes, validate_args=False)
    if classes > TOP:
        groups.append(["top5"])
        metrics["top5"] = MulticlassAccuracy(classes, TOP, "micro", validate_args=False)
    return MetricCollection(metrics, compute_groups=groups)
