"""From a tree to a graph: names are checked, flows expanded, and what the language fills in is filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from cnndsl.diagnostics import Diagnostics, perhaps
from cnndsl.elaborate.arithmetic import is_whole
from cnndsl.elaborate.budget import Budget
from cnndsl.elaborate.context import Abort, Context
from cnndsl.elaborate.counting import least_nodes
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.expand import Expander
from cnndsl.elaborate.filling import NO_DATA, Filling
from cnndsl.elaborate.limits import limits_told
from cnndsl.elaborate.models import Model, models
from cnndsl.elaborate.names import check_names, warn_unread, warn_unused
from cnndsl.elaborate.overrides import Overrides, check_inputs, read_inputs, read_overrides
from cnndsl.elaborate.program import CLASSES, Program
from cnndsl.elaborate.statements import Measured, check_budgets, check_requirements, read_defaults
from cnndsl.elaborate.using import Reader, bring_in
from cnndsl.elaborate.values import Draft, Failed, Scope, describe
from cnndsl.graph import Graph
from cnndsl.layers import structure
from cnndsl.layers.convolution import Convolution
from cnndsl.layers.extent import for_large_sizes
from cnndsl.layers.tensor import a_size
from cnndsl.resources import MOST_NODES, with_room
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["Elaborated", "elaborate"]

_MOST_ATTEMPTS = 4
_STEPS_OF_A_MODEL = 200
_LARGEST_USUAL_KERNEL = 7
"""Kernels up to here also slide over the small maps at the end of a network, where they see padding."""


class Elaborated(NamedTuple):
    """What came of a file.

    Attributes:
        graphs: of its models, none where it has a mistake.
        is_filled_in: whether anything in them, or in what is wrong with them, may follow from the filling.
    """

    graphs: tuple[Graph, ...] = ()
    is_filled_in: bool = False


@with_room
def elaborate(
    file: ast.File,
    overrides: Mapping[str, object],
    inputs: Mapping[str, object],
    diagnostics: Diagnostics,
    read: Reader,
    measure: Callable[[Graph], Measured],
    most_nodes: int = MOST_NODES,
    filling: Filling = NO_DATA,
    requirements: Sequence[ast.Expression] = (),
) -> Elaborated:
    """The graphs of a file's models, none where it has a mistake; mistakes are added to the diagnostics.

    Args:
        file: the tree; its source says which of its models is asked for, all where it names none.
        overrides: values for the file's parameters, as text or as Python values.
        inputs: shapes for its inputs, likewise, by name; "" stands for the only one.
        diagnostics: where mistakes go.
        read: finds the files that it brings in.
        measure: gives the totals of a network for which it sets budgets.
        most_nodes: nodes that its models may have, all together.
        filling: what its data says of what it leaves open.
        requirements: tests that its networks have to hold, besides those in the file.
    """
    graphs: list[Graph] = []
    is_filled_in = False
    with limits_told(file.statements, diagnostics):
        used = bring_in(file, read, diagnostics)
        values = read_overrides(overrides, file, used, diagnostics) if overrides else Overrides({}, {})
        program = Program(file, values.of_file, read_inputs(inputs, diagnostics), used, values.of_models, filling)
        context = Context(program, diagnostics, Budget(most_nodes))
        for each in _all(program):
            read_defaults(context, each)
        check_names(context, requirements)
        is_wrong = diagnostics.has_errors
        if diagnostics.has_errors or check_requirements(context):
            found = models(context)
            counts = least_nodes(context, found)
            settled = [_settled(context, *each, diagnostics) for each in zip(found, counts, strict=True)]
            graphs += filter(None, settled)
            is_filled_in = program.is_filled_in and not is_wrong
        if not diagnostics.has_errors:
            _check_whole(context, graphs, measure, requirements)
    return Elaborated(() if diagnostics.has_errors else tuple(graphs), is_filled_in)


def _check_whole(
    context: Context,
    graphs: list[Graph],
    measure: Callable[[Graph], Measured],
    requirements: Sequence[ast.Expression],
) -> None:
    """Report what only the finished networks show."""
    check_inputs(context, graphs)
    for graph in graphs:
        check_budgets(context, partial(measure, graph), requirements)
    if not context.program.file.source.model:
        warn_unused(context)
    warn_unread(context)


def _all(program: Program) -> list[Program]:
    """A file, and all that are brought in, by it or by those, each once."""
    found = [program]
    for each in found:  # which grows
        found += [used for used in each.used.programs if used not in found]
    return found


def _settled(checked: Context, model: Model, counted: int, diagnostics: Diagnostics) -> Graph | None:
    """The graph, once the widths of bare dense layers are consistent with what follows them; `counted` are its nodes.

    Whether such a layer is the last is known when the network is finished, and what follows may depend on its width;
    so the network is expanded with a guess until the guess is what comes out, for nearly every file the first or
    second time.
    """
    last: frozenset[int] = frozenset()
    for _ in range(_MOST_ATTEMPTS):
        checked.budget.begin(counted, diagnostics.has_errors)
        checked.step(model.span, _STEPS_OF_A_MODEL)
        found = Diagnostics()
        context = Context(checked.program, found, checked.budget)
        context.unknown = checked.unknown
        expander = Expander(context, partial(_classes, context), last)
        try:
            ends = model.outputs(context, expander)
        except Abort:
            diagnostics.extend(found)
            raise
        settled = expander.drafts.last_dense()
        if settled == last:
            if not found.has_errors and not checked.program.file.broken:
                expander.finish([end for _, end in ends])
            _warn_size_order(context, expander.drafts.drafts)
            _warn_channels(context, expander.drafts.drafts)
            break
        last = settled
    else:
        bare = expander.drafts.bare_dense
        span = bare[0].span if bare else checked.program.file.span
        message = "the width of this FC depends on what follows it, which depends on its width"
        context.error("missing-argument", message, span, help="write its units")
    diagnostics.extend(found)
    checked.budget.finished += len(expander.drafts.drafts)
    if diagnostics.has_errors:
        return None
    assert ends, "nothing leaves the network, and nothing is said to be wrong"
    expander.drafts.fill_biases(ends)
    expander.drafts.keep_indices()
    return expander.drafts.graph(model.name, ends, expander.inputs)


def _classes(context: Context, scope: Scope) -> int:
    """The units of a bare FC that is the last. What is no number of classes is reported, and the data's stands in."""
    if scope.find(CLASSES) is None:  # no parameter of that name, so what the layer's own file means, else the main one
        named = scope.program.find(CLASSES) or CLASSES in scope.program.overrides
        scope = Scope({}, scope.program if named else context.program)
    program, filling = scope.program, context.program.filling
    block = program.find(CLASSES)
    if scope.find(CLASSES) is None and block is None and CLASSES not in program.overrides:
        context.program.is_filled_in = True
        return filling.classes
    place = block.definition.name_span if block else program.file.span
    try:
        value = Evaluator(context).value(ast.Name(place, CLASSES), scope, None)
    except Failed:
        return filling.classes
    if is_whole(value) and value > 0:
        return value
    message = f"the number of classes is whole and at least 1, not {describe(value)}"
    context.error("bad-value", message, place)
    return filling.classes


