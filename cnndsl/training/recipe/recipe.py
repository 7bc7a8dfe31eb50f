"""The recipe: all that can be said of a training, declared once. The keys of `TRAIN(...)`, the flags of `cnndsl train`,
their ranges, messages and documentation follow from it.
"""

from __future__ import annotations

from cnndsl.layers.attributes import Extents, Flag, Real, Symbol, Whole
from cnndsl.training.recipe.augmentations import Augmentation, Shift
from cnndsl.training.recipe.optimizers import Adam, Optimizer
from cnndsl.training.recipe.part import Chain, Either, Numbers, OneOf, Part, Text
from cnndsl.training.recipe.schedules import Cosine, Schedule

__all__ = ["Recipe"]

LARGEST_SEED = 2**63 - 1
"""torch takes 64 bits."""


class Recipe(Part):
    """How a network is trained.

    The defaults were chosen for LeNet-5 on a part of the digits that was split off the training images for it, and
    kept because plain, normalised and residual ReLU networks of up to twelve convolutions learn with them too.
    """

    words = ("TRAIN",)

    # what it sees
    data = Text("the data", "digits")
    broken = Symbol("what becomes of files that cannot be read", ("fail", "skip"), "fail")
    size = Either(Extents("the size of the images before augmentation"), ("input",), "input")
    validation = Either(Real("the part of the training images that is kept for validation", minimum=0, maximum=0.9),
                        ("auto",), "auto")  # fmt: skip
    augment = Chain("the augmentation", Augmentation, (Shift.bind({}),))
    mixup = Real("the alpha of mixup", 0, minimum=0)
    cutmix = Real("the alpha of cutmix", 0, minimum=0)
    crops = Whole("the pieces of an image that are looked at in evaluation, 1 or 10", 1)

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
    warmup = Real("the warm-up, below 1 as a part of the training, else in epochs", 0.1, minimum=0)
    accumulate = Whole("the batches of a step", 1)
    clip = Real("the norm that gradients are clipped to, or 0", 0, minimum=0)
    ema = Real("the decay of the moving average of the weights, or 0", 0, minimum=0, maximum=1)
    patience = Whole("the epochs without a lower validation loss after which it stops, or 0", 0, minimum=0)

    # where and in what form
    seed = Whole("the seed", 0, minimum=0)
    device = Text("the device", "auto")
    threads = Either(Whole("the number of threads"), ("auto",), "auto")
    workers = Either(Whole("the number of workers that read files", minimum=0), ("auto",), "auto")
    precision = Symbol("the precision", ("fp32", "bf16", "fp16"), "fp32")
    channels_last = Flag("whether channels are last in memory", False)
    compile = Flag("whether torch.compile compiles the network", False)
