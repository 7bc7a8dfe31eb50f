"""Every name of a file means something, whether or not it is reached: checked on the text, before anything is built."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from functools import partial
from itertools import islice
from math import prod
from typing import Any

from cnndsl.diagnostics import Diagnostics, Fix, Label, instead, nearest, perhaps, suggestion
from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.elaborate.binding import Signature, bind, signature_of, signature_of_definition
from cnndsl.elaborate.context import Context, ending
from cnndsl.elaborate.program import CLASSES, SHAPE_NAMES, Program, is_model, is_recipe, starts_with_input
from cnndsl.elaborate.values import Failed, brief
from cnndsl.layers import REQUIRED, Layer, word_here
from cnndsl.layers.attributes import Extents, Filled, Shape
from cnndsl.layers.attributes import Symbol as Words
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["MEASURES", "MEMORY", "check_names", "free_names", "measured", "warn_unread", "warn_unused", "with_names"]

_MOST_SUGGESTIONS = 50
"""Unknown words for which a near one is looked for; a text with more has another problem."""


_FUNCTIONS_ELSEWHERE = {"int": "floor", "trunc": "floor", "log": "log2"}
"""For functions of other languages, ours."""

_FIRST_PARAMETERS = 3
"""Parameters of a layer that are shown where another name for it was written."""

_LONGEST_SIZE = 4
"""Extents of a size: channels and three axes."""


class _Role(Enum):
    """What is expected where a name stands; it decides the message when the name means nothing."""

    LAYER = "layer"
    COUNT = "count"
    VALUE = "value"


MEMORY = "memory"
MEASURES = frozenset({"params", "macs", "flops", "receptive_field", MEMORY})
"""What a budget can be set for: `require params < 5e6`, `require memory(batch=64) < 8e9`."""


def measured(test: ast.Expression) -> list[ast.Name | ast.Call]:
    """The totals of a network that a test reads, `params` and `memory(batch=64)`, in the order of the text."""
    found = [node for node in test.walk() if isinstance(node, ast.Name | ast.Call) and node.name in MEASURES]
    return sorted(found, key=lambda node: node.span.start)


def with_names(test: ast.Expression) -> ast.Expression:
    """A test with a name, which is its text, in place of each total that is called."""

    def changed(value: Any) -> Any:
        if isinstance(value, ast.Call) and value.name in MEASURES:
            return ast.Name(value.span, value.span.on_one_line)
        if isinstance(value, ast.Node):
            return value.with_parts(changed)
        return tuple(map(changed, value)) if type(value) is tuple else value

    found: ast.Expression = changed(test)
    return found


def check_names(context: Context, requirements: Sequence[ast.Expression] = ()) -> None:
    """Report names that mean nothing, definitions that clash, and calls whose arguments do not fit.

    Of files that are brought in, the definitions are looked at.

    Args:
        context: where elaboration is.
        requirements: tests besides those in the file.
    """
    checker = _Checker(context, context.program)
    checker.check()
    for test in requirements:
        checker.check_requirement(test)
    for program in context.program.used.programs:
        _Checker(context, program).check_definitions()


def warn_unused(context: Context) -> None:
    """Warn of definitions that nothing names: beside `convq`, a `conv` is silently the layer."""
    program = context.program
    used = {word for statement in program.file.statements for word in _words(statement)}
    layers = [word for word in used if word not in program.definitions and program.layer(word) and not word.isupper()]
    for definition in program.file.definitions:
        if definition.name not in used and definition.name != CLASSES and not is_model(definition):
            near = nearest(definition.name, layers)
            help = f"`{near}` in this file is the layer {near.upper()}" if near else ""
            message = f"nothing uses `{definition.name}`"
            context.error("unused-definition", message, definition.name_span, help=help)


def warn_unread(context: Context) -> None:
    """Warn of values that `as` names and nothing reads: a skip that was forgotten.

    At the end of a flow or a body it is the name of what leaves, at INPUT that of the input.
    """
    statements = context.program.file.statements
    read = {word for statement in statements for word in _words(statement)}
    for statement in statements:
        ends = {id(_last(part)) for part in statement.children()}
        for node in statement.walk():
            if not isinstance(node, ast.Label) or node.name in read or id(node) in ends:
                continue
            if starts_with_input(node.element):
                continue
            span = Span(node.span.source, node.span.end - len(node.name), node.span.end)
            help = f"leave the name out, or read it: `[ID, {node.name}]` joins it to a path"
            context.error("unused-value", f"nothing reads `{node.name}`", span, help=help)


def _last(path: ast.Node) -> ast.Node:
    return path.elements[-1] if isinstance(path, ast.Sequence) else path


def free_names(program: Program) -> frozenset[str]:
    """Words that mean nothing where a value is expected: those that `-D` may give one to."""
    checker = _Checker(Context(program, Diagnostics()), program)
    checker.check()
    return frozenset(checker.free)


class _Body:
    """The names that can be read at a place of a text: those bound around it, and the labels above it.

    Attributes:
        names: what can be read.
        labels: the places of the labels of this body so far.
        later: the places of all labels of this body.
        around: the body around this one.
    """

    def __init__(self, names: set[str], text: ast.Node | None, around: _Body | None = None) -> None:
        self.names: set[str] = names | (around.names if around else set())
        self.labels: dict[str, Span] = {}
        self.later = dict(_labels(text)) if text else {}
        self.around = around

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def below(self, name: str) -> Span | None:
        """Where a name is given further down in this body or one around it."""
        return self.later.get(name) or (self.around.below(name) if self.around else None)


class _Checker:
    def __init__(self, context: Context, program: Program) -> None:
        self._context = context
        self._program = program
        self._unknown_words: set[str] = set()
        self._defining: ast.Definition | None = None
        """The definition that is looked at."""
        self.free: set[str] = set()

    def check(self) -> None:
        self.check_definitions()
        file = _Body(set(), None)
        flows = [statement for statement in self._program.file.flows if not is_recipe(statement)]
        file.later = {name: span for flow in reversed(flows) for name, span in _labels(flow)}
        for statement in self._program.file.statements:
            if isinstance(statement, ast.Flow) and not is_recipe(statement):
                self._expression(statement.expression, file, _Role.LAYER)
            elif isinstance(statement, ast.Require):
                self.check_requirement(statement.test)

    def check_requirement(self, test: ast.Expression) -> None:
        """Check the names of a test of the network."""
        found = measured(test)
        names = {*MEASURES, *(node.span.on_one_line for node in found)}
        self._expression(with_names(test), _Body(names, None), _Role.VALUE)
        for node in found:
            for place, argument in enumerate(node.arguments if isinstance(node, ast.Call) else ()):
                if (argument.keyword or place) not in ("optimizer", 1):  # which is a word
                    self._expression(argument.value, _Body(set(MEASURES), None), _Role.VALUE)
            if node.name in self._program.definitions:
                message = f"`{node.name}` in a requirement is the network's total, and the file defines it too"
                self._context.error("reserved-name", message, node.span, help="give the definition another name")

    def check_definitions(self) -> None:
        """Check what other files can see, and the defaults that hold in it."""
        for statement in self._program.file.statements:
            if isinstance(statement, ast.Default) and isinstance(statement.call, ast.Call):
                self._default(statement.call)
        seen: dict[str, ast.Definition] = {}
        for definition in self._program.file.definitions:
            self._defining = definition
            self._definition(definition, seen)
        self._defining = None

    def _default(self, call: ast.Call) -> None:
        layer = self._program.layer(call.name)
        if layer is None:
            if self._program.find(call.name) is None:
                self._report_unknown(call.name, call.name_span, lambda: set(self._program.layers), "layer")
            return
        self._arguments(call, layer, _Body(set(), None))

    def _definition(self, definition: ast.Definition, seen: dict[str, ast.Definition]) -> None:
        first = seen.setdefault(definition.name, definition)
        if first is not definition and not self._program.is_lost(definition.name):
            others = (Label(first.name_span, "first defined here"),)
            message = f"`{definition.name}` is defined twice"
            self._context.error("defined-twice", message, definition.name_span, others=others)
        self._reserved(definition.name, definition.name_span)
        body = _Body(set(), definition.body)
        body.later |= {parameter.name: parameter.span for parameter in definition.parameters or ()}
        for parameter in definition.parameters or ():
            if parameter.default is not None:
                self._expression(parameter.default, body, _Role.VALUE)
            self._reserved(parameter.name, parameter.span)
            if parameter.name in body:
                message = f"two parameters of `{definition.name}` are called `{parameter.name}`"
                self._context.error("bad-parameter", message, parameter.span)
            body.names.add(parameter.name)
        is_network = self._program.is_network(definition.body)
        role = _Role.LAYER if is_network else _Role.VALUE
        inner = definition.body.options if isinstance(definition.body, ast.Choice) else (definition.body,)
        for each in inner:
            self._expression(each, body, role)
        if definition.name not in body:
            self._endless(definition)

    def _endless(self, definition: ast.Definition) -> None:
        """A definition that contains itself in its path, where no conditional and no count could end it."""
        name = definition.name
        own = [node.span for node in _certain(definition.body) if _reads(node) == name]
        self._context.unknown.update(own)
        if own:
            message = f"`{name}` contains itself without an end"
            self._context.error("endless-definition", message, own[0], help=ending(name))

    def _reserved(self, name: str, span: Span) -> None:
        if name in SHAPE_NAMES:
            message = f"`{name}` is the shape that enters an element, and cannot be given another meaning"
            fix = perhaps(span, name.lower())
            self._context.error("reserved-name", message, span, help=f"write `{name.lower()}`", fix=fix)
        elif name in self._program.layers and self._program.layers[name].is_built_in():
            message = f"`{name}` is a layer, and cannot be given another meaning"
            help = f"another spelling is free: `{name.lower()}`, beside which `{name}` stays the layer"
            self._context.error("reserved-name", message, span, help=help)

    def _expression(self, expression: ast.Expression, body: _Body, role: _Role) -> None:
        match expression:
            case ast.Name():
                self._name(expression, body, role)
            case ast.Call():
                self._call(expression, body)
            case ast.Label():
                self._label(expression, body, role)
            case ast.Arithmetic(operator="*"):
                self._product(expression, body, role)
            case ast.Conditional(then=then, test=test, otherwise=otherwise):
                self._bare_branch(expression)
                for side in (then, otherwise):
                    self._expression(side, body, role)
                self._expression(test, body, _Role.VALUE)
            case ast.For():
                self._for(expression, body)
            case ast.Comparison() | ast.BooleanOperation() | ast.Negation() | ast.Negative() | ast.Tuple():
                self._children(expression, body, _Role.VALUE)
            case ast.Sequence() | ast.Concatenation() | ast.Optional():
                self._children(expression, body, _Role.LAYER)
            case _:
                self._children(expression, body, role)

    def _product(self, product: ast.Arithmetic, body: _Body, role: _Role) -> None:
        """A repetition, or numbers: where what stands before the last `*` is no network, nothing before it is one."""
        if self._is_repeated(product.left, role):
            self._expression(product.left, _Body(set(), product.left, body), role)
            self._expression(product.right, body, _Role.COUNT)
            return
        factors: list[ast.Expression] = []
        first: ast.Expression = product
        while isinstance(first, ast.Arithmetic) and first.operator == "*":
            factors.append(first.right)
            first = first.left
        for factor in (first, *reversed(factors)):
            self._expression(factor, body, role)

    def _is_repeated(self, left: ast.Expression, role: _Role) -> bool:
        """Whether what stands before a `*` is a network: each copy of it is a body of its own."""
        return role is _Role.LAYER or self._program.is_network(left) is True

    def _label(self, label: ast.Label, body: _Body, role: _Role) -> None:
        """The value has its name from here on, in this body."""
        self._expression(label.element, body, _Role.LAYER)
        span = Span(label.span.source, label.span.end - len(label.name), label.span.end)
        self._reserved(label.name, span)
        taken = body.labels.get(label.name)
        if taken is None and label.name in body.names and (body.around is None or label.name not in body.around.names):
            message = f"`{label.name}` is a parameter here, and cannot name a value too"
            self._context.error("named-twice", message, span)
        elif taken is not None:
            message = f"`{label.name}` names two values"
            others = (Label(taken, "it is named here first"),)
            self._context.error("named-twice", message, span, others=others, help="give one another name")
        elif label.name in self._program.definitions:
            others = (Label(self._program.definitions[label.name].name_span, "it is defined here"),)
            message = f"`{label.name}` is a definition, and cannot name a value too"
            self._context.error("named-twice", message, span, others=others)
        if label.name in body.labels or label.name in body.names:
            self._context.unknown.add(label.span)
        body.labels[label.name] = span
        body.names.add(label.name)

    def _for(self, loop: ast.For, body: _Body) -> None:
        for row in loop.rows:
            self._expression(row, body, _Role.VALUE)
        seen: set[str] = set()
        for name, span in zip(loop.names, loop.name_spans, strict=True):
            self._reserved(name, span)
            if name in seen:
                self._context.error("bad-row", f"two entries of a row are called `{name}`", span)
            seen.add(name)
        self._expression(loop.body, _Body(seen, loop.body, body), _Role.LAYER)

    def _children(self, expression: ast.Expression, body: _Body, role: _Role) -> None:
        for child in expression.children():
            if isinstance(child, ast.Expression):
                self._expression(child, body, role)

    def _bare_branch(self, conditional: ast.Conditional) -> None:
        """`A -> B if test else C` would lose a layer to the side not taken, silently."""
        then, otherwise = conditional.then, conditional.otherwise
        bare = [side for side in (then, otherwise) if self._is_bare(side)]
        if not bare:
            return
        test = brief(conditional.test, 40)
        left, right = (f"[{brief(side, 40)}]" if side in bare else brief(side, 40) for side in (then, otherwise))
        readings = f"`{left} if {test} else {right}`"
        if bare == [then] and isinstance(then, ast.Sequence):
            *before, last = (brief(element, 40) for element in then.elements)
            readings += f", or `{' -> '.join(before)} -> [{last} if {test} else {right}]`"
        message = "a side of `if ... else ...` is a single element, or stands in [ ]"
        self._context.error("bare-branch", message, bare[0].span, help=f"write {readings}")

    def _is_bare(self, side: ast.Expression) -> bool:
        return isinstance(side, ast.Sequence | ast.Merge) and bool(self._program.is_network(side))

    def _name(self, name: ast.Name, body: _Body, role: _Role) -> None:
        if self._means_something(name.name, body):
            return
        self._context.unknown.add(name.span)
        if not self._wrong_case(name.name, name.span) and not self._unseen(name.name, name.span, body):
            self._unknown(name.name, name.span, body, role)

    def _means_something(self, word: str, body: _Body) -> bool:
        program = self._program
        if word in body or word in program.overrides or word in SHAPE_NAMES:
            return True
        if program.find(word) is not None or program.sources(word):
            return program.find(word) is not None and program.third_spelling(word) is None
        if program.third_spelling(word) is not None:
            return False
        return program.layer(word) is not None or word in program.symbols

    def _unseen(self, word: str, span: Span, body: _Body) -> bool:
        """Whether a word names something that cannot be read here; then why is reported."""
        return self._named_below(word, span, body) or self._ambiguous(word, span) or self._out_of_sight(word, span)

    def _named_below(self, word: str, span: Span, body: _Body) -> bool:
        below = body.below(word)
        if below is not None:
            others = (Label(below, "it is named here"),)
            message = f"`{word}` is read before it is named"
            is_parameter = self._defining and below in [each.span for each in self._defining.parameters or ()]
            help = (
                "a default reads the parameters before it"
                if is_parameter
                else "write what reads it below what names it"
            )
            self._context.error("read-before-named", message, span, others=others, help=help)
        return below is not None

    def _ambiguous(self, word: str, span: Span) -> bool:
        clashing = self._program.sources(word)
        if clashing:
            others = tuple(Label(block.definition.name_span, "one is here") for block in clashing)
            message = f"{len(clashing)} files that are brought in define `{word}`"
            help = f"define the one that is meant: `{word} = ...`"
            self._context.error("ambiguous-use", message, span, others=others, help=help)
        return bool(clashing)

    def _out_of_sight(self, word: str, span: Span) -> bool:
        elsewhere = self._program.labels.get(word)
        if elsewhere is not None:
            others = (Label(elsewhere, "only what stands in the same body can read it"),)
            message = f"`{word}` names a value of another body"
            self._context.error("out-of-sight", message, span, others=others, help=self._into_sight())
        return elsewhere is not None

    def _into_sight(self) -> str:
        if self._defining is not None and self._defining.parameters is None:
            text = brief(self._defining.body, 60)
            return f"`=` defines a block; to give a value a name, write `{text} as {self._defining.name}`"
        return "pass it as an argument; outside a definition, a copy of a repetition or a row, nobody sees its values"

    def _call(self, call: ast.Call, body: _Body) -> None:
        signature, layer = self._callee(call, body)
        self._arguments(call, layer, body)
        if call.name in body or self._wrong_case(call.name, call.name_span):
            return
        if signature is not None:
            with suppress(Failed):  # reported
                bound = bind(self._context, signature, call.arguments, call.span)
                self._warn_products(layer, bound)
        elif not self._is_function(call.name) and not self._unseen(call.name, call.name_span, body):
            what = "layer, definition or function"
            others = {*self._program.layers, *FUNCTIONS, *self._program.functions}
            self._report_unknown(call.name, call.name_span, lambda: others | self._known(body), what, call.arguments)

    def _arguments(self, call: ast.Call, layer: type[Layer] | None, body: _Body) -> None:
        for place, argument in enumerate(call.arguments):
            if layer is None or not self._wrong_word(layer, call, place, body):
                self._expression(argument.value, body, _Role.VALUE)
            if layer is not None and argument.keyword is None:
                self._misplaced(layer, call, place, body)

    def _callee(self, call: ast.Call, body: _Body) -> tuple[Signature | None, type[Layer] | None]:
        """What is called, where the text alone says so: the head of a definition or a layer."""
        if call.name in body:
            return None, None
        program = self._program
        block = program.find(call.name)
        if block is None:
            if self._is_function(call.name) or program.sources(call.name):
                return None, None
            layer = program.layer(call.name)
            return (self._signature_of_layer(layer), layer) if layer else (None, None)
        alias = program.alias(call.name) if block.definition.parameters is None else None
        if isinstance(alias, type):
            return self._signature_of_layer(alias), alias
        return signature_of_definition((alias or block).definition), None

    def _is_function(self, word: str) -> bool:
        """Whether a word stands for a number, or for a word of an attribute, once it has its arguments."""
        return word in FUNCTIONS or word in self._program.functions

    def _signature_of_layer(self, layer: type[Layer]) -> Signature:
        return signature_of(layer, self._program.defaults.get(layer.word(), ()))

    def _wrong_word(self, layer: type[Layer], call: ast.Call, place: int, body: _Body) -> bool:
        """`POOL(mode=average)`: a word that means nothing, for an attribute that takes words.

        By position only where it takes nothing else: another word may be a number that is still to be given.
        """
        argument = call.arguments[place]
        word = argument.value.name if isinstance(argument.value, ast.Name) else ""
        name = argument.keyword or next(islice(layer.attributes, place, None), "")
        attribute = layer.attributes.get(name)
        if not word or attribute is None or not attribute.symbols or self._means_something(word, body):
            return False
        if self._program.is_lost(word):
            return False
        if argument.keyword is None and not isinstance(attribute, Words):
            return False
        self.free.add(word)
        words = (*attribute.other_words, *attribute.symbols)
        near, fix = suggestion(argument.value.span, words)
        help = near or f"write one of {', '.join(words)}"
        message = f"`{word}` is no {name} of {call.name}"
        self._context.error("unknown-name", message, argument.value.span, help=help, fix=fix)
        return True

    def _misplaced(self, layer: type[Layer], call: ast.Call, place: int, body: _Body) -> None:
        """`POOL(2, max)`, `RESIZE(7, 7)`: what an attribute does not take, written for another one."""
        first, value = call.arguments[0].value, call.arguments[place].value
        name, attribute = next(islice(layer.attributes.items(), place, None), ("", None))
        if attribute is None:
            return
        help, fix = "", None
        if isinstance(value, ast.Name) and value.name not in attribute.symbols:
            takers = [other for other, each in layer.attributes.items() if value.name in each.symbols]
            if len(takers) == 1 and value.name not in body and self._program.find(value.name) is None:
                help = f"write `{takers[0]}={value.name}`"
                fix = instead(value.span, f"{takers[0]}={value.name}")
        elif (
            isinstance(value, ast.Number)
            and isinstance(attribute, Words)
            and place == 1
            and isinstance(first, ast.Number)
        ):
            help = f"a size is one argument: write `{first.text}x{value.span.text}`"
            fix = instead(first.span.until(value.span), f"{first.text}x{value.span.text}")
        if help:
            message = f"`{value.span.text}` is no {name} of {call.name}"
            self._context.error("bad-argument", message, value.span, help=help, fix=fix)

    def _warn_products(self, layer: type[Layer] | None, bound: Mapping[str, ast.Argument]) -> None:
        """`CONV(8, 3*3)` is legal, and surely meant as a size."""
        for name, argument in bound.items():
            factors = _factors(argument.value)
            if layer is not None and isinstance(layer.attributes[name], Extents | Shape) and len(factors) > 1:
                product = "*".join(map(str, factors))
                message = f"{product} is the number {prod(factors)}, not a size"
                size = "x".join(map(str, factors))
                fix = perhaps(argument.value.span, size)
                help = f"a size is written `{size}`"
                self._context.error("size-product", message, argument.value.span, help=help, fix=fix)

    def _wrong_case(self, word: str, span: Span) -> bool:
        definition = self._program.third_spelling(word)
        if definition is None:
            return False
        message = f"`{word}` could be the definition `{definition}` or the layer `{word.upper()}`"
        self._context.error("ambiguous-case", message, span, help=f"write `{definition}` or `{word.upper()}`")
        return True

    def _known(self, body: _Body) -> set[str]:
        """All names that can be read in a body of text."""
        return {*body.names, *self._program.words}

    def _unknown(self, word: str, span: Span, body: _Body, role: _Role) -> None:
        if role is _Role.LAYER:
            layers = self._program.layers
            self._report_unknown(word, span, lambda: {*layers, *self._known(body)}, "layer or definition")
            return
        self.free.add(word)
        if word in self._unknown_words or self._program.may_mean_something(word):
            return

        def values() -> set[str]:
            symbols = (symbol for symbol in self._program.symbols if not symbol.isupper())  # not axes, `HWC`
            return {*self._known(body), "true", "false", *symbols, *self._program.layers}

        help, fix = self._suggestion(word, span, partial(self._known, body) if role is _Role.COUNT else values)
        if help and role is _Role.VALUE:
            self._context.error("unknown-name", f"`{word}` means nothing here", span, help=help, fix=fix)
            return
        label = "how many times?" if role is _Role.COUNT else ""
        both = f"write `{word} = 2` on a line of its own, or give it on the command line: -D {word}=2"
        is_size = re.fullmatch(r"[A-Za-z_]+(x[A-Za-z_]+)+", word)
        if is_size and all(part in body or self._program.find(part) for part in word.split("x")):
            both = f"a size of names is a tuple: `({', '.join(word.split('x'))})`"
            fix = instead(span, f"({', '.join(word.split('x'))})")
        help = f"{help} Or {both}" if help else both
        self._context.error("unbound-count", f"`{word}` has no value", span, label=label, help=help, fix=fix)

    def _report_unknown(
        self,
        word: str,
        span: Span,
        candidates: Callable[[], set[str]],
        what: str,
        arguments: tuple[ast.Argument, ...] = (),
    ) -> None:
        """Once for each word: its other uses are the same mistake."""
        if word not in self._unknown_words and not self._program.may_mean_something(word):
            help, fix = self._suggestion(word, span, candidates, arguments)
            self._context.error("unknown-layer", f"there is no {what} `{word}`", span, help=help, fix=fix)

    def _suggestion(
        self, word: str, span: Span, known: Callable[[], set[str]], arguments: tuple[ast.Argument, ...] = ()
    ) -> tuple[str, Fix | None]:
        """What to write instead of a word, in words and as an edit, if it is among the first that mean nothing."""
        self._unknown_words.add(word)
        if len(self._unknown_words) > _MOST_SUGGESTIONS:
            return "", None
        candidates = known()
        ours = word_here(word)
        if ours in candidates:
            is_safe = self._means_the_same(ours, arguments)
            fix = instead(span, ours) if is_safe else perhaps(span, ours)
            return f"here that layer is called `{ours}`{self._beginning(ours)}", fix
        function = _FUNCTIONS_ELSEWHERE.get(word)
        if function in candidates:
            return f"here that function is called `{function}`", perhaps(span, function)
        help = self._numbered(word)
        return (help, None) if help else suggestion(span, candidates)

    def _means_the_same(self, word: str, arguments: tuple[ast.Argument, ...]) -> bool:
        """Whether our layer reads these arguments as others do: none, or the one number that it is about.

        In PyTorch the channels that enter come first, Keras has other numbers behind the first one.
        """
        layer = self._program.layer(word)
        if layer is None or len(arguments) > 1:
            return False
        first = next(iter(layer.attributes.values()), None)
        is_main = first is not None and (isinstance(first, Extents) or first.default in (REQUIRED, *Filled))
        return not arguments or (arguments[0].keyword is None and is_main)

    def _numbered(self, word: str) -> str:
        """`CONV3`, as papers write it."""
        numbered = re.fullmatch(r"([A-Z]+)(\d+)", word)
        layer = self._program.layer(numbered[1]) if numbered else None
        if numbered and layer and "kernel" in layer.attributes:
            before = list(layer.attributes)[: list(layer.attributes).index("kernel")]
            return f"the kernel is an argument: {numbered[1]}({', '.join([*before, numbered[2]])})"
        return ""

    def _beginning(self, word: str) -> str:
        """The first arguments of a layer that takes some: other frameworks have other ones there."""
        layer = self._program.layer(word)
        if layer is None or not layer.attributes:
            return ""
        signature = str(signature_of(layer)).removesuffix(")").split(", ")
        rest = ", ...)" if len(signature) > _FIRST_PARAMETERS else ")"
        return f": {', '.join(signature[:_FIRST_PARAMETERS])}{rest}"


def _reads(node: ast.Node) -> str:
    return node.name if isinstance(node, ast.Name | ast.Call) else ""


def _words(statement: ast.Statement) -> Iterator[str]:
    """The words that a statement reads; of a definition, not its own name."""
    own = getattr(statement, "name", None)
    return (node.name for node in statement.walk() if isinstance(node, ast.Name | ast.Call) and node.name != own)


def _certain(expression: ast.Node) -> Iterator[ast.Node]:
    """The elements of a path that are built wherever it is; without recursion, as deep as the text may be."""
    pending = [expression]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.Sequence | ast.Group | ast.Concatenation | ast.Merge | ast.Label):
            pending.extend(reversed(tuple(node.children())))


def _labels(text: ast.Node) -> Iterator[tuple[str, Span]]:
    """The values named by `as` in a body of text, each with its place; those of bodies inside it are not among them.

    In the order of the text, and without recursion.
    """
    pending = [text]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Label):
            yield node.name, node.span
        pending.extend(child for child in reversed(tuple(node.children())) if child is not _body(node))


def _body(node: ast.Node) -> ast.Node | None:
    """What a repetition or a loop copies, a body of its own."""
    match node:
        case ast.Arithmetic(operator="*", left=body) | ast.For(body=body):
            return body
    return None


def _factors(expression: ast.Expression) -> list[int]:
    """The numbers of `3*32*32`, which are as many as a size has; none for anything else."""
    factors: list[int] = []
    while isinstance(expression, ast.Arithmetic) and expression.operator == "*" and len(factors) < _LONGEST_SIZE:
        if not isinstance(expression.right, ast.Number) or not isinstance(expression.right.value, int):
            return []
        factors.append(expression.right.value)
        expression = expression.left
    if not isinstance(expression, ast.Number) or not isinstance(expression.value, int):
        return []
    return [expression.value, *reversed(factors)]
