"""Weights of files in modules: read, matched, put in, saved; by Python and by the command line."""

from __future__ import annotations

import json
import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torchvision_names as torchvision
from specs_in_tests import NETWORKS
from test_training import call

import cnndsl
from cnndsl.backends.torch.weights.order import BY_NUMBERS
from cnndsl.backends.torch.weights.places import places
from cnndsl.backends.torch.weights.report import WeightsError, WeightsWarning

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

pytestmark = pytest.mark.torch

SMALL = "INPUT(3x8x8) -> CONV(4) -> BN -> RELU -> [CONV(4) + CONV(4, 1)] -> GAP -> FC(10)"


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    """The test runners share the cores."""
    torch.set_num_threads(1)


class Bottleneck(torch.nn.Module):
    """As torchvision has it, with its names, or with the shortcut registered and run first."""

    def __init__(self, channels: int, width: int, stride: int, has_shortcut: bool, shortcut_first: bool) -> None:
        super().__init__()
        if shortcut_first:
            self.downsample = self._shortcut(channels, width, stride) if has_shortcut else None
        self.conv1 = torch.nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(width)
        self.conv2 = torch.nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(width)
        self.conv3 = torch.nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = torch.nn.BatchNorm2d(4 * width)
        if not shortcut_first:
            self.downsample = self._shortcut(channels, width, stride) if has_shortcut else None

    @staticmethod
    def _shortcut(channels: int, width: int, stride: int) -> torch.nn.Module:
        convolution = torch.nn.Conv2d(channels, 4 * width, 1, stride, bias=False)
        return torch.nn.Sequential(convolution, torch.nn.BatchNorm2d(4 * width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y))
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class ResNet50(torch.nn.Module):
    """As torchvision has it, with its names."""

    def __init__(self, shortcut_first: bool = False) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(64)
        self.maxpool = torch.nn.MaxPool2d(3, 2, 1)
        channels = 64
        for stage, (count, width) in enumerate(zip(torchvision.COUNTS, (64, 128, 256, 512), strict=True), 1):
            blocks = []
            for block in range(count):
                stride = 2 if block == 0 and stage > 1 else 1
                blocks.append(Bottleneck(channels, width, stride, block == 0, shortcut_first))
                channels = 4 * width
            setattr(self, f"layer{stage}", torch.nn.Sequential(*blocks))
        self.fc = torch.nn.Linear(channels, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(self.bn1(self.conv1(x)).relu())
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def drawn(module: torch.nn.Module) -> torch.nn.Module:
    """The module in evaluation mode, with statistics and factors that are not all alike."""
    generator = torch.Generator().manual_seed(0)
    for norm in module.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            for tensor, low, high in ((norm.weight, 0.5, 1), (norm.bias, -0.1, 0.1), (norm.running_mean, -0.1, 0.1)):
                tensor.data.uniform_(low, high, generator=generator)
            norm.running_var.uniform_(0.8, 1.2, generator=generator)
    return module.eval()


@pytest.fixture(scope="module")
def resnet50() -> torch.nn.Module:
    torch.manual_seed(0)
    return drawn(ResNet50())


@pytest.fixture(scope="module")
def pth(resnet50: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ResNet-50 as torchvision would save it."""
    path = tmp_path_factory.mktemp("torchvision") / "resnet50.pth"
    torch.save(resnet50.state_dict(), path)
    return path


def assert_gives_the_same(one: torch.nn.Module, other: torch.nn.Module) -> None:
    picture = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = other.eval()(picture)
        assert expected.std() > 1e-3
        assert torch.allclose(one.eval()(picture), expected, rtol=1e-4, atol=1e-5)


def assert_holds_the_same(one: torch.nn.Module, other: torch.nn.Module) -> None:
    mine, others = one.state_dict(), other.state_dict()
    assert mine.keys() == others.keys()
    assert all(torch.equal(mine[name], others[name]) for name in mine)


# Into ResNet-50.


def test_the_names_that_the_matching_is_tested_with_are_those_of_the_module(resnet50: torch.nn.Module) -> None:
    for module, entries in (
        (resnet50, torchvision.resnet()),
        (ResNet50(True), torchvision.resnet(shortcut_first=True)),
    ):
        assert [(name, tuple(each.shape)) for name, each in module.state_dict().items()] == entries


def test_a_pth_of_torchvision_goes_into_our_resnet50(resnet50: torch.nn.Module, pth: Path) -> None:
    model = cnndsl.load("zoo:resnet50")
    with pytest.warns(WeightsWarning, match=r"in doubt(.|\n)*shortcut1.conv1.conv1 <- layer1.0.downsample.0"):
        network = model.to_torch(weights=pth, match="order")
    assert network.training
    assert_gives_the_same(network, resnet50)


def test_safetensors_of_torchvision_do_too(resnet50: torch.nn.Module, tmp_path: Path) -> None:
    safetensors.save_file(resnet50.state_dict(), tmp_path / "resnet50.safetensors")
    model = cnndsl.load("zoo:resnet50")
    network = model.to_torch()
    report = model.load_weights(network, tmp_path / "resnet50.safetensors", match="order")
    assert len(report.doubts) == 6
    assert_gives_the_same(network, resnet50)


def test_a_state_dict_that_was_read_from_safetensors_is_known_to_have_no_order(
    resnet50: torch.nn.Module, tmp_path: Path
) -> None:
    mixed = {name: each.half() if each.dim() == 4 else each for name, each in resnet50.state_dict().items()}
    model = cnndsl.load("zoo:resnet50")
    safetensors.save_file(mixed, tmp_path / "mixed.safetensors")
    for state in (safetensors.load(safetensors.save(mixed)), safetensors.load_file(tmp_path / "mixed.safetensors")):
        report = model.load_weights(model.to_torch(), state, match="order")
        assert len(report.doubts) == 6
        assert report.notes == (BY_NUMBERS, "53 of its tensors are float16, and converted")


def test_a_library_that_runs_the_shortcut_first_needs_no_guess(recwarn: pytest.WarningsRecorder) -> None:
    theirs = drawn(ResNet50(shortcut_first=True))
    network = cnndsl.load("zoo:resnet50").to_torch(weights=theirs.state_dict(), match="order")
    assert not recwarn
    assert_gives_the_same(network, theirs)


def test_on_the_command_line_it_becomes_safetensors_with_our_names(pth: Path, tmp_path: Path) -> None:
    out = tmp_path / "ours.safetensors"
    done = call("export", "zoo:resnet50", "--to", "safetensors", "--weights", pth, "--match", "order", "-o", out)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "weights: 320 of 320 tensors of resnet50 are in" in done.stderr
    assert "in doubt: these could be exchanged" in done.stderr
    found = safetensors.load_file(out)
    state = torch.load(pth, weights_only=True)
    assert len(found) == 320
    assert all(torch.equal(tensor, state[torchvision.of_ours(name)]) for name, tensor in found.items())
    network = cnndsl.load("zoo:resnet50").to_torch()
    network.load_state_dict(found)


def test_the_names_of_another_library_are_told(pth: Path) -> None:
    done = call("export", "zoo:resnet50", "--to", "safetensors", "--weights", pth)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "has nothing for resnet50 by name" in done.stderr
    assert done.stderr.endswith("  help: --match order fits 320 of 320\n")


# Saved and read again.

SHARED = """
    shared head(s) = CONV(4, stride=s) -> BN -> RELU
    f(c) = CONV(c) -> PRELU
    INPUT(4x8x8) as x
    x -> head(1) -> f(2)
    x -> POOL -> head(2) -> f(3)"""

SPECS = {
    "small": SMALL,
    "shared": SHARED,
    "fixed": "INPUT(3x8x8) -> FILTER(gauss) -> LN -> SCALE -> BIAS -> INSTANCENORM(running=true) -> GN(1) -> FC(2)",
    "nothing to keep": "INPUT(3x8x8) -> RELU",
}


@pytest.mark.parametrize("spec", SPECS)
def test_what_is_saved_can_be_loaded(spec: str, tmp_path: Path) -> None:
    model = cnndsl.parse(SPECS[spec])
    network = model.to_torch()
    path = tmp_path / "net.safetensors"
    model.save_weights(network, path)
    if spec == "nothing to keep":
        with pytest.raises(WeightsError, match="holds no tensors"):
            model.to_torch(weights=path)
        return
    again = model.to_torch(weights=path)
    assert_holds_the_same(again, network)
    other = model.to_torch()
    other.load_state_dict(safetensors.load_file(path))  # and without us
    assert_holds_the_same(other, network)


@pytest.mark.parametrize("spec", [*NETWORKS, SHARED], ids=lambda spec: getattr(spec, "stem", "shared"))
def test_the_graph_knows_the_tensors_of_the_module(spec: Path | str) -> None:
    model = cnndsl.load(spec) if isinstance(spec, Path) else cnndsl.parse(spec)
    with torch.device("meta"):
        state = model.to_torch().state_dict(keep_vars=True)
    found = places(model.graph)
    ours = {slot.name: slot for place in found for slot in place.slots.values()}
    assert {name: tuple(state[name].shape) for name in ours} == {name: slot.shape for name, slot in ours.items()}
    assert len({id(state[name]) for name in ours}) == len(ours)
    for slot in ours.values():
        assert all(state.pop(alias, state[slot.name]) is state[slot.name] for alias in slot.aliases)
    assert state.keys() == ours.keys()


def test_shared_weights_stay_shared_and_must_agree(tmp_path: Path) -> None:
    model = cnndsl.parse(SHARED)
    network = model.to_torch()
    safetensors.save_model(network, str(tmp_path / "once.safetensors"))  # each set of weights under one name
    torch.save(network.state_dict(), tmp_path / "twice.pth")
    for name in ("once.safetensors", "twice.pth"):
        again = model.to_torch(weights=tmp_path / name)
        assert_holds_the_same(again, network)
        assert len(list(again.parameters())) == len(list(network.parameters()))
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    (second,) = [name for name in state if name.startswith("head2") and name.endswith("conv1.weight")]
    state[second] += 1
    with pytest.raises(WeightsError, match="holds other numbers"):
        model.to_torch(weights=state)


def test_by_order_shared_weights_are_taken_once() -> None:
    model = cnndsl.parse(SHARED)
    network = model.to_torch()
    state = {f"net.{name.replace('head', 'tower')}": tensor for name, tensor in network.state_dict().items()}
    assert len(state) > len(list(network.named_parameters()))
    assert_holds_the_same(model.to_torch(weights=state, match="order"), network)


def test_a_compiled_module_is_saved_and_loaded_under_the_names_of_the_spec(tmp_path: Path) -> None:
    model = cnndsl.parse(SMALL)
    network = model.to_torch()
    compiled = torch.compile(network)  # not run: nothing is compiled
    model.save_weights(compiled, tmp_path / "net.safetensors")
    assert safetensors.load_file(tmp_path / "net.safetensors").keys() == network.state_dict().keys()
    assert any("_orig_mod." in note for note in model.load_weights(model.to_torch(), compiled.state_dict()).notes)
    other = model.to_torch()
    model.load_weights(torch.compile(other), tmp_path / "net.safetensors")
    assert_holds_the_same(other, network)


def test_only_safetensors_are_written(tmp_path: Path) -> None:
    model = cnndsl.parse(SMALL)
    with pytest.raises(WeightsError, match=r"written as \.safetensors"):
        model.save_weights(model.to_torch(), tmp_path / "net.pth")


def test_half_precision_is_converted_and_told(tmp_path: Path) -> None:
    model = cnndsl.parse(SMALL)
    network = model.to_torch()
    model.save_weights(network.half(), tmp_path / "half.safetensors")
    again = model.to_torch()
    report = model.load_weights(again, tmp_path / "half.safetensors")
    assert report.notes == ("11 of its tensors are float16, and converted",)
    assert {weight.dtype for weight in again.parameters()} == {torch.float32}
    assert_holds_the_same(again.half(), network)


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state_dict"])
def test_a_checkpoint_holds_the_state_dict_under_a_key(key: str, tmp_path: Path) -> None:
    model = cnndsl.parse(SMALL)
    network = model.to_torch()
    state = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"epoch": 3, key: state, "optimizer": {"lr": 0.1}}, tmp_path / "last.ckpt")
    again = model.to_torch()
    report = model.load_weights(again, tmp_path / "last.ckpt")
    assert_holds_the_same(again, network)
    assert report.notes == (f"the state dict is its `{key}`", "the prefix `module.` of its names is left out")


def test_what_are_no_tensors_are_left_aside_and_told() -> None:
    model = cnndsl.parse(SMALL)
    state = {**model.to_torch().state_dict(), "epoch": 3, 4: torch.ones(1), "z": torch.ones(1, dtype=torch.complex64)}
    (note,) = model.load_weights(model.to_torch(), state).notes
    assert note == "no plain tensors, and left aside: epoch, 4, z"


# After an edit.


def test_after_an_edit_everything_that_still_fits_is_kept(tmp_path: Path) -> None:
    model = cnndsl.parse(SMALL)
    network = model.to_torch()
    model.save_weights(network, tmp_path / "net.safetensors")
    edited = cnndsl.parse(SMALL.replace("-> GAP -> FC(10)", "-> CONV(6) -> RELU -> GAP -> FC(7)"))
    with pytest.raises(WeightsError, match=r"conv4\.\*, 2 tensors: the file has no such name(.|\n)*--partial keeps"):
        edited.to_torch(weights=tmp_path / "net.safetensors")
    again = edited.to_torch()
    before = {name: tensor.clone() for name, tensor in again.state_dict().items()}
    report = edited.load_weights(again, tmp_path / "net.safetensors", partial=True)
    assert {left.name for left in report.new} == {
        f"{layer}.{leaf}" for layer in ("conv4", "fc1") for leaf in ("weight", "bias")
    }
    for name, tensor in again.state_dict().items():
        expected = before if name.startswith(("conv4", "fc1")) else network.state_dict()
        assert torch.equal(tensor, expected[name])
    with pytest.warns(WeightsWarning, match="new, with initial values: 4"):
        edited.to_torch(weights=tmp_path / "net.safetensors", partial=True)


def test_nothing_changes_where_weights_do_not_fit() -> None:
    model = cnndsl.parse(SMALL)
    network = model.to_torch()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = {**model.to_torch().state_dict(), "fc1.bias": torch.zeros(9)}
    with pytest.raises(WeightsError, match=r"fc1.bias 10: it is 9 in the file"):
        model.load_weights(network, state)
    other = cnndsl.parse(SMALL.replace("FC(10)", "FC(9)")).to_torch()
    with pytest.raises(WeightsError, match="was not built from text"):
        model.load_weights(other, model.to_torch().state_dict())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    with torch.device("meta"), pytest.raises(WeightsError, match="meta device"):
        model.to_torch(weights=before)


def test_a_fixed_filter_stays_what_the_spec_says() -> None:
    model = cnndsl.parse("INPUT(3x8x8) -> FILTER(gauss) -> FC(2)")
    state = model.to_torch().state_dict()
    assert model.load_weights(model.to_torch(), state).fixed[0].ours == "filter1.weight"
    state["filter1.weight"] = torch.ones(3, 1, 3, 3)
    with pytest.raises(WeightsError, match=r"other numbers for filter1.weight, a filter that the spec fixes"):
        model.to_torch(weights=state)


# Files that are none.


class Evil:
    """Would write a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return (os.mkdir, (str(self.path),))


def saved(value: object) -> Callable[[Path], object]:
    return lambda path: torch.save(value, path)


BAD: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "missing": ("a.safetensors", lambda path: None, "there is no such file"),
    "a folder": ("a.pth", lambda path: path.mkdir(), "it is a folder"),
    "a strange name": ("a.npz", lambda path: path.write_bytes(b""), "end in .safetensors, .pth, .pt, .bin, .ckpt"),
    "empty safetensors": ("a.safetensors", lambda path: path.write_bytes(b""), "is damaged"),
    "safetensors of nothing": (
        "a.safetensors",
        lambda path: path.write_bytes(safetensors.save({})),
        "holds no tensors",
    ),
    "cut safetensors": (
        "a.safetensors",
        lambda path: path.write_bytes(safetensors.save({"a": torch.ones(9)})[:-8]),
        "is damaged",
    ),
    "a header that lies": ("a.safetensors", lambda path: path.write_bytes(b"\xff" * 100), "is damaged"),
    "text as safetensors": ("a.safetensors", lambda path: path.write_text("weights"), "is damaged"),
    "empty pth": ("a.pth", lambda path: path.write_bytes(b""), "is damaged"),
    "text as pth": ("a.pth", lambda path: path.write_text("<html>not found</html>"), "is damaged"),
    "an archive as pth": ("a.pt", lambda path: path.write_bytes(b"PK\x03\x04" + bytes(50)), "is damaged"),
    "a pickle that runs code": (
        "a.pth",
        lambda path: path.write_bytes(pickle.dumps({"a": Evil(path.parent / "run")})),
        "no code of a file is run",
    ),
    "an archive that runs code": (
        "a.bin",
        lambda path: saved(Evil(path.parent / "run"))(path),
        "no code of a file is run",
    ),
    "a whole module": (
        "a.pth",
        saved(torch.nn.Linear(2, 2)),
        "Linear: no code of a file is run; save the state_dict()",
    ),
    "a tensor": ("a.pth", saved(torch.ones(3)), "holds no state dict, but a value of the type Tensor"),
    "a list": ("a.pth", saved([torch.ones(3)]), "holds no state dict, but a value of the type list"),
    "no tensors": ("a.ckpt", saved({"epoch": 3, "lr": 0.1}), "holds no tensors: `epoch`, `lr`"),
    "an empty state dict": ("a.pth", saved({}), "holds no tensors: nothing"),
}


@pytest.mark.parametrize(("name", "make", "message"), BAD.values(), ids=BAD)
def test_a_file_that_cannot_be_used_is_one_line_and_status_2(
    name: str, make: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    make(path)
    done = call("export", "-e", SMALL, "--to", "safetensors", "--weights", path, "-o", tmp_path / "out.safetensors")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("cnndsl: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "out.safetensors").exists()


def test_a_cut_pth_is_damaged(pth: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.pth").write_bytes(pth.read_bytes()[:100_000])
    with pytest.raises(WeightsError, match=r"cut.pth is damaged"):
        cnndsl.load("zoo:resnet50").to_torch(weights=tmp_path / "cut.pth")


def test_a_torchscript_archive_is_refused(tmp_path: Path) -> None:
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(tmp_path / "script.pt"))
    with pytest.raises(WeightsError, match=r"no code of a file is run"):
        cnndsl.parse(SMALL).to_torch(weights=tmp_path / "script.pt")


# On the command line.


def test_initial_values_follow_the_seed(tmp_path: Path) -> None:
    outs = [tmp_path / f"{name}.safetensors" for name in "abc"]
    for out, seed in zip(outs, (0, None, 1), strict=True):
        given = [] if seed is None else ["--seed", seed]
        done = call("export", "-e", SMALL, "--to", "safetensors", *given, "-o", out)
        assert (done.exit_code, done.stderr) == (0, "")
    assert outs[0].read_bytes() == outs[1].read_bytes() != outs[2].read_bytes()
    assert safetensors.load_file(outs[0]).keys() == cnndsl.parse(SMALL).to_torch().state_dict().keys()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "torch", "--weights", "a.pth"], "go with --to safetensors"),
        (["--to", "torch", "--seed", "1"], "go with --to safetensors"),
        (["--to", "safetensors", "--partial"], "--partial goes with --weights"),
        (["--to", "safetensors", "--match", "order"], "--match goes with --weights"),
        (["--to", "safetensors", "--weights", "a.pth", "--seed", "1"], "--seed is for initial values"),
    ],
)
def test_options_that_do_not_go_together_are_told(arguments: list[str], message: str) -> None:
    done = call("export", "-e", SMALL, *arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())


