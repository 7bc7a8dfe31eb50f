"""For which sizes of its input a network would fit together that does not for the one it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from cnndsl.diagnostics import Diagnostic, Diagnostics
from cnndsl.elaborate.filling import Filling
from cnndsl.elaborate.program import names_input
from cnndsl.syntax import ast

__all__ = ["with_sizes_that_fit"]

_OF_SIZES = frozenset({"window-too-large", "shape-mismatch"})

_ONE_SIZE = re.compile(r"\b[HW] is \d")
"""A network that fits together for one size only, mostly 1, is wrong for another reason."""

Inputs = Mapping[str, object]
Elaborate = Callable[[Inputs, Diagnostics], object]
"""Elaborates the file with these sizes of its inputs."""


def with_sizes_that_fit(
    found: tuple[Diagnostic, ...], file: ast.File, inputs: Inputs, filling: Filling, elaborate: Elaborate
) -> tuple[Diagnostic, ...]:
    """The diagnostics, those about sizes with a note that tells which sizes of the input would do.

    For this the network is elaborated once more with an open size, `INPUT(3xHxW)`, which tells what it demands of H and
    W where nothing else is wrong with it, and every statement could be read.
    """
    codes = {each.code for each in found}
    if not codes & _OF_SIZES or "size-order" in codes or file.broken:
        return found
    opened = _opened(file, inputs, filling)
    if opened is None:
        return found
    demands = Diagnostics()
    elaborate(opened, demands)
    told = [each for each in demands if each.code == "undecided" and not _ONE_SIZE.search(each.message)]
    return tuple(_noted(each, told) for each in found)


def _noted(mistake: Diagnostic, demands: list[Diagnostic]) -> Diagnostic:
    """A mistake with what is demanded at its place."""
    for demand in demands:
        span = demand.span
        is_there = (
            span.source is mistake.span.source and span.start <= mistake.span.start <= mistake.span.end <= span.end
        )
        if mistake.code in _OF_SIZES and is_there:
            note = f"with other sizes of the input, {demand.message}"
            return replace(mistake, notes=(*mistake.notes, note))
    return mistake


def _opened(file: ast.File, inputs: Inputs, filling: Filling) -> Inputs | None:
    """The size of the only input with its two spatial sizes open; None where there is no such input."""
    if len(inputs) > 1:
        return None
    for name, size in inputs.items():
        numbers = size.split("x") if isinstance(size, str) else size
        match numbers:
            case (channels, _, _) if all(str(extent).isdigit() for extent in numbers):
                return {name: f"{channels}xHxW"}
        return None
    written = [node for node in file.walk() if isinstance(node, ast.Name | ast.Call) and names_input(node.name)]
    if len(written) != 1:
        return None
    match written[0]:
        case ast.Name() if filling.input is not None:
            return {"": f"{filling.input[0]}xHxW"}
        case ast.Call(arguments=(ast.Argument(value=ast.Size(extents=(int(channels), int(_), int(_)))),)):
            return {"": f"{channels}xHxW"}
    return None
