"""How each construct is written: what stands beside what, and where lines may end.

Line breaks that the writer chose are kept in two places: before the arrows of a statement's own path, and between
branches, arguments or rows each of which stands on a line of its own. All others follow from the width of a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Literal

from cnndsl.syntax import ast
from cnndsl.syntax.forms import Forms
from cnndsl.syntax.layout import INDENT, Break, Open, Pad, flat_width
from cnndsl.syntax.tables import gaps_in_rows
from cnndsl.syntax.words import Words

__all__ = ["LONGEST_HEAD", "Styled"]

LONGEST_HEAD = 40
"""Columns of a definition's head that others are aligned with, and behind which a body of several lines stands."""

_Steps = Iterator[ast.Node]
"""A method writes its words and yields the nodes that are to be written between them."""

_SIMPLE = (ast.Name, ast.Number, ast.Size, ast.String, ast.Boolean)
_OPERANDS = (ast.Name, ast.Number)
_CLOSING = {"(": ")", "[": "]"}


class Styled:
    """A statement as items for the layout.

    Attributes:
        words: the items.
        head: of a definition without comments in it, the columns before its `=`; else None.
    """

    def __init__(self, statement: ast.Statement) -> None:
        self.words = Words(statement.span)
        self._forms = Forms()
        self.head: int | None = None
        self._equals = 0
        self._own: ast.Expression | None = None
        self._tight: ast.Expression | None = None
        self._gaps: dict[int, Sequence[int]] = {}  # of rows of a table, by the place where they start
        self.words.open()
        self._write(statement)
        self.words.close()
        if self.words.has_comments:
            self.head = None

    def align(self, head: int) -> None:
        """Move the `=` of a definition behind a head of that many columns."""
        assert self.head is not None
        self.words.items[self._equals] = " " * (head - self.head + 1)

    def _write(self, node: ast.Node) -> None:
        """Without recursion, however deep the tree."""
        running = [self._steps(node)]
        while running:
            below = next(running[-1], None)
            if below is None:
                running.pop()
            else:
                running.append(self._steps(below))

    def _steps(self, node: ast.Node) -> _Steps:
        steps: _Steps = getattr(self, _method(type(node).__name__))(node)
        return steps

    # statements

    def _definition(self, node: ast.Definition) -> _Steps:
        if node.shared:
            self.words.put("shared", " ")
        self.words.put(node.name)
        if node.parameters is not None:
            yield from self._listed("(", node.parameters, _is_simple_throughout(node.parameters))
        items = self.words.items
        self.head = sum(map(flat_width, items))
        self._equals = len(items)
        items.append(" ")
        self.words.put_behind("=", Open(farthest=LONGEST_HEAD + len(" =")), Break("edge", offset=1))
        self._own = node.body
        yield node.body
        self.words.close()

    def _parameter(self, node: ast.Parameter) -> _Steps:
        if node.shared:
            self.words.put("shared", " ")
        self.words.put(node.name)
        if node.default is not None:
            self.words.put("=")
            self._tight = node.default
            yield node.default

    def _flow(self, node: ast.Flow) -> _Steps:
        self._own = node.expression
        yield node.expression

    def _use(self, node: ast.Use) -> _Steps:
        self.words.put("use", " ", f'"{node.path}"')
        yield from ()

    def _default(self, node: ast.Default) -> _Steps:
        self.words.put("default", " ")
        yield node.call

    def _require(self, node: ast.Require) -> _Steps:
        self.words.put("require", " ")
        yield node.test

    # operators, loosest first

    def _conditional(self, node: ast.Conditional) -> _Steps:
        """A chain of them has a line for each side."""
        otherwise: ast.Expression = node
        self.words.open()
        while isinstance(otherwise, ast.Conditional):
            yield otherwise.then
            self.words.put_in_front("if", Break("fill", offset=INDENT))
            yield otherwise.test
            self.words.items.append(" ")
            self.words.put_behind("else", Break("all"))
            otherwise = otherwise.otherwise
        yield otherwise
        self.words.close()

    def _booleanoperation(self, node: ast.BooleanOperation) -> _Steps:
        yield node.left
        self.words.put_in_front(node.operator, Break("fill", offset=INDENT))
        yield node.right

    def _negation(self, node: ast.Negation) -> _Steps:
        self.words.put("not", " ")
        yield node.operand

    def _comparison(self, node: ast.Comparison) -> _Steps:
        yield node.left
        self.words.put(" ", node.operator, " ")
        yield node.right

    def _choice(self, node: ast.Choice) -> _Steps:
        return self._joined(node, node.options, "|" * (len(node.options) - 1))

    def _merge(self, node: ast.Merge) -> _Steps:
        if node is self._tight and len(node.terms) == 2 and all(isinstance(term, _OPERANDS) for term in node.terms):
            left, right = node.terms
            if "#" not in _between(left, right):
                return self._infix(left, node.operators[0], right)
        return self._joined(node, node.terms, node.operators)

    def _joined(self, node: ast.Expression, parts: Sequence[ast.Expression], operators: Sequence[str]) -> _Steps:
        offset = -len("+ ") if node is self._own else 0
        self.words.open()
        yield parts[0]
        for operator, part in zip(operators, parts[1:], strict=True):
            self.words.put_in_front(operator, Break("all", offset=offset))
            yield part
        self.words.close()

    def _sequence(self, node: ast.Sequence) -> _Steps:
        """A flow of several lines has its start on the first; the arrows of a definition stand left of its body."""
        is_own = node is self._own
        is_flow = is_own and self.words.is_at_start
        offset = -len("-> ") if is_own and not is_flow else INDENT
        usual: Literal["all", "fill"] = "all" if is_flow else "fill"
        self.words.open()
        yield node.elements[0]
        for before, after in pairwise(node.elements):
            kind = "hard" if is_own and self._are_on_two_lines(before, after) else usual
            self.words.put_in_front("->", Break(kind, offset=offset))
            yield after
            usual = "fill"
        self.words.close()

    def _label(self, node: ast.Label) -> _Steps:
        yield node.element
        self.words.put(" ", "as", " ", node.name)

    def _optional(self, node: ast.Optional) -> _Steps:
        yield node.inner
        self.words.put("?")

    def _arithmetic(self, node: ast.Arithmetic) -> _Steps:
        return self._infix(node.left, node.operator, node.right)

    def _infix(self, left: ast.Expression, operator: str, right: ast.Expression) -> _Steps:
        yield left
        self.words.put(operator)
        yield right

    def _negative(self, node: ast.Negative) -> _Steps:
        self.words.put("-")
        yield node.operand

    # brackets

    def _call(self, node: ast.Call) -> _Steps:
        self.words.put(node.name)
        return self._listed("(", node.arguments, _is_simple_throughout(node.arguments))

    def _argument(self, node: ast.Argument) -> _Steps:
        if node.keyword is not None:
            self.words.put(node.keyword, "=")
        self._tight = node.value
        yield node.value

    def _tuple(self, node: ast.Tuple) -> _Steps:
        gaps = self._gaps.get(node.span.start, ())
        return self._listed("(", node.items, _is_simple_throughout(node.items), gaps)

    def _concatenation(self, node: ast.Concatenation) -> _Steps:
        return self._listed("[", node.branches, is_filled=False)

    def _listed(self, opening: str, nodes: Sequence[ast.Node], is_filled: bool, gaps: Sequence[int] = ()) -> _Steps:
        self.words.open_bracket(opening, not is_filled and self._is_one_a_line(nodes), sum(gaps))
        yield from self._one_behind_another(nodes, is_filled, gaps)
        if len(nodes) == 1 and isinstance(nodes[0], ast.Expression):
            self.words.put_behind(",")  # of a tuple
        self.words.close_bracket(_CLOSING[opening])

    def _one_behind_another(self, nodes: Sequence[ast.Node], is_filled: bool, gaps: Sequence[int] = ()) -> _Steps:
        self._gaps |= gaps_in_rows(nodes)
        for number, node in enumerate(nodes):
            if number:
                self.words.put_behind(",", Break("fill" if is_filled else "all"))
            if gaps and gaps[number]:
                self.words.items.append(Pad(gaps[number]))
            self._tight = node if isinstance(node, ast.Expression) else None
            yield node

    def _group(self, node: ast.Group) -> _Steps:
        """`[ ]` around what is a network by its form, `( )` around a number, and as it was where no form tells."""
        self.words.skip()
        written = "[" if self.words.is_next("[") or self.words.is_at_start else "("
        opening = {"network": "[", "number": "("}.get(self._forms.inside(node) or "", written)
        opening = "[" if self.words.is_at_start else opening  # no statement starts with the other
        self.words.open_bracket(opening)
        self._tight = node.inner if opening == "(" else None
        yield node.inner
        self.words.close_bracket(_CLOSING[opening])

    def _for(self, node: ast.For) -> _Steps:
        self.words.open_bracket("[")
        yield node.body
        end = Break("fill", offset=INDENT)
        if node.join == ",":
            self.words.put_behind(",", end)
        elif node.join == "->":
            self.words.items.append(end)
        else:
            self.words.put_in_front(node.join, end)
        self.words.put("for", " ", node.names[0])
        for name in node.names[1:]:
            self.words.put_behind(",", Break("fill", offset=INDENT))
            self.words.put(name)
        self.words.put(" ", "in")
        self.words.items.append(Break("fill"))
        is_filled = _is_simple_throughout(node.rows)
        self.words.open(not is_filled and self._is_one_a_line(node.rows))
        yield from self._one_behind_another(node.rows, is_filled)
        self.words.close()
        self.words.close_bracket("]")

    # words

    def _name(self, node: ast.Name) -> _Steps:
        return self._word(node.name)

    def _number(self, node: ast.Number) -> _Steps:
        return self._word(node.text)

    def _size(self, node: ast.Size) -> _Steps:
        return self._word(node.span.text.replace("X", "x").replace("×", "x"))

    def _string(self, node: ast.String) -> _Steps:
        return self._word(f'"{node.value}"')

    def _boolean(self, node: ast.Boolean) -> _Steps:
        return self._word("true" if node.value else "false")

    def _word(self, word: str) -> _Steps:
        self.words.put(word)
        yield from ()

    # lines

    def _is_one_a_line(self, nodes: Sequence[ast.Node]) -> bool:
        """Whether every node but the first starts on a line of its own."""
        return len(nodes) > 1 and all(self._are_on_two_lines(*pair) for pair in pairwise(nodes))

    def _are_on_two_lines(self, before: ast.Node, after: ast.Node) -> bool:
        return "\n" in _between(before, after)


@cache
def _method(kind: str) -> str:
    return f"_{kind.lower()}"


def _between(before: ast.Node, after: ast.Node) -> str:
    return before.span.source.text[before.span.end : after.span.start]


def _is_simple_throughout(nodes: Sequence[ast.Node]) -> bool:
    """Whether nodes are words and numbers, which go several to a line."""
    return all(isinstance(_value(node), _SIMPLE) for node in nodes)


def _value(node: ast.Node) -> ast.Node | None:
    """What an argument or a parameter without a name or default is written as."""
    match node:
        case ast.Argument(keyword=None, value=value):
            return value
        case ast.Parameter(name=name, default=None, shared=False, span=span):
            return ast.Name(span, name)
        case ast.Argument() | ast.Parameter():
            return None
    return node
