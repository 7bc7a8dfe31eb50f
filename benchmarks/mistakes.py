"""What ten mistakes are told by `cnndsl check`, by PyTorch and by Keras.

`mistakes/NAME.cnn`, `NAME_torch.py` and `NAME_keras.py` make the same mistake, each as it is made in its notation. Each
runs in a process of its own; Keras runs on PyTorch. What is said goes to `results/mistakes.json`, and from there into
the marked parts of `docs/messages.md`.

    python benchmarks/mistakes.py                  run everything (needs torch and keras)
    python benchmarks/mistakes.py --only cnndsl    after a message of cnndsl has changed (needs neither)
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import platform
import re
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pages import filled

ROOT = Path(__file__).parent.parent
FOLDER = Path("benchmarks/mistakes")
"""Seen from ROOT, where everything is run."""
RESULTS = ROOT / "benchmarks" / "results" / "mistakes.json"
PAGE = ROOT / "docs" / "messages.md"

TOOLS = {"cnndsl": "cnndsl", "torch": "PyTorch", "keras": "Keras"}
RIVALS = ("torch", "keras")
NAMES = sorted(spec.stem for spec in (ROOT / FOLDER).glob("*.cnn"))
QUOTED_LINES = 2
"""Of a longer exception text the page shows this many lines that are not empty, and dots."""

Answer = dict[str, Any]
Results = dict[str, Any]


def program(tool: str, name: str) -> Path:
    """What makes a mistake in the notation of a tool."""
    return FOLDER / (f"{name}.cnn" if tool == "cnndsl" else f"{name}_{tool}.py")


def command(tool: str, name: str) -> list[str]:
    checked = ["-m", "cnndsl", "check", "--format", "totals"] if tool == "cnndsl" else []
    return [sys.executable, *checked, str(program(tool, name))]


def answer(tool: str, name: str, runs: int = 1) -> Answer:
    """What a tool says about a mistake.

    Returns:
        The exit status; the seconds that the process took, the least of the runs; how many lines it printed; `said`,
        what it printed, or the text of the exception where that was a traceback; the `lines` of the program that are
        named, in the order of the text; the `layers` of the program that `said` names.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"KERAS_BACKEND": "torch", "NO_COLOR": "1"}
    seconds: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.run(
            command(tool, name), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        seconds.append(time.perf_counter() - start)
    printed = re.sub(r"\x1b\[[\d;]*m", "", done.stderr + done.stdout)
    said, numbers = (_of_a_check if tool == "cnndsl" else _of_a_traceback)(printed, program(tool, name))
    source = (ROOT / program(tool, name)).read_text().splitlines()
    return {
        "status": done.returncode,
        "seconds": round(min(seconds), 2),
        "printed_lines": len(printed.splitlines()),
        "said": said,
        "lines": {str(number): source[number - 1].strip() for number in dict.fromkeys(numbers)},
        "layers": sorted(_layers(tool, "\n".join(source)) & set(re.findall(r"\w+", _own_words(said)))),
    }


def _of_a_check(printed: str, spec: Path) -> tuple[str, list[int]]:
    """What `cnndsl check` printed, and the lines that it names."""
    places = re.finditer(rf"{re.escape(str(spec))}:(\d+):|^ *(\d+) \|", printed, re.M)
    return printed.rstrip(), [int(place[1] or place[2]) for place in places]


def _of_a_traceback(printed: str, script: Path) -> tuple[str, list[int]]:
    """The text of the exception, and the lines of the script above it; without a traceback, all that was printed."""
    _, is_traceback, rest = printed.rpartition("Traceback (most recent call last):\n")
    if not is_traceback:
        return printed.rstrip(), []
    exception = re.search(r"^(?! |$)", rest, re.M)
    assert exception, printed
    frames = re.findall(rf'^  File ".*{re.escape(script.name)}", line (\d+)', rest[: exception.start()], re.M)
    return rest[exception.start() :].rstrip(), [int(line) for line in frames]


def _own_words(said: str) -> str:
    """A message without the lines of the source that it shows, and without what it says to write instead."""
    return re.sub(r"^ *(\d+ \||= help:).*$", "", said, flags=re.M)


def _layers(tool: str, source: str) -> set[str]:
    """The words that make layers: of a spec its definitions and capitals, of Python the classes called."""
    if tool == "cnndsl":
        return set(re.findall(r"^[a-z]\w*|\b[A-Z][A-Z0-9]+\b", source, re.M))
    called = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in called}
    return {name for name in names if name[:1].isupper()}


