"""The PyTorch backend: the source, and the module that is that source executed."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT
from constructs import CONSTRUCTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from specs_in_tests import NETWORKS

import cnndsl
from cnndsl.backends.torch.library import Library
from cnndsl.graph import End, verify
from cnndsl.layers import layer_types
from cnndsl.layers.lowering import PARTS, ModuleCall
from cnndsl.model import Model

torch = pytest.importorskip("torch")
meta = pytest.importorskip("meta")
tracing = pytest.importorskip("tracing")
build = pytest.importorskip("cnndsl.backends.torch.module").build

pytestmark = pytest.mark.torch

BATCH = 2


def on_meta(model: Model) -> torch.nn.Module:
    with torch.device("meta"):
        return model.to_torch()


def entering(model: Model, device: str = "cpu") -> list[torch.Tensor]:
    generator = None if device == "meta" else torch.Generator().manual_seed(0)
    shapes = [end.node.type.shape for end in model.graph.inputs]
    return [torch.rand(BATCH, *shape, device=device, generator=generator) for shape in shapes]


def assert_agrees(model: Model) -> None:
    """The module has the graph's counts and, node by node, its shapes."""
    module = on_meta(model)
    summary = model.summary()
    assert sum(weight.numel() for weight in module.parameters()) == summary.params
    assert sum(buffer.numel() for buffer in module.buffers()) == summary.buffers
    expected = {node.path: node.type.shape for node in model.graph if node.inputs}
    if any(node.inputs for node in model.graph):
        names = {name.rpartition(".")[0] for name, _ in module.named_parameters()}
        owners = [node for node in model.graph if node.shares is None]
        assert names == {node.path for node in owners if node.layer.parameters(node.input_types)}
        assert tracing.shapes_by_node(module, model, entering(model, "meta")) == expected
    outputs = module(*entering(model, "meta"))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    assert [tuple(each.shape[1:]) for each in outputs] == [end.node.type.shape for end in model.graph.outputs]


def assert_computes_the_same(model: Model) -> None:
    """The module's outputs are those of the interpreter, bit for bit; random numbers are drawn in the same order."""
    torch.manual_seed(0)
    module = model.to_torch().double()
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    inputs = [each.double() for each in entering(model)]
    for training in (False, True):
        weights = {name: weight.clone() for name, weight in module.state_dict().items()}
        with torch.no_grad():
            torch.manual_seed(1)
            outputs = module.train(training)(*inputs)
            outputs = outputs if isinstance(outputs, tuple) else (outputs,)
            expected = meta.interpreted(model.graph, weights, inputs, training)
        assert all(torch.equal(*pair) for pair in zip(outputs, expected, strict=True))


def plainly(source: str) -> str:
    """A source that writes over nothing."""
    without = source.replace("inplace=True", "inplace=False")
    whole = re.sub(
        r"^( +)(\w+) \+= (.*[^(\[])$", r"\1\2 = \2 + (\3)", re.sub(r"  #.*", "", without), flags=re.MULTILINE
    )
    return re.sub(r"^( +)(\w+) \+= ", r"\1\2 = \2 + ", whole, flags=re.MULTILINE)


def learned(module: torch.nn.Module, inputs: list[torch.Tensor], training: bool) -> list[torch.Tensor]:
    """The outputs, and the gradients of all that they depend on."""
    torch.manual_seed(1)
    given = [each.clone().requires_grad_() for each in inputs]
    outputs = module.train(training)(*given)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    wanted = [*given, *module.parameters()]
    loss = sum((output * torch.linspace(-1, 1, output.numel()).view_as(output)).sum() for output in outputs)
    return [*outputs, *torch.autograd.grad(loss, wanted, allow_unused=True, materialize_grads=True)]


def assert_writing_over_changes_nothing(model: Model) -> None:
    """With the values written over that the source says, and without, all is the same, gradients too."""
    source = model.torch_source()
    module, plain = build(source).double(), build(plainly(source)).double()
    plain.load_state_dict(module.state_dict())
    inputs = [each.double() for each in entering(model)]
    for training in (False, True):
        pairs = zip(learned(module, inputs, training), learned(plain, inputs, training), strict=True)
        assert all(torch.equal(*pair) for pair in pairs)


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_every_spec_agrees_with_its_graph(spec: Path) -> None:
    assert_agrees(cnndsl.load(spec))


