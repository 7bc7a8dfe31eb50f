"""Where elaboration is: the blocks it is in, and what it has found wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cnndsl.diagnostics import Diagnostic, Diagnostics, Label
from cnndsl.elaborate.program import Program
from cnndsl.elaborate.values import Failed
from cnndsl.source import Span

__all__ = ["MOST_CALLS", "Abort", "Context", "Frame"]

MOST_CALLS = 200
"""Calls inside calls."""


class Abort(Exception):
    """A limit is reached; it is reported, and nothing further is elaborated."""


class Frame:
    """One call of a block: where it was written, and how its nodes are named."""

    __slots__ = ("_counts", "call", "caller", "depth", "name", "path")

    def __init__(self, name: str, path: tuple[str, ...], call: Span | None, caller: Frame | None) -> None:
        self.name = name
        self.path = path
        self.call = call
        self.caller = caller
        self.depth: int = caller.depth + 1 if caller else 0
        self._counts: dict[str, int] = {}

    def numbered(self, word: str) -> str:
        """The word with its number among its kind in this block: `conv1`, `conv2`."""
        word = word.lower()
        count = self._counts[word] = self._counts.get(word, 0) + 1
        return f"{word}{count}"


class Context:
    """The state that all parts of the elaborator share."""

    def __init__(self, program: Program, diagnostics: Diagnostics) -> None:
        self.program = program
        self.diagnostics = diagnostics
        self.frame = Frame("", (), None, None)

    @contextmanager
    def inside(self, name: str, call: Span) -> Iterator[None]:
        """In a call of a block, whose nodes get a scope of their own.

        Raises:
            Abort: calls are nested too deep; reported.
        """
        caller = self.frame
        frame = Frame(name, (*caller.path, caller.numbered(name)), call, caller)
        if frame.depth > MOST_CALLS:
            raise self._too_deep(name, call)
        self.frame = frame
        try:
            yield
        finally:
            self.frame = caller

    def _too_deep(self, name: str, call: Span) -> Abort:
        same = sum(frame.name == name for frame in self._frames())
        message = f"`{name}` contains itself without an end" if same > MOST_CALLS // 4 else "calls are nested too deep"
        label = f"{MOST_CALLS} calls inside each other"
        help = f"end it with a conditional: `{name}(n) = [... -> {name}(n-1)] if n > 0 else ID`"
        self.error("endless-definition", message, call, label=label, help=help)
        return Abort()

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        help: str = "",
        others: tuple[Label, ...] = (),
    ) -> Failed:
        """Report a mistake (or a warning: the code says which) with the calls that led here.

        Returns an exception, for the caller to raise where it cannot go on.
        """
        chain = tuple(frame.call for frame in reversed(list(self._frames())) if frame.call)
        self.diagnostics.add(Diagnostic(code, message, span, label, others, chain, help))
        return Failed()

    def _frames(self) -> Iterator[Frame]:
        frame: Frame | None = self.frame
        while frame is not None:
            yield frame
            frame = frame.caller
