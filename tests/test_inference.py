"""What `optimize="inference"` makes of a network: the same results, with less to compute."""

from __future__ import annotations

import copy
import io

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from programs import Program, programs
from small import small
from specs_in_tests import NETWORKS

import cnndsl
from cnndsl.compiler import compile_source
from cnndsl.model import Model
from cnndsl.source import Source

torch = pytest.importorskip("torch")
nn = torch.nn

from cnndsl.backends.torch.inference import PackedConv2d  # noqa: E402  (it imports torch)

pytestmark = pytest.mark.torch

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
RELUS = (nn.ReLU, nn.ReLU6)

SEVERAL = ("densenet", "googlenet", "lenet5", "mobilenetv2", "mobilenetv3", "resnet", "shufflenetv2", "squeezenet")

ALL = [pytest.param(name, marks=[] if name in SEVERAL else pytest.mark.slow) for name in (x.stem for x in NETWORKS)]

MOST_NODES = 60
"""A random program with more takes long."""

FOLDED_INTO = {"CONV", "DWCONV", "DECONV", "FC"}


def trained(model: Model) -> torch.nn.Module:
    """The network as after some training: its norms have seen values like those that come, and have learned."""
    torch.manual_seed(0)
    module = model.to_torch()
    for norm in norms(module):
        norm.momentum = None  # the average of what it sees
    with torch.no_grad():
        for _ in range(2):
            module(*entering(model, batch=4))
        for norm in norms(module):
            norm.momentum = 0.1
            norm.running_mean += 0.3 * torch.randn_like(norm.running_mean) * norm.running_var.sqrt()
            norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.8, 1.25)
            for each, mean in ((norm.weight, 1), (norm.bias, 0)):
                if each is not None:
                    each.copy_(mean + 0.1 * torch.randn_like(each))
    return module.eval()


def norms(module: torch.nn.Module) -> list[torch.nn.Module]:
    return [each for each in module.modules() if isinstance(each, NORMS)]


def entering(model: Model, batch: int = 2) -> list[torch.Tensor]:
    return [torch.randn(batch, *end.node.type.shape) for end in model.graph.inputs]


def left(model: Model) -> int:
    """How many norms stay: those that stand before their convolution, or behind one that others read, too."""
    readers = model.graph.readers()
    behind = [node.inputs[0] for node in model.graph if node.layer.word() == "BN"]
    return sum(read.layer.word() not in FOLDED_INTO or len(readers[read]) > 1 for read in behind)


def several(outputs: object) -> tuple[torch.Tensor, ...]:
    return outputs if isinstance(outputs, tuple) else (outputs,)  # type: ignore[return-value]


def assert_same(module: torch.nn.Module, model: Model, inputs: list[torch.Tensor]) -> torch.nn.Module:
    """What is made of a module gives the same: in float64 for all that counts, in float32 as far as that goes.

    A float32 result may be off by 1e-5 of the standard deviation, and by twice as much as that of the module itself.
    Behind an UNPOOL it may be anything: of two values that are as large, rounding says which of the places is filled.
    """
    is_steady = not has_places(model)
    kept = copy.deepcopy(inputs)
    exact = copy.deepcopy(module).double()
    wide = [each.double() for each in inputs]
    made = model.optimized(module)
    for is_recorded in (False, True):
        with torch.set_grad_enabled(is_recorded):
            truth = several(exact(*wide))
            for expected, found in zip(truth, several(model.optimized(exact)(*wide)), strict=True):
                assert far(found, expected) <= 1e-10
            outputs = zip(several(module(*inputs)), several(made(*inputs)), truth, strict=True)
            for plain, found, expected in outputs if is_steady else ():
                assert far(found, expected) <= 1e-5 + 2 * far(plain, expected)
    assert all(map(torch.equal, kept, inputs))
    return made


def has_places(model: Model) -> bool:
    """Whether values are put where maxima were."""
    return any(node.layer.word() == "UNPOOL" for node in model.graph)