EXAMPLES = [example.spec for layer in layer_types() for example in layer.examples]


@pytest.mark.parametrize("spec", EXAMPLES)
def test_every_example_of_a_layer_agrees_and_computes_the_same(spec: str) -> None:
    model = cnndsl.parse(spec)
    assert_agrees(model)
    if model.summary().params < 100_000 and sum(node.type.elements for node in model.graph) < 1_000_000:
        assert_computes_the_same(model)


@pytest.mark.parametrize("spec", CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_every_construct_agrees_and_computes_the_same(spec: str) -> None:
    model = cnndsl.parse(spec)
    assert_agrees(model)
    assert_computes_the_same(model)
    assert_writing_over_changes_nothing(model)


WRITTEN_OVER = {
    "behind a norm": ("INPUT(4x6x6) -> CONV(4) -> BN -> RELU", 1),
    "behind dropout": ("INPUT(4x6x6) -> CONV(4) -> DROPOUT -> RELU", 1),
    "a sum and what follows": ("INPUT(4x6x6) -> RELU -> [CONV(4) -> BN + ID] -> RELU", 2),
    "what comes in": ("INPUT(4x6x6) -> RELU", 0),
    "what comes in, behind dropout": ("INPUT(4x6x6) -> DROPOUT -> RELU", 0),
    "what leaves too": ("INPUT(4x6x6) -> CONV(4) as x -> RELU as y\nx -> FC(2)", 0),
    "what is read twice": ("INPUT(4x6x6) -> CONV(4) -> [RELU + ID]", 0),
    "what a backward pass reads": ("INPUT(4x6x6) -> CONV(4) -> SIGMOID -> [ID -> RELU]", 0),
    "a sum of a sigmoid": ("INPUT(4x6x6) -> CONV(4) -> [SIGMOID + ID]", 0),
    "a view": ("INPUT(4x6x6) -> CONV(4) -> RESHAPE(6x4x6) -> RELU", 0),
    "a part of a map": ("INPUT(4x6x6) -> CONV(4) -> [CHANNELS(0, 2) -> RELU, CHANNELS(2, 4)]", 0),
    "a block that is shared": ("shared f = CONV(4) -> RELU\nINPUT(4x6x6) -> f -> f", 0),
}


@pytest.mark.parametrize(("spec", "times"), WRITTEN_OVER.values(), ids=WRITTEN_OVER)
def test_what_is_written_over(spec: str, times: int) -> None:
    model = cnndsl.parse(spec)
    source = model.torch_source()
    assert source.count("inplace=True") + source.count(" += ") == times
    assert_computes_the_same(model)
    assert_writing_over_changes_nothing(model)


@pytest.mark.parametrize("name", ["initial values", "modules that torch lacks", "loops", "uneven padding"])
def test_a_network_begins_with_the_same_values_for_one_seed(name: str) -> None:
    model = cnndsl.parse(CONSTRUCTS[name])
    torch.manual_seed(0)
    begun = model.to_torch().state_dict()
    torch.manual_seed(0)
    for node, own in meta.build(model.graph).items():
        for key, value in own.state_dict().items():
            assert torch.equal(begun[f"{node.path}.{key.rpartition('.')[2]}"], value)


def test_evaluation_keeps_the_order_of_the_graph() -> None:
    """Also where values are read in another order than they are made in, which named values will do."""
    model = cnndsl.parse("INPUT(4) -> [DROPOUT -> RELU + DROPOUT]")
    entering, first, relu, second, _ = model.graph.nodes
    nodes = [entering, first]
    nodes.append(replace(second, index=2))
    nodes.append(replace(relu, index=3))
    nodes.append(replace(model.graph.nodes[-1], inputs=(nodes[2], nodes[3])))
    graph = replace(model.graph, nodes=tuple(nodes), outputs=(End("out", nodes[-1]),))
    model = replace(model, graph=verify(graph))
    assert "y = self.dropout1(x)" in model.torch_source()
    assert_computes_the_same(model)


# Every piece keeps the channels, so that nearly every program is right; `<p>` stands for a further piece.
LAYERS = """
    CONV(C) CONV(C,1) CONV(C,3)->BN->RELU CONV(C,2,padding=same) CONV(C,3,dilation=2) DWCONV->BN(scale=false) RELU ABS
    BN(shift=false) LRN(3) PRELU(channel) DROPOUT AVGPOOL(2,1,padding=same) POOL(3,1,padding=same) SOFTMAX ID
"""
FORMS = """
    <p>-><p> <p>-><p> [<p>+ID] [<p>+<p>] [<p>-<p>] [<p>&<p>] [<p>&GAP->FC(C)->SIGMOID] [<p>,<p>]->CONV(C//2,1) <p>*2
    <p>*3 f(C) f(C,1) f(C,s=5) g(<p>) g(<p>) h(2) h(3) [CHANNELS(0,1),CHANNELS(1,C)-><p>] k(C) k(C+2)->k(C-2) k(C,2)
    k(C,3) r(2,0) r(2,1) r(3,0) r(3,1) r(3,2) r(1,2) r(4,0) [ID,CONV(2)]*4->CONV(C-8,1) [<p>->CONV(C)->BN+ID]*3 m(1)
    m(3) m(4)
"""


@st.composite
def networks(draw: st.DrawFn, depth: int = 4) -> str:
    """A path that keeps the channels of a map."""
    text = draw(st.sampled_from((LAYERS + FORMS if depth else LAYERS).split()))
    while "<p>" in text:
        text = text.replace("<p>", f"[{draw(networks(depth=depth - 1))}]", 1)
    return text


DEFINITIONS = """
f(c, s=3) = CONV(c, s) -> [{0}]
g(net) = net -> BN -> net
h(n) = [f(C, n) + [{1}]]*n
k(c, s=1) = [short(c) if s > 1 else [CONV(c) -> BN + short(c)]] -> [RELU if s == 2 else ID]
short(c) = ID if C == c else CONV(c, 1)
m(n) = [k(C, n) + ID]*n
r(n, s) = [[{2}]*n + ID] if s == 0 else [[{2}]*n if s == 1 else [[CONV(C) -> BN -> RELU]*n -> k(C, n)]]
"""

programs = st.builds(
    (DEFINITIONS + "INPUT({3}x6x6) -> CONV(4) -> [{4}] -> RELU -> CONV(6) -> [{5}]").format,
    networks(depth=2),
    networks(depth=2),
    networks(depth=0),
    st.integers(1, 3),
    networks(),
    networks(),
)


def compiled_or_none(text: str) -> Model | None:
    try:
        return cnndsl.parse(text)
    except cnndsl.SpecError:  # f, g and h contain each other without an end, or a map is too small
        return None


def assert_program(text: str) -> bool:
    model = compiled_or_none(text)
    if model is None or len(model.graph) > 300:
        return False
    assert_agrees(model)
    assert_computes_the_same(model)
    assert_writing_over_changes_nothing(model)
    return True


def test_random_programs_agree_and_compute_the_same() -> None:
    looked_at: list[bool] = []

    @given(programs)
    @settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
    def look(text: str) -> None:
        looked_at.append(assert_program(text))

    look()
    assert looked_at.count(True) >= 60


@pytest.mark.slow
@given(programs)
@settings(deadline=None, max_examples=1_500, suppress_health_check=list(HealthCheck))
def test_random_programs_agree_and_compute_the_same_at_length(text: str) -> None:
    assert_program(text)


def exported(tmp_path: Path, *arguments: str) -> Path:
    file = tmp_path / "net.py"
    command = [sys.executable, "-m", "cnndsl", "export", *arguments, "--to", "torch", "-o", str(file)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return file


ALONE = """
import sys
sys.modules["cnndsl"] = None  # importing it raises
import inspect, runpy, torch
from safetensors.torch import load_file, save_file
try:
    import cnndsl
except ImportError:
    pass
else:
    raise AssertionError("cnndsl can be imported")
found = runpy.run_path("net.py", run_name="net").values()
network = [each for each in found if inspect.isclass(each) and each.__module__ == "net"][-1]().eval()
torch.set_num_threads(1)  # as in the tests: sums in another order differ in their last bits
network.load_state_dict(load_file("weights.safetensors"))
with torch.no_grad():
    save_file({"y": network(load_file("input.safetensors")["x"])}, "output.safetensors")
"""


@pytest.mark.parametrize("spec", ["zoo:lenet5", "zoo:shufflenetv2"])
def test_the_file_stands_alone_and_computes_the_same_from_the_same_weights(spec: str, tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    exported(tmp_path, spec)
    model = cnndsl.load(spec)
    module = model.to_torch().eval()
    (x,) = entering(model)
    safetensors.save_file(module.state_dict(), tmp_path / "weights.safetensors")
    safetensors.save_file({"x": x}, tmp_path / "input.safetensors")
    subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, check=True)
    with torch.no_grad():
        expected = module(x)
    assert torch.equal(safetensors.load_file(tmp_path / "output.safetensors")["y"], expected)


def test_export_follows_the_parameters_and_the_input(tmp_path: Path) -> None:
    text = exported(tmp_path, "zoo:lenet5", "-D", "classes=7", "--input", "3x64x64").read_text()
    assert text == cnndsl.load("zoo:lenet5", input="3x64x64", classes=7).torch_source()
    assert "Input 3x64x64; output 7" in text


@pytest.mark.parametrize("spec", NETWORKS, ids=lambda spec: spec.stem)
def test_the_source_is_formatted_typed_and_clean(spec: Path, tmp_path: Path) -> None:
    assert_clean(cnndsl.load(spec).torch_source(), tmp_path)


@pytest.mark.parametrize("name", ["initial values", "modules that torch lacks", "functions with settings"])
def test_the_source_of_a_construct_is_typed_and_clean(name: str, tmp_path: Path) -> None:
    assert_clean(cnndsl.parse(CONSTRUCTS[name]).torch_source(), tmp_path)


def assert_clean(source: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(source)
    for check in (["format", "--check"], ["check", "--select", "E,F,I,UP,B,N,ANN"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--isolated", str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("spec", CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_the_source_of_every_construct_is_formatted(spec: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(cnndsl.parse(spec).torch_source())
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_modules_that_torch_lacks_are_in_the_source_if_they_are_used() -> None:
    spec = "scale = SCALE(0.1)\nf(c) = CONV(c, 1) -> LN -> scale\nINPUT(3x4x4) -> f(4) -> f(5)"
    source = cnndsl.parse(spec).torch_source()
    names = [each.name for each in ast.parse(source).body if isinstance(each, ast.ClassDef)]
    assert names == ["ChannelNorm", "Scale", "Scale2", "F", "Text"]
    assert "self.scale1 = Scale(in_channels, 1, 1, start=0.1)" in source
    assert PARTS not in source


def test_what_other_packages_have_is_imported_under_names_that_clash_with_nothing(tmp_path: Path) -> None:
    paths = ["torch.nn.Conv2d", f"{PARTS}.Scale", "a.b.Scale", "a.b.Norm", "zoo.Norm", "zoo.nn", "zoo.x", "zoo.Act"]
    library = Library([ModuleCall(path) for path in paths])
    names = [library.name(path) for path in paths]
    assert names == ["nn.Conv2d", "Scale", "Scale2", "Norm", "Norm2", "nn2", "x_", "Act"]
    assert library.names == {*names[1:]}
    used = "\n".join(f"print({name})" for name in names)
    imports = "\n".join(library.imports(used))
    assert_clean(f"{imports}\n\n{used}\n".replace("print(Scale)\n", ""), tmp_path)


def test_what_differs_between_calls_is_an_argument_or_follows_from_one() -> None:
    source = cnndsl.load("zoo:resnet50").torch_source()
    assert "def __init__(self, in_channels: int, c: int, k: int, s: int) -> None:" in source
    assert "nn.Conv2d(in_channels, c, k, stride=s, padding=k // 2, bias=False)" in source
    assert "self.conv3 = Conv(c, 4 * c, 1, 1)" in source
    assert "for i in range(2, n + 1):" in source


def test_arguments_are_annotated_with_their_types() -> None:
    source = cnndsl.parse("f(k, s) = CONV(4, k) -> ELU(s)\nINPUT(3x8x8) -> f(3, 0.5) -> f(1x3, 2)").torch_source()
    assert "k: int | tuple[int, int]" in source
    assert "s: float | int" in source


def test_the_last_class_is_the_network_and_each_block_is_a_class() -> None:
    source = cnndsl.load("zoo:resnet50").torch_source()
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    assert names[-1] == "Resnet50"
    assert {"Conv", "Shortcut", "Bottleneck", "Stage"} <= set(names)


def test_keys_follow_the_names_of_the_spec() -> None:
    keys = on_meta(cnndsl.load("zoo:resnet50")).state_dict()
    assert "stage2.bottleneck1.conv3.conv1.weight" in keys
    assert "stage4.bottleneck3.conv1.bn1.running_mean" in keys
    assert "fc1.bias" in keys


def test_a_layer_without_parameters_changes_no_key() -> None:
    before = "f(c) = CONV(c) -> BN\nINPUT(3x8x8) -> f(4) -> [f(4) + ID] -> FC(3)"
    after = "f(c) = DROPOUT -> CONV(c) -> BN -> RELU\nINPUT(3x8x8) -> f(4) -> RELU -> [f(4) + ABS] -> POOL(1) -> FC(3)"
    keys = [list(on_meta(cnndsl.parse(text)).state_dict()) for text in (before, after)]
    assert keys[0] == keys[1]


def test_the_module_is_the_source_executed() -> None:
    model = cnndsl.load("zoo:googlenet")
    module = on_meta(model)
    shown = inspect.getsource(type(module))
    assert shown.startswith("class Googlenet(nn.Sequential):")
    assert shown in model.torch_source()
    assert type(module) is type(on_meta(model))


def test_several_outputs_are_named() -> None:
    model = cnndsl.parse("INPUT(3x8x8) -> GAP\nINPUT(5) -> FC(2)")
    found = model.to_torch()(torch.zeros(1, 3, 8, 8), torch.zeros(1, 5))
    assert found._fields == ("out", "out2")
    assert (found.out.shape, found.out2.shape) == ((1, 3), (1, 2))


@pytest.mark.parametrize(
    "name", ["class", "50 x", "сеть", 'a"""; import os', "a\\", "nn", "a\nimport os", "Tensor", ""]
)
def test_whatever_a_file_is_called_the_source_is_right(name: str) -> None:
    from cnndsl.backends.torch.write import source
    from cnndsl.compiler import compile_source
    from cnndsl.source import Source

    graph = compile_source(Source(f"{name}.cnn", "nn = CONV(4)\nINPUT -> nn -> FC")).graph
    assert graph is not None
    body = ast.parse(source(graph)).body
    assert [type(statement) for statement in body] == [ast.Expr, ast.ImportFrom, ast.ClassDef, ast.ClassDef]


def test_no_attribute_of_torch_can_clash_with_a_numbered_name() -> None:
    assert [name for name in dir(torch.nn.Sequential()) if name[-1].isdigit()] == ["bfloat16"]
    model = cnndsl.parse("bfloat = CONV(3)\nINPUT(3x4x4) -> bfloat*18")
    assert "bfloat16" not in {node.scope[0] for node in model.graph if node.scope}
    assert_agrees(model)
    assert_computes_the_same(model)


@pytest.mark.parametrize(("spec", "most"), [("resnet50", 90), ("googlenet", 130), ("densenet121", 90)])
def test_the_source_is_as_short_as_people_write_it(spec: str, most: int) -> None:
    assert cnndsl.load(f"zoo:{spec}").torch_source().count("\n") <= most


ONE_CLASS = {  # the blocks that differ, and how the class tells which one it is
    "resnet50": ("Bottleneck", "if in_channels != 4 * c else nn.Identity()"),
    "seresnet50": ("Bottleneck", "if in_channels != 4 * c else nn.Identity()"),
    "mobilenetv2": ("Block", "        if self.has_add1:\n            y += x\n        return y"),
    "vgg16": ("Stage", "for i in range(2, n + 1):"),
    "densenet121": ("Dense", "for narrow in self.children():"),
}


@pytest.mark.parametrize("spec", ONE_CLASS)
def test_a_definition_is_one_class_also_where_calls_lack_a_part(spec: str) -> None:
    name, told = ONE_CLASS[spec]
    source = cnndsl.load(f"zoo:{spec}").torch_source()
    names = [each.name for each in ast.parse(source).body if isinstance(each, ast.ClassDef)]
    assert [each for each in names if each.rstrip("0123456789") == name] == [name]
    assert told in source


VARIANTS = {
    "a condition of the definition": (
        "f(c, s) = [CONV(c, 3, s) + [ID if C == c and s == 1 else CONV(c, 1, s)]]\n"
        "INPUT(3x8x8) -> f(4, 1) -> f(4, 1) -> f(8, 2) -> f(8, 2) -> f(8, 1)",
        "            if s != 1 or in_channels != c\n            else nn.Identity()",
    ),
    "a truth": (
        "f(c, norm) = CONV(c) -> [BN if norm else ID] -> RELU\n"
        "INPUT(3x8x8) -> f(4, true) -> f(4, false) -> f(8, true) -> f(8, false)",
        "self.bn1 = nn.BatchNorm2d(c) if norm else nn.Identity()",
    ),
    "no reason that can be seen": (
        "f(c) = CONV(c) -> [RELU if c == 5 or c == 7 else ID]\nINPUT(3x8x8) -> f(5) -> f(6) -> f(7) -> f(8)",
        "self.relu1 = nn.ReLU(inplace=True) if has_relu1 else nn.Identity()",
    ),
    "a sum": (
        "f(s) = [CONV(C, 3, s) -> RELU + ID] if s == 1 else [CONV(C, 3, s) -> RELU]\n"
        "INPUT(3x8x8) -> f(1) -> f(2) -> f(1)",
        "self.has_add1 = s == 1",
    ),
    "another count": (
        "f(c, n) = [CONV(c) -> RELU]*n -> POOL(2, 1)\nINPUT(3x9x9) -> f(4, 1) -> f(5, 2) -> f(6, 4) -> f(6, 3)",
        "for i in range(2, n + 1):",
    ),
}


@pytest.mark.parametrize(("spec", "told"), VARIANTS.values(), ids=VARIANTS)
def test_calls_that_lack_a_part_are_of_the_class_of_those_that_have_it(spec: str, told: str) -> None:
    model = cnndsl.parse(spec)
    source = model.torch_source()
    assert told in source
    names = [each.name for each in ast.parse(source).body if isinstance(each, ast.ClassDef)]
    assert names == ["F", "Text"]
    assert_agrees(model)
    assert_computes_the_same(model)


TOWERS = """
INPUT(4x6x6) -> RELU as a
a -> CONV(4) as p1
a -> BN as q1
p1 -> CONV(4) as p2
q1 -> BN as q2
p2 -> CONV(4) as p3
q2 -> BN as q3
p3 -> CONV(4) as p4
q3 -> BN as q4
[p4, q4] -> FC(2)"""

REPEATED = {
    "handed on": ("INPUT(4x6x6) -> [CONV(4) -> BN + ID]*5 -> FC(2)", "for i in range(1, 6):"),
    "two values handed on": (TOWERS, 'y, x = getattr(self, f"conv{i}")(y), getattr(self, f"bn{i}")(x)'),
    "a value from outside": (
        "INPUT(4x6x6) -> CONV(4) as a\na -> [CONV(4) + a]*4 -> [CONV(4), a]",
        "for i in range(2, 6):",
    ),
    "the beginning needed again": ("INPUT(4x6x6) -> [[CONV(4) + ID]*4 & ID] -> FC(2)", "for i in range(1, 5):"),
    "growing": ("f(n) = [ID, CONV(3)]*n\nINPUT(4x6x6) -> f(3) -> f(5)", "in_channels + 3 * i"),
    "growing less": ("INPUT(9x6x6) -> [CONV(C-1)]*6 -> FC(2)", "9 - i, 8 - i"),
    "a word that is a variable": ("x = CONV(4)\nf = [x + ID]*3\nINPUT(4x6x6) -> f -> f -> f", "in self.children():"),
    "initial values": (
        "INPUT(4x6x6) -> [CONV(4, init=normal(0.01)) -> BN(scale=false) -> RELU]*3",
        'nn.init.normal_(getattr(self, f"conv{i}").weight',
    ),
    "a number of the class": (
        "f(a) = [[CHANNELS(0, a), CONV(C-a)]]*3\nINPUT(6x4x4) -> f(2) -> f(3)",
        "0 : self.channels1_axis0_stop]",
    ),
    "a count of the class": (
        "f(n) = [CONV(C) + ID]*n -> BN\nINPUT(6x4x4) -> f(3) -> f(4)",
        "self.conv1_stop = n + 1",
    ),
}


@pytest.mark.parametrize(("spec", "told"), REPEATED.values(), ids=REPEATED)
def test_what_repeats_is_a_loop(spec: str, told: str) -> None:
    model = cnndsl.parse(spec)
    assert told in model.torch_source()
    assert_agrees(model)
    assert_computes_the_same(model)


def test_attributes_do_not_clash_with_modules() -> None:
    spec = """
        has_add(c) = CONV(c)
        f(c) = [has_add(c) + ID] if C == c else has_add(c)
        INPUT(3x6x6) -> f(3) -> f(4) -> f(4) -> f(5)"""
    model = cnndsl.parse(spec)
    assert "self.has_add1_ = in_channels == c" in model.torch_source()
    assert_agrees(model)
    assert_computes_the_same(model)


def test_the_docstring_is_the_spec() -> None:
    text = Path(ROOT / "specs" / "resnet.cnn").read_text()
    source = cnndsl.load("zoo:resnet50", classes=7, input="3x64x64").torch_source()
    lines = (ast.get_docstring(ast.parse(source)) or "").splitlines()
    assert lines[2] == "Input 3x64x64; output 7; 23,522,375 parameters."
    assert lines[4] == "Its spec, with classes=7, input=3x64x64:"
    assert [line.removeprefix("    ") for line in lines[6:]] == text.splitlines()


HOSTILE = [
    '"""',
    '""""',
    "\\",
    '\\"""',
    "\\N{x}",
    "a\tb",
    "é → ×",
    "'''",
    "x" * 150,
    '"',
    "#",
    "\x7f",
    "%s {x}",
    "\\u12",
]


@pytest.mark.parametrize("comment", HOSTILE)
def test_a_comment_of_the_spec_does_nothing_in_the_source(comment: str, tmp_path: Path) -> None:
    source = cnndsl.parse(f"# {comment}\nINPUT(3x4x4) -> FC(2)  # {comment}").torch_source()
    docstring = ast.get_docstring(ast.parse(source), clean=False) or ""
    assert f"# {comment}".expandtabs(4).replace("\x7f", "_") in docstring.replace("    #", "#")
    assert_clean(source, tmp_path)


def test_a_large_network_is_a_short_source() -> None:
    model = cnndsl.parse("b(k) = [CONV(k) -> BN -> RELU + ID]\nINPUT(8x4x4) -> b(8)*5000 -> FC(2)")
    source = model.torch_source()
    assert "for i in range(1, 5001):" in source
    assert source.count("\n") < 40


def test_outputs_have_names_that_python_takes() -> None:
    names = ["class", "True", "lambda", "_x", "__init__", "_fields", "count", "max", "x"]
    flows = [f"INPUT(3) -> FC({number}) as {name}" for number, name in enumerate(names, 1)]
    model = cnndsl.parse("\n".join(flows))
    outputs = model.to_torch()(*(torch.zeros(1, 3) for _ in names))
    assert outputs._fields == ("class_", "True_", "lambda_", "x", "init__", "fields", "count", "max", "x_2")
    assert [output.shape[1] for output in outputs] == list(range(1, 10))
