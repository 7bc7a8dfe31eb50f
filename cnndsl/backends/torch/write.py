"""The source: a Python file whose last class is the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnndsl.analyses.cost import cost
from cnndsl.backends.torch.arguments import literal
from cnndsl.backends.torch.attributes import (
    constant_of,
    has,
    is_constant,
    loop_stop,
    member,
    name_in_loop,
    only_module,
)
from cnndsl.backends.torch.classes import Loop, ModuleClass, Part, classes, outputs_of
from cnndsl.backends.torch.docstring import block, docstring, one_line
from cnndsl.backends.torch.forward import forward, inputs, with_comment
from cnndsl.backends.torch.layout import STEP, Choice, Expression, Group, lines
from cnndsl.backends.torch.library import Library
from cnndsl.backends.torch.names import fields
from cnndsl.backends.torch.tree import Tie, tree
from cnndsl.graph import End, Graph
from cnndsl.layers.lowering import ModuleCall, Slice

__all__ = ["source"]

_BODY = 2 * STEP


def source(graph: Graph, spec: str = "", settings: Mapping[str, object] | None = None) -> str:
    """A graph as Python source; its last class is the network and constructs without arguments.

    It needs torch alone, unless layers of plugins call other packages.

    The names of its parameters are the paths of the graph's nodes with torch's names behind them:
    `stage2.bottleneck1.conv3.weight`.

    Args:
        graph: the network.
        spec: the text it was compiled from, for the docstring.
        settings: the values that the text got from outside, by name, for the docstring.
    """
    network = tree(graph)
    library = Library(item.content for each in network.walk() for item in each.items)
    made = classes(network, graph.name, library)
    outputs = outputs_of(made[-1]) if len(graph.outputs) > 1 else ""
    body = [_class(each, outputs if each is made[-1] else "") for each in made]
    if outputs:
        body.insert(-1, _outputs(outputs, graph))
    text = "\n\n\n".join([*library.parts, *("\n".join(part) for part in body)])
    opening = docstring([*_facts(graph), *_spec(spec, settings or {})])
    return "\n".join([*opening, "", *library.imports(text), "", "", text, ""])


def _facts(graph: Graph) -> Iterator[str]:
    yield f"{one_line(graph.name)}, a network written by cnndsl."
    yield ""
    yield f"Input {_sizes(graph.inputs)}; output {_sizes(graph.outputs)}; {cost(graph).params:,} parameters."


def _spec(text: str, settings: Mapping[str, object]) -> Iterator[str]:
    """The text of a spec, and with which values."""
    if text.strip():
        values = ", ".join(f"{one_line(name)}={one_line(_told(value))}" for name, value in settings.items())
        yield ""
        yield f"Its spec, with {values}:" if values else "Its spec:"
        yield ""
        yield from block(text)


def _told(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _sizes(ends: tuple[End, ...]) -> str:
    return ", ".join(str(end.node.type) for end in ends)


def _outputs(name: str, graph: Graph) -> list[str]:
    names = fields(end.name for end in graph.outputs)
    lines = [f"    {name}: Tensor  # {end.node.type}" for name, end in zip(names, graph.outputs, strict=True)]
    return [f"class {name}(NamedTuple):", *lines]


def _class(made: ModuleClass, result: str) -> list[str]:
    written = [f"class {made.name}(nn.{'Sequential' if made.is_chain else 'Module'}):"]
    written += _signature("__init__", made.parameters, "None")
    written.append(f"{_BODY}super().__init__()")
    direct = {tie.target[0]: tie for tie in made.ties if len(tie.target) == 1}
    for part in made.parts:
        if isinstance(part, Loop):
            written += _loop(made, part)
            continue
        tie = direct.get(part.item.name)
        written += [_tied(tie)] if tie and not part.item.is_again else _part(made, part)
    written += [_tied(tie) for tie in made.ties if len(tie.target) > 1]
    if not made.is_chain:
        written.append("")
        several = f"tuple[{', '.join(['Tensor'] * len(made.outputs))}]"
        returned = result or ("Tensor" if len(made.outputs) == 1 else several)
        written += _signature("forward", dict.fromkeys(inputs(made.inputs), "Tensor"), returned)
        written += forward(made, result)
    return written


def _signature(name: str, parameters: dict[str, str], result: str) -> Iterator[str]:
    items = ("self", *(f"{parameter}: {kind}" for parameter, kind in parameters.items()))
    return lines("", Group(f"def {name}(", items, f") -> {result}:"), "", STEP)


def _part(made: ModuleClass, part: Part) -> Iterator[str]:
    """The lines of a constructor for a part; one that is used again is made already."""
    if part.item.is_again:
        return
    if not part.is_module:
        yield from _kept(made, part)
        return
    name = part.item.name
    value: Expression = _call(part)
    if part.condition:
        value = Choice(value, part.condition, "nn.Identity()")
    written = _assigned(name, value)
    yield from with_comment(written, part) if made.is_chain else written
    yield from _begun(part, member(name), _BODY)


def _kept(made: ModuleClass, part: Part) -> Iterator[str]:
    """The lines for what `forward` has to know of a function."""
    if part.condition:
        yield f"{_BODY}{has(made, part)} = {part.condition}"
    if isinstance(part.item.content, Slice):
        for each in part.arguments:
            if not is_constant(part, each):
                yield f"{_BODY}{constant_of(made, part, each)} = {part.arguments[each]}"


def _loop(made: ModuleClass, loop: Loop) -> Iterator[str]:
    """The lines for a loop, or, in a chain, for parts that stand there twice."""
    modules = loop.modules()
    for part in loop.parts:
        if not part.is_module:
            yield from _kept(made, part)
    if made.is_chain and loop.count == 2:
        for number in (loop.first, loop.first + 1):
            for part in modules:
                name = f"{part.piece.word}{number}{part.piece.suffix}"
                yield from with_comment(_assigned(name, _call(part)), part)
                yield from _begun(part, member(name), _BODY)
        return
    if not loop.count and not made.is_chain and only_module(made) is None:
        yield f"{_BODY}{loop_stop(made, loop)} = {loop.stop}"
    yield f"{_BODY}for i in {loop.range(loop.stop)}:"
    for part in modules:
        name = name_in_loop(part, loop)
        yield from lines("", Group("self.add_module(", (name, _call(part)), ")"), "", _BODY + STEP)
        yield from _begun(part, f"getattr(self, {name})", _BODY + STEP)


def _call(part: Part) -> Group:
    """What makes a module."""
    if part.made is not None:
        return Group(f"{part.made.name}(", tuple(part.arguments.values()), ")")
    content = part.item.content
    assert isinstance(content, ModuleCall)
    by_position = tuple(part.arguments[each] for each in content.args)
    keywords = part.arguments | ({"inplace": "True"} if part.overwrites else {})
    by_keyword = tuple(f"{each}={text}" for each, text in keywords.items() if each not in content.args)
    return Group(f"{part.called}(", by_position + by_keyword, ")")


def _tied(tie: Tie) -> str:
    """The line that puts what is made at one path at another too."""
    return f"{_BODY}{_path(tie.target)} = {_path(tie.origin)}"


def _path(names: tuple[str, ...]) -> str:
    """Python for what stands at a path inside a block."""
    first, *inner = names
    plain = all(not name.startswith("__") for name in inner)
    if plain:
        return ".".join((member(first), *inner))
    return f'self.get_submodule("{".".join(names)}")'


def _begun(part: Part, module: str, indent: str) -> Iterator[str]:
    """The lines that take from a module what the layer does not learn, and give parameters their first values."""
    content = part.item.content
    if not isinstance(content, ModuleCall):
        return
    yield from (f'{indent}{module}.register_parameter("{each}", None)' for each in content.without)
    for each, initial in content.initial.items():
        by_keyword = (f"{name}={literal(value)}" for name, value in initial.kwargs)
        items = (f"{module}.{each}", *map(literal, initial.args), *by_keyword)
        yield from lines("", Group(f"nn.init.{initial.function}(", items, ")"), "", indent)


def _assigned(name: str, value: Expression) -> list[str]:
    if name.startswith("__"):  # a class would change the name
        return list(lines("", Group("self.add_module(", (f'"{name}"', value), ")"), "", _BODY))
    return list(lines(f"self.{name} = ", value, "", _BODY))
