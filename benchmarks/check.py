"""How long a cold `cnndsl check` takes, beside starting Python and beside importing torch.

Whole processes, one of each kind in turn, so that whatever else the machine does hits all alike. Cold means a new
process; files and bytecode are warm.

    .venv/bin/python benchmarks/check.py --runs 25 --output benchmarks/results/check.json
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cnndsl

ROOT = Path(__file__).parent.parent
CHECK = "check specs/resnet50.cnn"
COMMANDS: dict[str, list[str]] = {
    "python -c pass": [sys.executable, "-c", "pass"],
    CHECK: [str(Path(sys.executable).parent / "cnndsl"), "check", "specs/resnet50.cnn"],
    "import lark, click": [sys.executable, "-c", "import lark, click"],
    "import torch": [sys.executable, "-c", "import torch"],
}
TARGETS = {"import torch": 1 / 6, "python -c pass": 15}
"""`check` takes at most this many times as long."""


def measure(runs: int) -> dict[str, list[float]]:
    """Seconds of every run of every command, after one run of each that is not counted."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compileall.compile_dir(Path(cnndsl.__file__).parent, quiet=1)
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(runs + 1):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def report(runs: int) -> dict[str, Any]:
    """Machine, versions, medians in milliseconds, and ratios against the targets."""
    medians = {name: 1000 * statistics.median(found) for name, found in measure(runs).items()}
    ratios = {name: medians[CHECK] / medians[name] for name in TARGETS}
    return {
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in ("cnndsl", "lark", "torch")},
        },
        "runs": runs,
        "median_ms": {name: round(median, 1) for name, median in medians.items()},
        "check_takes_times": {name: round(ratio, 3) for name, ratio in ratios.items()},
        "target_at_most": {name: round(target, 3) for name, target in TARGETS.items()},
        "met": all(ratios[name] <= target for name, target in TARGETS.items()),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=25, help="how often each command is run")
    parser.add_argument("--output", type=Path, help="write the report here as well")
    options = parser.parse_args()
    text = json.dumps(report(options.runs), indent=2)
    print(text)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
