"""How fast `cnndsl train` is beside the loops that people write: images per second, and the start.

Images per second: one interpreter, an epoch of each loop in turn, the same network, images, batch, loss and optimizer;
a second copy of the loop by hand tells how far the same is from itself (A/A).
The start: whole processes, from the command to the end of the first optimizer step, in turn.

    python benchmarks/train.py --only lenet5 --rounds 3        a first look
    python benchmarks/train.py                                 all, into benchmarks/results/train.json
    python benchmarks/train.py --page                          write docs/speed.md from the results

Where there is a GPU, everything computes on it, and ResNet-18 at 3x224x224 is measured too, eager and compiled.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pages import filled, rewrite, told
from processes import ROOT, machine, run, versions

if TYPE_CHECKING:
    import torch

RESULTS = ROOT / "benchmarks" / "results" / "train.json"
PAGE = ROOT / "docs" / "speed.md"
BATCH = 128
LR = 0.001
CLASSES = 10


class Case(NamedTuple):
    """A network and the images of an epoch.

    Attributes:
        spec: the network.
        shape: channels, height and width of an image.
        images: how many; random ones of ten classes.
        compile: whether `torch.compile` compiles the network, in the loops that can.
    """

    spec: Path
    shape: tuple[int, int, int]
    images: int
    compile: bool = False


RESNET18 = Case(ROOT / "benchmarks" / "loops" / "resnet18.cnn", (3, 224, 224), 2_560)
CASES = {
    "lenet5": Case(ROOT / "specs" / "lenet5.cnn", (1, 32, 32), 12_800),
    "resnet": Case(ROOT / "benchmarks" / "loops" / "resnet.cnn", (1, 28, 28), 1_280),
    "resnet18": RESNET18,
    "resnet18-compiled": RESNET18._replace(compile=True),
}
ON_GPU = ("resnet18", "resnet18-compiled")
"""What is measured only there, unless it is asked for."""

PARITY = 0.97
"""What ours has to reach of the fastest."""

LATEST = 1.15
"""What the start may take, through the bare loop's."""

Results = dict[str, Any]


def throughput(names: list[str], rounds: int, images: int | None) -> Results:
    """Images per second of each loop, by network; with so many images in an epoch, if a number is given."""
    from pairs import settle

    settle(None)
    cases = {name: CASES[name] for name in names}
    return {
        name: _throughput(name, case._replace(images=images or case.images), rounds) for name, case in cases.items()
    }


def _throughput(name: str, case: Case, rounds: int) -> Results:
    from pairs import in_turn

    seconds = in_turn({loop: _finished(epoch) for loop, epoch in _loops(case).items()}, rounds)
    found: Results = {"images": case.images, "batch": BATCH, "rounds": rounds, "loops": {}}
    for loop, taken in seconds.items():
        found["loops"][loop] = round(case.images / statistics.median(taken), 1)
        print(f"{name}, {loop}: {found['loops'][loop]:,} images/s", file=sys.stderr, flush=True)
    found["ratio"], found["again"] = _ratios(seconds)
    return found


def _finished(epoch: Callable[[], None]) -> Callable[[], None]:
    """The epoch until the GPU is done with it."""
    import torch

    def finished() -> None:
        epoch()
        if _has_gpu():
            torch.cuda.synchronize()

    return finished


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _card() -> dict[str, str]:
    """The GPU, if there is one."""
    import torch

    return {"card": torch.cuda.get_device_name()} if _has_gpu() else {}


def _ratios(seconds: dict[str, list[float]]) -> tuple[Results, Results]:
    """Of every round ours beside the fastest of the others, and the loop by hand beside its copy."""
    from pairs import Ratio

    others = [loop for loop in seconds if loop not in ("cnndsl", "by hand, again")]
    fastest = min(others, key=lambda loop: statistics.median(seconds[loop]))
    ours = Ratio.of(their / our for their, our in zip(seconds[fastest], seconds["cnndsl"], strict=True))
    again = zip(seconds["by hand"], seconds["by hand, again"], strict=True)
    return {"fastest": fastest, **ours._asdict()}, Ratio.of(one / other for one, other in again)._asdict()


def _loops(case: Case) -> dict[str, Callable[[], None]]:
    """An epoch of each loop, on the same images."""
    import numpy as np
    import torch
    from loops import by_hand, ours, with_accelerate, with_keras

    import cnndsl

    model = cnndsl.load(case.spec, input=case.shape)
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (case.images, *case.shape), dtype=np.uint8)
    labels = random.integers(0, CLASSES, case.images)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    images = _normalised(torch.from_numpy(pixels)).to(device)
    classes = torch.from_numpy(labels).to(device)

    def network() -> torch.nn.Module:
        made = model.to_torch().to(device)
        return cast("torch.nn.Module", torch.compile(made)) if case.compile else made

    our_images = ours.images(pixels, labels, CLASSES)
    our_loop, our_network = ours.loop(model, our_images, BATCH, LR, device, compile=case.compile)
    loops = {
        "cnndsl": our_loop,
        "by hand": by_hand.loop(network(), images, classes, BATCH, LR),
        "by hand, again": by_hand.loop(network(), images, classes, BATCH, LR),
        "accelerate": with_accelerate.loop(network(), images, classes, BATCH, LR),
    }
    if not case.compile:  # Keras on torch compiles no `fit`
        loops["Keras on torch"], learned = with_keras.loop(case.spec.stem, images, classes, BATCH, LR)
        if learned != sum(each.numel() for each in our_network.parameters()):
            raise ValueError(f"Keras' {case.spec.stem} learns {learned:,} numbers")
    return loops


