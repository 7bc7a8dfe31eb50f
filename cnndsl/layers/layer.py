"""What a layer is: one class that declares everything, from which binding, errors, counts and lowering derive.

Three words are kept apart: a *layer type* is a class (`Conv`), a *layer* is an instance with its attributes bound
(`CONV(64, 3)`), a *node* is a layer placed in a graph.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Self

from cnndsl.layers.attributes import Rejected
from cnndsl.layers.declared import Declared
from cnndsl.layers.lowering import Step, is_view
from cnndsl.layers.reach import Reaches, matching
from cnndsl.layers.saved import Saved
from cnndsl.layers.tensor import TensorType

__all__ = [
    "Example",
    "Layer",
    "Reject",
    "Rejected",
    "Shapes",
    "declared",
]

Shapes = dict[str, tuple[int, ...]]
"""Names and shapes of parameters or buffers, named as in torch."""


class Example(NamedTuple):
    """A use of a layer that is right: a spec whose output, parameters and MACs are these."""

    spec: str
    output: str
    parameters: int = 0
    macs: int = 0


class Reject(NamedTuple):
    """A use of a layer that is wrong: a spec, and the code of the diagnostic it gets."""

    spec: str
    code: str


class Layer(Declared):
    """Base of all layer types. A subclass names its words and declares attributes, examples and rejects.

    A layer type without words is made by a form of the language (`[A + B]`) and cannot be named.
    """

    form: ClassVar[str] = ""
    """How a spec writes a layer type without words: `[A + B]`."""

    elsewhere: ClassVar[tuple[str, ...]] = ()
    """What other frameworks call it, in lower case and without the dimensions at the end (`2d`)."""

    family: ClassVar[str]
    """Under which heading it is listed: the module's name, unless it is declared; `plugin` outside this package."""

    examples: ClassVar[tuple[Example, ...]] = ()
    rejects: ClassVar[tuple[Reject, ...]] = ()

    transparent: ClassVar[bool] = False
    """What comes in goes out: placing it makes no node."""

    sets_width: ClassVar[bool] = False
    """Its output width is chosen, not inherited: where a bare CONV or FC takes its bearings."""

    begins: ClassVar[tuple[str, ...]] = ()
    """The attributes that say how its weights begin."""

    reads_indices: ClassVar[bool] = False
    """It reads where the max pooling behind its last value found its maxima."""

    is_frozen: ClassVar[bool] = False
    """Its buffers are weights that it does not learn."""

    removes_mean: ClassVar[bool] = False
    """A constant added to its input changes nothing, so a bias before it is superfluous."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "family" not in vars(cls):
            cls.family = cls.__module__.rpartition(".")[2] if cls.is_built_in() else "plugin"
        _layer_types.append(cls)

    @classmethod
    def package(cls) -> str:
        """The Python package that it comes from."""
        return cls.__module__.partition(".")[0]

    @classmethod
    def is_built_in(cls) -> bool:
        """Whether it comes with cnndsl."""
        return cls.package() == __name__.partition(".")[0]

    def with_filled(self, **values: object) -> Self:
        """The same layer with some attributes chosen by the language."""
        bound = {name: self.value(name) for name in self.attributes}
        return type(self)(bound | values, self.filled | values.keys())

    # What a subclass says; the defaults are those of an elementwise layer without weights.

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        """The type that leaves, for the types that enter.

        Raises:
            Rejected: the layer cannot take them.
        """
        return inputs[0]

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        """What its positions read in evaluation, for each input along each spatial axis of that input.

        By default a position reads the one at its place, or the whole map where the sizes are not the same.
        """
        return tuple(matching(entering, output) for entering in inputs)

    def parameters(self, inputs: tuple[TensorType, ...]) -> Shapes:
        """Learned tensors, by torch's names and in torch's shapes."""
        return {}

    def buffers(self, inputs: tuple[TensorType, ...]) -> Shapes:
        """Tensors that are kept but not learned, by torch's names and in torch's shapes."""
        return {}

    def macs(self, inputs: tuple[TensorType, ...], output: TensorType) -> int:
        """Multiply-accumulates for one sample: products with weights only."""
        return 0

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        """What it keeps for the backward pass; `wanted` tells which inputs get a gradient."""
        return Saved(tuple(range(len(inputs))))

    def is_view(self, inputs: tuple[TensorType, ...], output: TensorType, training: bool = False) -> bool:
        """Whether what leaves is only another look at what comes in, which takes no memory."""
        may_be = bool(inputs) and not self.begins  # what has weights computes
        return may_be and all(is_view(step, training) for step in self.lower(inputs, output))

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        """What it becomes in PyTorch."""
        raise NotImplementedError

    def with_indices(self) -> Layer:
        """Of a max pooling: the same that also tells where the largest values were, for a layer that reads indices."""
        raise NotImplementedError


_layer_types: list[type[Layer]] = []


def declared() -> tuple[type[Layer], ...]:
    """Every subclass of `Layer`, bases included, in the order of declaration."""
    return tuple(_layer_types)
