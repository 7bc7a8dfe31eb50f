"""Budgets: what a file, or who checks it, requires of a network; and what is told where that does not hold."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Run

from cnndsl import load, parse
from cnndsl.analyses.cost import cost
from cnndsl.analyses.measures import Measures
from cnndsl.analyses.memory import OPTIMIZERS, memory
from cnndsl.analyses.receptive_field import head
from cnndsl.compiler import compile_source
from cnndsl.diagnostics import Diagnostic
from cnndsl.elaborate.names import MEASURES
from cnndsl.source import Source

NET = "n = 64\nINPUT(3x32x32) -> CONV(n // 4, 5) -> RELU -> POOL -> CONV(32) -> RELU -> GAP -> FC(10)\n"


def told(text: str, *requirements: str) -> tuple[Diagnostic, ...]:
    return compile_source(Source("net.cnn", text), requirements=requirements).diagnostics


def required(test: str) -> tuple[Diagnostic, ...]:
    """What is told of a test, which is the same in a file and beside it."""
    inside, beside = told(f"{NET}require {test}"), told(NET, test)
    assert [(each.code, each.message, each.label, each.notes) for each in inside] == [
        (each.code, each.message, each.label, each.notes) for each in beside
    ]
    return beside


EXPECTED: dict[str, Callable[[], int]] = {
    "params": lambda: cost(parse(NET).graph).params,
    "macs": lambda: cost(parse(NET).graph).macs,
    "flops": lambda: 2 * cost(parse(NET).graph).macs,
    "receptive_field": lambda: 10,  # 5, then 6 behind the pooling, then two steps of 2
    "memory(batch=64)": lambda: memory(parse(NET).graph).training(64).total,
    "memory(n)": lambda: memory(parse(NET).graph).training(64).total,
    "memory(batch=2*n, optimizer=momentum)": lambda: memory(parse(NET).graph).training(128, "momentum").total,
    'memory(optimizer="SGD", batch=1)': lambda: memory(parse(NET).graph).training(1, "sgd").total,
}


@pytest.mark.parametrize("measure", EXPECTED)
def test_a_budget_holds_up_to_its_number_and_not_beyond(measure: str) -> None:
    value = EXPECTED[measure]()
    assert required(f"{measure} <= {value}") == ()
    assert required(f"{measure} == {value} and not {measure} > {value}") == ()
    (found,) = required(f"{measure} < {value}")
    assert (found.code, found.label) == ("requirement", f"{measure} is {value:,}")
    assert found.message == f"`{measure} < {value}` does not hold"
    assert found.notes[0].startswith(f"{measure}: ")


def test_every_measure_is_known_to_both() -> None:
    graph = parse(NET).graph
    for word in MEASURES:
        assert Measures(graph).value(word, {"batch": 1, "optimizer": "adam"}) > 0
        assert Measures(graph).largest(word)
    assert {measure.partition("(")[0] for measure in EXPECTED} == MEASURES


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_of_the_report_may_be_named(optimizer: str) -> None:
    assert required(f"memory(batch=8, optimizer={optimizer}) > 0") == ()


def test_the_largest_shares_are_told() -> None:
    (found,) = told(NET, "params < 100 and macs < 100")
    assert found.notes == (
        "params: most in conv2 4,640 (75 %), conv1 1,216 (20 %), fc1 330 (5 %)",
        "macs: most in conv1 1,228,800 (51 %), conv2 1,179,648 (49 %), fc1 320 (0 %)",
    )


def test_names_of_the_file_count_in_what_is_required_beside_it() -> None:
    assert told(NET, "params < 100 * n") == ()
    (found,) = told(NET, "params < n")
    assert found.label == "params is 6,186, n is 64"


@pytest.mark.parametrize(
    ("test", "code", "message"),
    [
        ("memory < 3", "missing-argument", "`memory` is that of a step of training, which has a batch"),
        ("memory() < 3", "missing-argument", "`memory` is that of a step of training, which has a batch"),
        ("memory(batch=0) < 3", "bad-argument", "the batch is a whole number of at least 1, not the number 0"),
        ("memory(batch=1.5) < 3", "bad-argument", "the batch is a whole number of at least 1, not the number 1.5"),
        ("memory(1, adam, 3) < 3", "unknown-argument", "`memory` takes a batch and an optimizer, each once"),
        ("memory(1, batch=2) < 3", "unknown-argument", "`memory` takes a batch and an optimizer, each once"),
        ("memory(size=1) < 3", "unknown-argument", "`memory` takes a batch and an optimizer, each once"),
        ("memory(1, adm) < 3", "requirement", "`memory(1, adm)`: there is no optimizer `adm`; there are sgd, "),
        ("memory(1, 3) < 3", "bad-argument", "the optimizer is a word"),
        ("memory(batch=m) < 3", "unbound-count", ""),
        ("params(3) < 4", "unknown-argument", "`params` takes no arguments"),
        ("parms < 3", "unknown-name", "`parms` means nothing here"),
        ("params", "bad-value", "a test is true or false, not the number 6186"),
        ("params <", "syntax", "the text ends in the middle of a statement"),
        ("params < RELU", "bad-arithmetic", ""),
        ("", "bad-value", ""),
        ("1 -> 2", "", ""),
        ("INPUT -> FC", "", ""),
    ],
)
def test_what_is_wrong_with_a_budget_is_told(test: str, code: str, message: str) -> None:
    found = told(NET, test)
    assert found
    assert all(each.is_error for each in found)
    if code:
        assert found[0].code == code
        assert found[0].message.startswith(message)
    assert all(each.span.source.name == "--require" for each in found)


def test_a_definition_cannot_have_the_name_of_a_measure_that_is_read() -> None:
    (found,) = told("memory(x) = CONV(x)\nINPUT(8x4x4) -> memory(3)", "memory(batch=3) < 5")
    assert (found.code, found.span.text) == ("reserved-name", "memory(batch=3)")
    assert told("memory(x) = CONV(x)\nINPUT(8x4x4) -> memory(3)", "params < 300") == ()


def test_every_model_of_a_file_has_to_hold_it() -> None:
    text = "a = INPUT(8) -> FC(3)\nb = INPUT(8) -> FC(5)\n"
    assert [each.label for each in told(text, "params < 30")] == ["params is 45"]


def test_what_depends_on_an_open_size_is_a_warning() -> None:
    (found,) = told("INPUT(3xHxW) -> CONV(8) -> GAP -> FC(2)", "memory(batch=4) < 1e9")
    assert found.code == "undecided"


@pytest.mark.parametrize(("name", "size"), [("vgg16", 212), ("alexnet", 195), ("resnet50", 427), ("lenet5", 32)])
def test_the_head_of_a_network_is_what_its_last_map_sees(name: str, size: int) -> None:
    assert head(load(f"zoo:{name}").graph).size == size


def test_a_network_without_a_map_has_no_receptive_field() -> None:
    (found,) = told("INPUT(8) -> FC(3)", "receptive_field > 3")
    assert found.message == (
        "`receptive_field`: no map of this network has a receptive field that moves from position to position"
    )


def test_a_budget_that_is_broken_is_annotated_in_the_file_that_breaks_it(run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "net.cnn"
    spec.write_text("INPUT(3x32x32)\n  -> CONV(8) -> GAP -> FC(10)\n")
    done = run("check", str(spec), "--format", "github", "--require", "params < 10")
    assert done.stdout == (
        f"::error file={spec},line=1,title=error[requirement]::`params < 10` does not hold%0Aparams is 314%0A"
        "params: most in conv1 224 (71 %25), fc1 90 (29 %25)\n"
    )


# what is shipped for CI


def steps() -> list[dict[str, Any]]:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    found: list[dict[str, Any]] = action["runs"]["steps"]
    return found


def acted(tmp_path: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """What the action's script does with these inputs, as a runner of GitHub calls it; and the summary it leaves."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = (step for step in steps() if step.get("name") == "Check")
    given = {name: value.get("default", "") for name, value in action["inputs"].items()} | inputs
    values = {name: given[text[len("${{ inputs.") : -len(" }}")]] for name, text in step["env"].items()}
    summary, script = tmp_path / "summary.md", tmp_path / "script.sh"
    script.write_text(step["run"])
    environment = {
        **os.environ,
        **values,
        "GITHUB_STEP_SUMMARY": str(summary),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    return done, summary.read_text()


def test_the_action_checks_and_guards(tmp_path: Path) -> None:
    (tmp_path / "small.cnn").write_text("INPUT(3x32x32) -> CONV(8) -> GAP -> FC(10)\n")
    done, summary = acted(tmp_path, require="params < 1e6\n\n  macs < 1e9\n")
    assert (done.returncode, done.stdout) == (0, "")
    assert "| small" in summary or "# small" in summary
    (tmp_path / "large.cnn").write_text("INPUT(3x32x32) -> FLATTEN -> FC(1000) -> FC(10)\n")
    done, _ = acted(tmp_path, specs="small.cnn large.cnn", require="params < 1e6", arguments="--columns params,macs")
    assert done.returncode == 1
    assert done.stdout.startswith(
        "::error file=large.cnn,line=1,title=error[requirement]::`params < 1e6` does not hold"
    )
    (tmp_path / "wrong.cnn").write_text("INPUT(3x32x32) -> CONF(8)\n")
    done, _ = acted(tmp_path)
    assert (done.returncode, "file=wrong.cnn,line=1,endLine=1,col=19" in done.stdout) == (1, True)


def test_the_action_lints_where_it_is_asked_to(tmp_path: Path) -> None:
    (tmp_path / "net.cnn").write_text("INPUT(3x4x4) -> CONV(8, bias=true) as c -> BN -> RELU\n")
    done, _ = acted(tmp_path)
    assert (done.returncode, done.stdout.count("::warning ")) == (0, 1)  # of check itself
    done, _ = acted(tmp_path, lint="true")
    assert done.returncode == 1
    assert re.findall(r"warning\[([\w-]+)\]", done.stdout) == ["unused-value", "needless-bias"]
    (tmp_path / "net.cnn").write_text("INPUT(3x4x4) -> CONV(8, bias=false) -> BN -> RELU\n")
    done, _ = acted(tmp_path, lint="true")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_action_installs_what_it_checks_with() -> None:
    assert [step.get("uses", "").partition("@")[0] for step in steps()] == ["actions/setup-python", "", ""]
    (install,) = (step for step in steps() if step.get("name") == "Install cnndsl")
    assert install["run"] == 'python -m pip install --quiet "$GITHUB_ACTION_PATH"'


def test_the_hooks_run_what_they_say(tmp_path: Path, run: Run) -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert hooks.keys() == {"cnndsl-check", "cnndsl-lint", "cnndsl-fmt"}
    spec = tmp_path / "net.cnn"
    for hook in hooks.values():
        spec.write_text("INPUT(3x3x3)->CONV(8)->GAP->FC(8)\n")
        assert re.search(hook["files"], str(spec))
        program, *words = shlex.split(hook["entry"])
        assert program == "cnndsl"
        assert run(*words, str(spec)).returncode == 0
    assert spec.read_text() == "INPUT(3x3x3) -> CONV(8) -> GAP -> FC(8)\n"
    _, *words = shlex.split(hooks["cnndsl-check"]["entry"])
    assert run(*words, "--require", "params < 10", str(spec)).returncode == 1


@pytest.mark.slow
def test_pre_commit_installs_and_runs_the_hooks(tmp_path: Path) -> None:
    pytest.importorskip("pre_commit")

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": os.devnull}
        return subprocess.run(words, cwd=project, env=environment, capture_output=True, text=True, check=False)

    project, hooks = tmp_path / "project", tmp_path / "hooks"
    project.mkdir()
    shutil.copytree(ROOT, hooks, ignore=shutil.ignore_patterns(".venv*", ".git", "runs", "*cache*"))
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    for folder in (hooks, project):
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
        subprocess.run(["git", "-C", str(folder), "add", "-A"], check=True)
        subprocess.run(["git", "-C", str(folder), *who, "commit", "-qm", "all", "--allow-empty"], check=True)
    (project / "net.cnn").write_text("INPUT(3x32x32)->CONF(8)->GAP->FC(10)\n")
    call("git", "add", "net.cnn")
    run_it = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), "--all-files"]
    done = call(*run_it)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "error[unknown-layer]: there is no layer, definition or function `CONF`" in done.stdout
    (project / "net.cnn").write_text("INPUT(3x3x3) -> CONV(8) -> GAP -> FC(8)\n")
    call("git", "add", "net.cnn")
    assert call(*run_it).returncode == 0


def test_check_guards_a_design(run: Run) -> None:
    done = run("check", "zoo:lenet5", "--require", "params < 1e6", "--require", "memory(batch=64) < 1e9")
    assert (done.returncode, done.stderr) == (0, "")
    done = run("check", "zoo:lenet5", "zoo:vgg16", "--format", "totals", "--require", "params < 1e6")
    assert done.returncode == 1
    assert "error[requirement]: `params < 1e6` does not hold\n  --> --require:1:1\n" in done.stderr
    assert "= note: params: most in fc1 102,764,544 (74 %), fc2 16,781,312 (12 %), fc3 4,097,000 (3 %)" in done.stderr
    done = run("check", "zoo:lenet5", "--format", "json", "--require", "macs < 5")
    assert [each["code"] for each in json.loads(done.stdout)[0]["diagnostics"]] == ["requirement"]