def measure(tools: list[str], runs: int) -> Results:
    """Answers and machine for some tools."""
    measured: Results = {"measured": {}, "mistakes": {name: {} for name in NAMES}}
    for tool in tools:
        measured["measured"][tool] = {
            "version": version(tool),
            "python": platform.python_version(),
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "runs": runs,
        }
        for name in NAMES:
            found = answer(tool, name, runs)
            measured["mistakes"][name][tool] = found
            print(f"{tool:7} {name:10} {found['seconds']:5.2f} s  {found['said'].partition(chr(10))[0]}", flush=True)
    return measured


def merged(before: Results, after: Results) -> Results:
    """Results of before where there are none of after; of mistakes that exist."""
    return {
        "measured": {**before["measured"], **after["measured"]},
        "mistakes": {
            name: {**before["mistakes"].get(name, {}), **after["mistakes"][name]} for name in after["mistakes"]
        },
    }


# the page


def page(text: str, results: Results) -> str:
    """The page with its marked parts written from results: a mistake each, `all` the table of all of them."""

    def part(name: str) -> str:
        return _table(text, results) if name == "all" else _told(name, results["mistakes"][name])

    return filled(text, "mistakes", part)


def _told(name: str, answers: dict[str, Answer]) -> str:
    """A spec and what is said of it, then what its rivals say."""
    spec = program("cnndsl", name)
    session = [f"$ cat {spec}", (ROOT / spec).read_text().rstrip(), f"$ cnndsl check --format totals {spec}"]
    parts = [f"```console\n{chr(10).join([*session, answers['cnndsl']['said']])}\n```"]
    for tool in RIVALS:
        found, script = answers[tool], program(tool, name)
        link = f"{TOOLS[tool]}, [`{script.name}`](../{script})"
        if not found["said"]:
            parts.append(f"{link}: nothing is said, the exit status is {found['status']}.")
            continue
        lines = [f"line {number}: {source}" for number, source in found["lines"].items()]
        quoted = "\n".join([*lines, _quote(found["said"])])
        parts.append(f"{link}, {found['printed_lines']} lines; those about the program:\n\n```text\n{quoted}\n```")
    return "\n\n".join(parts) + "\n"


def _quote(said: str) -> str:
    """The first lines of an exception text."""
    lines = [line for line in said.splitlines() if line.strip()]
    return "\n".join([*lines[:QUOTED_LINES], *["..."][: len(lines) - QUOTED_LINES]])


def _table(text: str, results: Results) -> str:
    """Who said what, where; with which versions and how soon."""
    rows = [f"| | {' | '.join(TOOLS.values())} |", "|---|---|---|---|"]
    for title, name in re.findall(r"^## (.*)\n(?:(?!## ).*\n)*?<!-- mistakes: (\w+) -->$", text, re.M):
        anchor = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        cells = [_cell(results["mistakes"][name][tool]) for tool in TOOLS]
        rows.append(f"| [{title}](#{anchor}) | {' | '.join(cells)} |")
    runs = {tool: results["measured"][tool] for tool in TOOLS}
    seconds = {tool: [each[tool]["seconds"] for each in results["mistakes"].values()] for tool in TOOLS}
    about = [
        f"{TOOLS[tool]} {runs[tool]['version']} on Python {runs[tool]['python']} "
        f"took {min(seconds[tool]):.2f} to {max(seconds[tool]):.2f} s"
        for tool in TOOLS
    ]
    return "\n".join([*rows, "", *[f"- {each}" for each in about]]) + "\n"


def _cell(found: Answer) -> str:
    """An answer in short: the codes or the exception, the lines, the layers it names."""
    if not found["lines"]:
        return "nothing said"
    kinds = re.findall(r"^\w+\[([\w-]+)\]", found["said"], re.M) or [found["said"].partition(":")[0]]
    kind, lines, layers = (", ".join(each) for each in (map(_code, kinds), found["lines"], map(_code, found["layers"])))
    return f"{kind}; line{'s' * (len(found['lines']) > 1)} {lines}" + (f"; names {layers}" if layers else "")


def _code(word: str) -> str:
    return f"`{word}`"


def _is_installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(TOOLS), default=list(TOOLS), help="keep what others said")
    parser.add_argument("--runs", type=int, default=3, help="how often each is run; the least seconds count")
    options = parser.parse_args()
    for tool in options.only:
        if not _is_installed(tool):
            parser.error(f"{tool} is not installed here; `--only cnndsl` runs without torch and keras")
    results = measure(options.only, options.runs)
    if RESULTS.exists():
        results = merged(json.loads(RESULTS.read_text()), results)
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(page(PAGE.read_text(), results))


if __name__ == "__main__":
    main()
