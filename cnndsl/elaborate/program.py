"""A file as the elaborator sees it: what is defined, what the command line sets, and what its words can mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.elaborate.filling import NO_DATA, Filling
from cnndsl.elaborate.prelude import prelude_file, prelude_words
from cnndsl.elaborate.switches import chosen, is_switch
from cnndsl.elaborate.values import Block, InputShape, Scope, Value, is_network
from cnndsl.layers import Layer, functions, layers_by_word, structure, symbols
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = [
    "CLASSES",
    "RECIPE",
    "SHAPE_NAMES",
    "Program",
    "is_model",
    "is_private",
    "is_recipe",
    "names_input",
    "prelude",
    "starts_with_input",
]

SHAPE_NAMES = ("C", "H", "W")
"""The shape that enters an element, in the arguments of that element."""

RECIPE = "TRAIN"
"""The call, in any case, that is left to training."""

CLASSES = "classes"
"""The name whose value a bare last FC takes for its units, defined or not."""

_MEANT = re.compile(
    r"\A\s*(?:(?:shared|def)\s+)?([A-Za-z_]\w*)"
    r"|\b([A-Za-z_]\w*)[ \t]*(?:\([^()\n]*\)?)?[ \t]*=(?!=)"
    r"|\bas[ \t]+([A-Za-z_]\w*)"
)
"""In a text that need not follow the grammar: the head of a definition, a label."""

_BRINGS_IN = re.compile(r"\s*#?(?:use|import|include|from)\b", re.IGNORECASE)
_NESTING_FORMS = (ast.Group, ast.Merge, ast.Arithmetic, ast.Conditional, ast.Choice)
"""What is a piece of network if something in it is."""

_NETWORK_FORMS = (ast.Sequence, ast.Concatenation, ast.For, ast.Optional, ast.Label)


class Used(NamedTuple):
    """The files that a file brings in.

    Attributes:
        programs: those that could be had.
        is_complete: whether these are all, so that a name without a meaning is a mistake.
    """

    programs: tuple[Program, ...] = ()
    is_complete: bool = True


class Program:
    """A parsed file with everything that its words can mean.

    Attributes:
        file: the tree.
        definitions: the file's definitions by name; of a switch, the side that is taken.
        switches: the names of those that are switches.
        models: the names of those that are networks with inputs of their own.
        overrides: values from the command line, for definitions and for free names; None for a text that is none.
        of_models: values from the command line for parameters of models, likewise.
        inputs: shapes from the command line, by the name of the input; "" for the only one.
        used: the files whose definitions it brings in.
        layers: layer types by word, in capitals.
        symbols: the bare words that layers declare, but for those that what could not be read may define.
        functions: the words that layers declare with arguments.
        defaults: for a layer by word, the arguments that a `default` statement gives it.
        filling: what its data says of what it leaves open.
        is_filled_in: whether something of that was needed.
    """

    def __init__(
        self,
        file: ast.File,
        overrides: Mapping[str, Value | None],
        inputs: Mapping[str, InputShape] | None = None,
        used: Used = Used(),  # noqa: B008 - immutable
        of_models: Mapping[str, Value | None] | None = None,
        filling: Filling = NO_DATA,
    ) -> None:
        self.file = file
        self.filling = filling
        self.is_filled_in = False
        self.inputs = inputs or {}
        self.overrides = overrides
        self.of_models = of_models or {}
        self.used = used
        self.definitions: dict[str, ast.Definition] = {}
        for definition in file.definitions:
            self.definitions.setdefault(definition.name, chosen(definition, overrides.get(definition.name)))
        self.switches = {definition.name for definition in file.definitions if is_switch(definition)}
        self.layers = layers_by_word()
        self.symbols = symbols() - self._lost
        self.functions = functions()
        self.defaults: dict[str, Mapping[str, ast.Argument]] = {}
        shadowing = [name for name in (*self._imported, *_bound_names(file)) if name != name.upper()]
        self._shadowing = {name.upper(): name for name in shadowing}
        self.models = {definition.name for definition in self.definitions.values() if is_model(definition)}
        self._shadowed = {name.upper() for name in self.definitions} | {name.upper() for name in self._imported}
        self._blocks: dict[str, Block | None] = {}
        self._forms: dict[str, bool | None] = {}
        self._known: dict[int, bool | None] = {}
        """What was found of expressions, by their ids, as far as no parameters decide that."""
        self._open = 0
        """How many definitions are being looked at: what is found meanwhile may change."""
        self._aliases: dict[str, Block | type[Layer] | None] = {}

    @cached_property
    def _imported(self) -> dict[str, list[Block]]:
        """What each name brought in by `use` can mean: one definition, unless two files have the name.

        Not those that what could not be read may define: these are the file's own.
        """
        imported: dict[str, list[Block]] = {}
        for program in self.used.programs:
            for name, definition in program.definitions.items():
                if not is_private(name) and not self.is_lost(name):
                    imported.setdefault(name, []).append(Block(definition, program))
        return imported

    @cached_property
    def labels(self) -> Mapping[str, Span]:
        """Every name that `as` gives somewhere in the file, and one of its places."""
        return {node.name: node.span for node in self.file.walk() if isinstance(node, ast.Label)}

    @cached_property
    def _lost(self) -> frozenset[str]:
        """Words to which a stretch of the file that could not be read may give a meaning."""
        return frozenset(word for span in self.file.broken for found in _MEANT.findall(span.text) for word in found)

    @cached_property
    def _lacks_a_file(self) -> bool:
        """Whether a stretch that could not be read may bring in a file: as other languages write that, too."""
        return any(_BRINGS_IN.match(span.text) for span in self.file.broken)

    def may_mean_something(self, word: str) -> bool:
        """Whether a word without a meaning may have one in what could not be read, here or in a file brought in."""
        return not self.used.is_complete or self._lacks_a_file or self.is_lost(word)

    def is_lost(self, word: str) -> bool:
        """Whether a stretch of the file that could not be read may give a word a meaning."""
        return word in self._lost

    @property
    def words(self) -> set[str]:
        """All names of definitions that can be written in this file, for suggestions."""
        return {*self.definitions, *self._imported, *prelude_words()}

    def find(self, name: str) -> Block | None:
        """The definition that a name means: the file's own, one brought in, or one of the prelude in any case.

        Of a name that two files bring in, none; `sources` tells them.
        """
        if name not in self._blocks:
            self._blocks[name] = self._find(name)
        return self._blocks[name]

    def _find(self, name: str) -> Block | None:
        own = self.definitions.get(name)
        if own is not None:
            return Block(own, self)
        imported = self._imported.get(name, ())
        if imported:
            return imported[0] if len(imported) == 1 else None
        upper = name.upper()
        if upper in prelude_words() and not self._is_own(name):
            shipped = prelude()
            return None if shipped is self else Block(shipped.definitions[upper], shipped)
        return None

    def sources(self, name: str) -> list[Block]:
        """The definitions that files brought in have for a name, which is not the file's own."""
        return [] if name in self.definitions else self._imported.get(name, [])

    def layer(self, name: str) -> type[Layer] | None:
        """The layer that a word names, in any case; beside a definition of that word, in capitals only."""
        return None if self._is_own(name) else self.layers.get(name.upper())

    def _is_own(self, name: str) -> bool:
        """Whether a word, not in capitals, is one of the file's own and no layer; what could not be read counts."""
        upper = name.upper()
        return name != upper and (upper in self._shadowed or self.is_lost(name))

    def third_spelling(self, name: str) -> str | None:
        """The definition, parameter or label beside which this spelling of a layer or shipped block is not allowed."""
        upper = name.upper()
        bound = self._shadowing.get(upper)
        if bound in (None, name) or name == upper or name in self._imported:
            return None
        return bound if upper in self.layers or upper in prelude_words() else None

    def alias(self, name: str) -> Block | type[Layer] | None:
        """The block or layer that a definition is another name for: `act = RELU`."""
        program, chain = self, list[tuple[Program, str]]()
        found: Block | type[Layer] | None = None
        while name not in program._aliases:
            program._aliases[name] = None  # while it is looked for: definitions that stand for each other
            chain.append((program, name))
            block = program.find(name)
            if block is None:
                found = program.layer(name)
                break
            body = block.definition.body
            if block.definition.parameters is not None or not isinstance(body, ast.Name) or names_input(body.name):
                found = None if block.definition.parameters is None else block
                break
            program, name = block.program, body.name
        else:
            found = program._aliases[name]
        for program, name in chain:
            program._aliases[name] = found
        return found

    def is_data(self, definition: ast.Definition) -> bool:
        """Whether a definition is a value rather than a piece of network, by its form."""
        return definition.parameters is None and self.is_network(definition.body) is not True

    def is_settable(self, definition: ast.Definition) -> bool:
        """Whether `-D` can set it: a value or a switch."""
        return is_switch(definition) or self.is_data(definition)

    def is_network(self, expression: ast.Expression, scope: Scope | None = None) -> bool | None:
        """Whether an expression is a piece of network, by its form alone; None where its parameters decide that."""
        if not isinstance(expression, _NESTING_FORMS):
            return self._is_network(expression, scope)
        if scope is not None and scope.forms is None:
            scope.forms = {}
        known = self._known if scope is None else scope.forms
        assert known is not None
        key = id(expression)
        if key in known:
            return known[key]
        form = self._is_network(expression, scope)
        if not self._open:
            known[key] = form
        return form

    def _is_network(self, expression: ast.Expression, scope: Scope | None) -> bool | None:
        match expression:
            case ast.Group(inner=inner):
                return self.is_network(inner, scope)
            case ast.Merge(terms=terms, operators=operators):
                return True if "&" in operators else self._first_decided(terms, scope)
            case ast.Arithmetic(operator="*", left=left, right=right):
                return self._first_decided((left, right), scope)
            case ast.Conditional(then=then, otherwise=otherwise):
                return self._first_decided((then, otherwise), scope)
            case ast.Choice(options=(first, *_)):
                return self.is_network(first, scope)
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
            return value.program.makes_network(value.definition) if is_call else True
        if value is not None:
            return is_network(value)
        block = self.find(name)
        if block is not None:
            is_whole = block.definition.parameters is not None and not is_call
            return True if is_whole else block.program.makes_network(block.definition)
        if (is_call and (name in FUNCTIONS or name in self.functions)) or name in SHAPE_NAMES or name in self.overrides:
            return False
        return True if self.layer(name) else None

    def makes_network(self, definition: ast.Definition) -> bool | None:
        """Whether a call of one of this file's definitions is a piece of network; None where its arguments decide."""
        name = definition.name
        if name not in self._forms:
            self._forms[name] = None  # while it is looked at: a definition that contains itself
            self._open += 1
            self._forms[name] = self.is_network(definition.body)
            self._open -= 1
        return self._forms[name]


