"""What the fuzzer kept is tried again: the inputs in `fuzz/corpus.jsonl`, among them those that were mistakes."""

from __future__ import annotations

import pytest
from contract import assert_keeps_contract
from records import CORPUS, read, written

pytestmark = pytest.mark.core

INPUTS = read()


def test_the_corpus_is_small_and_in_order() -> None:
    text = CORPUS.read_text(encoding="utf-8")
    assert text == written(INPUTS)
    assert len(text) < 300_000
    assert len(INPUTS) > 200


@pytest.mark.parametrize("number", range(len(INPUTS)))
def test_an_input_keeps_the_contract(number: int) -> None:
    assert_keeps_contract(INPUTS[number])
