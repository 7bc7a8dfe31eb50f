"""Arguments to parameters: positional, then keyword, for definitions and layers alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from cnndsl.diagnostics import Fix, Label, instead, perhaps, suggestion
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.values import brief
from cnndsl.layers import REQUIRED, Layer, keyword_here
from cnndsl.layers.attributes import Shape
from cnndsl.layers.signature import call_text, default
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["Binder", "Signature", "bind", "signature_of_definition", "signature_of_layer"]

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

    def __str__(self) -> str:
        return call_text(self.name, zip(self.parameters, self.defaults, strict=True))


def signature_of_definition(definition: ast.Definition) -> Signature:
    parameters = definition.parameters or ()
    names = tuple(parameter.name for parameter in parameters)
    defaults = tuple(brief(parameter.default, _LONGEST) if parameter.default else "" for parameter in parameters)
    required = frozenset(parameter.name for parameter in parameters if parameter.default is None)
    return Signature(definition.name, names, defaults, required)


def signature_of_layer(layer: type[Layer], given: Collection[str] = ()) -> Signature:
    """The signature of a layer where the file gives these attributes a default."""
    without = (name for name, attribute in layer.attributes.items() if attribute.default is REQUIRED)
    required = frozenset(name for name in without if name not in given)
    takes_size = any(isinstance(attribute, Shape) for attribute in layer.attributes.values())
    defaults = tuple(map(default, layer.attributes.values()))
    return Signature(layer.word(), tuple(layer.attributes), defaults, required, takes_size)


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
            signature = self._signatures[layer, defaulted] = signature_of_layer(layer, defaulted)
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

    Reports too many, unknown, repeated and missing ones.

    Raises:
        Failed: one of these was found.
    """
    bound: dict[str, ast.Argument] = {}
    failures: list[Any] = []
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
    if failures:
        raise failures[0]
    return bound


def _unknown(context: Context, signature: Signature, argument: ast.Argument) -> Exception:
    assert argument.keyword is not None
    span = Span(argument.span.source, argument.span.start, argument.span.start + len(argument.keyword))
    message = f"{signature.name} has no parameter `{argument.keyword}`"
    ours = keyword_here(argument.keyword)
    fix: Fix | None
    if ours in signature.parameters:
        help, fix = f"here that parameter is called `{ours}`", instead(span, ours)
    else:
        near, fix = suggestion(span, signature.parameters)
        help = near or f"write {signature}"
    if isinstance(argument.value, ast.Name | ast.String) and context.program.layer(_word(argument.value)):
        help, fix = (
            f"a layer stands in the path: write `-> {_word(argument.value).upper()}` behind {signature.name}",
            None,
        )
    return context.error("unknown-argument", message, span, help=help, fix=fix)


def _too_many(
    context: Context, signature: Signature, arguments: tuple[ast.Argument, ...], first: ast.Argument
) -> Exception:
    most = len(signature.parameters)
    takes = f"takes at most {most} argument{'s' * (most != 1)}" if most else "takes no arguments"
    message = f"{signature.name} {takes}, and {len(arguments)} are given"
    help = f"it takes {', '.join(signature.parameters)}" if most else f"write {signature.name}"
    fix: Fix | None = None
    if not most and len(arguments) == 1 and context.program.is_network(first.value):
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


def _word(word: ast.Name | ast.String) -> str:
    return word.name if isinstance(word, ast.Name) else word.value


def _missing(context: Context, signature: Signature, bound: Mapping[str, ast.Argument], call: Span) -> list[Exception]:
    missing = [name for name in signature.parameters if name in signature.required and name not in bound]
    if not missing:
        return []
    names = " and ".join(f"`{name}`" for name in missing)
    message = f"{signature.name} needs {names}"
    return [context.error("missing-argument", message, call, help=f"write {signature}")]
