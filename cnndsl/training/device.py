"""Where a network runs."""

from __future__ import annotations

import re

import torch

from cnndsl.training.errors import Unusable

__all__ = ["choose", "describe", "machine", "settle"]


def choose(name: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `cuda:1` stands for; `auto` is the first CUDA device, if there is one.

    Raises:
        Unusable: the name is none of these, or there is no such device.
    """
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if name == "auto":
        return torch.device("cuda:0")
    wanted = re.fullmatch(r"cuda(?::(\d{1,4}))?", name)
    if not wanted:
        raise Unusable(f"there is no device `{name}`: write auto, cpu, cuda or cuda:1")
    if not torch.cuda.is_available():
        raise Unusable(f"there is no CUDA device for --device {name}: write --device cpu, or auto")
    number = int(wanted[1] or 0)
    if number >= torch.cuda.device_count():
        there = ", ".join(f"cuda:{each}" for each in range(torch.cuda.device_count()))
        raise Unusable(f"there is no cuda:{number}; there is {there}")
    return torch.device("cuda", number)


def settle(threads: int | str) -> None:
    """Compute with so many threads on the CPU; `auto` leaves it as it is."""
    if isinstance(threads, int):
        torch.set_num_threads(threads)


def describe(device: torch.device) -> str:
    """`cpu (2 threads)`, `cuda:0 (NVIDIA H100)`."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    threads = torch.get_num_threads()
    return f"{device} ({threads} thread{'s' if threads > 1 else ''})"


def machine(device: torch.device) -> dict[str, str | int]:
    """What the last bits of a result depend on."""
    return {"device": device.type, "threads": torch.get_num_threads(), "torch": str(torch.__version__)}