def _normalised(pixels: torch.Tensor) -> torch.Tensor:
    images = pixels.float() / 255
    over = (0, 2, 3)
    return (images - images.mean(over, keepdim=True)) / images.std(over, keepdim=True)


def start(rounds: int) -> Results:
    """Seconds from the command to the end of the first step, of ours and of a bare loop, LeNet-5 on the digits."""
    commands = {
        "cnndsl": [sys.executable, "benchmarks/loops/first_step.py"],
        "by hand": [sys.executable, "benchmarks/loops/bare.py"],
        "by hand, again": [sys.executable, "benchmarks/loops/bare.py"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            seconds = run(command, dict(os.environ)).seconds
            if turn:  # the first warms files and bytecode
                taken[name].append(seconds)
    from pairs import Ratio

    ours, bare, again = taken.values()
    found = {
        "seconds": {name: round(statistics.median(each), 3) for name, each in taken.items()},
        "ratio": Ratio.of(one / other for one, other in zip(ours, bare, strict=True))._asdict(),
        "again": Ratio.of(one / other for one, other in zip(again, bare, strict=True))._asdict(),
    }
    print(f"start: {json.dumps(found)}", file=sys.stderr, flush=True)
    return found


# targets and the page


def missed(results: Results) -> list[str]:
    """What is not as it is wanted."""
    found = [
        f"{name}: {each['ratio']['median']} of the fastest, {each['ratio']['fastest']}"
        for name, each in results.get("throughput", {}).items()
        if each["ratio"]["median"] < min(PARITY, each["again"]["low"])
    ]
    if "start" in results and results["start"]["ratio"]["median"] > max(LATEST, results["start"]["again"]["high"]):
        found.append(f"the start takes {results['start']['ratio']['median']} times as long as the bare loop's")
    return found


def page(text: str, results: Results) -> str:
    """The page with its marked parts written from results."""
    parts = {"throughput": _throughput_table, "start": _start_table, "machine": _machine}
    return filled(text, "train", lambda name: parts[name](results))


def _throughput_table(results: Results) -> str:
    found = results["throughput"]
    rows = ["| images per second | " + " | ".join(found) + " |", "|---|" + "--:|" * len(found)]
    loops = next(iter(found.values()))["loops"]
    rows += [_line(loop, [_rate(each["loops"].get(loop)) for each in found.values()]) for loop in loops]
    rows.append(_line("cnndsl beside the fastest other", [_span(each["ratio"]) for each in found.values()]))
    rows.append(_line("A/A", [_span(each["again"]) for each in found.values()]))
    return "\n".join(rows) + "\n"


def _machine(results: Results) -> str:
    where = results["machine"]
    return f"{where['card']}; {told(where)}" if "card" in where else told(where)


def _rate(found: float | None) -> str:
    return "-" if found is None else f"{found:,.0f}"


def _line(name: str, cells: list[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _start_table(results: Results) -> str:
    found = results["start"]
    rows = ["| | seconds |", "|---|--:|"]
    rows += [f"| {name} | {seconds:.2f} |" for name, seconds in found["seconds"].items()]
    rows += [f"| cnndsl beside the loop by hand | {_span(found['ratio'])} |", f"| A/A | {_span(found['again'])} |"]
    return "\n".join(rows) + "\n"


def _span(ratio: Results) -> str:
    return f"{ratio['median']:.3f} ({ratio['low']:.3f} to {ratio['high']:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", choices=[*CASES, "start"], help="what to measure; all, if not given")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--images", type=int, help="in an epoch, of every network")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--page", action="store_true", help="write the page from the results")
    given = parser.parse_args()
    if given.page:
        rewrite(PAGE, given.output, page)
        return
    wanted = given.only or [*(name for name in CASES if name not in ON_GPU or _has_gpu()), "start"]
    results = {"machine": machine() | _card(), "versions": versions(["cnndsl", "torch", "keras", "accelerate"])}
    if names := [name for name in CASES if name in wanted]:
        results["throughput"] = throughput(names, given.rounds, given.images)
    if "start" in wanted:
        results["start"] = start(given.rounds)
    given.output.write_text(json.dumps(results, indent=1) + "\n")
    wrong = missed(results)
    print("\n".join(wrong) or "all as wanted")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
