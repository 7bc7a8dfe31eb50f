"""Numbers from a file into a module."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from cnndsl.backends.torch.weights import files
from cnndsl.backends.torch.weights.choice import matched
from cnndsl.backends.torch.weights.names import COMPILED
from cnndsl.backends.torch.weights.report import Match, Report, WeightsError
from cnndsl.graph import Graph

__all__ = ["Fitted", "fit", "seeded", "tensors_of"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights that fit a network, and the report that says how."""

    weights: files.Weights
    report: Report

    def give(self, module: nn.Module) -> None:
        """Put them into a module that was built from the network.

        Raises:
            WeightsError: the module is another network's, or has no memory for numbers.
        """
        there = tensors_of(module)
        for pair in (*self.report.pairs, *self.report.fixed):
            mine = there.get(pair.ours)
            if mine is None or tuple(mine.shape) != pair.shape:
                raise WeightsError(f"the module was not built from {self.report.network}: it has no such {pair.ours}")
            if mine.is_meta:
                raise WeightsError("the module is on the meta device, which keeps no numbers")
        for ours, theirs, _ in self.report.fixed:
            _require_equal(there[ours], self.weights.tensors[theirs], ours, self.report)
        with torch.no_grad():
            for ours, theirs, _ in self.report.pairs:
                there[ours].copy_(self.weights.tensors[theirs])


def fit(
    graph: Graph, weights: str | os.PathLike[str] | Mapping[str, Any], match: Match = "name", partial: bool = False
) -> Fitted:
    """Read weights and find their places in a network.

    Args:
        graph: the network.
        weights: a file, or a state dict.
        match: by what.
        partial: whether it is enough that some fit.

    Raises:
        WeightsError: they cannot be read, or not all fit and `partial` is not given, or none does.
    """
    found = files.taken(weights) if isinstance(weights, Mapping) else files.read(weights)
    report = matched(graph, found.file, match, partial)
    return Fitted(found, replace(report, notes=(*report.notes, *_conversions(report, found.tensors))))


def seeded(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """A module whose initial values are drawn with this seed."""
    torch.manual_seed(seed)
    return build()


def tensors_of(module: nn.Module) -> dict[str, Tensor]:
    """The tensors of a module by the names they have in it without `torch.compile`."""
    return {name.removeprefix(COMPILED): tensor for name, tensor in module.state_dict(keep_vars=True).items()}


def _conversions(report: Report, tensors: Mapping[str, Tensor]) -> list[str]:
    """What of the file is not in single precision, as the network is; counters are whole numbers anyway."""
    kinds = Counter(str(tensors[pair.theirs].dtype).removeprefix("torch.") for pair in report.pairs if pair.shape)
    del kinds["float32"]
    return [f"{count:,} of its tensors are {kind}, and converted" for kind, count in sorted(kinds.items())]


def _require_equal(mine: Tensor, theirs: Tensor, name: str, report: Report) -> None:
    if not torch.allclose(mine, theirs.to(mine)):
        raise WeightsError(f"{report.file} has other numbers for {name}, a filter that the spec fixes", report)
