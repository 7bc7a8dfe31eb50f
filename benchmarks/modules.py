"""How fast the modules are: beside hand-written ones and torchvision's, and in the form for inference.

Forward and training passes in one interpreter, ours and the reference's in turn (`pairs.py`), with the same weights,
after a check that they compute the same. Every ratio stands beside that of an A/A run, the reference beside a copy of
itself.
torchvision needs an environment of its own, with the registry's full torch; cnndsl need not be there.

    python benchmarks/modules.py --only resnet50 --rounds 3                      a first look
    python -m venv ENV && ENV/bin/pip install torch torchvision
    python benchmarks/modules.py --torchvision ENV --output benchmarks/results/modules.json
    python benchmarks/modules.py --page                                          write docs/speed.md from the results
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pages import filled, rewrite, told
from processes import ROOT, machine, versions

import cnndsl
from cnndsl.source import read

if TYPE_CHECKING:  # the page is written without torch
    from torch import nn

RESULTS = ROOT / "benchmarks" / "results" / "modules.json"
PAGE = ROOT / "docs" / "speed.md"
NETWORKS = ("resnet50", "densenet121", "mobilenetv2", "googlenet")
PARTS = ("by hand", "torchvision", "inference", "text", "gpu")
OTHER_SPECS = {"googlenet": ROOT / "benchmarks" / "googlenet-torchvision.cnn"}
"""What torchvision means by a name, where that is another network than the shipped one."""

PARITY = 0.98
"""What ours has to reach of a reference's speed."""

FASTER = {"batch 1": 1.1, "batch 16": 1.3}
"""What the form for inference has to reach of the plain form's speed."""

MOST_APART = 1e-5
"""How far its outputs may be from the plain form's, in standard deviations."""

MOST_MS = 40
"""What text to ResNet-50 on meta may take beyond the constructor that is written by hand."""

Results = dict[str, Any]


# measuring


KEEPING = {"MALLOC_TRIM_THRESHOLD_": "1000000000000", "MALLOC_MMAP_THRESHOLD_": "1000000000000"}
"""Tells glibc to keep the memory that is given back.

Otherwise it gives large maps to the system and takes them again, page by page. That takes much of the time of a pass
over 16 pictures, and chance decides in which of two modules it happens more often.
"""


class Settings(NamedTuple):
    """How to measure."""

    networks: tuple[str, ...]
    batches: tuple[int, ...]
    rounds: int
    threads: int | None
    torchvision: Path | None


def measure(parts: list[str], settings: Settings) -> Results:
    """What was asked for, part by part."""
    from pairs import settle

    about = machine()
    threads = settle(settings.threads)
    made = {"by hand": by_hand, "torchvision": by_torchvision, "inference": inference, "text": text, "gpu": gpu}
    found = {part: made[part](settings) for part in PARTS if part in parts}
    return {
        "machine": about,
        "versions": versions(["cnndsl", "torch"]),
        "threads": threads,
        "rounds": settings.rounds,
        "allocator": "keeps" if KEEPING.items() <= os.environ.items() else "as it is",
        **{part: results for part, results in found.items() if results},
    }


def by_hand(settings: Settings) -> Results:
    """Plain modules beside those of `by_hand/`, by network."""
    from pairs import beside

    found: Results = {}
    for name, ours, references in _beside_hand(settings):
        found[name] = beside(ours, references, settings.rounds, settings.batches, _teller(f"by hand {name}"))
    return found


def _beside_hand(settings: Settings) -> Iterator[tuple[str, nn.Module, list[nn.Module]]]:
    from by_hand import NETWORKS as WRITTEN
    from pairs import with_weights_of

    for name in settings.networks:
        ours = cnndsl.load(f"zoo:{name}").to_torch()
        yield name, ours, [with_weights_of(WRITTEN[name](), ours) for _ in range(2)]


def by_torchvision(settings: Settings) -> Results:
    """Exported files beside torchvision's networks, in the environment that has it."""
    found = {name: _in_other_environment(name, settings, on_gpu=False) for name in settings.networks}
    first = found[settings.networks[0]]
    return {"versions": first["versions"], **{name: each["found"] for name, each in found.items()}}


