"""The tensors of networks as torchvision calls them, with their shapes, in its order: data to match against."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cnndsl.backends.torch.weights.report import Entry, File

__all__ = ["COUNTS", "file", "of_ours", "resnet"]

COUNTS = (3, 4, 6, 3)
"""Bottlenecks of the stages of ResNet-50."""


def _norm(name: str, channels: int) -> Iterator[Entry]:
    for leaf in ("weight", "bias", "running_mean", "running_var"):
        yield Entry(f"{name}.{leaf}", (channels,))
    yield Entry(f"{name}.num_batches_tracked", ())


def _bottleneck(name: str, channels: int, width: int, has_shortcut: bool, shortcut_first: bool) -> list[Entry]:
    shapes = [(width, channels, 1, 1), (width, width, 3, 3), (4 * width, width, 1, 1)]
    way: list[Entry] = []
    for number, shape in enumerate(shapes, 1):
        way += [Entry(f"{name}.conv{number}.weight", shape), *_norm(f"{name}.bn{number}", shape[0])]
    shortcut = [Entry(f"{name}.downsample.0.weight", (4 * width, channels, 1, 1))]
    shortcut += _norm(f"{name}.downsample.1", 4 * width)
    shortcut = shortcut if has_shortcut else []
    return shortcut + way if shortcut_first else way + shortcut


def resnet(counts: Sequence[int] = COUNTS, classes: int = 1000, shortcut_first: bool = False) -> list[Entry]:
    """A bottleneck ResNet; another library may have each shortcut before the way around which it leads."""
    entries = [Entry("conv1.weight", (64, 3, 7, 7)), *_norm("bn1", 64)]
    channels = 64
    for stage, (count, width) in enumerate(zip(counts, (64, 128, 256, 512), strict=True), 1):
        for block in range(count):
            entries += _bottleneck(f"layer{stage}.{block}", channels, width, block == 0, shortcut_first)
            channels = 4 * width
    return [*entries, Entry("fc.weight", (classes, channels)), Entry("fc.bias", (classes,))]


def file(entries: Sequence[Entry], name: str = "resnet50.pth", **facts: object) -> File:
    """A file that holds them."""
    return File(name, tuple(entries), **facts)  # type: ignore[arg-type]


def of_ours(name: str) -> str:
    """The name that torchvision has for a tensor of zoo:resnet50."""
    layer, _, leaf = name.rpartition(".")
    if layer in ("conv1.conv1", "conv1.bn1", "fc1"):
        return {"conv1.conv1": "conv1", "conv1.bn1": "bn1", "fc1": "fc"}[layer] + f".{leaf}"
    found = re.fullmatch(r"stage(\d)\.bottleneck(\d)\.(?:conv(\d)|shortcut1\.conv1)\.(conv|bn)1", layer)
    assert found, name
    inside = f"{found[4]}{found[3]}" if found[3] else f"downsample.{('conv', 'bn').index(found[4])}"
    return f"layer{found[1]}.{int(found[2]) - 1}.{inside}.{leaf}"
