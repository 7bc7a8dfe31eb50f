"""The recipe: all that can be said of a training, declared once. The keys of `TRAIN(...)`, the flags of `cnndsl train`,
their ranges, messages and documentation follow from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from cnndsl.layers.attributes import Extents, Flag, Real, Symbol, Whole
from cnndsl.training.forms import FORMS
from cnndsl.training.recipe.augmentations import AS_INPUT, Augmentation, Shift
from cnndsl.training.recipe.interval import Interval
from cnndsl.training.recipe.optimizers import Adam, Optimizer
from cnndsl.training.recipe.part import Among, Chain, Clash, Either, Numbers, OneOf, Part, Text
from cnndsl.training.recipe.schedules import Cosine, MultiStep, OneCycle, Plateau, Schedule

__all__ = ["Recipe"]


class Recipe(Part):
    """How a network is trained.

    The defaults were chosen for LeNet-5 on a part of the digits that was split off the training images for it, and
    kept because plain, normalised and residual ReLU networks of up to twelve convolutions learn with them too.
    """

    words = ("TRAIN",)

    keywords_elsewhere = {
        "augmentation": "augment",
        "batch_size": "batch",
        "criterion": "loss",
        "dataset": "data",
        "gradient_accumulation_steps": "accumulate",
        "grad_clip": "clip",
        "learning_rate_schedule": "schedule",
        "lr_schedule": "schedule",
        "lr_scheduler": "schedule",
        "max_checkpoints": "keep",
        "max_epochs": "epochs",
        "max_norm": "clip",
        "n_epochs": "epochs",
        "num_epochs": "epochs",
        "num_workers": "workers",
        "optim": "optimizer",
        "random_state": "seed",
        "save_steps": "checkpoint_every",
        "save_total_limit": "keep",
        "scheduler": "schedule",
        "smoothing": "label_smoothing",
        "val_split": "validation",
        "validation_split": "validation",
        "warmup_epochs": "warmup",
    }

    headings: ClassVar[Mapping[str, str]] = {
        "data": "What it sees",
        "loss": "What it aims at",
        "epochs": "How it gets there",
        "seed": "Where and in what form",
        "checkpoint_every": "What is kept on the way",
    }
    """What the keys from this one on are about."""

    # what it sees
    data = Text("the data", "digits", takes=f"one of {', '.join(FORMS)}")
    broken = Symbol("what becomes of files that cannot be read", ("fail", "skip"), "fail")
    size = Either(Extents("the size of the images before augmentation"), (AS_INPUT,), AS_INPUT)
    validation = Either(Real("the part of the training images that is kept for validation", minimum=0, maximum=0.9),
                        ("auto",), "auto")  # fmt: skip
    augment = Chain("the augmentation", Augmentation, (Shift.bind({}),))
    mixup = Real("the alpha of mixup (0: none)", 0, minimum=0)
    cutmix = Real("the alpha of cutmix (0: none)", 0, minimum=0)
    crops = Among("the number of pieces of an image that are looked at in evaluation", (1, 10), 1)

    # what it aims at
    loss = Symbol("the loss", ("auto", "cross_entropy", "binary"), "auto")
    label_smoothing = Real("the label smoothing", 0, minimum=0, maximum=1)
    class_weights = Either(Numbers("the weight of each class", of=Real("a class weight", minimum=0)),
                           ("none", "balanced"), "none")  # fmt: skip
    output_weights = Either(Numbers("the weight of each output", of=Real("the weight of an output", minimum=0)),
                            ("none",), "none")  # fmt: skip

    # how it gets there
    epochs = Whole("the number of epochs", 60)
    batch = Whole("the batch", 64)
    optimizer = OneOf("the optimizer", Optimizer, Adam.bind({}))
    schedule = OneOf("the schedule", Schedule, Cosine.bind({}))
    warmup = Real("the warm-up (below 1 a part of the training, else epochs)", 0.1, minimum=0)
    accumulate = Whole("the batches of a step", 1)
    clip = Real("the norm above which gradients are clipped (0: none)", 0, minimum=0)
    ema = Real("the decay of the moving average of the weights (0: there is none)", 0, minimum=0, below=1)
    patience = Whole("the epochs without a lower validation loss after which it stops (0: never)", 0, minimum=0)

    # where and in what form
    seed = Whole("the seed", 0, minimum=0)
    device = Text("the device", "auto", takes="auto, cpu, cuda or cuda:1")
    threads = Either(Whole("the number of threads"), ("auto",), "auto")
    workers = Either(Whole("the number of workers that read files", minimum=0), ("auto",), "auto")
    precision = Symbol("the precision", ("fp32", "bf16", "fp16"), "fp32")
    channels_last = Flag("whether channels are last in memory", False)
    compile = Flag("whether torch.compile compiles the network", False)

    # what is kept on the way
    checkpoint_every = Interval("the time between two checkpoints", "5min")
    keep = Whole("the number of checkpoints that are kept", 2)

    @classmethod
    def unchecked(cls, written: Mapping[str, object]) -> Self:
        """As of every part; a schedule that has a rise of its own has no warm-up unless one is written."""
        warmup = {"warmup": 0} if isinstance(written.get("schedule"), OneCycle) else {}
        return super().unchecked({**warmup, **written})

    def clashes(self) -> Iterator[Clash]:
        if not self.validation and isinstance(self.schedule, Plateau):
            yield _without_validation("schedule", "PLATEAU follows the validation loss")
        if not self.validation and self.patience:
            yield _without_validation("patience", "patience waits for a lower validation loss")
        if self.warmup and isinstance(self.schedule, OneCycle):
            message = "ONECYCLE begins with a rise, so that there is no warm-up before it"
            yield Clash("warmup", "schedule", message, "leave it out, and say how long that is: ONECYCLE(rise=0.3)")
        yield from self._beyond_the_end()

    def _beyond_the_end(self) -> Iterator[Clash]:
        """What is said of epochs that there are not, as where a flag makes a short training of a long one."""
        if self.warmup >= 1 and self.warmup > self.epochs:
            message = f"the warm-up is {self.warmup:g} epochs long, and the training {self.epochs}"
            yield Clash("warmup", "epochs", message, is_error=False)
        if isinstance(self.schedule, MultiStep):
            late = [epoch for epoch in self.schedule.epochs if epoch >= self.epochs]
            if late:
                message = f"there is no epoch {late[0]:g}, counted from 0: the last is {self.epochs - 1}"
                yield Clash("schedule", "epochs", message, is_error=False)


def _without_validation(attribute: str, why: str) -> Clash:
    message = f"{why}, and validation=0 keeps no images for it"
    return Clash("validation", attribute, message, "write validation=0.1, or leave it out")
