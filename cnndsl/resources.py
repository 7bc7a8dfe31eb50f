"""What the work on a spec may take."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from types import FunctionType
from typing import Any, TypeVar

__all__ = ["MOST_NODES", "MOST_STEPS", "STEPS_OF_A_NODE", "no_collections", "with_room"]

MOST_NODES = 200_000
"""Nodes of all networks of a file together, where nothing else is asked for."""

MOST_STEPS = 400_000
"""Expressions that are looked at, each as often as it is reached, and what takes as long, about a microsecond."""

STEPS_OF_A_NODE = 12
"""What is added to these for each node that is known before anything is expanded; most take five to fifteen."""

_ROOM = 2**21
"""Entries on the stack of Python, 16 MB of addresses: memory is taken as they are used."""

F = TypeVar("F", bound=Callable[..., Any])


def with_room(function: F) -> F:
    """The function, with room for the frames of all that it calls, however deep.

    CPython keeps frames in pieces of 16 kB and gives each back when the last frame in it ends: a recursion that goes up
    and down where one begins takes up to five times as long. A frame that says that it needs a large piece gets one
    twice as large, and those that follow lie in the rest.
    """
    assert isinstance(function, FunctionType)
    code = function.__code__.replace(co_stacksize=_ROOM)
    roomy = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    return update_wrapper(roomy, function)  # type: ignore[return-value]


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
