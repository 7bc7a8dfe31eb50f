"""All that a training needs to go on as if it had never stopped: tensors by name, and plain values."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

__all__ = ["State", "draws", "memory_of", "redraw", "remember", "seed", "taken", "under"]


class State(NamedTuple):
    """A state.

    Attributes:
        tensors: by name; a dot parts the names of what they belong to.
        values: what JSON can hold.
    """

    tensors: dict[str, Tensor]
    values: dict[str, Any]


def under(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, as those of a part of the whole."""
    return {f"{name}.{each}": tensor for each, tensor in tensors.items()}


def taken(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a part, by their names in it."""
    return {each.removeprefix(f"{name}."): tensor for each, tensor in tensors.items() if each.startswith(f"{name}.")}


# optimizers


def memory_of(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimizer remembers of each parameter, `0.exp_avg`; the parameters have numbers in their order."""
    return {
        f"{number}.{name}": value
        for number, parameter in enumerate(_parameters(optimizer))
        for name, value in optimizer.state[parameter].items()
        if isinstance(value, Tensor)
    }


def remember(optimizer: torch.optim.Optimizer, memory: Mapping[str, Tensor]) -> None:
    """Take over what `memory_of` gave, of an optimizer of the same kind with parameters of the same shapes.

    What has the shape of a parameter comes to lie in memory as the parameter does.

    Raises:
        ValueError: it is of another one.
    """
    parameters = list(_parameters(optimizer))
    for key, value in memory.items():
        number, _, name = key.partition(".")
        parameter = parameters[int(number)]
        is_like_it = value.shape == parameter.shape and value.ndim
        held = torch.empty_like(parameter, dtype=value.dtype).copy_(value) if is_like_it else value.clone()
        if not is_like_it and value.ndim:
            raise ValueError(f"{key} is {tuple(value.shape)}, and the parameter {tuple(parameter.shape)}")
        on_device = optimizer.defaults.get("fused") or optimizer.defaults.get("capturable")
        optimizer.state[parameter][name] = held.to(parameter.device) if on_device else held


def _parameters(optimizer: torch.optim.Optimizer) -> Iterator[Tensor]:
    for group in optimizer.param_groups:
        yield from group["params"]


# what is random


def seed(number: int) -> None:
    """Seed all generators that a layer may draw from: those of torch, of NumPy and of Python."""
    torch.manual_seed(number)
    np.random.seed(number % 2**32)
    random.seed(number)


def draws() -> State:
    """Where all generators stand that a layer may draw from: those of torch, of NumPy and of Python."""
    version, numbers, gauss = random.getstate()
    kind, keys, place, has_gauss, cached = np.random.get_state(legacy=True)
    tensors = {"torch": torch.get_rng_state(), "numpy": torch.from_numpy(np.array(keys, np.uint32).astype(np.int64))}
    if torch.cuda.is_available():
        tensors |= {f"cuda.{number}": state for number, state in enumerate(torch.cuda.get_rng_state_all())}
    values = {"python": [version, list(numbers), gauss], "numpy": [kind, int(place), int(has_gauss), float(cached)]}
    return State(tensors, values)


def redraw(state: State) -> None:
    """Put all generators back to where they stood; those of GPUs that are not there now are passed over.

    Raises:
        KeyError, TypeError, ValueError, RuntimeError: it is no such state.
    """
    version, numbers, gauss = state.values["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, place, has_gauss, cached = state.values["numpy"]
    np.random.set_state((kind, state.tensors["numpy"].numpy().astype(np.uint32), place, has_gauss, cached))
    torch.set_rng_state(state.tensors["torch"])
    for number in range(torch.cuda.device_count()):
        if f"cuda.{number}" in state.tensors:
            torch.cuda.set_rng_state(state.tensors[f"cuda.{number}"], number)
