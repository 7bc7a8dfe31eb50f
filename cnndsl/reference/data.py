"""The declarations of layers and blocks as plain data, for JSON."""

from __future__ import annotations

from typing import Any

from cnndsl.layers import REQUIRED, Attribute, Layer
from cnndsl.layers.signature import default, signature
from cnndsl.reference.composites import FAMILY, Composite
from cnndsl.reference.entries import Entry
from cnndsl.reference.texts import description, filled

__all__ = ["as_data"]


def as_data(entry: Entry) -> dict[str, Any]:
    """An entry as JSON can hold it; of a block, what there is of these keys, and its `text`."""
    return _block(entry) if isinstance(entry, Composite) else _layer(entry)


def _block(block: Composite) -> dict[str, Any]:
    return {
        "words": [block.name],
        "family": FAMILY,
        "signature": block.signature,
        "summary": block.summary,
        "text": block.text,
    }


def _layer(layer: type[Layer]) -> dict[str, Any]:
    return {
        "words": list(layer.words),
        "family": layer.family,
        "package": layer.package(),
        "signature": signature(layer),
        "summary": layer.summary(),
        "description": description(layer),
        "elsewhere": list(layer.elsewhere),
        "attributes": [_attribute(name, attribute) for name, attribute in layer.attributes.items()],
        "examples": [example._asdict() for example in layer.examples],
        "rejects": [reject._asdict() for reject in layer.rejects],
    }


def _attribute(name: str, attribute: Attribute[Any]) -> dict[str, Any]:
    """`default` is as a spec would write it; null where it is needed, or filled in by a rule."""
    return {
        "name": name,
        "kind": type(attribute).__name__,
        "phrase": attribute.phrase,
        "takes": attribute.takes,
        "words": [*attribute.other_words, *attribute.symbols],
        "functions": list(attribute.functions),
        "required": attribute.default is REQUIRED,
        "default": default(attribute) or None,
        "filled": filled(attribute) or None,
    }
