"""The learning rate of each step against torch's schedulers."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from cnndsl.training.recipe import Recipe
from cnndsl.training.recipe.schedules import Constant, Cosine, MultiStep, OneCycle, Plateau, Schedule, Step
from cnndsl.training.schedule import PlateauWatch, factor

STEPS, PER_EPOCH = 60, 5


def rates(schedule: Schedule, warmup: float = 0.0, steps: int = STEPS) -> list[float]:
    return [factor(schedule, warmup, step, steps, PER_EPOCH) for step in range(steps)]


def rates_of_torch(name: str, every: int = 1, **arguments: Any) -> list[float]:
    """Those of a scheduler that takes a step after so many of the optimizer's, with a rate of 1."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **arguments)
    found = []
    for step in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (step + 1) % every == 0:
            scheduler.step()
    return found


@pytest.mark.torch
@pytest.mark.parametrize(
    ("schedule", "name", "arguments"),
    [
        (Step.bind({"every": 3, "gamma": 0.5}), "StepLR", {"every": PER_EPOCH, "step_size": 3, "gamma": 0.5}),
        (MultiStep.bind({"epochs": (2, 7, 7)}), "MultiStepLR", {"every": PER_EPOCH, "milestones": [2, 7, 7]}),
        (Cosine.bind({}), "CosineAnnealingLR", {"T_max": STEPS}),
        (Cosine.bind({"end": 0.2}), "CosineAnnealingLR", {"T_max": STEPS, "eta_min": 0.2}),
        (Constant.bind({}), "ConstantLR", {"factor": 1.0}),
        (OneCycle.bind({}), "OneCycleLR", {"total_steps": STEPS, "max_lr": 1.0, "cycle_momentum": False}),
        (
            OneCycle.bind({"rise": 0.47, "start": 0.1, "end": 0.01}),
            "OneCycleLR",
            {
                "total_steps": STEPS,
                "max_lr": 1.0,
                "pct_start": 0.47,
                "div_factor": 10,
                "final_div_factor": 100,
                "cycle_momentum": False,
            },
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, Schedule) else "",
)
def test_a_schedule_is_that_of_torch(schedule: Schedule, name: str, arguments: dict[str, Any]) -> None:
    assert rates(schedule) == pytest.approx(rates_of_torch(name, **arguments), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 7, 9, 10, 60, 1380])
def test_the_default_rates_rise_over_a_tenth_and_fall_along_half_a_cosine(steps: int) -> None:
    recipe = Recipe.bind({})
    warm = max(1, steps // 10)
    rising = [(step + 1) / warm for step in range(warm)]
    falling = [0.5 * (1 + math.cos(math.pi * step / (steps - warm))) for step in range(steps - warm)]
    found = [factor(recipe.schedule, recipe.warmup, step, steps, 23) for step in range(steps)]
    assert found == pytest.approx([*rising, *falling], rel=4e-16, abs=0)


@pytest.mark.parametrize(("warmup", "steps"), [(0.25, 15), (1, 5), (2.5, 12), (0.001, 1), (0, 0), (0.29, 17)])
def test_the_warm_up_rises_in_a_line_for_a_part_of_the_steps_or_for_epochs(warmup: float, steps: int) -> None:
    found = rates(Constant.bind({}), warmup)
    assert found[:steps] == pytest.approx([(step + 1) / steps for step in range(steps)])
    assert found[steps:] == [1.0] * (STEPS - steps)


def test_a_warm_up_longer_than_the_training_never_reaches_the_peak() -> None:
    assert rates(Cosine.bind({}), 24)[-1] == 0.5


def test_a_cosine_begins_behind_the_warm_up_and_a_step_counts_from_the_first() -> None:
    assert rates(Cosine.bind({}), 0.25)[15:] == rates(Cosine.bind({}), steps=45)
    assert rates(Step.bind({"every": 4}), 0.25)[15:] == rates(Step.bind({"every": 4}))[15:]


@pytest.mark.parametrize("schedule", [OneCycle.bind({"rise": 1}), OneCycle.bind({"rise": 0.01}), Cosine.bind({})])
@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("warmup", [0, 0.5, 1])
def test_a_training_of_few_steps_has_rates(schedule: Schedule, steps: int, warmup: float) -> None:
    assert all(0 <= rate <= 1 for rate in rates(schedule, warmup, steps))


@pytest.mark.torch
@pytest.mark.parametrize("patience", [1, 3])
def test_a_plateau_lowers_the_rate_when_torch_does(patience: int) -> None:
    torch = pytest.importorskip("torch")
    generator = torch.Generator().manual_seed(0)
    falling = [math.exp(-epoch / 9) for epoch in range(60)]
    losses = [loss * (0.7 + 0.6 * torch.rand((), generator=generator).item()) + 0.1 for loss in falling]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=patience, threshold=0.01, eps=0
    )
    schedule = Plateau.bind({"patience": patience, "gamma": 0.5, "threshold": 0.01})
    watch = PlateauWatch(schedule)
    for epoch, loss in enumerate(losses):
        scheduler.step(loss)
        watch.saw(loss)
        state = json.loads(json.dumps(watch.dump()))
        watch = PlateauWatch(schedule)
        watch.load(state)
        assert factor(schedule, 0, epoch, 60, 1, watch.drops) == pytest.approx(optimizer.param_groups[0]["lr"])
    assert watch.drops
