"""Random programs of every construct: the compiler makes of them what torch and a second reading make of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from programs import Program, programs
from reading import as_network, read
from specs_in_tests import SPECS

from cnndsl.compiler import Compilation, compile_source
from cnndsl.diagnostics.terminal import render_all
from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.graph import Graph, Scope, hierarchy, verify
from cnndsl.layers import built_in_layer_types, layer_types
from cnndsl.layers.normalisation import GroupNormalisation
from cnndsl.model import Model
from cnndsl.source import Source
from cnndsl.syntax import ast

torch = pytest.importorskip("torch")
meta = pytest.importorskip("meta")
tracing = pytest.importorskip("tracing")

pytestmark = pytest.mark.torch

MOST_NODES = 150
"""Larger ones are left to the comparisons that do not run them."""

short = settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
long = settings(deadline=None, max_examples=1_500, suppress_health_check=list(HealthCheck))


def compiled(program: Program) -> Compilation:
    compilation = compile_source(Source("net.cnn", program.text), program.parameters)
    assert not compilation.has_errors, f"\n{program}\n{render_all(compilation.diagnostics)}"
    return compilation


def assert_means_the_same(compilation: Compilation, program: Program) -> None:
    """A second reading of the text gives the same networks, and all that they compute leads to an output."""
    assert compilation.file is not None
    networks = [as_network(graph) for graph in compilation.graphs]
    assert networks == read(compilation.file, program.parameters), f"\n{program}"
    assert [len(network.nodes) for network in networks] == [len(graph) for graph in compilation.graphs], f"\n{program}"


def assert_well_formed(graph: Graph) -> None:
    """The nodes of every block stand together, which backends rely on."""
    verify(graph)

    def check(scope: Scope) -> None:
        places = [node.index for node in scope.nodes()]
        assert places == list(range(places[0], places[0] + len(places))), f"{scope.path} is torn\n{graph}"
        for member in scope.members:
            if isinstance(member, Scope):
                check(member)

    check(hierarchy(graph))


def assert_module_agrees(model: Model) -> None:
    """The generated module has the graph's shapes, counts and names, and computes what its nodes do one by one."""
    graph, summary = model.graph, model.summary()
    torch.manual_seed(0)
    module = model.to_torch().double()
    assert sum(weight.numel() for weight in module.parameters()) == summary.params
    assert sum(buffer.numel() for buffer in module.buffers()) == summary.buffers
    owners = [node for node in graph if node.shares is None]
    expected = {f"{node.path}.{name}" for node in owners for name in node.layer.parameters(node.input_types)}
    assert {name for name, _ in module.named_parameters()} == expected
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    inputs = [torch.rand(meta.BATCH, *end.node.type.shape, dtype=torch.float64) for end in graph.inputs]
    with torch.no_grad():
        shapes = tracing.shapes_by_node(module, model, inputs)
    assert shapes == {node.path: node.type.shape for node in graph if node.inputs}
    for training in (False, True):
        with torch.no_grad():
            weights = {name: weight.clone() for name, weight in module.state_dict().items()}
            torch.manual_seed(1)
            outputs = module.train(training)(*inputs)
            alone = meta.interpreted(graph, weights, inputs, training)
        named = outputs._asdict() if isinstance(outputs, tuple) else {graph.outputs[0].name: outputs}
        assert [(name, tuple(each.shape[1:])) for name, each in named.items()] == [
            (name, node.type.shape) for name, node in graph.outputs
        ]
        for found, wanted in zip(named.values(), alone, strict=True):
            assert torch.equal(found.nan_to_num(), wanted.nan_to_num())


def fails_in_torch(graph: Graph) -> bool:
    """Whether torch has no gradient for a node: for a group norm with a shift and no scale its backward pass fails."""
    norms = [node.layer for node in graph if isinstance(node.layer, GroupNormalisation)]
    return any(norm.value("shift") and not norm.value("scale") for norm in norms)


def assert_gradients_reach_all(model: Model) -> None:
    module = model.to_torch().double()
    inputs = [torch.rand(meta.BATCH, *end.node.type.shape, dtype=torch.float64) for end in model.graph.inputs]
    outputs = module(*inputs)
    total = sum(each.sum() for each in (outputs if isinstance(outputs, tuple) else (outputs,)))
    if list(module.parameters()):
        total.backward()
    assert not [name for name, weight in module.named_parameters() if weight.grad is None]


def assert_right(program: Program) -> None:
    compilation = compiled(program)
    assert_means_the_same(compilation, program)
    for graph in compilation.graphs:
        assert_well_formed(graph)
        assert meta.seen_by_torch(graph) == meta.seen_by_compiler(graph), f"\n{program}"
        if len(graph) <= MOST_NODES:
            model = Model(compilation.source, graph, compilation.diagnostics)
            assert_module_agrees(model)
            if not fails_in_torch(graph):
                assert_gradients_reach_all(model)


@given(programs())
@short
def test_random_programs_are_what_torch_and_a_second_reading_say(program: Program) -> None:
    assert_right(program)


@pytest.mark.slow
@given(programs())
@long
def test_random_programs_are_what_torch_and_a_second_reading_say_at_length(program: Program) -> None:
    assert_right(program)


@given(programs())
@settings(long, max_examples=5_000)
@pytest.mark.slow
def test_a_second_reading_of_random_programs_is_the_same_at_length(program: Program) -> None:
    assert_means_the_same(compiled(program), program)


