"""Limits on a network: nodes are counted before anything is expanded, and never more than there are."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from conftest import ROOT, Run
from hypothesis import HealthCheck, given, settings
from programs import Program, programs
from specs_in_tests import SPECS

import cnndsl
from cnndsl.compiler import Compilation, compile_source
from cnndsl.diagnostics import Diagnostic
from cnndsl.source import Source

pytestmark = pytest.mark.core

every = settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


def compiled(text: str, most: int = 200_000, **parameters: object) -> Compilation:
    return compile_source(Source("net.cnn", text), parameters, max_nodes=most)


def refused(text: str, most: int = 200_000, **parameters: object) -> Diagnostic:
    """The only mistake of a text, which is that it is too large."""
    (error,) = compiled(text, most, **parameters).diagnostics
    assert error.code == "too-many-nodes"
    return error


def doubled(first: str, combined: str, times: int = 40) -> str:
    """Definitions each of which holds the one before twice, and a network of the last."""
    lines = [f"a{number} = {combined.format(f'a{number - 1}')}" for number in range(1, times + 1)]
    return "\n".join([f"a0 = {first}", *lines, f"INPUT -> a{times}"])


COUNTED = {
    "INPUT -> [[[CONV]*1000]*1000]*1000": ("[[[CONV]*1000]*1000]*1000", "1,000,000,000 nodes"),
    "f(n) = [f(n-1), f(n-1)] if n > 0 else CONV\nINPUT -> f(60)": ("f(60)", f"{2**61 - 1:,} nodes"),
    "f(n) = [f(n-1), f(n-2)] if n > 1 else CONV\nINPUT -> f(40)": ("f(40)", "331,160,281 nodes"),
    "r = range(1000)\nINPUT -> [[RELU for a in r] for b in r]": ("[[RELU for a in r] for b in r]", "1,000,000 nodes"),
    "r = range(1000)\nINPUT -> [[RELU, for a in r], for b in r]": (
        "[[RELU, for a in r], for b in r]",
        "1,001,001 nodes",
    ),
    "r = range(700)\nINPUT -> [[RELU*a - for a in r]]": ("[RELU*a - for a in r]", "245,349 nodes"),
    "n = 100\nINPUT -> [[[CONV -> BN]*n]*n]*n": ("[[[CONV -> BN]*n]*n]*n", "2,000,000 nodes"),
    doubled("CONV", "[{0}, {0}]"): ("a40", f"{2**41 - 1:,} nodes"),
    doubled("CONV", "{0} -> {0}"): ("a40", f"{2**40:,} nodes"),
    f"f(net) = [net -> net]\nINPUT -> {'f(' * 40}CONV{')' * 40}": (f"{'f(' * 40}CONV{')' * 40}", f"{2**40:,} nodes"),
    "f(n, net) = f(n-1, [net -> net]) if n > 0 else net\nINPUT -> f(40, RELU)": ("f(40, RELU)", f"{2**40:,} nodes"),
    "f(n, block) = block(n)*n\nINPUT -> f(300000, CONV)": ("f(300000, CONV)", "300,000 nodes"),
    "f(v) = [[ID + v]*1000]*1000\nINPUT as x\nf(x -> RELU*9)": ("f(x -> RELU*9)", "1,000,000 nodes"),
    "f(v) = [ID + v]\nINPUT -> [ID as x -> f(x -> RELU*9)]*100000": (
        "[ID as x -> f(x -> RELU*9)]*100000",
        "1,000,000 nodes",
    ),
    "shared b(c) = [CONV(c) -> BN]*1000\nINPUT -> b(8)*1000": ("b(8)*1000", "2,000,000 nodes"),
    "f(shared net) = net*1000\nINPUT -> f(CONV(8))*1000": ("f(CONV(8))*1000", "1,000,000 nodes"),
    "act = RELU | SILU -> BN\nINPUT -> act?*300000": ("act?*300000", "300,000 nodes"),
    "f(k) = [RELU*k if k != C else ID]\nINPUT -> [f(5) -> TANH]*300000": ("[f(5) -> TANH]*300000", "300,000 nodes"),
    "INPUT -> [[[RELU*(10**9)]*(10**9)]*(10**9)]": ("[[RELU*(10**9)]*(10**9)]*(10**9)", "more than 2^63 nodes"),
    f"f(n) = {'[' * 50}f(n-1){']*(10**18)' * 50} if n > 0 else RELU\nINPUT -> f(50)": (
        "f(50)",
        "more than 2^63 nodes",
    ),
    "INPUT -> RELU*200000": ("INPUT -> RELU*200000", "200,001 nodes"),
    "a = INPUT -> RELU*99999\nb = INPUT -> RELU*99999\nINPUT": ("INPUT", "200,001 nodes"),
}


@pytest.mark.parametrize("text", COUNTED, ids=range(len(COUNTED)))
def test_counts_are_multiplied_up_and_shown_where_they_come_from(text: str) -> None:
    error = refused(text)
    assert (error.span.text, error.label) == COUNTED[text]


def test_a_parameter_from_outside_counts() -> None:
    text = "n = 1\nINPUT -> [[RELU]*n]*n"
    assert refused(text, n=1000).label == "1,000,000 nodes"
    assert len(cnndsl.parse(text, n=100).graph) == 10_001


KNOWN_LATER = {
    "an unknown number is compared": "f(c=C) = [RELU*1000 if c - 1 != 2 else ID]\nINPUT(3x4x4) -> f",
    "unknown numbers in a tuple are compared": "f(c=C) = [RELU*9 if (c, 1) != (3, 1) else ID]\nINPUT(3x4x4) -> f",
    "an unknown number of rows": "f(c=C) = [RELU for i in range(c - 3)]\nINPUT(3x4x4) -> f",
    "a table that is passed on": "f(t, c=C) = [RELU for i in t]\ng(c=C) = f(range(c - 3))\nINPUT(3x4x4) -> g",
    "an unknown count": "f(c=C) = [RELU -> TANH]*(c - 3)\nINPUT(3x4x4) -> f",
    "a side that is not taken": "f(c=C) = [CONV*50 if c > 3 else RELU]\nINPUT(3x4x4) -> f",
    "a value that depends on a shape": (
        "f(v) = [[ID + v]*50]\ng(x, c=C) = f([x -> RELU*9] if c == 3 else [x -> TANH])\n"
        "INPUT(3x4x4) as y -> [ID + g(y)]"
    ),
    "a value behind a test of a shape": (
        "f(v) = [ID + v]*50\nINPUT(3x4x4) as x -> CONV(3) -> f(x -> RELU*9 -> [TANH if C == 3 else ID])"
    ),
    "a value of a side that is not built": (
        "f(v) = [[v -> RELU] if C == 4 else ID]\nINPUT(3x4x4) as x -> [ID as y -> f(y -> TANH*9)]*7"
    ),
    "a value that is named in copies of unknown number": (
        "f(v) = [ID + v]*50\ng(net, c=C) = net*(c - 2)\nINPUT(3x4x4) -> g([CONV(3) as x]) -> f(x -> RELU*9)"
    ),
    "a recursion that a shape ends": "f(n) = [CONV(C+1) -> f(n+1)] if C < 9 else ID\nINPUT(3x4x4) -> f(1)",
    "a value that only a layer reads": "INPUT(3x8x8) as x -> POOL(2, 2) as p -> UNPOOL(p) -> CROP(x)",
    "a number that looks like a network": "f(n, c=C) = CONV(n + c)\nINPUT(3x4x4) -> f(2)",
    "a block that depends on a shape": "f(b, c=C) = b(c)\nINPUT(3x4x4) -> f(CONV)",
}


@pytest.mark.parametrize("text", KNOWN_LATER.values(), ids=KNOWN_LATER)
def test_what_is_only_known_later_is_not_counted(text: str) -> None:
    found = compiled(text)
    assert not found.diagnostics
    nodes = sum(map(len, found.graphs))
    assert compiled(text, nodes).graphs, "as many as there are"
    refused(text, nodes - 1)


def counted(program: Program) -> bool:
    """Whether the nodes of a program are all counted beforehand. However many they are, no more are counted."""
    nodes = sum(map(len, compiled(program.text, **program.parameters).graphs))
    if not nodes:  # a few of the programs are wrong
        return True
    exact = compiled(program.text, nodes, **program.parameters)
    assert exact.graphs, f"\n{program}"
    errors = [found for found in compiled(program.text, nodes - 1, **program.parameters).diagnostics if found.is_error]
    assert [error.code for error in errors] == ["too-many-nodes"], f"\n{program}"
    return f"{nodes:,} nodes" in errors[0].label


def test_no_program_is_counted_too_high_and_most_exactly() -> None:
    seen: Counter[bool] = Counter()

    @given(programs())
    @every
    def look(program: Program) -> None:
        seen[counted(program)] += 1

    look()
    assert seen[True] > 5 * seen[False]


@pytest.mark.slow
@given(programs())
@settings(every, derandomize=False, max_examples=5_000)
def test_no_program_is_counted_too_high_at_length(program: Program) -> None:
    counted(program)


@pytest.mark.parametrize(
    "text", [spec.read_text(encoding="utf-8") for spec in SPECS], ids=[spec.stem for spec in SPECS]
)
def test_no_spec_is_counted_too_high(text: str) -> None:
    used = [(ROOT / "specs" / name).read_text(encoding="utf-8") for name in re.findall(r'^use "(.*)"', text, re.M)]
    assert counted(Program(text)) or " C " in "".join([text, *used])


def test_what_contains_itself_without_an_end_has_no_number_of_nodes() -> None:
    text = "f(n) = [f(n+1), f(n+1)] if n > 0 else CONV\nendless = INPUT -> f(1)"
    (error,) = compiled(text).diagnostics
    assert error.code == "endless-definition"
    large = "g(n) = RELU*n\nlarge = INPUT -> g(300000)"
    assert "300,000 nodes" in [found.label for found in compiled(f"{text}\n{large}").diagnostics]


def test_the_message_names_the_limit_and_the_flag() -> None:
    error = refused("INPUT -> RELU*2000", 1_500)
    assert "1,500" in error.message
    assert "--max-nodes" in error.help


@pytest.mark.parametrize("command", ["check", "export --to torch", "render -o net.dot"])
def test_the_command_line_sets_the_limit(command: str, run: Run, tmp_path: object) -> None:
    name, *options = command.split()
    spec = ["-e", "INPUT -> RELU*20"]
    assert run(name, *options, *spec, "--max-nodes", "21", cwd=tmp_path).returncode == 0
    done = run(name, *options, *spec, "--max-nodes", "20", cwd=tmp_path)
    assert done.returncode == 1
    assert "too-many-nodes" in done.stderr


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_is_a_number_of_nodes(limit: str, run: Run) -> None:
    done = run("check", "zoo:lenet5", "--max-nodes", limit)
    assert done.returncode == 2
    assert "--max-nodes" in done.stderr


def test_python_sets_the_limit(tmp_path: object) -> None:
    assert len(cnndsl.parse("INPUT -> RELU*200000", max_nodes=200_001).graph) == 200_001
    with pytest.raises(cnndsl.SpecError, match="more than 11 nodes"):
        cnndsl.load("zoo:lenet5", max_nodes=11)
    assert cnndsl.load("zoo:lenet5", max_nodes=12).max_nodes == 12


def test_a_larger_limit_allows_more_steps() -> None:
    text = "f(n) = f(n-1) + f(n-2) if n > 1 else n\nINPUT -> CONV(max(8, f(22) - 10**9))"
    assert [found.code for found in compiled(text).diagnostics] == ["too-many-steps"]
    assert compiled(text, 2_000_000).graphs


def test_a_network_of_nearly_200_000_nodes_is_compiled() -> None:
    text = "conv(c, k) = CONV(c, k) -> BN\nINPUT(8x4x4) -> [[conv(8, 1) -> RELU -> conv(8, 3) + ID] -> RELU]*28400"
    (graph,) = compiled(text).graphs
    assert len(graph) == 28_400 * 7 + 1


def test_copies_of_nothing_are_no_nodes() -> None:
    assert len(cnndsl.parse("INPUT -> ID*100 -> RELU", max_nodes=2).graph) == 2


def test_behind_a_mistake_in_a_large_network_it_is_not_looked_at_to_its_end() -> None:
    text = "f(n) = CONV(0*n)\nINPUT -> [f(3) -> RELU*20]*{} -> CONV(1//0)"
    assert [found.code for found in compiled(text.format(100)).diagnostics] == ["bad-argument", "bad-arithmetic"]
    assert [found.code for found in compiled(text.format(9_000)).diagnostics] == ["bad-argument"]


def test_a_mistake_that_only_a_guess_makes_is_none() -> None:
    """A bare FC is taken for one that others follow, until it is seen that none do."""
    text = "classes = 3\nINPUT(3) as x -> FC -> [ID + x] -> [RELU -> TANH]*99000"
    assert compiled(text).graphs
