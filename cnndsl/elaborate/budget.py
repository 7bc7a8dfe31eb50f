"""What the compilation of a file may take: nodes, and steps, which stand for time."""

from __future__ import annotations

from cnndsl.resources import MOST_NODES, MOST_STEPS, STEPS_OF_A_NODE

__all__ = ["Budget"]

_STEPS_OF_A_MESSAGE = 20


class Budget:
    """What the compilation of a file may still take.

    Attributes:
        most_nodes: nodes of all its models together.
        finished: nodes of models that are finished.
        granted: steps that it may take in all.
        steps: steps that are left.
        is_guessed: whether a width was guessed that what follows may refute, so that a mistake may be none.
        is_wrong: whether there is a mistake, so that no network comes of it, and what is left is looked at for others.
    """

    __slots__ = ("finished", "granted", "is_guessed", "is_wrong", "most_nodes", "steps")

    def __init__(self, most_nodes: int = MOST_NODES, steps: int | None = None) -> None:
        self.most_nodes = most_nodes
        self.finished = 0
        self.is_guessed = self.is_wrong = False
        self.granted = self.steps = MOST_STEPS * max(most_nodes, MOST_NODES) // MOST_NODES if steps is None else steps

    def begin(self, nodes: int, is_wrong: bool) -> None:
        """Begin with a model of which so many nodes are known, in a file that has mistakes or has none so far."""
        self.is_guessed, self.is_wrong = False, is_wrong
        if not is_wrong:
            self.granted += nodes * STEPS_OF_A_NODE
            self.steps += nodes * STEPS_OF_A_NODE

    def pay_for_message(self, is_mistake: bool) -> None:
        """Count the steps of a message. After a mistake those are withdrawn that were meant for a whole network."""
        self.steps -= _STEPS_OF_A_MESSAGE
        if is_mistake and not self.is_wrong and not self.is_guessed:
            self.is_wrong = True
            self.steps = min(self.steps, MOST_STEPS)
