"""What an edit of a spec does to the keys of its `state_dict`: as little as the edit itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle

import pytest
from constructs import CONSTRUCTS
from small import text_of
from specs_in_tests import NETWORKS

import cnndsl
from cnndsl.compiler import compile_source
from cnndsl.diagnostics import Diagnostics
from cnndsl.model import Model
from cnndsl.source import Source
from cnndsl.syntax import ast, parse

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.torch

Shapes = dict[str, tuple[int, ...]]

SEVERAL = ["lenet5", "shufflenetv2", "unet"]
EACH = [pytest.param(spec.stem, marks=[] if spec.stem in SEVERAL else pytest.mark.slow) for spec in NETWORKS]
NEVER_CALLED = {"filters"}
"""Whose definitions are there for other values of its parameters."""

WITH_BLOCKS = [
    each
    for each in EACH
    if each.values[0] not in NEVER_CALLED and re.search(r"^\w+\(.*\) *=", text_of(each.values[0]), re.M)
]
BIASES = "\ndefault CONV(bias=true)\ndefault DWCONV(bias=true)\n"
"""For which the language otherwise looks at the layers behind."""


def with_biases(name: str) -> str:
    """A shipped spec with these defaults, besides its own."""
    text, biases = text_of(name), BIASES
    if own := re.search(r"^default CONV\(", text, re.M):
        text = f"{text[: own.end()]}bias=true, {text[own.end() :]}"
        biases = biases.replace("default CONV(bias=true)\n", "")
    return text + biases


def keys(text: str) -> Shapes:
    with torch.device("meta"):
        return {key: tuple(value.shape) for key, value in cnndsl.parse(text).to_torch().state_dict().items()}


def longer(text: str) -> Iterator[str]:
    """The text with one more layer, which has no parameters, behind one arrow after the other."""
    layers = cycle(["RELU", "DROPOUT", "NOISE(0.1)"])
    for found in re.finditer(r"#[^\n]*|->|>>|→", text):
        if not found[0].startswith("#"):
            yield f"{text[: found.end()]} {next(layers)} {found[0]} {text[found.end() :]}"


def edited(text: str, model: Model) -> Iterator[tuple[str, str]]:
    """The name of each definition that is a block of the network, and the text with more parameters inside of it.

    Not those that are arguments without being called, whose layers are not in blocks of their names.
    """
    file = parse(Source("net.cnn", text), Diagnostics())
    assert file is not None
    blocks = {block.definition for block in model.graph.blocks.values()}
    for definition in file.definitions:
        is_argument = definition.parameters is None and re.search(rf"[(,=]\s*{definition.name}\s*[,)]", text)
        if definition.name in blocks and not isinstance(definition.body, ast.String) and not is_argument:
            start, end = definition.body.span.start, definition.body.span.end
            body = text[start:end]
            yield definition.name, f"{text[:start]}[{body}] -> BN{text[end:]}"
            with_convolution = f"{text[:start]}CONV(C, 1) -> [{body}]{text[end:]}"
            if is_valid(with_convolution):
                yield definition.name, with_convolution


def is_valid(text: str) -> bool:
    """A convolution cannot stand in a block that vectors enter."""
    return not compile_source(Source("net.cnn", text)).has_errors


def instances(model: Model, name: str) -> list[str]:
    """How the keys of all calls of a definition begin."""
    return [".".join((*path, "")) for path, block in model.graph.blocks.items() if block.definition == name]


def assert_only_instances_change(text: str) -> None:
    model = cnndsl.parse(text)
    before = keys(text)
    tried = 0
    for name, new in edited(text, model):
        paths = {*instances(model, name), *instances(cnndsl.parse(new), name)}  # an empty one had no name before
        after = keys(new)
        changed = {key for key, _ in before.items() ^ after.items()}
        assert all(any(key.startswith(path) for key in changed) for path in paths), new
        assert not [key for key in changed if not key.startswith(tuple(paths))], new
        tried += 1
    assert tried


@pytest.mark.parametrize("name", EACH)
def test_a_layer_without_parameters_changes_no_key_wherever_it_stands(name: str) -> None:
    text = with_biases(name)
    before = list(keys(text).items())
    texts = list(longer(text))
    assert texts
    for each in texts:
        assert list(keys(each).items()) == before, each


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_an_edit_inside_a_definition_changes_keys_of_its_instances_only(name: str) -> None:
    assert_only_instances_change(with_biases(name))


def test_with_a_bias_that_is_filled_in_the_layer_behind_decides_about_a_key() -> None:
    before, after = (keys(f"INPUT(3x8x8) -> CONV(4) ->{between} BN -> CONV(2)") for between in ("", " RELU ->"))
    assert after.keys() - before.keys() == {"conv1.bias"}


def test_an_edit_that_moves_a_layer_of_the_same_kind_is_seen() -> None:
    """One outside of the definition, that is."""
    before, after = (keys(f"INPUT(3x8x8) -> {more}CONV(4) -> CONV(5)") for more in ("", "CONV(3) -> "))
    assert before["conv1.weight"] != after["conv1.weight"]


@pytest.mark.parametrize("spec", CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_a_layer_without_parameters_changes_no_key_of_a_construct(spec: str) -> None:
    before = list(keys(spec + BIASES).items())
    for each in longer(spec + BIASES):
        assert list(keys(each).items()) == before, each


def test_weights_that_are_shared_between_calls_that_differ_have_keys_at_each_place() -> None:
    text = """
        shared head(s=1) = CONV(4, 3, s) -> BN
        INPUT(3x8x8) -> CONV(3) as x -> head
        x -> head(2)"""
    tensors = cnndsl.parse(text).to_torch().state_dict(keep_vars=True)
    assert {key.partition(".")[0] for key in tensors} == {"conv1", "head1", "head2"}
    for key, tensor in tensors.items():
        assert not key.startswith("head1.") or tensors[key.replace("head1", "head2")] is tensor
