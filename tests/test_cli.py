"""The command as people and scripts use it: what goes where, and with which exit status."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from conftest import ROOT, Run

import cnndsl
from cnndsl.cli import commands


def test_a_report_goes_to_stdout_and_nothing_to_stderr(run: Run) -> None:
    done = run("check", "specs/lenet5.cnn")
    assert (done.returncode, done.stderr) == (0, "")
    assert "61,706" in done.stdout
    assert "├─ CONV(6, 5, padding=valid" in done.stdout


def test_mistakes_go_to_stderr_with_status_1(run: Run) -> None:
    done = run("check", "-e", "INPUT -> CONF(3)")
    assert (done.returncode, done.stdout) == (1, "")
    assert "did you mean `CONV`?" in done.stderr


def test_warnings_alone_are_status_0(run: Run) -> None:
    done = run("check", "-e", "INPUT(224x224x3) -> FC")
    assert done.returncode == 0
    assert "warning[size-order]" in done.stderr
    assert "total" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "no-such-file.cnn"],
        ["check", "tests/nothing"],
        ["render", "specs", "-o", "net.svg"],
        ["check", "zoo:resnet51"],
        ["check", "--format", "xml", "zoo:lenet5"],
        ["check", "-D", "N", "zoo:lecture-pattern"],
        ["check", "-D", "N=", "zoo:lecture-pattern"],
        ["check", "-D", "N=1", "-D", "N=2", "zoo:lecture-pattern"],
        ["check", "-D", "3=1", "zoo:lecture-pattern"],
        ["check", "--input", "", "zoo:lenet5"],
        ["check", "--input", "3=8", "zoo:lenet5"],
        ["check", "--input", "3x8x8", "--input", "3x9x9", "zoo:lenet5"],
        ["explain"],
        ["explain", "nonsense"],
        ["explain", "conv", "pool"],
        ["layers", "nonsense"],
        ["layers", "--format", "xml"],
        ["chek"],
        ["--nonsense"],
        ["specs/lenet5.cnn"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2_and_no_traceback(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_an_unreadable_file_does_not_hide_the_others(run: Run) -> None:
    done = run("check", "no-such-file.cnn", "specs/lenet5.cnn", "-e", "INPUT -> CONF")
    assert done.returncode == 2
    assert "61,706" in done.stdout
    assert "no-such-file.cnn" in done.stderr
    assert "unknown-layer" in done.stderr


def test_a_forgotten_command_is_told(run: Run) -> None:
    assert "cnndsl check specs/lenet5.cnn" in run("specs/lenet5.cnn").stderr


@pytest.mark.parametrize("content", [b"INPUT -> FC \xff", b"\xff\xfeI\x00N\x00"], ids=["latin-1", "utf-16"])
def test_bytes_that_are_no_text_are_status_2(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.cnn").write_bytes(content)
    done = run("check", "net.cnn", cwd=tmp_path)
    assert done.returncode == 2
    assert "not UTF-8" in done.stderr


def test_standard_input_and_texts_are_specs_too(run: Run) -> None:
    done = run("check", "-", "-e", "INPUT -> FC(5)", "--format", "json", stdin="INPUT -> FC(3)")
    assert [report["outputs"][0]["size"] for report in json.loads(done.stdout)] == [[3], [5]]


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.cnn").write_bytes(b"\xef\xbb\xbfINPUT\r\n  -> CONF(3)\r\n")
    done = run("check", "net.cnn", cwd=tmp_path)
    assert "net.cnn:2:6" in done.stderr


def test_json_is_a_list_with_one_object_for_each_model(run: Run) -> None:
    done = run("check", "zoo:lenet5", "-e", "INPUT -> CONF", "--format", "json")
    good, bad = json.loads(done.stdout)
    assert done.returncode == 1
    assert good["name"] == "lenet5"
    assert good["inputs"] == [{"name": "input", "size": [1, 32, 32]}]
    assert good["outputs"] == [{"name": "out", "size": [10]}]
    assert (good["params"], good["macs"]) == (61_706, 416_520)
    assert good["nodes"][1]["path"] == "conv1.conv1"
    assert good["nodes"][1]["layer"] == "CONV"
    assert good["nodes"][1]["output"] == [6, 28, 28]
    assert {"params", "macs"} <= good["nodes"][1].keys()
    assert good["diagnostics"] == []
    assert (bad["params"], bad["macs"], bad["nodes"]) == (None, None, [])
    assert bad["diagnostics"][0]["code"] == "unknown-layer"


def test_a_parameter_is_set_with_D(run: Run) -> None:
    done = run("check", "zoo:lecture-pattern", "-D", "N=0", "-D", "M=0", "-D", "K=0")
    assert "30,730" in done.stdout


def test_the_pattern_without_values_shows_both_ways_to_give_them(run: Run) -> None:
    done = run("check", "-e", "INPUT -> [CONV]*N")
    assert "N = 2" in done.stderr
    assert "-D N=2" in done.stderr


def test_filled_in_values_are_marked(run: Run) -> None:
    done = run("check", "-e", "INPUT -> CONV -> BN -> FC(10)")
    assert "CONV(64*, bias=false*)" in done.stdout
    assert "FC(10)" in done.stdout
    assert "filled in" in done.stdout


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"cnndsl {cnndsl.__version__}\n"


def test_help_names_every_command(run: Run) -> None:
    shown = run("--help").stdout
    modules = [path.stem for path in (ROOT / "cnndsl" / "cli").glob("[!_]*.py")]
    assert modules
    assert all(f"  {name} " in shown for name in modules)


def test_layers_are_listed_by_family_and_chosen_by_a_part_of_a_name(run: Run) -> None:
    everything = run("layers").stdout
    assert [line for line in everything.splitlines() if line and not line.startswith(" ")][:2] == [
        "structure",
        "convolution",
    ]
    chosen = run("layers", "POOLING", "flat").stdout
    assert "\n  MAXPOOL(kernel=2, " in chosen
    assert "\n  FLATTEN\n" in chosen
    assert "CONV" not in chosen


def test_layers_as_data(run: Run) -> None:
    (conv,) = (each for each in json.loads(run("layers", "--format", "json").stdout) if each["words"] == ["CONV"])
    kernel = next(each for each in conv["attributes"] if each["name"] == "kernel")
    assert (conv["family"], conv["package"]) == ("convolution", "cnndsl")
    assert (kernel["kind"], kernel["default"], kernel["required"]) == ("Extents", "3", False)
    assert "same" in next(each for each in conv["attributes"] if each["name"] == "padding")["words"]
    assert conv["examples"][0]["spec"].startswith("INPUT")
    assert {"spec", "code"} == conv["rejects"][0].keys()


def test_the_width_of_the_terminal_is_used(run: Run) -> None:
    narrow, wide = (run("explain", "conv", COLUMNS=columns).stdout for columns in ("60", "100"))
    assert len(narrow.splitlines()) > len(wide.splitlines())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("conv", "CONV(filters, kernel=3, "),
        ("Conv2d", "Here Conv2d is called CONV.\n\nCONV(filters, "),
        ("CONV", "nn.Conv2d(3, 16, 3, padding=1)"),
        ("conv", "window-too-large: a 7x7 window does not fit a 5x5 map"),
        ("se", "SE(r=16"),
        ("shape-mismatch", "Terms of a sum have one shape"),
    ],
)
def test_explain(run: Run, name: str, says: str) -> None:
    done = run("explain", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert says in done.stdout


@pytest.mark.parametrize(
    ("name", "meant"), [("convv", "CONV"), ("shape-mismach", "shape-mismatch"), ("sepcon", "SEPCONV")]
)
def test_explain_asks_what_was_meant(run: Run, name: str, meant: str) -> None:
    done = run("explain", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"did you mean `{meant}`?" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    assert "_CNNDSL_COMPLETE" in run("completion", shell).stdout


def test_completion_offers_commands_and_the_zoo(run: Run) -> None:
    def offered(words: str, position: int) -> list[str]:
        done = run(_CNNDSL_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(position))
        return done.stdout.split()

    assert "plain,check" in offered("cnndsl ch", 1)
    assert "plain,zoo:resnet50" in offered("cnndsl check zoo:res", 2)
    assert "plain,softmax" in offered("cnndsl explain soft", 2)
    assert {"plain,SE", "plain,SELU"} <= set(offered("cnndsl explain SE", 2))
    assert offered("cnndsl explain shape-", 2) == ["plain,shape-mismatch"]


def test_a_reader_that_stops_early_makes_no_traceback() -> None:
    command = f"{sys.executable} -m cnndsl check specs/*.cnn | head -n 1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout
    assert "Traceback" not in done.stderr


def test_a_terminal_that_knows_only_ascii_shows_the_message(run: Run) -> None:
    done = run("check", "-e", "INPUT → CONF", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert "unknown-layer" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_installed_command_is_the_module() -> None:
    command = Path(sys.executable).parent / "cnndsl"
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"cnndsl {cnndsl.__version__}\n"


def test_the_size_of_the_input_is_set_with_input(run: Run) -> None:
    done = run("check", "zoo:lenet5", "--input", "3x64x64", "--format", "totals")
    assert done.stdout.splitlines()[-1].split() == ["lenet5", "3x64x64", "10", "868,406", "7,947,720"]


def test_of_several_inputs_one_is_named(run: Run) -> None:
    texts = "INPUT -> FC(3)\nINPUT -> FC(4)"
    done = run("check", "-", "--input", "input2=784", "--format", "totals", stdin=texts)
    assert done.stdout.splitlines()[-1].split()[1:3] == ["3x32x32,", "784"]


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ("3x0x8", "bad-argument", "--input 3x0x8"),
        ("foo=3x8x8", "bad-override", "no input `foo`"),
        ("3x8x8", "bad-override", "--input input=3x8x8 --input input2=3x8x8"),
        ("3y8", "bad-value", "--input 3y8"),
    ],
)
def test_a_wrong_size_is_shown_where_it_was_written(run: Run, given: str, code: str, says: str) -> None:
    done = run("check", "-", "--input", given, stdin="INPUT -> FC(3)\nINPUT -> FC(4)")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error[{code}]" in done.stderr
    assert "--> command line:1" in done.stderr
    assert says in done.stderr


def waiting(command: list[str], interrupt: signal.Handlers | Callable[..., object], cwd: Path) -> subprocess.Popen[str]:
    """A command that waits for its spec on standard input, started where Ctrl-C is treated in this way."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cnndsl", *command],
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, interrupt),
    )
    time.sleep(1.5)  # by then it has started, also on a machine that is busy
    return process