def _in_other_environment(name: str, settings: Settings, *, on_gpu: bool) -> Results:
    assert settings.torchvision is not None
    model = cnndsl.load(OTHER_SPECS.get(name, f"zoo:{name}"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.py"
        file.write_text(model.torch_source(), encoding="utf-8")
        task = settings._asdict() | {"torchvision": "", "file": str(file), "name": name}
        task["macs"] = model.summary().macs if on_gpu else 0
        command = [settings.torchvision / "bin" / "python", "benchmarks/by_torchvision.py", json.dumps(task)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    result: Results = json.loads(done.stdout)
    return result


def inference(settings: Settings) -> Results:
    """The form for inference beside the plain one, by network and batch.

    Also told: how far the outputs are apart, and how far those of the plain form are from its own in float64.
    """
    import torch
    from pairs import compared, pictures, said

    found: Results = {}
    for name in settings.networks:
        torch.manual_seed(0)
        model = cnndsl.load(f"zoo:{name}")
        plain, again = model.to_torch(), model.to_torch()
        _train_somewhat(plain)
        again.load_state_dict(plain.state_dict())
        made = model.optimized(plain)
        found[name] = {}
        for batch in settings.batches:
            picture = pictures(batch)
            with torch.no_grad():
                expected, exact = plain.eval()(picture), deepcopy(plain).double()(picture.double())
                apart = {"apart": _far(made(picture), expected), "rounding": _far(expected, exact)}
                ours, reference, second = (_on(module.eval(), picture) for module in (made, plain, again))
                result = compared(ours, reference, second, settings.rounds)
            _teller(f"inference {name}")(f"batch {batch}: {said(result)}, {json.dumps(apart)}")
            found[name][f"batch {batch}"] = result.told() | apart
    return found


def _train_somewhat(module: nn.Module) -> None:
    """Give norms statistics and weights as training does, each channel its own."""
    import torch
    from pairs import pictures

    norms = [each for each in module.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # the average of what it sees
    with torch.no_grad():
        for _ in range(2):
            module.train()(pictures(4))
        for norm in norms:
            norm.weight.normal_(1, 0.3)
            norm.bias.normal_(0, 0.3)


def _far(found: Any, expected: Any) -> float:
    """The largest difference, in standard deviations of what is expected."""
    return float(f"{float((found - expected).abs().max() / expected.std()):.2g}")


def _on(module: nn.Module, picture: Any) -> Callable[[], object]:
    return lambda: module(picture)


def text(settings: Settings) -> Results:
    """Text to ResNet-50 on meta in a warm process, its parts, and the constructor written by hand, in milliseconds."""
    import torch
    from by_hand import NETWORKS as WRITTEN

    from cnndsl.backends.torch.module import build

    spec = read("zoo:resnet50").text
    taken: dict[str, list[float]] = {}

    def timed(name: str, call: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        made = call()
        taken.setdefault(name, []).append(1000 * (time.perf_counter() - start))
        return made

    with torch.device("meta"):
        for turn in range(settings.rounds + 3):
            if turn == 3:
                taken.clear()
            _forget_sources()
            model = timed("parse", lambda: cnndsl.parse(spec))
            source = timed("source", model.torch_source)
            module = timed("build", lambda source=source: build(source))
            timed("construct", type(module))
            timed("by hand", WRITTEN["resnet50"])
    taken["execute"] = [both - made for both, made in zip(taken["build"], taken["construct"], strict=True)]
    whole = [sum(each) for each in zip(taken["parse"], taken["source"], taken["build"], strict=True)]
    beyond = [each - hand for each, hand in zip(whole, taken["by hand"], strict=True)]
    names = ("parse", "source", "execute", "construct", "by hand")
    parts = {name: round(statistics.median(taken[name]), 2) for name in names}
    found = {**parts, "whole": round(statistics.median(whole), 2), "beyond": round(statistics.median(beyond), 2)}
    _teller("text")(json.dumps(found))
    return found


def _forget_sources() -> None:
    """Sources that were executed are known to Python; without them each is executed anew."""
    for name in [name for name in sys.modules if name.startswith("cnndsl_source_")]:
        del sys.modules[name]


def gpu(settings: Settings) -> Results:
    """ResNet-50's training steps on a GPU, beside the hand-written network's and torchvision's; {} without one."""
    import torch
    from pairs import trained

    if not torch.cuda.is_available():
        _teller("gpu")("there is none that torch can use")
        return {}
    only = settings._replace(networks=("resnet50",))
    macs = cnndsl.load("zoo:resnet50").summary().macs
    _, ours, references = next(_beside_hand(only))
    found: Results = {"by hand": trained(ours, references, macs, settings.rounds)}
    if settings.torchvision:
        found["torchvision"] = _in_other_environment("resnet50", only, on_gpu=True)["found"]
    return found


def _teller(what: str) -> Callable[[str], None]:
    return lambda line: print(f"{what}, {line}", file=sys.stderr, flush=True)


# targets


class Verdict(NamedTuple):
    """Whether something is as it is wanted."""

    says: str
    met: bool


def verdicts(results: Results) -> list[Verdict]:
    """What is wanted of what was measured, and whether it is so."""
    found: list[Verdict] = []
    for against in ("by hand", "torchvision"):
        for name, passes in _networks(results.get(against, {})):
            found += [Verdict(f"{name} {against}, {each}", at_par(result)) for each, result in passes.items()]
    for name, batches in results.get("inference", {}).items():
        for batch, result in batches.items():
            met = result["ratio"]["median"] >= FASTER[batch] and result["apart"] <= MOST_APART
            found.append(Verdict(f"{name} for inference, {batch}", met))
    if "text" in results:
        found.append(Verdict("text to ResNet-50", results["text"]["beyond"] <= MOST_MS))
    for against, ways in results.get("gpu", {}).items():
        found += [Verdict(f"resnet50 {against} on the GPU, {way}", at_par(result)) for way, result in ways.items()]
    return found


def at_par(result: Results) -> bool:
    """At least 0.98 of the reference, or not below the band in which the reference is beside itself."""
    return bool(result["ratio"]["median"] >= min(PARITY, result["again"]["low"]))


def _networks(results: Results) -> list[tuple[str, Results]]:
    return [(name, passes) for name, passes in results.items() if name in NETWORKS]


# the page


def page(text: str, results: Results) -> str:
    """The page with its marked parts written from results."""
    parts = {
        "plain": _plain,
        "inference": _inference,
        "text": _text,
        "gpu": _gpu,
        "verdict": _verdict,
        "machine": _machine,
    }
    return filled(text, "modules", lambda name: parts[name](results))


def _plain(results: Results) -> str:
    rows = ["| | | beside | speed | A/A | ms |", "|---|---|---|--:|--:|--:|"]
    for against in ("by hand", "torchvision"):
        for name, passes in _networks(results.get(against, {})):
            for each, result in passes.items():
                rows.append(f"| {name} | {each} | {against} | {_row(result, at_par(result))} |")
    return "\n".join(rows) + "\n"


def _inference(results: Results) -> str:
    rows = ["| | | speed | A/A | ms | apart | rounding |", "|---|---|--:|--:|--:|--:|--:|"]
    for name, batches in results.get("inference", {}).items():
        for batch, result in batches.items():
            apart = f"{result['apart']:.1e}{'' if result['apart'] <= MOST_APART else ' **missed**'}"
            shown = _row(result, result["ratio"]["median"] >= FASTER[batch])
            rows.append(f"| {name} | {batch} | {shown} | {apart} | {result['rounding']:.1e} |")
    return "\n".join(rows) + "\n"


def _row(result: Results, is_met: bool) -> str:
    return f"{_span(result['ratio'])}{'' if is_met else ' **missed**'} | {_span(result['again'])} | {result['ms']:.1f}"


def _span(ratio: Results) -> str:
    return f"{ratio['median']:.3f} ({ratio['low']:.3f} to {ratio['high']:.3f})"


def _text(results: Results) -> str:
    found = results.get("text")
    if not found:
        return "Not measured.\n"
    names = {
        "parse": "the text becomes a graph",
        "source": "the graph becomes source",
        "execute": "Python reads the source",
    }
    rows = [f"| {says} | {found[name]:.1f} ms |" for name, says in names.items()]
    rows += [
        f"| the network is made | {found['construct']:.1f} ms |",
        f"| all of it | {found['whole']:.1f} ms |",
        f"| the hand-written network is made | {found['by hand']:.1f} ms |",
        f"| what ours takes beyond that; wanted is at most {MOST_MS} | {found['beyond']:.1f} ms |",
    ]
    return "\n".join(["| | |", "|---|--:|", *rows]) + "\n"


def _gpu(results: Results) -> str:
    found = results.get("gpu")
    if not found:
        return "Not measured: no GPU was at hand.\n"
    rows = ["| beside | | speed | A/A | images in a second | of the card's bf16 peak |", "|---|---|--:|--:|--:|--:|"]
    for against, ways in found.items():
        for way, each in ways.items():
            share = f"{each['share_of_peak']:.1%}" if each["share_of_peak"] else "unknown"
            spans = f"{_span(each['ratio'])} | {_span(each['again'])}"
            rows.append(f"| {against} | {way}, {each['card']} | {spans} | {each['images_per_second']:.0f} | {share} |")
    return "\n".join(rows) + "\n"


def _verdict(results: Results) -> str:
    found = verdicts(results)
    missed = [each.says for each in found if not each.met]
    met = f"{len(found) - len(missed)} of {len(found)} targets are met"
    return (
        "\n".join([f"{met}{'.' if not missed else '; missed are:'}", "", *(f"- {each}" for each in missed)]).strip()
        + "\n"
    )


def _machine(results: Results) -> str:
    where, found = results["machine"], results["versions"]
    other = results.get("torchvision", {}).get("versions")
    with_it = f"; torchvision {other['torchvision']} with torch {other['torch']}" if other else ""
    return (
        f"Rounds: {results['rounds']}, threads: {results['threads']}, denormals flushed, the allocator "
        f"{'keeps what it is given back' if results['allocator'] == 'keeps' else 'as it is'}.\n"
        f"Python {found['python']}, torch {found['torch']}{with_it};\n"
        f"{where['system']};\n"
        f"{told(where)}"
    )


# the command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", choices=NETWORKS, default=NETWORKS, metavar="NETWORK", help="these networks"
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--batches", nargs="+", type=int, choices=(1, 16), default=(1, 16))
    parser.add_argument("--rounds", type=int, default=15, help="how often each is run after the warm-up")
    parser.add_argument("--threads", type=int, help="that torch computes with; otherwise it decides itself")
    parser.add_argument("--allocator", choices=("keeps", "default"), default="keeps", help="what it does with memory")
    parser.add_argument(
        "--torchvision", type=Path, metavar="ENV", help="a virtual environment with torch and torchvision"
    )
    parser.add_argument("--output", type=Path, help="write the results here as well")
    parser.add_argument("--page", action="store_true", help=f"measure nothing: write {PAGE.name} from {RESULTS.name}")
    options = parser.parse_args()
    if options.page:
        rewrite(PAGE, RESULTS, page)
        return
    if options.allocator == "keeps" and not KEEPING.items() <= os.environ.items():  # it is read when a process starts
        sys.exit(subprocess.run([sys.executable, *sys.argv], env=os.environ | KEEPING, check=False).returncode)
    parts = [part for part in options.parts if part != "torchvision" or options.torchvision]
    given = (tuple(options.only), tuple(options.batches), options.rounds, options.threads, options.torchvision)
    results = measure(parts, Settings(*given))
    written = json.dumps(results, indent=1)
    print(written)
    if options.output:
        options.output.write_text(written + "\n")
    for says, met in verdicts(results):
        print(f"{'met   ' if met else 'missed'}  {says}", file=sys.stderr)


if __name__ == "__main__":
    main()
