"""What tests/references says of the networks of the zoo, beside their index and their modules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

import cnndsl
from cnndsl.source import zoo

torch = pytest.importorskip("torch")
counts = pytest.importorskip("references.counts")

pytestmark = pytest.mark.torch

REFERENCES: dict[str, Any] = {}
for _file in sorted(Path(ROOT, "tests", "references").glob("*.py")):
    REFERENCES |= getattr(import_module(f"references.{_file.stem}"), "REFERENCES", {})

MODULES = {name: each for name, each in REFERENCES.items() if not isinstance(each, counts.Counts)}
SEVERAL = {
    *("dcgan-paper-generator", "densenet121", "enet", "lenet5-1998", "mobilenetv3-large", "resnet18-a"),
    *("semi-adversarial", "shufflenetv1-g3", "squeezenet", "wrn-40-1", "yolov4-tiny"),
}

COUNTED = ("Conv1d", "Conv2d", "Conv3d", "ConvTranspose2d", "Linear")


def macs_of(module: Any, inputs: Sequence[Any]) -> tuple[int, list[tuple[int, ...]]]:
    """Multiply-accumulates of convolutions and linear layers for one sample, and the shapes of the outputs."""
    found = 0

    def count(layer: Any, entering: Any, leaving: Any) -> None:
        nonlocal found
        if isinstance(layer, torch.nn.ConvTranspose2d):
            found += layer.weight.numel() * entering[0][0, 0].numel()
        elif isinstance(layer, torch.nn.Linear):
            found += layer.weight.numel() * leaving[0, ..., 0].numel()
        else:
            found += layer.weight.numel() * leaving[0, 0].numel()

    layers = [each for each in module.modules() if type(each).__name__ in COUNTED]
    handles = [layer.register_forward_hook(count) for layer in layers]
    with torch.no_grad():
        given = module(*inputs)
    for handle in handles:
        handle.remove()
    outputs = given if isinstance(given, tuple | list) else (given,)
    return found, [tuple(output.shape[1:]) for output in outputs]


def made(build: Callable[[], Any]) -> Any:
    with torch.device("meta"):
        return build()


def test_what_is_not_published_has_a_reference_in_the_file_that_the_index_names() -> None:
    assert set(REFERENCES) <= set(zoo())
    for name, entry in zoo().items():
        kind, _, where = entry.counts.partition(": ")
        if kind != "published":
            assert name in import_module(f"references.{Path(where).stem}").REFERENCES
            assert (kind == "arithmetic") == isinstance(REFERENCES[name], counts.Counts), name


@pytest.mark.parametrize("name", REFERENCES)
def test_the_index_is_what_is_counted_by_hand(name: str) -> None:
    entry, reference = zoo()[name], REFERENCES[name]
    if isinstance(reference, counts.Counts):
        assert (entry.params, entry.macs) == reference
        return
    module = made(reference)
    images = [torch.empty(2, *map(int, each.split("x")), device="meta") for each in entry.inputs]
    module.train(len(entry.outputs) > 1)  # side heads are there while it is trained
    macs, outputs = macs_of(module, images)
    assert sum(weight.numel() for weight in module.parameters()) == entry.params
    assert macs == entry.macs
    assert ["x".join(map(str, output)) for output in outputs] == list(entry.outputs)


@pytest.mark.parametrize("name", MODULES)
def test_a_spec_has_the_weights_of_the_module_by_hand(name: str) -> None:
    with torch.device("meta"):
        ours = cnndsl.load(f"zoo:{name}").to_torch()
    theirs = made(REFERENCES[name])
    shapes = [sorted(tuple(weight.shape) for weight in module.parameters()) for module in (ours, theirs)]
    assert shapes[0] == shapes[1]


def copy_weights(model: cnndsl.Model, theirs: Any, ours: Any) -> None:
    """In the order in which both have them, or else by their places in what is executed."""
    pairs = list(zip(theirs.state_dict().values(), ours.state_dict().values(), strict=True))
    if all(each.shape == other.shape for each, other in pairs):
        for each, other in pairs:
            other.copy_(each)
    else:
        model.load_weights(ours, theirs.state_dict(), match="order")


def with_statistics(module: Any) -> Any:
    """The module as if its batch norms had seen something."""
    for norm in module.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.running_mean.normal_(0, 0.1)
            norm.running_var.uniform_(0.8, 1.25)
    return module.eval()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in SEVERAL else [pytest.mark.slow]) for name in MODULES]
)
def test_a_spec_computes_what_the_module_by_hand_does(name: str) -> None:
    torch.manual_seed(0)
    model = cnndsl.load(f"zoo:{name}")
    with torch.no_grad():
        theirs, ours = with_statistics(MODULES[name]()), model.to_torch().eval()
        copy_weights(model, theirs, ours)
        images = [torch.randn(1, *end.node.type.shape) for end in model.graph.inputs]
        expected, found = theirs(*images), ours(*images)
    if isinstance(expected, tuple):  # side heads leave with the main one
        assert len(found) == len(expected)
    else:
        found, expected = (found,), (expected,)
    for each, other in zip(found, expected, strict=True):
        scale = other.std() if other.numel() > 1 else other.abs()
        assert (each - other).abs().max() <= 1e-5 * scale
