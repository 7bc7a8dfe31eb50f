"""From text to tree: the grammar's tables, the parser, the nodes."""

from cnndsl.syntax.parser import parse, parse_expression

__all__ = ["parse", "parse_expression"]
