"""What is set from outside, on the command line or in Python, checked against the file that it is for.

`-D name=value` sets a parameter, `--input 3x96x128` the shape of an input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from cnndsl.diagnostics import Diagnostic, Diagnostics, did_you_mean
from cnndsl.elaborate.arithmetic import is_whole
from cnndsl.elaborate.context import Abort, Context
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.names import free_names
from cnndsl.elaborate.program import CLASSES, Program, Used
from cnndsl.elaborate.switches import is_switch, option, words_of
from cnndsl.elaborate.values import Failed, InputShape, Scope, Symbol, Value, brief, is_network
from cnndsl.graph import Graph
from cnndsl.source import Source, Span
from cnndsl.syntax import ast, parse_expression

__all__ = ["Overrides", "check_inputs", "read_inputs", "read_overrides"]


class Overrides(NamedTuple):
    """What is set from outside, by name; None where the text is no value.

    Attributes:
        of_file: for definitions and free names.
        of_models: for parameters of models, which may have the names of those.
    """

    of_file: dict[str, Value | None]
    of_models: dict[str, Value | None]


def read_overrides(written: Mapping[str, object], file: ast.File, used: Used, diagnostics: Diagnostics) -> Overrides:
    """The value of each name that is set from outside; mistakes are reported."""
    program = Program(file, {}, used=used)
    of_file, of_models = _settable(program), _parameters_of_models(program)
    settable = of_file | of_models
    values: dict[str, Value | None] = {}
    for name, value in written.items():
        text = value if isinstance(value, str) else _as_text(value)
        shown = Source("command line", f"-D {name}={text}")
        if not _may_be_set(name, settable, program, shown, diagnostics):
            continue
        values[name] = _value(Source(shown.name, text.rjust(len(shown.text))), shown, diagnostics)
        if name in program.switches:
            _check_switch(name, values, program, shown, diagnostics)
        if name == CLASSES and not _is_count(values[name]):
            help = "the number of classes is whole and at least 1"
            place = Span(shown, len(shown.text) - len(text), len(shown.text))
            diagnostics.add(Diagnostic("bad-override", f"there cannot be `{text}` classes", place, help=help))
            values[name] = None
    return Overrides(_those(values, of_file), _those(values, of_models - program.switches))


def _those(values: dict[str, Value | None], names: frozenset[str]) -> dict[str, Value | None]:
    return {name: value for name, value in values.items() if name in names}


def read_inputs(written: Mapping[str, object], diagnostics: Diagnostics) -> dict[str, InputShape]:
    """The shape that is set for each input, by its name; "" stands for the only one. Mistakes are reported."""
    shapes: dict[str, InputShape] = {}
    for name, value in written.items():
        text = value if isinstance(value, str) else _as_text(value)
        shown = Source("command line", f"--input {name}={text}" if name else f"--input {text}")
        found = _value(Source(shown.name, text.rjust(len(shown.text))), shown, diagnostics)
        if found is not None:
            shapes[name] = InputShape(found, Span(shown, len(shown.text) - len(text), len(shown.text)))
    return shapes


def check_inputs(context: Context, graphs: Sequence[Graph]) -> None:
    """Report shapes that are set for inputs which no network has, or for one of several without saying which."""
    names = list(dict.fromkeys(end.name for graph in graphs for end in graph.inputs))
    for name, shape in context.program.inputs.items():
        several = [graph for graph in graphs if len(graph.inputs) > 1]
        if not name and several:
            inputs = [end.name for end in several[0].inputs]
            message = f"one size is given, and the network has {len(inputs)} inputs"
            help = "write " + " ".join(f"--input {each}={shape.span.text}" for each in inputs)
            context.error("bad-override", message, shape.span, help=help)
        elif name and name not in names:
            start = len("--input ")
            span = Span(shape.span.source, start, start + len(name))
            help = did_you_mean(name, names) or f"there is {', '.join(names)}"
            context.error("bad-override", f"the network has no input `{name}`", span, help=help)


def _check_switch(
    name: str, values: dict[str, Value | None], program: Program, shown: Source, diagnostics: Diagnostics
) -> None:
    """What is said of a switch is one of its sides; of two of a name, which is a mistake of its own, the first's."""
    switch = next(found.body for found in program.file.definitions if found.name == name and is_switch(found))
    value = values[name]
    if value is not None and option(switch, value) is None:
        start = shown.text.index("=") + 1
        message = f"the switch `{name}` has no side `{shown.text[start:]}`"
        help = f"write one of {', '.join(words_of(switch))}"
        diagnostics.add(Diagnostic("bad-override", message, Span(shown, start, len(shown.text)), help=help))
        values[name] = None


