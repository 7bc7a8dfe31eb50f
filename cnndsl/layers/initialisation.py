"""How weights begin: what `init` and `bias_init` take, and the functions of torch that it means.

| | |
|---|---|
| `he` | normal, variance 2 / fan-in: He et al., "Delving deep into rectifiers", 2015, eq. 10 |
| `xavier` | uniform within sqrt(6 / (fan-in + fan-out)): Glorot & Bengio, 2010, eq. 16 |
| `lecun` | normal, variance 1 / fan-in: LeCun et al., "Efficient BackProp", 1998, eq. 16 |

Fans are counted as torch counts them: the second and the first extent of a weight, times its positions.
"""

from __future__ import annotations

from typing import Any

from cnndsl.layers.attributes import Attribute, Called, Rejected
from cnndsl.layers.layer import Layer
from cnndsl.layers.lowering import Initial

__all__ = ["Initialiser", "initial", "require_bias"]

_WORDS = {
    "he": Initial("kaiming_normal_", kwargs=(("nonlinearity", "relu"),)),
    "xavier": Initial("xavier_uniform_"),
    "lecun": Initial("kaiming_normal_", kwargs=(("nonlinearity", "linear"),)),
    "zeros": Initial("zeros_"),
}
_OF_FANS = ("he", "xavier", "lecun")


class Initialiser(Attribute[Called | None]):
    """How a weight begins: a word, `normal(std)`, `uniform(limit)`, `constant(value)`; None leaves it to torch."""

    functions = ("normal", "uniform", "constant")

    def __init__(self, phrase: str, *, has_fans: bool = True) -> None:
        """`has_fans`: whether it is a weight between channels; a bias is none."""
        super().__init__(phrase, default="auto")
        self.symbols = ("auto", *(word for word in _WORDS if has_fans or word not in _OF_FANS))
        self.takes = f"one of {', '.join(self.symbols)}, normal(std), uniform(limit), constant(value)"

    def bind(self, value: Any, rank: int) -> Called | None:
        if value == "auto":
            return None
        if isinstance(value, Called) and value.name in self.functions:
            return self._checked(value)
        if not isinstance(value, str) or value not in self.symbols:
            self.reject(value, self.takes)
        return Called(value, ())

    def _checked(self, call: Called) -> Called:
        """A call with its one number; a spread is above 0."""
        is_number = [isinstance(each, int | float) and not isinstance(each, bool) for each in call.arguments]
        if is_number != [True]:
            raise Rejected(f"{call.name} takes one number", help=f"write {call.name}(0.01)")
        if call.name != "constant" and call.arguments[0] <= 0:
            raise Rejected(f"what {call.name} draws from has a width above 0, not {call.arguments[0]}")
        return call

    def show(self, value: Called | None) -> str:
        if value is None:
            return "auto"
        return str(value) if value.arguments else value.name


def initial(**written: Called | None) -> dict[str, Initial]:
    """For each parameter whose beginning is written, the function of torch that it means."""
    return {name: _function(call) for name, call in written.items() if call}


def _function(call: Called) -> Initial:
    if not call.arguments:
        return _WORDS[call.name]
    (number,) = call.arguments
    if call.name == "normal":
        return Initial("normal_", kwargs=(("std", number),))
    return Initial("uniform_", (-number, number)) if call.name == "uniform" else Initial("constant_", (number,))


def require_bias(layer: Layer) -> None:
    """What is written of how the bias begins is not lost.

    Raises:
        Rejected: the spec says that there is no bias, and how it begins.
    """
    is_absent = layer.value("bias") is False and "bias" not in layer.filled
    if is_absent and layer.value("bias_init") is not None:
        message = f"{layer.word()} has no bias that could begin in some way"
        raise Rejected(message, attribute="bias_init", help="leave out bias=false, or bias_init")
