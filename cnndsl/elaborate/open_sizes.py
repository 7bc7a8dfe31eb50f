"""What a network demands of its open sizes: noted where layers are placed, told at the end, each demand once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

from cnndsl.elaborate.context import Context, Frame
from cnndsl.layers import Layer, TensorType
from cnndsl.layers.conditions import Condition, collecting
from cnndsl.layers.extent import Extent
from cnndsl.layers.sizes import Sizes, words
from cnndsl.source import Span

__all__ = ["OpenSizes"]

_NOTHING = nullcontext()


class _Demand(NamedTuple):
    """A condition at a place: what holds under it, in words, where, and inside which calls."""

    what: str
    span: Span
    frame: Frame
    condition: Condition


class OpenSizes:
    """The demands on H and W that were met so far."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._demands: list[_Demand] = []
        self._exist = False

    def enter(self, type: TensorType) -> None:
        """Take note of an input, whose sizes may be open."""
        self._exist = self._exist or any(isinstance(extent, Extent) for extent in type.shape)

    def noting(self, layer: Layer | type[Layer], span: Span) -> AbstractContextManager[None]:
        """Note the conditions of all comparisons inside, as demands of this layer."""
        return self._noting(layer, span) if self._exist else _NOTHING

    @contextmanager
    def _noting(self, layer: Layer | type[Layer], span: Span) -> Iterator[None]:
        with collecting() as conditions:
            yield
        what = f"{layer.word()} fits" if layer.words else "the branches fit together"
        frame = self._context.frame
        self._demands += [_Demand(what, span, frame, condition) for condition in conditions]

    def report(self) -> None:
        """Tell the demands, those that follow from others left out; a demand that no size meets is a mistake."""
        formulas = {demand.condition.text: demand for demand in reversed(self._demands) if not demand.condition.sizes}
        told = [demand for demand in self._demands if demand in formulas.values()]
        for name in ("H", "W"):
            told += self._of_one([demand for demand in self._demands if demand.condition.name == name])
        by_place: dict[Span, list[_Demand]] = {}
        for demand in told:
            by_place.setdefault(demand.span, []).append(demand)
        for demands in by_place.values():
            self._tell(demands)

    def _of_one(self, demands: Sequence[_Demand]) -> list[_Demand]:
        """The demands on one size, joined: the largest least size, and what else has to be, at its last place."""
        least = [demand for demand in demands if _sizes(demand).is_threshold]
        joined: list[_Demand] = []
        for demand in demands:
            if demand not in least:
                joined = _join(joined, demand)
        return _with_least(joined, max(least, key=lambda demand: _sizes(demand).start)) if least else joined

    def _tell(self, demands: Sequence[_Demand]) -> None:
        first = demands[0]
        before, self._context.frame = self._context.frame, first.frame
        what = " and ".join(dict.fromkeys(demand.what for demand in demands))
        if any(_is_unmet(demand) for demand in demands):
            message = f"{what} for no {first.condition.name}: {first.condition.text} exclude each other"
            self._context.error("shape-mismatch", message, first.span)
        else:
            help = "any other size is an error; --input 3x224x224 gives one"
            self._context.error("undecided", f"{what} only where {_text(demands)}", first.span, help=help)
        self._context.frame = before


def _sizes(demand: _Demand) -> Sizes:
    assert demand.condition.sizes is not None
    return demand.condition.sizes


def _is_unmet(demand: _Demand) -> bool:
    return demand.condition.sizes is not None and demand.condition.sizes.is_empty


def _join(joined: list[_Demand], demand: _Demand) -> list[_Demand]:
    """Demands with one more, which takes the place of the one that it narrows."""
    for place, other in enumerate(joined):
        both = _sizes(other) & _sizes(demand)
        if both == _sizes(other):
            return joined
        if both is not None:
            return [*joined[:place], *joined[place + 1 :], _narrowed(demand, other, both)]
    return [*joined, demand]


def _with_least(joined: list[_Demand], least: _Demand) -> list[_Demand]:
    """Demands with one of a least size, unless it follows from one of them, or contradicts it."""
    for place, demand in enumerate(joined):
        both = _sizes(demand) & _sizes(least)
        if both == _sizes(demand):
            return joined
        if both is not None and both.is_empty:
            return [*joined[:place], *joined[place + 1 :], _narrowed(demand, least, both)]
    return [*joined, least]


def _narrowed(demand: _Demand, other: _Demand, both: Sizes) -> _Demand:
    """The first demand with the sizes that meet both."""
    name, texts = demand.condition.name, (other.condition.text, demand.condition.text)
    text = None if both.is_empty else words([name], both)
    return demand._replace(condition=Condition(text or " and ".join(texts), name, both))


def _text(demands: Iterable[_Demand]) -> str:
    """All conditions of a place; the same on H and on W as one."""
    names: dict[object, list[Condition]] = {}
    for demand in demands:
        condition = demand.condition
        names.setdefault(condition.sizes or condition.text, []).append(condition)
    texts = []
    for same in names.values():
        sizes = same[0].sizes
        together = words([condition.name for condition in same], sizes) if sizes and len(same) > 1 else None
        texts.append(together or " and ".join(condition.text for condition in same))
    return " and ".join(texts)
