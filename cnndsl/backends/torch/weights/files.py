"""Files of weights: safetensors, and what `torch.save` writes, of which no code is ever run."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from cnndsl.backends.torch.weights.report import Entry, File, WeightsError
from cnndsl.backends.torch.weights.text import plain
from cnndsl.files import write_whole

__all__ = ["Weights", "packed", "read", "taken", "write"]

SAFETENSORS = ".safetensors"
PICKLES = (".pth", ".pt", ".bin", ".ckpt")
"""What `torch.save` writes goes by these."""

WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "net", "network", "ema")
"""Under these keys checkpoints keep the state dict, beside an optimizer's and others."""

MOST_NAMED = 3
"""Keys that a message names."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The tensors of a file by its names, on the CPU; and what matching knows of them."""

    tensors: Mapping[str, Tensor]
    file: File


def read(path: str | os.PathLike[str]) -> Weights:
    """The weights in a file: `.safetensors`, or `.pth`, `.pt`, `.bin` or `.ckpt` as `torch.save` writes a state dict.

    Raises:
        WeightsError: it cannot be read, is damaged, or holds something else; nothing in it is executed.
    """
    place = Path(path)
    suffix = place.suffix.lower()
    if suffix != SAFETENSORS and suffix not in PICKLES:
        known = ", ".join((SAFETENSORS, *PICKLES))
        raise WeightsError(f"cannot tell what {place} is: files of weights end in {known}")
    if not place.is_file():
        what = "it is a folder" if place.is_dir() else "there is no such file"
        raise WeightsError(f"cannot read {place}: {what}")
    if place.stat().st_size == 0:
        raise WeightsError(f"{place} is damaged: it is empty")
    if suffix == SAFETENSORS:
        return _weights(_safetensors(place), str(place), is_ordered=False)
    return taken(_pickle(place), str(place))


def taken(values: Mapping[Any, Any], name: str = "the state dict") -> Weights:
    """The weights in a state dict, or in a checkpoint that holds one, whose tensors keep their order.

    Raises:
        WeightsError: there are none.
    """
    inner, notes = _unwrapped(values)
    tensors = {key: value.detach() for key, value in inner.items() if _is_plain(key, value)}
    others = [str(key) for key, value in inner.items() if not _is_plain(key, value)]
    if not tensors:
        keys = ", ".join(plain(f"`{key}`") for key in others[:MOST_NAMED]) or "nothing"
        raise WeightsError(f"{name} holds no tensors: {keys}{', ...' if len(others) > MOST_NAMED else ''}")
    if others:
        more = ", ..." if len(others) > MOST_NAMED else ""
        notes.append(f"no plain tensors, and left aside: {', '.join(others[:MOST_NAMED])}{more}")
    return _weights(tensors, name, is_ordered=_keeps_order(tensors), notes=notes)


def write(tensors: Mapping[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Write tensors as safetensors; those that share memory are written once for each name.

    Raises:
        WeightsError: the file is not called so.
        OSError: it cannot be written.
    """
    if Path(path).suffix.lower() != SAFETENSORS:
        raise WeightsError(f"weights are written as {SAFETENSORS}, and {path} ends in something else")
    write_whole(path, packed(tensors))


def packed(tensors: Mapping[str, Tensor], about: Mapping[str, str] | None = None) -> bytes:
    """Tensors as the bytes of a safetensors file, with texts about them in its head."""
    own = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    content: bytes = save(own, dict(about) if about else None)
    return content


def _weights(
    tensors: Mapping[str, Tensor], name: str, *, is_ordered: bool = True, notes: Iterable[str] = ()
) -> Weights:
    entries = tuple(Entry(key, tuple(tensor.shape)) for key, tensor in tensors.items())
    repeats = frozenset(_repeated(tensors))

    def are_equal(one: str, other: str) -> bool:
        return torch.equal(tensors[one], tensors[other])

    return Weights(tensors, File(name, entries, is_ordered, repeats, tuple(notes), are_equal))


def _keeps_order(tensors: Mapping[str, Tensor]) -> bool:
    """Whether they are not sorted by name, as safetensors are, those of each precision by themselves."""
    names: dict[torch.dtype, list[str]] = {}
    for name, tensor in tensors.items():
        names.setdefault(tensor.dtype, []).append(name)
    return any(each != sorted(each) for each in names.values())


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        found: dict[str, Tensor] = load_file(path)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}") from None
    except SafetensorError as error:
        raise WeightsError(f"{path} is damaged: {error}") from None
    if not found:
        raise WeightsError(f"{path} holds no tensors: it is empty")
    return found


def _pickle(path: Path) -> Mapping[Any, Any]:
    """What a file of `torch.save` holds; one that asks for more than tensors and containers is refused by torch."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}") from None
    except Exception as error:  # what a damaged file raises is of every kind
        raise WeightsError(_refused(path, error)) from None
    if not isinstance(found, Mapping):
        raise WeightsError(f"{path} holds no state dict, but a value of the type {type(found).__name__}")
    return found


def _refused(path: Path, error: Exception) -> str:
    text = str(error)
    asked = re.search(r"GLOBAL ([\w.]+)", text)
    advice = "no code of a file is run; save the state_dict() of a network"
    if asked:
        return f"{path} holds more than tensors, {plain(asked[1])}: {advice}"
    if "TorchScript" in text:
        return f"{path} is a TorchScript archive: {advice}"
    if "weights_only" in text.lower() or "unpickl" in text.lower():
        return f"{path} is damaged, or holds more than tensors: {advice}"
    first = plain(re.split(r"\n|\. ", text.strip())[0])[:200] or type(error).__name__
    is_told = re.search(r"[a-z]{3}", first)
    return f"{path} is damaged: {first}" if is_told else f"{path} is damaged, or nothing that torch.save wrote"


def _unwrapped(values: Mapping[Any, Any]) -> tuple[Mapping[Any, Any], list[str]]:
    """The state dict in a checkpoint, and what there is to say of that."""
    if any(isinstance(value, Tensor) for value in values.values()):
        return values, []
    for key in WRAPPERS:
        inner = values.get(key)
        if isinstance(inner, Mapping) and any(isinstance(value, Tensor) for value in inner.values()):
            return inner, [f"the state dict is its `{key}`"]
    return values, []


def _is_plain(key: object, value: object) -> bool:
    """Whether it is a tensor of real numbers under a name, with nothing between the lines."""
    if not isinstance(key, str) or not isinstance(value, Tensor):
        return False
    return not (value.layout != torch.strided or value.is_quantized or value.is_complex() or value.is_meta)


def _repeated(tensors: Mapping[str, Tensor]) -> Iterator[str]:
    """The names of tensors that lie in the same memory as one before them."""
    seen: set[tuple[int, torch.Size, tuple[int, ...]]] = set()
    for name, tensor in tensors.items():
        place = (tensor.data_ptr(), tensor.shape, tensor.stride())
        if tensor.numel() and place in seen:
            yield name
        seen.add(place)
