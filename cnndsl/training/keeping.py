"""What a training leaves in its folder while it runs: checkpoints when they are due, the weights after every epoch.

A disk that is full does not end a training: it says so and tries again the next time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import torch

from cnndsl.training import weights
from cnndsl.training.checkpoints import Checkpoints
from cnndsl.training.device import machine
from cnndsl.training.errors import Unusable
from cnndsl.training.loop import Training
from cnndsl.training.recipe.interval import Every
from cnndsl.training.runs import Run
from cnndsl.training.state import State

__all__ = ["Keeper"]


class Keeper:
    """Writes to a run folder.

    Args:
        run: the folder.
        every: how long it is from one checkpoint to the next.
        keep: how many checkpoints are kept.
        tell: is given a sentence where something cannot be written.

    Attributes:
        saved: the step and the epoch, begun or done, of the last checkpoint; None where there is none.
    """

    def __init__(self, run: Run, every: Every, keep: int, tell: Callable[[str], None]) -> None:
        self.saved: tuple[int, int] | None = None
        self._run = run
        self._every = every
        self._keep = keep
        self._tell = tell
        self._checkpoints = Checkpoints(run.checkpoints)
        self._last = 0
        self._then = perf_counter()
        self._at: tuple[int, int] | None = None
        self._unwritten: Path | None = None

    def note(self, training: Training) -> None:
        """Note that there is a checkpoint of this moment."""
        self._last, self._then = training.step, perf_counter()
        self._at = training.epoch, training.position
        self.saved = training.step, training.epoch + bool(training.position)

    def after_batch(self, training: Training) -> None:
        """Write a checkpoint, if it is time for one."""
        steps, minutes = self._every
        is_due = training.step - self._last >= steps if steps else perf_counter() - self._then >= 60 * minutes
        if is_due:
            self.save(training)

    def save(self, training: Training) -> None:
        """Write a checkpoint, unless that of this very moment is there."""
        if self._at == (training.epoch, training.position):
            return
        state = training.state()
        about = State(state.tensors, {**state.values, "machine": machine(training.means.device)})
        self._last, self._then = training.step, perf_counter()
        try:
            self._checkpoints.write(about, training.step, self._keep)
        except OSError as error:
            last = f"that of step {self.saved[0]:,} is there" if self.saved else "there is none yet"
            self._tell(f"cannot write a checkpoint: {error.strerror}; {last}, and it is tried again")
        else:
            self.note(training)

    def keep_weights(self, network: torch.nn.Module) -> None:
        """Write the weights after an epoch."""
        try:
            weights.store(network, self._run.weights)
        except OSError as error:
            self._unwritten = self._run.weights
            self._tell(f"cannot write {self._run.weights}: {error.strerror}; it is tried again after the next epoch")
        else:
            self._unwritten = None

    def end(self) -> None:
        """See that what is left is what was learned.

        Raises:
            Unusable: the last weights could not be written.
        """
        if self._unwritten:
            raise Unusable(f"the training is over, and {self._unwritten} could not be written: make room for it")
