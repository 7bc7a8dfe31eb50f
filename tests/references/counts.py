"""What a network comes to where it is worked out by arithmetic."""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    params: int
    macs: int
