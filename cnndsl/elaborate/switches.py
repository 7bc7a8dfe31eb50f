"""Switches: definitions whose whole right side is `A?` or `A | B`. The command line says which side is taken."""

from __future__ import annotations

from cnndsl.elaborate.arithmetic import is_whole
from cnndsl.elaborate.values import Value
from cnndsl.syntax import ast

__all__ = ["chosen", "is_switch", "option", "words_of"]

_ON, _OFF = "on", "off"


def is_switch(definition: ast.Definition) -> bool:
    """Whether a definition is a switch."""
    return definition.parameters is None and isinstance(definition.body, ast.Optional | ast.Choice)


def chosen(definition: ast.Definition, value: Value | None) -> ast.Definition:
    """The definition with the side that a value chooses; without a value, the first. Any other stays as it is."""
    if not is_switch(definition):
        return definition
    body = option(definition.body, value) if value is not None else None
    if body is None:
        body = _options(definition.body)[0]
    return ast.Definition(
        definition.span, definition.name, definition.parameters, body, definition.shared, definition.name_span
    )


def option(switch: ast.Expression, value: Value) -> ast.Expression | None:
    """The side of a switch that a value names: `on`, `off`, an option's own word, or its place, counted from 1.

    A side that is a number is named by itself, never by its place.
    """
    options = _options(switch)
    if isinstance(switch, ast.Optional):
        is_on = {_ON: True, _OFF: False}.get(value) if isinstance(value, str) else value
        return options[0 if is_on else 1] if isinstance(is_on, bool) else None
    if isinstance(value, str):
        named = [each for each in options if _word(each).upper() == value.upper()]
        return named[0] if len(named) == 1 else None
    numbers = [each.value if isinstance(each, ast.Number) else None for each in options]
    if numbers.count(None) < len(numbers):
        if isinstance(value, bool) or not isinstance(value, int | float) or value not in numbers:
            return None
        return options[numbers.index(value)]
    return options[value - 1] if is_whole(value) and 1 <= value <= len(options) else None


def words_of(switch: ast.Expression) -> list[str]:
    """What `-D` can say of a switch."""
    if isinstance(switch, ast.Optional):
        return [_ON, _OFF]
    options = _options(switch)
    words = [_word(each) for each in options]
    return [word if word and words.count(word) == 1 else str(place) for place, word in enumerate(words, 1)]


def _options(switch: ast.Expression) -> tuple[ast.Expression, ...]:
    if isinstance(switch, ast.Optional):
        return switch.inner, ast.Name(switch.span, "ID")
    assert isinstance(switch, ast.Choice)
    return switch.options


def _word(option: ast.Expression) -> str:
    """What names an option: the layer or block that it is, or its number; "" where only its place can."""
    if isinstance(option, ast.Name | ast.Call):
        return option.name
    return option.text if isinstance(option, ast.Number) else ""
