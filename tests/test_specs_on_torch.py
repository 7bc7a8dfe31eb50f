"""Every shipped spec, run by torch on the meta device, is what the compiler says it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from meta import seen_by_compiler, seen_by_torch
from specs_in_tests import NETWORKS

import cnndsl
from cnndsl.layers.normalisation import BatchNormalisation
from cnndsl.source import zoo

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.torch

ENTRIES = [
    pytest.param(f"zoo:{entry.name}", id=entry.name, marks=[pytest.mark.slow] if entry.settings else [])
    for entry in zoo().values()
]


@pytest.mark.parametrize("name", ENTRIES)
def test_torch_sees_what_the_compiler_says(name: str) -> None:
    model = cnndsl.load(name)
    seen = seen_by_torch(model.graph)
    assert seen == seen_by_compiler(model.graph)
    totals = [sum(numbers) for numbers in zip(*((node.params, node.buffers, node.macs) for node in seen), strict=True)]
    summary = model.summary()
    assert totals == [summary.params, summary.buffers, summary.macs]
    shapes = {node.path: node.shape for node in seen}
    assert all(shapes[end.node.path] == end.node.type.shape for end in model.graph.outputs)


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_batch_norms_keep_two_numbers_a_channel_and_a_count(spec: Path) -> None:
    graph = cnndsl.load(spec).graph
    for node, seen in zip(graph, seen_by_torch(graph), strict=True):
        if isinstance(node.layer, BatchNormalisation):
            assert seen.buffers == 2 * node.type.channels + 1


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(*each.values, id=each.id) for each in ENTRIES])
def test_tensors_pass(name: str) -> None:
    model = cnndsl.load(name)
    with torch.no_grad():
        given = model.to_torch().eval()(*[torch.randn(1, *end.node.type.shape) for end in model.graph.inputs])
    outputs = given if isinstance(given, tuple) else (given,)
    assert [tuple(output.shape[1:]) for output in outputs] == [end.node.type.shape for end in model.graph.outputs]
    assert all(output.isfinite().all() for output in outputs)