def far(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference, in standard deviations of what is expected."""
    assert found.shape == expected.shape
    spread = expected.detach().std() if expected.numel() > 1 else expected.detach().abs()
    return float((found - expected).detach().abs().max() / spread.clamp(min=1e-3))


def optimised(text: str) -> torch.nn.Module:
    """The network of a text, trained and then optimised; it gives what it gave."""
    model = cnndsl.parse(text)
    return assert_same(trained(model), model, entering(model))


def test_the_norms_that_stay_are_counted() -> None:
    assert left(cnndsl.load("zoo:densenet121")) == 62
    assert left(cnndsl.load("zoo:resnet50")) == 0


@pytest.mark.parametrize("spec", ALL)
def test_every_spec_computes_the_same(spec: str) -> None:
    model = small(spec)
    module = trained(model)
    made = assert_same(module, model, entering(model))
    assert len(norms(made)) == left(model)
    assert any(isinstance(each, PackedConv2d) for each in made.modules()) == any(
        type(each) is nn.Conv2d for each in module.modules()
    )


@pytest.mark.parametrize("name", ["densenet121", "googlenet", "mobilenetv2", "resnet50"])
def test_on_a_picture_of_its_size_a_network_gives_the_same_to_1e_5_of_the_deviation(name: str) -> None:
    model = cnndsl.load(f"zoo:{name}")
    module, inputs = trained(model), entering(model)
    with torch.no_grad():
        assert far(model.optimized(module)(*inputs), module(*inputs)) <= 1e-5


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("INPUT(3x8x8) -> CONV(4) -> BN -> RELU -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4, bias=true) -> BN(scale=false) -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4) -> BN(shift=false) -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4) -> BN(scale=false, shift=false) -> FC(2)", 0),
        ("INPUT(4x8x8) -> DWCONV -> BN -> CONV(8, groups=2) -> BN -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4, 2, padding=same) -> BN -> FC(2)", 0),
        ("INPUT(3x8x8) -> DECONV(4, 2, 2) -> BN -> FC(2)", 0),
        ("INPUT(4x8x8) -> DECONV(6, 2, 2, groups=2) -> BN -> FC(2)", 0),
        ("INPUT(4x8x8) -> DECONV(6, 2, 2, groups=2, bias=true) -> BN(scale=false, shift=false) -> FC(2)", 0),
        ("INPUT(3x20) -> CONV(4) -> BN -> RELU -> DECONV(4, 2, 2) -> BN -> FC(2)", 0),
        ("INPUT(3x4x8x8) -> CONV(4) -> BN -> RELU -> DECONV(4, 2, 2) -> BN -> FC(2)", 0),
        ("INPUT(12) -> FC(7) -> BN -> RELU -> FC(2) -> BN", 0),
        (
            "down = CONV(4, padding=valid) -> BN -> RELU\n"
            "INPUT(1x20x20) -> down -> [CROP(12), POOL -> down -> DECONV(4, 2, 2) -> CROP(12)] -> down -> CONV(2, 1)",
            0,
        ),
        ("INPUT(3xHxW) -> CONV(4) -> BN -> RELU -> GAP -> FC(2)", 0),
        ("INPUT(3x8x8) -> BN -> RELU -> CONV(4) -> RELU -> BN -> FC(2)", 2),
        ("INPUT(3x8x8) -> CONV(4) -> [BN + ID] -> FC(2)", 1),
        ("INPUT(3x8x8) -> CONV(4) -> [BN, BN] -> FC(2)", 2),
        ("INPUT(3x8x8) -> CONV(4) as maps -> BN -> FC(2) as classes\nmaps", 1),
        ("f = CONV(3) -> BN -> RELU\nshared g = CONV(3) -> BN -> RELU\nINPUT(3x8x8) -> f -> g -> g -> f -> FC(2)", 1),
        ("f(shared c) = c -> BN -> RELU -> c -> BN\nINPUT(3x8x8) -> f(CONV(3)) -> FC(2)", 2),
    ],
)
def test_norms_are_folded_where_nobody_else_reads_or_uses_what_they_follow(text: str, left: int) -> None:
    if "H" in text:
        model = cnndsl.parse(text)
        module = trained(cnndsl.parse(text, input=(3, 9, 7)))
        made = assert_same(module, model, [torch.randn(2, 3, 12, 5)])
    else:
        made = optimised(text)
    assert len(norms(made)) == left


@pytest.mark.parametrize(
    ("text", "overwriting"),
    [
        ("INPUT(3x8x8) -> CONV(4) -> BN -> RELU -> CONV(4) -> RELU6 -> FC(2) -> RELU", 3),
        ("INPUT(3x8x8) -> CONV(4) -> DROPOUT -> RELU -> FC(2)", 1),
        ("INPUT(3x8x8) -> RELU -> FC(2)", 0),
        ("INPUT(3x8x8) -> DROPOUT -> RELU -> FC(2)", 0),
        ("INPUT(3x8x8) -> [CONV(4) -> BN + CONV(4)] -> RELU -> FC(2)", 1),
        ("INPUT(3x8x8) -> CONV(4) -> [RELU + ID] -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4) -> [RELU + DROPOUT] -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4) -> [DROPOUT -> RELU + ID] -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4) -> SIGMOID -> RELU -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4) -> SOFTMAX -> RELU -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4) -> [CHANNELS(0, 2) -> RELU, CHANNELS(2, 4)] -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4) -> FLATTEN -> RELU -> FC(2)", 0),
        ("INPUT(3x8x8) -> CONV(4) as maps -> RELU -> FC(2) as classes\nmaps", 0),
        ("shared g = CONV(3) -> RELU\nINPUT(3x8x8) -> [g, g] -> FC(2)", 0),
    ],
)
def test_relus_write_where_they_read_if_nobody_else_needs_that(text: str, overwriting: int) -> None:
    made = optimised(text)
    written = sum(each.inplace for each in made.modules() if isinstance(each, RELUS))
    by_convolutions = sum(each.activation != "none" for each in made.modules() if isinstance(each, PackedConv2d))
    assert written + by_convolutions == overwriting


def test_values_go_back_to_the_same_places() -> None:
    made = optimised("INPUT(3x8x8) -> CONV(4) -> BN -> TANH -> POOL as p -> CONV(4) -> BN -> UNPOOL(p) -> CONV(2)")
    assert not norms(made)


def test_dropout_is_gone_and_train_does_not_bring_it_back() -> None:
    model = cnndsl.parse(
        "INPUT(3x8x8) -> CONV(4) -> BN -> DROPOUT -> [CONV(4) -> DROPPATH(0.5) + ID] -> NOISE(1) -> FC(2)"
    )
    made = model.to_torch(optimize="inference")
    assert not made.training
    inputs = entering(model)
    before = made(*inputs)
    made.train()
    assert torch.equal(made(*inputs), before)


def test_weights_of_convolutions_have_their_channels_last() -> None:
    flat = optimised("INPUT(3x8x8) -> CONV(4) -> DECONV(4, 3) -> FC(2)")
    deep = optimised("INPUT(3x8x8x8) -> CONV(4) -> DECONV(4, 3) -> FC(2)")
    for module, rank, layout in ((flat, 4, torch.channels_last), (deep, 5, torch.channels_last_3d)):
        weights = [each for each in module.parameters() if each.dim() == rank]
        assert len(weights) == 2
        assert all(each.is_contiguous(memory_format=layout) for each in weights)


def test_the_module_that_is_given_stays_as_it_is() -> None:
    model = cnndsl.load("zoo:resnet50", input=(3, 64, 64))
    module = trained(model).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    model.optimized(module)
    assert module.training
    assert len(norms(module)) == 53
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_what_is_optimised_already_may_be_optimised_again() -> None:
    model = cnndsl.parse("INPUT(3x8x8) -> CONV(4) -> BN -> RELU -> FC(2)")
    assert_same(model.optimized(trained(model)), model, entering(model))


def test_another_network_s_module_is_refused() -> None:
    one, other = cnndsl.parse("INPUT(3x8x8) -> CONV(4) -> BN -> FC(2)"), cnndsl.parse("INPUT(3x8x8) -> FC(2)")
    with pytest.raises(ValueError, match="the module has no conv1: it is not one of this network"):
        one.optimized(other.to_torch())


def test_another_aim_is_refused() -> None:
    with pytest.raises(ValueError, match="optimize is \"inference\" or None, not 'training'"):
        cnndsl.load("zoo:lenet5").to_torch(optimize="training")  # type: ignore[arg-type]


def test_it_costs_nothing_on_meta() -> None:
    with torch.device("meta"):
        made = cnndsl.load("zoo:resnet50").to_torch(optimize="inference")
        assert made(torch.rand(2, 3, 224, 224)).shape == (2, 1000)


# the convolution whose weight is kept in oneDNN's layout


def test_relus_behind_convolutions_are_theirs_but_not_those_behind_sums() -> None:
    names = ("resnet50", "mobilenetv2", "googlenet")
    left = {name: cnndsl.load(f"zoo:{name}").to_torch(optimize="inference") for name in names}
    kinds = {
        name: sum(isinstance(part, nn.ReLU | nn.ReLU6) for part in module.modules()) for name, module in left.items()
    }
    assert kinds == {"resnet50": 16, "mobilenetv2": 0, "googlenet": 0}


@pytest.mark.parametrize("activation", ["RELU", "RELU6"])
def test_what_a_convolution_activates_it_does_with_gradients_too(activation: str) -> None:
    model = cnndsl.parse(f"INPUT(3x8x8) -> CONV(4) -> BN -> {activation} -> CONV(4, 1)")
    module = trained(model)
    made, inputs = model.optimized(module), entering(model)
    (packed, *_) = (part for part in made.modules() if isinstance(part, PackedConv2d))
    assert packed.activation != "none"
    with torch.no_grad():
        fast = made(*inputs)
    recorded = made(*inputs)
    recorded.sum().backward()
    assert torch.allclose(fast, recorded.detach(), atol=1e-5)
    assert packed.weight.grad is not None
    assert packed.weight.grad.abs().max() > 0


@pytest.mark.parametrize(
    "spec",
    [
        "INPUT(3x8x8) -> CONV(4) -> [RELU + ID]",
        "INPUT(3x8x8) -> CONV(4) -> BN as x -> RELU as y\nx -> CONV(2)",
        "shared f = CONV(3) -> RELU\nINPUT(3x8x8) -> f -> f",
    ],
)
def test_what_others_read_is_not_activated_before(spec: str) -> None:
    assert any(isinstance(part, nn.ReLU) for part in optimised(spec).modules())


@pytest.fixture
def convolution() -> PackedConv2d:
    """A convolution that has run."""
    (made,) = optimised("INPUT(8x6x6) -> CONV(16)").children()
    assert isinstance(made, PackedConv2d)
    return made


def picture() -> torch.Tensor:
    return torch.randn(2, 8, 6, 6)


def assert_is_plain(convolution: PackedConv2d, input: torch.Tensor) -> None:
    """It gives what torch's own convolution gives for its weights."""
    expected = nn.functional.conv2d(input, convolution.weight, convolution.bias, padding=1)
    with torch.no_grad():
        assert torch.allclose(convolution(input), expected, atol=1e-5)


@pytest.mark.parametrize("change", ["in place", "loaded", "assigned", "another tensor"])
def test_changed_weights_are_seen(convolution: PackedConv2d, change: str) -> None:
    other = {name: torch.randn_like(value) for name, value in convolution.state_dict().items()}
    if change == "in place":
        with torch.no_grad():
            convolution.weight.mul_(2)
    elif change == "another tensor":
        convolution.weight = nn.Parameter(other["weight"])
    else:
        convolution.load_state_dict(other, assign=change == "assigned")
    assert_is_plain(convolution, picture())


def test_it_takes_maps_of_any_size(convolution: PackedConv2d) -> None:
    for shape in ((1, 8, 3, 9), (5, 8, 1, 1), (0, 8, 4, 4), (8, 5, 5)):
        assert_is_plain(convolution, torch.randn(shape))


@pytest.mark.parametrize("shape", [(2, 5, 6, 6), (2, 8, 0, 6), (8, 6), (2, 8, 6, 6, 6)])
def test_it_refuses_what_torch_s_own_refuses(convolution: PackedConv2d, shape: tuple[int, ...]) -> None:
    convolution.padding = (0, 0)
    plain = nn.Conv2d(8, 16, 3)
    for module in (plain, convolution):
        with torch.no_grad(), pytest.raises(RuntimeError):
            module(torch.randn(shape))


def test_a_map_that_the_kernel_does_not_fit_is_refused(convolution: PackedConv2d) -> None:
    convolution.padding = (0, 0)
    with torch.no_grad(), pytest.raises(RuntimeError):
        convolution(torch.randn(2, 8, 2, 2))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_can_be_traced(convolution: PackedConv2d) -> None:
    input = picture()
    with torch.no_grad():
        for traced in (torch.jit.trace(convolution, input), torch.export.export(convolution, (input,)).module()):
            assert torch.allclose(traced(input), convolution(input), atol=1e-5)


def test_it_can_be_copied_and_pickled(convolution: PackedConv2d) -> None:
    file = io.BytesIO()
    torch.save(convolution, file)
    file.seek(0)
    for other in (copy.deepcopy(convolution), torch.load(file, weights_only=False)):
        assert torch.equal(other.weight, convolution.weight)
        with torch.no_grad():
            other.weight.mul_(2)
        assert_is_plain(other, picture())
    assert_is_plain(convolution, picture())


def test_it_follows_to_other_kinds_of_numbers(convolution: PackedConv2d) -> None:
    assert_is_plain(convolution.double(), picture().double())
    with torch.no_grad():
        assert convolution.half()(picture().half()).dtype == torch.half
        assert convolution.to("meta")(picture().half().to("meta")).shape == (2, 16, 6, 6)


def test_gradients_reach_what_enters(convolution: PackedConv2d) -> None:
    input = picture().requires_grad_()
    convolution(input).sum().backward()
    assert input.grad is not None


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(programs())
def test_every_construct_computes_the_same(program: Program) -> None:
    compilation = compile_source(Source("net.cnn", program.text), program.parameters)
    for graph in compilation.graphs:
        model = Model(compilation.source, graph, compilation.diagnostics)
        if len(graph) <= MOST_NODES and not has_places(model):  # a random one often has many values that are alike
            assert_right(model)


def assert_right(model: Model) -> None:
    torch.manual_seed(0)
    module = model.to_torch().eval()
    for norm in norms(module):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    assert_same(module, model, entering(model))
