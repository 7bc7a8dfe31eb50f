"""From a tree to a graph: names are checked, flows expanded, and what the language fills in is filled in."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from cnndsl.diagnostics import Diagnostic, Diagnostics
from cnndsl.elaborate.arithmetic import is_whole
from cnndsl.elaborate.context import Abort, Context
from cnndsl.elaborate.draft import numbered
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.expand import Expander
from cnndsl.elaborate.names import check_names, warn_unused
from cnndsl.elaborate.overrides import check_inputs, read_inputs, read_overrides
from cnndsl.elaborate.program import CLASSES, Program, is_recipe, starts_with_input
from cnndsl.elaborate.values import Draft, Failed, Scope, describe
from cnndsl.graph import Graph
from cnndsl.layers import structure
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["elaborate"]

DEFAULT_CLASSES = 10
_MOST_ATTEMPTS = 4
_DEEPEST_RECURSION = 60_000
"""Python frames: 200 calls, each with brackets nested 200 deep, stay below."""


def elaborate(
    file: ast.File, overrides: Mapping[str, object], inputs: Mapping[str, object], diagnostics: Diagnostics
) -> Graph | None:
    """The graph of a file's flows, or None where it has a mistake; mistakes are added to the diagnostics.

    Args:
        file: the tree.
        overrides: values for the file's parameters, as text or as Python values.
        inputs: shapes for its inputs, likewise, by name; "" stands for the only one.
        diagnostics: where mistakes go.
    """
    with _deep_recursion():
        try:
            values = read_overrides(overrides, file, diagnostics) if overrides else {}
            program = Program(file, values, read_inputs(inputs, diagnostics))
            context = Context(program, diagnostics)
            _check_statements(context)
            check_names(context)
            graph = _settled(program, diagnostics)
            if graph is not None:
                warn_unused(context)
            return graph
        except Abort:
            return None
        except RecursionError:
            diagnostics.add(_nested_too_deep(file))
            return None


def _nested_too_deep(file: ast.File) -> Diagnostic:
    longest = max(file.statements, key=lambda statement: statement.span.end - statement.span.start)
    return Diagnostic("nested-too-deep", "this is nested too deep", longest.span, help="give inner parts names")


@contextmanager
def _deep_recursion() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEPEST_RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _check_statements(context: Context) -> None:
    """What the grammar knows and this version does not compile is said, not ignored."""
    for statement in context.program.file.statements:
        if isinstance(statement, ast.Use | ast.Default | ast.Require):
            word = type(statement).__name__.lower()
            context.error("unsupported", f"`{word}` is not compiled by this version yet", statement.span)
        elif isinstance(statement, ast.Definition) and statement.shared:
            context.error("unsupported", "`shared` is not compiled by this version yet", statement.span)
        elif isinstance(statement, ast.Definition) and starts_with_input(statement.body):
            message = "named models are not compiled by this version yet"
            help = f"write the network without `{statement.name} =`"
            context.error("unsupported", message, statement.name_span, help=help)
        elif isinstance(statement, ast.Definition):
            for parameter in statement.parameters or ():
                if parameter.shared:
                    context.error("unsupported", "`shared` is not compiled by this version yet", parameter.span)


def _settled(program: Program, diagnostics: Diagnostics) -> Graph | None:
    """The graph, once the widths of bare dense layers are consistent with what follows them.

    Whether such a layer is the last is known when the network is finished, and what follows may depend on its width;
    so the network is expanded with a guess until the guess is what comes out, for nearly every file the first or
    second time.
    """
    last: frozenset[int] = frozenset()
    for _ in range(_MOST_ATTEMPTS):
        found = Diagnostics()
        context = Context(program, found)
        expander = Expander(context, partial(_classes, context), last)
        try:
            ends = _outputs(context, expander)
        except Abort:
            break
        settled = expander.drafts.last_dense()
        if settled == last:
            check_inputs(context, expander.inputs)
            _warn_size_order(context, expander.drafts.drafts)
            break
        last = settled
    else:
        bare = expander.drafts.bare_dense
        span = bare[0].span if bare else program.file.span
        message = "the width of this FC depends on what follows it, which depends on its width"
        context.error("missing-argument", message, span, help="write its units")
    diagnostics.extend(found)
    if diagnostics.has_errors:
        return None
    expander.drafts.fill_biases(ends)
    return expander.drafts.graph(program.file.source.stem, ends)


def _classes(context: Context) -> int:
    """The units of a bare FC that is the last. What is no number of classes is reported, and ten stands in for it."""
    program = context.program
    if CLASSES not in program.definitions and CLASSES not in program.overrides:
        return DEFAULT_CLASSES
    place = program.definitions[CLASSES].name_span if CLASSES in program.definitions else program.file.span
    try:
        value = Evaluator(context).value(ast.Name(place, CLASSES), Scope({}), None)
    except Failed:
        return DEFAULT_CLASSES
    if is_whole(value) and value > 0:
        return value
    message = f"the number of classes is whole and at least 1, not {describe(value)}"
    context.error("bad-value", message, place)
    return DEFAULT_CLASSES


def _outputs(context: Context, expander: Expander) -> list[tuple[str, Draft]]:
    """The ends of all flows, named, in the order of the text."""
    file = context.program.file
    flows = [flow for flow in file.flows if not is_recipe(flow)]
    if not flows and not any(starts_with_input(definition.body) for definition in file.definitions):
        behind = len(file.source.text.rstrip())
        message = "there is no network in this file: no flow starts with INPUT"
        context.error("no-input", message, Span(file.source, behind, behind), help="write `INPUT -> ...`")
    ends: list[tuple[str, Draft]] = []
    for flow in flows:
        end = expander.expand(flow.expression, Scope({}), None)
        if end is None:
            message = "nothing is left of this flow, not even its INPUT"
            context.error("no-input", message, flow.span)
        elif isinstance(end, Draft):
            ends.append((numbered("out", len(ends)), end))
    return ends


def _warn_size_order(context: Context, drafts: list[Draft]) -> None:
    """Frameworks with channels last write 224x224x3: two sizes of an image, then the channels of one."""
    for draft in drafts:
        if not isinstance(draft.layer, structure.Input) or draft.type.rank != 2:
            continue
        height, width, channels = draft.type.shape
        if channels in (1, 3, 4) and min(height, width) >= 16:
            message = f"{draft.type} has {height} channels and a width of {channels}: sizes are channels first"
            help = f"write `{channels}x{height}x{width}`"
            context.error("size-order", message, draft.span, help=help)
