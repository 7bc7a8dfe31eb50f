"""Which layer types there are: those of this package and those of plugins, and what their words are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from cnndsl.layers import plugins
from cnndsl.layers.attributes import Attribute
from cnndsl.layers.layer import Layer, declared

__all__ = [
    "built_in_layer_types",
    "functions",
    "keyword_here",
    "layer_types",
    "layers_by_word",
    "symbols",
    "word_here",
    "words_elsewhere",
]


_KEYWORDS_ELSEWHERE = {
    "dilation_rate": "dilation",
    "dilations": "dilation",
    "epsilon": "eps",
    "kernel_shape": "kernel",
    "kernel_size": "kernel",
    "ksize": "kernel",
    "num_groups": "groups",
    "out_channels": "filters",
    "out_features": "units",
    "pad": "padding",
    "pool_size": "kernel",
    "rate": "p",
    "strides": "stride",
    "use_bias": "bias",
}
"""Names of parameters in PyTorch, Keras and ONNX whose values mean here what they mean there."""


def layer_types() -> tuple[type[Layer], ...]:
    """Every layer type, in the order of declaration, those of plugins behind ours.

    Bases, whose names start with `_`, are left out, and so is a layer of a plugin with a word that another layer has,
    which is told.
    """
    plugins.load()
    return _with_words_of_their_own(_newest(declared()))


def built_in_layer_types() -> tuple[type[Layer], ...]:
    """The layer types of this package alone."""
    return tuple(found for found in _newest(declared()) if found.is_built_in())


def layers_by_word() -> dict[str, type[Layer]]:
    """Layer types by each of their words, in capitals."""
    return {word: found for found in layer_types() for word in found.words}


def word_here(word: str) -> str | None:
    """Our word for the layer that other frameworks call so: CONV for `Conv2d`."""
    bare = re.sub("[123]d$", "", word.lower())
    own = bare.upper() if bare != word.lower() and bare.upper() in layers_by_word() else None
    return words_elsewhere().get(bare, own)


def keyword_here(word: str) -> str | None:
    """Our name for the parameter that other frameworks call so: kernel for `kernel_size`."""
    return _KEYWORDS_ELSEWHERE.get(word.lower())


def words_elsewhere() -> dict[str, str]:
    """For the words of other frameworks, in lower case, ours."""
    return {other: found.word() for found in layer_types() for other in found.elsewhere}


def symbols(types: Iterable[type[Layer]] | None = None) -> frozenset[str]:
    """The closed list of bare words that some attribute takes, of all layers or of these: `same`, `max`, `auto`."""
    return frozenset(word for attribute in _attributes(types) for word in attribute.symbols)


def functions(types: Iterable[type[Layer]] | None = None) -> frozenset[str]:
    """The closed list of words that some attribute takes with arguments: `normal(0.01)`."""
    return frozenset(word for attribute in _attributes(types) for word in attribute.functions)


def _attributes(types: Iterable[type[Layer]] | None) -> Iterator[Attribute[Any]]:
    for found in layer_types() if types is None else types:
        yield from found.attributes.values()


def _newest(types: Iterable[type[Layer]]) -> tuple[type[Layer], ...]:
    """Without bases, and without classes that were declared again, as notebooks do; ours first."""
    newest = {(found.__module__, found.__qualname__): found for found in types if not found.__name__.startswith("_")}
    return tuple(sorted(newest.values(), key=lambda found: not found.is_built_in()))


@cache
def _with_words_of_their_own(types: tuple[type[Layer], ...]) -> tuple[type[Layer], ...]:
    """Without those that cannot be named; cached, so that each is told once."""
    return tuple(_admitted(types))


def _admitted(types: tuple[type[Layer], ...]) -> Iterator[type[Layer]]:
    owners: dict[str, type[Layer]] = {}
    for found in types:
        bad = next((word for word in found.words if not word.isidentifier() or word != word.upper()), None)
        taken = next((word for word in found.words if word in owners), None)
        if bad is not None:
            plugins.tell(f"the layer {bad} of {found.package()} is left out: a word is a name in capitals")
        elif taken is not None:
            owner = owners[taken].package()
            plugins.tell(f"the layer {taken} of {found.package()} is left out: {owner} has a layer of that name")
        else:
            owners.update(dict.fromkeys(found.words, found))
            yield found
