"""What a network comes to where no module is written for it."""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    """Learned parameters, and products with weights for one sample."""

    params: int
    macs: int
