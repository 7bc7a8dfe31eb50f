"""Layer types, one class each, by family. Importing this package declares them all."""

from cnndsl.layers import (
    activation,
    convolution,
    dense,
    filters,
    normalisation,
    padding,
    pooling,
    rearrangement,
    reduction,
    regularisation,
    resampling,
    scaling,
    structure,
)
from cnndsl.layers.attributes import REQUIRED, Attribute, Called, Filled, Given, Rejected, SameAs, Value
from cnndsl.layers.layer import Example, Layer, Reject, Shapes
from cnndsl.layers.registry import (
    built_in_layer_types,
    functions,
    keyword_here,
    layer_types,
    layers_by_word,
    symbols,
    word_here,
    words_elsewhere,
)
from cnndsl.layers.structure import Mismatch
from cnndsl.layers.tensor import TensorType

__all__ = [
    "REQUIRED",
    "Attribute",
    "Called",
    "Example",
    "Filled",
    "Given",
    "Layer",
    "Mismatch",
    "Reject",
    "Rejected",
    "SameAs",
    "Shapes",
    "TensorType",
    "Value",
    "activation",
    "built_in_layer_types",
    "convolution",
    "dense",
    "filters",
    "functions",
    "keyword_here",
    "layer_types",
    "layers_by_word",
    "normalisation",
    "padding",
    "pooling",
    "rearrangement",
    "reduction",
    "regularisation",
    "resampling",
    "scaling",
    "structure",
    "symbols",
    "word_here",
    "words_elsewhere",
]
