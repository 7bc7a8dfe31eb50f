"""Every name of a file means something, whether or not it is reached: checked on the text, before anything is built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import Enum
from math import prod

from cnndsl.diagnostics import Diagnostics, Label, did_you_mean, nearest
from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.elaborate.binding import Signature, bind, signature_of_definition, signature_of_layer
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.program import CLASSES, SHAPE_NAMES, Program, is_recipe
from cnndsl.elaborate.values import Failed, brief
from cnndsl.layers import Layer, words_elsewhere
from cnndsl.layers.attributes import Extents, Shape
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["check_names", "free_names", "warn_unused"]

_MOST_SUGGESTIONS = 50
"""Unknown words for which a near one is looked for; a text with more has another problem."""


class _Role(Enum):
    """What is expected where a name stands; it decides the message when the name means nothing."""

    LAYER = "layer"
    COUNT = "count"
    VALUE = "value"


def check_names(context: Context) -> None:
    """Report names that mean nothing, definitions that clash, and calls whose arguments do not fit."""
    _Checker(context).check()


def warn_unused(context: Context) -> None:
    """Warn of definitions that nothing names: beside `convq`, a `conv` is silently the layer."""
    program = context.program
    used = {word for statement in program.file.statements for word in _words(statement)}
    layers = [word for word in used if word not in program.definitions and program.layer(word) and not word.isupper()]
    for definition in program.file.definitions:
        if definition.name not in used and definition.name != CLASSES:
            near = nearest(definition.name, layers)
            help = f"`{near}` in this file is the layer {near.upper()}" if near else ""
            message = f"nothing uses `{definition.name}`"
            context.error("unused-definition", message, definition.name_span, help=help)


def free_names(program: Program) -> frozenset[str]:
    """Words that mean nothing where a value is expected: those that `-D` may give one to."""
    checker = _Checker(Context(program, Diagnostics()))
    checker.check()
    return frozenset(checker.free)


class _Checker:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._program = context.program
        self._unknown_words: set[str] = set()
        self.free: set[str] = set()

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
            case ast.For():
                self._for(expression, local)
            case ast.Comparison() | ast.BooleanOperation() | ast.Negation() | ast.Negative() | ast.Tuple():
                self._children(expression, local, _Role.VALUE)
            case ast.Sequence() | ast.Concatenation() | ast.Optional():
                self._children(expression, local, _Role.LAYER)
            case _:
                self._children(expression, local, role)

    def _for(self, loop: ast.For, local: set[str]) -> None:
        for row in loop.rows:
            self._expression(row, local, _Role.VALUE)
        seen: set[str] = set()
        for name, span in zip(loop.names, loop.name_spans, strict=True):
            self._reserved(name, span)
            if name in seen:
                self._context.error("bad-row", f"two entries of a row are called `{name}`", span)
            seen.add(name)
        self._expression(loop.body, local | seen | _labels(loop.body), _Role.LAYER)

    def _children(self, expression: ast.Expression, local: set[str], role: _Role) -> None:
        for child in expression.children():
            if isinstance(child, ast.Expression):
                self._expression(child, local, role)

    def _bare_branch(self, conditional: ast.Conditional, side: ast.Expression) -> None:
        """`A -> B if test else C` would lose a layer to the side not taken, silently."""
        if not isinstance(side, ast.Sequence | ast.Merge) or not self._program.is_network(side):
            return
        message = "a side of `if ... else ...` is a single element, or stands in [ ]"
        path, test = brief(side, 40), brief(conditional.test, 40)
        if side is conditional.then and isinstance(side, ast.Sequence):
            *before, last = (brief(element, 40) for element in side.elements)
            other = brief(conditional.otherwise, 40)
            readings = (
                f"`[{path}] if {test} else {other}`, or `{' -> '.join(before)} -> [{last} if {test} else {other}]`"
            )
        else:
            readings = f"`[{path}]`"
        self._context.error("bare-branch", message, side.span, help=f"write {readings}")

    def _name(self, name: ast.Name, local: set[str], role: _Role) -> None:
        if not self._means_something(name.name, local) and not self._wrong_case(name.name, name.span):
            self._unknown(name.name, name.span, local, role)

    def _means_something(self, word: str, local: set[str]) -> bool:
        program = self._program
        if word in local or word in program.definitions or word in program.overrides or word in SHAPE_NAMES:
            return True
        if program.third_spelling(word) is not None:
            return False
        return program.layer(word) is not None or word in program.symbols

    def _call(self, call: ast.Call, local: set[str]) -> None:
        signature, layer = self._callee(call, local)
        for argument in call.arguments:
            if layer is None or not self._wrong_word(layer, call, argument, local):
                self._expression(argument.value, local, _Role.VALUE)
        if call.name in local or self._wrong_case(call.name, call.name_span):
            return
        if signature is not None:
            with suppress(Failed):  # reported
                bound = bind(self._context, signature, call.arguments, call.span)
                self._warn_products(layer, bound)
        elif call.name not in FUNCTIONS:
            candidates = {*local, *self._program.definitions, *self._program.layers, *FUNCTIONS}
            self._report_unknown(call.name, call.name_span, candidates, "layer, definition or function")

    def _callee(self, call: ast.Call, local: set[str]) -> tuple[Signature | None, type[Layer] | None]:
        """What is called, where the text alone says so: the head of a definition or a layer."""
        if call.name in local:
            return None, None
        definition = self._program.definitions.get(call.name)
        if definition is None and call.name in FUNCTIONS:
            return None, None
        found: ast.Definition | type[Layer] | None = definition
        if definition is None:
            found = self._program.layer(call.name)
        elif definition.parameters is None:
            found = self._program.alias(call.name) or definition
        if isinstance(found, ast.Definition):
            return signature_of_definition(found), None
        return (signature_of_layer(found), found) if found else (None, None)

    def _wrong_word(self, layer: type[Layer], call: ast.Call, argument: ast.Argument, local: set[str]) -> bool:
        """`POOL(mode=average)`: a word that means nothing, for an attribute that takes words."""
        attribute = layer.attributes.get(argument.keyword or "")
        word = argument.value.name if isinstance(argument.value, ast.Name) else ""
        if not word or attribute is None or not attribute.symbols or self._means_something(word, local):
            return False
        words = (*attribute.other_words, *attribute.symbols)
        help = did_you_mean(word, words) or f"write one of {', '.join(words)}"
        message = f"`{word}` is no {argument.keyword} of {call.name}"
        self._context.error("unknown-name", message, argument.value.span, help=help)
        return True

    def _warn_products(self, layer: type[Layer] | None, bound: Mapping[str, ast.Argument]) -> None:
        """`CONV(8, 3*3)` is legal, and surely meant as a size."""
        for name, argument in bound.items():
            factors = _factors(argument.value)
            if layer is not None and isinstance(layer.attributes[name], Extents | Shape) and len(factors) > 1:
                product = "*".join(map(str, factors))
                message = f"{product} is the number {prod(factors)}, not a size"
                help = f"a size is written `{'x'.join(map(str, factors))}`"
                self._context.error("size-product", message, argument.value.span, help=help)

    def _wrong_case(self, word: str, span: Span) -> bool:
        definition = self._program.third_spelling(word)
        if definition is None:
            return False
        message = f"`{word}` could be the definition `{definition}` or the layer `{word.upper()}`"
        self._context.error("ambiguous-case", message, span, help=f"write `{definition}` or `{word.upper()}`")
        return True

    def _unknown(self, word: str, span: Span, local: set[str], role: _Role) -> None:
        mine = {*local, *self._program.definitions}
        if role is _Role.LAYER:
            self._report_unknown(word, span, {*mine, *self._program.layers}, "layer or definition")
            return
        self.free.add(word)
        if word in self._unknown_words:
            return
        values = {*mine, "true", "false", *self._program.symbols, *self._program.layers}
        help = self._suggestion(word, mine if role is _Role.COUNT else values)
        if help and role is _Role.VALUE:
            self._context.error("unknown-name", f"`{word}` means nothing here", span, help=help)
            return
        label = "how many times?" if role is _Role.COUNT else ""
        both = f"write `{word} = 2` on a line of its own, or give it on the command line: -D {word}=2"
        if re.fullmatch(r"[A-Za-z_]+(x[A-Za-z_]+)+", word) and all(part in mine for part in word.split("x")):
            both = f"a size of names is a tuple: `({', '.join(word.split('x'))})`"
        help = f"{help} Or {both}" if help else both
        self._context.error("unbound-count", f"`{word}` has no value", span, label=label, help=help)

    def _report_unknown(self, word: str, span: Span, candidates: set[str], what: str) -> None:
        """Once for each word: its other uses are the same mistake."""
        if word not in self._unknown_words:
            help = self._suggestion(word, candidates)
            self._context.error("unknown-layer", f"there is no {what} `{word}`", span, help=help)

    def _suggestion(self, word: str, candidates: set[str]) -> str:
        self._unknown_words.add(word)
        ours = words_elsewhere().get(re.sub("[123]d$", "", word.lower()))
        if ours in candidates:
            return f"here that layer is called `{ours}`"
        return did_you_mean(word, candidates) if len(self._unknown_words) <= _MOST_SUGGESTIONS else ""


def _words(statement: ast.Statement) -> Iterator[str]:
    """The words that a statement reads; of a definition, not its own name."""
    own = getattr(statement, "name", None)
    return (node.name for node in statement.walk() if isinstance(node, ast.Name | ast.Call) and node.name != own)


def _labels(expression: ast.Expression) -> set[str]:
    """The values named in a piece of text by `as`."""
    return {node.name for node in expression.walk() if isinstance(node, ast.Label)}


def _factors(expression: ast.Expression) -> list[int]:
    """The numbers of `3*32*32`; none for anything else."""
    match expression:
        case ast.Number(value=int(value)):
            return [value]
        case ast.Arithmetic(left=left, operator="*", right=right):
            factors, last = _factors(left), _factors(right)
            return [*factors, *last] if factors and last else []
    return []
