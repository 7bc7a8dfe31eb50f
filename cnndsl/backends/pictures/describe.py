"""A network in a sentence, for those who cannot see its picture."""

from __future__ import annotations

from cnndsl.analyses.cost import cost
from cnndsl.backends.pictures.labels import of_type, printable
from cnndsl.graph import Graph

__all__ = ["description"]


def description(graph: Graph) -> str:
    """Sizes of inputs and outputs, layers and parameters: `A network from 1×32×32 to 10: 12 layers, ...`."""
    entering = " and ".join(of_type(end.node.type) for end in graph.inputs)
    leaving = " and ".join(of_type(end.node.type) for end in graph.outputs)
    layers = len(graph) - len(graph.inputs)
    text = f"A network from {entering} to {leaving}: {layers:,} layers, {cost(graph).params:,} parameters."
    return printable(text)
