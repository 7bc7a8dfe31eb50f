"""Where elaboration is: the blocks it is in, and what it has found wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from cnndsl.diagnostics import CODES, Diagnostic, Diagnostics, Fix, Label, Severity, Step
from cnndsl.elaborate.budget import Budget
from cnndsl.elaborate.program import Program
from cnndsl.elaborate.values import Failed, Scope, plain
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["MOST_CALLS", "Abort", "Context", "Copy", "Frame", "Mark"]

MOST_CALLS = 200
"""Calls inside calls."""

_STEPS_OF_A_BLOCK = 10
_STEPS_OF_A_CALL = 4


class Abort(Exception):
    """A limit is reached; it is reported, and nothing further is elaborated."""


class Mark:
    """A place among the nodes, counted from the first: nodes that are put in before it move it on."""

    __slots__ = ("start",)

    def __init__(self, start: int) -> None:
        self.start = start


class Copy(NamedTuple):
    """A copy of a repetition or a row of a table: of which, the how manieth from 0, of how many, and what it sees."""

    of: ast.Expression
    number: int
    total: int
    scope: Scope

    def told(self) -> str:
        """Which one it is, "" where that goes without saying."""
        if isinstance(self.of, ast.For):
            values = ((name, plain(self.scope.names[name])) for name in self.of.names)
            row = ", ".join(f"{name} = {value}" for name, value in values)
            return f"the row `{row}`, {self.number + 1} of {self.total}," if self.total > 1 else ""
        return f"copy {self.number + 1} of {self.total}" if self.number else ""


class Frame(Mark):
    """One call of a block: where it was written, and how its nodes are named.

    Attributes:
        name: of the definition.
        path: the names that lead to it, `("stage2", "bottleneck1")`; the file's is empty.
        call: where it was called; None for the file.
        caller: the call around it.
        depth: how many calls are around it.
        home: where weights that it shares belong: the path of the first of all calls that share them, and the places
            in the text that lead further in; None for a call whose weights are its own.
        within: the use of an argument whose text is being built, and where that text starts.
        start: where its first node stands, or would stand.
        copies: the repetitions and tables that are being expanded in it, the outermost first.
    """

    __slots__ = ("_counts", "_places", "_taken", "call", "caller", "copies", "depth", "home", "name", "path", "within")

    def __init__(
        self,
        name: str,
        path: tuple[str, ...],
        call: Span | None,
        caller: Frame | None,
        home: tuple[object, ...] | None = None,
        start: int = 0,
    ) -> None:
        super().__init__(start)
        self.name = name
        self.path = path
        self.call = call
        self.caller = caller
        self.depth: int = caller.depth + 1 if caller else 0
        self.home = home
        self.within: tuple[object, int] = ((), 0)
        self.copies: list[Copy] = []
        self._places: dict[object, int] = {}
        self._counts: dict[str, int] = {}
        self._taken = {"bfloat16"}  # a method of all torch modules, the only one that ends in a number

    def steps(self) -> Iterator[Step]:
        """What a message tells of the way here."""
        if self.call is not None:
            yield Step(self.call)
        yield from (Step(copy.of.span, text) for copy in self.copies if (text := copy.told()))

    def numbered(self, word: str) -> str:
        """The word with its number among its kind in this block: `conv1`, `conv2`, `relu6_1`."""
        word = f"{word.lower()}_" if word[-1].isdigit() else word.lower()
        count = self._counts.get(word, 0) + 1
        while f"{word}{count}" in self._taken:  # by a definition called `relu6_`
            count += 1
        self._counts[word] = count
        self._taken.add(f"{word}{count}")
        return f"{word}{count}"

    def place(self, span: Span) -> object:
        """A place in the text of this call, equal in each call of the same block: where, and the how manieth copy."""
        use, start = self.within
        where = (use, None if use else span.source, span.start - start)
        number = self._places[where] = self._places.get(where, 0) + 1
        return where, number


def ending(name: str) -> str:
    """How a definition that contains itself comes to an end."""
    return f"end it with a conditional: `{name}(n) = [... -> {name}(n-1)] if n > 0 else ID`"


class Context:
    """The state that all parts of the elaborator share."""

    def __init__(self, program: Program, diagnostics: Diagnostics, budget: Budget | None = None) -> None:
        self.program = program
        self.diagnostics = self._reported = diagnostics
        self.budget = budget or Budget()
        self.file = self.frame = Frame("", (), None, None)
        self.open: list[Mark] = [self.file]
        """The blocks that are being expanded and the values that are being computed, the first to be begun first."""
        self.homes: dict[object, tuple[object, ...]] = {}
        """Where the weights of everything shared belong."""
        self.unknown: set[Span] = set()
        """Names and labels that the check of names has reported."""

    @property
    def block(self) -> Frame:
        """The innermost call that has nodes: this one, or one around the computation of data that this is."""
        frame = self.frame
        while frame.caller is not None and frame.path == frame.caller.path:
            frame = frame.caller
        return frame

    def step(self, span: Span, steps: int = 1) -> None:
        """Count steps of elaboration.

        Raises:
            Abort: there were too many; reported, unless there is another mistake.
        """
        self.budget.steps -= steps
        if self.budget.steps < 0 and self.budget.is_wrong:
            raise Abort
        if self.budget.steps < 0:
            message = f"this spec takes more than {self.budget.granted:,} steps to compile"
            help = "repeat less often, or nest fewer repetitions"
            raise self._limit("too-many-steps", message, span, help=help)

    def step_to_node(self, span: Span, nodes: int, inputs: int) -> None:
        """Count the steps of a further node.

        Args:
            span: where it is written.
            nodes: how many the model has.
            inputs: how many the new one reads.

        Raises:
            Abort: it is one too many; reported.
        """
        budget = self.budget
        if nodes + budget.finished >= budget.most_nodes:
            raise self.too_many_nodes(span)
        self.step(span, 4 + inputs)

    def too_many_nodes(self, span: Span, label: str = "") -> Abort:
        """Report that the networks of the file are too large; gives what is to be raised."""
        message = f"the network would have more than {self.budget.most_nodes:,} nodes"
        help = "repeat less often, or set another limit with --max-nodes"
        return self._limit("too-many-nodes", message, span, label=label, help=help)

    def enter(self, name: str, call: Span, *, is_block: bool, sharing: object = None, start: int = 0) -> Frame:
        """Enter a call; the frame is to be given to `leave`. The nodes of a block get a scope of their own.

        Args:
            name: of what is called.
            call: where.
            is_block: whether it has nodes, whose paths are to tell of it.
            sharing: what all calls that share their weights have in common; None where they share none.
            start: how many nodes there are.

        Raises:
            Abort: calls are nested too deep; reported.
        """
        caller = self.frame
        self.step(call, _STEPS_OF_A_BLOCK + caller.depth // 4 if is_block else _STEPS_OF_A_CALL)
        if caller.depth >= MOST_CALLS:
            raise self._too_deep(name, call)
        if is_block:
            last = caller.numbered(name)
            path = (*caller.path, last)
            home = None if caller.home is None else (*caller.home, caller.place(call))
            if sharing is not None:
                home = self.homes.setdefault(sharing, home or path)
            self.frame = Frame(name, path, call, caller, home, start)
            self.open.append(self.frame)
        else:
            self.frame = Frame(name, caller.path, call, caller, caller.home, start)
        return caller

    def leave(self, caller: Frame) -> None:
        if self.open[-1] is self.frame:  # not where it computes data
            self.open.pop()
        self.frame = caller

    @contextmanager
    def muted(self) -> Iterator[Diagnostics]:
        """Report nothing inside but limits, and give what would be."""
        before, self.diagnostics = self.diagnostics, Diagnostics()
        try:
            yield self.diagnostics
        finally:
            self.diagnostics = before

    def _limit(self, code: str, message: str, span: Span, *, label: str = "", help: str = "") -> Abort:
        """Report that a limit is reached, also where other things are muted; gives what is to be raised."""
        before, self.diagnostics = self.diagnostics, self._reported
        self.error(code, message, span, label=label, help=help)
        self.diagnostics = before
        return Abort()

    def _too_deep(self, name: str, call: Span) -> Abort:
        same = sum(frame.name == name for frame in self._frames())
        endless = f"`{name}` contains itself without an end, or too often"
        message = endless if same > MOST_CALLS // 4 else "calls are nested too deep"
        label = f"{MOST_CALLS} calls inside each other"
        return self._limit("endless-definition", message, call, label=label, help=ending(name))

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        help: str = "",
        others: tuple[Label, ...] = (),
        fix: Fix | None = None,
        notes: tuple[str, ...] = (),
    ) -> Failed:
        """Report a mistake (or a warning: the code says which) with the calls that led here.

        Returns an exception, for the caller to raise where it cannot go on.
        """
        self.budget.pay_for_message(self.diagnostics is self._reported and CODES[code].severity is Severity.ERROR)
        chain = tuple(step for frame in reversed(list(self._frames())) for step in frame.steps())
        self.diagnostics.add(Diagnostic(code, message, span, label, others, chain, help, fix, notes))
        return Failed()

    def _frames(self) -> Iterator[Frame]:
        frame: Frame | None = self.frame
        while frame is not None:
            yield frame
            frame = frame.caller
