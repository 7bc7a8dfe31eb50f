"""Which tensor of a file is which of a network: by name, and by execution order and shape. Nothing here needs torch."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torchvision_names as torchvision

import cnndsl
from cnndsl.backends.torch.weights import order
from cnndsl.backends.torch.weights.choice import matched
from cnndsl.backends.torch.weights.names import by_name
from cnndsl.backends.torch.weights.order import BY_NUMBERS, by_order
from cnndsl.backends.torch.weights.places import COUNTER, places, ways_to
from cnndsl.backends.torch.weights.report import Entry, File, Report, WeightsError
from cnndsl.graph import Graph

RESNET50 = cnndsl.load("zoo:resnet50").graph
HEADLESS = [entry for entry in torchvision.resnet() if not entry.name.startswith("fc.")]


def graph(spec: str) -> Graph:
    return cnndsl.parse(spec).graph


def own(network: Graph) -> list[Entry]:
    """The tensors of a network under its own names."""
    return [Entry(slot.name, slot.shape) for place in places(network) for slot in place.slots.values()]


def file(*tensors: tuple[str, tuple[int, ...]], **facts: object) -> File:
    return torchvision.file([Entry(*tensor) for tensor in tensors], "net.pth", **facts)


def pairs(report: Report) -> dict[str, str]:
    return {pair.ours: pair.theirs for pair in report.pairs}


def doubted(report: Report) -> list[set[str]]:
    """The layers of the network in each doubt."""
    return [{ours for ours, _ in doubt.pairs} | set(doubt.ours) for doubt in report.doubts]


def assert_is_torchvisions(report: Report) -> None:
    assert report.pairs
    assert all(torchvision.of_ours(pair.ours) == pair.theirs for pair in report.pairs)


# By order.


def test_resnet50_of_torchvision_goes_to_its_places_and_what_is_open_is_told() -> None:
    report = by_order(RESNET50, torchvision.file(torchvision.resnet()))
    assert report.is_complete
    assert len(report.pairs) == 320
    assert_is_torchvisions(report)
    first = "stage1.bottleneck1"  # the shortcut has the shapes of the last convolution
    assert doubted(report) == [
        {f"{first}.conv3.conv1", f"{first}.shortcut1.conv1.conv1"},
        {f"{first}.conv3.bn1", f"{first}.shortcut1.conv1.bn1"},
    ]
    assert report.doubts[0].pairs[1] == (f"{first}.shortcut1.conv1.conv1", "layer1.0.downsample.0")


def test_a_shortcut_that_another_library_has_first_finds_its_place_without_doubt() -> None:
    report = by_order(RESNET50, torchvision.file(torchvision.resnet(shortcut_first=True)))
    assert_is_torchvisions(report)
    assert report.is_clear


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "seen"])
def test_of_a_file_that_is_sorted_by_name_only_numbers_tell_an_order(is_told: bool) -> None:
    report = by_order(RESNET50, torchvision.file(sorted(torchvision.resnet()), is_ordered=not is_told))
    assert_is_torchvisions(report)
    assert report.is_complete
    assert BY_NUMBERS in report.notes
    widths = [f"stage{stage}.bottleneck1" for stage in (1, 2, 3, 4)]
    norms = [{f"{block}.conv3.bn1", f"{block}.shortcut1.conv1.bn1"} for block in widths]
    open = [{f"{widths[0]}.conv3.conv1", f"{widths[0]}.shortcut1.conv1.conv1"}, *norms]
    assert all(each in doubted(report) for each in open)
    (stem,) = [each for each in doubted(report) if each not in open]
    assert stem == {"conv1.bn1", *(f"stage1.bottleneck{n}.conv{k}.bn1" for n in (1, 2, 3) for k in (1, 2))}


def test_words_in_names_never_decide_in_silence() -> None:
    network = graph("INPUT(4x6x6) -> CONV(4) -> RELU -> CONV(4) -> RELU -> CONV(4)")
    names = ("body.0.conv", "body.2.conv", "tail.conv")
    tensors = [
        (f"{name}.{leaf}", shape) for name in names for leaf, shape in (("bias", (4,)), ("weight", (4, 4, 3, 3)))
    ]
    assert doubted(by_order(network, file(*tensors))) == [{"conv1", "conv2", "conv3"}]
    numbered = file(*[(name.replace("tail", "body.10"), shape) for name, shape in tensors])
    report = by_order(network, replace(numbered, entries=tuple(sorted(numbered.entries))))
    assert report.is_clear
    assert pairs(report)["conv3.weight"] == "body.10.conv.weight"


def test_an_equal_branch_by_itself_is_in_doubt_though_its_number_is_known() -> None:
    network = graph("INPUT(4x6x6) -> [CONV(4, bias=false), CONV(4, bias=false)]")
    assert doubted(by_order(network, file(("b.1.weight", (4, 4, 3, 3)), ("b.2.weight", (4, 4, 3, 3))))) == [
        {"conv1", "conv2"}
    ]


BRANCHES = """
    default CONV(bias=false)
    INPUT(4x8x8) -> [CONV(8, 1) -> CONV(8, 3), CONV(8, 1) -> CONV(8, 5)]"""


def test_shapes_further_on_tell_branches_apart() -> None:
    one, three, five = (8, 4, 1, 1), (8, 8, 3, 3), (8, 8, 5, 5)
    report = by_order(
        graph(BRANCHES), file(("d.weight", one), ("c.weight", five), ("b.weight", one), ("a.weight", three))
    )
    assert pairs(report) == {
        "conv1.weight": "b.weight",
        "conv2.weight": "a.weight",
        "conv3.weight": "d.weight",
        "conv4.weight": "c.weight",
    }
    assert report.is_clear


def test_branches_side_by_side_are_in_doubt() -> None:
    one, three, five = (8, 4, 1, 1), (8, 8, 3, 3), (8, 8, 5, 5)
    report = by_order(
        graph(BRANCHES), file(("d.weight", one), ("c.weight", one), ("b.weight", five), ("a.weight", three))
    )
    assert doubted(report) == [{"conv1", "conv3"}]


def shuffled(network: Graph, seed: int, missing: int = 0) -> tuple[dict[str, str], File]:
    """A file with a network's tensors in another order of execution, some layers missing, under names that say nothing.

    Before it, the name there of each tensor.
    """
    draw = random.Random(seed)
    ours = list(places(network))
    ways = ways_to(network, ours)
    left, open = list(range(len(ours))), (1 << len(ours)) - 1
    gone = set(draw.sample(left, missing))
    names: dict[str, str] = {}
    entries: list[Entry] = []
    while left:
        number = draw.choice([each for each in left if not ways[each] & open])
        left.remove(number)
        open &= ~(1 << number)
        for leaf, slot in ours[number].slots.items() if number not in gone else ():
            names[slot.name] = f"layer{len(left)}.{leaf}"  # counted down, lest a name tells the order
            entries.append(Entry(names[slot.name], slot.shape))
    return names, torchvision.file(entries, "shuffled.pth")


@pytest.mark.parametrize("spec", ["resnet50", "googlenet", "shufflenetv2", "inceptionv3", "densenet121", "seresnet50"])
def test_whatever_the_order_of_execution_all_that_is_wrong_is_in_doubt(spec: str) -> None:
    network = cnndsl.load(f"zoo:{spec}").graph
    for seed in range(3):
        names, shuffle = shuffled(network, seed)
        report = by_order(network, shuffle)
        assert report.is_complete
        unsure = set().union(*doubted(report))
        certain = [pair for pair in report.pairs if pair.ours.rpartition(".")[0] not in unsure]
        assert [pair for pair in certain if names[pair.ours] != pair.theirs] == []
        assert len(certain) > len(report.pairs) // 3


@pytest.mark.parametrize("spec", ["resnet50", "googlenet", "shufflenetv2", "densenet121"])
def test_what_is_wrong_is_in_doubt_where_layers_are_missing_too(spec: str) -> None:
    network = cnndsl.load(f"zoo:{spec}").graph
    for seed in (0, 4, 14):  # with these, leaving a rule for doubts out is noticed
        names, shuffle = shuffled(network, seed, missing=2)
        report = by_order(network, shuffle)
        unsure = set().union(*doubted(report))
        certain = [pair for pair in report.pairs if pair.ours.rpartition(".")[0] not in unsure]
        assert [pair for pair in certain if names.get(pair.ours) != pair.theirs] == []
        assert len(report.pairs) > 0.9 * len(names)


def test_another_head_leaves_everything_else() -> None:
    report = by_order(cnndsl.load("zoo:resnet50", classes=10).graph, torchvision.file(torchvision.resnet()))
    assert_is_torchvisions(report)
    assert len(report.pairs) == 318
    assert [(left.name, left.why) for left in report.new] == [
        ("fc1.weight", "fc.weight in its place is 1000x2048"),
        ("fc1.bias", "fc.bias in its place is 1000"),
    ]
    assert [left.why for left in report.unused] == [
        "fc1.weight in its place is 10x2048",
        "fc1.bias in its place is 10",
    ]


def test_a_head_beside_the_network_is_left_over() -> None:
    aux = [
        Entry("aux.conv.weight", (512, 1024, 1, 1)),
        Entry("aux.fc.weight", (1000, 512)),
        Entry("aux.fc.bias", (1000,)),
    ]
    entries = torchvision.resnet()
    at = next(number for number, entry in enumerate(entries) if entry.name.startswith("layer4"))
    report = by_order(RESNET50, torchvision.file([*entries[:at], *aux, *entries[at:]]))
    assert_is_torchvisions(report)
    assert (len(report.pairs), len(report.new)) == (320, 0)
    assert [left.name for left in report.unused] == [entry.name for entry in aux]
    (first,) = [doubt for doubt in report.doubts if "aux.conv" in doubt.theirs]  # it has the shape of what follows it
    assert first.pairs == (("stage4.bottleneck1.conv1.conv1", "layer4.0.conv1"),)


def test_a_block_too_few_is_new_and_which_one_it_is_is_in_doubt() -> None:
    report = by_order(RESNET50, torchvision.file(torchvision.resnet((3, 4, 5, 3))))
    assert_is_torchvisions(report)
    assert {left.name.rpartition(".")[0].rpartition(".")[0] for left in report.new} == {
        f"stage3.bottleneck6.conv{n}" for n in (1, 2, 3)
    }
    of_kind = next(each for each in doubted(report) if "stage3.bottleneck6.conv1.conv1" in each)
    assert of_kind == {f"stage3.bottleneck{n}.conv1.conv1" for n in range(2, 7)}


def test_a_block_too_many_is_left_over() -> None:
    report = by_order(RESNET50, torchvision.file(torchvision.resnet((3, 5, 6, 3))))
    assert_is_torchvisions(report)
    assert not report.new
    assert {left.name.rpartition(".")[0].rpartition(".")[0] for left in report.unused} == {"layer2.4"}


def test_a_missing_part_in_the_middle_leaves_the_rest() -> None:
    entries = [entry for entry in torchvision.resnet() if not entry.name.startswith("layer2.")]
    report = by_order(RESNET50, torchvision.file(entries))
    assert_is_torchvisions(report)
    assert {left.name.partition(".")[0] for left in report.new} == {"stage2"}
    assert not report.unused


def test_a_bias_more_or_less_costs_only_the_bias() -> None:
    network = graph("INPUT(3x8x8) -> CONV(4) -> BN -> RELU -> GAP -> FC(2)")
    tensors = [("0.weight", (4, 3, 3, 3)), ("0.bias", (4,)), ("5.weight", (2, 4))]
    report = by_order(network, file(*tensors))
    assert pairs(report) == {"conv1.weight": "0.weight", "fc1.weight": "5.weight"}
    assert [(left.name, left.why) for left in report.unused] == [("0.bias", "conv1 has no bias")]
    why = {left.name: left.why for left in report.new}
    assert why["fc1.bias"] == "5 has no bias"
    assert why["bn1.running_mean"] == "no layer of the file has its shapes"


def test_what_is_alone_with_its_shapes_is_found_wherever_it_stands() -> None:
    network = graph("INPUT(3x8x8) -> CONV(4, bias=false) -> CONV(5, bias=false) -> CONV(6, bias=false) -> GAP -> FC(2)")
    tensors = [("3.weight", (6, 5, 3, 3)), ("head.weight", (2, 6)), ("head.bias", (2,))]
    tensors += [("1.weight", (4, 3, 3, 3)), ("2.weight", (5, 4, 3, 3))]
    report = by_order(network, file(*tensors))
    assert report.is_complete
    assert pairs(report)["conv3.weight"] == "3.weight"


SHARED = """
    shared head = CONV(4) -> BN -> RELU
    INPUT(4x8x8) as x
    x -> head -> CONV(2, 1)
    x -> POOL -> head -> CONV(3, 1)"""


def test_shared_weights_are_one_place_and_the_file_may_repeat_them() -> None:
    network = graph(SHARED)
    assert [place.path for place in places(network)] == ["head1.conv1", "head1.bn1", "conv1", "conv2"]
    entries = own(network)
    copies = [Entry(entry.name.replace("head1", "again"), entry.shape) for entry in entries if "head1" in entry.name]
    repeats = frozenset(entry.name for entry in copies)
    report = by_order(network, torchvision.file([*entries, *copies], repeats=repeats))
    assert report.is_complete
    assert set(report.repeated) == repeats
    assert pairs(report) == {entry.name: entry.name for entry in entries}


def test_fixed_filters_and_counters_are_needless() -> None:
    network = graph("INPUT(3x8x8) -> FILTER(gauss) -> CONV(4) -> BN")
    tensors = [("a.weight", (4, 3, 3, 3)), *((f"b.{leaf}", (4,)) for leaf in ("weight", "bias"))]
    tensors += [("b.running_mean", (4,)), ("b.running_var", (4,))]
    report = by_order(network, file(*tensors))
    assert report.is_clear
    assert set(report.needless) == {"filter1.weight", f"bn1.{COUNTER}"}


def test_sizes_may_be_open() -> None:
    network = graph("INPUT(3xHxW) -> CONV(4) -> GAP -> FC(2)")
    assert by_order(network, file(*own(network))).is_clear
    assert by_name(network, file(*own(network))).is_clear


def test_a_network_that_is_too_long_for_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network = graph("INPUT(3x4x4) -> [BIAS]*1500")
    entries = [Entry(f"n{entry.name}", entry.shape) for entry in own(network)]
    assert len(by_order(network, torchvision.file(entries)).pairs) == 1500
    with pytest.raises(WeightsError, match="1,500 are too many to tell which"):
        by_order(network, torchvision.file(entries[:-1]))
    monkeypatch.setattr(order, "MOST_LAYERS", 1499)
    with pytest.raises(WeightsError, match="up to 1,499 layers"):
        by_order(network, torchvision.file(entries))


# By name.


def test_names_that_are_the_same_match() -> None:
    report = by_name(RESNET50, torchvision.file(own(RESNET50)))
    assert report.is_clear
    assert len(report.pairs) == 320


@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.", "module.model."])
def test_the_prefix_of_a_wrapper_is_left_out_and_told(prefix: str) -> None:
    entries = [Entry(f"{prefix}{entry.name}", entry.shape) for entry in own(RESNET50)]
    report = by_name(RESNET50, torchvision.file([*entries, Entry("loss.weight", (3,))]))
    assert len(report.pairs) == 320
    assert [left.name for left in report.unused] == ["loss.weight"]
    assert any(f"`{prefix}`" in note for note in report.notes)


def test_a_block_that_is_called_like_a_wrapper_keeps_its_name() -> None:
    network = graph("model(c) = CONV(c)\nINPUT(3x8x8) -> model(2) as x -> GAP -> FC(2)")
    report = by_name(network, torchvision.file(own(network)))
    assert report.is_clear
    assert not report.notes


def test_what_stands_under_its_own_name_is_not_replaced_by_what_has_a_prefix() -> None:
    averaged = [Entry(f"model.{entry.name}", entry.shape) for entry in own(RESNET50)]
    report = by_name(RESNET50, torchvision.file([*own(RESNET50), *averaged]))
    assert all(pair.ours == pair.theirs for pair in report.pairs)
    assert [left.name for left in report.unused] == [entry.name for entry in averaged]
    assert not report.notes


def test_after_an_edit_what_still_fits_is_kept_and_what_is_new_is_named() -> None:
    before = graph("INPUT(3x8x8) -> [CONV(4) -> BN -> RELU]*2 -> GAP -> FC(10)")
    after = graph("INPUT(3x8x8) -> [CONV(4) -> BN -> RELU]*3 -> GAP -> FC(7)")
    report = by_name(after, torchvision.file(own(before), "run.safetensors"))
    assert len(report.pairs) == 12
    assert {left.name for left in report.new if "no such name" in left.why} == {
        "conv3.weight",
        *(f"bn3.{leaf}" for leaf in ("weight", "bias", "running_mean", "running_var")),
    }
    assert {(left.name, left.why) for left in report.new if "no such name" not in left.why} == {
        ("fc1.weight", "it is 10x4 in the file"),
        ("fc1.bias", "it is 10 in the file"),
    }
    assert [left.why for left in report.unused] == ["it is 7x4 in the network", "it is 7 in the network"]


def test_old_files_lack_the_count_of_batches() -> None:
    entries = [entry for entry in own(RESNET50) if entry.leaf != COUNTER]
    report = by_name(RESNET50, torchvision.file(entries))
    assert report.is_clear
    assert len(report.needless) == 53


@pytest.mark.parametrize("are_equal", [True, False])
def test_what_a_file_has_again_for_shared_weights_must_be_the_same(are_equal: bool) -> None:
    network = graph(SHARED)
    again = [
        Entry(entry.name.replace("head1", "head2"), entry.shape) for entry in own(network) if "head1" in entry.name
    ]
    report = by_name(network, torchvision.file([*own(network), *again], are_equal=lambda one, other: are_equal))
    assert len(report.repeated) == (6 if are_equal else 0)
    assert report.is_complete == are_equal
    assert are_equal or "holds other numbers" in report.unused[0].why
    only = by_name(network, torchvision.file([*(entry for entry in own(network) if "head1" not in entry.name), *again]))
    assert only.is_complete


# What does not fit.


def refused(network: Graph, found: File, match: str = "name", partial: bool = False) -> str:
    with pytest.raises(WeightsError) as raised:
        matched(network, found, match, partial)  # type: ignore[arg-type]
    assert raised.value.report
    return str(raised.value)


def test_another_librarys_names_are_told_to_be_matched_by_order() -> None:
    said = refused(RESNET50, torchvision.file(torchvision.resnet()))
    assert said.startswith("resnet50.pth has nothing for resnet50 by name\n")
    assert "help: --match order fits 320 of 320" in said
    assert "--partial" not in said
    assert refused(RESNET50, torchvision.file(torchvision.resnet()), partial=True) == said


def test_another_head_is_told_to_be_left_out() -> None:
    said = refused(cnndsl.load("zoo:resnet50", classes=10).graph, torchvision.file(torchvision.resnet()), "order")
    assert "fc1.weight 10x2048: fc.weight in its place is 1000x2048" in said
    assert said.endswith("help: --partial keeps the 318 that fit")
    assert "--match" not in said


def test_a_tensor_too_many_is_refused_too() -> None:
    said = refused(RESNET50, torchvision.file([*own(RESNET50), Entry("extra.weight", (3,))]))
    assert "extra.weight 3: the network has no such name" in said


def test_the_message_lists_some_and_counts_the_rest() -> None:
    network = graph("INPUT(3x4x4) -> [CONV(3) -> RELU]*40")
    said = refused(network, file(*((f"x{n}.weight", (3,)) for n in range(30))))
    assert "missing in the file: 80 of 80 tensors" in said
    assert "... and 34 more" in said
    assert said.count("\n") < 20


def test_a_match_that_there_is_not_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="match is one of name, order, not 'shape'"):
        matched(RESNET50, torchvision.file(own(RESNET50)), "shape", False)  # type: ignore[arg-type]


# The report.


def width(lines: Sequence[str]) -> int:
    return max(map(len, lines))


def test_a_report_folds_by_block_and_has_80_columns() -> None:
    report = by_order(RESNET50, torchvision.file(torchvision.resnet((3, 5, 5, 3), classes=10)))
    lines = str(report).splitlines()
    assert width(lines) <= 80
    assert lines[0] == "weights: 300 of 317 tensors of resnet50 are in resnet50.pth"
    assert "  stage2, 78 tensors <- layer2.0.conv1 ... layer2.3.bn3" in lines
    assert "  layer2.4.*, 18 tensors: none with its shapes is left in its place" in lines
    assert "  fc1.weight 1000x2048: fc.weight in its place is 10x2048" in lines
    assert len(lines) < 60


def test_a_verbose_report_lists_every_pair() -> None:
    report = by_order(RESNET50, torchvision.file(torchvision.resnet()))
    text = report.text(verbose=True)
    assert text.count(" <- ") >= 320
    assert "  conv1.conv1.weight 64x3x7x7 <- conv1.weight" in text.splitlines()
    assert width(text.splitlines()) <= 80


def test_names_of_a_file_cannot_write_to_the_terminal() -> None:
    hostile = file(*own(RESNET50), ("\x1b[2J\nx.weight", (3,)))
    assert "\x1b" not in str(by_name(RESNET50, hostile)) + refused(RESNET50, hostile)
