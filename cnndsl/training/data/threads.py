"""Work that waits for files, or that Pillow does without Python's lock, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["cores", "in_threads"]

TOGETHER = 256
"""Pieces of work that are handed out at a time, for a million would take a gigabyte."""

T = TypeVar("T")


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(function: Callable[[int], T], numbers: Sequence[int]) -> Iterator[T]:
    """What the function gives for each number, in order."""
    with ThreadPoolExecutor(cores()) as threads:
        for start in range(0, len(numbers), TOGETHER):
            yield from threads.map(function, numbers[start : start + TOGETHER])
