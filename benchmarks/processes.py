"""What whole processes take: wall time and peak memory; and where that was measured.

A process is started by a launcher of its own, which is small: to a new process Linux counts the memory that the one
which started it holds.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent

_LAUNCHER = """
import os, sys, time
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - start
print([os.waitstatus_to_exitcode(status), seconds, used.ru_maxrss])
"""
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Used(NamedTuple):
    """Wall time in seconds, peak resident memory in megabytes of 1,000,000 bytes."""

    seconds: float
    megabytes: float


class Failed(Exception):
    """A process ended with another status than 0; says which, and its last words."""


def run(command: Sequence[str], environment: Mapping[str, str]) -> Used:
    """Run a command, whose first word is the path of a program, in ROOT, and wait for its end; it prints to nowhere."""
    launch = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command]
    done = subprocess.run(launch, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    status, seconds, most = json.loads(done.stdout)
    if status:
        raise Failed(f"{' '.join(command)} ended with {status}:\n{done.stderr[-2000:]}")
    return Used(seconds, most * _MAXRSS_UNIT / 1e6)


def machine() -> dict[str, Any]:
    """What a number depends on beside the versions; `load` is what the machine has to do at this moment."""
    names = re.findall(r"^model name\s*: (.*)$", _text("/proc/cpuinfo"), re.M)
    memory = re.findall(r"^MemTotal: *(\d+) kB$", _text("/proc/meminfo"), re.M)
    return {
        "system": platform.platform(),
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory[0]) / 1e6, 1) if memory else None,
        "load": round(os.getloadavg()[0], 2),
    }


def versions(packages: Sequence[str]) -> dict[str, str | None]:
    """Of Python and of packages; None for one that is not installed."""
    return {"python": platform.python_version(), **{name: installed(name) for name in packages}}


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _text(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""
