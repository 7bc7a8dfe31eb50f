"""What a network comes to where a sum says it."""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    """Parameters, and multiply-accumulates for one sample."""

    params: int
    macs: int
