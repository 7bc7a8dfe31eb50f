"""What the work on a spec may take."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["MOST_NODES", "MOST_STEPS", "STEPS_OF_A_NODE", "no_collections"]

MOST_NODES = 200_000
"""Nodes of all networks of a file together, where nothing else is asked for."""

MOST_STEPS = 400_000
"""Expressions that are looked at, each as often as it is reached, and what takes as long, about a microsecond."""

STEPS_OF_A_NODE = 12
"""What is added to these for each node that is known before anything is expanded; most take five to fifteen."""


@contextmanager
def no_collections() -> Iterator[None]:
    """Little of what is made is garbage before the end; looking for it took a third of the time of a large network."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