def test_an_open_size_that_torch_needs_is_told() -> None:
    done = call("export", "-e", "INPUT(3xHxW) -> FC(2)", "--to", "safetensors")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error[open-size]" in done.stderr


CLASSIFIER = "INPUT(1x8x8) -> CONV(4) -> BN -> RELU -> GAP -> FC(10)"
BRIEFLY = ["--epochs", "1", "--device", "cpu"]


def test_training_begins_with_weights_from_a_file(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    assert call("train", "-e", CLASSIFIER, *BRIEFLY, "--out", first).exit_code == 0
    weights = first / "weights.safetensors"
    for out in (second, third):
        done = call("train", "-e", CLASSIFIER, *BRIEFLY, "--weights", weights, "--out", out)
        assert (done.exit_code, done.stderr.splitlines()[0]) == (
            0,
            f"weights: 8 of 8 tensors of expression are in {weights}",
        )
    before, after, again = (
        json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])["loss"] for run in (first, second, third)
    )
    assert after < before
    assert math.isclose(after, again)
    assert json.loads((second / "config.json").read_text())["weights"] == str(weights)
    assert json.loads((first / "config.json").read_text())["weights"] == ""
    assert call("eval", second).exit_code == 0


def test_training_with_another_head_needs_partial(tmp_path: Path) -> None:
    model = cnndsl.parse(CLASSIFIER.replace("FC(10)", "FC(3)"))
    torch.save({f"net.{name}": tensor for name, tensor in model.to_torch().state_dict().items()}, tmp_path / "net.pth")
    arguments = ["train", "-e", CLASSIFIER, *BRIEFLY, "--weights", tmp_path / "net.pth", "--match", "order"]
    done = call(*arguments, "--out", tmp_path / "run")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "fc1.weight 10x4: net.fc1.weight in its place is 3x4" in done.stderr
    assert "--partial keeps the 6 that fit" in done.stderr
    assert not (tmp_path / "run").exists()
    done = call(*arguments, "--partial", "--out", tmp_path / "run")
    assert done.exit_code == 0
    assert "new, with initial values: 2" in done.stderr


def test_verbose_lists_every_tensor(tmp_path: Path) -> None:
    model = cnndsl.parse(SMALL)
    model.save_weights(model.to_torch(), tmp_path / "net.safetensors")
    arguments = ["export", "-e", SMALL, "--to", "safetensors", "--weights", tmp_path / "net.safetensors"]
    done = call(*arguments, "--verbose", "-o", tmp_path / "out.safetensors")
    assert "  fc1.weight 10x4" in done.stderr.splitlines()
    assert "fc1.weight" not in call(*arguments, "-o", tmp_path / "out.safetensors").stderr
