"""Every name of a file means something, whether or not it is reached: checked on the text, before anything is built."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from cnndsl.diagnostics import Label, did_you_mean
from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.elaborate.binding import Signature, bind, signature_of_definition, signature_of_layer
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.program import SHAPE_NAMES, is_recipe
from cnndsl.elaborate.values import Failed
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["check_names", "free_names"]


class _Role(Enum):
    """What is expected where a name stands; it decides the message when the name means nothing."""

    LAYER = "layer"
    COUNT = "count"
    VALUE = "value"


def check_names(context: Context) -> None:
    """Report names that mean nothing, definitions that clash, and calls whose arguments do not fit."""
    _Checker(context).check()


def free_names(file: ast.File) -> frozenset[str]:
    """Words that stand for themselves somewhere in a file: those that `-D` may give a value to."""
    found: set[str] = set()
    pending: list[ast.Node] = [statement for statement in file.statements if not is_recipe(statement)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            found.add(node.name)
        pending.extend(node.children())
    return frozenset(found)


class _Checker:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._program = context.program

    def check(self) -> None:
        seen: dict[str, ast.Definition] = {}
        for statement in self._program.file.statements:
            if isinstance(statement, ast.Definition):
                self._definition(statement, seen)
            elif isinstance(statement, ast.Flow) and not is_recipe(statement):
                self._expression(statement.expression, _labels(statement.expression), _Role.LAYER)

    def _definition(self, definition: ast.Definition, seen: dict[str, ast.Definition]) -> None:
        first = seen.setdefault(definition.name, definition)
        if first is not definition:
            others = (Label(first.name_span, "first defined here"),)
            message = f"`{definition.name}` is defined twice"
            self._context.error("defined-twice", message, definition.name_span, others=others)
        self._reserved(definition.name, definition.name_span)
        local: set[str] = set()
        for parameter in definition.parameters or ():
            if parameter.default is not None:
                self._expression(parameter.default, local, _Role.VALUE)
            self._reserved(parameter.name, parameter.span)
            if parameter.name in local:
                message = f"two parameters of `{definition.name}` are called `{parameter.name}`"
                self._context.error("bad-parameter", message, parameter.span)
            local.add(parameter.name)
        is_network = self._program.is_network(definition.body)
        role = _Role.LAYER if is_network else _Role.VALUE
        self._expression(definition.body, local | _labels(definition.body), role)

    def _reserved(self, name: str, span: Span) -> None:
        if name in SHAPE_NAMES:
            message = f"`{name}` is the shape that enters an element, and cannot be given another meaning"
            self._context.error("reserved-name", message, span, help=f"write `{name.lower()}`")
        elif name in self._program.layers:
            message = f"`{name}` is a layer, and cannot be given another meaning"
            help = f"another spelling is free: `{name.lower()}`, beside which `{name}` stays the layer"
            self._context.error("reserved-name", message, span, help=help)

    def _expression(self, expression: ast.Expression, local: set[str], role: _Role) -> None:
        match expression:
            case ast.Name():
                self._name(expression, local, role)
            case ast.Call():
                self._call(expression, local)
            case ast.Arithmetic(operator="*", left=left, right=right) if role is _Role.LAYER:
                self._expression(left, local, role)
                self._expression(right, local, _Role.COUNT)
            case ast.Conditional(then=then, test=test, otherwise=otherwise):
                for side in (then, otherwise):
                    self._bare_branch(expression, side)
                    self._expression(side, local, role)
                self._expression(test, local, _Role.VALUE)
            case ast.For(body=body, names=names, rows=rows):
                for row in rows:
                    self._expression(row, local, _Role.VALUE)
                self._expression(body, local | set(names) | _labels(body), _Role.LAYER)
            case ast.Comparison() | ast.BooleanOperation() | ast.Negation() | ast.Negative() | ast.Tuple():
                self._children(expression, local, _Role.VALUE)
            case ast.Sequence() | ast.Concatenation() | ast.Optional():
                self._children(expression, local, _Role.LAYER)
            case _:
                self._children(expression, local, role)

    def _children(self, expression: ast.Expression, local: set[str], role: _Role) -> None:
        for child in expression.children():
            if isinstance(child, ast.Expression):
                self._expression(child, local, role)

    def _bare_branch(self, conditional: ast.Conditional, side: ast.Expression) -> None:
        """`A -> B if test else C` would lose a layer to the side not taken, silently."""
        if not isinstance(side, ast.Sequence | ast.Merge) or not self._program.is_network(side):
            return
        message = "a side of `if ... else ...` is a single element, or stands in [ ]"
        path, test = _shortened(side), _shortened(conditional.test)
        if side is conditional.then and isinstance(side, ast.Sequence):
            *before, last = (_shortened(element) for element in side.elements)
            other = _shortened(conditional.otherwise)
            readings = (
                f"`[{path}] if {test} else {other}`, or `{' -> '.join(before)} -> [{last} if {test} else {other}]`"
            )
        else:
            readings = f"`[{path}]`"
        self._context.error("bare-branch", message, side.span, help=f"write {readings}")

    def _name(self, name: ast.Name, local: set[str], role: _Role) -> None:
        word = name.name
        program = self._program
        if word in local or word in program.definitions or word in program.overrides or word in SHAPE_NAMES:
            return
        if self._wrong_case(word, name.span):
            return
        if program.layer(word) is None and word not in program.symbols:
            self._unknown(word, name.span, local, role)

    def _call(self, call: ast.Call, local: set[str]) -> None:
        for argument in call.arguments:
            self._expression(argument.value, local, _Role.VALUE)
        if call.name in local or self._wrong_case(call.name, call.name_span):
            return
        signature = self._signature(call.name)
        if signature is not None:
            try:
                bind(self._context, signature, call.arguments, call.span)
            except Failed:
                return  # reported
        elif call.name not in FUNCTIONS:
            candidates = {*local, *self._program.definitions, *self._program.layers, *FUNCTIONS}
            message = f"there is no layer, definition or function `{call.name}`"
            help = did_you_mean(call.name, candidates)
            self._context.error("unknown-layer", message, call.name_span, help=help)

    def _signature(self, name: str) -> Signature | None:
        definition = self._program.definitions.get(name)
        if definition is not None:
            return signature_of_definition(definition)
        layer = self._program.layer(name)
        return signature_of_layer(layer) if layer else None

    def _wrong_case(self, word: str, span: Span) -> bool:
        definition = self._program.third_spelling(word)
        if definition is None:
            return False
        message = f"`{word}` could be the definition `{definition}` or the layer `{word.upper()}`"
        self._context.error("ambiguous-case", message, span, help=f"write `{definition}` or `{word.upper()}`")
        return True

    def _unknown(self, word: str, span: Span, local: set[str], role: _Role) -> None:
        mine: Iterable[str] = {*local, *self._program.definitions}
        if role is _Role.LAYER:
            help = did_you_mean(word, {*mine, *self._program.layers})
            self._context.error("unknown-layer", f"there is no layer or definition `{word}`", span, help=help)
            return
        help = did_you_mean(
            word, mine if role is _Role.COUNT else {*mine, *self._program.symbols, *self._program.layers}
        )
        if help and role is _Role.VALUE:
            self._context.error("unknown-name", f"`{word}` means nothing here", span, help=help)
            return
        label = "how many times?" if role is _Role.COUNT else ""
        both = f"write `{word} = 2` on a line of its own, or give it on the command line: -D {word}=2"
        help = f"{help} Or {both}" if help else both
        self._context.error("unbound-count", f"`{word}` has no value", span, label=label, help=help)


def _labels(expression: ast.Expression) -> set[str]:
    """The values named in a piece of text by `as`."""
    found: set[str] = set()
    pending: list[ast.Node] = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Label):
            found.add(node.name)
        pending.extend(node.children())
    return found


def _shortened(expression: ast.Expression) -> str:
    text = " ".join(expression.span.text.split())
    return text if len(text) <= 40 else "..."
