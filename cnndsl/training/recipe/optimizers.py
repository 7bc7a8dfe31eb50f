"""Optimizers: what a recipe says of them. `cnndsl.training.optimizer` makes torch's of it."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.layers.attributes import Flag, Real
from cnndsl.training.recipe.part import Clash, Numbers, Part

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop"]

LARGEST_RATE = 1_000_000
"""Arithmetic in float32 has room for more; sense has not."""


def _rate(default: float) -> Real:
    return Real("the learning rate", default, above=0, maximum=LARGEST_RATE)


class Optimizer(Part):
    """Base of all optimizers, with what every one takes.

    A weight that decays is one of a convolution or dense layer: not a bias, not the scale or shift of a norm, for
    which a pull to zero has no meaning (He et al., "Bag of tricks", 2019, section 3.1).
    """

    family = "optimizer"

    keywords_elsewhere = {
        "decay": "weight_decay",
        "epsilon": "eps",
        "eta": "lr",
        "learning_rate": "lr",
        "rho": "alpha",
        "wd": "weight_decay",
    }

    def __init_subclass__(cls) -> None:
        """Arguments by position: the learning rate, what is the optimizer's own, what all have."""
        super().__init_subclass__()
        own = [name for name in cls.attributes if name not in Optimizer.attributes]
        cls.attributes = {name: cls.attributes[name] for name in ("lr", *own, *Optimizer.attributes)}

    lr = _rate(0.001)
    weight_decay = Real("the weight decay", 0, minimum=0)
    decay_all = Flag("whether biases and norms decay too", False)
    l1 = Real("the L1 penalty, which decays what weight_decay does", 0, minimum=0)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum where that is not 0 (Sutskever et al., 2013)."""

    words = ("SGD",)

    lr = _rate(0.01)
    momentum = Real("the momentum", 0, minimum=0, maximum=1)
    nesterov = Flag("whether the gradient is taken where the momentum leads", False)

    def clashes(self) -> Iterator[Clash]:
        if self.nesterov and not self.momentum:
            yield Clash("nesterov", "momentum", "nesterov looks ahead along the momentum, and that is 0",
                        "give it one: momentum=0.9")  # fmt: skip


class Adam(Optimizer):
    """Adam (Kingma & Ba, 2015); its weight decay is a part of the gradient."""

    words = ("ADAM",)

    lr = _rate(0.003)
    betas = Numbers("the decay of both averages", (0.9, 0.999), count=2, of=Real("a beta", minimum=0, below=1))
    eps = Real("what keeps the divisor from 0", 1e-8, above=0)


class AdamW(Optimizer):
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter, 2019)."""

    words = ("ADAMW",)

    betas = Numbers("the decay of both averages", (0.9, 0.999), count=2, of=Real("a beta", minimum=0, below=1))
    eps = Real("what keeps the divisor from 0", 1e-8, above=0)
    weight_decay = Real("the weight decay", 0.01, minimum=0)


class RMSprop(Optimizer):
    """RMSprop (Hinton, lecture 6e of "Neural networks for machine learning", 2012)."""

    words = ("RMSPROP",)

    alpha = Real("the decay of the average of squares", 0.99, minimum=0, maximum=1)
    momentum = Real("the momentum", 0, minimum=0, maximum=1)
    eps = Real("what keeps the divisor from 0", 1e-8, above=0)
