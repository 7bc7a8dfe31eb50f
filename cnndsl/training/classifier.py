"""A network as a classifier of images: whether it fits its data, and what of it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isqrt, prod
from typing import Literal

from cnndsl.analyses.cost import cost
from cnndsl.compiler import compile_source
from cnndsl.graph import End, Node, leading_to
from cnndsl.layers import TensorType
from cnndsl.layers.activation import LogSoftmax, Sigmoid, Softmax
from cnndsl.layers.extent import Extent
from cnndsl.layers.normalisation import BatchNormalisation
from cnndsl.layers.rejected import Rejected
from cnndsl.layers.tensor import by_x
from cnndsl.model import Model
from cnndsl.source import Span
from cnndsl.training.data import Facts, Images, Pictures, PictureStream
from cnndsl.training.errors import Misfit
from cnndsl.training.preprocessing import Preprocessing
from cnndsl.training.recipe import Recipe
from cnndsl.training.recipe.augmentations import AS_INPUT, piece, sizes

__all__ = ["CHANNELS", "Classifier", "sized"]

CHANNELS = (1, 3)
"""What channels can be turned into: grey and colour into one another."""


@dataclass(frozen=True)
class Classifier:
    """A network with what it is to classify.

    Attributes:
        spec: the network as it is written.
        data: the images.
        recipe: how it is trained.
        places: where the values of the recipe are written, by key, of those that are.
    """

    spec: Model
    data: Facts
    recipe: Recipe
    places: Mapping[str, Span] = field(default_factory=dict)

    @cached_property
    def trained(self) -> Model:
        """What is trained: the network without the softmax, log-softmax or sigmoid at its ends.

        Such a layer has no weights, so the names of all weights stay.
        """
        return self._leading_to(self._logits)

    @cached_property
    def evaluated(self) -> Model:
        """What classifies: of `trained` the main output, without the heads that only help training."""
        return self._leading_to(self._logits[:1])

    @property
    def outputs(self) -> tuple[End, ...]:
        return self.spec.graph.outputs

    @property
    def loss(self) -> Literal["cross_entropy", "binary"]:
        """The recipe's; `auto` follows the end of the network."""
        return "binary" if self.is_binary else "cross_entropy"

    @property
    def is_binary(self) -> bool:
        """Whether each class is decided by itself: its logit becomes a probability by the sigmoid, not the softmax."""
        if self.recipe.loss == "auto":
            return isinstance(self.outputs[0].node.layer, Sigmoid)
        return self.recipe.loss == "binary"

    def check(self) -> None:
        """See that the network can be trained to classify such images by such a recipe.

        Raises:
            Misfit: it cannot.
        """
        for output in self.outputs:
            self._check_output(output)
        self._check_output_weights()
        self._check_class_weights()
        self._check_augmentation()
        self._check_crops()
        if cost(self.spec.graph).params == 0:
            raise Misfit("there is nothing to train: no layer has weights", self.outputs[0].node.span)
        for node in self.spec.graph:
            is_lonely = isinstance(node.layer, BatchNormalisation) and node.type.elements == node.type.channels
            if self.recipe.batch == 1 and is_lonely:
                message = f"a batch norm on {node.type} sees one value for each channel where a batch is one image"
                raise Misfit(message, node.span, "give --batch 2 or more")

    def preprocessing(self) -> Preprocessing:
        """How such images become the network's input.

        Raises:
            Misfit: they cannot.
        """
        data, recipe = self.data, self.recipe
        shape, is_vector = self._entering()
        size = None if recipe.size == AS_INPUT else piece(recipe.size, shape[1:])
        return Preprocessing(shape, is_vector, data.mean, data.std, data.white, size, recipe.crops)

    @property
    def _logits(self) -> tuple[End, ...]:
        ends = (Softmax, LogSoftmax, Sigmoid)
        return tuple(
            end._replace(node=end.node.inputs[0]) if isinstance(end.node.layer, ends) else end for end in self.outputs
        )

    def _leading_to(self, outputs: tuple[End, ...]) -> Model:
        if outputs == self.outputs:
            return self.spec
        return replace(self.spec, graph=leading_to(self.spec.graph, outputs))

    def _entering(self) -> tuple[tuple[int, int, int], bool]:
        """Channels, height and width that the images are brought to, and whether they are then put in a row."""
        inputs = self.spec.graph.inputs
        if len(inputs) > 1:
            message = f"training needs a network with one input, and this has {_listed(inputs)}"
            raise Misfit(message, inputs[1].node.span)
        node = inputs[0].node
        entering, channels = node.type, self.data.shape[0]
        images = f"the images of {self.data.name} are {by_x(self.data.shape)}"
        if entering.rank == 0:
            side = isqrt(entering.channels // channels)
            if channels * side * side != entering.channels:
                message = f"the input is a row of {entering}, and {images}: no square of theirs has as many values"
                raise Misfit(message, node.span, self._input_help(TensorType(prod(self.data.shape))))
            return (channels, side, side), True
        if entering.rank != 2:
            message = f"the input is {entering}, which has not two spatial axes, and {images}"
            raise Misfit(message, node.span, "training needs an input of channels x height x width, or a row of values")
        if entering.channels not in {channels, *(CHANNELS if channels in CHANNELS else ())}:
            message = f"the input has {entering.channels} channels ({entering}), and {images}"
            raise Misfit(message, node.span, self._input_help(TensorType(channels, entering.spatial)))
        if any(isinstance(extent, Extent) for extent in entering.spatial):
            message = f"the input is {entering}, and training needs a number for each of its sizes"
            size = TensorType(entering.channels, self.data.shape[1:])
            raise Misfit(message, node.span, self._input_help(size))
        height, width = entering.spatial
        return (entering.channels, height, width), False

    def _check_output(self, output: End) -> None:
        node, wanted = output.node, len(self.data.classes)
        which = "the output" if len(self.outputs) == 1 else f"the output `{output.name}`"
        if node.type.rank:
            message = (
                f"{which} is a map, {node.type}, and {self.data.name} needs a row of {wanted}: a number for each class"
            )
            raise Misfit(message, node.span, f"end the network with GAP -> FC({wanted})")
        if node.type.channels != wanted and not self._decides_between_two(node.type):
            message = f"{which} is a row of {node.type}, and {self.data.name} has {wanted} classes"
            parameters = {**self.spec.parameters, "classes": str(wanted)}
            is_settable = self._would_give(wanted, parameters, self.spec.inputs)
            help = f"give -D classes={wanted}" if is_settable else f"end it with FC({wanted})"
            raise Misfit(message, node.span, help)

    def _decides_between_two(self, type: TensorType) -> bool:
        """Whether a single number tells the second of two classes from the first."""
        return self.is_binary and type.channels == 1 and len(self.data.classes) == 2

    def _check_output_weights(self) -> None:
        """See that several outputs have each a weight in the loss."""
        weights, count = self.recipe.output_weights, len(self.outputs)
        if weights == "none" and count > 1:
            message = f"the network has {count} outputs, {_listed(self.outputs)}: how much does each count in the loss?"
            sides = ", ".join(["1", *["0.3"] * (count - 1)])
            help = f"give --output-weights '({sides})'"
            raise Misfit(message, self.outputs[1].node.span, help)
        if weights != "none" and len(weights) != count:
            numbers, outputs = f"number{'s' * (len(weights) > 1)}", f"output{'s' * (count > 1)}"
            listed = _listed(self.outputs)
            message = f"output_weights has {len(weights)} {numbers}, and the network {count} {outputs}: {listed}"
            place = self._place("output_weights", self.outputs[-1].node)
            raise Misfit(message, place, "give one number for each output, the main one first")

    def _check_class_weights(self) -> None:
        weights, count = self.recipe.class_weights, len(self.data.classes)
        if not isinstance(weights, str) and len(weights) != count:
            message = f"class_weights has {len(weights)} numbers, and {self.data.name} has {count} classes"
            help = "give one number for each class, or `balanced`"
            raise Misfit(message, self._place("class_weights", self.outputs[0].node), help)

    def _check_augmentation(self) -> None:
        """See that images of the network's input leave the augmentation."""
        shape, _ = self._entering()
        wanted = shape[1:]
        try:
            sizes(self.recipe.augment, self.data.shape[0], piece(self.recipe.size, wanted), wanted)
        except Rejected as rejected:
            place = self._place("augment", self.spec.graph.inputs[0].node)
            raise Misfit(rejected.message, place, rejected.help) from None

    def _check_crops(self) -> None:
        """See that the pieces of an image are not all the same."""
        shape, _ = self._entering()
        wanted = shape[1:]
        if self.recipe.crops > 1 and piece(self.recipe.size, wanted) == wanted:
            images = f"the images are as large as the network's input, {by_x(wanted)}"
            message = f"crops={self.recipe.crops} looks at so many pieces of an image, and {images}"
            place = self._place("crops", self.spec.graph.inputs[0].node)
            raise Misfit(message, place, "give a larger --size, or leave crops out")

    def _place(self, key: str, node: Node) -> Span:
        """Where a value of the recipe is written, or a layer that it has to do with."""
        return self.places.get(key, node.span)

    def _input_help(self, size: TensorType) -> str:
        """How to set this size, if that is all it takes."""
        classes = self.outputs[0].node.type.channels
        is_settable = self._would_give(classes, self.spec.parameters, {"": str(size)})
        return f"give --input {size}" if is_settable else f"write an input of {size}"

    def _would_give(self, classes: int, parameters: Mapping[str, object], inputs: Mapping[str, object]) -> bool:
        """Whether the spec, with this set from outside, is a network whose outputs have so many numbers."""
        spec = self.spec
        graph = compile_source(spec.source, parameters, inputs, spec.roots, spec.max_nodes, spec.filling).graph
        return graph is not None and all(end.node.type == TensorType(classes) for end in graph.outputs)


def sized(
    images: Images | Pictures, model: Model, recipe: Recipe, channels: int | None = None
) -> Images | PictureStream:
    """Images as they are kept: pictures at the size that the recipe says, else that of the network's input.

    Args:
        images: the images; those in memory stay as they are.
        model: the network.
        recipe: how it is trained.
        channels: 1 or 3, as pictures are wanted; their own if none is given.

    Raises:
        Unusable: a picture cannot be read, and that is not to be passed over; or pictures have several sizes, and the
            network takes none.
    """
    if isinstance(images, Images):
        return images
    if recipe.size != AS_INPUT:
        return images.at(piece(recipe.size, (0, 0)), "cover", channels=channels)
    return images.at(_read_by(model, channels or images.channels) or images.one_size(), channels=channels)


def _read_by(model: Model, channels: int) -> tuple[int, int] | None:
    """Height and width that the network wants of images with so many channels, if it takes images of some size."""
    entering = model.graph.inputs[0].node.type
    if entering.rank == 0:
        side = isqrt(entering.channels // channels)
        return (side, side) if side else None
    if entering.rank != 2 or any(isinstance(extent, Extent) for extent in entering.spatial):
        return None
    height, width = entering.spatial
    return height, width


def _listed(ends: tuple[End, ...]) -> str:
    return ", ".join(f"{end.name} ({end.node.type})" for end in ends)
