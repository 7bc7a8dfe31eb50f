"""The shipped specs at sizes that cost little to run."""

from __future__ import annotations

from pathlib import Path

from conftest import ROOT

import cnndsl
from cnndsl.model import Model

__all__ = ["small", "spec_of"]

_SIZES = {"alexnet": "3x127x127", "inceptionv3": "3x107x107", "euronet": "13x32x32", "unet": "1x188x188"}
_AS_THEY_ARE = ("lenet5", "lecture-")
_CROPS = (392, 200, 104, 56)
"""Those of a U-Net for 572x572; for 188x188 all are 8."""


def spec_of(name: str) -> Path:
    """The file of a shipped spec, or of one that stands beside a module by hand."""
    (spec,) = (*ROOT.glob(f"specs/{name}.cnn"), *ROOT.glob(f"benchmarks/by_hand/{name}.cnn"))
    return spec


def small(name: str) -> Model:
    """A spec for small maps, which leaves its layers and weights as they are, but for what an FC reads."""
    spec = spec_of(name)
    if name.startswith(_AS_THEY_ARE):
        return cnndsl.load(spec)
    size = _SIZES.get(name, "3x64x64")
    if name != "unet":
        return cnndsl.load(spec, input=size)
    text = spec.read_text()
    for crop in _CROPS:
        assert text.count(f" {crop},") == 1
        text = text.replace(f" {crop},", " 8,")
    return cnndsl.parse(text, input=size)
