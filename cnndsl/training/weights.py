"""The weights of a network as safetensors: numbers and names, nothing that could run."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from cnndsl.files import write_whole
from cnndsl.training.errors import Unusable

__all__ = ["load", "store"]


def store(network: torch.nn.Module, path: Path) -> None:
    """Write all weights and buffers, under the names of the state dict."""
    tensors = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
    write_whole(path, save(tensors))


def load(network: torch.nn.Module, path: Path) -> None:
    """Give the network the weights in a file.

    Raises:
        Unusable: there is no such file, it is damaged, or its names or shapes are not the network's.
    """
    if not path.is_file():
        raise Unusable(f"there is no {path}: the training ended before its first epoch did")
    try:
        found = load_file(path)
    except OSError as error:
        raise Unusable(f"cannot read {path}: {error.strerror or error}") from None
    except SafetensorError as error:
        raise Unusable(f"{path} is damaged: {error}") from None
    wanted = network.state_dict()
    _require_equal({name: tuple(tensor.shape) for name, tensor in found.items()}, wanted, path)
    network.load_state_dict(found)


def _require_equal(found: dict[str, tuple[int, ...]], wanted: dict[str, Tensor], path: Path) -> None:
    mine = f"{path} does not belong to the spec beside it"
    for name, tensor in wanted.items():
        if name not in found:
            raise Unusable(f"{mine}: it has no `{name}`")
        if found[name] != tensor.shape:
            raise Unusable(f"{mine}: `{name}` is {found[name]}, not {tuple(tensor.shape)}")
    for name in found.keys() - wanted.keys():
        raise Unusable(f"{mine}: the network has no {name!r}")