def _warn_channels(context: Context, drafts: list[Draft]) -> None:
    """PyTorch has the channels that enter first: here they make a window larger than the map it slides over."""
    for draft in drafts:
        if not isinstance(draft.layer, Convolution) or not draft.inputs:
            continue
        layer, entering = draft.layer, draft.inputs[0].type
        usual = max(_LARGEST_USUAL_KERNEL, *map(for_large_sizes, entering.spatial))
        if layer.filters == entering.channels and min(layer.kernel) > usual:
            message = f"{a_size(layer.kernel)} window slides over {a_size(entering.spatial)} map"
            stride = layer.stride[0]
            help = f"write `CONV({layer.kernel[0]}, {stride})`, if {entering.channels} are the channels that enter"
            label = "the first number is that of the filters, the second the kernel"
            context.error("channels-written", message, draft.span, label=label, help=help)


def _warn_size_order(context: Context, drafts: list[Draft]) -> None:
    """Frameworks with channels last write 224x224x3: two sizes of an image, then the channels of one."""
    for draft in drafts:
        if not isinstance(draft.layer, structure.Input) or draft.type.rank != 2:
            continue
        height, width, channels = draft.type.shape
        if channels in (1, 3, 4) and min(height, width) >= 16:
            message = f"{draft.type} has {height} channels and a width of {channels}: sizes are channels first"
            help = f"write `{channels}x{height}x{width}`"
            start = draft.span.start + draft.span.text.find(str(draft.type))
            written = Span(draft.span.source, start, start + len(str(draft.type)))
            fix = perhaps(written, f"{channels}x{height}x{width}") if start >= draft.span.start else None
            context.error("size-order", message, draft.span, help=help, fix=fix)