_prelude: list[Program] = []


def prelude() -> Program:
    """The composite blocks that are shipped, `cnndsl/prelude.cnn`."""
    if not _prelude:
        _prelude.append(Program(prelude_file(), {}))
    return _prelude[0]


def _bound_names(file: ast.File) -> Iterator[str]:
    """Everything that the file gives a meaning: definitions, parameters, names of rows, labels."""
    for node in file.walk():
        if isinstance(node, ast.Definition | ast.Parameter | ast.Label):
            yield node.name
        elif isinstance(node, ast.For):
            yield from node.names


def starts_with_input(expression: ast.Expression) -> bool:
    """Whether a path has an INPUT of its own at its start, or merges such paths."""
    match expression:
        case ast.Sequence(elements=(first, *_)) | ast.Group(inner=first) | ast.Label(element=first):
            return starts_with_input(first)
        case ast.Concatenation(branches=branches) | ast.Merge(terms=branches):
            return all(map(starts_with_input, branches))
        case ast.Name(name=name) | ast.Call(name=name):
            return names_input(name)
    return False


def names_input(name: str) -> bool:
    """Whether a word is INPUT, in any case."""
    return name.upper() == structure.Input.word()


def is_model(definition: ast.Definition) -> bool:
    """Whether a definition is a network with its own inputs, or one that lacks its brackets: `INPUT -> CONV + ID`."""
    body = definition.body
    return starts_with_input(body.terms[0] if isinstance(body, ast.Merge) else body)


def is_private(name: str) -> bool:
    """Whether a name is for its own file only."""
    return name.startswith("_")


def is_recipe(statement: ast.Statement) -> bool:
    """Whether a statement says how to train; the compiler of the network never looks at it."""
    match statement:
        case ast.Flow(expression=ast.Call(name=name)):
            return name.upper() == RECIPE
    return False
