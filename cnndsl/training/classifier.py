"""A network as a classifier of images: whether it fits its data, and what of it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isqrt, prod

from cnndsl.analyses.cost import cost
from cnndsl.compiler import compile_source
from cnndsl.graph import End, Graph, blocks_around
from cnndsl.layers import TensorType
from cnndsl.layers.activation import LogSoftmax, Sigmoid, Softmax
from cnndsl.layers.extent import Extent
from cnndsl.layers.normalisation import BatchNormalisation
from cnndsl.layers.tensor import by_x
from cnndsl.model import Model
from cnndsl.training.data import Facts
from cnndsl.training.errors import Misfit
from cnndsl.training.preprocessing import Preprocessing

__all__ = ["check", "preprocessing", "with_logits"]

CHANNELS = (1, 3)
"""What channels can be turned into: grey and colour into one another."""


def with_logits(model: Model) -> Model:
    """The model without the softmax, log-softmax or sigmoid that ends it: what it is trained on.

    Such a layer has no weights, so the names of all weights stay.
    """
    graph = model.graph
    last = graph.outputs[0].node
    if len(graph.outputs) > 1 or not isinstance(last.layer, Softmax | LogSoftmax | Sigmoid):
        return model
    nodes = tuple(node for node in graph.nodes if node is not last)
    blocks = blocks_around(nodes, graph.blocks)
    output = graph.outputs[0]._replace(node=last.inputs[0])
    return replace(model, graph=Graph(graph.name, nodes, graph.inputs, (output,), blocks))


def check(model: Model, data: Facts, batch: int) -> None:
    """See that the network can be trained to classify such images in such batches.

    Raises:
        Misfit: it cannot.
    """
    _check_output(model, data)
    _entering(model, data)
    if cost(model.graph).params == 0:
        raise Misfit("there is nothing to train: no layer has weights", model.graph.outputs[0].node.span)
    for node in model.graph:
        is_lonely = isinstance(node.layer, BatchNormalisation) and node.type.elements == node.type.channels
        if batch == 1 and is_lonely:
            message = f"a batch norm on {node.type} sees one value for each channel where a batch is one image"
            raise Misfit(message, node.span, "give --batch 2 or more")


def preprocessing(model: Model, data: Facts) -> Preprocessing:
    """How such images become the network's input.

    Raises:
        Misfit: they cannot.
    """
    shape, is_vector = _entering(model, data)
    return Preprocessing(shape, is_vector, data.mean, data.std)


def _entering(model: Model, data: Facts) -> tuple[tuple[int, int, int], bool]:
    """Channels, height and width that the images are brought to, and whether they are then put in a row."""
    inputs = model.graph.inputs
    if len(inputs) > 1:
        raise Misfit(f"training needs a network with one input, and this has {_listed(inputs)}", inputs[1].node.span)
    node = inputs[0].node
    entering, channels = node.type, data.shape[0]
    images = f"the images of {data.name} are {by_x(data.shape)}"
    if entering.rank == 0:
        side = isqrt(entering.channels // channels)
        if channels * side * side != entering.channels:
            message = f"the input is a row of {entering}, and {images}: no square of theirs has as many values"
            raise Misfit(message, node.span, _input_help(model, TensorType(prod(data.shape))))
        return (channels, side, side), True
    if entering.rank != 2:
        message = f"the input is {entering}, which has not two spatial axes, and {images}"
        raise Misfit(message, node.span, "training needs an input of channels x height x width, or a row of values")
    if entering.channels not in {channels, *CHANNELS}:
        message = f"the input has {entering.channels} channels ({entering}), and {images}"
        raise Misfit(message, node.span, _input_help(model, TensorType(channels, entering.spatial)))
    if any(isinstance(extent, Extent) for extent in entering.spatial):
        message = f"the input is {entering}, and training needs a number for each of its sizes"
        raise Misfit(message, node.span, _input_help(model, TensorType(entering.channels, data.shape[1:])))
    height, width = entering.spatial
    return (entering.channels, height, width), False


def _check_output(model: Model, data: Facts) -> None:
    outputs, wanted = model.graph.outputs, len(data.classes)
    if len(outputs) > 1:
        raise Misfit(f"training needs a network with one output, and this has {_listed(outputs)}", outputs[1].node.span)
    node = outputs[0].node
    if node.type.rank:
        message = f"the output is a map, {node.type}, and {data.name} needs a row of {wanted}: a number for each class"
        raise Misfit(message, node.span, f"end the network with GAP -> FC({wanted})")
    if node.type.channels != wanted:
        message = f"the output is a row of {node.type}, and {data.name} has {wanted} classes"
        parameters = {**model.parameters, "classes": str(wanted)}
        is_settable = _would_give(model, wanted, parameters, model.inputs)
        raise Misfit(message, node.span, f"give -D classes={wanted}" if is_settable else f"end it with FC({wanted})")


def _listed(ends: tuple[End, ...]) -> str:
    return ", ".join(f"{end.name} ({end.node.type})" for end in ends)


def _input_help(model: Model, size: TensorType) -> str:
    """How to set this size, if that is all it takes."""
    classes = model.graph.outputs[0].node.type.channels
    is_settable = _would_give(model, classes, model.parameters, {"": str(size)})
    return f"give --input {size}" if is_settable else f"write an input of {size}"


def _would_give(model: Model, classes: int, parameters: Mapping[str, object], inputs: Mapping[str, object]) -> bool:
    """Whether the spec, with this set from outside, is a network with an output of so many numbers."""
    graph = compile_source(model.source, parameters, inputs, model.roots, model.max_nodes, model.filling).graph
    return graph is not None and graph.outputs[0].node.type == TensorType(classes)
