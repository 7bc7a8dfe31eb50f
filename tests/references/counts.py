"""Parameters and MACs that are worked out as sums of products."""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    params: int
    macs: int
