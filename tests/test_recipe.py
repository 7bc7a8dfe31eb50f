"""How a recipe is read: what is declared, TRAIN in a file, and flags, each winning over the one before."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from specs_in_tests import compiled

from cnndsl.diagnostics import CODES, Diagnostics
from cnndsl.diagnostics.json import as_data
from cnndsl.diagnostics.terminal import render_all
from cnndsl.layers.attributes import REQUIRED, Attribute, Extents, Flag, Real, Symbol, Whole
from cnndsl.layers.rejected import Rejected
from cnndsl.source import Source
from cnndsl.syntax import parse
from cnndsl.syntax.format import formatted
from cnndsl.training.recipe import Recipe
from cnndsl.training.recipe.augmentations import Crop, Flip
from cnndsl.training.recipe.flags import attribute_of, names, takers
from cnndsl.training.recipe.interval import Every, Interval
from cnndsl.training.recipe.optimizers import SGD, Adam, AdamW, Optimizer
from cnndsl.training.recipe.part import (
    Among,
    Chain,
    Either,
    Numbers,
    OneOf,
    Part,
    Text,
    families,
    parts_by_word,
)
from cnndsl.training.recipe.read import Reading, read
from cnndsl.training.recipe.schedules import Cosine, MultiStep, OneCycle, Step
from cnndsl.training.recipe.write import written

DEFAULTS = Recipe.bind({})


def reading(text: str, /, *, parameters: dict[str, object] | None = None, **flags: str) -> Reading:
    found = Diagnostics()
    file = parse(Source("net.cnn", text), found)
    assert not found.has_errors, list(found)
    return read(file, flags, parameters)


def recipe(text: str, /, *, parameters: dict[str, object] | None = None, **flags: str) -> Recipe:
    found = reading(text, parameters=parameters, **flags)
    assert not found.diagnostics, render_all(found.diagnostics)
    return found.recipe


def said(text: str, /, **flags: str) -> list[str]:
    return [f"{found.code}: {found.message}" for found in reading(text, **flags).diagnostics]


# what can be written


@pytest.mark.parametrize("text", ["", "INPUT -> FC", "TRAIN()", "train()", "# TRAIN(epochs=3)"])
def test_what_is_not_written_has_the_declared_value(text: str) -> None:
    assert recipe(text) == DEFAULTS


def test_the_recipe_of_the_reference() -> None:
    found = recipe(
        'TRAIN(data="digits", optimizer=SGD(lr=0.1, momentum=0.9, weight_decay=5e-4), schedule=COSINE, batch=128, '
        "epochs=200, augment=CROP(32, padding=4) -> FLIP)"
    )
    assert found.data == "digits"
    assert found.optimizer == SGD.bind({"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4})
    assert found.schedule == Cosine.bind({})
    assert (found.batch, found.epochs) == (128, 200)
    assert found.augment == (Crop.bind({"size": 32, "padding": 4}), Flip.bind({}))


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("schedule=cosine", "schedule", Cosine.bind({})),
        ('schedule="Cosine"', "schedule", Cosine.bind({})),
        ("schedule=COSINE()", "schedule", Cosine.bind({})),
        ("schedule=(COSINE(0.1))", "schedule", Cosine.bind({"end": 0.1})),
        ("schedule=MULTISTEP((30, 50))", "schedule", MultiStep.bind({"epochs": (30, 50)})),
        ("schedule=MULTISTEP(30)", "schedule", MultiStep.bind({"epochs": 30})),
        ("optimizer=Sgd(0.1, 0.9)", "optimizer", SGD.bind({"lr": 0.1, "momentum": 0.9})),
        ("optimizer=ADAM(betas=(0.8, 1 - 1/8))", "optimizer", Adam.bind({"betas": (0.8, 0.875)})),
        ("augment=none", "augment", ()),
        ("augment=flip", "augment", (Flip.bind({}),)),
        ("augment=[FLIP -> [CROP -> FLIP]]", "augment", (Flip.bind({}), Crop.bind({}), Flip.bind({}))),
        ("class_weights=balanced", "class_weights", "balanced"),
        ("class_weights=(1, 2, 0.5)", "class_weights", (1, 2, 0.5)),
        ("loss=CROSS_ENTROPY", "loss", "cross_entropy"),
        ("size=32", "size", (32, 32)),
        ("size=32x40", "size", (32, 40)),
        ("size=(32, 40)", "size", (32, 40)),
        ("validation=AUTO", "validation", "auto"),
        ("epochs=2*3 + 1", "epochs", 7),
        ("epochs=max(3, 4)", "epochs", 4),
        ("epochs=3 if 1 < 2 else 4", "epochs", 3),
        ("optimizer=SGD if 1 > 2 else ADAM", "optimizer", Adam.bind({})),
        ("compile=true", "compile", True),
        ("data=digits", "data", "digits"),
        ('data="idx:/path with spaces/x"', "data", "idx:/path with spaces/x"),
    ],
)
def test_values_of_every_kind(text: str, key: str, value: object) -> None:
    assert recipe(f"TRAIN({text})").value(key) == value


def test_definitions_of_the_file_have_their_values() -> None:
    text = 'epochs = 90\nhow = "cosine"\nhalf(n) = n//2\nTRAIN(epochs=epochs, batch=half(epochs), schedule=how)'
    assert (recipe(text).epochs, recipe(text).batch) == (90, 45)
    assert recipe(text, parameters={"epochs": "10"}).batch == 5
    assert recipe(text, parameters={"epochs": 10}, epochs="epochs + 1").epochs == 11


def test_a_switch_of_values_is_one() -> None:
    text = "size = 32 | 64\nTRAIN(size=size)"
    assert recipe(text).size == (32, 32)
    assert recipe(text, parameters={"size": 64}).size == (64, 64)


def test_a_definition_that_only_the_recipe_reads_is_used() -> None:
    assert not compiled("epochs = 90\nTRAIN(epochs=epochs)\nINPUT -> FC").diagnostics


def test_a_schedule_with_its_own_rise_has_no_warm_up() -> None:
    assert recipe("TRAIN(schedule=ONECYCLE)").warmup == 0
    assert recipe("TRAIN(schedule=ONECYCLE, warmup=0)").schedule == OneCycle.bind({})


# flags


def test_flags_win_over_the_file_and_the_file_over_the_declarations() -> None:
    found = recipe("TRAIN(epochs=9, batch=8)", epochs="10", schedule="step(3)", augment="FLIP -> CROP(8)", size="8x9")
    assert (found.epochs, found.batch, found.seed) == (10, 8, 0)
    assert (found.schedule, found.size) == (Step.bind({"every": 3}), (8, 9))
    assert found.augment == (Flip.bind({}), Crop.bind({"size": 8}))


@pytest.mark.parametrize("text", ["idx:/a b/c", "x -> y", "3", '"quoted"', "true", "C:\\data (1)", "Zahlen ä"])
def test_texts_need_no_quotes(text: str) -> None:
    assert recipe("", data=text).data == text.strip('"')


def test_arguments_of_the_optimizer_are_flags_that_change_it() -> None:
    assert recipe("TRAIN(optimizer=SGD(0.1, nesterov=true, momentum=0.5))", momentum="0.9").optimizer == SGD.bind(
        {"lr": 0.1, "nesterov": True, "momentum": 0.9}
    )
    assert recipe("TRAIN(optimizer=SGD(nesterov=true, momentum=0.5))", nesterov="false").optimizer.value("lr") == 0.01
    assert recipe("", lr="0.1", decay_all="true").optimizer == Adam.bind({"lr": 0.1, "decay_all": True})
    assert recipe("", l1="1e-4", optimizer="adamw(0.2)").optimizer == AdamW.bind({"lr": 0.2, "l1": 1e-4})


def test_values_that_are_mended_by_a_flag_go_together() -> None:
    nesterov = SGD.bind({"nesterov": True, "momentum": 0.9})
    assert recipe("TRAIN(optimizer=SGD(nesterov=true))", momentum="0.9").optimizer == nesterov
    assert recipe("", nesterov="true", optimizer="SGD(momentum=0.9)").optimizer == nesterov
    assert recipe("TRAIN(validation=0)", patience="3", validation="0.1").patience == 3


def test_every_key_and_every_argument_of_an_optimizer_is_a_flag() -> None:
    assert set(names()) == {
        *Recipe.attributes,
        *(each for part in parts_by_word(Optimizer).values() for each in part.attributes),
    }
    assert len(names()) == len(set(names()))
    assert not any(takers(key) for key in Recipe.attributes), "an argument of an optimizer has the name of a key"
    kinds = {name: {type(part.attributes[name]) for part in takers(name)} for name in names()}
    assert all(len(each) <= 1 for each in kinds.values()), "a flag is of one kind"


def test_where_values_are_written() -> None:
    found = reading("TRAIN(epochs=9, batch=8)", epochs="10", lr="0.1", compile="false")
    assert {key: str(span.text) for key, span in found.written.items()} == {
        "epochs": "10",
        "batch": "batch=8",
        "optimizer.lr": "0.1",
        "compile": "--no-compile",
    }
    assert found.written["epochs"].source.text == "--epochs 10"


# mistakes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch=3", "unknown-argument: TRAIN has no parameter `epoch`"),
        ("lr=0.1", "unknown-argument: `lr` is an argument of the optimizer, not of TRAIN"),
        ("gamma=0.1", "unknown-argument: `gamma` is an argument of the schedule, not of TRAIN"),
        ("padding=4", "unknown-argument: `padding` is an argument of the augmentation, not of TRAIN"),
        ("epochs=3, epochs=4", "repeated-argument: `epochs` of TRAIN gets two arguments"),
        ("90", "bad-recipe: the values of a recipe stand behind their keys"),
        ("epochs=0", "bad-argument: the number of epochs is a whole number of at least 1, not 0"),
        ("epochs=1.5", "bad-argument: the number of epochs is a whole number of at least 1, not 1.5"),
        ("epochs=true", "bad-argument: the number of epochs is a whole number of at least 1, not true"),
        ('epochs="90"', "bad-argument: the number of epochs is a whole number of at least 1, and this is a text"),
        ("epochs=ninety", "unknown-name: `ninety` has no value"),
        ("epochs=n*2", "unknown-name: `n` has no value"),
        ("epochs=C", "unknown-name: `C` has no value"),
        ("epochs=1/0", "bad-arithmetic: 1 / 0 has no result"),
        ("epochs=CONV(3)", "bad-recipe: CONV is a layer, not a value"),
        ("epochs=SGD(3)", "bad-recipe: SGD is an optimizer, not a value"),
        ("epochs=COSINE", "bad-recipe: COSINE is a schedule, not a value"),
        ("epochs=what(3)", "unknown-layer: there is no function `what`"),
        ("epochs=SGD", "bad-recipe: SGD is an optimizer, not a value"),
        ("loss=mse", "unknown-name: `mse` is no loss of TRAIN"),
        ("compile=True", "unknown-name: `True` is no compile of TRAIN"),
        ("compile=1", "bad-argument: whether torch.compile compiles the network is true or false, not 1"),
        ("data=3", "bad-argument: the data is one of digits, mnist5k, idx:DIR, cifar:DIR, hf:NAME, "),
        ('data=""', "bad-argument: the data is one of digits, mnist5k, "),
        ("size=3x32x32", "bad-argument: the size of the images before augmentation has 3 numbers, but the map has 2"),
        ("size=HxW", "unknown-name: `HxW` is no size of TRAIN"),
        ("size=3xH", "bad-argument: the size of the images before augmentation is a whole number of at least 1 on"),
        (
            "crops=5",
            "bad-argument: the number of pieces of an image that are looked at in evaluation is 1 or 10, not 5",
        ),
        ("class_weights=(1, -1)", "bad-argument: a class weight is at least 0, not -1"),
        ("class_weights=()", "bad-argument: the weight of each class is"),
        ("ema=1", "bad-argument: the decay of the moving average of the weights (0: there is none) is below 1, not 1"),
        ("optimizer=COSINE", "bad-recipe: COSINE is a schedule, not an optimizer"),
        ("optimizer=3", "bad-argument: the optimizer is one of SGD, ADAM, ADAMW, RMSPROP, not `3`"),
        ("optimizer=SGDM", "unknown-name: there is no optimizer `SGDM`"),
        ('optimizer="torch.optim.SGD"', "unknown-name: there is no optimizer `torch.optim.SGD`"),
        ("optimizer=SGD -> ADAM", "bad-argument: the optimizer is one of SGD, ADAM, ADAMW, RMSPROP, not `SGD -> ADAM`"),
        ("optimizer=SGD(0.1, lr=0.1)", "repeated-argument: `lr` of SGD gets two arguments"),
        ("optimizer=SGD(learning_rate=0.1)", "unknown-argument: SGD has no parameter `learning_rate`"),
        ("optimizer=SGD(lr=-1)", "bad-argument: the learning rate is above 0, not -1"),
        ("optimizer=ADAM(betas=0.9)", "bad-argument: the decay of both averages: 2 numbers are needed"),
        ("optimizer=ADAM(betas=(0.9, 1))", "bad-argument: a beta is below 1, not 1"),
        ("optimizer=SGD(nesterov=true)", "bad-recipe: nesterov looks ahead along the momentum, and that is 0"),
        ("schedule=STEP", "missing-argument: STEP needs `every`"),
        ("schedule=COSINE(0, 1)", "too-many-arguments: COSINE takes at most 1 argument, and 2 are given"),
        ("schedule=CONSTANT(1)", "too-many-arguments: CONSTANT takes no arguments, and 1 are given"),
        ("schedule=StepLR(3)", "unknown-name: there is no schedule `StepLR`"),
        ("schedule=MULTISTEP((60, 30))", "bad-argument: the epochs in which the rate changes: the numbers rise"),
        (
            "schedule=MULTISTEP((30, 60)), epochs=60",
            "beyond-the-end: there is no epoch 60, counted from 0: the last is",
        ),
        ("warmup=9, epochs=8", "beyond-the-end: the warm-up is 9 epochs long, and the training 8"),
        ("schedule=ONECYCLE, warmup=3", "bad-recipe: ONECYCLE begins with a rise"),
        ("schedule=PLATEAU, validation=0", "bad-recipe: PLATEAU follows the validation loss, and validation=0 keeps"),
        ("patience=3, validation=0", "bad-recipe: patience waits for a lower validation loss, and validation=0"),
        ("augment=CONV(3)", "bad-recipe: CONV is a layer, not an augmentation"),
        ("augment=SGD", "bad-recipe: SGD is an optimizer, not an augmentation"),
        ("augment=[CROP, FLIP]", "bad-argument: an augmentation follows the other with `->`"),
        ("augment=(CROP, FLIP)", "bad-argument: an augmentation follows the other with `->`"),
        ("augment=FLIP*2", "bad-argument: the augmentation is one or more of CROP"),
        ("augment=ROTATE", "missing-argument: ROTATE needs `degrees`"),
        ("augment=RESIZEDCROP(scale=(1, 0.5))", "bad-argument: the least and the greatest area"),
    ],
)
def test_a_mistake_is_told_once(text: str, message: str) -> None:
    (found,) = said(f"TRAIN({text})")
    assert found.startswith(message)


@pytest.mark.parametrize(
    ("flags", "place", "message"),
    [
        ({"epochs": "0"}, "--epochs [0]", "the number of epochs is a whole number of at least 1, not 0"),
        ({"lr": "-1"}, "--lr [-1]", "the learning rate is above 0, not -1"),
        ({"lr": "inf"}, "--lr [inf]", "`inf` has no value"),
        ({"weight_decay": "x"}, "--weight-decay [x]", "`x` has no value"),
        ({"schedule": "cosin"}, "--schedule [cosin]", "there is no schedule `cosin`"),
        ({"optimizer": "SGD(momentum=2)"}, "--optimizer SGD([momentum=2])", "the momentum is at most 1, not 2"),
        ({"augment": "CROP(32"}, "--augment CROP[(]32", "this `(` is never closed"),
        ({"augment": "CROP FLIP"}, "--augment CROP FLIP", ""),
        ({"batch": ""}, "[--batch ]", "one value is expected here"),
        ({"momentum": "0.9"}, "[--momentum] 0.9", "ADAM has no `momentum`"),
        ({"nesterov": "true"}, "[--nesterov]", "ADAM has no `nesterov`"),
        ({"nesterov": "false"}, "[--no-nesterov]", "ADAM has no `nesterov`"),
        (
            {"optimizer": "SGD", "nesterov": "true"},
            "[--nesterov]",
            "nesterov looks ahead along the momentum, and that is 0",
        ),
        (
            {"data": 'a"b'},
            '--data [a"b]',
            "the data is a text of characters that can be printed, without quotation marks",
        ),
        (
            {"data": "a\nb"},
            "--data [a\nb]",
            "the data is a text of characters that can be printed, without quotation marks",
        ),
    ],
)
def test_a_mistake_in_a_flag_is_underlined_there(flags: dict[str, str], place: str, message: str) -> None:
    (found,) = reading("", **flags).diagnostics
    span = found.span
    text = span.source.text
    if message:
        assert f"{text[: span.start]}[{text[span.start : span.end]}]{text[span.end :]}" == place
        assert found.message == message
    assert (span.source.name, found.fix) == ("command line", None)


def test_all_mistakes_are_told_in_one_run() -> None:
    text = "TRAIN(epoch=3, batch=0, optimizer=SGD(lr=0, momentun=1), augment=FLOP -> ROTATE, loss=l2)\nTRAIN()"
    assert len(said(text, lr="-1", seed="x")) == 9


def test_one_that_could_not_be_read_has_its_default() -> None:
    found = reading("TRAIN(epochs=0, batch=8)")
    assert (found.recipe.epochs, found.recipe.batch) == (DEFAULTS.epochs, 8)
    assert found.has_errors


def test_two_recipes_are_a_mistake_that_shows_both() -> None:
    (found,) = reading("TRAIN(epochs=3)\nINPUT -> FC\ntrain(epochs=4)").diagnostics
    assert (found.code, str(found.span), [str(other.span) for other in found.others]) == (
        "bad-recipe",
        "net.cnn:3:1",
        ["net.cnn:1:1"],
    )


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("batch_size=8", "batch=8"),
        ("schedule=Cosin", "schedule=COSINE"),
        ("schedule=CosineAnnealingLR", "schedule=COSINE"),
        ('epochs="90"', "epochs=90"),
        ("lr=0.1", "optimizer=SGD(lr=0.1)"),
        ("SGD(0.1)", "optimizer=SGD(0.1)"),
        ("augment=[CROP, FLIP]", "augment=CROP -> FLIP"),
        ("compile=True", "compile=true"),
        ("optimizer=SGD(learning_rate=0.1)", "optimizer=SGD(lr=0.1)"),
    ],
)
def test_where_one_edit_mends_it_there_is_a_fix(wrong: str, right: str) -> None:
    from cnndsl.diagnostics.fix import edited

    (found,) = reading(f"TRAIN({wrong})").diagnostics
    assert found.fix is not None
    assert edited(f"TRAIN({wrong})".encode(), [found.fix]).decode() == f"TRAIN({right})"
    assert not reading(f"TRAIN({right})").diagnostics


def test_a_network_never_looks_at_its_recipe() -> None:
    assert not compiled("TRAIN(epochs=0, foo=BAR(1) -> BAZ)\nTRAIN()\nINPUT -> FC").diagnostics


# what is declared


@pytest.mark.parametrize("part", [Recipe, *parts_by_word().values()], ids=lambda part: part.word())
def test_a_part_says_what_it_is_and_takes(part: type[Part]) -> None:
    assert part.summary().endswith(".")
    assert all(attribute.takes != Attribute.takes for attribute in part.attributes.values())
    assert all(attribute.phrase for attribute in part.attributes.values())
    assert all(word in part.attributes for word in part.keywords_elsewhere.values()) or part is not Recipe
    assert not part.keywords_elsewhere.keys() & part.attributes.keys()


@pytest.mark.parametrize("part", [Recipe, *parts_by_word().values()], ids=lambda part: part.word())
def test_defaults_go_together(part: type[Part]) -> None:
    given = {name: 3 for name, attribute in part.attributes.items() if attribute.default is REQUIRED}
    assert not list(part.bind(given).clashes())


def test_words_are_unique() -> None:
    words = [word for family in families() for word in parts_by_word(family)]
    assert len(words) == len(set(words))


def test_a_part_with_other_values_is_checked() -> None:
    step = Step.bind({"every": 3})
    assert step.with_values(gamma=0.5) == Step.bind({"every": 3, "gamma": 0.5})
    with pytest.raises(Rejected, match="at most 1"):
        step.with_values(gamma=2)
    with pytest.raises(Rejected, match="nesterov"):
        SGD.bind({}).with_values(nesterov=True)
    with pytest.raises(Rejected, match="nesterov"):
        SGD.bind({"nesterov": True})


@pytest.mark.parametrize(
    ("written", "every"),
    [
        ("500", Every(500, 0)),
        ('"500 steps"', Every(500, 0)),
        ('"1step"', Every(1, 0)),
        ('"10min"', Every(0, 10)),
        ('"0.5 Minutes"', Every(0, 0.5)),
        ('"2h"', Every(0, 120)),
    ],
)
def test_checkpoints_come_after_steps_or_minutes(written: str, every: Every) -> None:
    assert recipe(f"TRAIN(checkpoint_every={written})").checkpoint_every == every
    assert recipe("", checkpoint_every=written.strip('"')).checkpoint_every == every


@pytest.mark.parametrize("written", ["0", "-3", "2.5", "true", '""', '"soon"', '"0min"', '"min"', '"1e9min"', "(1, 2)"])
def test_what_is_no_time_between_checkpoints_is_told(written: str) -> None:
    (told,) = said(f"TRAIN(checkpoint_every={written})")
    assert told.startswith('bad-argument: the time between two checkpoints is steps (500) or minutes ("10min"), not ')


# random recipes


def values(attribute: Attribute[Any]) -> st.SearchStrategy[Any]:
    """Values as they are bound, of every kind that is declared."""
    return next(make(attribute) for kind, make in KINDS.items() if isinstance(attribute, kind))


def reals(attribute: Real) -> st.SearchStrategy[float]:
    least = attribute.above or 0 if attribute.minimum is None else attribute.minimum
    most = attribute.below or 1e12 if attribute.maximum is None else attribute.maximum
    floats = st.floats(least, most, exclude_min=attribute.minimum is None, exclude_max=attribute.maximum is None)
    return floats.map(lambda value: int(value) if value.is_integer() else value)


def several(attribute: Numbers) -> st.SearchStrategy[tuple[float, ...]]:
    found = st.lists(values(attribute.of), min_size=attribute.count or 1, max_size=attribute.count or 4)
    return found.map(lambda numbers: tuple(sorted(numbers) if attribute.rising else numbers))


PRINTABLE = st.characters(exclude_characters='"', exclude_categories=("C", "Z")) | st.just(" ")
KINDS: dict[type[Attribute[Any]], Callable[[Any], st.SearchStrategy[Any]]] = {
    Flag: lambda attribute: st.booleans(),
    Among: lambda attribute: st.sampled_from(attribute.numbers),
    Whole: lambda attribute: st.integers(attribute.minimum, 2**62),
    Real: reals,
    Symbol: lambda attribute: st.sampled_from(attribute.symbols),
    Interval: lambda attribute: (
        st.integers(1, 10**9).map(lambda steps: Every(steps, 0))
        | st.integers(1, 10**9).map(lambda number: Every(0, number / 1000))
    ),
    Text: lambda attribute: st.text(PRINTABLE, min_size=1),
    Either: lambda attribute: st.sampled_from(attribute.symbols) | values(attribute.of),
    Extents: lambda attribute: st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)),
    Numbers: several,
    OneOf: lambda attribute: parts(attribute.family),
    Chain: lambda attribute: st.lists(parts(attribute.family), max_size=3).map(tuple),
}


def parts(family: type[Part]) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(parts_by_word(family).values())).flatmap(built)


def built(part: type[Part]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({name: values(each) for name, each in part.attributes.items()}).map(part)


RECIPES = built(Recipe).map(
    lambda found: found.replacing({"warmup": 0}) if isinstance(found.schedule, OneCycle) else found
)


@given(RECIPES)
def test_what_is_written_is_read_as_it_was(found: Recipe) -> None:
    text = written(found)
    again = read(parse(Source("recipe.cnn", text), Diagnostics()))
    assert {each.code for each in again.diagnostics} <= {"bad-recipe", "beyond-the-end"}, "it may not go together"
    assert again.recipe == found
    assert str(again.recipe) == str(found)
    assert again.written.keys() == Recipe.attributes.keys()


@given(RECIPES)
def test_it_is_written_in_the_one_style(found: Recipe) -> None:
    text = written(found)
    file = parse(Source("recipe.cnn", text), Diagnostics())
    assert file is not None
    assert formatted(file) == text
    assert re.match(r"TRAIN\(data=", text)


@given(RECIPES, RECIPES)
def test_flags_say_all_that_a_file_can_say(found: Recipe, other: Recipe) -> None:
    flags = {
        key: (found.value(key) if isinstance(attribute_of(key), Text) else str_of(found, key))
        for key in Recipe.attributes
    }
    again = read(parse(Source("recipe.cnn", written(other)), Diagnostics()), flags)
    assert again.recipe == found


def str_of(found: Recipe, key: str) -> str:
    value = found.value(key)
    return value.in_full if isinstance(value, Part) else Recipe.attributes[key].show(value)


WORDS = st.sampled_from(
    [
        *(word for family in families() for word in parts_by_word(family)),
        *names(),
        *("TRAIN", "INPUT", "CONV", "C", "H", "n", "half", "none", "auto", "true", "torch", "same", "normal", "range"),
        *("(", ")", "[", "]", ",", "=", "->", "+", "-", "*", "**", "/", "//", "%", "?", "|", "&", "if", "else", "and"),
        *("as", "for", "in", "==", "<", "not", "0", "1", "0.5", "1e30", "3x32", "3xHxW", '"digits"', '"90"', "\n", "#"),
    ]
)
TEXTS = st.lists(WORDS, max_size=25).map(" ".join)
ARGUMENTS = st.lists(st.tuples(st.sampled_from(list(Recipe.attributes)), TEXTS), max_size=5)


@given(ARGUMENTS, st.dictionaries(st.sampled_from(names()), TEXTS | st.text(max_size=9), max_size=3))
@settings(max_examples=300, deadline=None)
def test_whatever_a_text_says_there_is_a_recipe_or_a_message(
    arguments: list[tuple[str, str]], flags: dict[str, str]
) -> None:
    body = ", ".join(f"{key}={value}" for key, value in arguments)
    text = f"n = 3\nhalf(a) = a//2\nloop = loop\nTRAIN({body})"
    found = Diagnostics()
    file = parse(Source("net.cnn", text), found)
    outcome = read(file, flags)
    render_all(outcome.diagnostics, colour=True)
    for each in outcome.diagnostics:
        assert each.code in CODES
        as_data(each)
        for span in (each.span, *(other.span for other in each.others), *outcome.written.values()):
            assert 0 <= span.start <= span.end <= len(span.source.text)
    if not outcome.has_errors:
        assert read(parse(Source("recipe.cnn", written(outcome.recipe)), Diagnostics())).recipe == outcome.recipe


def test_a_text_as_deep_as_it_is_long_is_a_message() -> None:
    (found,) = said(f"TRAIN(epochs={'-' * 50_000}1)")
    assert found == "nested-too-deep: this is nested too deep"
