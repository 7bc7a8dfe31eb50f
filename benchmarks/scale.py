"""How the compiler scales: time and memory a node that a short file expands to, time a token of a long file.

Time is the processor's for the whole pipeline, text to graph, the best of several runs. Memory is tracemalloc's peak
beyond that of an empty network, in a run of its own.

    .venv/bin/python benchmarks/scale.py --output benchmarks/results/scale.json
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnndsl.compiler import compile_source
from cnndsl.graph import Graph
from cnndsl.source import Source

SIZES = (1_000, 10_000, 100_000)
PROGRAMS: dict[str, Callable[[int], str]] = {
    "repeats": lambda n: f"INPUT(8x4x4) -> [CONV(8) -> BN -> RELU -> [ID + RELU]]*{n // 5}",
    "calls": lambda n: (
        "conv(c, k) = CONV(c, k) -> BN\n"
        "block(c) = [conv(c, 1) -> RELU -> conv(c, 3) + ID] -> RELU\n"
        f"INPUT(8x4x4) -> block(C)*{n // 7}"
    ),
    "tables": lambda n: (
        "stage(rows) = [CONV(c, k) -> BN for c, k in rows]\n"
        f"INPUT(8x4x4) -> [stage(((8, 1), (8, 3), (8, 1), (8, 3)))*{n // 80} for i in range(10)]"
    ),
    "values": lambda n: (
        f"step(v) = [v -> CONV(8, 1) + ID] -> RELU\nINPUT(8x4x4) -> [ID as x -> step(x -> RELU)]*{n // 4}"
    ),
    "shared": lambda n: f"shared block(c) = CONV(c, 1) -> BN -> RELU\nINPUT(8x4x4) -> block(8)*{n // 3}",
}
TEXTS: dict[str, Callable[[int], str]] = {
    "path": lambda n: "INPUT(8x4x4)" + " ->ID" * (n // 2 - 2),
    "statements": lambda n: "INPUT(8)\n" + "\n".join(f"x{i}=2*{i}" for i in range(n // 6)),
}
LARGEST_TEXT = 262_144
MICROSECONDS_A_NODE, KILOBYTES_A_NODE, MICROSECONDS_A_TOKEN = 25, 3, 20


def compiled(text: str) -> Graph:
    found = compile_source(Source("net.cnn", text))
    assert found.graph is not None, found.diagnostics[:3]
    return found.graph


def seconds(text: str, runs: int) -> float:
    """The best time of a compilation."""
    times: list[float] = []
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        compiled(text)
        times.append(time.process_time() - start)
    return min(times)


def peak(text: str) -> int:
    """Bytes that a compilation holds at most, as tracemalloc counts them."""
    gc.collect()
    tracemalloc.start()
    compiled(text)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def measure(runs: int) -> list[dict[str, Any]]:
    """A row for every program and size."""
    compiled("INPUT(8x4x4)")  # so that what is made once is there
    empty = peak("INPUT(8x4x4)")
    rows: list[dict[str, Any]] = []
    for name, program in PROGRAMS.items():
        for size in SIZES:
            text = program(size)
            count = len(compiled(text))
            micro, kilo = 1e6 * seconds(text, runs) / count, (peak(text) - empty) / count / 1000
            rows.append({"what": name, "count": count, "us": round(micro, 1), "kB": round(kilo, 2)})
            print(f"{name:12} {count:>8,} nodes   {micro:6.1f} us a node   {kilo:5.2f} kB a node", flush=True)
    for name, program in TEXTS.items():
        for size in SIZES:
            text = program(size)
            if len(text) > LARGEST_TEXT:
                text = program(int(size * LARGEST_TEXT / len(text) * 0.95))
            count = len(text.replace("->", " -> ").split()) if name == "path" else text.count("=") * 5 + 4
            micro = 1e6 * seconds(text, runs) / count
            rows.append({"what": name, "count": count, "us": round(micro, 1)})
            print(f"{name:12} {count:>8,} tokens  {micro:6.1f} us a token", flush=True)
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--output", type=Path)
    chosen = options.parse_args()
    rows = measure(chosen.runs)
    nodes = [row for row in rows if "kB" in row]
    worst = {
        "us a node": (max(row["us"] for row in nodes), MICROSECONDS_A_NODE),
        "kB a node": (max(row["kB"] for row in nodes), KILOBYTES_A_NODE),
        "us a token": (max(row["us"] for row in rows if "kB" not in row), MICROSECONDS_A_TOKEN),
    }
    for what, (found, target) in worst.items():
        print(f"at most {found} {what}; target {target}: {'met' if found <= target else 'MISSED'}")
    if chosen.output:
        about = {"python": platform.python_version(), "machine": platform.machine(), "rows": rows}
        chosen.output.write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
