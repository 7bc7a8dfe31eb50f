"""How long one waits for `cnndsl check`, and what it holds in memory, beside other summaries of the same networks.

Whole processes, one of each kind in turn, so that whatever else the machine does hits all alike. Cold means a new
process; files and bytecode are warm. The others are the scripts in `summaries/`, each as cheap as its tool documents:
those for torch get the module that `cnndsl export --to torch` writes, on the meta device where the tool works there.

    python benchmarks/check.py --output benchmarks/results/check.json    measure all (needs the extras torch and rivals)
    python benchmarks/check.py --tools cnndsl                            measure cnndsl alone
    python benchmarks/check.py --page                                    write docs/speed.md from the results
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pages import filled, rewrite, told
from processes import ROOT, Failed, Used, installed, machine, run, versions

import cnndsl
from cnndsl.source import read

RESULTS = ROOT / "benchmarks" / "results" / "check.json"
PAGE = ROOT / "docs" / "speed.md"
SUMMARIES = Path("benchmarks/summaries")
"""Seen from ROOT, where everything is run."""

Results = dict[str, Any]


class Tool(NamedTuple):
    """What reports on networks: its package, its name on the page, what is called, its program, and on which device."""

    package: str
    title: str
    call: str
    program: str = ""
    device: str = "meta"


CNNDSL = "cnndsl"
TOOLS = {
    CNNDSL: Tool("cnndsl", "cnndsl", "`cnndsl check`"),
    "torchinfo": Tool("torchinfo", "torchinfo", "`summary`", "by_torchinfo.py"),
    "torchinfo-cpu": Tool("torchinfo", "torchinfo", "`summary`, on the CPU", "by_torchinfo.py", "cpu"),
    "fvcore": Tool("fvcore", "fvcore", "`flop_count_table`, on the CPU", "by_fvcore.py", "cpu"),
    "ptflops": Tool("ptflops", "ptflops", "`get_model_complexity_info`", "by_ptflops.py"),
    "ptflops-cpu": Tool("ptflops", "ptflops", "`get_model_complexity_info`, on the CPU", "by_ptflops.py", "cpu"),
    "torchview": Tool("torchview", "torchview", "`draw_graph`", "by_torchview.py"),
    "torchview-cpu": Tool("torchview", "torchview", "`draw_graph`, on the CPU", "by_torchview.py", "cpu"),
    "flopcounter": Tool("torch", "PyTorch", "`FlopCounterMode`", "by_flopcounter.py"),
    "keras": Tool("keras", "Keras", "`Model.summary`, on PyTorch", "by_keras.py"),
}
NETWORKS = {"resnet152": "ResNet152", "densenet201": "DenseNet201", "inceptionv3": "InceptionV3"}
"""Shipped specs, and what Keras calls these networks."""

CHECK = [str(Path(sys.executable).parent / "cnndsl"), "check"]
PASS, TORCH = "python -c pass", "import torch"
YARDSTICKS = {
    PASS: [sys.executable, "-c", "pass"],
    "import lark, click": [sys.executable, "-c", "import lark, click"],
    TORCH: [sys.executable, "-c", "import torch"],
    "cnndsl check zoo:resnet50": [*CHECK, "zoo:resnet50"],
}


class Target(NamedTuple):
    """A bound on a ratio: what it says of cnndsl, the number, whether it is the least one, and a network's ratio."""

    says: str
    bound: float
    is_least: bool
    ratio: Callable[[Results, str], float | None]

    def is_met(self, ratios: Iterable[float]) -> bool:
        return all(ratio >= self.bound if self.is_least else ratio <= self.bound for ratio in ratios)


def _beside_others(quantity: str) -> Callable[[Results, str], float | None]:
    def ratio(results: Results, network: str) -> float | None:
        others = {tool: used for tool, used in results["networks"][network].items() if tool != CNNDSL}
        least = min((used[quantity] for used in others.values()), default=None)
        return least and least / results["networks"][network][CNNDSL][quantity]

    return ratio


def _beside_yardstick(name: str) -> Callable[[Results, str], float | None]:
    def ratio(results: Results, network: str) -> float | None:
        yardstick = results["yardsticks"].get(name)
        return yardstick and results["networks"][network][CNNDSL]["ms"] / yardstick["ms"]

    return ratio


TARGETS = {
    "faster": Target("is {} times faster than the fastest of the others", 10, True, _beside_others("ms")),
    "leaner": Target("is {} times leaner than the leanest of the others", 5, True, _beside_others("mb")),
    "python": Target("takes {} times as long as starting Python", 15, False, _beside_yardstick(PASS)),
    "torch": Target("takes {} of the time of `import torch`", 0.167, False, _beside_yardstick(TORCH)),
}


# measuring


def measure(tools: list[str], networks: list[str], runs: int) -> Results:
    """Medians of every tool on every network, and of the yardsticks, after one run of each that is not counted."""
    compileall.compile_dir(Path(cnndsl.__file__).parent, quiet=1)
    about = machine()
    commands = {("", name): words for name, words in YARDSTICKS.items() if name != TORCH or installed("torch")}
    commands |= {(network, tool): command(tool, network) for network in networks for tool in tools}
    used: dict[tuple[str, str], list[Used]] = {key: [] for key in commands}
    with tempfile.TemporaryDirectory() as folder:
        for network in networks:
            _export(network, Path(folder) / network)
        for turn in range(runs + 1):
            for (network, name), words in commands.items():
                found = run(words, _environment(Path(folder) / network))
                said = f"turn {turn}  {found.seconds:7.3f} s  {found.megabytes:6.1f} MB  {name} {network}"
                print(said, file=sys.stderr, flush=True)
                if turn:
                    used[network, name].append(found)
    return {
        "machine": about,
        "versions": versions(["cnndsl", "lark", "click", "torch", *(tool.package for tool in TOOLS.values())]),
        "runs": runs,
        "yardsticks": {name: _median(used["", name]) for network, name in used if not network},
        "networks": {network: {tool: _median(used[network, tool]) for tool in tools} for network in networks},
    }