def _calls(name: str, file: ast.File) -> bool:
    return any(isinstance(node, ast.Name | ast.Call) and node.name == name for node in file.walk())


def _parameters(file: ast.File) -> list[ast.Parameter]:
    used = [each for each in file.definitions if _calls(each.name, file)]
    return [parameter for definition in used for parameter in definition.parameters or ()]


def _names_parameter(name: str) -> Callable[[ast.File, Program], bool]:
    return lambda file, program: any(parameter.name == name for parameter in _parameters(file))


def _has(kind: type[ast.Node], **values: object) -> Callable[[ast.File, Program], bool]:
    """Whether a text has a node of a kind with these values."""

    def check(file: ast.File, program: Program) -> bool:
        nodes = (node for node in file.walk() if isinstance(node, kind))
        return any(all(getattr(node, name) == value for name, value in values.items()) for node in nodes)

    return check


def _is_recursive(file: ast.File, program: Program) -> bool:
    return any(
        isinstance(node, ast.Call) and node.name == definition.name
        for definition in file.definitions
        for node in definition.body.walk()
    )


def _switch_is_set(file: ast.File, program: Program) -> bool:
    return any(
        each.name in program.parameters for each in file.definitions if isinstance(each.body, ast.Optional | ast.Choice)
    )


WORDS = {
    "a value as argument": "x",
    "a network as argument": "net",
    "a block as argument": "block",
    "values that recur": "b",
}

KINDS = (
    ast.Concatenation, ast.Optional, ast.Conditional, ast.Label, ast.Tuple, ast.Choice, ast.Comparison, ast.Negation,
    ast.BooleanOperation, ast.Negative, ast.Default, ast.Require, ast.String, ast.Use,
)  # fmt: skip

CONSTRUCTS: dict[str, Callable[[ast.File, Program], bool]] = {
    **{f"a merge with {sign}": _has(ast.Merge, operators=(sign,)) for sign in "+-&"},
    **{f"a table joined by {join}": _has(ast.For, join=join) for join in ("->", ",", "+", "-", "&")},
    **{f"arithmetic with {sign}": _has(ast.Arithmetic, operator=sign) for sign in ("*", "/", "//", "%", "**")},
    **{f"a call of {name}": _has(ast.Call, name=name) for name in FUNCTIONS},
    **{f"a parameter that is {what}": _names_parameter(name) for what, name in WORDS.items()},
    **{kind.__name__: _has(kind) for kind in KINDS},
    "repeated no times": _has(ast.Arithmetic, operator="*", right=ast.Number(None, 0, "0")),
    "a shared definition": _has(ast.Definition, shared=True),
    "a shared parameter": _has(ast.Parameter, shared=True),
    "a definition that calls itself": _is_recursive,
    "a switch that is set": _switch_is_set,
    "a free name": lambda file, program: "N" in program.parameters,
    "several flows": lambda file, program: len(file.flows) > 1,
    "an argument by keyword": lambda file, program: any(
        isinstance(node, ast.Argument) and node.keyword is not None for node in file.walk()
    ),
}


def facts(graph: Graph) -> Iterator[str]:
    """What only the finished network shows."""
    yield f"{graph.inputs[0].node.type.rank} axes"
    if len(graph.inputs) > 1:
        yield "several inputs"
    if len(graph.outputs) > 1:
        yield "several outputs"
    for node in graph:
        yield node.layer.word()
        if node.shares:
            is_deeper = len(node.shares.scope) != len(node.scope)
            yield "shared weights at another depth" if is_deeper else "shared weights at the same depth"
        if any(node.index - read.index > 20 for read in node.inputs):
            yield "a value that is read far away"
        if "bias" in node.layer.filled:
            yield f"a bias that is {'kept' if node.layer.value('bias') else 'left out'}"


FACTS = """
    1 axes, 2 axes, 3 axes, several inputs, several outputs, several models, a value that is read far away,
    shared weights at another depth, shared weights at the same depth, a bias that is kept, a bias that is left out
"""


def test_the_programs_have_every_construct_and_every_layer() -> None:
    """So that all of them are looked at."""
    seen: Counter[str] = Counter()

    @given(programs())
    @settings(short, max_examples=400, phases=[Phase.generate])
    def look(program: Program) -> None:
        compilation = compiled(program)
        assert compilation.file is not None
        seen.update(name for name, holds in CONSTRUCTS.items() if holds(compilation.file, program))
        seen.update({fact for graph in compilation.graphs for fact in facts(graph)})
        seen["several models"] += len(compilation.graphs) > 1

    look()
    assert not [name for name in CONSTRUCTS if seen[name] < 2]
    words = [layer.word() for layer in built_in_layer_types() if not layer.transparent]
    assert sum(not seen[word] for word in words) <= 3, "all but a few, whose examples are looked at below"
    assert not [fact for fact in FACTS.strip().split(",") if seen[" ".join(fact.split())] < 2]


EXAMPLES = [example.spec for layer in layer_types() for example in layer.examples]


@pytest.mark.parametrize("text", [*(spec.read_text(encoding="utf-8") for spec in SPECS), *EXAMPLES])
def test_a_second_reading_of_every_spec_is_the_same(text: str) -> None:
    program = Program(text)
    assert_means_the_same(compiled(program), program)
