"""Memory against torch: what is kept for the backward pass, what lives in a pass, what an optimizer keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from specs_in_tests import NETWORKS, graph

import cnndsl
from cnndsl.analyses.memory import OPTIMIZERS, Memory, memory
from cnndsl.graph import Graph, Node
from cnndsl.layers import Layer, layer_types
from cnndsl.layers.extent import Extent
from cnndsl.layers.saved import NUMBER_BYTES

torch = pytest.importorskip("torch")
layer_cases = pytest.importorskip("layer_cases")
test_programs = pytest.importorskip("test_programs")
storages = pytest.importorskip("storages")
programs = pytest.importorskip("programs")

pytestmark = pytest.mark.torch

EXAMPLES = [example.spec for layer in layer_types() for example in layer.examples]
KINDS = ["resnet50", "densenet121", "googlenet", "unet", "mobilenetv2"]
SMALL = {"resnet50": "3x33x40", "densenet121": "3x32x39", "googlenet": "3x64x64", "mobilenetv2": "3x33x40"}
BATCHES = (2, 3)

short = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
long = settings(deadline=None, suppress_health_check=list(HealthCheck))


def spec_graph(name: str, **settings: str) -> Graph:
    return cnndsl.load(f"zoo:{name}", **settings).graph


def saved(found: Memory, batch: int) -> list[int]:
    return [batch * row.saved + row.saved_once for row in found.rows]


def inside_a_network(spec: str) -> str:
    """The same behind a layer that keeps nothing and learns: then what comes in wants a gradient."""
    return re.sub(r"INPUT(\([^)]*\))?", r"\g<0> -> BIAS", spec)


def assert_torch_keeps_as_much(network: Graph, device: str = "cpu") -> None:
    found = memory(network)
    for batch in BATCHES:
        assert saved(found, batch) == storages.saved_by_torch(network, batch, device), f"\n{network}"


def has_spare_room(node: Node) -> bool:
    """On a CPU, a transposed convolution along three axes gives a storage no smaller than that of its input."""
    is_transposed = node.layer.word() == "DECONV" and node.type.rank == 3
    return is_transposed and node.type.elements < node.inputs[0].type.elements


def assert_as_much_lives_in_torch(network: Graph, device: str = "cpu") -> None:
    if any(map(has_spare_room, network)):
        return
    found, alive = memory(network), storages.alive_in_torch(network, 1, device)
    assert (found.peak, found.peak_at.index) == (max(alive), alive.index(max(alive))), f"\n{network}"


# Layers


@pytest.mark.parametrize("place", [str, inside_a_network], ids=["first", "inside"])
@pytest.mark.parametrize("spec", EXAMPLES)
def test_torch_keeps_what_an_example_says(spec: str, place: type[str]) -> None:
    network = cnndsl.parse(place(spec)).graph
    for device in ("cpu", "meta"):
        assert_torch_keeps_as_much(network, device)
        assert_as_much_lives_in_torch(network, device)


def assert_case_agrees(spec: str) -> None:
    for text in (spec, inside_a_network(spec)):
        try:
            network = cnndsl.parse(text).graph
        except cnndsl.SpecError:
            return
        assert_torch_keeps_as_much(network)
        assert_as_much_lives_in_torch(network)


DROPOUTS = layer_cases.shapes(0).flatmap(
    lambda entering: st.sampled_from([0, 0.3, 1]).map(lambda p: layer_cases.spec(entering, "DROPOUT", p))
)
CASES = {**{name: cases.map(lambda case: case.spec) for name, cases in layer_cases.CASES.items()}, "DROPOUT": DROPOUTS}


@pytest.mark.parametrize("specs", CASES.values(), ids=CASES)
@settings(short, max_examples=40)
@given(data=st.data())
def test_torch_keeps_what_random_attributes_say(specs: st.SearchStrategy[str], data: st.DataObject) -> None:
    assert_case_agrees(data.draw(specs))


@pytest.mark.slow
@pytest.mark.parametrize("specs", CASES.values(), ids=CASES)
@settings(long, max_examples=800)
@given(data=st.data())
def test_torch_keeps_what_many_random_attributes_say(specs: st.SearchStrategy[str], data: st.DataObject) -> None:
    assert_case_agrees(data.draw(specs))


@pytest.mark.parametrize(
    "factors", ["x & y", "y & x", "x & x & y", "x & y & x", "y & x & x", "x & y & y", "y & y & y & x", "y & y"]
)
def test_a_factor_is_kept_for_the_gradient_of_another(factors: str) -> None:
    network = graph(f"INPUT(4x5x3) as x -> CONV(4) as y\n[{factors} & y -> GAP]\n[{factors}]")
    assert_torch_keeps_as_much(network)


def test_nothing_is_kept_where_nothing_learns() -> None:
    network = graph("INPUT(3x8x8) -> RELU6 -> POOL -> FILTER(box) -> CONV(4) -> RELU6")
    assert [bool(row.saved) for row in memory(network).rows] == [False, False, False, False, True, True]
    assert_torch_keeps_as_much(network)


class Doubled(Layer):
    """A layer that says nothing of what it keeps, as one of another package."""

    def infer(self, inputs: tuple[cnndsl.layers.TensorType, ...]) -> cnndsl.layers.TensorType:
        return inputs[0]


def test_a_layer_that_says_nothing_keeps_what_comes_in() -> None:
    kept = Doubled({}).saves(
        (cnndsl.layers.TensorType(3), cnndsl.layers.TensorType(3)), cnndsl.layers.TensorType(3), ()
    )
    assert (kept.inputs, kept.output, kept.sample, kept.batch) == ((0, 1), False, 0, 0)


# Copies that depend on how numbers lie in memory, of which a graph says nothing

MOVES = ("CROP", "CHANNELS", "PERMUTE", "LN")
ROWS = ("FC", "FLATTEN", "RESHAPE", "GN", "INSTANCENORM", "DROPPATH")

COPIES = {
    "INPUT(4x6x6) -> CONV(4) -> RELU -> CROP(3) -> FC(2)": 3 * 3 * 4,
    "INPUT(4x6x6) -> CONV(4) -> RELU -> PERMUTE(HWC) -> FC(2)": 6 * 6 * 4,
    "INPUT(4x6x6) -> CONV(4) -> LN -> RELU -> FC(2)": 6 * 6 * 4,
    "INPUT(4x6x6) -> CONV(4) -> RELU -> CHANNELS(0, 2) -> GN(2)": 6 * 6 * 2,
}


@pytest.mark.parametrize(("spec", "numbers"), COPIES.items())
def test_a_copy_of_what_does_not_lie_in_order_is_not_counted(spec: str, numbers: int) -> None:
    network = graph(spec)
    (torchs, ours) = storages.saved_by_torch(network, 2), saved(memory(network), 2)
    assert torchs[:-1] == ours[:-1]
    assert torchs[-1] - ours[-1] == 2 * numbers * NUMBER_BYTES


def copied(network: Graph) -> Iterator[Node]:
    """What torch may copy: a map that is read row by row, in a network with a layer that makes rows lie apart."""
    if any(node.layer.word() in MOVES for node in network):
        yield from (read for node in network if node.layer.word() in ROWS for read in node.inputs)


# Programs


def assert_program_agrees(program: programs.Program) -> None:
    for network in test_programs.compiled(program).graphs:
        if len(network) > test_programs.MOST_NODES or any(map(has_spare_room, network)):
            continue
        if slack := sum(largest_behind(node) * NUMBER_BYTES for node in copied(network)):
            ours, torchs = saved(memory(network), 2), storages.saved_by_torch(network, 2)
            assert abs(sum(ours) - sum(torchs)) <= 2 * slack, f"\n{network}"
        else:
            assert_torch_keeps_as_much(network)
            assert_as_much_lives_in_torch(network)


def largest_behind(node: Node) -> int:
    """The numbers of a value, or of the largest that it may be a view of."""
    largest = node.type.elements
    while node.inputs and node.layer.is_view(node.input_types, node.type):
        node = node.inputs[0]
        largest = max(largest, node.type.elements)
    return largest


@settings(short, max_examples=100)
@given(programs.programs())
def test_torch_keeps_what_random_programs_say(program: programs.Program) -> None:
    assert_program_agrees(program)


@pytest.mark.slow
@settings(long, max_examples=2_000)
@given(programs.programs())
def test_torch_keeps_what_many_random_programs_say(program: programs.Program) -> None:
    assert_program_agrees(program)


# Specs


def kept_by_module(model: cnndsl.Model, batch: int, device: str) -> int:
    """The bytes of the distinct storages that the whole module keeps, weights and buffers left out."""
    with torch.device(device):
        module = model.to_torch()
        inputs = [torch.rand(batch, *end.node.type.shape) for end in model.graph.inputs]
    own = {each.untyped_storage()._cdata for each in (*module.parameters(), *module.buffers())}
    held: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: held.append(tensor) or tensor, lambda kept: kept):
        outputs = module(*inputs)
    sizes = {each.untyped_storage()._cdata: each.untyped_storage().nbytes() for each in held}
    assert outputs is not None
    return sum(size for key, size in sizes.items() if key not in own)


@pytest.mark.parametrize("batch", [4, 16])
@pytest.mark.parametrize("name", KINDS)
def test_a_module_keeps_what_is_said_of_its_spec(name: str, batch: int) -> None:
    """At full size; the meta device keeps the same storages as the CPU, as the tests around show."""
    model = cnndsl.load(f"zoo:{name}")
    ours, torchs = memory(model.graph).training(batch).saved, kept_by_module(model, batch, "meta")
    assert ours == torchs


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_as_much_lives_in_a_pass_of_a_spec(spec: str) -> None:
    assert_as_much_lives_in_torch(cnndsl.load(spec).graph, "meta")


@pytest.mark.parametrize(("name", "input"), SMALL.items(), ids=SMALL)
def test_on_a_cpu_every_node_of_a_small_input_keeps_what_is_said(name: str, input: str) -> None:
    network = spec_graph(name, input=input)
    ours = saved(memory(network), 2)
    assert ours == storages.saved_by_torch(network, 2) == storages.saved_by_torch(network, 2, "meta")
    assert_as_much_lives_in_torch(network)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_on_a_cpu_a_module_keeps_what_is_said_of_its_spec(name: str) -> None:
    model, batch = cnndsl.load(f"zoo:{name}"), 1 if name == "unet" else 4
    assert memory(model.graph).training(batch).saved == kept_by_module(model, batch, "cpu")


def test_outputs_are_not_what_is_kept() -> None:
    """Their sum is too much in one network, and too little in another: hence a rule for every layer."""
    ratios = {}
    for name in KINDS:
        found = memory(spec_graph(name))
        ratios[name] = sum(row.node.type.elements for row in found.rows) * NUMBER_BYTES * 4 / found.training(4).saved
    assert ratios["resnet50"] > 1.7
    assert ratios["unet"] > 1.7
    assert ratios["googlenet"] < 0.85  # its LRN keeps three more maps
    section = (ROOT / "docs" / "counting.md").read_text().split("\n## Memory\n")[1]
    shown = re.findall(r"^\| (\w+) \| ([\d,]+) \| ([\d.]+) times that \|$", section, re.MULTILINE)
    saved = {name: memory(spec_graph(name)).training(4).saved for name in KINDS}
    assert shown == [(name, f"{saved[name]:,}", f"{ratios[name]:.2f}") for name in KINDS]


# One pass


def test_a_peak_is_what_lives_together() -> None:
    network = graph("INPUT(2x4x4) -> CONV(4, 1) as x -> RELU -> CONV(4, 1) -> [ID + x] -> FLATTEN -> FC(3)")
    found = memory(network)
    assert found.peak_at.path == "conv2"  # x, which is read later, and what enters and leaves the convolution
    assert found.peak == 3 * 4 * 4 * 4 * NUMBER_BYTES
    assert [row.activation for row in found.rows[-2:]] == [0, 3 * NUMBER_BYTES]


def test_where_a_pooling_found_its_values_lives_until_they_are_put_back() -> None:
    network = graph("INPUT(2x8x8) -> POOL as p -> CONV(2) -> CONV(2) -> UNPOOL(p)")
    assert memory(network).peak == 2 * 4 * 4 * 8 + (2 * 4 * 4 + 2 * 8 * 8) * NUMBER_BYTES
    assert_as_much_lives_in_torch(network)


def test_an_input_that_is_read_late_lives_from_the_start() -> None:
    network = graph("INPUT(1x8x8) -> CONV(400) -> POOL(8) -> CONV(2) -> [ID, INPUT(500x1x1)] -> CONV(1)")
    assert memory(network).peak == (500 + 400 * 64 + 400) * NUMBER_BYTES
    assert_as_much_lives_in_torch(network)


def test_an_output_lives_to_the_end() -> None:
    network = graph("INPUT(2x4x4) -> CONV(4) as early\nearly -> POOL(4) -> FC(100)\nearly")
    assert memory(network).peak == (4 * 4 * 4 + 4 + 100) * NUMBER_BYTES
    assert_as_much_lives_in_torch(network)


# Training


def torch_optimizer(name: str, weights: Iterator[torch.nn.Parameter]) -> torch.optim.Optimizer:
    optim = torch.optim
    return {
        "sgd": lambda: optim.SGD(weights, 0.1),
        "momentum": lambda: optim.SGD(weights, 0.1, momentum=0.9),
        "rmsprop": lambda: optim.RMSprop(weights, 0.1),
        "adam": lambda: optim.Adam(weights, 0.1),
        "adamw": lambda: optim.AdamW(weights, 0.1),
    }[name]()


TIED = "shared f = CONV(3) -> BN\nINPUT(3x8x8) -> f -> RELU -> f -> GAP -> FC(5)"


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("text", [TIED, "INPUT(3x8x8) -> CONV(8) -> INSTANCENORM(shift=true, running=true) -> FC"])
def test_an_optimizer_keeps_what_is_said_of_it(name: str, text: str) -> None:
    model = cnndsl.parse(text)
    module = model.to_torch()
    optimizer = torch_optimizer(name, module.parameters())
    module(torch.rand(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    states = [value for state in optimizer.state.values() for value in state.values() if torch.is_tensor(value)]
    found = memory(model.graph).training(2, name)
    assert found.optimizer == sum(each.nbytes for each in states)
    assert found.parameters == sum(each.nbytes for each in module.parameters())
    assert found.gradients == sum(each.grad.nbytes for each in module.parameters())
    assert found.buffers == sum(each.nbytes for each in module.buffers())
    assert found.total == found.saved + found.parameters + found.gradients + found.optimizer + found.buffers


def test_an_unknown_optimizer_is_told() -> None:
    with pytest.raises(KeyError, match="lion"):
        memory(graph("INPUT -> FC")).training(1, "lion")


def test_open_sizes_give_formulas() -> None:
    text = "INPUT(3xHxW) -> CONV(8, stride=2) -> BN -> RELU6 -> POOL(3, 2) -> GAP -> FC(10)"
    found = memory(graph(text))
    exact = memory(graph(text.replace("HxW", "33x47")))
    sizes = {"H": 33, "W": 47}
    kept = found.training(4).saved
    assert isinstance(found.peak, Extent)
    assert isinstance(kept, Extent)
    assert (found.peak.evaluate(sizes), kept.evaluate(sizes)) == (exact.peak, exact.training(4).saved)


@pytest.mark.gpu
@pytest.mark.parametrize("name", KINDS)
def test_a_gpu_holds_what_is_said_of_training(name: str) -> None:
    """At most a third more for workspaces and the gradients on their way; less only by the masks of dropout."""
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    model, batch = cnndsl.load(f"zoo:{name}"), 4
    said = memory(model.graph).training(batch, "adam")
    module = model.to_torch().cuda()
    optimizer = torch.optim.Adam(module.parameters())
    inputs = torch.rand(batch, *model.graph.inputs[0].node.type.shape, device="cuda")
    for _ in range(2):  # the optimizer makes its state at the end of the first step
        torch.cuda.reset_peak_memory_stats()
        optimizer.zero_grad()
        module(inputs).sum().backward()
        optimizer.step()
    measured = torch.cuda.max_memory_allocated()
    assert 0.66 < said.total / measured < 1.1, f"{said.total:,} said, {measured:,} measured"
