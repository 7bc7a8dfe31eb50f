"""A recipe is read: the `TRAIN(...)` of a file, and what the command line says, which wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from cnndsl.diagnostics import Diagnostic, Diagnostics, Label, perhaps
from cnndsl.elaborate.binding import bound_arguments
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.limits import limits_told
from cnndsl.elaborate.overrides import read_overrides
from cnndsl.elaborate.program import Program, Used, is_recipe
from cnndsl.elaborate.values import Failed, brief
from cnndsl.layers.attributes import Attribute, Flag
from cnndsl.resources import with_room
from cnndsl.source import Source, Span
from cnndsl.syntax import ast, parse_expression
from cnndsl.training.recipe.flags import attribute_of, option, switch, takers
from cnndsl.training.recipe.interval import Interval
from cnndsl.training.recipe.part import Part, Text, families, parts_by_word
from cnndsl.training.recipe.recipe import Recipe
from cnndsl.training.recipe.values import Values, family_of, key_of, signature_of_part

__all__ = ["Reading", "read"]

_OPTIMIZER = "optimizer"
_LONGEST = 40
"""Characters of a value that is shown."""


class Reading(NamedTuple):
    """What came of a recipe.

    Attributes:
        recipe: as far as it could be read; what could not has its default.
        written: where the value of each key is written, of those that have one; `optimizer.lr` for the argument that a
            flag sets.
        diagnostics: what there is to say about it.
    """

    recipe: Recipe
    written: Mapping[str, Span]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def has_errors(self) -> bool:
        return any(found.is_error for found in self.diagnostics)


@with_room
def read(
    file: ast.File | None, flags: Mapping[str, str] | None = None, parameters: Mapping[str, object] | None = None
) -> Reading:
    """The recipe of a file, with what flags say in place of what it says.

    Never raises for what is written; mistakes are diagnostics. What is wrong with the parameters, or with the rest of
    the file, is for its compilation to say.

    Args:
        file: the file; None for one that could not be read.
        flags: texts by name, as `cnndsl.training.recipe.flags` names them; of a switch, `true` or `false`.
        parameters: values for the parameters of the file, as text or as Python values.
    """
    source = Source("<recipe>", "")
    file = file or ast.File(Span(source, 0, 0), (), (), ())
    found = Diagnostics()
    reader = _Reader(found)
    with limits_told((file,), found):
        reader.begin(file, parameters or {})
        reader.file(file)
        reader.flags(flags or {})
        reader.check()
    return reader.reading()


class _Reader:
    def __init__(self, found: Diagnostics) -> None:
        self._found = found
        self._bound: dict[str, Any] = {}
        self._written: dict[str, Span] = {}
        self._failed: set[str] = set()
        self._shown: dict[Source, Source] = {}
        """For the texts of flags, with blanks where the option stands, what is shown of them."""

    def begin(self, file: ast.File, parameters: Mapping[str, object]) -> None:
        """Look up names in a file where parameters have these values."""
        overrides = read_overrides(parameters, file, Used(), Diagnostics()) if parameters else None
        self._program = Program(file, overrides.of_file if overrides else {})
        self._context = Context(self._program, self._found)
        self._values = Values(self._context)

    def reading(self) -> Reading:
        written = {key: self._as_shown(span) for key, span in self._written.items()}
        return Reading(self._recipe(), written, tuple(map(self._told, self._found.sorted())))

    def _recipe(self) -> Recipe:
        return Recipe.unchecked(self._bound)

    # the file

    def file(self, file: ast.File) -> None:
        """Read the recipe of a file, the first where it has several."""
        calls = [statement.expression for statement in file.flows if is_recipe(statement)]
        recipes = [call for call in calls if isinstance(call, ast.Call)]
        for again in recipes[1:]:
            others = (Label(recipes[0].name_span, "the first is here"),)
            message, help = "a file has one recipe, and this is another", "write all of it into one TRAIN(...)"
            self._context.error("bad-recipe", message, again.name_span, others=others, help=help)
        if recipes:
            self._statement(recipes[0])

    def _statement(self, call: ast.Call) -> None:
        signature = signature_of_part(Recipe)._replace(usage="`cnndsl train --help` tells what there is")
        arguments = tuple(each for each in call.arguments if not self._is_misplaced(each, call))
        bound, _ = bound_arguments(self._context, signature, arguments, call.span)
        for key, argument in bound.items():
            self._read(key, argument)

    def _read(self, key: str, argument: ast.Argument) -> None:
        """Take the value of a key, unless there is something wrong with it."""
        self._failed.discard(key)
        try:
            self._bound[key] = self._values.bound(Recipe, key, argument)
            self._written[key] = argument.span
        except Failed:
            self._bound.pop(key, None)
            self._failed.add(key)

    def _is_misplaced(self, argument: ast.Argument, call: ast.Call) -> bool:
        """Whether a value stands without its key, or is one of a part; reported then."""
        name = argument.keyword
        if name is None:
            self._without_key(argument)
            return True
        if name in Recipe.attributes or Recipe.keywords_elsewhere.get(name.lower()):
            return False
        for family in families():
            ours = family.keywords_elsewhere.get(name.lower(), name)
            parts = [word for word, part in parts_by_word(family).items() if ours in part.attributes]
            if parts:
                self._of_a_part(argument, ours, family, parts, call)
                return True
        return False

    def _without_key(self, argument: ast.Argument) -> None:
        value, fix = argument.value, None
        word = value.name.upper() if isinstance(value, ast.Name | ast.Call) else ""
        family = family_of(word)
        help = "write `epochs=90`, say"
        if family is not None:
            help = f"write `{key_of(family)}={brief(value, _LONGEST)}`"
            fix = perhaps(Span(value.span.source, value.span.start, value.span.start), f"{key_of(family)}=")
        message = "the values of a recipe stand behind their keys"
        self._context.error("bad-recipe", message, argument.span, help=help, fix=fix)

    def _of_a_part(
        self, argument: ast.Argument, ours: str, family: type[Part], parts: list[str], call: ast.Call
    ) -> None:
        """`TRAIN(lr=0.1)`."""
        key = key_of(family)
        chosen = next((each.value for each in call.arguments if each.keyword == key), None)
        word = chosen.name.upper() if isinstance(chosen, ast.Name | ast.Call) else ""
        value = brief(argument.value, _LONGEST)
        text = f"{key}={word if word in parts else parts[0]}({ours}={value})"
        message = f"`{argument.keyword}` is an argument of the {family.family}, not of {Recipe.word()}"
        span = Span(argument.span.source, argument.span.start, argument.span.start + len(argument.keyword or ""))
        fix = perhaps(argument.span, text) if chosen is None else None
        self._context.error("unknown-argument", message, span, help=f"write `{text}`", fix=fix)

    # the command line

    def flags(self, flags: Mapping[str, str]) -> None:
        """Read what flags say, first of keys, then of the optimizer's arguments, which change what it is by then."""
        changes: dict[str, ast.Argument] = {}
        for name, text in flags.items():
            argument = self._argument(name, attribute_of(name), text)
            if argument is None:
                self._bound.pop(name, None)
                self._failed.add(name)
            elif name in Recipe.attributes:
                self._read(name, argument)
            else:
                changes[name] = argument
        if changes and _OPTIMIZER not in self._failed:
            self._change(self._recipe().optimizer, changes)

    def _argument(self, name: str, attribute: Attribute[Any], text: str) -> ast.Argument | None:
        """A flag as an argument that is written; None where it is no expression, which is reported."""
        if isinstance(attribute, Flag):
            shown = Source("command line", switch(name, text == "true"))
            span = Span(shown, 0, len(shown.text))
            return ast.Argument(span, name, ast.Boolean(span, text == "true"))
        shown = Source("command line", f"{option(name)} {text}")
        source = Source(shown.name, text.rjust(len(shown.text)))
        self._shown[source] = shown
        span = Span(source, len(shown.text) - len(text), len(shown.text))
        if isinstance(attribute, Text | Interval):
            is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
            return ast.Argument(span, name, ast.String(span, text[1:-1] if is_quoted else text))
        expression = parse_expression(source, self._found)
        return None if expression is None else ast.Argument(expression.span, name, expression)

    def _change(self, optimizer: Part, changes: Mapping[str, ast.Argument]) -> None:
        """Give an optimizer other arguments."""
        values: dict[str, Any] = {}
        places = dict(self._values.places(optimizer))
        for name, argument in changes.items():
            if name not in optimizer.attributes:
                self._has_none(optimizer, name, argument)
                continue
            try:
                values[name] = self._values.bound(type(optimizer), name, argument)
            except Failed:
                continue
            places[name] = self._written[f"{_OPTIMIZER}.{name}"] = argument.span
        changed = optimizer.replacing(values)
        self._values.keep(changed, places)
        self._bound[_OPTIMIZER] = changed

    def _has_none(self, optimizer: Part, name: str, argument: ast.Argument) -> None:
        shown = self._shown.get(argument.span.source, argument.span.source)
        span = Span(shown, 0, len(shown.text.split(" ")[0]))
        having = [part.word() for part in takers(name)]
        message = f"{optimizer.word()} has no `{name}`"
        help = f"{' and '.join(having)} ha{'s' if len(having) == 1 else 've'} one: {option(_OPTIMIZER)} {having[0]}"
        self._context.error("unknown-argument", message, span, help=help)

    # what goes together

    def check(self) -> None:
        """Report values that do not go together."""
        recipe = self._recipe()
        self._check(recipe, self._written)
        for key in recipe.attributes:
            value = recipe.value(key)
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, Part):
                    self._check(part, self._values.places(part))

    def _check(self, part: Part, places: Mapping[str, Span]) -> None:
        for clash in part.clashes():
            other = places.get(clash.other)
            place = places.get(clash.attribute, other)
            assert place is not None, f"the defaults of {part.word()} do not go together"
            others = (Label(other, "beside this"),) if other is not None and other != place else ()
            code = "bad-recipe" if clash.is_error else "beyond-the-end"
            self._context.error(code, clash.message, place, others=others, help=clash.help)

    # what is shown

    def _as_shown(self, span: Span) -> Span:
        return span._replace(source=self._shown.get(span.source, span.source))

    def _told(self, found: Diagnostic) -> Diagnostic:
        """A diagnostic that points into what is shown of flags, in which there is nothing to edit."""
        others = tuple(other._replace(span=self._as_shown(other.span)) for other in found.others)
        is_flag = found.span.source in self._shown
        return replace(found, span=self._as_shown(found.span), others=others, fix=None if is_flag else found.fix)
