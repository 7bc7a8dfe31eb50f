"""Numbers of a data set or of a standard as tensors, which stay on their device."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

__all__ = ["LUMA", "per_channel"]

LUMA = (0.299, 0.587, 0.114)
"""What red, green and blue give to a grey value (ITU-R BT.601)."""


@lru_cache(maxsize=64)
def per_channel(values: tuple[float, ...], device: torch.device) -> Tensor:
    """1 x C x 1 x 1; not to be written to."""
    with torch.inference_mode(mode=False):  # it may be asked for in evaluation first, and then be trained with
        return torch.tensor(values, dtype=torch.float32, device=device).view(1, -1, 1, 1)
