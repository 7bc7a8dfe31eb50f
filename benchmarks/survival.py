"""Whether a training that is killed again and again comes to what it comes to undisturbed, bit for bit.

The same command is trained twice at the same time, each with one thread: once in peace, and once killed (`kill -9`) at
moments drawn at random, some of them inside the writing of a checkpoint, and gone on with `--resume` each time.

    python benchmarks/survival.py --output benchmarks/results/survival.json   an hour on Fashion-MNIST, on two cores
    python benchmarks/survival.py --page                                      write docs/survival.md from the results
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from pages import filled, rewrite
from processes import ROOT, machine, versions

RESULTS = ROOT / "benchmarks" / "results" / "survival.json"
PAGE = ROOT / "docs" / "survival.md"
SLOWLY = ROOT / "benchmarks" / "slowly.py"
COMMAND = (
    "train benchmarks/fashion-resnet.cnn --data idx:/usr/share/datasets/fashion-mnist --ema 0.999 --mixup 0.2 "
    "--checkpoint-every 0.5min"
)
POLL = 0.002
"""Seconds between two looks at a process that is to be killed."""


class Moment(NamedTuple):
    """When a process is killed: so many seconds after its start, or inside its n-th checkpoint if that is sooner."""

    seconds: float
    writing: int = 0


class Killed(NamedTuple):
    """A process that was killed.

    Attributes:
        seconds: how long it had run.
        where: "start-up", "training" or "writing".
        step: what it had gone on from; 0 for the beginning.
        children: how many processes of its own it had.
    """

    seconds: float
    where: str
    step: int
    children: int


def undisturbed(words: Sequence[str], out: Path) -> float:
    """Train in peace; the seconds that takes."""
    start = time.perf_counter()
    subprocess.run(_command(words, out, 0), cwd=ROOT, env=_environment(), check=True, capture_output=True)
    return time.perf_counter() - start


def harassed(words: Sequence[str], out: Path, moments: Iterator[Moment], slow: float = 0.5) -> Iterator[Killed]:
    """Train, be killed at each of these moments, go on, until it is done; what was killed.

    Args:
        words: what stands behind `cnndsl`.
        out: the run folder.
        moments: of each process anew.
        slow: seconds that the writing of a checkpoint takes.

    Raises:
        AssertionError: a process ends by itself and otherwise than well.
    """
    while (killed := _killed(words, out, next(moments), slow)) is not None:
        yield killed


def differences(one: Path, other: Path) -> list[str]:
    """What two runs differ in, of what has nothing to do with time."""
    from safetensors.torch import load_file
    from torch import equal

    found = []
    if (one / "weights.safetensors").read_bytes() != (other / "weights.safetensors").read_bytes():
        found.append("weights.safetensors")
    last = [load_file(sorted((run / "checkpoints").iterdir())[-1]) for run in (one, other)]
    found += [name for name in last[0].keys() | last[1].keys() if not equal(last[0][name], last[1][name])]
    if _metrics(one) != _metrics(other):
        found.append("metrics.jsonl")
    return found


def moments(draw: random.Random, seconds: float, share: float) -> Iterator[Moment]:
    """Anywhere in so many seconds; this share of them inside a checkpoint, one of the first two."""
    while True:
        anywhere = draw.uniform(0, seconds)
        yield Moment(2 * seconds, draw.randint(1, 2)) if draw.random() < share else Moment(anywhere)


def _killed(words: Sequence[str], out: Path, moment: Moment, slow: float) -> Killed | None:
    """Start a process and kill it; None if it was done before."""
    mark = _mark(out)
    mark.unlink(missing_ok=True)
    start = time.perf_counter()
    log = out.with_suffix(".log")
    with log.open("w") as file:
        process = subprocess.Popen(
            _command(words, out, slow), cwd=ROOT, env=_environment(), stdout=file, stderr=subprocess.STDOUT
        )
    while process.poll() is None:
        passed, is_writing = time.perf_counter() - start, moment.writing and _number(mark) == moment.writing
        if passed >= moment.seconds or is_writing:
            children = _children(process.pid)
            process.send_signal(signal.SIGKILL)
            process.wait()
            told = log.read_text()
            where = "writing" if mark.exists() else "training" if "\n  epochs" in told else "start-up"
            return Killed(passed, where, _went_on_from(told), children)
        time.sleep(POLL)
    assert process.returncode == 0, log.read_text()
    return None


def _mark(out: Path) -> Path:
    """What is there while a checkpoint is half written."""
    return out.with_suffix(".writing")


def _command(words: Sequence[str], out: Path, slow: float) -> list[str]:
    return [sys.executable, str(SLOWLY), str(_mark(out)), str(slow), *words, "--resume", str(out)]


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def _number(mark: Path) -> int:
    try:
        return int(mark.read_text())
    except (OSError, ValueError):
        return 0


def _children(process: int) -> int:
    try:
        return sum(len(each.read_text().split()) for each in Path(f"/proc/{process}/task").glob("*/children"))
    except OSError:
        return 0


def _went_on_from(told: str) -> int:
    line = next((line for line in told.splitlines() if line.startswith("  goes on")), "")
    return int(line.split(" step ")[1].split(", epoch")[0].replace(",", "")) if line else 0


def _metrics(run: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: line[name] for name in line if name not in ("seconds", "images_per_second")} for line in lines]


# an hour on Fashion-MNIST


def measure(epochs: int, seconds: float, seed: int) -> dict[str, Any]:
    """Both trainings at the same time.

    Args:
        epochs: of each.
        seconds: within which a process is killed.
        seed: of the moments.
    """
    about = machine()
    words = [*shlex.split(COMMAND), "--epochs", str(epochs)]
    killed: list[Killed] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        quiet, disturbed = Path(folder, "quiet"), Path(folder, "disturbed")
        peace = pool.submit(undisturbed, words, quiet)
        start = time.perf_counter()
        for each in harassed(words, disturbed, moments(random.Random(seed), seconds, 0.25)):
            killed.append(each)
            print(f"{time.perf_counter() - start:7.0f} s  {each}", file=sys.stderr, flush=True)
        took = time.perf_counter() - start
        found = {"quiet": peace.result(), "disturbed": took, "different": differences(quiet, disturbed)}
    return {
        "machine": about,
        "versions": versions(["cnndsl", "torch"]),
        "command": f"cnndsl {COMMAND} --epochs {epochs}",
        "seed": seed,
        **found,
        "killed": [each._asdict() for each in killed],
    }


def _summary(results: dict[str, Any]) -> str:
    killed = [Killed(**each) for each in results["killed"]]
    places = ", ".join(f"{sum(each.where == where for each in killed)} in {where}" for where in _PLACES)
    different = ", ".join(results["different"]) or "nothing"
    return "\n".join(
        [
            f"- Command: `{results['command']}`, one thread each, both at the same time.",
            f"- In peace: {results['quiet'] / 60:.1f} minutes. Killed {len(killed)} times ({places}): "
            f"{results['disturbed'] / 60:.1f} minutes.",
            f"- Different in the end: {different}.",
            f"- {results['machine']['processor']}, torch {results['versions']['torch']}.",
        ]
    )


_PLACES = ("start-up", "training", "writing")


def _log(results: dict[str, Any]) -> str:
    rows = ["| process | went on from step | killed after | in |", "|--:|--:|--:|---|"]
    for number, each in enumerate(results["killed"], 1):
        where = "the writing of a checkpoint" if each["where"] == "writing" else each["where"]
        rows.append(f"| {number} | {each['step']:,} | {each['seconds']:.1f} s | {where} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=46)
    parser.add_argument("--seconds", type=float, default=110, help="within which a process is killed")
    parser.add_argument("--seed", type=int, default=3, help="of the moments")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--page", action="store_true", help="only write docs/survival.md from the results")
    given = parser.parse_args()
    if given.page:
        parts = {"summary": _summary, "log": _log}
        rewrite(PAGE, RESULTS, lambda text, found: filled(text, "survival", lambda name: parts[name](found)))
        return
    results = measure(given.epochs, given.seconds, given.seed)
    text = json.dumps(results, indent=1) + "\n"
    if given.output:
        given.output.write_text(text)
    print(text)
    sys.exit(bool(results["different"]))


if __name__ == "__main__":
    main()
