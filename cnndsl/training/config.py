"""What a run was started with, as JSON that is read back with care: a run folder may come from anywhere."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, TypeVar

from cnndsl.compiler import Filling
from cnndsl.training.data import Facts

__all__ = ["Config", "Damaged"]

FORMAT = 2
"""Of the JSON; a reader refuses every other."""

LARGEST_COUNT = 2**31

T = TypeVar("T")


class Damaged(Exception):
    """The JSON is not what `Config.to_json` writes; the text is a half sentence that says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a run was started with.

    Attributes:
        network: the name of the spec.
        model: which of its models; "" for the only one.
        parameters: what was set with `-D`, by name.
        inputs: the sizes that were set with `--input`, by name; "" stands for the only one.
        data: what is known of the data.
        filling: what the spec took from them where it leaves something open.
        device: where.
        weights: the file of the weights that it began with; "" for initial values.
        fingerprint: of the images, before any are kept for validation; "" where none was taken.
        images: how many there were.
        cnndsl: the version that wrote this.
        torch: likewise.
    """

    network: str
    model: str
    parameters: Mapping[str, object]
    inputs: Mapping[str, object]
    data: Facts
    filling: Filling
    device: str
    weights: str = ""
    fingerprint: str = ""
    images: int = 0
    cnndsl: str
    torch: str

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self), "filling": self.filling._asdict()}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Config:
        """The config in a text.

        Raises:
            Damaged: the text is something else.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            raise Damaged("it is not JSON") from None
        found = _Fields(values if isinstance(values, dict) else {}, "")
        version = found.get("format", _whole)
        if version != FORMAT:
            raise Damaged(f"it has format {version}, and this version of cnndsl reads {FORMAT}")
        return cls(
            network=found.get("network", _text),
            model=found.get("model", _text),
            parameters=found.get("parameters", _object),
            inputs=found.get("inputs", _object),
            data=_facts(_Fields(found.get("data", _object), "data.")),
            filling=_filling(_Fields(found.get("filling", _object), "filling.")),
            device=found.get("device", _text),
            weights=found.get("weights", _text) if "weights" in found.values else "",
            fingerprint=found.get("fingerprint", _text) if "fingerprint" in found.values else "",
            images=found.get("images", _whole) if "images" in found.values else 0,
            cnndsl=found.get("cnndsl", _text),
            torch=found.get("torch", _text),
        )


class _Fields:
    """The values of a JSON object, each checked when it is asked for."""

    def __init__(self, values: Mapping[str, Any], prefix: str) -> None:
        self.values = values
        self.prefix = prefix

    def get(self, name: str, kind: Callable[[Any], T]) -> T:
        if name not in self.values:
            raise Damaged(f"it has no `{self.prefix}{name}`")
        try:
            return kind(self.values[name])
        except (ValueError, OverflowError):
            self.refuse(name)

    def refuse(self, name: str) -> NoReturn:
        raise Damaged(f"`{self.prefix}{name}` cannot be {json.dumps(self.values[name])[:60]}")


def _facts(found: _Fields) -> Facts:
    facts = Facts(
        name=found.get("name", _text),
        shape=found.get("shape", _shape),
        classes=found.get("classes", _list_of(_text)),
        mean=found.get("mean", _list_of(_number)),
        std=found.get("std", _list_of(_number)),
        white=found.get("white", _number),
    )
    for name in ("mean", "std"):
        if len(getattr(facts, name)) != facts.shape[0]:
            found.refuse(name)
    if min(facts.std) <= 0:
        found.refuse("std")
    if facts.white <= 0:
        found.refuse("white")
    return facts


def _filling(found: _Fields) -> Filling:
    return Filling(found.get("input", _extents_or_none), found.get("classes", _count), found.get("why", _text))


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() else _unfit()


def _whole(value: Any) -> int:
    return value if type(value) is int else _unfit()


def _number(value: Any) -> float:
    return float(value) if type(value) in (int, float) and math.isfinite(value) else _unfit()


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else _unfit()


def _list_of(kind: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    return lambda value: tuple(map(kind, value)) if isinstance(value, list) and value else _unfit()


def _shape(value: Any) -> tuple[int, int, int]:
    channels, height, width = _list_of(_count)(value)
    return channels, height, width


def _extents_or_none(value: Any) -> tuple[int, ...] | None:
    return None if value is None else _list_of(_count)(value)


def _count(value: Any) -> int:
    return value if type(value) is int and 0 < value < LARGEST_COUNT else _unfit()


def _unfit() -> NoReturn:
    raise ValueError
