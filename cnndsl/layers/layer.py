"""What a layer is: one class that declares everything, from which binding, errors, counts and lowering derive.

Three words are kept apart: a *layer type* is a class (`Conv`), a *layer* is an instance with its attributes bound
(`CONV(64, 3)`), a *node* is a layer placed in a graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from keyword import iskeyword
from typing import Any, ClassVar, NamedTuple

from cnndsl.layers.attributes import REQUIRED, Attribute, Rejected, SameAs
from cnndsl.layers.extent import require_closed
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


class Layer:
    """Base of all layer types. A subclass names its words and declares attributes, examples and rejects.

    The words are how a spec writes it, in any case; a layer type without words is made by a form of the language
    (`[A + B]`) and cannot be named.
    """

    words: ClassVar[tuple[str, ...]] = ()

    form: ClassVar[str] = ""
    """How a spec writes a layer type without words: `[A + B]`."""

    elsewhere: ClassVar[tuple[str, ...]] = ()
    """What other frameworks call it, in lower case and without the dimensions at the end (`2d`)."""

    attributes: ClassVar[Mapping[str, Attribute[Any]]] = {}

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
        declared = {_spec_name(name): value for name, value in vars(cls).items() if isinstance(value, Attribute)}
        inherited = {name: value for name, value in cls.attributes.items() if name not in declared}
        cls.attributes = inherited | declared
        if "family" not in vars(cls):
            cls.family = cls.__module__.rpartition(".")[2] if cls.is_built_in() else "plugin"
        _layer_types.append(cls)

    def __init__(self, values: Mapping[str, Any], filled: Iterable[str] = ()) -> None:
        """A layer with bound values for all attributes; `filled` are those that the language chose."""
        self.__dict__.update({_python_name(name): value for name, value in values.items()})
        self.__dict__["filled"] = frozenset(filled)

    filled: frozenset[str]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    @classmethod
    def bind(cls, written: Mapping[str, object], rank: int, filled: Mapping[str, object] | None = None) -> Layer:
        """The layer for the arguments as written, where a map of this rank comes in.

        Raises:
            Rejected: an argument is not of its attribute's kind or range.
        """
        values: dict[str, Any] = {}
        given = {**written, **(filled or {})}
        for name, attribute in cls.attributes.items():
            if name in given:
                try:
                    if not attribute.may_be_open:
                        require_closed(given[name], attribute.phrase)
                    values[name] = attribute.bind(given[name], rank)
                except Rejected as rejected:
                    raise rejected.at(name) from None
            elif isinstance(attribute.default, SameAs):
                values[name] = values[attribute.default.attribute]
            else:
                assert attribute.default is not REQUIRED, f"{cls.__name__}.{name} is not bound"
                values[name] = attribute.bind(attribute.default, rank)
        return cls(values, filled or ())

    def with_filled(self, **values: object) -> Layer:
        """The same layer with some attributes chosen by the language."""
        bound = {name: self.__dict__[_python_name(name)] for name in self.attributes}
        return type(self)(bound | values, self.filled | values.keys())

    @classmethod
    def word(cls) -> str:
        """The name in reports: the first of its words, or for a form of the language the class's."""
        return cls.words[0] if cls.words else cls.__name__.upper()

    @classmethod
    def package(cls) -> str:
        """The Python package that it comes from."""
        return cls.__module__.partition(".")[0]

    @classmethod
    def is_built_in(cls) -> bool:
        """Whether it comes with cnndsl."""
        return cls.package() == __name__.partition(".")[0]

    @classmethod
    def summary(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or "").strip().split("\n")[0]

    def value(self, attribute: str) -> Any:
        """The bound value of an attribute, by its name in the language."""
        return self.__dict__[_python_name(attribute)]

    def __str__(self) -> str:
        """As the language writes it, without what equals the defaults; `*` marks what the language filled in."""
        return self._text

    @cached_property
    def _text(self) -> str:
        written: list[str] = []
        by_position = True
        for name, attribute in self.attributes.items():
            value = self.value(name)
            mark = "*" if name in self.filled else ""
            if not mark and attribute.is_default(value, self):
                by_position = False
                continue
            shown = f"{attribute.show(value)}{mark}"
            written.append(shown if by_position else f"{name}={shown}")
        return f"{self.word()}({', '.join(written)})" if written else self.word()

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


def _spec_name(python_name: str) -> str:
    """`from_` in Python is `from` in the language."""
    return python_name.rstrip("_")


@cache
def _python_name(spec_name: str) -> str:
    """Where Python, or what every layer has, takes a name, the attribute is declared with `_` behind it: `from_`."""
    return f"{spec_name}_" if iskeyword(spec_name) or hasattr(Layer, spec_name) else spec_name
