"""What a training shows: on terminals of several widths, on plain ones, and in a pipe. torch is not needed for it."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from terminals import shown_on

from cnndsl.cli import _progress
from cnndsl.training.progress import EpochMetrics, Progress

TRAINING = """
from time import sleep
from cnndsl.cli import _progress
from cnndsl.training.progress import EpochMetrics, Progress, Validation

_progress.REDRAWN_EVERY = 0.0
with _progress.display(60) as shown:
    for epoch in range(1, 4):
        for step in range(1, 6):
            sleep(0.01)
            shown.step(Progress(epoch, step, 5, 1 / epoch, 0.9712, 12345.6))
        shown.epoch(EpochMetrics(epoch, 1 / epoch, 0.9712, 0.0029, 12.34, 12345.6, VALIDATION))
"""
VALIDATED = TRAINING.replace("VALIDATION", "Validation(0.25, 0.5)")
NOT_VALIDATED = TRAINING.replace("VALIDATION", "None")

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

HEAD = "epoch  3/60"
METRICS = EpochMetrics(3, 0.1234, 0.9712, 0.0029, 12.34, 12345.6)


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    return {**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **more}


def on_terminal(script: str, columns: int, **more: str) -> str:
    """What a script writes to a terminal of so many columns."""
    fcntl, pty, termios = pytest.importorskip("fcntl"), pytest.importorskip("pty"), pytest.importorskip("termios")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=theirs, stderr=theirs, env=environment(**more)
    )
    os.close(theirs)
    shown = shown_on(ours)
    assert process.wait(timeout=60) == 0, shown
    return shown.decode()


def in_pipe(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stderr == ""
    return done.stdout


def drawn(shown: str) -> list[str]:
    """The lines that were drawn, one over the other or not, without colours."""
    return [line for line in re.split(r"[\r\n]+", ESCAPE.sub("", shown)) if line]


@pytest.mark.parametrize(
    ("columns", "wanted", "unwanted"),
    [
        (100, ["━", "loss", "accuracy", "0:0", "12,346 images/s"], []),
        (80, ["━", "loss", "accuracy", "0:0", "12,346 images/s"], []),
        (60, ["━", "loss", "accuracy", "0:0"], ["images"]),
        (44, ["loss", "accuracy"], ["━", "0:0", "images"]),
        (30, ["loss"], ["━", "accuracy", "images"]),
        (8, [], ["━", "loss"]),
    ],
)
def test_a_bar_fits_its_terminal(columns: int, wanted: list[str], unwanted: list[str]) -> None:
    lines = drawn(on_terminal(NOT_VALIDATED, columns))
    assert max(map(len, lines)) <= columns
    assert all(line.startswith("epoch  "[:columns]) for line in lines)
    assert lines[-1].startswith(HEAD[:columns])
    assert [word for word in wanted if word not in lines[-1]] == []
    assert [word for word in unwanted if word in lines[-1]] == []


@pytest.mark.parametrize("columns", [80, 60, 30])
def test_nothing_of_the_bar_is_left(columns: int) -> None:
    shown = on_terminal(NOT_VALIDATED, columns)
    assert shown.count("\n") == 1  # rich ends the last bar before it takes that away
    assert shown.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (100, "  validation loss 0.2500  accuracy  50.00 %  training loss 0.3333  accuracy  97.12 %"),
        (80, "  validation loss 0.2500  accuracy  50.00 %  training loss 0.3333"),
        (60, "  validation loss 0.2500  accuracy  50.00 %"),
        (40, "  validation loss 0.2500"),
        (30, ""),
    ],
)
def test_a_validation_stays_on_the_terminal(columns: int, told: str) -> None:
    shown = on_terminal(VALIDATED, columns)
    assert max(map(len, drawn(shown))) <= columns
    kept = [line.rstrip().split("\r")[-1] for line in ESCAPE.sub("", shown).split("\n")[:-2]]
    assert kept == [f"epoch  {epoch}/60{told.replace('0.3333', f'{1 / epoch:.4f}')}" for epoch in (1, 2, 3)]


def test_colours_are_left_out_where_they_are_not_wanted() -> None:
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9;]*m")
    assert colour.search(on_terminal(NOT_VALIDATED, 80))
    assert not colour.search(on_terminal(NOT_VALIDATED, 80, NO_COLOR="1"))


def test_a_plain_terminal_gets_what_a_pipe_gets() -> None:
    shown = on_terminal(VALIDATED, 80, TERM="dumb")
    assert shown.replace("\r", "") == in_pipe(VALIDATED)


def test_a_pipe_gets_a_line_for_each_epoch() -> None:
    lines = in_pipe(VALIDATED).splitlines()
    assert len(lines) == 3
    assert lines[-1] == (
        "epoch  3/60  loss 0.3333  accuracy  97.12 %  validation loss 0.2500  accuracy  50.00 %"
        "  lr 0.0029   12,346 images/s  12.3 s"
    )


def test_the_line_of_an_epoch_has_80_columns_without_validation(capsys: pytest.CaptureFixture[str]) -> None:
    with _progress.display(60) as shown:
        shown.epoch(METRICS)
    assert len(capsys.readouterr().out) <= 81


def test_an_epoch_that_takes_long_gets_lines_on_its_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(_progress, "perf_counter", lambda: now)
    with _progress.display(2) as shown:
        for step in range(1, 100):
            now = float(step)
            shown.step(Progress(1, step, 5004, 0.5, 0.25, 7.04))
        now = 110.0
        shown.epoch(METRICS)
        now = 130.0
        shown.step(Progress(2, 1, 5004, 0.5, 0.25, 7.04))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        f"epoch 1/2  step {step:>5}/5,004  loss 0.5000  accuracy  25.00 %     7.0 images/s" for step in (30, 60, 90)
    ]
    assert len(lines) == 4


def test_the_time_that_is_left_leaves_out_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which may compile; 4 epochs of 10 steps, a second each after that."""
    from rich.console import Console

    now = 1000.0
    monkeypatch.setattr(_progress, "perf_counter", lambda: now)
    bar = _progress._Bar(4)
    console = Console(width=80)

    def shown(epoch: int, step: int) -> str:
        bar.move(Progress(epoch, step, 10, 0.5, 0.25, 7.0))
        with console.capture() as captured:
            console.print(bar)
        return captured.get()

    assert "-:--:--" in shown(1, 1)
    now += 1
    assert "0:00:38" in shown(1, 2)
    now += 18
    assert "0:00:20" in shown(2, 10)


@pytest.mark.parametrize("loss", [0.0, 9999.0, 1e4, 1e30, float("nan")])
def test_no_loss_is_wider_than_a_column(loss: float) -> None:
    assert len(_progress.figures(loss, 1.0)) <= len("loss 1.000e+30  accuracy 100.00 %")


def test_the_display_needs_no_torch() -> None:
    script = f"{NOT_VALIDATED}\nimport sys\nassert not {{'torch', 'numpy', 'rich'}} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=Path(ROOT), capture_output=True).returncode == 0
