"""How much memory there is for a training, and how large a batch that has room for."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

import torch

from cnndsl.analyses.memory import memory
from cnndsl.backends.report.values import Bytes
from cnndsl.graph import Graph
from cnndsl.training.recipe import Recipe
from cnndsl.training.recipe.optimizers import SGD

__all__ = ["advice", "free"]


def free(device: torch.device) -> int | None:
    """Bytes that are free on a device, before a training begins; None where that is not known."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    found = [each for each in (_available(), _allowed()) if each is not None]
    return min(found) if found else None


def advice(graph: Graph, recipe: Recipe, room: int | None) -> str:
    """Which batch would fit, as far as `cnndsl check` can say: its estimate knows nothing of a library's workspace."""
    found = memory(graph)
    word = _optimizer(recipe)
    averages = found.parameters + found.buffers if recipe.ema else 0

    def estimate(batch: int) -> int:
        return int(found.training(batch, word).total + averages)

    here = f"`cnndsl check` estimates {Bytes(estimate(recipe.batch))} for a batch of {recipe.batch:,}"
    if room is None:
        return f"{here}; take a smaller --batch or --input"
    here += f", and {Bytes(room)} were free"
    if estimate(1) > room:
        return f"{here}: not even single images fit; take a smaller --input, or a smaller network"
    fitting = (room - estimate(0)) // max(1, estimate(1) - estimate(0))
    if fitting >= recipe.batch:  # there is more to it than the estimate knows
        return f"{here}, but more is needed; try --batch {max(1, recipe.batch // 2)}"
    return f"{here}; --batch {fitting} would fit by that estimate"


def _optimizer(recipe: Recipe) -> str:
    """Its word for the estimate."""
    optimizer = recipe.optimizer
    if isinstance(optimizer, SGD):
        return "momentum" if optimizer.momentum else "sgd"
    return optimizer.word().lower()


def _available() -> int | None:
    """What the system could give to a process without swapping, where it says so."""
    with suppress(OSError):
        found = re.search(r"^MemAvailable: *(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else None
    return None


def _allowed() -> int | None:
    """What a limit of this process's addresses leaves."""
    if sys.platform == "win32":
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return max(0, limit - pages * os.sysconf("SC_PAGE_SIZE"))
    return int(limit)
