"""What can go wrong with a training run, as exceptions whose text a user reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cnndsl.diagnostics import Diagnostic
from cnndsl.diagnostics.terminal import render
from cnndsl.source import Span

__all__ = ["Diverged", "Misfit", "OutOfMemory", "Unusable", "memory_told"]

SIGNS_OF_FULL_MEMORY = ("out of memory", "can't allocate memory", "DataLoader worker")
"""In the texts of torch's errors; the last is told of a process that the system ended, which it does for memory."""


class Unusable(Exception):
    """Something that was named cannot be used: a data set, a device, a run folder, a picture."""


class Misfit(Exception):
    """The network does not fit its data or its task; the text is that of the command line.

    Args:
        message: the fact, with both sides.
        span: the place in the spec.
        help: what to write instead, or "".
    """

    def __init__(self, message: str, span: Span, help: str = "") -> None:
        self.diagnostic = Diagnostic("misfit", message, span, help=help)
        super().__init__("\n" + render(self.diagnostic))


class Diverged(Exception):
    """The loss, or a weight, is no longer a finite number."""


class OutOfMemory(Exception):
    """A batch, or the network itself, does not fit in memory."""


@contextmanager
def memory_told(batch: int) -> Iterator[None]:
    """Give torch's several errors about memory one form.

    Raises:
        OutOfMemory: in place of torch's error.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # CUDA's error has a class of its own, the CPU allocator's has none
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in SIGNS_OF_FULL_MEMORY):
            raise OutOfMemory(f"out of memory with a batch of {batch}: take a smaller --batch or --input") from None
        raise
