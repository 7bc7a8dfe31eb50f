"""Names and scopes, binding of arguments, expansion of blocks and repeats, shapes: a tree becomes a graph."""

from cnndsl.elaborate.elaborate import elaborate
from cnndsl.elaborate.fitting import with_sizes_that_fit

__all__ = ["elaborate", "with_sizes_that_fit"]
