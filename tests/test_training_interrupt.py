"""Ctrl-C while a network is trained, in real processes, at several moments."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Run
from terminals import shown_on

pytestmark = [pytest.mark.torch, pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal on POSIX")]

LONG = ["train", "-e", "INPUT(64) -> FC(10)", "--epochs", "100000"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a training that does not end by itself, with its run folder in tmp_path / "run"."""
    started: list[subprocess.Popen[str]] = []

    def start(**streams: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "cnndsl", *LONG, "--out", str(tmp_path / "run")],
            cwd=ROOT,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "TERM": "xterm", "COLUMNS": "80"},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def until_line(process: subprocess.Popen[str], beginning: str) -> None:
    assert process.stdout is not None
    while not (line := process.stdout.readline()).strip().startswith(beginning):
        assert line, "the training ended"


def test_while_torch_is_imported(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    maps = Path("/proc/{}/maps")
    if not Path("/proc/self/maps").exists():
        pytest.skip("there is no /proc to see the import in")
    process = start()
    deadline = time.monotonic() + 60
    while "libtorch" not in Path(str(maps).format(process.pid)).read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (-signal.SIGINT, "", "")
    assert not (tmp_path / "run").exists()


def test_before_the_first_epoch_is_over(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    process = start()
    until_line(process, "training")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; " in errors
    assert errors.count("\n") == 2
    assert f" is saved; to go on: cnndsl train --resume {tmp_path / 'run'}\n" in errors
    assert list((tmp_path / "run" / "checkpoints").iterdir())


def test_in_the_middle_says_what_stands_and_that_can_be_used(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path, run: Run
) -> None:
    process = start()
    until_line(process, "epoch      2/100000")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    epochs = len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines())
    assert process.returncode == 130
    end = f"in epoch {epochs + 1}, is saved; to go on: cnndsl train --resume {tmp_path / 'run'}\n"
    assert errors.startswith("\ncnndsl: interrupted; step ")
    assert errors.endswith(end)
    assert epochs >= 2
    assert run("eval", str(tmp_path / "run")).stdout.startswith("accuracy ")


def test_on_a_terminal_the_cursor_comes_back(start: Callable[..., subprocess.Popen[str]]) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = start(stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while not re.search(rb"epoch +([2-9]|\d\d+)/", shown):  # so that one is finished
        shown += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    shown += shown_on(ours)
    assert process.wait(timeout=60) == 130
    hidden, back = shown.rindex(b"\x1b[?25l"), shown.rindex(b"\x1b[?25h")
    assert hidden < back
    assert b"interrupted; step " in shown[back:]
    assert b"Traceback" not in shown
