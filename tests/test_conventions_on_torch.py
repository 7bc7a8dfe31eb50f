"""What a convention counts is what its tool counts in the module that cnndsl makes, to the unit.

The module is in evaluation mode and gets one sample. torchinfo and torch count on the meta device; fvcore's tracing
does not work there, and ptflops counts other numbers there, as torch carries out a dense layer in other steps.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from programs import Program, programs
from specs_in_tests import NETWORKS, graph

import cnndsl
from cnndsl.analyses.conventions import CONVENTIONS, counted
from cnndsl.compiler import compile_source
from cnndsl.graph import Graph
from cnndsl.layers import TensorType, built_in_layer_types
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Options, options
from cnndsl.model import Model
from cnndsl.source import Source

torch = pytest.importorskip("torch")
meta = pytest.importorskip("meta")

pytestmark = pytest.mark.torch

Make = Callable[[str], "torch.nn.Module"]
"""The module, made anew on a device: tools leave traces in it."""

Sizes = Sequence[tuple[int, ...]]
"""The shape of each input, without the batch."""


def by_torchinfo(make: Make, sizes: Sizes) -> int:
    torchinfo = pytest.importorskip("torchinfo")
    inputs = [torch.empty(1, *size, device="meta") for size in sizes]
    statistics = torchinfo.summary(make("meta"), input_data=inputs, device="meta", verbose=0)
    return int(statistics.total_mult_adds)


def by_fvcore(make: Make, sizes: Sizes) -> int:
    fvcore = pytest.importorskip("fvcore.nn")
    logging.getLogger("fvcore").setLevel(logging.ERROR)
    analysis = fvcore.FlopCountAnalysis(make("cpu"), tuple(torch.zeros(1, *size) for size in sizes))
    return int(analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total())


def by_ptflops(make: Make, sizes: Sizes) -> int:
    ptflops = pytest.importorskip("ptflops")
    more: dict[str, Any] = {}
    if len(sizes) > 1:
        names = ["x", *(f"x{place}" for place in range(2, len(sizes) + 1))]
        inputs = {name: torch.zeros(1, *size) for name, size in zip(names, sizes, strict=True)}
        more = {"input_constructor": lambda _: inputs}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        found, _ = ptflops.get_model_complexity_info(
            make("cpu"), tuple(sizes[0]), as_strings=False, print_per_layer_stat=False, **more
        )
    assert found is not None, said.getvalue()
    return int(found)


def by_torch(make: Make, sizes: Sizes) -> int:
    from torch.utils.flop_counter import FlopCounterMode

    inputs = [torch.empty(1, *size, device="meta") for size in sizes]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        make("meta")(*inputs)
    return int(counter.get_total_flops())


TOOLS = {"torchinfo": by_torchinfo, "fvcore": by_fvcore, "ptflops": by_ptflops, "torch": by_torch}

each_tool = pytest.mark.parametrize("tool", TOOLS)


def by_tool(tool: str, model: Model) -> int:
    def make(device: str) -> torch.nn.Module:
        with torch.device("meta"):
            network = model.to_torch().eval()
        return network.to_empty(device=device)  # no tool looks at values

    return TOOLS[tool](make, [end.node.type.shape for end in model.graph.inputs])


def test_every_convention_is_compared_with_its_tool() -> None:
    assert list(TOOLS) == list(CONVENTIONS)


@pytest.mark.parametrize(
    ("package", "modelled"),
    [("torchinfo", "1.8."), ("fvcore", "0.1.5"), ("ptflops", "0.7.5"), ("torch", "2.13.")],
)
def test_the_page_names_the_versions_that_are_compared(package: str, modelled: str) -> None:
    pytest.importorskip(package)
    assert version(package).startswith(modelled)
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{package}` |"))
    assert f"{package} {modelled.rstrip('.')}" in line


PAGE = (Path(__file__).parent.parent / "docs" / "counting.md").read_text()


# Specs

SLOW = {("unet", "fvcore"), ("unet", "ptflops")}
"""They carry out 150 G products."""

SPECS_BY_TOOL = [
    pytest.param(spec, tool, id=f"{spec.stem}-{tool}", marks=[pytest.mark.slow] if (spec.stem, tool) in SLOW else [])
    for spec in NETWORKS
    for tool in TOOLS
]


@pytest.mark.parametrize(("spec", "tool"), SPECS_BY_TOOL)
def test_a_spec(spec: Path, tool: str) -> None:
    model = cnndsl.load(spec)
    assert counted(model.graph, tool).total == by_tool(tool, model)


@each_tool
def test_a_small_unet(tool: str) -> None:
    level = "level(4, 24, double(8))"
    text = (
        "double(c) = [CONV(c, 3, padding=valid) -> RELU]*2\n"
        "level(c, size, inner) = double(c) -> [CROP(size), POOL -> inner -> DECONV(c, 2, 2)] -> double(c)\n"
        f"INPUT(1x36x36) -> {level} -> CONV(2, 1)"
    )
    model = cnndsl.parse(text)
    assert counted(model.graph, tool).total == by_tool(tool, model)


# Layers

EXAMPLES = list(dict.fromkeys(example.spec for layer in built_in_layer_types() for example in layer.examples))


@each_tool
@pytest.mark.parametrize("spec", EXAMPLES)
def test_an_example(spec: str, tool: str) -> None:
    model = cnndsl.parse(spec)
    assert counted(model.graph, tool).total == by_tool(tool, model)


class Chain:
    """A layer of another package, as far as counting looks at it: steps one behind the other."""

    def __init__(self, steps: tuple[Any, ...], parameters: dict[str, tuple[int, ...]]) -> None:
        self.steps = steps
        self.weights = parameters

    def lower(self, inputs: object, output: object) -> tuple[Any, ...]:
        return self.steps

    def parameters(self, inputs: object) -> dict[str, tuple[int, ...]]:
        return self.weights

    def macs(self, inputs: object, output: object) -> int:
        return 7


def written(settings: dict[str, Any]) -> Options:
    return options(**{name: (value, None) for name, value in settings.items()})


def conv(**settings: Any) -> ModuleCall:
    sizes = {"in_channels": 4, "out_channels": 6, "kernel_size": 3}
    return ModuleCall("torch.nn.Conv2d", sizes, written(settings))


def module(name: str, **settings: Any) -> ModuleCall:
    return ModuleCall(f"torch.nn.{name}", options=written(settings), suffix="more")


CHAINS = {
    "conv-norm-relu-pool": (
        conv(padding=1),
        module("InstanceNorm2d", num_features=6),
        module("ReLU"),
        module("MaxPool2d", kernel_size=2, stride=1, padding=1),
        module("ELU"),
        module("AdaptiveAvgPool2d", output_size=(3, None)),
        module("ReLU"),
        module("PReLU", num_parameters=1),
    ),
    "dilated": (module("ZeroPad2d", padding=(1, 2, 3, 0)), conv(dilation=2, stride=2, bias=False), module("GELU")),
    "same": (conv(padding="same"), module("Upsample", scale_factor=2), module("AvgPool2d", kernel_size=3)),
    "valid": (conv(padding="valid"), module("Upsample", size=5), module("SiLU"), module("Softmax", dim=1)),
    "transposed": (
        ModuleCall("torch.nn.ConvTranspose2d", {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 3)}),
        module("LeakyReLU"),
    ),
    "rows": (ModuleCall("torch.nn.Linear", {"in_features": 8, "out_features": 5}), module("ReLU")),
    "flat": (
        module("Flatten"),
        ModuleCall("torch.nn.Linear", {"in_features": 4 * 9 * 8, "out_features": 12}),
        module("ReLU"),
        module("Unflatten", dim=1, unflattened_size=(3, 2, 2)),
        module("Upsample", scale_factor=3),
        module("ReLU"),
        module("ReLU6"),
    ),
}


@each_tool
@pytest.mark.parametrize("steps", CHAINS.values(), ids=CHAINS)
def test_a_layer_that_is_made_of_modules_of_torch(steps: tuple[ModuleCall, ...], tool: str) -> None:
    if tool == "torchinfo" and "PReLU" in steps[-1].path:
        steps = steps[:-1]  # of a layer, one step has the weights

    def make(device: str) -> torch.nn.Module:
        with torch.device(device):
            return torch.nn.Sequential(*map(meta._build, steps)).eval()

    size = (4, 9, 8)
    channels, *spatial = make("cpu")(torch.zeros(1, *size)).shape[1:]
    assert total(Chain(steps, weights(steps)), size, TensorType(channels, tuple(spatial)), tool) == TOOLS[tool](
        make, [size]
    )


def weights(steps: tuple[ModuleCall, ...]) -> dict[str, tuple[int, ...]]:
    """The parameters of the step that has them."""
    (holder,) = (step for step in steps if not step.suffix)
    return {name: tuple(weight.shape) for name, weight in meta._build(holder).named_parameters()}


def total(layer: Chain, size: tuple[int, ...], output: TensorType, tool: str) -> int:
    """What is counted in a network of one such layer."""
    from dataclasses import replace

    whole = graph("INPUT -> RELU")
    start = replace(whole.nodes[0], type=TensorType(size[0], size[1:]))
    node = replace(whole.nodes[1], layer=layer, inputs=(start,), type=output)
    return counted(Graph("net", (start, node), whole.inputs, whole.outputs), tool).total


@each_tool
def test_a_module_of_another_package_has_the_products_that_its_layer_says(tool: str) -> None:
    layer = Chain((ModuleCall("elsewhere.Conv4d"), module("ReLU")), {"weight": (5,), "weight_g": (2,), "alpha": (9,)})
    expected = {"torchinfo": 5 * 4 + 2 * 3, "fvcore": 7, "ptflops": 2 * 12, "torch": 14}
    assert total(layer, (3, 2, 2), TensorType(3, (2, 2)), tool) == expected[tool]


@pytest.mark.parametrize(
    ("function", "count"),
    [("nn.functional.relu", 12), ("nn.functional.silu", 12), ("add", 12), ("nn.functional.sigmoid", 0), ("abs", 0)],
)
def test_a_function_counts_once_for_ptflops(function: str, count: int) -> None:
    class Called(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            called = torch.nn.functional if function.startswith("nn.") else torch
            return getattr(called, function.rpartition(".")[2])(*[x] * (2 if function == "add" else 1))

    layer = Chain((FunctionCall(f"torch.{function}"),), {})
    layer.macs = lambda *_: 0  # type: ignore[method-assign]
    assert total(layer, (3, 2, 2), TensorType(3, (2, 2)), "ptflops") == count
    assert by_ptflops(lambda _: Called(), [(3, 2, 2)]) == count


# Several uses of the same weights


@each_tool
def test_weights_that_are_used_again_count_again(tool: str) -> None:
    model = cnndsl.parse("shared head = CONV(8) -> BN -> RELU\nINPUT(8x6x6) -> head -> head -> POOL -> head -> FC(10)")
    assert counted(model.graph, tool).total == by_tool(tool, model)


def test_ptflops_visits_a_module_at_each_of_its_places() -> None:
    """Each time it takes all uses: of two uses at two places it makes four."""
    model = cnndsl.parse("shared head = CONV(8)\nouter = head -> TANH\nINPUT(8x6x6) -> head -> outer")
    once = 8 * 8 * 9 * 36 + 8 * 36
    assert counted(model.graph, "ptflops").total == 2 * once
    assert by_tool("ptflops", model) == 4 * once
    for tool in ("torchinfo", "fvcore", "torch"):
        assert counted(model.graph, tool).total == by_tool(tool, model)


# Random programs

short = settings(derandomize=True, deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
long = settings(deadline=None, max_examples=1_000, suppress_health_check=list(HealthCheck))

MOST_NODES = 150


@each_tool
@short
@given(program=programs())
def test_a_random_program(tool: str, program: Program) -> None:
    compare(tool, program)


@pytest.mark.slow
@each_tool
@long
@given(program=programs())
def test_many_random_programs(tool: str, program: Program) -> None:
    compare(tool, program)


def compare(tool: str, program: Program) -> None:
    source = Source("net.cnn", program.text)
    for network in compile_source(source, program.parameters).graphs:
        model = Model(source, network, ())
        if len(network) <= MOST_NODES and not (tool == "ptflops" and has_modules_at_two_places(model)):
            assert counted(network, tool).total == by_tool(tool, model), f"\n{program}"


def has_modules_at_two_places(model: Model) -> bool:
    with torch.device("meta"):
        network = model.to_torch()
    return len(list(network.modules())) < len(list(network.named_modules(remove_duplicate=False)))
