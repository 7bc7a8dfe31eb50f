"""Where a piece of network begins: with what comes in, or with a value of its own.

`x -> CONV(8)` and `[x, y]` read nothing of what comes in when x and y are values; then they are values themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnndsl.elaborate.context import MOST_CALLS, Context
from cnndsl.elaborate.program import names_input, starts_with_input
from cnndsl.elaborate.values import Block, Failed, Scope, Wire, is_wire
from cnndsl.syntax import ast

if TYPE_CHECKING:
    from cnndsl.elaborate.evaluate import Evaluator

__all__ = ["Beginnings"]


class Beginnings:
    """Tells of expressions in their scope whether they read nothing of what comes in.

    Args:
        context: where elaboration is.
        evaluator: computes what decides that.
        in_doubt: what is said where that is not known.
    """

    def __init__(self, context: Context, evaluator: Evaluator, in_doubt: bool) -> None:
        self._context = context
        self._evaluator = evaluator
        self._in_doubt = in_doubt
        self._depth = 0
        self._known: dict[tuple[int, int, int], bool] = {}
        """What was found since the outermost question."""
        self._alive: list[tuple[Scope, Wire]] = []
        """What the keys stand for, so that nothing else gets their numbers."""

    def reads_nothing(self, expression: ast.Expression, scope: Scope, wire: Wire) -> bool:
        """Whether a piece of network starts with a value or INPUT, or merges such paths.

        Mistakes on the way are left to whoever builds it.
        """
        if self._depth >= MOST_CALLS:
            return self._in_doubt
        self._depth += 1
        try:
            with self._context.muted():
                return self._starts_once(expression, scope, wire)
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._known.clear()
                self._alive.clear()

    def _starts_once(self, expression: ast.Expression, scope: Scope, wire: Wire) -> bool:
        """The same, found once: calls inside calls would be looked at again and again, twice as often each level."""
        key = (id(expression), id(scope), id(wire))
        if key not in self._known:
            self._alive.append((scope, wire))
            try:
                self._known[key] = self._starts(expression, scope, wire)
            except Failed:
                self._known[key] = self._in_doubt
        return self._known[key]

    def _starts(self, expression: ast.Expression, scope: Scope, wire: Wire) -> bool:
        self._context.step(expression.span)
        match expression:
            case ast.Sequence(elements=(first, *_)) | ast.Choice(options=(first, *_)):
                return self._starts(first, scope, wire)
            case ast.Group(inner=inner) | ast.Optional(inner=inner) | ast.Label(element=inner):
                return self._starts(inner, scope, wire)
            case ast.Arithmetic(operator="*", left=left):
                return self._starts(left, scope, wire)
            case ast.Concatenation(branches=branches) | ast.Merge(terms=branches):
                return self._all_start([(branch, scope) for branch in branches], wire)
            case ast.Conditional(then=then, test=test, otherwise=otherwise):
                taken = then if self._evaluator.truth(test, scope, wire) else otherwise
                return self._starts(taken, scope, wire)
            case ast.For():
                return self._loop_starts(expression, scope, wire)
            case ast.Name(name=name):
                return self._name_starts(name, scope)
            case ast.Call():
                return self._call_starts(expression, scope, wire)
        return False

    def _loop_starts(self, loop: ast.For, scope: Scope, wire: Wire) -> bool:
        rows = self._evaluator.rows(loop, scope, wire)
        needed = rows[:1] if loop.join == "->" else rows
        return bool(rows) and self._all_start([(loop.body, scope.inner(row)) for row in needed], wire)

    def _all_start(self, texts: list[tuple[ast.Expression, Scope]], wire: Wire) -> bool:
        for text, scope in texts:  # noqa: SIM110 - a generator would take of the stack of C, which is short
            if not self._starts(text, scope, wire):
                return False
        return True

    def _name_starts(self, name: str, scope: Scope) -> bool:
        value = scope.find(name)
        if value is not None:
            return is_wire(value)
        block = scope.program.find(name)
        if block is not None:
            return starts_with_input(block.definition.body)
        return names_input(name) or (self._in_doubt and name in scope.program.labels)

    def _call_starts(self, call: ast.Call, scope: Scope, wire: Wire) -> bool:
        called = scope.find(call.name)
        block = called if isinstance(called, Block) else scope.program.find(call.name) if called is None else None
        if block is None:
            return called is None and starts_with_input(call)
        if starts_with_input(block.definition.body):
            return True
        if not self._has_values(call, scope, wire):
            return False
        names = self._evaluator.arguments(block, call.arguments, call.span, scope, wire)
        return self.reads_nothing(block.definition.body, names, None)

    def _has_values(self, call: ast.Call, scope: Scope, wire: Wire) -> bool:
        """Whether some argument is a value, or a tuple that may hold one: else the block has none to start with."""
        return any(
            isinstance(argument.value, ast.Tuple)
            or (isinstance(argument.value, ast.Name) and isinstance(scope.find(argument.value.name), tuple))
            or self._starts_once(argument.value, scope, wire)
            for argument in call.arguments
        )