@pytest.mark.parametrize(
    "command", [["check", "-"], ["export", "-", "--to", "torch"], ["render", "-", "-o", "net.svg"]], ids=" ".join
)
def test_ctrl_c_ends_a_command_without_a_traceback(command: list[str], tmp_path: Path) -> None:
    process = waiting(command, signal.default_int_handler, tmp_path)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == -signal.SIGINT
    assert list(tmp_path.iterdir()) == []


def test_a_ctrl_c_that_is_kept_from_us_stays_ignored(tmp_path: Path) -> None:
    """As for a job in the background of a script."""
    process = waiting(["check", "-"], signal.SIG_IGN, tmp_path)
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate("INPUT -> FC", timeout=30)
    assert process.returncode == 0
    assert "30,730" in shown


@pytest.mark.parametrize("command", ["export", "render"])
def test_commands_of_one_spec_want_just_one(run: Run, command: str) -> None:
    options = {"export": ["--to", "torch"], "render": ["-o", "net.svg"]}[command]
    for specs in ([], ["zoo:lenet5", "zoo:unet"], ["zoo:lenet5", "-e", "INPUT -> FC"]):
        done = run(command, *specs, *options)
        assert (done.returncode, done.stdout) == (2, ""), specs
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["export", "render", "train"])
def test_mistakes_of_a_spec_end_every_command(run: Run, command: str, tmp_path: Path) -> None:
    options = {"export": ["--to", "torch"], "render": ["-o", "net.svg"], "train": ["--out", "run"]}[command]
    done = run(command, "-e", "INPUT -> CONF(3)", *options, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "did you mean `CONV`?" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["no/such/folder/net.py", "."])
def test_a_file_that_cannot_be_written_is_told(run: Run, target: str, tmp_path: Path) -> None:
    done = run("export", "zoo:lenet5", "--to", "torch", "-o", target, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert target in done.stderr


def test_every_command_that_takes_a_spec_takes_what_can_be_set_of_it() -> None:
    context = click.Context(commands)
    options = {
        name: {option for parameter in found.params for option in parameter.opts}
        for name in commands.list_commands(context)
        if (found := commands.get_command(context, name)) is not None
    }
    taking_specs = {name for name, found in options.items() if found & {"spec", "specs"}}
    assert taking_specs == {"check", "diff", "export", "lint", "render", "train"}
    for name in taking_specs:
        assert {"-D", "--input", "-e"} <= options[name], name


def test_the_list_of_commands_is_not_cut(run: Run) -> None:
    assert "..." not in run("--help").stdout.partition("Commands:")[2]
