"""What a network comes to where it is worked out as a sum."""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    params: int
    macs: int
