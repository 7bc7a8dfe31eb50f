"""Numbers as JSON can hold them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["as_json"]


def as_json(value: object, indent: int | None = None) -> str:
    """JSON that every parser reads (RFC 8259): what is not a finite number is null.

    >>> as_json({"loss": float("nan"), "rows": ((1, 2.5),)})
    '{"loss": null, "rows": [[1, 2.5]]}'
    """
    return json.dumps(_finite(value), indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {key: _finite(each) for key, each in value.items()}
        case list() | tuple():
            return [_finite(each) for each in value]
    return value