def _settable(program: Program) -> frozenset[str]:
    """Definitions that are data, and free names."""
    data = {definition.name for definition in program.file.definitions if program.is_settable(definition)}
    bare_dense = {CLASSES} if CLASSES not in program.definitions and _has_bare_dense(program.file) else set()
    return frozenset(data | free_names(program) | bare_dense)


def _parameters_of_models(program: Program) -> frozenset[str]:
    """Parameters of the models that are asked for, but for those that are networks by their form."""
    wanted = program.file.source.model
    models = [program.definitions[name] for name in program.models if wanted in ("", name)]
    parameters = [parameter for model in models for parameter in model.parameters or () if not parameter.shared]
    return frozenset(
        each.name for each in parameters if each.default is None or program.is_network(each.default) is not True
    )


def _has_bare_dense(file: ast.File) -> bool:
    """Whether some FC leaves its units to the language."""
    return any(map(_is_bare_dense, file.walk()))


def _is_bare_dense(node: ast.Node) -> bool:
    match node:
        case ast.Name(name=name):
            return name.upper() == "FC"
        case ast.Call(name=name, arguments=arguments):
            return name.upper() == "FC" and all(argument.keyword not in (None, "units") for argument in arguments)
    return False


def _may_be_set(
    name: str, settable: frozenset[str], program: Program, source: Source, diagnostics: Diagnostics
) -> bool:
    if name in settable:
        return True
    span = Span(source, len("-D "), len("-D ") + len(name))
    if name in program.definitions:
        message = f"`{name}` is a block of {program.file.source.name}, and only values can be set"
        definition = program.definitions[name]
        if definition.parameters is None:
            sides = f"{brief(definition.body, 40)} | {source.text.partition('=')[2]}"
            help = f"to choose from outside, make it a switch: `{name} = {sides}`"
            diagnostics.add(Diagnostic("bad-override", message, span, help=help))
            return False
    elif any(re.search(rf"\b{re.escape(name)}\b", span.text) for span in program.file.broken):
        return False  # it may be set where the file is mended
    else:
        message = f"{program.file.source.name} has no parameter `{name}`"
    names = ", ".join(sorted(settable))
    help = did_you_mean(name, settable) or (f"what can be set: {names}" if names else "nothing in it can be set")
    diagnostics.add(Diagnostic("bad-override", message, span, help=help))
    return False


def _value(source: Source, shown: Source, diagnostics: Diagnostics) -> Value | None:
    """The value of a text: an expression without names, or a word.

    `source` holds blanks where `shown` holds what stands before the value, so that spans fit both.
    """
    found = Diagnostics()
    expression = parse_expression(source, found)
    value: Value | None = None
    if isinstance(expression, ast.Name):
        value = Symbol(expression.name)
    elif expression is not None:
        empty = Program(ast.File(Span(source, 0, 0), (), (), ()), {})
        with suppress(Failed, Abort):
            context = Context(empty, found)
            value = Evaluator(context).value(expression, Scope({}, empty), None)
    if not found.has_errors and (value is None or is_network(value)):
        text = source.text.strip()
        span = Span(shown, len(shown.text) - len(text), len(shown.text))
        help = "a number, true or false, a size, a tuple or a word"
        found = Diagnostics()  # a warning about what cannot be set at all is beside the point
        found.add(Diagnostic("bad-override", f"`{text}` is no value that can be set", span, help=help))
    diagnostics.extend(replace(each, span=each.span._replace(source=shown), fix=None) for each in found)
    return None if found.has_errors else value


def _is_count(value: Value | None) -> bool:
    return value is None or (is_whole(value) and value > 0)


def _as_text(value: object) -> str:
    """A Python value as the language writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_as_text, value))}{',' * (len(value) == 1)})"
    return f'"{value}"' if isinstance(value, str) else str(value)
