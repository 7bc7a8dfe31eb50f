"""Layer types, one class each, by family. Importing this package declares them all."""

from cnndsl.layers import (
    activation,
    convolution,
    dense,
    normalisation,
    pooling,
    rearrangement,
    regularisation,
    structure,
)
from cnndsl.layers.attributes import REQUIRED, Attribute, Filled, Rejected, SameAs
from cnndsl.layers.layer import Example, Layer, Reject, Shapes, layer_types, layers_by_word, symbols, words_elsewhere
from cnndsl.layers.structure import Mismatch
from cnndsl.layers.tensor import TensorType

__all__ = [
    "REQUIRED",
    "Attribute",
    "Example",
    "Filled",
    "Layer",
    "Mismatch",
    "Reject",
    "Rejected",
    "SameAs",
    "Shapes",
    "TensorType",
    "activation",
    "convolution",
    "dense",
    "layer_types",
    "layers_by_word",
    "normalisation",
    "pooling",
    "rearrangement",
    "regularisation",
    "structure",
    "symbols",
    "words_elsewhere",
]
