"""The shipped specs at sizes that cost little to run."""

from __future__ import annotations

import cnndsl
from cnndsl.model import Model
from cnndsl.source import read

__all__ = ["small", "text_of"]

_SIZES = {
    "alexnet": "3x127x127",
    "deconvnet": "3x224x224",
    "euronet": "13x32x32",
    "inceptionresnet": "3x107x107",
    "inceptionv3": "3x107x107",
    "inceptionv4": "3x107x107",
    "segnet": "3x32x32",
    "ssd300": "3x268x268",
    "unet": "1x188x188",
    "unet-same": "1x32x32",
    "zfnet": "3x127x127",
}
_ENOUGH = 64
"""Values of a side that need no smaller ones."""

_CROPS = (392, 200, 104, 56)
"""Those of a U-Net for 572x572; for 188x188 all are 8."""


def text_of(name: str) -> str:
    """What a shipped spec says."""
    return read(f"zoo:{name}").text


def small(name: str) -> Model:
    """A spec for small maps, which leaves its layers and weights as they are, but for what an FC reads."""
    size = _SIZES.get(name)
    if name == "unet":
        text = text_of(name)
        for crop in _CROPS:
            assert text.count(f" {crop},") == 1
            text = text.replace(f" {crop},", " 8,")
        return cnndsl.parse(text, input=size)
    model = cnndsl.load(f"zoo:{name}")
    shapes = {end.name: end.node.type.shape for end in model.graph.inputs}
    if size is None and all(max(shape[1:], default=0) <= _ENOUGH for shape in shapes.values()):
        return model
    sizes = {name: (shape[0], _ENOUGH, _ENOUGH) for name, shape in shapes.items()}
    return cnndsl.load(f"zoo:{name}", input=size or sizes)