def command(tool: str, network: str) -> list[str]:
    """What reports on a network, seen from ROOT."""
    if tool == CNNDSL:
        return [*CHECK, f"zoo:{network}"]
    _, _, _, program, device = TOOLS[tool]
    script = str(SUMMARIES / program)
    if tool == "keras":
        return [sys.executable, script, NETWORKS[network]]
    (end,) = cnndsl.load(f"zoo:{network}").graph.inputs
    return [sys.executable, script, device, *map(str, end.node.type.shape)]


def _export(network: str, folder: Path) -> None:
    """Write a network as `network.py` with the class `Network`."""
    folder.mkdir()
    source = cnndsl.load(f"zoo:{network}").torch_source()
    last = re.findall(r"^class (\w+)", source, re.M)[-1]
    (folder / "network.py").write_text(f"{source}\n\nNetwork = {last}\n")


def _environment(modules: Path) -> dict[str, str]:
    """That of this process, where bytecode is kept; with the modules of a folder."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join([str(modules), *filter(None, [kept.get("PYTHONPATH")])])
    return {**kept, "PYTHONPATH": path, "KERAS_BACKEND": "torch"}


def _median(found: list[Used]) -> dict[str, float]:
    return {
        "ms": round(1000 * statistics.median(each.seconds for each in found), 1),
        "mb": round(statistics.median(each.megabytes for each in found), 1),
    }


def judged(results: Results) -> Results:
    """The same with the ratios of every network that was measured, and whether the targets are met."""
    ratios = {
        name: {network: target.ratio(results, network) for network in results["networks"]}
        for name, target in TARGETS.items()
    }
    known = {name: {key: round(each, 3) for key, each in found.items() if each} for name, found in ratios.items()}
    targets = {
        name: {
            "at_least" if target.is_least else "at_most": target.bound,
            "found": known[name],
            "met": target.is_met(known[name].values()),
        }
        for name, target in TARGETS.items()
        if known[name]
    }
    return {**results, "targets": targets, "met": all(target["met"] for target in targets.values())}


# the page


def page(text: str, results: Results) -> str:
    """The page with its marked parts written from results."""
    parts = {"networks": _networks, "yardsticks": _yardsticks, "targets": _targets, "machine": _machine}
    return filled(text, "check", lambda name: parts[name](results))


def _networks(results: Results) -> str:
    """A row for every tool, its seconds and megabytes on every network."""
    networks = results["networks"]
    titles = [f"[{network}](../specs/{read(f'zoo:{network}').name})" for network in networks]
    rows = [f"| | | {' | '.join(titles)} |", "|---|---|" + "--:|" * len(titles)]
    for name, tool in TOOLS.items():
        cells = [_cell(found.get(name)) for found in networks.values()]
        version = results["versions"][tool.package]
        rows.append(f"| {tool.title} {version} | {tool.call} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _yardsticks(results: Results) -> str:
    rows = [f"| `{name}` | {_cell(used)} |" for name, used in results["yardsticks"].items()]
    return "\n".join(["| | |", "|---|--:|", *rows]) + "\n"


def _cell(used: dict[str, float] | None) -> str:
    return f"{used['ms'] / 1000:.2f} s, {used['mb']:.0f} MB" if used else "not measured"


def _targets(results: Results) -> str:
    """What was wanted and what was found, a line for each target."""
    lines: list[str] = []
    for name, found in results["targets"].items():
        target, ratios = TARGETS[name], sorted(found["found"].values())
        span = " to ".join(dict.fromkeys(map(_short, (ratios[0], ratios[-1]))))
        bound = f"at {'least' if target.is_least else 'most'} {_short(target.bound)}"
        lines.append(f"- cnndsl {target.says.format(span)}; wanted is {bound}: {'met' if found['met'] else 'missed'}")
    return "\n".join(lines) + "\n"


def _short(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.3g}"


def _machine(results: Results) -> str:
    where, found = results["machine"], results["versions"]
    return (
        f"Shown are medians; runs: {results['runs']}. Python {found['python']}, torch {found['torch']};\n"
        f"{where['system']};\n"
        f"{told(where)}"
    )


# the command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="how often each is run")
    parser.add_argument("--tools", nargs="+", choices=list(TOOLS), default=list(TOOLS), help="cnndsl is always run")
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--output", type=Path, help="write the results here as well")
    parser.add_argument("--page", action="store_true", help=f"measure nothing: write {PAGE.name} from {RESULTS.name}")
    options = parser.parse_args()
    if options.page:
        rewrite(PAGE, RESULTS, page)
        return
    tools = [name for name in TOOLS if name == CNNDSL or name in options.tools]
    if missing := [TOOLS[name].package for name in tools if not installed(TOOLS[name].package)]:
        parser.error(f"not installed here: {', '.join(missing)}; `--tools cnndsl` runs without them")
    if not hasattr(os, "wait4"):
        parser.error("nothing tells here what memory one process takes")
    try:
        results = judged(measure(tools, options.networks, options.runs))
    except Failed as failed:
        sys.exit(str(failed))
    text = json.dumps(results, indent=1)
    print(text)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
