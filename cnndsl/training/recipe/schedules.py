"""Schedules: how the learning rate changes."""

from __future__ import annotations

from cnndsl.layers.attributes import Real, Whole
from cnndsl.training.recipe.part import Numbers, Part

__all__ = ["Constant", "Cosine", "MultiStep", "OneCycle", "Plateau", "Schedule", "Step"]


class Schedule(Part):
    """Base of all schedules.

    A rate here is a factor of the optimizer's `lr`. Steps and epochs are counted from 0. The warm-up goes before them.
    """

    family = "schedule"

    keywords_elsewhere = {
        "decay_rate": "gamma",
        "factor": "gamma",
        "milestones": "epochs",
        "pct_start": "rise",
        "step_size": "every",
    }


class Constant(Schedule):
    """The same rate in every step."""

    words = ("CONSTANT",)
    elsewhere = ("constantlr",)


class Step(Schedule):
    """The rate times gamma after every so many epochs."""

    words = ("STEP",)
    elsewhere = ("steplr",)

    every = Whole("the epochs between two changes")
    gamma = Real("what the rate is multiplied with", 0.1, above=0, maximum=1)


class MultiStep(Schedule):
    """The rate times gamma at the beginning of each of these epochs, counted from 0."""

    words = ("MULTISTEP",)
    elsewhere = ("multisteplr",)

    epochs = Numbers(
        "the epochs in which the rate changes", of=Whole("an epoch in which the rate changes"), rising=True
    )
    gamma = Real("what the rate is multiplied with", 0.1, above=0, maximum=1)


class Cosine(Schedule):
    """Half a cosine, from the peak down to its end (Loshchilov & Hutter, 2017)."""

    words = ("COSINE",)
    elsewhere = ("cosineannealing", "cosineannealinglr", "cosinedecay")

    end = Real("the last rate, as a part of the first", 0, minimum=0, maximum=1)


class OneCycle(Schedule):
    """Up along half a cosine and down again along another, far below the beginning (Smith & Topin, 2018).

    There is no other warm-up beside its rise.
    """

    words = ("ONECYCLE",)
    elsewhere = ("onecyclelr",)

    rise = Real("the part of the steps in which the rate rises", 0.3, above=0, maximum=1)
    start = Real("the first rate, as a part of the peak", 0.04, above=0, maximum=1)
    end = Real("the last rate, as a part of the first", 1e-4, minimum=0, maximum=1)


class Plateau(Schedule):
    """The rate times gamma where the validation loss has not fallen for so many epochs."""

    words = ("PLATEAU",)
    elsewhere = ("reducelronplateau",)

    patience = Whole("the epochs that are waited", 5)
    gamma = Real("what the rate is multiplied with", 0.1, above=0, maximum=1)
    threshold = Real("the part by which a loss has to fall to count as less", 1e-4, minimum=0, maximum=1)
