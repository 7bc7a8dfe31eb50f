"""From text to tree: the grammar's tables, the parser, the nodes."""

from cnndsl.syntax.parser import LONGEST_TEXT, parse, parse_expression

__all__ = ["LONGEST_TEXT", "parse", "parse_expression"]
