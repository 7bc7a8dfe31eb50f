"""The module of a spec computes what a hand-written one does: outputs and gradients, in double precision."""

from __future__ import annotations

import pytest
from small import small, text_of

import cnndsl

torch = pytest.importorskip("torch")
agreement = pytest.importorskip("agreement")
by_hand = pytest.importorskip("by_hand")
detection = pytest.importorskip("references.detection")

pytestmark = pytest.mark.torch

NETWORKS = {**by_hand.NETWORKS, "retinanet": detection.REFERENCES["retinanet"]}
LARGE = {"retinanet", "unet"}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_spec_computes_what_the_module_by_hand_does(name: str) -> None:
    agreement.assert_the_same(NETWORKS[name](), small(name), batch=1 if name == "unet" else 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in LARGE])
def test_a_spec_computes_what_the_module_by_hand_does_at_its_own_size(name: str) -> None:
    agreement.assert_the_same(NETWORKS[name](), cnndsl.load(f"zoo:{name}"))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_spec_and_the_module_by_hand_have_the_same_parameters_in_the_same_order(name: str) -> None:
    with torch.device("meta"):
        theirs, ours = NETWORKS[name](), cnndsl.load(f"zoo:{name}").to_torch()
    for kind in ("parameters", "buffers"):
        shapes = [[tuple(each.shape) for each in getattr(module, kind)()] for module in (theirs, ours)]
        assert shapes[0] == shapes[1]


CHANGES = {
    "a stride": ("POOL(3, 2, padding=same)", "POOL(3, 1, padding=same)"),
    "an activation": ("= CONV(c, 1) -> BN -> RELU", "= CONV(c, 1) -> BN -> SILU"),
    "an eps": ("= DWCONV(3, s) -> BN", "= DWCONV(3, s) -> BN(eps=1.001e-5)"),
    "a momentum": ("CONV(24, 3, 2) -> BN", "CONV(24, 3, 2) -> BN(momentum=0.11)"),
    "an order of branches": ("[CHANNELS(0, c//2), CHANNELS(c//2, c)", "[CHANNELS(c//2, c), CHANNELS(0, c//2)"),
    "a shuffle": ("branch(c//2, 2)] -> SHUFFLE(2)", "branch(c//2, 2)]"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_spec_that_says_something_else_is_told_apart(change: tuple[str, str]) -> None:
    text = text_of("shufflenetv2")
    assert text.count(change[0]) == 1
    with pytest.raises(AssertionError):
        agreement.assert_the_same(NETWORKS["shufflenetv2"](), cnndsl.parse(text.replace(*change), input="3x64x64"))
