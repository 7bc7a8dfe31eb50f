"""Designs that are legal and seldom meant: rules on facts that the graph knows.

A rule has a code in `cnndsl.diagnostics.codes`, where it is said what it is about, and a function in `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from cnndsl.analyses.lint.ends import narrow_view, softmax_at_end
from cnndsl.analyses.lint.network import Finding, Network
from cnndsl.analyses.lint.norms import dropout_before_norm, needless_bias
from cnndsl.analyses.lint.weights import heavy_fc, linear_pair, uneven_channels
from cnndsl.analyses.lint.windows import dropped_border, kernel_beyond_map, pools_nothing
from cnndsl.diagnostics import Diagnostic, Step
from cnndsl.graph import Graph, Node

__all__ = ["RULES", "lint"]

Rule = Callable[[Network], Iterator[Finding]]

RULES: dict[str, Rule] = {
    "dropped-border": dropped_border,
    "kernel-beyond-map": kernel_beyond_map,
    "pools-nothing": pools_nothing,
    "needless-bias": needless_bias,
    "dropout-before-norm": dropout_before_norm,
    "linear-pair": linear_pair,
    "heavy-fc": heavy_fc,
    "narrow-view": narrow_view,
    "softmax-at-end": softmax_at_end,
    "uneven-channels": uneven_channels,
}


def lint(graph: Graph, codes: Collection[str]) -> Iterator[tuple[Node, Diagnostic]]:
    """What the rules with these codes find, node by node: of a block that is called often, often the same."""
    network = Network(graph)
    for code, rule in RULES.items():
        for node, message, label, help, others in rule(network) if code in codes else ():
            yield node, Diagnostic(code, message, node.span, label, others, _calls(graph, node), help)


def _calls(graph: Graph, node: Node) -> tuple[Step, ...]:
    """The calls of blocks through which a node came, the outermost first."""
    scopes = (node.scope[:depth] for depth in range(1, len(node.scope) + 1))
    return tuple(Step(graph.blocks[scope].span) for scope in scopes if scope in graph.blocks)
