"""A file from a stranger is only ever data: whatever it holds, there is a report or an error, and no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ROOT, Run, slowness

import cnndsl
from cnndsl.compiler import compile_source
from cnndsl.diagnostics.terminal import render_all
from cnndsl.source import LARGEST_FILE, Source

pytestmark = pytest.mark.core

MOST_SECONDS, MOST_MEGABYTES = 2, 500


class Answer(NamedTuple):
    """What a command says, and what it takes.

    `seconds` are those of the processor, which pass on a clock where nobody else uses it: tests run side by side. On a
    machine that is slower than usual while they pass, they count for less.
    """

    status: int
    out: str
    err: str
    seconds: float
    megabytes: float


MEASURE = """
import json, os, subprocess, sys, threading
with open("out", "wb") as out, open("err", "wb") as err:
    process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    watch = threading.Timer(60, process.kill)
    watch.start()
    _, status, used = os.wait4(process.pid, 0)
    watch.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([process.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
"""Runs a command and tells its status, seconds and memory. A process of its own does so, which is small: to a new
process Linux counts the memory that the one which started it holds, and the tests hold torch."""


def answer(*arguments: str, cwd: Path) -> Answer:
    """Run `python -m cnndsl` in a folder, and measure this process alone."""
    command = [sys.executable, "-c", MEASURE, sys.executable, "-m", "cnndsl", *arguments]
    before = slowness()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    slow = (before + slowness()) / 2
    status, seconds, memory = json.loads(done.stdout)
    texts = ((cwd / stream).read_bytes().decode() for stream in ("out", "err"))
    return Answer(status, *texts, seconds / slow, memory / (1024 * 1024 if sys.platform == "darwin" else 1024))


def answered(*arguments: str, cwd: Path, status: int, says: str) -> Answer:
    """The same, where a certain answer is given in time."""
    found = answer(*arguments, cwd=cwd)
    assert "Traceback" not in found.err
    assert found.status == status, found.err[-500:]
    assert says in found.out + found.err
    assert found.seconds < MOST_SECONDS
    assert found.megabytes < MOST_MEGABYTES
    return found


needs_wait4 = pytest.mark.skipif(not hasattr(os, "wait4"), reason="nothing tells here what one process takes")


def doubled(first: str, combined: str) -> str:
    """60 definitions each of which holds the one before twice, and a use of the last."""
    lines = [f"a{number} = {combined.format(f'a{number - 1}')}" for number in range(1, 61)]
    return "\n".join([f"a0 = {first}", *lines, "INPUT -> a60"])


def lines(line: str, times: int) -> str:
    """A line with the numbers from 0 on, {0}, and the next ones, {1}."""
    return "\n".join(line.format(number, number + 1) for number in range(times))


FIBONACCI = "f(n) = f(n-1) + f(n-2) if n > 1 else n\n"
PAIRS = "f(n, m) = f(n-1, 2*m) + f(n-1, 2*m+1) if n > 0 else m\n"
TESTS = "f(n) = f(n-1) and f(n-1) if n > 0 else true\n"
TUPLES = "f(n, u) = f(n-1, (u, 1)) if n > 0 else 1\n"
FORMS = "r(n) = r(n) if n > 1 else n\n"
TABLE = "t = (" + "1, " * 40_000 + "1)\n"

REFUSED = {
    # what would be expanded to too much
    "copies of copies of copies": ("INPUT -> [[[CONV]*1000]*1000]*1000", "1,000,000,000 nodes"),
    "copies by a name": ("n = 1000\nINPUT -> [[[CONV]*n]*n]*n", "too-many-nodes"),
    "a block that is called twice": ("f(n) = [f(n-1), f(n-1)] if n > 0 else CONV\nINPUT -> f(60)", "too-many-nodes"),
    "a chain that is called twice": ("f(n) = [f(n-1) -> f(n-1)] if n > 0 else ID\nINPUT -> f(60)", "too-many-steps"),
    "calls that all differ": ("f(n) = [f(2*n) -> f(2*n+1)] if n < 2**50 else ID\nINPUT -> f(1)", "too-many-steps"),
    "branches that double": (doubled("CONV", "[{0}, {0}]"), "too-many-nodes"),
    "networks that double": (doubled("ID", "{0} -> {0}"), "too-many-steps"),
    "tuples that double": (doubled("(1, 1)", "({0}, {0})"), "bad-value"),
    "arguments that double": (f"f(net) = [net -> net]\nINPUT -> {'f(' * 60}CONV{')' * 60}", "too-many-nodes"),
    "values that double": ("f(n, v) = f(n-1, [v, v]) if n > 0 else v\nINPUT as x\nf(60, x)", "number-too-large"),
    "a value that is read many times": ("INPUT as x -> [[ID + x]*1000]*1000", "too-many-nodes"),
    "shared weights": ("shared b = CONV(3) -> BN\nINPUT -> [[b*100]*100]*100", "too-many-nodes"),
    "copies of nothing": ("INPUT -> [[[ID*1000]*1000]*1000]*1000", "too-many-steps"),
    "tables in tables": ("r = range(10000)\nINPUT -> [[CONV for a in r] for b in r]", "100,000,000 nodes"),
    "branches of branches": ("r = range(10000)\nINPUT -> [[ID, for a in r], for b in r]", "too-many-steps"),
    "a long range": ("INPUT -> [CONV for a in range(1000000)]", "bad-arithmetic"),
    "copies by a shape": ("INPUT(1000x2x2) -> [[[CONV(C)]*C]*C]*C", "too-many-steps"),
    "layers that all differ": ("INPUT(1x2x2) -> [[CONV(C+1)]*C]*1000", "too-many-steps"),
    "mistakes in copies": ("f(n) = CONV(0*n)\nINPUT -> [f(3)]*190000", "bad-argument"),
    "many inputs": ("INPUT*100000", "input-inside"),
    "many models": (lines("m{0} = INPUT -> a{0}*1000\na{0} = RELU | TANH", 300), "too-many-nodes"),
    "many small models": (lines("m{0} = INPUT", 18_000), "too-many-steps"),
    # what would be computed for ever
    "numbers that call themselves twice": (FIBONACCI + "INPUT -> CONV(f(40))", "too-many-steps"),
    "numbers that all differ": (PAIRS + "INPUT -> CONV(f(40, 1) + 1)", "too-many-steps"),
    "a requirement without an end": (FIBONACCI + "require f(50) > 3\nINPUT", "too-many-steps"),
    "a default without an end": (FIBONACCI + "g(a=f(50)) = CONV(a)\nINPUT -> g", "too-many-steps"),
    "tests that call themselves twice": (TESTS + "INPUT -> [ID if f(60) else RELU]", "too-many-steps"),
    "numbers of each other": ("a(n) = b(n)\nb(n) = a(n)\nINPUT -> CONV(a(3))", "endless-definition"),
    "blocks of each other": ("a(n) = CONV(n) -> b(n)\nb(n) = RELU -> a(n)\nINPUT -> a(3)", "endless-definition"),
    "a number of the next": ("f(n) = f(n+1)\nINPUT -> CONV(f(3))", "endless-definition"),
    "a large table in tuples": (TABLE + TUPLES + "INPUT -> [FC(f(9, t))]*1000", "too-many-steps"),
    "large tables that are compared": (TABLE + "INPUT -> [[ID if t == t else ID]*1000]*1000", "too-many-steps"),
    "forms that are asked for again": (FORMS + f"INPUT -> CONV({'r(1) if C > 9 else ' * 2900}1)*999", "too-many-steps"),
    "400 digits": ("INPUT -> CONV(" + "9" * 400 + ")", "number-too-large"),
    "ten to the 400": ("INPUT -> CONV(10 ** 400)", "bad-arithmetic"),
    "towers": ("INPUT -> CONV(2**2**2**2**2**2, 9**9**9**9)", "bad-arithmetic"),
    # what is long or deep
    "20,000 brackets": ("INPUT -> " + "[" * 20_000 + "CONV" + "]" * 20_000, "nested-too-deep"),
    "20,000 brackets that are not closed": ("INPUT -> [" * 20_000, "nested-too-deep"),
    "many signs": ("INPUT -> CONV(" + "-" * 90_000 + "1)", "nested-too-deep"),
    "many questions": ("INPUT -> CONV" + "?" * 90_000, "nested-too-deep"),
    "many negations": ("INPUT -> [CONV if " + "not " * 60_000 + "true else ID]", "nested-too-deep"),
    "deep calls of deep calls": (
        f"f(n) = {'max(' * 190}f(n-1){')' * 190} if n > 0 else 1\nINPUT -> CONV(f(190))", "nested-too-deep",
    ),
    "250,000 words": ("INPUT -> CONV(" + "1," * 125_000 + "1)", "text-too-long"),
    "a long line": ("INPUT" + " -> RELU" * 100_000, "text-too-long"),
    "a chain of names": (lines("d{0} = d{1}", 12_000) + "\nd12000 = CONV\nINPUT -> d0", "endless-definition"),
    "late mistakes": ("INPUT" + " -> ID" * 38_000 + "\n" + "x = = 3\n" * 30, "error[syntax]"),
    "names that nearly are": (
        lines("a" * 30 + "{0} = CONV", 4000) + "\nINPUT -> ID" + lines("-> " + "a" * 30 + "x{0}", 900), "unknown-layer",
    ),
    "many files": (lines('use "x{0}.cnn"', 12_000), "bad-use"),
    "NULs": ("INPUT -> \0CONV\n" * 1000, "error[syntax]"),
}  # fmt: skip


@needs_wait4
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_too_much_is_refused_in_time(name: str, tmp_path: Path) -> None:
    text, says = REFUSED[name]
    (tmp_path / "net.cnn").write_text(text, newline="")
    answered("check", "net.cnn", cwd=tmp_path, status=1, says=says)


ACCEPTED = {
    "names of Python": "__class__(c) = CONV(c)\nlambda = 3\nINPUT -> __class__(lambda) as def -> [ID + def]",
    "Windows line ends": "n = 3\r\nINPUT -> [CONV\r\n  -> RELU]*n\r\n",
    "a byte order mark": "\ufeffINPUT -> CONV",
    "many inputs": "INPUT\n" * 30_000,
    "many outputs": "INPUT as x\n" + "x -> RELU\n" * 20_000,
    "copies of an input": "[INPUT(1x1x1) as x, for i in range(9000)]",
    "one of many alternatives": "a = " + " | ".join(f"CONV({i})" for i in range(1, 15_000)) + "\nINPUT -> a",
    "values that are used twice": "f(n, v) = f(n-1, [v + v]) if n > 0 else v\nINPUT as x\nf(100, x)",
    "a long product": "INPUT -> CONV(1" + "*1" * 14_000 + ")",
    "labels and copies": "INPUT" + "".join(f" -> RELU as x{i} -> [RELU]*1" for i in range(5000)),
}  # fmt: skip


@needs_wait4
@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_odd_and_right_is_compiled_in_time(name: str, tmp_path: Path) -> None:
    (tmp_path / "net.cnn").write_bytes(ACCEPTED[name].encode())
    answered("check", "net.cnn", "--format", "totals", cwd=tmp_path, status=0, says="net")


UNREADABLE = {
    "a line of 10 MB": (b"INPUT" + b" -> RELU" * 1_300_000, f"{LARGEST_FILE:,}"),
    "no UTF-8": (b"INPUT -> CONV # \xff\xfe", "0xff in line 1"),
    "UTF-16": ("INPUT -> CONV".encode("utf-16"), "not UTF-8"),
}


@needs_wait4
@pytest.mark.parametrize("command", ["check", "fmt --check", "export --to torch"])
@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_text_is_not_read(name: str, command: str, tmp_path: Path) -> None:
    content, says = UNREADABLE[name]
    (tmp_path / "net.cnn").write_bytes(content)
    answered(*command.split(), "net.cnn", cwd=tmp_path, status=2, says=says)


def linked_file(folder: Path) -> None:
    (folder / "blocks.cnn").symlink_to(folder.parent / "secret")


def linked_folder(folder: Path) -> None:
    (folder / "up").symlink_to(folder.parent)


def ring_of(number: int) -> Callable[[Path], None]:
    """Files that bring each other in, one behind the other."""

    def write(folder: Path) -> None:
        for i in range(number):
            (folder / f"f{i}.cnn").write_text(f'use "f{(i + 1) % number}.cnn"\n')

    return write


def ladder(folder: Path) -> None:
    """Files each of which brings in the next two."""
    for i in range(80):
        (folder / f"f{i}.cnn").write_text(f'use "f{i + 1}.cnn"\nuse "f{i + 2}.cnn"\ng{i} = RELU\n')
    for i in (80, 81):
        (folder / f"f{i}.cnn").write_text("")


def large_files(folder: Path) -> None:
    """Files that are many and large."""
    for i in range(40):
        (folder / f"f{i}.cnn").write_text(f'use "f{i + 1}.cnn"\n' + "# a comment\n" * 20_000)
    (folder / "f40.cnn").write_text("")


BROUGHT_IN: dict[str, tuple[Callable[[Path], None], str, int, str]] = {
    "a file above": (lambda folder: None, "../secret", 1, "lies elsewhere"),
    "a file by its whole path": (lambda folder: None, "/etc/passwd", 1, "bad-use"),
    "the passwords": (lambda folder: None, "../../etc/passwd", 1, "bad-use"),
    "a link to a file above": (linked_file, "blocks.cnn", 1, "lies elsewhere"),
    "a file in a linked folder": (linked_folder, "up/secret", 1, "lies elsewhere"),
    "a folder": (lambda folder: (folder / "f.cnn").mkdir(), "f.cnn", 1, "bad-use"),
    "itself": (ring_of(1), "f0.cnn", 1, "brings itself in"),
    "two files of each other": (ring_of(2), "f0.cnn", 1, "brings itself in"),
    "three files in a ring": (ring_of(3), "f0.cnn", 1, "brings itself in"),
    "a ring of 99": (ring_of(99), "f0.cnn", 1, "brings itself in"),
    "a ring of 150": (ring_of(150), "f0.cnn", 1, "more than 100 files"),
    "a ladder": (ladder, "f0.cnn", 0, "net"),
    "large files": (large_files, "f0.cnn", 1, "characters together"),
}


@needs_wait4
@pytest.mark.parametrize("name", BROUGHT_IN)
def test_files_are_brought_in_with_care(name: str, tmp_path: Path) -> None:
    prepare, path, status, says = BROUGHT_IN[name]
    folder = tmp_path / "specs"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret = CONV(7) -> -> hidden")
    prepare(folder)
    (folder / "net.cnn").write_text(f'use "{path}"\nINPUT -> FC\n')
    found = answered("check", "net.cnn", "--format", "totals", cwd=folder, status=status, says=says)
    assert "hidden" not in found.err


FORMATTED = {"many signs", "many questions", "copies of copies of copies"}
"""What is too much only for those who look at what it means."""


@needs_wait4
@pytest.mark.parametrize("command", ["fmt --check", "export --to torch", "render -o net.svg"])
@pytest.mark.parametrize(
    "name",
    ["20,000 brackets", "many signs", "many questions", "250,000 words", "late mistakes", "copies of copies of copies"],
)
def test_other_commands_answer_in_time(name: str, command: str, tmp_path: Path) -> None:
    text, says = REFUSED[name]
    (tmp_path / "net.cnn").write_text(text)
    if command == "fmt --check" and name in FORMATTED:
        answered(*command.split(), "net.cnn", cwd=tmp_path, status=1, says="would format net.cnn")
    else:
        answered(*command.split(), "net.cnn", cwd=tmp_path, status=1, says=says)


@needs_wait4
@pytest.mark.parametrize("name", ["a" * 100_000, "CONV" * 100, "../../etc/passwd", "__class__", "\x1b[2J"])
def test_any_word_is_explained_or_not_in_time(name: str, tmp_path: Path) -> None:
    found = answered("explain", name, cwd=tmp_path, status=2, says="there is no layer")
    assert "\x1b" not in found.err


PYTHON_NAMES = """
__class__(c) = CONV(c) -> BN
lambda = 3
None(self, c=2) = [self -> CONV(C) + ID]
class(import) = CONV(import)
__init__(__dict__) = RELU -> class(__dict__)
torch = BN -> RELU
nn(forward=torch) = forward -> TANH
super(x) = [x + x]
True = RELU | SILU

INPUT as def -> __class__(lambda) as return -> None(RELU) -> __init__(5) -> torch -> nn -> True as __module__
super(return -> CONV(2)) -> GAP as print
def -> __class__(7) -> GAP as _modules
"""


@pytest.mark.torch
def test_names_of_python_are_exported_to_a_file_that_runs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.cnn").write_text(PYTHON_NAMES)
    assert run("export", "net.cnn", "--to", "torch", "-o", "net.py", cwd=tmp_path).returncode == 0
    program = (
        "import net, torch\n"
        "network = [each for each in vars(net).values() if isinstance(each, type)][-1]()\n"
        "print([tuple(each.shape) for each in network(torch.rand(2, 3, 32, 32))])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[(2, 5, 32, 32), (2, 2), (2, 7)]", done.stderr


DEEP_TUPLES = f"f(n) = {'(' * 60}f(n-1){',)' * 60} if n > 0 else 1\nINPUT -> CONV(f(190))"

TEXTS = {
    "a long number in a mistake": "INPUT -> CONV(" + "1" * 200_000 + " $",
    "many ifs in a mistake": "INPUT -> [CONV " + "if " * 80_000 + " $",
    "a long comment before a mistake": "#" * 200_000 + "\nINPUT -> $",
    "many unknown names": "INPUT -> " + " -> ".join(f"n{number}" for number in range(11_000)),
    "many parameters": f"f({', '.join(f'n{number}' for number in range(20_000))}) = RELU\nINPUT -> f(1)",
    "channels that square": "INPUT -> [DWCONV(1, multiplier=C)]*40",
    "channels that double": "INPUT -> [ID, ID]*20000",
    "sizes that grow": "INPUT -> DECONV(3, 9223372036854775807, 9223372036854775807)*300",
    "tuples in tuples": DEEP_TUPLES,
    "a file of NULs": "INPUT\0" * 1000,
    "names of Python": "__class__(c) = CONV(c)\nlambda = 3\nINPUT -> __class__(lambda)",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_file_gets_an_answer(text: str) -> None:
    """In another process, which no answer would bring down."""
    program = (
        "import sys; from cnndsl.compiler import compile_source; from cnndsl.source import Source\n"
        "from cnndsl.diagnostics.terminal import render_all\n"
        "print(len(render_all(compile_source(Source('net.cnn', sys.stdin.read())).diagnostics)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=text, capture_output=True, text=True, timeout=30, check=True
    )
    assert int(done.stdout) < 5_000_000


def test_of_many_mistakes_the_first_are_shown(run: Run) -> None:
    done = run("check", "-", stdin="INPUT -> " + " -> ".join(f"n{number}" for number in range(500)))
    assert done.stderr.count("error[") == 50
    assert "450 more" in done.stderr


def test_long_chains_of_conditionals_are_compiled() -> None:
    assert compile_source(Source("net.cnn", f"INPUT -> CONV({'1 if C == 4 else ' * 3000}1)")).graph


def test_many_outputs_make_a_small_table() -> None:
    assert len(cnndsl.parse("INPUT\n" * 5000).summary().text) < 5000 * 100


def test_what_a_terminal_would_obey_is_not_written() -> None:
    compilation = compile_source(Source("net.cnn", "INPUT -> FC\nY # \x1b[2J\a"))
    shown = render_all(compilation.diagnostics)
    assert "unknown-layer" in shown
    assert "\x1b" not in shown
    assert "\a" not in shown


def test_a_file_without_an_end_is_not_read_to_its_end(run: Run) -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("there is no /dev/zero here")
    done = run("check", "/dev/zero")
    assert done.returncode == 2
    assert f"{LARGEST_FILE:,}" in done.stderr


@pytest.mark.parametrize(
    ("redirection", "status"), [(">&-", 0), ("<&-", 0), ("2>&-", 0), (">/dev/full", 2)], ids=lambda value: str(value)
)
def test_closed_and_full_streams_make_no_traceback(redirection: str, status: int) -> None:
    command = f"{sys.executable} -m cnndsl check zoo:lenet5 {redirection}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_blanks_that_are_pasted_from_a_document_are_blanks() -> None:
    assert cnndsl.parse("INPUT\u00a0->\u3000FC(10)").summary().params == 30_730


def test_a_byte_order_mark_before_a_text_is_none_of_it() -> None:
    assert cnndsl.parse("\ufeffINPUT -> FC(10)").summary().params == 30_730


def test_parameters_of_a_spec_may_be_called_as_those_of_the_function() -> None:
    assert cnndsl.parse("path = 1\ntext = 2\nINPUT -> FC(path + text)", path=3, text=4).summary().params == 3072 * 7 + 7


@pytest.mark.parametrize("classes", ["0", "2.5", '"ten"', "CONV(3)", "(1, 2)"])
def test_classes_are_a_number_wherever_they_are_used(classes: str) -> None:
    assert [found.code for found in compile_source(Source("net.cnn", f"classes = {classes}\nINPUT -> FC")).diagnostics]


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("INPUT -> [CONV(n) for n in 1, 2]", "n"),
        ("f(n) = CONV(n)\nINPUT -> f(3)", "n"),
        ("INPUT -> FC(10)", "classes"),
    ],
)
def test_what_has_no_effect_cannot_be_set(text: str, parameter: str) -> None:
    compilation = compile_source(Source("net.cnn", text), {parameter: 5})
    assert [found.code for found in compilation.diagnostics] == ["bad-override"]


def test_a_free_name_can_be_set_beside_a_parameter_of_that_name() -> None:
    assert len(cnndsl.parse("block(k) = CONV(k)\nINPUT -> [block(3)]*k", k=4).graph) == 5


@pytest.mark.parametrize(
    "text",
    [
        "f(a) = a -> RELU\nINPUT -> f([ID + RELU])",
        "f(a=[ID & RELU]) = a\nINPUT -> f",
        "INPUT -> [b for b in [ID + RELU], RELU]",
        "t = ([ID - RELU], RELU)\nINPUT -> [b for b in t]",
        "f(a) = a\nx = f(RELU)\nINPUT -> x",
        "twice(b) = b*2\nact = twice(RELU)\nINPUT -> act",
        "wrap(b) = [b + b]\nx = wrap(CONV(3))\nINPUT -> x",
        "x = CONV\nf(b) = b(4)\nINPUT -> x(3) -> f(x) -> f(CONV)",
        "act = relu\nINPUT -> act -> GELU(tanh)",
    ],
)
def test_networks_are_values(text: str) -> None:
    assert compile_source(Source("net.cnn", text)).diagnostics == ()


def test_true_is_not_one_inside_a_size() -> None:
    codes = [
        found.code
        for found in compile_source(Source("net.cnn", "INPUT -> CONV(8, (3, 1)) -> CONV(8, (3, true))")).diagnostics
    ]
    assert codes == ["bad-argument"]
