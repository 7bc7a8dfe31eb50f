"""Modules under torch.compile, torch.export and autocast: one graph, no device, the same values."""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest
from constructs import CONSTRUCTS
from hypothesis import HealthCheck, given, settings
from programs import Program, programs
from small import small
from specs_in_tests import NETWORKS

import cnndsl
from cnndsl.compiler import compile_source
from cnndsl.layers import layer_types
from cnndsl.model import Model
from cnndsl.source import Source

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.export import Dim  # noqa: E402

pytestmark = pytest.mark.torch

torch.set_num_threads(1)  # sums in the same order, compiled or not

NAMES = [spec.stem for spec in NETWORKS]
FIVE = ["googlenet", "resnet", "seresnet", "shufflenetv2", "unet"]
BRANCHING = [pytest.param(name, marks=[] if name in FIVE else pytest.mark.slow) for name in NAMES]
LARGE = {
    *("alexnet", "cifar-resnext", "inceptionresnet", "inceptionv4", "mlp", "preactresnet", "senet154", "unet", "vgg"),
    *("wide-resnet", "wrn", "yolov1", "yolov4", "zfnet"),
}
TOO_LARGE = {"deconvnet", "fcn8s", "ssd300"}
"""To be run often on a CPU, as they take no small maps; their layers are VGG's, and some of U-Net and SegNet."""
AT_ONCE = {
    "dense", "recursion", "recursion over values", "gates", "ranges that differ", "loops", "random numbers",
    "one-dimensional", "three-dimensional", "uneven padding", "modules that torch lacks", "functions with settings",
    "values that are read far away", "several inputs and outputs", "a block that is shared but for what is no weight",
    "a network that is shared as argument", "places of maxima", "filters that nothing changes",
    "paths that are dropped",
}  # fmt: skip
FORMS = [
    pytest.param(spec, id=name, marks=[] if name in AT_ONCE else pytest.mark.slow) for name, spec in CONSTRUCTS.items()
]
MODES = [True, pytest.param(False, marks=pytest.mark.slow)]
WITHOUT_LEARNING = {"filters"}
SMALLEST = {"retinanet"}
"""Of a 3x3 convolution on a map of one position, as a small pyramid has them, torch's gradients in bf16 are garbage."""
IN_BF16 = [
    pytest.param(name, marks=pytest.mark.slow if name in LARGE else [])
    for name in NAMES
    if name not in TOO_LARGE | WITHOUT_LEARNING | SMALLEST
]
END_IN_FLOAT = {"coral"}
"""Autocast leaves a sum with a parameter, which is all that BIAS computes, in single precision."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """torch logs each step of its tracing, and pytest would keep it all."""
    logging.disable(logging.DEBUG)
    yield
    logging.disable(logging.NOTSET)


def prepared(model: Model, sizes: Mapping[str, int] | None = None) -> tuple[nn.Module, list[Tensor]]:
    """The module of a network, and an input for it; numbers for its open sizes are given by their letters."""
    torch.manual_seed(0)
    shapes = [end.node.type.shape for end in model.graph.inputs]
    numbers = [[each if isinstance(each, int) else (sizes or {})[str(each)] for each in shape] for shape in shapes]
    return model.to_torch(), [torch.randn(2, *shape) for shape in numbers]


def flat(outputs: Tensor | tuple[Tensor, ...]) -> list[Tensor]:
    return [outputs] if isinstance(outputs, Tensor) else list(outputs)


def computed(module: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    torch.manual_seed(1)
    return flat(module(*inputs))


def assert_compiles(model: Model, training: bool = True) -> None:
    """The whole module is one graph, which computes the same, changes of statistics included."""
    torch._dynamo.reset()
    module, inputs = prepared(model)
    module.train(training)
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with torch.no_grad():
        expected = [*computed(module, inputs), *(each.clone() for each in module.buffers())]
        module.load_state_dict(before)
        found = [*computed(compiled, inputs), *module.buffers()]
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


def assert_exports(model: Model) -> None:
    """The exported program computes the same; no step in it names a device."""
    module, inputs = prepared(model)
    module.eval()
    program = torch.export.export(module, tuple(inputs))
    assert not [step for step in program.graph.nodes if "device" in step.kwargs]
    with torch.no_grad():
        expected, found = computed(module, inputs), computed(program.module(), inputs)
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


@pytest.mark.parametrize("training", MODES)
@pytest.mark.parametrize("name", [each for each in BRANCHING if each.values[0] not in TOO_LARGE])
def test_a_spec_compiles_without_a_graph_break(name: str, training: bool) -> None:
    assert_compiles(small(name), training)


@pytest.mark.parametrize("name", BRANCHING)
def test_a_spec_is_exported(name: str) -> None:
    assert_exports(small(name))


@pytest.mark.parametrize("training", MODES)
@pytest.mark.parametrize("spec", FORMS)
def test_a_construct_compiles_without_a_graph_break(spec: str, training: bool) -> None:
    assert_compiles(cnndsl.parse(spec), training)


@pytest.mark.parametrize("spec", FORMS)
def test_a_construct_is_exported(spec: str) -> None:
    assert_exports(cnndsl.parse(spec))


def test_a_graph_break_would_be_seen() -> None:
    class Breaks(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x if x.sum() > 0 else -x

    torch._dynamo.reset()
    with pytest.raises(torch._dynamo.exc.Unsupported):
        torch.compile(Breaks(), fullgraph=True, backend="eager")(torch.ones(1))


AFTER_A_FAILURE = """
import cnndsl, torch

