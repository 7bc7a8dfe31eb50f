"""What statements say of a whole file: `default` changes what layers take, `require` sets bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnndsl.diagnostics import Label
from cnndsl.elaborate.binding import bind, signature_of
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.names import MEASURES
from cnndsl.elaborate.program import Program
from cnndsl.elaborate.values import Failed, Scope, describe
from cnndsl.layers import structure
from cnndsl.syntax import ast

__all__ = ["Measure", "check_budgets", "check_requirements", "read_defaults"]

Measure = Callable[[], Mapping[str, int]]
"""Gives the totals of a network, by the words of `MEASURES`."""


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
    results = [_check(context, test, {}) for test in _tests(context) if not _measured(test)]
    return all(results)


def check_budgets(context: Context, measure: Measure) -> None:
    """Report what a file requires of its network and does not hold."""
    tests = [test for test in _tests(context) if _measured(test)]
    totals = measure() if tests else {}
    for test in tests:
        _check(context, test, totals)


def _tests(context: Context) -> list[ast.Expression]:
    return [each.test for each in context.program.file.statements if isinstance(each, ast.Require)]


def _measured(test: ast.Expression) -> bool:
    return any(isinstance(node, ast.Name) and node.name in MEASURES for node in test.walk())


def _check(context: Context, test: ast.Expression, totals: Mapping[str, int]) -> bool:
    evaluator = Evaluator(context)
    scope = Scope(dict(totals), context.program)
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
    context.error("requirement", f"`{text}` does not hold", test.span, label=label)
    return False


def _names(test: ast.Expression) -> list[ast.Name]:
    """The names in a test, each once, in the order of the text."""
    names = [node for node in test.walk() if isinstance(node, ast.Name)]
    return list({name.name: name for name in sorted(names, key=lambda name: -name.span.start)}.values())[::-1]


def _shown(evaluator: Evaluator, name: ast.Name, scope: Scope) -> str:
    value = evaluator.value(name, scope, None)
    return f"{name.name} is {value:,}" if isinstance(value, int) else f"{name.name} is {describe(value)}"
