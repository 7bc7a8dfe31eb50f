"""cnndsl: a compiler for convolutional network architectures.

>>> import cnndsl
>>> net = cnndsl.load("zoo:lenet5")
>>> net.graph.outputs[0].node.type.shape
(10,)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnndsl.backends.torch.weights.report import WeightsError, WeightsWarning
    from cnndsl.model import Model, SpecError, load, parse

__all__ = ["Model", "SpecError", "WeightsError", "WeightsWarning", "__version__", "load", "parse"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The public names, imported when they are asked for: `cnndsl --help` needs none of them."""
    if name in __all__:
        from importlib import import_module

        home = "cnndsl.backends.torch.weights.report" if name.startswith("Weights") else "cnndsl.model"
        return getattr(import_module(home), name)
    raise AttributeError(f"module 'cnndsl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
