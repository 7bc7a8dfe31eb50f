"""How a layer or a block is called, as text: its parameters in order, with their defaults."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from cnndsl.layers.attributes import REQUIRED, Attribute, Filled, SameAs
from cnndsl.layers.layer import Layer

__all__ = ["call_text", "default", "signature"]


def call_text(name: str, parameters: Iterable[tuple[str, str]]) -> str:
    """`CONV(filters, kernel=3)`, `RELU`: a name with parameters and their defaults, "" where there is none."""
    shown = ", ".join(f"{parameter}={default}" if default else parameter for parameter, default in parameters)
    return f"{name}({shown})" if shown else name


def signature(layer: type[Layer]) -> str:
    """How a layer is called; the form of a layer that has no word, `[A + B]`."""
    parameters = ((name, default(attribute)) for name, attribute in layer.attributes.items())
    return layer.form or call_text(layer.word(), parameters)


@cache
def default(attribute: Attribute[Any]) -> str:
    """The default as a spec would write it; "" where there is none, or where it depends on the place."""
    value = attribute.default
    if value is REQUIRED:
        return ""
    if isinstance(value, Filled):
        return "auto" if "auto" in attribute.symbols else ""
    return str(value) if isinstance(value, SameAs) else attribute.show(attribute.bind(value, 0))
