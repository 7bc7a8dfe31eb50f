"""What the work on a spec may take."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper, wraps
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

_STACK = 2**28
"""Bytes of the stack of C, addresses too: some 4 kB for each of the frames that the work on a spec may go deep."""

_EVALUATES_FRAMES = "torch._dynamo"
"""The module that, once a compilation with it has failed, has each call of Python go through C: half a kB each."""

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def with_room(function: F) -> F:
    """The function, with room for the frames of all that it calls, however deep.

    CPython keeps frames in pieces of 16 kB and gives each back when the last frame in it ends: a recursion that goes up
    and down where one begins takes up to five times as long. A frame that says that it needs a large piece gets one
    twice as large, and those that follow lie in the rest.

    Calls of Python take nothing from the stack of C, which ends with the process where it is full, unless somebody
    evaluates frames in CPython's place: where that may be, the work is done on a thread that has enough of it.
    """
    assert isinstance(function, FunctionType)
    code = function.__code__.replace(co_stacksize=_ROOM)
    roomy = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    update_wrapper(roomy, function)

    @wraps(function)
    def with_both(*args: Any, **kwargs: Any) -> Any:
        if _EVALUATES_FRAMES in sys.modules:
            return _on_a_large_stack(lambda: roomy(*args, **kwargs))
        return roomy(*args, **kwargs)

    return with_both  # type: ignore[return-value]


def _on_a_large_stack(do: Callable[[], T]) -> T:
    import threading  # only where torch is, which has imported them
    from concurrent.futures import Future

    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(do())
        except BaseException as error:
            done.set_exception(error)

    usual = threading.stack_size(_STACK)
    try:
        threading.Thread(target=run, daemon=True).start()
    finally:
        threading.stack_size(usual)
    return done.result()


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
