"""A file from a stranger is only ever data: whatever it holds, there is a report or an error, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Run

import cnndsl
from cnndsl.compiler import compile_source
from cnndsl.diagnostics.terminal import render_all
from cnndsl.source import LARGEST_FILE, Source

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
