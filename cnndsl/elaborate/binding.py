"""Arguments to parameters: positional, then keyword, for definitions, layers and the parts of a recipe alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from cnndsl.diagnostics import Fix, Label, instead, perhaps, suggestion
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.values import Failed, brief
from cnndsl.layers import REQUIRED, Layer, keyword_here
from cnndsl.layers.attributes import Shape
from cnndsl.layers.declared import Declared
from cnndsl.layers.signature import call_text, default
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["Binder", "Signature", "bind", "bound_arguments", "signature_of", "signature_of_definition"]

_LONGEST = 40
"""Characters of a default or an argument that is shown."""

_LONGEST_SIZE = 4
"""Numbers of a size: channels and three extents."""


class Signature(NamedTuple):
    """What can be called: its name, its parameters in order, and those that need an argument."""

    name: str
    parameters: tuple[str, ...]
    defaults: tuple[str, ...]
    """As text, "" where there is none."""

    required: frozenset[str]
    takes_size: bool = False
    """Whether the first parameter is the shape of a sample, which people tend to write as several numbers."""

    is_in_path: bool = True
    """Whether it stands in a path of layers."""

    elsewhere: Callable[[str], str | None] = keyword_here
    """Gives our name of a parameter for the one that other frameworks have for it."""

    usage: str = ""
    """What to write, where all parameters are too many to be told."""

    def __str__(self) -> str:
        return call_text(self.name, zip(self.parameters, self.defaults, strict=True))


def signature_of_definition(definition: ast.Definition) -> Signature:
    parameters = definition.parameters or ()
    names = tuple(parameter.name for parameter in parameters)
    defaults = tuple(brief(parameter.default, _LONGEST) if parameter.default else "" for parameter in parameters)
    required = frozenset(parameter.name for parameter in parameters if parameter.default is None)
    return Signature(definition.name, names, defaults, required)


def signature_of(declared: type[Declared], given: Collection[str] = ()) -> Signature:
    """The signature of a layer, say, where the file gives these attributes a default."""
    without = (name for name, attribute in declared.attributes.items() if attribute.default is REQUIRED)
    required = frozenset(name for name in without if name not in given)
    takes_size = any(isinstance(attribute, Shape) for attribute in declared.attributes.values())
    defaults = tuple(map(default, declared.attributes.values()))
    return Signature(declared.word(), tuple(declared.attributes), defaults, required, takes_size)


class Binder:
    """Binds the calls of a program; the same text called again is bound as before."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._signatures: dict[object, Signature] = {}
        self._bound: dict[tuple[int, int], Mapping[str, ast.Argument]] = {}

    def definition(
        self, definition: ast.Definition, arguments: tuple[ast.Argument, ...], call: Span
    ) -> Mapping[str, ast.Argument]:
        """The argument of each parameter of a definition that has one; raises Failed as `bind` does."""
        signature = self._signatures.get(id(definition))
        if signature is None:
            signature = self._signatures[id(definition)] = signature_of_definition(definition)
        return self._again(signature, arguments, call)

    def layer(
        self,
        layer: type[Layer],
        arguments: tuple[ast.Argument, ...],
        call: Span,
        defaulted: frozenset[str] = frozenset(),
    ) -> Mapping[str, ast.Argument]:
        """The argument of each attribute of a layer that has one; raises Failed as `bind` does.

        `defaulted` are the attributes that need none because the file gives them a default.
        """
        signature = self._signatures.get((layer, defaulted))
        if signature is None:
            signature = self._signatures[layer, defaulted] = signature_of(layer, defaulted)
        return self._again(signature, arguments, call)

    def _again(
        self, signature: Signature, arguments: tuple[ast.Argument, ...], call: Span
    ) -> Mapping[str, ast.Argument]:
        key = (id(arguments), id(signature))  # trees and signatures outlive the binder, so that ids stay their own
        bound = self._bound.get(key)
        if bound is None:
            bound = self._bound[key] = bind(self._context, signature, arguments, call)
        return bound


def bind(
    context: Context, signature: Signature, arguments: tuple[ast.Argument, ...], call: Span
) -> Mapping[str, ast.Argument]:
    """The argument of each parameter that has one.

    Raises:
        Failed: there are too many, unknown, repeated or missing ones; reported.
    """
    bound, failures = bound_arguments(context, signature, arguments, call)
    if failures:
        raise failures[0]
    return bound


