"""Two modules measured against each other in one interpreter; needs torch alone.

A round runs the reference, ours and a second reference (the A/A run), each once, in an order that changes from round to
round, so that whatever else the machine does hits all alike. What is told is a ratio: the time of the reference through
ours, of every round, and of all rounds the median.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from math import comb
from operator import truediv
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

SIZE = 224
WARM_UPS = 3
BATCHES = (1, 16)
PASSES = ("forward", "forward and backward")

Call = Callable[[], object]


class Ratio(NamedTuple):
    """A median of ratios, and between what the median of many more rounds lies, 19 times out of 20."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, ratios: Iterable[float]) -> Ratio:
        found = sorted(ratios)
        cut = _cut(len(found))
        return cls(*(round(each, 4) for each in (statistics.median(found), found[cut], found[-1 - cut])))


def _cut(count: int) -> int:
    """How many values to leave out at each end of a sorted sample for an interval of 95 percent around the median."""
    below, cut = 0.0, 0
    while (below := below + comb(count, cut) / 2**count) <= 0.025:
        cut += 1
    return max(cut - 1, 0)


class Compared(NamedTuple):
    """How fast ours is, 1.0 standing for as fast as the reference; the same of the A/A run; and milliseconds."""

    ratio: Ratio
    again: Ratio
    ms: float
    reference_ms: float

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        return self._asdict() | {"ratio": self.ratio._asdict(), "again": self.again._asdict()}


def compared(ours: Call, reference: Call, second: Call, rounds: int) -> Compared:
    """Run the three in turn, after a warm-up."""
    first, our, again = in_turn({"reference": reference, "ours": ours, "second": second}, rounds, WARM_UPS).values()
    medians = [round(1000 * statistics.median(each), 2) for each in (our, first)]
    ratio, same = (Ratio.of(map(truediv, first, each)) for each in (our, again))
    return Compared(ratio, same, *medians)


def in_turn(calls: Mapping[str, Call], rounds: int, warm_ups: int = 1) -> dict[str, list[float]]:
    """The seconds that each call takes in every round, in an order that changes from round to round."""
    for _ in range(warm_ups):
        for call in calls.values():
            call()
    taken: dict[str, list[float]] = {name: [] for name in calls}
    gc.collect()
    gc.disable()
    for turn in range(rounds):
        first = turn % len(calls)
        order = [*calls][first:] + [*calls][:first]
        for name in order if turn % 2 else reversed(order):
            taken[name].append(_seconds(calls[name]))
    gc.enable()
    return taken


def _seconds(call: Call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def settle(threads: int | None) -> int:
    """Flush denormals, and fix how many threads compute; says how many that are."""
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    if threads:
        torch.set_num_threads(threads)
    return torch.get_num_threads()


def loaded(file: Path) -> ModuleType:
    """A Python file that `cnndsl export` wrote, imported."""
    made = ModuleType(file.stem)
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), made.__dict__)
    return made


def network(file: Path) -> nn.Module:
    """The last class of such a file, made."""
    classes = [each for each in vars(loaded(file)).values() if isinstance(each, type) and issubclass(each, nn.Module)]
    return classes[-1]()


def pictures(batch: int) -> Tensor:
    """Random ones, N x 3 x 224 x 224."""
    return torch.randn(batch, 3, SIZE, SIZE)


def with_weights_of(reference: nn.Module, ours: nn.Module) -> nn.Module:
    """The reference with our numbers, taken over in order; then both compute the same.

    Raises:
        ValueError: they are not the same network.
    """
    with torch.no_grad():
        for target, source in zip(_tensors(reference), _tensors(ours), strict=True):
            if target.shape != source.shape:
                raise ValueError(f"{tuple(target.shape)} in the reference is {tuple(source.shape)} in ours")
            target.copy_(source)
        picture = pictures(2)
        expected, found = reference.eval()(picture), ours.eval()(picture)
    far = float((found - expected).abs().max() / expected.std())
    if not far <= 1e-4:
        raise ValueError(f"results are {far:.1e} of their standard deviation apart")
    return reference


def _tensors(module: nn.Module) -> Iterable[Tensor]:
    return chain(module.parameters(), module.buffers())


def beside(
    ours: nn.Module, references: Sequence[nn.Module], rounds: int, batches: Sequence[int], tell: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Our module beside a reference (two copies of it), by pass and batch."""
    found: dict[str, dict[str, Any]] = {}
    for name in PASSES:
        for batch in batches:
            picture = pictures(batch)
            one, two, three = (_call(name, module, picture) for module in (ours, *references))
            result = compared(one, two, three, rounds)
            tell(f"{name}, batch {batch}: {said(result)}")
            found[f"{name}, batch {batch}"] = result.told()
    return found


def _call(name: str, module: nn.Module, picture: Tensor) -> Call:
    module.train(name != PASSES[0])

    def forward() -> None:
        with torch.no_grad():
            module(picture)

    def both() -> None:
        module.zero_grad()
        module(picture).sum().backward()

    return both if module.training else forward


def said(result: Compared) -> str:
    ratio, again = result.ratio, result.again
    return (
        f"{ratio.median:.3f} ({ratio.low:.3f} to {ratio.high:.3f}), "
        f"A/A {again.median:.3f} ({again.low:.3f} to {again.high:.3f}), "
        f"{result.ms} ms, reference {result.reference_ms} ms"
    )


# on a GPU

GPU_BATCH = 256
STEPS = 5
"""Training steps between two looks at the clock."""

PEAKS = {"H100": 989.4e12, "H200": 989.4e12, "A100": 312e12}
"""Floating-point operations in a second, dense bf16 with sums in float32, as NVIDIA gives them for the SXM modules."""


def trained(
    ours: nn.Module,
    references: Sequence[nn.Module],
    macs: int,
    rounds: int,
    device: str = "cuda",
    batch: int = GPU_BATCH,
) -> dict[str, dict[str, Any]]:
    """Training steps in bf16 with the channels last, eager and compiled.

    A step is autocast to bf16, its weights float32; loss, gradients and SGD with momentum are in it. Three times the
    forward pass count as its work, two operations to a multiply-add.
    """
    picture = pictures(batch).to(device, memory_format=torch.channels_last)
    classes = torch.randint(1000, (batch,), device=device)
    card = torch.cuda.get_device_name() if device == "cuda" else device
    peak = next((number for name, number in PEAKS.items() if name in card), None)
    found: dict[str, dict[str, Any]] = {}
    for way in ("eager", "compiled"):
        one, two, three = (_steps(module, way, picture, classes) for module in (ours, *references))
        result = compared(one, two, three, rounds)
        rate = STEPS * batch / result.ms * 1000
        found[way] = result.told() | {
            "card": card,
            "images_per_second": round(rate, 1),
            "share_of_peak": peak and round(rate * 6 * macs / peak, 4),
        }
    return found


def _steps(module: nn.Module, way: str, picture: Tensor, classes: Tensor) -> Call:
    module.to(picture.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    run = torch.compile(module) if way == "compiled" else module

    def steps() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            with torch.autocast(picture.device.type, torch.bfloat16):
                loss = nn.functional.cross_entropy(run(picture), classes)
            loss.backward()
            optimizer.step()
        if picture.is_cuda:
            torch.cuda.synchronize()

    return steps
