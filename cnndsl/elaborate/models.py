"""The models of a file: all its flows together, and every definition that begins with INPUT."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from cnndsl.diagnostics import Label, did_you_mean
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.draft import numbered
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.expand import Expander
from cnndsl.elaborate.program import is_recipe, starts_with_input
from cnndsl.elaborate.values import UNKNOWN, Block, Draft, Failed, Scope, is_wire
from cnndsl.source import Source, Span
from cnndsl.syntax import ast

__all__ = ["Model", "models"]

Outputs = list[tuple[str, Draft]]
"""The values that leave, each with its name, the main one first."""


class Model(ABC):
    """A model of a file, not elaborated yet.

    Attributes:
        name: what it is called.
        span: where it was written.
    """

    def __init__(self, name: str, span: Span) -> None:
        self.name = name
        self.span = span

    @abstractmethod
    def texts(self, context: Context, evaluator: Evaluator) -> list[tuple[ast.Expression, Scope]]:
        """What is expanded, each with the names that it sees.

        Raises:
            Failed: a parameter has no value; reported.
        """

    @abstractmethod
    def outputs(self, context: Context, expander: Expander) -> Outputs:
        """Expand it; what leaves it, without what has a mistake."""


class Flows(Model):
    """All flows of a file."""

    def __init__(self, name: str, flows: list[ast.Flow]) -> None:
        super().__init__(name, flows[0].span)
        self._flows = flows

    def texts(self, context: Context, evaluator: Evaluator) -> list[tuple[ast.Expression, Scope]]:
        scope = Scope({}, context.program)
        return [(flow.expression, scope) for flow in self._flows]

    def outputs(self, context: Context, expander: Expander) -> Outputs:
        """Every flow's end that nothing reads, and every flow that computes nothing: the bare name of a value.

        A value is an output once, however many flows end in it.
        """
        ends: list[tuple[str, Draft, bool]] = []
        for text, scope in self.texts(context, expander.evaluator):
            made = len(expander.drafts.drafts)
            end = expander.expand(text, scope, UNKNOWN if _is_torn_off(text, context) else None)
            if end is None:
                context.error("no-input", "nothing is left of this flow, not even its INPUT", text.span)
            elif isinstance(end, Draft):
                name = _name_of(text) or _value_named(text, scope)
                ends.append((name, end, end.index < made))
        read = {before for draft in expander.drafts.drafts for before in draft.inputs}
        outputs: dict[Draft, str] = {}
        for name, end, is_old in ends:
            if is_old or end not in read:
                outputs.setdefault(end, name)
        return _named([(name, end) for end, name in outputs.items()])


class Named(Model):
    """A definition that begins with INPUT."""

    def __init__(self, block: Block) -> None:
        super().__init__(block.definition.name, block.definition.name_span)
        self._block = block

    def texts(self, context: Context, evaluator: Evaluator) -> list[tuple[ast.Expression, Scope]]:
        return [(self._block.definition.body, evaluator.parameters_of_model(self._block))]

    def outputs(self, context: Context, expander: Expander) -> Outputs:
        try:
            ((body, names),) = self.texts(context, expander.evaluator)
            expander.share(self._block.definition, names)
        except Failed:  # reported
            return []
        end = expander.expand(body, names, None)
        if end is None:
            context.error("no-input", "nothing is left of this model, not even its INPUT", self.span)
        return _named([(_name_of(body), end)] if isinstance(end, Draft) else [])


def models(context: Context) -> list[Model]:
    """The models of a file in the order of the text, or the one that its source asks for; its absence is reported."""
    program = context.program
    file, wanted = program.file, program.file.source.model
    flows = [flow for flow in file.flows if not is_recipe(flow)]
    definitions = program.definitions.values()
    found: list[Model] = [Named(Block(each, program)) for each in definitions if each.name in program.models]
    if flows:
        found.append(Flows(file.source.stem, flows))
    found.sort(key=lambda model: model.span.start)
    _check_names(context, found)
    if wanted:
        named = [model for model in found if wanted in (model.name, *_file_name(model, file.source))]
        block = program.find(wanted)
        if block is not None and block.program is not program and block.definition.name in block.program.models:
            named.append(Named(block))
        if not named and not file.broken:
            names = [model.name for model in found]
            help = did_you_mean(wanted, names) or (f"there is {', '.join(names)}" if names else "it has none")
            message = f"{file.source.name} has no model `{wanted}`"
            context.error("no-model", message, Span(file.source, 0, 0), help=help)
        for model in named[:1]:
            model.name = file.source.variant or model.name
        return named[:1]
    if not found and not file.broken:
        behind = len(file.source.text.rstrip())
        message = "there is no network in this file: no flow starts with INPUT"
        context.error("no-input", message, Span(file.source, behind, behind), help="write `INPUT -> ...`")
    return found


def _file_name(model: Model, source: Source) -> tuple[str, ...]:
    """What all flows together are also called, beside the name that the zoo has for them."""
    return (Path(source.name).stem,) if isinstance(model, Flows) else ()


def _check_names(context: Context, found: list[Model]) -> None:
    """All flows together are a model that is called like the file, and a definition may be called so too."""
    flows = next((model for model in found if isinstance(model, Flows)), None)
    for model in found:
        if flows and model is not flows and model.name == flows.name:
            message = f"`{model.name}` is also what the flows of this file are called"
            places = (Label(flows.span, "they begin here"),)
            help = "give the model another name, or the flows one of their own: `name = INPUT -> ...`"
            context.error("defined-twice", message, model.span, others=places, help=help)


def _named(ends: list[tuple[str, Draft]]) -> Outputs:
    """Every value under the name that `as` gave it, else `out`, `out2`, ... as far as these are free."""
    given = {name for name, _ in ends if name}
    outputs: dict[tuple[str, Draft], None] = {}
    unnamed = 0
    for name, end in ends:
        while not name:
            name = numbered("out", unnamed)
            unnamed += 1
            name = "" if name in given else name
        outputs[name, end] = None
    return list(outputs)


def _is_torn_off(path: ast.Expression, context: Context) -> bool:
    """Whether a flow may be the rest of something that could not be read, so that nobody knows what comes into it."""
    return context.program.file.is_behind_a_break(path) and not starts_with_input(path)


def _name_of(expression: ast.Expression) -> str:
    """The name that `as` gives the end of a path: `... -> FC(10) as logits`; else ""."""
    match expression:
        case ast.Sequence(elements=(*_, last)):
            return _name_of(last)
        case ast.Group(inner=inner):
            return _name_of(inner)
        case ast.Label(name=name):
            return name
    return ""


def _value_named(expression: ast.Expression, scope: Scope) -> str:
    """The name of the value that a flow consists of; "" where it is more than that."""
    return expression.name if isinstance(expression, ast.Name) and is_wire(scope.find(expression.name)) else ""
