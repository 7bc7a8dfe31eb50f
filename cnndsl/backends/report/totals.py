"""What a report says about the whole network, below its table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cnndsl.analyses.report import OWN, Report
from cnndsl.backends.report.values import Bytes

__all__ = ["PRECISIONS", "Training", "totals"]

PRECISIONS = {"fp32": 4, "fp16": 2, "int8": 1}
"""Bytes of a number."""


class Training(NamedTuple):
    """How the network is to be trained, for what that takes.

    Attributes:
        batch: samples of a step.
        optimizer: its word, one of `cnndsl.analyses.memory.OPTIMIZERS`.
    """

    batch: int = 32
    optimizer: str = "adam"


def totals(report: Report, training: Training) -> tuple[tuple[str, str], ...]:
    """Pairs of a title and what there is to say."""
    return (
        ("parameters", _parameters(report)),
        ("size", ", ".join(f"{Bytes(size * report.weights)} in {name}" for name, size in PRECISIONS.items())),
        ("operations", _operations(report)),
        ("inference", _inference(report)),
        ("training", _training(report, training)),
    )


def _parameters(report: Report) -> str:
    return ", ".join(_counts(report))


def _counts(report: Report) -> Iterator[str]:
    cost = report.cost
    yield f"{cost.params:,} trainable"
    if cost.frozen != 0:
        yield f"{cost.frozen:,} frozen"
    yield f"{cost.buffers - cost.frozen:,} in buffers"


def _operations(report: Report) -> str:
    own = f"{report.cost.macs:,} MACs, {report.cost.flops:,} FLOPs"
    if report.convention == OWN:
        return own
    unit, rows = report.operations
    return f"{sum(rows):,} {unit} as {report.convention} counts; {own} as {OWN} does"


def _inference(report: Report) -> str:
    memory = report.memory
    return f"{Bytes(memory.peak)} of activations at most, at {memory.peak_at.path} (one sample, fp32)"


def _training(report: Report, training: Training) -> str:
    found = report.memory.training(*training)
    parts = {
        "activations": found.saved,
        "weights": found.parameters + found.buffers,
        "gradients": found.gradients,
        "optimizer": found.optimizer,
    }
    sums = " + ".join(f"{Bytes(size)} {name}" for name, size in parts.items() if size != 0)
    return f"{Bytes(found.total)} for batches of {training.batch} with {training.optimizer}: {sums}"
