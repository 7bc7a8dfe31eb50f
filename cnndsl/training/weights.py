"""The weights of a run as safetensors: numbers and names, nothing that could run."""

from __future__ import annotations

import shlex
from pathlib import Path

import torch

from cnndsl.backends.torch.weights.files import write
from cnndsl.backends.torch.weights.load import fit, tensors_of
from cnndsl.backends.torch.weights.report import WeightsError
from cnndsl.training.classifier import Classifier
from cnndsl.training.errors import Unusable

__all__ = ["load", "store"]


def store(network: torch.nn.Module, path: Path) -> None:
    """Write all weights and buffers, under the names of the state dict."""
    write(tensors_of(network), path)


def load(network: torch.nn.Module, classifier: Classifier, path: Path) -> None:
    """Give the network that is evaluated the weights in a file, which holds those of all that was trained.

    Raises:
        Unusable: there is no such file, it is damaged, or its names or shapes are not the network's.
    """
    if not path.is_file():
        how = f"cnndsl train --resume {shlex.quote(str(path.parent))} goes on with it"
        raise Unusable(f"there is no {path}: the training ended before its first epoch did; {how}")
    trained, evaluated = classifier.trained.graph, classifier.evaluated.graph
    try:
        fitted = fit(trained, path)
        if evaluated is not trained:
            fitted = fit(evaluated, fitted.weights.tensors, partial=True)  # the other heads are left aside
        fitted.give(network)
    except WeightsError as error:
        if error.report is None:
            raise Unusable(str(error)) from None
        first = (*error.report.new, *error.report.unused)[0]
        raise Unusable(f"{path} does not belong to the spec beside it: {first.name!r}: {first.why}") from None
