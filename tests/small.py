"""The shipped specs at sizes that cost little to run."""

from __future__ import annotations

from conftest import ROOT

import cnndsl
from cnndsl.model import Model
from cnndsl.source import read, shipped_specs

__all__ = ["small", "spec_of", "text_of"]

_SIZES = {
    "alexnet": "3x127x127",
    "euronet": "13x32x32",
    "inceptionresnet": "3x107x107",
    "inceptionv3": "3x107x107",
    "inceptionv4": "3x107x107",
    "unet": "1x188x188",
    "zfnet": "3x127x127",
}
_ENOUGH = 64
"""Values of a side that need no smaller ones."""

_CROPS = (392, 200, 104, 56)
"""Those of a U-Net for 572x572; for 188x188 all are 8."""


def spec_of(name: str) -> str:
    """What loads a shipped spec, or one that stands beside a module by hand."""
    return f"zoo:{name}" if name in shipped_specs() else str(ROOT / "benchmarks" / "by_hand" / f"{name}.cnn")


def text_of(name: str) -> str:
    """What it says."""
    return read(spec_of(name)).text


def small(name: str) -> Model:
    """A spec for small maps, which leaves its layers and weights as they are, but for what an FC reads."""
    size = _SIZES.get(name)
    if name == "unet":
        text = text_of(name)
        for crop in _CROPS:
            assert text.count(f" {crop},") == 1
            text = text.replace(f" {crop},", " 8,")
        return cnndsl.parse(text, input=size)
    model = cnndsl.load(spec_of(name))
    shape = model.graph.inputs[0].node.type.shape
    if size is None and max(shape[1:]) <= _ENOUGH:
        return model
    return cnndsl.load(spec_of(name), input=size or (shape[0], _ENOUGH, _ENOUGH))
