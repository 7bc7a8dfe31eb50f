"""The values in a recipe: numbers, words, parts with arguments, chains of parts, and what the file defines."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cnndsl.diagnostics import Fix, instead, perhaps, suggestion
from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.elaborate.binding import Signature, bound_arguments, signature_of
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.values import Failed, Scope, Symbol, Value, brief, describe, is_network, is_wire
from cnndsl.layers.rejected import Rejected, Undecided
from cnndsl.source import Span
from cnndsl.syntax import ast
from cnndsl.training.recipe.interval import Interval
from cnndsl.training.recipe.part import Chain, OneOf, Part, Text, families, parts_by_word
from cnndsl.training.recipe.recipe import Recipe

__all__ = ["Values", "family_of", "key_of", "signature_of_part"]

_LONGEST = 40
"""Characters of a value that is shown."""


def signature_of_part(part: type[Part]) -> Signature:
    """How a part is called."""
    elsewhere = part.keywords_elsewhere
    return signature_of(part)._replace(is_in_path=False, elsewhere=lambda word: elsewhere.get(word.lower()))


def key_of(family: type[Part]) -> str:
    """The key of a recipe that takes parts of a family: `optimizer`."""
    return next(
        name
        for name, attribute in Recipe.attributes.items()
        if isinstance(attribute, OneOf | Chain) and attribute.family is family
    )


class Values:
    """Reads the values of a file's recipe; mistakes are reported to the context."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._evaluator = Evaluator(context)
        self._scope = Scope({}, context.program)
        self._places: dict[int, tuple[Part, Mapping[str, Span]]] = {}

    def places(self, part: Part) -> Mapping[str, Span]:
        """Where each of the arguments of a part that was read is written."""
        return self._places[id(part)][1] if id(part) in self._places else {}

    def keep(self, part: Part, places: Mapping[str, Span]) -> None:
        """Remember where the arguments of a part are written."""
        self._places[id(part)] = part, places

    def bound(self, part: type[Part], name: str, argument: ast.Argument) -> Any:
        """The bound value of an attribute of a part.

        Raises:
            Failed: it has none; reported.
        """
        attribute = part.attributes[name]
        if isinstance(attribute, OneOf):
            return self._part(attribute, argument.value)
        if isinstance(attribute, Chain):
            return self._chain(attribute, argument.value)
        value: object = self._value(argument.value)
        if isinstance(value, str):
            value = self._word(part, name, value, argument.value)
        try:
            return part.bound(name, value)
        except Undecided:
            message = f"{attribute.phrase} is {attribute.takes}, not an open size"
            raise self._context.error("bad-argument", message, argument.span) from None
        except Rejected as rejected:
            raise self._context.error(rejected.code, rejected.message, argument.span, help=rejected.help) from None

    def _value(self, expression: ast.Expression) -> Value:
        """What an expression stands for; a word that the file does not define stands for itself."""
        match expression:
            case ast.Group(inner=inner):
                return self._value(inner)
            case ast.Name(name=name) if not self._is_defined(name):
                return Symbol(name)
            case ast.Conditional():
                return self._value(self._taken(expression))
            case ast.Call(name=name) if not self._is_called(name):
                raise self._part_as_value(name, expression)
        return self._computed(expression)

    def _computed(self, expression: ast.Expression) -> Value:
        """What an expression of numbers and of names of the file comes to."""
        for node in expression.walk():
            if isinstance(node, ast.Name) and not self._is_defined(node.name):
                raise self._without_value(node)
        before = len(self._context.diagnostics)
        try:
            value = self._evaluator.value(expression, self._scope, None)
        except Failed:
            if len(self._context.diagnostics) == before:
                message = f"`{brief(expression, _LONGEST)}` has no value that a recipe could take"
                self._context.error("unknown-name", message, expression.span, help="write it out")
            raise
        if is_network(value) or is_wire(value):
            message = f"a recipe takes a value here, not {describe(value)}"
            raise self._context.error("bad-argument", message, expression.span)
        return value

    def _taken(self, conditional: ast.Conditional) -> ast.Expression:
        is_so = self._computed(conditional.test)
        if not isinstance(is_so, bool):
            message = f"a test is true or false, not {describe(is_so)}"
            raise self._context.error("bad-value", message, conditional.test.span)
        return conditional.then if is_so else conditional.otherwise

    def _is_defined(self, name: str) -> bool:
        """Whether the file, or the command line, gives a name a value that is no piece of network."""
        program = self._context.program
        definition = program.definitions.get(name)
        return program.is_settable(definition) if definition else name in program.overrides

    def _is_called(self, name: str) -> bool:
        """Whether a word with brackets is a function or a definition, so that it is no part."""
        program = self._context.program
        return name in FUNCTIONS or name in program.functions or program.find(name) is not None

    def _part_as_value(self, word: str, written: ast.Expression) -> Failed:
        """`batch=SGD(2)`."""
        family = family_of(word)
        if family is None:
            layer = self._context.program.layer(word)
            message = f"{layer.word()} is a layer, not a value" if layer else f"there is no function `{word}`"
            return self._context.error("bad-recipe" if layer else "unknown-layer", message, written.span)
        message = f"{word.upper()} is {_a(family.family)}, not a value"
        help = f"write `{key_of(family)}={brief(written, _LONGEST)}`"
        return self._context.error("bad-recipe", message, written.span, help=help)

    def _without_value(self, name: ast.Name) -> Failed:
        if family_of(name.name) is not None:
            return self._part_as_value(name.name, name)
        fix: Fix | None
        help, fix = suggestion(name.span, filter(self._is_defined, self._context.program.definitions))
        help = help or f"write a number, or give it a value on a line of its own: `{name.name} = 2`"
        return self._context.error("unknown-name", f"`{name.name}` has no value", name.span, help=help, fix=fix)

    def _word(self, part: type[Part], name: str, word: str, written: ast.Expression) -> str:
        """A word as an attribute takes it."""
        attribute = part.attributes[name]
        if isinstance(attribute, Text | Interval):
            return word
        if word.lower() in attribute.symbols:
            return word.lower()
        if isinstance(written, ast.String) and _is_number(word):
            message = f"{attribute.phrase} is {attribute.takes}, and this is a text"
            help = f"write `{word}`"
            raise self._context.error("bad-argument", message, written.span, help=help, fix=instead(written.span, word))
        words = (*attribute.other_words, *attribute.symbols)
        if not words and isinstance(written, ast.Name) and not self._is_defined(word):
            raise self._without_value(written)
        help, fix = self._suggested(word, written, words)
        help = help or f"it is {attribute.takes}"
        message = f"`{word}` is no {name} of {part.word()}"
        raise self._context.error("unknown-name", message, written.span, help=help, fix=fix)

    def _suggested(self, word: str, written: ast.Expression, words: tuple[str, ...]) -> tuple[str, Fix | None]:
        """Which of some words was meant, in words and as an edit."""
        if isinstance(written, ast.Name | ast.Call) and written.name == word:
            span = written.name_span if isinstance(written, ast.Call) else written.span
            return suggestion(span, words)
        start = written.span.start + written.span.text.find(word)
        span = Span(written.span.source, start, start + len(word))
        return suggestion(span, words) if span.text == word else ("", None)

    # parts

    def _part(self, attribute: OneOf[Any] | Chain[Any], written: ast.Expression) -> Part:
        match written:
            case ast.Group(inner=inner):
                return self._part(attribute, inner)
            case ast.Conditional():
                return self._part(attribute, self._taken(written))
            case ast.Call(name=name, arguments=arguments):
                return self._named(attribute, name, arguments, written)
            case ast.Name() | ast.String():
                word = self._value(written)
                if isinstance(word, str):
                    return self._named(attribute, word, (), written)
        message = f"{attribute.phrase} is {attribute.takes}, not `{brief(written, _LONGEST)}`"
        raise self._context.error("bad-argument", message, written.span)

    def _named(
        self,
        attribute: OneOf[Any] | Chain[Any],
        word: str,
        arguments: tuple[ast.Argument, ...],
        written: ast.Expression,
    ) -> Part:
        """The part of this word with these arguments."""
        found = parts_by_word(attribute.family).get(word.upper())
        if found is None:
            raise self._no_such_part(attribute.family, word, written)
        bound, failures = bound_arguments(self._context, signature_of_part(found), arguments, written.span)
        values: dict[str, Any] = {}
        for name, argument in bound.items():
            try:
                values[name] = self.bound(found, name, argument)
            except Failed as failed:
                failures.append(failed)
        if failures:
            raise failures[0]
        part = found.unchecked(values)
        self.keep(part, {name: argument.span for name, argument in bound.items()})
        return part

    def _no_such_part(self, family: type[Part], word: str, written: ast.Expression) -> Failed:
        span = written.name_span if isinstance(written, ast.Call) else written.span
        parts = parts_by_word(family)
        help = f"write one of {', '.join(parts)}"
        fix: Fix | None = None
        other = family_of(word)
        if other is not None:
            message = f"{word.upper()} is {_a(other.family)}, not {_a(family.family)}"
            help = f"write `{key_of(other)}={brief(written, _LONGEST)}`; here, one of {', '.join(parts)}"
            return self._context.error("bad-recipe", message, span, help=help)
        if self._context.program.layer(word):
            message = f"{word.upper()} is a layer, not {_a(family.family)}"
            return self._context.error("bad-recipe", message, span, help=help)
        ours = _here(family, word)
        if ours:
            arguments = isinstance(written, ast.Call) and written.arguments
            help, fix = f"here that is called `{ours}`", (perhaps if arguments else instead)(span, ours)
        else:
            near, fix = self._suggested(word, written, tuple(parts))
            help = near or help
        message = f"there is no {family.family} `{word}`"
        return self._context.error("unknown-name", message, span, help=help, fix=fix)

    def _chain(self, attribute: Chain[Any], written: ast.Expression) -> tuple[Part, ...]:
        parts: list[Part] = []
        failures: list[Failed] = []
        for element in self._elements(attribute, written):
            try:
                parts.append(self._part(attribute, element))
            except Failed as failed:
                failures.append(failed)
        if failures:
            raise failures[0]
        return tuple(parts)

    def _elements(self, attribute: Chain[Any], written: ast.Expression) -> list[ast.Expression]:
        """The elements of a path; none for `none`."""
        match written:
            case ast.Group(inner=inner):
                return self._elements(attribute, inner)
            case ast.Conditional():
                return self._elements(attribute, self._taken(written))
            case ast.Sequence(elements=elements):
                return [each for element in elements for each in self._elements(attribute, element)]
            case ast.Tuple(items=items) | ast.Concatenation(branches=items) | ast.Merge(terms=items) if len(items) > 1:
                path = " -> ".join(item.span.on_one_line for item in items)
                message = f"{_a(attribute.family.family)} follows the other with `->`"
                fix = perhaps(written.span, path)
                help = f"write `{path if len(path) <= _LONGEST else 'A -> B'}`"
                raise self._context.error("bad-argument", message, written.span, help=help, fix=fix)
            case ast.Name() | ast.String():
                with suppress(Failed):
                    if str(self._value(written)).lower() in attribute.symbols:
                        return []
        return [written]


def family_of(word: str) -> type[Part] | None:
    """The family of the part that a word names, in any case."""
    return next((each for each in families() if word.upper() in parts_by_word(each)), None)


def _here(family: type[Part], word: str) -> str:
    """Our word for the part of a family that other frameworks call so, or "": STEP for `StepLR`."""
    parts = parts_by_word(family)
    bare = word.rpartition(".")[2]
    if bare.upper() in parts and bare != word:
        return bare.upper()
    return next((ours for ours, part in parts.items() if bare.lower() in part.elsewhere), "")


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip(" +-.0123456789e") == ""
