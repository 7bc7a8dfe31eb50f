"""A file as the elaborator sees it: what is defined, what the command line sets, and what its words can mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.elaborate.values import Block, InputShape, Scope, Value, is_network
from cnndsl.layers import Layer, layers_by_word, structure, symbols
from cnndsl.syntax import ast

__all__ = ["CLASSES", "SHAPE_NAMES", "Program", "is_recipe", "starts_with_input"]

SHAPE_NAMES = ("C", "H", "W")
"""The shape that enters an element, in the arguments of that element."""

CLASSES = "classes"
"""The name whose value a bare last FC takes for its units, defined or not."""

_NETWORK_FORMS = (ast.Sequence, ast.Concatenation, ast.For, ast.Optional, ast.Choice, ast.Label)


class Program:
    """A parsed file with everything that its words can mean.

    Attributes:
        file: the tree.
        definitions: the file's definitions by name.
        overrides: values from the command line, for definitions and for free names; None for a text that is none.
        inputs: shapes from the command line, by the name of the input; "" for the only one.
        layers: layer types by word, in capitals.
        symbols: the bare words that layers declare.
    """

    def __init__(
        self,
        file: ast.File,
        overrides: Mapping[str, Value | None],
        inputs: Mapping[str, InputShape] | None = None,
    ) -> None:
        self.file = file
        self.inputs = inputs or {}
        self.definitions: dict[str, ast.Definition] = {}
        for definition in file.definitions:
            self.definitions.setdefault(definition.name, definition)
        self.overrides = overrides
        self.layers = layers_by_word()
        self.symbols = symbols()
        shadowing = [name for name in _bound_names(file) if name.upper() in self.layers and name != name.upper()]
        self._shadowing = {name.upper(): name for name in shadowing}
        self._shadowed = {name.upper() for name in self.definitions}
        self._forms: dict[str, bool | None] = {}

    def layer(self, name: str) -> type[Layer] | None:
        """The layer that a word names, in any case; beside a definition of that word, in capitals only."""
        upper = name.upper()
        return None if upper in self._shadowed and name != upper else self.layers.get(upper)

    def third_spelling(self, name: str) -> str | None:
        """The definition, parameter or name of a row beside which this spelling of a layer is not allowed."""
        bound = self._shadowing.get(name.upper())
        return bound if bound not in (None, name) and name != name.upper() else None

    def alias(self, name: str) -> ast.Definition | type[Layer] | None:
        """The block or layer that a definition is another name for: `act = RELU`."""
        seen: set[str] = set()
        while name in self.definitions and name not in seen:
            definition = self.definitions[name]
            if definition.parameters is not None:
                return definition
            if not isinstance(definition.body, ast.Name):
                return None
            seen.add(name)
            name = definition.body.name
        return None if name in seen else self.layer(name)

    def is_data(self, definition: ast.Definition) -> bool:
        """Whether a definition is a value rather than a piece of network, by its form."""
        return definition.parameters is None and self.is_network(definition.body) is not True

    def is_network(self, expression: ast.Expression, scope: Scope | None = None) -> bool | None:
        """Whether an expression is a piece of network, by its form alone; None where its parameters decide that."""
        match expression:
            case ast.Group(inner=inner):
                return self.is_network(inner, scope)
            case ast.Merge(terms=terms, operators=operators):
                return True if "&" in operators else self._first_decided(terms, scope)
            case ast.Arithmetic(operator="*", left=left, right=right):
                return self._first_decided((left, right), scope)
            case ast.Conditional(then=then, otherwise=otherwise):
                return self._first_decided((then, otherwise), scope)
            case ast.Name(name=name) | ast.Call(name=name):
                return self._names_network(name, scope, is_call=isinstance(expression, ast.Call))
        return isinstance(expression, _NETWORK_FORMS)

    def _first_decided(self, expressions: tuple[ast.Expression, ...], scope: Scope | None) -> bool | None:
        for expression in expressions:
            form = self.is_network(expression, scope)
            if form is not None:
                return form
        return None

    def _names_network(self, name: str, scope: Scope | None, is_call: bool) -> bool | None:
        value = scope.find(name) if scope else None
        if isinstance(value, Block):
            return self._body_is_network(value.definition) if is_call else True
        if value is not None:
            return is_network(value)
        if name in self.definitions:
            definition = self.definitions[name]
            return True if definition.parameters is not None and not is_call else self._body_is_network(definition)
        if (is_call and name in FUNCTIONS) or name in SHAPE_NAMES or name in self.overrides:
            return False
        return True if self.layer(name) else None

    def _body_is_network(self, definition: ast.Definition) -> bool | None:
        name = definition.name
        if name not in self._forms:
            self._forms[name] = None  # while it is looked at: a definition that contains itself
            self._forms[name] = self.is_network(definition.body)
        return self._forms[name]


def _bound_names(file: ast.File) -> Iterator[str]:
    """Everything that the file gives a meaning: definitions, parameters, names of rows, labels."""
    for node in file.walk():
        if isinstance(node, ast.Definition | ast.Parameter | ast.Label):
            yield node.name
        elif isinstance(node, ast.For):
            yield from node.names


def starts_with_input(expression: ast.Expression) -> bool:
    """Whether a path has an INPUT of its own at its start."""
    match expression:
        case ast.Sequence(elements=(first, *_)) | ast.Group(inner=first):
            return starts_with_input(first)
        case ast.Name(name=name) | ast.Call(name=name):
            return name.upper() == structure.Input.word()
    return False


def is_recipe(statement: ast.Statement) -> bool:
    """Whether a statement says how to train; the compiler of the network never looks at it."""
    match statement:
        case ast.Flow(expression=ast.Call(name=name)):
            return name.upper() == "TRAIN"
    return False
