"""What statements say of a whole file: `default` changes what layers take, `require` sets bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from cnndsl.diagnostics import Label
from cnndsl.elaborate.arithmetic import is_whole
from cnndsl.elaborate.binding import bind, signature_of
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.names import MEMORY, measured, with_names
from cnndsl.elaborate.program import Program
from cnndsl.elaborate.values import Failed, Scope, describe
from cnndsl.layers import structure
from cnndsl.syntax import ast

__all__ = ["Measure", "Measured", "check_budgets", "check_requirements", "read_defaults"]

_BATCH, _OPTIMIZER = "batch", "optimizer"
_USUAL_OPTIMIZER = "adam"


class Measured(Protocol):
    """The totals of a network, by the words of `MEASURES`."""

    def value(self, word: str, arguments: Mapping[str, object]) -> int:
        """One of them; raises LookupError, with a sentence, where the network has no such thing."""

    def largest(self, word: str) -> str:
        """What has the largest share in it."""


Measure = Callable[[], Measured]


def read_defaults(context: Context, program: Program) -> None:
    """Give a file the defaults that its `default` statements set; mistakes are reported."""
    first: dict[str, ast.Default] = {}
    for statement in program.file.statements:
        if not isinstance(statement, ast.Default):
            continue
        call = statement.call
        layer = program.layer(call.name) if isinstance(call, ast.Call) else None
        if isinstance(call, ast.Call) and layer is None and program.find(call.name) is None:
            continue  # the check of names reports it
        if not isinstance(call, ast.Call) or not call.arguments or layer is None or issubclass(layer, structure.Input):
            message = "`default` is followed by a layer with the arguments that it is to have"
            context.error("bad-default", message, statement.span, help="write `default CONV(padding=valid)`")
            continue
        before = first.setdefault(layer.word(), statement)
        if before is not statement:
            others = (Label(before.span, "they are set here first"),)
            message = f"the defaults of {layer.word()} are set twice"
            context.error("bad-default", message, statement.span, others=others, help="set them in one statement")
            continue
        try:
            signature = signature_of(layer, layer.attributes)
            program.defaults[layer.word()] = bind(context, signature, call.arguments, call.span)
        except Failed:  # reported
            continue


def check_requirements(context: Context) -> bool:
    """Whether all that a file requires of its parameters holds; what does not is reported."""
    results = [_check(context, test, {}) for test in _tests(context) if not measured(test)]
    return all(results)


def check_budgets(context: Context, measure: Measure, further: Sequence[ast.Expression] = ()) -> None:
    """Report what a file requires of its network, or what is required besides, and does not hold."""
    tests = [test for test in _tests(context) if measured(test)] + list(further)
    network = measure() if tests else None
    for test in tests:
        totals: dict[str, _Total] = {}
        try:
            if network is not None:
                totals = {each.span.on_one_line: _total(context, each, network) for each in measured(test)}
        except Failed:  # reported
            continue
        _check(context, with_names(test), totals)


class _Total(NamedTuple):
    """A total, its word, and what has the largest share in it."""

    value: int
    word: str
    largest: Callable[[str], str]


def _total(context: Context, node: ast.Name | ast.Call, network: Measured) -> _Total:
    """What a measure comes to.

    Raises:
        Failed: nothing; reported.
    """
    arguments = _arguments(context, node) if node.name == MEMORY else {}
    if isinstance(node, ast.Call) and node.name != MEMORY:
        raise context.error("unknown-argument", f"`{node.name}` takes no arguments", node.span)
    try:
        return _Total(network.value(node.name, arguments), node.name, network.largest)
    except LookupError as error:
        raise context.error("requirement", f"`{node.span.on_one_line}`: {error.args[0]}", node.span) from None


def _arguments(context: Context, node: ast.Name | ast.Call) -> dict[str, object]:
    """The batch and the optimizer of `memory(batch=64)`.

    Raises:
        Failed: they are not as they should be; reported.
    """
    given: dict[str, ast.Expression] = {}
    names = (_BATCH, _OPTIMIZER)
    for place, argument in enumerate(node.arguments if isinstance(node, ast.Call) else ()):
        name = argument.keyword or (names[place] if place < len(names) else "")
        if name not in names or name in given:
            message = f"`{MEMORY}` takes a {_BATCH} and an {_OPTIMIZER}, each once"
            raise context.error("unknown-argument", message, argument.span, help=_HOW_TO_WRITE_IT)
        given[name] = argument.value
    if _BATCH not in given:
        message = f"`{MEMORY}` is that of a step of training, which has a {_BATCH}"
        raise context.error("missing-argument", message, node.span, help=_HOW_TO_WRITE_IT)
    evaluator, scope = Evaluator(context), Scope({}, context.program)
    batch = evaluator.value(given[_BATCH], scope, None)
    if not is_whole(batch) or batch < 1:
        message = f"the {_BATCH} is a whole number of at least 1, not {describe(batch)}"
        raise context.error("bad-argument", message, given[_BATCH].span)
    chosen = given.get(_OPTIMIZER)
    optimizer = _USUAL_OPTIMIZER if chosen is None else _word(context, chosen)
    return {_BATCH: batch, _OPTIMIZER: optimizer}


_HOW_TO_WRITE_IT = f"write `{MEMORY}({_BATCH}=64)`, or `{MEMORY}({_BATCH}=64, {_OPTIMIZER}=momentum)`"


def _word(context: Context, expression: ast.Expression) -> str:
    if isinstance(expression, ast.Name):
        return expression.name.lower()
    if isinstance(expression, ast.String):
        return expression.value.lower()
    raise context.error("bad-argument", f"the {_OPTIMIZER} is a word", expression.span, help=_HOW_TO_WRITE_IT)


def _tests(context: Context) -> list[ast.Expression]:
    return [each.test for each in context.program.file.statements if isinstance(each, ast.Require)]


def _check(context: Context, test: ast.Expression, totals: Mapping[str, _Total]) -> bool:
    evaluator = Evaluator(context)
    scope = Scope({name: total.value for name, total in totals.items()}, context.program)
    text = test.span.on_one_line
    try:
        with context.muted() as found:
            holds = evaluator.truth(test, scope, None)
        if holds:
            return True
        label = ", ".join(_shown(evaluator, name, scope) for name in _names(test))
    except Failed:
        if all(each.code == "open-size" for each in found):
            message = f"whether `{text}` holds depends on an open size"
            context.error("undecided", message, test.span, help="--input 3x224x224 gives one")
            return True
        context.diagnostics.extend(found)
        return False
    notes = tuple(f"{name}: {total.largest(total.word)}" for name, total in totals.items())
    context.error("requirement", f"`{text}` does not hold", test.span, label=label, notes=notes)
    return False


def _names(test: ast.Expression) -> list[ast.Name]:
    """The names in a test, each once, in the order of the text."""
    names = [node for node in test.walk() if isinstance(node, ast.Name)]
    return list({name.name: name for name in sorted(names, key=lambda name: -name.span.start)}.values())[::-1]


def _shown(evaluator: Evaluator, name: ast.Name, scope: Scope) -> str:
    value = evaluator.value(name, scope, None)
    return f"{name.name} is {value:,}" if isinstance(value, int) else f"{name.name} is {describe(value)}"
