"""The report on a network as plain data, for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from cnndsl.analyses.receptive_field import Along, NodeField
from cnndsl.analyses.report import Report
from cnndsl.backends.report.totals import PRECISIONS, Training
from cnndsl.diagnostics import Diagnostic
from cnndsl.diagnostics.json import as_data as diagnostic_as_data
from cnndsl.graph import Block, End
from cnndsl.layers.extent import Extent

__all__ = ["as_data"]


def as_data(
    name: str, report: Report | None, diagnostics: tuple[Diagnostic, ...], training: Training
) -> dict[str, Any]:
    """One model as JSON can hold it. Of a model with errors there are only the name and the diagnostics.

    Sizes are lists, channels first, without the batch axis; memory is in bytes. A number that depends on an open size
    is its formula as text, `"(H+1)//2"`; one that is not known is null. `filled` names the values that the language
    chose, `shares` the node whose weights a node uses and where they are counted.
    """
    return {
        "name": name,
        "inputs": [_end(end) for end in report.graph.inputs] if report else [],
        "outputs": [_end(end) for end in report.graph.outputs] if report else [],
        "params": _number(report.cost.params) if report else None,
        "frozen": _number(report.cost.frozen) if report else None,
        "buffers": _number(report.cost.buffers) if report else None,
        "macs": _number(report.cost.macs) if report else None,
        "flops": _number(report.cost.flops) if report else None,
        "operations": _operations(report) if report else None,
        "size": {name: _number(size * report.weights) for name, size in PRECISIONS.items()} if report else None,
        "memory": _memory(report, training) if report else None,
        "blocks": _blocks(report.graph.blocks) if report else [],
        "nodes": [_node(report, index) for index in range(len(report.graph))] if report else [],
        "diagnostics": [diagnostic_as_data(diagnostic) for diagnostic in diagnostics],
    }


def _number(number: int) -> int | str:
    return str(number) if isinstance(number, Extent) else number


def _numbers(extents: Iterable[int]) -> list[int | str]:
    return list(map(_number, extents))


def _end(end: End) -> dict[str, Any]:
    return {"name": end.name, "size": _numbers(end.node.type.shape)}


def _operations(report: Report) -> dict[str, Any]:
    """The total of a convention, by the name of its tool and the tool's word for what it counts."""
    unit, rows = report.operations
    return {"convention": report.convention, "unit": unit, "total": _number(sum(rows))}


def _memory(report: Report, training: Training) -> dict[str, Any]:
    found = report.memory.training(*training)
    return {
        "peak": _number(report.memory.peak),
        "peak_at": report.memory.peak_at.path,
        "training": {
            "batch": training.batch,
            "optimizer": training.optimizer,
            "saved": _number(found.saved),
            "parameters": _number(found.parameters),
            "gradients": _number(found.gradients),
            "optimizer_state": _number(found.optimizer),
            "buffers": _number(found.buffers),
            "total": _number(found.total),
        },
    }


def _blocks(blocks: Mapping[tuple[str, ...], Block]) -> list[dict[str, Any]]:
    return [
        {"path": ".".join(scope), "definition": block.definition, "call": str(block)} for scope, block in blocks.items()
    ]


def _node(report: Report, index: int) -> dict[str, Any]:
    node, cost, memory = report.graph.nodes[index], report.cost.rows[index], report.memory.rows[index]
    line, column = node.span.position
    return {
        "path": node.path,
        "layer": node.layer.word(),
        "call": str(node.layer).replace("*", ""),
        "inputs": [read.path for read in node.inputs],
        "output": _numbers(node.type.shape),
        "params": _number(cost.params),
        "frozen": _number(cost.frozen),
        "buffers": _number(cost.buffers),
        "macs": _number(cost.macs),
        "flops": _number(cost.flops),
        "operations": _number(report.operations.rows[index]),
        "field": _field(report.fields.rows[index]),
        "memory": _number(memory.activation),
        "saved": _number(memory.saved_of_one),
        "shares": node.shares.path if node.shares else None,
        "filled": sorted(node.layer.filled),
        "line": line,
        "column": column,
    }


def _field(found: NodeField) -> dict[str, Any]:
    """By the name of the input, and along each of its axes: size, effective stride and first position."""
    return {name: _axes(axes) for name, axes in found.along.items()}


def _axes(axes: tuple[Along | None, ...]) -> dict[str, list[int | float | str | None]]:
    return {
        "size": [None if along is None else _number(along.size) for along in axes],
        "stride": [None if along is None or along.stride is None else _stride(along.stride) for along in axes],
        "start": [None if along is None or along.start is None else _number(along.start) for along in axes],
    }


def _stride(stride: int | Fraction) -> int | float:
    return int(stride) if stride.denominator == 1 else float(stride)
