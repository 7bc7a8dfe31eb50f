"""Lint: each rule on a spec that breaks it and on one that nearly does, what turns them off, and the zoo."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from conftest import Run
from hypothesis import given, settings
from programs import Program, programs

from cnndsl import load, parse
from cnndsl.analyses.lint import RULES
from cnndsl.compiler import compile_source
from cnndsl.diagnostics import CODES, WARNINGS, Diagnostic
from cnndsl.linting import AS_IT_IS, Switches, linted
from cnndsl.source import Source, read, shipped_specs
from cnndsl.syntax.remarks import Remarks

pytestmark = pytest.mark.core


def lint(text: str, switches: Switches = AS_IT_IS) -> tuple[Diagnostic, ...]:
    found = linted(compile_source(Source("net.cnn", text)), switches)
    assert not any(each.is_error for each in found)
    return found


def codes(text: str, switches: Switches = AS_IT_IS) -> list[str]:
    return [each.code for each in lint(text, switches)]


BODY = "[CONV(16, 5) -> RELU]*8 -> GAP -> FC(10)"
"""Of a network in which there is nothing to find."""

BROKEN: dict[str, dict[str, str]] = {
    "dropped-border": {
        "a pooling": "INPUT(3x31x31) -> POOL -> CONV(8)",
        "a convolution": "INPUT(3x32x32) -> CONV(8, 3, 2, padding=valid)",
        "one axis": "INPUT(3x32x31) -> POOL",
        "time": "INPUT(3x31) -> MAXPOOL(4)",
        "depthwise": "INPUT(3x32x32) -> DWCONV(3, 2, padding=valid)",
        "a dilated kernel": "INPUT(3x32x32) -> CONV(8, 3, 4, padding=valid, dilation=2)",
    },
    "kernel-beyond-map": {
        "a convolution": "INPUT(3x2x2) -> CONV(8)",
        "one axis": "INPUT(3x9x2) -> CONV(8)",
        "depthwise": "INPUT(3x4x4) -> DWCONV(5)",
        "by its dilation": "INPUT(3x6x6) -> CONV(8, 3, dilation=3)",
    },
    "pools-nothing": {
        "a global pooling": "INPUT(3x1x1) -> GAP",
        "a window": "INPUT(3x1x1) -> POOL(3, 1, padding=same)",
        "parts": "INPUT(3x1x1) -> ADAPTIVEPOOL(1)",
        "time": "INPUT(3x1) -> GMP",
    },
    "needless-bias": {
        "a convolution": f"INPUT(3x32x32) -> CONV(16, 5, bias=true) -> BN -> {BODY}",
        "a dense layer": f"INPUT(3x32x32) -> {BODY} -> BN",
        "upwards": "INPUT(3x8x8) -> DECONV(4, bias=true) -> BN",
        "two norms": "INPUT(3x8x8) -> CONV(8, bias=true) -> [BN, BN]",
        "shared": "shared f = CONV(3, bias=true) -> BN\nINPUT(3x8x8) -> f -> f",
    },
    "dropout-before-norm": {
        "at once": "INPUT(3x8x8) -> DROPOUT -> BN",
        "through a convolution": "INPUT(3x8x8) -> DROPOUT -> CONV(8) -> RELU -> BN",
        "in a block": "INPUT(3x8x8) -> [BN -> RELU -> CONV(3) -> DROPOUT(0.3) -> BN -> RELU -> CONV(3) + ID]",
    },
    "linear-pair": {
        "convolutions": "INPUT(3x8x8) -> CONV(8) -> CONV(8)",
        "dense layers": "INPUT(8) -> FC(8) -> FC(10)",
        "flattened": "INPUT(3x8x8) -> CONV(8) -> FLATTEN -> FC(10)",
        "up and down": "INPUT(3x8x8) -> DECONV(8) -> CONV(8)",
        "in branches": "INPUT(3x8x8) -> CONV(8) -> [CONV(4) -> RELU, RELU]",
    },
    "heavy-fc": {
        "behind a map": "INPUT(3x32x32) -> CONV(8) -> RELU -> FC(10)",
        "behind a mean": "INPUT(3x5x5) -> CONV(8, 5) -> RELU -> GAP -> FC(1000)",
    },
    "narrow-view": {
        "a mean": "INPUT(3x32x32) -> CONV(8) -> RELU -> GAP -> FC(10)",
        "the largest": "INPUT(3x32x32) -> CONV(8) -> RELU -> GMP -> FC(10)",
        "one part": "INPUT(3x32x32) -> CONV(8) -> RELU -> ADAPTIVEPOOL(1) -> CONV(10, 1)",
        "one axis": "INPUT(3x32x5) -> CONV(8, 5) -> RELU -> GAP",
        "classes first": "INPUT(3x32x32) -> CONV(10, 5) -> RELU -> GAP",
    },
    "softmax-at-end": {
        "a softmax": f"INPUT(3x32x32) -> {BODY} -> SOFTMAX",
        "its logarithm": f"INPUT(3x32x32) -> {BODY} -> LOGSOFTMAX",
    },
    "uneven-channels": {
        "filters": "INPUT(3x8x8) -> CONV(30) -> RELU -> CONV(16)",
        "units": "INPUT(8) -> FC(100) -> RELU -> FC(10)",
    },
}

NEARLY: dict[str, dict[str, str]] = {
    "dropped-border": {
        "an even size": "INPUT(3x32x32) -> POOL",
        "rounded up": "INPUT(3x31x31) -> POOL(2, ceil=true)",
        "padding that is not read": "INPUT(3x32x32) -> CONV(8, 3, 2)",
        "a gap as between windows": "INPUT(3x32x32) -> CONV(8, 1, 2)",
        "padded at the end": "INPUT(3x32x32) -> CONV(8, 3, 2, padding=((0, 1), (0, 1)))",
        "stride 1": "INPUT(3x31x31) -> CONV(8, 4, padding=valid)",
        "an open size": "INPUT(3xHxW) -> CONV(8, 3, 2, padding=valid)",
        "a crop": "INPUT(3x8x8) -> CROP(5)",
    },
    "kernel-beyond-map": {
        "as large as the map": "INPUT(3x3x3) -> CONV(8)",
        "a pooling": "INPUT(3x2x2) -> MAXPOOL(3, 1, padding=same)",
        "a dilated kernel that fits": "INPUT(3x7x7) -> CONV(8, 3, dilation=3)",
        "an open size": "INPUT(3xHxW) -> CONV(8, 7)",
    },
    "pools-nothing": {
        "a row": "INPUT(3x1x8) -> GAP",
        "two by two": "INPUT(3x2x2) -> POOL",
        "over channels": "INPUT(4x1x1) -> CHANNELPOOL",
    },
    "needless-bias": {
        "no bias": "INPUT(3x8x8) -> CONV(8, bias=false) -> BN",
        "the language's choice": "INPUT(3x8x8) -> CONV(8) -> BN",
        "an activation between": "INPUT(3x8x8) -> CONV(8, bias=true) -> RELU -> BN",
        "the norm before": "INPUT(3x8x8) -> BN -> CONV(8, bias=true)",
        "read past the norm": "INPUT(3x8x8) -> CONV(3, bias=true) as c -> BN -> [ID + c]",
        "another norm": "INPUT(3x8x8) -> CONV(8, bias=true) -> LN",
        "shared, once without a norm": "shared f = CONV(3, bias=true)\nINPUT(3x8x8) -> f -> BN -> f -> RELU",
    },
    "dropout-before-norm": {
        "behind the last norm": "INPUT(3x8x8) -> BN -> DROPOUT -> FC(10)",
        "nothing is dropped": "INPUT(3x8x8) -> DROPOUT(0) -> BN",
        "a branch": "INPUT(3x8x8) -> [CONV(3) -> DROPPATH(0.1) + ID] -> BN",
        "another norm": "INPUT(3x8x8) -> DROPOUT -> LN -> RELU -> BN",
        "a norm without statistics": "INPUT(3x8x8) -> DROPOUT -> LN",
    },
    "linear-pair": {
        "an activation": "INPUT(3x8x8) -> CONV(8) -> RELU -> CONV(8)",
        "depthwise": "INPUT(3x8x8) -> DWCONV -> CONV(8, 1)",
        "pointwise first": "INPUT(3x8x8) -> CONV(8, 1) -> DWCONV",
        "along two axes": "INPUT(3x8x8) -> CONV(8, 1x3) -> CONV(8, 3x1)",
        "in groups": "INPUT(4x8x8) -> CONV(8, groups=4) -> CONV(8, 1)",
        "a pooling": "INPUT(3x8x8) -> CONV(8) -> POOL -> CONV(8)",
        "dropout": "INPUT(8) -> FC(8) -> DROPOUT -> FC(8)",
        "a norm": "INPUT(3x8x8) -> CONV(8) -> BN -> CONV(8)",
    },
    "heavy-fc": {
        "half of all": "INPUT(9x3x3) -> CONV(9, 3, padding=valid, bias=false) -> RELU -> FC(81, bias=false)",
        "two of them": "INPUT(8x1x1) -> CONV(9, 1) -> RELU -> [FC(8), FC(8)]",
        "no convolution": "INPUT(3x8x8) -> FC(100) -> RELU -> FC(10)",
        "a convolution of the same size": "INPUT(3x32x32) -> CONV(8) -> RELU -> CONV(10, 32, padding=valid)",
    },
    "narrow-view": {
        "deep enough": f"INPUT(3x32x32) -> {BODY}",
        "just enough": "INPUT(3x5x5) -> CONV(8, 5) -> RELU -> GAP -> FC(10)",
        "a dense layer": "INPUT(3x32x32) -> CONV(8) -> RELU -> FC(10)",
        "a gate before": f"INPUT(3x32x32) -> CONV(16) -> RELU -> SE -> {BODY}",
        "a map at the end": "INPUT(3x32x32) -> CONV(8) -> RELU -> CONV(2, 1)",
        "an open size": "INPUT(3xHxW) -> CONV(8) -> RELU -> GAP -> FC(10)",
    },
    "softmax-at-end": {
        "the logits": f"INPUT(3x32x32) -> {BODY}",
        "a sigmoid": f"INPUT(3x32x32) -> {BODY} -> SIGMOID",
        "attention": "INPUT(3x8x8) -> [ID & CONV(3) -> SOFTMAX]",
    },
    "uneven-channels": {
        "multiples of 8": "INPUT(3x8x8) -> CONV(24) -> RELU -> CONV(16)",
        "the last layer": "INPUT(3x8x8) -> CONV(24) -> RELU -> FC(10) -> RELU",
        "depthwise": "INPUT(3x8x8) -> DWCONV -> RELU -> CONV(8)",
    },
}


def cases(table: dict[str, dict[str, str]]) -> list[ParameterSet]:
    return [
        pytest.param(code, spec, id=f"{code}: {name}") for code, specs in table.items() for name, spec in specs.items()
    ]


ALONE = {code: Switches(on=[code], off=[other for other in WARNINGS if other != code]) for code in WARNINGS}


@pytest.mark.parametrize(("code", "spec"), cases(BROKEN))
def test_a_rule_finds_what_it_is_about(code: str, spec: str) -> None:
    (found,) = lint(spec, ALONE[code])
    assert found.code == code
    assert found.help


@pytest.mark.parametrize(("code", "spec"), cases(NEARLY))
def test_a_rule_leaves_alone_what_only_looks_like_it(code: str, spec: str) -> None:
    assert lint(spec, ALONE[code]) == ()


def test_every_rule_has_a_code_a_spec_that_breaks_it_and_a_near_miss() -> None:
    of_rules = [code for code, its in CODES.items() if its.is_of_lint and code != "needless-off"]
    assert [*RULES] == of_rules == [*BROKEN] == [*NEARLY]
    assert {"unused-value", "unused-definition"} < set(WARNINGS)


@pytest.mark.parametrize("code", RULES)
def test_a_rule_runs_unasked_where_its_code_says_so(code: str) -> None:
    spec = next(iter(BROKEN[code].values()))
    assert (code in codes(spec)) is CODES[code].is_on
    assert code in codes(spec, Switches(on=[code]))
    assert code not in codes(spec, Switches(off=[code], on=[code]))


@settings(max_examples=150, deadline=None)
@given(program=programs())
def test_any_network_can_be_looked_at(program: Program) -> None:
    found = compile_source(Source("net.cnn", program.text))
    told = linted(found, Switches(on=WARNINGS))
    assert all(each.span.text and not each.is_error for each in told) or found.has_errors


# What is said


def test_what_repeats_is_told_once_with_the_layers_for_which_it_holds() -> None:
    (found,) = lint("f = CONV(8, bias=true) -> BN -> RELU\nINPUT(3x4x4) -> f*6", ALONE["needless-bias"])
    assert found.span.text == "CONV(8, bias=true)"
    assert found.notes == ("the same holds for f2.conv1, f3.conv1, f4.conv1 and 2 further layers",)
    assert [step.span.text for step in found.chain] == ["f"]


def test_numbers_are_told() -> None:
    (border,) = lint("INPUT(3x30x33) -> CONV(8, 5, 4, padding=1)", ALONE["dropped-border"])
    assert border.label == "(30 + 2*1 - 5) % 4 = 3"
    assert (
        border.message == "a 5x5 window with stride 4 does not read the last 2 rows and the last column of a 30x33 map"
    )
    (kernel,) = lint("INPUT(3x1x2) -> CONV(8)", ALONE["kernel-beyond-map"])
    assert kernel.label == "3 of its 9 weights ever meet more than padding"
    (heavy,) = lint("INPUT(3x32x32) -> CONV(8) -> RELU -> FC(10)", ALONE["heavy-fc"])
    assert (heavy.message, heavy.label) == ("fc1 has 81,930 of 82,154 parameters", "100 %")
    assert heavy.help == "average the 8x32x32 map first: `GAP -> FC(10)` has 90"


def test_a_note_of_the_compiler_is_one_of_lint() -> None:
    text = "INPUT(1x8x8) -> CONV(8) as skip -> RELU -> CONV(8)"
    assert codes(text) == ["unused-value"]
    assert codes(text, Switches(off=["unused-value"])) == []


@pytest.mark.torch
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_torch_gives_no_gradient_to_what_is_told_to_be_dropped(
    kernel: int, stride: int, padding: int, dilation: int
) -> None:
    """The last positions are told where they get none, but for gaps that are as wide between windows."""
    import torch

    span = dilation * (kernel - 1) + 1
    for size in range(span + 24, span + 24 + stride):
        text = f"INPUT(1x{size}) -> CONV(1, {kernel}, {stride}, padding={padding}, dilation={dilation}, bias=false)"
        module = parse(text).to_torch()
        image = torch.ones(1, 1, size, requires_grad=True)
        with torch.no_grad():
            next(module.parameters()).fill_(1)
        module(image).sum().backward()
        assert image.grad is not None
        read = image.grad[0, 0].nonzero()[:, 0].tolist()
        unread = size - 1 - read[-1]
        middle = [place for place in read if span <= place < size - span - stride]
        between = max(later - earlier - 1 for earlier, later in pairwise(middle))
        found = lint(text, ALONE["dropped-border"])
        assert bool(found) is (unread > between), text
        if found:
            assert f"the last {f'{unread} positions' if unread > 1 else 'position'} of" in found[0].message


@pytest.mark.torch
@pytest.mark.parametrize(("size", "kernel", "dilation"), [(1, 3, 1), (2, 3, 1), (2, 5, 1), (4, 3, 3), (3, 3, 4)])
def test_torch_gives_no_gradient_to_weights_that_meet_padding_only(size: int, kernel: int, dilation: int) -> None:
    import torch

    text = f"INPUT(1x{size}x{size}) -> CONV(1, {kernel}, dilation={dilation}, bias=false)"
    module = parse(text).to_torch()
    module(torch.ones(1, 1, size, size)).sum().backward()
    (weight,) = module.parameters()
    assert weight.grad is not None
    used = int(weight.grad.count_nonzero())
    (found,) = lint(text, ALONE["kernel-beyond-map"])
    assert found.label == (
        "" if used == kernel**2 else f"{used} of its {kernel**2} weights ever meet more than padding"
    )


@pytest.mark.torch
@pytest.mark.parametrize("text", [*BROKEN["needless-bias"].values(), *NEARLY["needless-bias"].values()])
def test_a_bias_is_told_where_it_changes_nothing_in_torch(text: str) -> None:
    import torch

    model, found = parse(text), lint(text, ALONE["needless-bias"])
    module = model.to_torch()
    texts = [each.span.text for each in found] or [node.span.text for node in model.graph]
    biases = [f"{node.path}.bias" for node in model.graph if node.span.text in texts and node.layer.word() != "BN"]
    image = torch.randn(4, *model.graph.inputs[0].node.type.shape, generator=torch.Generator().manual_seed(0))
    before = module(image)
    changed = [tensor for name, tensor in module.named_parameters() if name in biases]
    with torch.no_grad():
        for tensor in changed:
            tensor += torch.arange(len(tensor))
    is_same = torch.allclose(before, module(image), atol=1e-3)
    assert is_same is bool(found) if changed else not found


# Off and on


BIAS = "INPUT(3x4x4) -> CONV(8, bias=true) -> BN -> RELU"


@pytest.mark.parametrize(
    "text",
    [
        f"{BIAS}  # off: needless-bias",
        f"{BIAS}  #off:needless-bias (as published)",
        f"{BIAS}  # off: heavy-fc, needless-bias (as (really) published)",
        f"# off: needless-bias (the whole file)\n{BIAS}",
        f"{BIAS}\n\n  # off: needless-bias",
        "f = CONV(8, bias=true) -> BN -> RELU  # off: needless-bias\nINPUT(3x4x4) -> f",
        "f = CONV(8, bias=true) -> BN -> RELU\nINPUT(3x4x4) -> f  # off: needless-bias (where it is called)",
        "INPUT(3x4x4)\n  -> CONV(8,\n    bias=true)  # off: needless-bias\n  -> BN -> RELU",
    ],
)
def test_a_comment_turns_a_warning_off(text: str) -> None:
    assert lint(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        f"{BIAS}  # needless-bias",
        f"{BIAS}  # off: heavy-fc",
        f"{BIAS}  # it is off: needless-bias",
        f"{BIAS}  # off: needless-bias as published",
        "INPUT(3x4x4)  # off: needless-bias\n  -> CONV(8, bias=true) -> BN -> RELU",
        'name = "# off: needless-bias"\n' + f"require name == name\n{BIAS}",
    ],
)
def test_other_comments_do_not(text: str) -> None:
    assert "needless-bias" in codes(text)


def test_a_comment_turns_a_warning_on_in_its_file() -> None:
    text = "INPUT(3x8x8) -> CONV(30) -> RELU -> CONV(16)"
    assert codes(text) == []
    assert codes(f"# on: uneven-channels (it runs on tensor cores)\n{text}") == ["uneven-channels"]
    assert codes(f"# on: uneven-channels\n{text}", Switches(off=["uneven-channels"])) == []
    assert codes(f"# on: uneven-channels\n{text}  # off: uneven-channels (30 is what fits)") == []


def test_a_comment_turns_off_what_check_warns_of(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.cnn").write_text("INPUT(1x8x8) -> CONV(8) as skip -> RELU  # off: unused-value (kept for later)\n")
    assert run("check", "net.cnn", cwd=tmp_path).stderr == ""
    assert load(tmp_path / "net.cnn").diagnostics == ()


def test_errors_stay() -> None:
    found = compile_source(Source("net.cnn", "# off: window-too-large\nINPUT(3x2x2) -> CONV(8, 3, padding=valid)"))
    assert {each.code for each in found.diagnostics} == {"window-too-large", "unknown-code"}


def test_a_code_that_there_is_none_of_is_told() -> None:
    (found,) = compile_source(Source("net.cnn", f"{BIAS}  # off: heavy-fc, needles-bias")).diagnostics
    assert (found.code, found.span.text, found.help) == (
        "unknown-code",
        "needles-bias",
        "did you mean `needless-bias`?",
    )
    assert found.fix is not None


def test_what_is_brought_in_is_looked_at_and_its_comments_count(tmp_path: Path) -> None:
    (tmp_path / "blocks.cnn").write_text("one = CONV(8, bias=true) -> BN -> RELU\n")
    (tmp_path / "quiet.cnn").write_text("two = CONV(8, bias=true) -> BN -> RELU  # off: needless-bias (so it came)\n")
    net = tmp_path / "net.cnn"
    net.write_text('use "blocks.cnn"\nuse "quiet.cnn"\nINPUT(3x4x4) -> one -> two\n')
    (found,) = linted(compile_source(read(net)))
    assert (found.span.source.name, found.chain[0].span.text) == (str(tmp_path / "blocks.cnn"), "one")
    net.write_text('use "blocks.cnn"\n# off: needless-bias\nINPUT(3x4x4) -> one\n')
    assert linted(compile_source(read(net))) == ()


def test_a_comment_that_silences_nothing_is_told_where_that_is_asked() -> None:
    text = f"{BIAS}  # off: needless-bias, heavy-fc"
    assert codes(text) == []
    (found,) = lint(text, Switches(on=["needless-off"]))
    assert (found.code, found.span.text) == ("needless-off", "heavy-fc")
    assert lint(text, Switches(on=["needless-off"], off=["heavy-fc"])) == ()  # nobody looked


# The command


def test_the_command_tells_and_says_so_by_its_status(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.cnn").write_text(f"{BIAS}\n")
    (tmp_path / "good.cnn").write_text(f"INPUT(3x32x32) -> {BODY}\n")
    (tmp_path / "bad.cnn").write_text("INPUT -> CONF\n")
    found = run("lint", "net.cnn", cwd=tmp_path)
    assert (found.returncode, found.stderr) == (1, "")
    assert found.stdout.startswith("warning[needless-bias]: BN takes away the bias that CONV adds\n")
    assert found.stdout.endswith("\n\n1 warning\n")
    assert [(run("lint", each, cwd=tmp_path).returncode) for each in ("good.cnn", "bad.cnn", "none.cnn")] == [0, 1, 2]
    assert run("lint", "good.cnn", cwd=tmp_path).stdout == "nothing found\n"
    folder = run("lint", ".", cwd=tmp_path)
    assert (folder.returncode, folder.stdout) == (1, found.stdout)
    assert folder.stderr.startswith("error[unknown-layer]")


def test_codes_are_turned_off_and_on_at_the_command_line(run: Run) -> None:
    assert run("lint", "-e", BIAS, "--off", "needless-bias,heavy-fc").stdout == "nothing found\n"
    assert run("lint", "-e", BIAS, "--off", "all").stdout == "nothing found\n"
    uneven = run("lint", "-e", "INPUT(3x8x8) -> CONV(30) -> RELU -> CONV(8)", "--on", "uneven-channels")
    assert "warning[uneven-channels]" in uneven.stdout
    unknown = run("lint", "-e", BIAS, "--off", "needles-bias")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "did you mean `needless-bias`?" in unknown.stderr


def test_what_is_found_can_be_had_as_data_and_as_annotations(run: Run) -> None:
    (found,) = json.loads(run("lint", "-e", BIAS, "--format", "json").stdout)
    assert [each["code"] for each in found["diagnostics"]] == ["needless-bias"]
    annotation = run("lint", "-e", BIAS, "--format", "github").stdout
    assert annotation.startswith("::warning file=<expression>,line=1,")
    assert json.loads(run("lint", "zoo:resnet18", "--format", "json").stdout) == [
        {"name": "resnet18", "diagnostics": []}
    ]


def test_a_model_can_be_looked_at() -> None:
    model = parse(BIAS)
    assert [each.code for each in model.lint()] == ["needless-bias"]
    assert model.lint(off=["needless-bias"]) == ()
    with pytest.raises(ValueError, match="needles-bias"):
        model.lint(off=["needles-bias"])


# The zoo


@pytest.mark.parametrize("name", shipped_specs())
def test_the_zoo_is_clean_or_says_why_not(name: str) -> None:
    source = read(f"zoo:{name}")
    assert linted(compile_source(source, source.settings)) == ()


def test_what_the_zoo_turns_off_has_a_reason_and_is_there() -> None:
    silenced: dict[Path, set[tuple[str, int]]] = {}
    every: dict[Path, set[tuple[str, int]]] = {}
    for name in shipped_specs():
        source = read(f"zoo:{name}")
        assert source.path is not None
        remarks = Remarks.of([source]).known
        assert all(remark.reason for remark in remarks)
        if not remarks:
            continue
        needless = linted(compile_source(source, source.settings), Switches(on=["needless-off"]))
        unneeded = {each.span.start for each in needless}
        here = {(remark.code, remark.span.start) for remark in remarks}
        every.setdefault(source.path, set()).update(here)
        silenced.setdefault(source.path, set()).update(each for each in here if each[1] not in unneeded)
    assert silenced == every
