"""What can go wrong with a training run, as exceptions whose text a user reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cnndsl.diagnostics import Diagnostic
from cnndsl.diagnostics.terminal import render
from cnndsl.source import Span

__all__ = ["Diverged", "Misfit", "OutOfMemory", "Unusable", "memory_told"]


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
        text = str(error)
        if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
            raise OutOfMemory(f"out of memory with a batch of {batch}: take a smaller --batch or --input") from None
        raise