def bound_arguments(
    context: Context, signature: Signature, arguments: tuple[ast.Argument, ...], call: Span
) -> tuple[dict[str, ast.Argument], list[Failed]]:
    """The same as far as it can be had, and what was found: too many, unknown, repeated and missing ones, reported."""
    bound: dict[str, ast.Argument] = {}
    failures: list[Failed] = []
    free = iter(signature.parameters)
    for position, argument in enumerate(arguments):
        if argument.keyword is not None:
            name = argument.keyword
            if name not in signature.parameters:
                failures.append(_unknown(context, signature, argument))
                continue
        elif any(before.keyword is not None for before in arguments[:position]):
            message = "arguments by position stand before those by keyword"
            left = next((name for name in signature.parameters if name not in bound), "")
            help = f"write `{left}={brief(argument.value, _LONGEST)}`" if left else ""
            failures.append(context.error("bad-argument", message, argument.span, help=help))
            continue
        else:
            name = next((name for name in free), "")
            if not name:
                failures.append(_too_many(context, signature, arguments, argument))
                break
        if name in bound and argument.keyword is None:
            continue  # two parameters of one name, which is reported where they are defined
        if name in bound:
            message = f"`{name}` of {signature.name} gets two arguments"
            others = (Label(bound[name].span, "this is the first"),)
            failures.append(context.error("repeated-argument", message, argument.span, others=others))
            continue
        bound[name] = argument
    if not failures:
        failures += _missing(context, signature, bound, call)
    return bound, failures


def _unknown(context: Context, signature: Signature, argument: ast.Argument) -> Failed:
    assert argument.keyword is not None
    span = Span(argument.span.source, argument.span.start, argument.span.start + len(argument.keyword))
    message = f"{signature.name} has no parameter `{argument.keyword}`"
    ours = signature.elsewhere(argument.keyword)
    fix: Fix | None
    if ours in signature.parameters:
        help, fix = f"here that parameter is called `{ours}`", instead(span, ours)
    else:
        near, fix = suggestion(span, signature.parameters)
        help = near or signature.usage or f"write {signature}"
    word = _word(argument.value)
    if signature.is_in_path and word and context.program.layer(word):
        help, fix = f"a layer stands in the path: write `-> {word.upper()}` behind {signature.name}", None
    return context.error("unknown-argument", message, span, help=help, fix=fix)


def _too_many(
    context: Context, signature: Signature, arguments: tuple[ast.Argument, ...], first: ast.Argument
) -> Failed:
    most = len(signature.parameters)
    takes = f"takes at most {most} argument{'s' * (most != 1)}" if most else "takes no arguments"
    message = f"{signature.name} {takes}, and {len(arguments)} are given"
    help = f"it takes {', '.join(signature.parameters)}" if most else f"write {signature.name}"
    fix: Fix | None = None
    if signature.is_in_path and not most and len(arguments) == 1 and context.program.is_network(first.value):
        help = f"layers follow each other: write `{brief(first.value, _LONGEST)} -> {signature.name}`"
    numbers = [argument.value.value for argument in arguments if isinstance(argument.value, ast.Number)]
    if signature.takes_size and len(numbers) == len(arguments):
        written = arguments[0].span.until(arguments[-1].span)
        channels_last = numbers[-1] in (1, 3, 4) and numbers[0] > 4
        ordered = [numbers[-1], *numbers[:-1]] if channels_last else numbers
        help = f"write one size, channels first: {_sized(signature, ordered)}"
        fix = (perhaps if channels_last or len(ordered) == _LONGEST_SIZE else instead)(written, _size(ordered))
        if len(ordered) == _LONGEST_SIZE:
            help += f"; if its first number is a batch, leave that out: {_sized(signature, ordered[1:])}"
        first = arguments[0]
    return context.error("too-many-arguments", message, first.span.until(arguments[-1].span), help=help, fix=fix)


def _sized(signature: Signature, numbers: list[int | float]) -> str:
    return f"{signature.name}({_size(numbers)})"


def _size(numbers: list[int | float]) -> str:
    return "x".join(map(str, numbers))


def _word(value: ast.Expression) -> str:
    """The bare word or string that a value is, "" for any other."""
    return value.name if isinstance(value, ast.Name) else value.value if isinstance(value, ast.String) else ""


def _missing(context: Context, signature: Signature, bound: Mapping[str, ast.Argument], call: Span) -> list[Failed]:
    missing = [name for name in signature.parameters if name in signature.required and name not in bound]
    if not missing:
        return []
    names = " and ".join(f"`{name}`" for name in missing)
    message = f"{signature.name} needs {names}"
    return [context.error("missing-argument", message, call, help=f"write {signature}")]
