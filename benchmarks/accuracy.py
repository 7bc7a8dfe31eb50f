"""How well `cnndsl train` trains: accuracy on images that training never saw, mean and spread of three seeds.

Every number is that of the weights after the last epoch, as `cnndsl eval` tells it; no epoch is chosen. What was
measured is kept, so that the long ones can be measured one at a time.

    python benchmarks/accuracy.py --only digits                one of them, with all seeds
    python benchmarks/accuracy.py --only fashion --seed 1      one of them, with one seed
    python benchmarks/accuracy.py --page                       write docs/training.md from the results
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from pages import filled, rewrite
from processes import ROOT, machine, versions

RESULTS = ROOT / "benchmarks" / "results" / "accuracy.json"
PAGE = ROOT / "docs" / "training.md"
SEEDS = (0, 1, 2)
FASHION = "idx:/usr/share/datasets/fashion-mnist"


class Task(NamedTuple):
    """A network, its data and its recipe.

    Attributes:
        command: what is typed, without seed and run folder.
        about: the data, and which part of it is shown in the end.
        wanted: the accuracy in percent that it has to reach.
    """

    command: str
    about: str
    wanted: float

    def words(self, *more: str) -> list[str]:
        """The command as the interpreter of this program runs it."""
        _, *words = shlex.split(self.command)
        return [sys.executable, "-m", "cnndsl", *words, *more]


TASKS = {
    "digits": Task("cnndsl train zoo:lenet5 --data digits", "digits, a fifth held back", 98.5),
    "mnist5k": Task("cnndsl train zoo:lenet5 --data mnist5k", "5,000 of MNIST, a fifth held back", 97.5),
    "fashion": Task(
        f"cnndsl train zoo:lenet5 --data {FASHION} --epochs 60 --batch 128 --augment 'SHIFT(0.04) -> FLIP' "
        "--label-smoothing 0.05",
        "Fashion-MNIST, its own test images",
        90.0,
    ),
    "resnet": Task(
        f"cnndsl train benchmarks/fashion-resnet.cnn --data {FASHION}", "Fashion-MNIST, its own test images", 92.5
    ),
}

Results = dict[str, Any]


def measured(task: Task, seed: int) -> Results:
    """Train and evaluate once, from the root of the project."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        subprocess.run(task.words("--seed", str(seed), "--out", str(run)), cwd=ROOT, check=True)
        evaluate = [sys.executable, "-m", "cnndsl", "eval", str(run), "--format", "json"]
        found = json.loads(subprocess.run(evaluate, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
        epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        config = json.loads((run / "config.json").read_text())
    return {
        "accuracy": round(100 * found["accuracy"], 2),
        "epochs": len(epochs),
        "seconds": round(sum(each["seconds"] for each in epochs), 1),
        "device": config["device"],
    }


def missed(results: Results) -> list[str]:
    """What is not as good as is wanted, of what was measured with all seeds."""
    found = []
    for name, seeds in results["tasks"].items():
        mean = statistics.mean(each["accuracy"] for each in seeds.values())
        if len(seeds) == len(SEEDS) and mean < TASKS[name].wanted:
            found.append(f"{name}: {mean:.2f} %, and {TASKS[name].wanted} % is wanted")
    return found


def page(text: str, results: Results) -> str:
    """The page with its marked part written from results."""
    return filled(text, "accuracy", lambda name: _table(results))


def _table(results: Results) -> str:
    rows = ["| | command | accuracy | wanted | epochs | seconds |", "|---|---|--:|--:|--:|--:|"]
    for name, task in TASKS.items():
        seeds = [*results["tasks"].get(name, {}).values()]
        if len(seeds) != len(SEEDS):
            continue
        accuracies = [each["accuracy"] for each in seeds]
        spread = f"{statistics.mean(accuracies):.2f} ± {statistics.stdev(accuracies):.2f} %"
        seconds = f"{min(each['seconds'] for each in seeds):,.0f} to {max(each['seconds'] for each in seeds):,.0f}"
        shown = f"{spread} | {task.wanted:g} % | {seeds[0]['epochs']} | {seconds}"
        rows.append(f"| {task.about} | `{task.command} --seed N` | {shown} |")
    where, packages = results["machine"], results["versions"]
    about = f"{where['processor']}, {where['cores']} cores; torch {packages['torch']}."
    return "\n".join(rows) + f"\n\n{about}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", choices=[*TASKS], help="what to measure; all, if not given")
    parser.add_argument("--seed", action="append", type=int, choices=SEEDS, help="with which seed; all, if not given")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--page", action="store_true", help="write the page from the results")
    given = parser.parse_args()
    if given.page:
        rewrite(PAGE, given.output, page)
        return
    results: Results = json.loads(given.output.read_text()) if given.output.exists() else {"tasks": {}}
    results |= {"machine": machine(), "versions": versions(["cnndsl", "torch"])}
    for name in given.only or TASKS:
        for seed in given.seed or SEEDS:
            results["tasks"].setdefault(name, {})[str(seed)] = measured(TASKS[name], seed)
            given.output.write_text(json.dumps(results, indent=1) + "\n")
    wrong = missed(results)
    print("\n".join(wrong) or "all as wanted")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