def breaks(x):
    return x if x.sum() > 0 else -x

try:
    torch.compile(breaks, fullgraph=True, backend="eager")(torch.ones(1))
except torch._dynamo.exc.Unsupported:
    print("failed")
try:
    cnndsl.parse("INPUT(4) -> FC(" + "-" * 50_000 + "1)")
except cnndsl.SpecError as error:
    print(error.diagnostics[0].code)
print(cnndsl.parse("INPUT(4) -> FC(" + "(" * 90 + "7" + ")" * 90 + ")").summary().params)
"""


def test_a_deep_text_is_refused_after_a_compilation_that_failed() -> None:
    """Then each call of Python takes from the stack of C; in a process of its own, which would end."""
    command = [sys.executable, "-c", AFTER_A_FAILURE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, "failed\nnested-too-deep\n35\n"), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet50", "shufflenetv2"])
def test_inductor_computes_the_same(name: str) -> None:
    torch._dynamo.reset()
    module, inputs = prepared(small(name))
    compiled = torch.compile(module.eval(), fullgraph=True)
    with torch.no_grad():
        expected, found = module(*inputs), compiled(*inputs)
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_several_outputs_keep_their_names_when_compiled_and_exported() -> None:
    torch._dynamo.reset()
    module, inputs = prepared(cnndsl.parse(CONSTRUCTS["several inputs and outputs"]))
    expected = module(*inputs)
    for other in (
        torch.compile(module, fullgraph=True, backend="eager"),
        torch.export.export(module, tuple(inputs)).module(),
    ):
        found = other(*inputs)
        assert type(found) is type(expected)
        assert found._fields == ("map", "scores", "a")
        assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


OPEN = {
    "strides": """
        INPUT(3xHxW) -> CONV(8, 7, 2) -> BN -> RELU -> POOL(3, 2, padding=same) -> CONV(16, 3, 2) -> GAP -> FC(5)""",
    "shortcuts": """
        b(c, s) = [CONV(c, 3, s) -> BN -> RELU -> CONV(c) + CONV(c, 1, s)] -> RELU
        INPUT(3xHxW) -> b(4, 1) -> b(8, 2) -> b(8, 2)""",
    "gates": """
        INPUT(3xHxW) -> CONV(8) -> [ID & GAP -> FC(2) -> RELU -> FC(8) -> SIGMOID] -> SHUFFLE(2) -> [CONV(1) & ID]""",
    "pyramids": """
        shared head = CONV(4) -> RELU -> CONV(3, 1)
        INPUT(3xHxW) -> [CONV(4, 3, 2) -> RELU]*2 as p -> head as fine
        p -> CONV(4, 3, 2) -> head as coarse""",
    "one-dimensional": "INPUT(4xW) -> CONV(8, 5, 2) -> CONV(8, 2, padding=same) -> AVGPOOL(2, 1, padding=same) -> GMP",
    "three-dimensional": "INPUT(2x4xHxW) -> CONV(4) -> BN -> POOL(2) -> [CONV(4) + ID] -> GAP",
}
SMALLER, LARGER = {"H": 32, "W": 48}, {"H": 45, "W": 39}


@pytest.mark.parametrize("spec", OPEN.values(), ids=OPEN)
def test_one_module_is_for_all_sizes(spec: str) -> None:
    """Its outputs are those of the module for just that size, compiled or exported for all of them too."""
    torch._dynamo.reset()
    model = cnndsl.parse(spec)
    shape = model.graph.inputs[0].node.type.shape
    dynamic = {axis: Dim.DYNAMIC for axis, each in enumerate(shape, 1) if not isinstance(each, int)}
    module, inputs = prepared(model, SMALLER)
    module.eval()
    exported = torch.export.export(module, tuple(inputs), dynamic_shapes=({0: Dim.DYNAMIC, **dynamic},)).module()
    compiled = torch.compile(module, fullgraph=True, backend="eager", dynamic=True)
    for sizes in (SMALLER, LARGER):
        size = tuple(each if isinstance(each, int) else sizes[str(each)] for each in shape)
        closed, inputs = prepared(cnndsl.parse(spec, input=size))
        closed.load_state_dict(module.state_dict())
        with torch.no_grad():
            expected = flat(closed.eval()(*inputs))
            for each in (module, exported, compiled):
                for one, other in zip(flat(each(*inputs)), expected, strict=True):
                    assert one.shape == other.shape
                    assert torch.allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", IN_BF16)
def test_a_spec_runs_in_bf16_under_autocast(name: str) -> None:
    """Outputs are near those in single precision; in training every parameter gets a gradient that is finite."""
    module, inputs = prepared(small(name))
    with torch.no_grad():
        expected = computed(module.eval(), inputs)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = computed(module, inputs)
    for one, other in zip(expected, found, strict=True):
        assert other.dtype == (torch.float32 if name in END_IN_FLOAT else torch.bfloat16)
        assert (other - one).norm() <= 0.02 * one.norm()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = computed(module.train(), inputs)
    sum(each.float().square().sum() for each in outputs).backward()
    assert all(each.isfinite().all() for each in outputs)
    for weight in module.parameters():
        assert weight.grad is not None
        assert weight.grad.dtype == torch.float32
        assert weight.grad.isfinite().all()


@pytest.mark.parametrize("spec", CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_a_construct_runs_in_bf16_under_autocast(spec: str) -> None:
    module, inputs = prepared(
        cnndsl.parse(spec.replace("GN(2, scale=false)", "GN(2)").replace("LN(scale=false)", "LN"))
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = computed(module, inputs)
    assert all(each.isfinite().all() for each in outputs)
    if any(each.requires_grad for each in outputs):
        sum(each.float().square().sum() for each in outputs).backward()
        assert all(weight.grad.isfinite().all() for weight in module.parameters())


@pytest.mark.parametrize("norm", ["LN(scale=false)", "GN(2, scale=false)"])
def test_a_norm_with_a_shift_alone_runs_in_bf16_under_autocast(norm: str) -> None:
    module, inputs = prepared(cnndsl.parse(f"INPUT(3x6x6) -> CONV(4) -> {norm}"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        (output,) = computed(module, inputs)
    output.float().square().sum().backward()


def devices(source: str) -> Iterator[str]:
    """What in a source names a device or moves something to one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ("cuda", "cpu", "to", "mps", "xpu"):
            yield node.attr
        if isinstance(node, ast.keyword) and node.arg == "device" and not isinstance(node.value, ast.Attribute):
            yield ast.unparse(node)
        if isinstance(node, ast.Constant) and str(node.value).partition(":")[0] in ("cuda", "cpu", "mps", "xpu"):
            yield repr(node.value)


EXAMPLES = [example.spec for layer in layer_types() for example in layer.examples]
ALL = {**{name: f"zoo:{name}" for name in NAMES}, **CONSTRUCTS, **{spec: spec for spec in EXAMPLES}}


@pytest.mark.parametrize("spec", ALL.values(), ids=ALL)
def test_a_source_names_no_device(spec: str) -> None:
    model = cnndsl.load(spec) if spec.startswith("zoo:") else cnndsl.parse(spec)
    assert not list(devices(model.torch_source()))


def test_a_device_in_a_source_would_be_seen() -> None:
    lines = ["x.cuda()", "x.to(y)", "f(device=d)", "f(device='cuda')", "g('cuda:0')", "f(device=x.device)"]
    assert [len(list(devices(line))) for line in lines] == [1, 1, 1, 2, 1, 0]


@given(programs())
@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@pytest.mark.slow
def test_random_programs_compile_without_a_graph_break(program: Program) -> None:
    compilation = compile_source(Source("net.cnn", program.text), program.parameters)
    for graph in compilation.graphs:
        if len(graph) <= 60:
            assert_compiles(Model(compilation.source, graph, compilation.diagnostics))
