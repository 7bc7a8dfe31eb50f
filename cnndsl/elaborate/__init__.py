"""Names and scopes, binding of arguments, expansion of blocks and repeats, shapes: a tree becomes a graph."""

from cnndsl.elaborate.elaborate import Elaborated, elaborate
from cnndsl.elaborate.filling import NO_DATA, Filling
from cnndsl.elaborate.fitting import with_sizes_that_fit
from cnndsl.elaborate.statements import Measured

__all__ = ["NO_DATA", "Elaborated", "Filling", "Measured", "elaborate", "with_sizes_that_fit"]
