"""Names and scopes, binding of arguments, expansion of blocks and repeats, shapes: a tree becomes a graph."""

from cnndsl.elaborate.elaborate import elaborate

__all__ = ["elaborate"]
