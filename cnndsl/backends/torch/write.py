"""The source: a Python file whose last class is the network."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.analyses.cost import cost
from cnndsl.backends.torch.classes import ModuleClass, Part, classes, literal, numbered, outputs_of
from cnndsl.backends.torch.forward import constant_of, forward, inputs, is_constant_part, member, with_comment
from cnndsl.backends.torch.layout import Expression, Group, lines
from cnndsl.backends.torch.library import Library
from cnndsl.backends.torch.names import fields
from cnndsl.backends.torch.tree import Instance, Tie, tree
from cnndsl.graph import End, Graph
from cnndsl.layers.lowering import Initial, ModuleCall, Slice

__all__ = ["source"]

_BODY = " " * 8


def source(graph: Graph) -> str:
    """A graph as Python source; its last class is the network and constructs without arguments.

    It needs torch alone, unless layers of plugins call other packages.

    The names of its parameters are the paths of the graph's nodes with torch's names behind them:
    `stage2.bottleneck1.conv3.weight`.
    """
    network = tree(graph)
    library = Library(item.content for each in network.walk() for item in each.items)
    made = classes(network, graph.name, library)
    outputs = outputs_of(made[-1]) if len(graph.outputs) > 1 else ""
    body = [_class(each, outputs if each is made[-1] else "") for each in made]
    if outputs:
        body.insert(-1, _outputs(outputs, graph))
    text = "\n\n\n".join([*library.parts, *("\n".join(part) for part in body)])
    return "\n".join([*_opening(graph), "", *library.imports(text), "", "", text, ""])


def _opening(graph: Graph) -> Iterator[str]:
    yield f'"""{_plain(graph.name)}, a network written by cnndsl.'
    yield ""
    yield f"Input {_sizes(graph.inputs)}; output {_sizes(graph.outputs)}; {cost(graph).params:,} parameters."
    yield '"""'


def _sizes(ends: tuple[End, ...]) -> str:
    return ", ".join(str(end.node.type) for end in ends)


def _plain(name: str) -> str:
    """A name without what would mean something in a docstring."""
    return "".join(letter if letter.isprintable() and letter not in '\\"' else "_" for letter in name)


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
        tie = direct.get(part.item.name)
        written += [_tied(tie)] if tie and not part.item.is_again else _made(part, made.is_chain)
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
    return lines("", Group(f"def {name}(", items, f") -> {result}:"), "", "    ")


def _made(part: Part, is_chain: bool) -> list[str]:
    """The lines of a constructor that make a part; one that is used again is made already."""
    content, name = part.item.content, part.item.name
    if part.item.is_again:
        return []
    if isinstance(content, Slice):
        numbers = [each for each in part.arguments if not is_constant_part(part, each)]
        return [f"{_BODY}self.{constant_of(part, each)} = {part.arguments[each]}" for each in numbers]
    if isinstance(content, ModuleCall):
        by_position = tuple(part.arguments[each] for each in content.args)
        by_keyword = tuple(f"{each}={text}" for each, text in part.arguments.items() if each not in content.args)
        written = _assigned(name, Group(f"{part.called}(", by_position + by_keyword, ")"))
        written = with_comment(written, part) if is_chain else written
        written += [f'{_BODY}{member(name)}.register_parameter("{each}", None)' for each in content.without]
        begun = (_begun(f"{member(name)}.{each}", initial) for each, initial in content.initial.items())
        return [*written, *(line for each in begun for line in each)]
    if isinstance(content, Instance):
        return _blocks(part, is_chain)
    return []


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


def _begun(parameter: str, initial: Initial) -> Iterator[str]:
    """The lines that give a parameter its first values."""
    by_keyword = (f"{name}={literal(value)}" for name, value in initial.kwargs)
    items = (parameter, *map(literal, initial.args), *by_keyword)
    return lines("", Group(f"nn.init.{initial.function}(", items, ")"), "", _BODY)


def _blocks(part: Part, is_chain: bool) -> list[str]:
    assert part.made is not None
    call = Group(f"{part.made.name}(", tuple(part.arguments.values()), ")")
    word, first = numbered(part.item.name)
    if not part.stop or part.count == 2:
        names = [f"{word}{first + more}" for more in range(part.count)]
        written = [_assigned(name, call) for name in names]
        return [line for each in written for line in (with_comment(each, part) if is_chain else each)]
    added = Group("self.add_module(", (f'f"{word}{{i}}"', call), ")")
    return [f"{_BODY}for i in range({first}, {part.stop}):", *lines("", added, "", _BODY + "    ")]


def _assigned(name: str, value: Expression) -> list[str]:
    if name.startswith("__"):  # a class would change the name
        return list(lines("", Group("self.add_module(", (f'"{name}"', value), ")"), "", _BODY))
    return list(lines(f"self.{name} = ", value, "", _BODY))
