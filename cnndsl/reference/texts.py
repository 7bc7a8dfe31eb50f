"""Declarations in words, as terminal and page both show them."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from cnndsl.layers import Attribute, Example, Filled
from cnndsl.layers.declared import Declared

__all__ = ["cut", "description", "filled", "gives", "meaning"]


def description(declared: type[Declared]) -> list[str]:
    """The paragraphs of the docstring behind the summary, each as one line."""
    _, *paragraphs = cleandoc(declared.__doc__ or "").split("\n\n")
    return [" ".join(paragraph.split()) for paragraph in paragraphs]


def meaning(name: str, attribute: Attribute[Any]) -> str:
    """What an attribute is, where its name does not say it, and what it takes."""
    says_no_more = attribute.phrase.removeprefix("the ") == name.replace("_", " ")
    return attribute.takes if says_no_more else f"{attribute.phrase}: {attribute.takes}"


def filled(attribute: Attribute[Any]) -> str:
    """The rule by which the language fills an attribute in, or ""."""
    return str(attribute.default.value) if isinstance(attribute.default, Filled) else ""


def gives(example: Example) -> str:
    """What leaves an example and what it costs: `64x56x56; 9,472 parameters, 118,013,952 MACs`."""
    return f"{example.output}; {example.parameters:,} parameters, {example.macs:,} MACs"


def cut(text: str, most: int) -> str:
    """A text whose lines are cut where they have more characters than that."""
    return "\n".join(line if len(line) <= most else f"{line[: most - 3]}..." for line in text.split("\n"))
