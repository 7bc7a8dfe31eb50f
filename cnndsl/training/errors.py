"""What can go wrong with a training run, as exceptions whose text a user reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from cnndsl.diagnostics import Diagnostic
from cnndsl.diagnostics.terminal import render
from cnndsl.source import Span

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Culprit", "Diverged", "Interrupted", "Misfit", "OutOfMemory", "Unusable", "memory_told"]

SIGNS_OF_FULL_MEMORY = ("out of memory", "can't allocate memory")
"""In the texts of torch's errors."""


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


class Culprit(NamedTuple):
    """A batch whose loss is no finite number, before the optimizer took a step with it.

    Attributes:
        inputs: what the network was shown, augmented and mixed.
        targets: what the loss compared its answers with.
        labels: the classes of the images, without mixing.
        drawn: where torch's generator stood when the network was called.
    """

    inputs: Tensor
    targets: Any
    labels: Tensor
    drawn: Tensor


class Diverged(Exception):
    """The loss, or a weight, is no longer a finite number.

    Args:
        message: the fact.
        culprit: the first batch of which that can be said; None where it is not known any more.
    """

    def __init__(self, message: str, culprit: Culprit | None = None) -> None:
        super().__init__(message)
        self.culprit = culprit


class Interrupted(Exception):
    """Someone wants the training to end, and it stands where it can.

    Args:
        number: of the signal that said so.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


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
