"""What a seed may be."""

from __future__ import annotations

__all__ = ["LARGEST_SEED"]

LARGEST_SEED = 2**63 - 1
"""torch takes 64 bits."""
