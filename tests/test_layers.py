"""Every layer declares itself fully, and does what its examples and rejects say."""

from __future__ import annotations

import pytest

import cnndsl
from cnndsl.analyses.cost import cost
from cnndsl.graph import Node
from cnndsl.layers import Example, Layer, Reject, Value, built_in_layer_types, layer_types

LAYERS = [pytest.param(layer, id=layer.word()) for layer in layer_types()]
EXAMPLES = [pytest.param(layer, example, id=example.spec) for layer in layer_types() for example in layer.examples]
REJECTS = [pytest.param(reject, id=reject.spec) for layer in layer_types() for reject in layer.rejects]
WRITTEN = [each for each in EXAMPLES if each.values[0].words and not each.values[0].reads_indices]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_has_a_summary_an_example_and_a_reject(layer: type[Layer]) -> None:
    assert layer.summary().endswith("."), "a sentence that the reference can print"
    assert layer.examples
    assert layer.rejects


def test_words_are_in_capitals_and_name_one_layer_each() -> None:
    words = [word for layer in built_in_layer_types() for word in layer.words]
    assert all(word.isidentifier() and word == word.upper() for word in words)
    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize(("layer", "example"), EXAMPLES)
def test_an_example_gives_its_output_and_its_counts(layer: type[Layer], example: Example) -> None:
    graph = cnndsl.parse(example.spec).graph
    found = cost(graph)
    assert (str(graph.outputs[0].node.type), found.params, found.macs) == example[1:]
    assert layer.transparent or any(type(node.layer) is layer for node in graph), "it shows the layer it belongs to"


@pytest.mark.parametrize("reject", REJECTS)
def test_a_reject_gets_exactly_its_error(reject: Reject) -> None:
    with pytest.raises(cnndsl.SpecError) as caught:
        cnndsl.parse(reject.spec)
    assert [(found.code, found.is_error) for found in caught.value.diagnostics] == [(reject.code, True)]


@pytest.mark.parametrize(("layer", "example"), WRITTEN)
def test_a_layer_is_printed_as_it_can_be_read_again(layer: type[Layer], example: Example) -> None:
    node = [node for node in cnndsl.parse(example.spec).graph if layer.transparent or type(node.layer) is layer][-1]
    again = last_node(printed(node))
    assert printed(again) == printed(node)
    assert (again.type, again.layer.parameters(again.input_types)) == (
        node.type,
        node.layer.parameters(node.input_types),
    )


def last_node(spec: str) -> Node:
    return cnndsl.parse(spec).graph.nodes[-1]


def printed(node: Node) -> str:
    """A network of this layer alone, without the marks of what the language filled in."""
    layer = str(node.layer).replace("*", "")
    taken = [name for name, attribute in node.layer.attributes.items() if isinstance(attribute, Value)]
    values = zip(node.input_types[1:], taken, strict=False)
    named = [f"INPUT({type}) as {node.layer.value(name).name}\n" for type, name in values]
    return "".join(named) + (f"INPUT({node.input_types[0]}) -> {layer}" if node.inputs else layer)
