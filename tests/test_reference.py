"""What is told about layers, blocks and codes: all of it, from the declarations, and so that it can be read."""

from __future__ import annotations

import pytest
from conftest import ROOT
from specs_in_tests import compiled

from cnndsl.diagnostics import CODES
from cnndsl.layers import Attribute, Layer, built_in_layer_types
from cnndsl.layers.signature import signature
from cnndsl.reference.cases import case_of
from cnndsl.reference.codes import codes_document
from cnndsl.reference.composites import composites, composites_of
from cnndsl.reference.data import as_data
from cnndsl.reference.entries import Entry, entries, families, find, name_of, names, shipped_entries
from cnndsl.reference.markdown import document
from cnndsl.reference.terminal import listing, page
from cnndsl.reference.uses import in_torch

LAYERS = [pytest.param(layer, id=layer.word()) for layer in built_in_layer_types()]
ENTRIES = [pytest.param(entry, id=name_of(entry)) for entry in shipped_entries()]
WIDTHS = [60, 80, 100]


def test_the_page_in_docs_is_what_the_declarations_give() -> None:
    committed = (ROOT / "docs" / "layers.md").read_text()
    assert committed == document(shipped_entries()), "a declaration has changed since `make docs`"


def test_the_page_of_codes_is_what_the_cases_give() -> None:
    assert (ROOT / "docs" / "codes.md").read_text() == codes_document(), "a case has changed since `make docs`"


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_explained_with_what_is_said_of_it(code: str) -> None:
    case, shown = case_of(code), page(code, 80)
    assert all(f"  {line}".rstrip() in shown.splitlines() for line in case.said.splitlines())
    assert f"$ {case.command}" in shown
    assert all(line in shown for text in case.files.values() for line in text.splitlines())


@pytest.mark.parametrize("layer", LAYERS)
def test_every_attribute_says_what_it_takes(layer: type[Layer]) -> None:
    assert all(attribute.takes != Attribute.takes for attribute in layer.attributes.values())


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_has_words_or_a_form(layer: type[Layer]) -> None:
    assert bool(layer.words) != bool(layer.form)


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("INPUT", "INPUT(shape)"),
        ("BN", "BN(eps=1e-5, momentum=0.1, scale=true, shift=true)"),
        ("MAXPOOL", "MAXPOOL(kernel=2, stride=kernel, padding=valid, ceil=false)"),
        ("CHANNELS", "CHANNELS(from, to)"),
        ("RELU", "RELU"),
        ("ADD", "[A + B]"),
    ],
)
def test_signatures(word: str, written: str) -> None:
    found = find(word)
    assert found is not None
    assert signature(found.meant) == written


def test_families_come_in_the_order_of_a_course() -> None:
    order = list(families(shipped_entries()))
    assert order[:4] == ["structure", "convolution", "pooling", "dense"]
    assert order[-1] == "composite"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_list_fits_the_terminal_and_lacks_nothing(width: int) -> None:
    shown = listing(shipped_entries(), width)
    assert all(len(line) <= width for line in shown.splitlines())
    assert all(name_of(entry) in shown for entry in shipped_entries() if getattr(entry, "words", True))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("layer", LAYERS)
def test_a_page_fits_the_terminal_but_for_specs_and_code(layer: type[Layer], width: int) -> None:
    specs = [each.spec for each in (*layer.examples, *layer.rejects)]
    verbatim = {line.strip() for line in "\n".join([*specs, in_torch(layer)]).splitlines()}
    assert all(len(line) <= width or line.strip() in verbatim for line in page(layer, width).splitlines())


@pytest.mark.parametrize("layer", LAYERS)
def test_a_page_tells_all_that_is_declared(layer: type[Layer]) -> None:
    shown = page(layer, 100)
    flat = " ".join(shown.split())
    assert layer.summary() in flat
    assert all(example.spec in shown for example in layer.examples)
    assert all(f"  {attribute} " in shown for attribute in layer.attributes)
    assert shown.count(layer.rejects[0].code) >= 1
    assert all(each.takes in flat for each in layer.attributes.values())


@pytest.mark.parametrize("code", CODES)
def test_a_page_of_a_code_gives_its_rule(code: str) -> None:
    assert CODES[code].rule in " ".join(page(code, 80).split())
    assert CODES[code].severity.value in page(code, 80)


def test_a_code_is_shown_at_work() -> None:
    assert "error[window-too-large]: a 7x7 window" in page("window-too-large", 80)


@pytest.mark.parametrize(
    ("name", "meant", "here"),
    [
        ("CONV", "CONV", ""),
        ("conv", "CONV", ""),
        ("Conv2d", "CONV", "CONV"),
        ("BatchNorm2d", "BN", "BN"),
        ("Linear", "FC", "FC"),
        ("concat", "CONCAT", ""),
        ("se", "SE", ""),
    ],
)
def test_names_are_found(name: str, meant: str, here: str) -> None:
    found = find(name)
    assert found is not None
    assert not isinstance(found.meant, str)
    assert (name_of(found.meant), found.here) == (meant, here)


def test_codes_are_found_and_nonsense_is_not() -> None:
    assert find("shape-mismatch") == ("shape-mismatch", "")
    assert find("no-such-thing") is None


def test_every_name_is_found() -> None:
    assert all(find(name) is not None for name in names())
    assert len(set(names())) == len(names())


@pytest.mark.parametrize("entry", ENTRIES)
def test_data_has_the_declaration(entry: Entry) -> None:
    data = as_data(entry)
    assert data["summary"]
    for attribute in data.get("attributes", []):
        given = [attribute["required"], attribute["default"] is not None, attribute["filled"] is not None]
        assert any(given), attribute
    assert entry in entries()


def test_blocks_of_the_prelude_are_described() -> None:
    assert composites()
    assert all(block.summary.endswith(".") for block in composites())


def test_a_block_is_told_with_the_comment_right_above_it() -> None:
    text = "# About the file.\n\n# Twice\n# the same.\ntwice(a, n=2) = [a]*n\nonce = CONV\n"
    file = compiled(text).file
    assert file is not None
    twice, once = composites_of(file)
    assert twice == ("twice", "twice(a, n=2)", "Twice the same.", "twice(a, n=2) = [a]*n")
    assert once == ("once", "once", "", "once = CONV")
