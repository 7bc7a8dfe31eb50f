"""The source: a Python file whose last class is the network."""

from __future__ import annotations

from collections.abc import Iterator

from cnndsl.analyses.cost import cost
from cnndsl.backends.torch.classes import ModuleClass, Part, classes, numbered, outputs_of
from cnndsl.backends.torch.forward import constant_of, forward, inputs, is_constant_part, member, with_comment
from cnndsl.backends.torch.layout import Expression, Group, lines
from cnndsl.backends.torch.tree import Instance, tree
from cnndsl.graph import End, Graph
from cnndsl.layers.lowering import ModuleCall, Slice

__all__ = ["source"]

_BODY = " " * 8


def source(graph: Graph) -> str:
    """A graph as Python source that needs torch alone; its last class is the network and constructs without arguments.

    The names of its parameters are the paths of the graph's nodes with torch's names behind them:
    `stage2.bottleneck1.conv3.weight`.
    """
    made = classes(tree(graph), graph.name)
    outputs = outputs_of(made[-1]) if len(graph.outputs) > 1 else ""
    body = [_class(each, outputs if each is made[-1] else "") for each in made]
    if outputs:
        body.insert(-1, _outputs(outputs, graph))
    text = "\n\n\n".join("\n".join(part) for part in body)
    return "\n".join([*_opening(graph), "", *_imports(text), "", "", text, ""])


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


def _imports(text: str) -> Iterator[str]:
    if "(NamedTuple)" in text:
        yield from ("from typing import NamedTuple", "")
    if "torch." in text:
        yield "import torch"
    yield f"from torch import {'Tensor, ' if 'Tensor' in text else ''}nn"


def _outputs(name: str, graph: Graph) -> list[str]:
    fields = [f"    {end.name}: Tensor  # {end.node.type}" for end in graph.outputs]
    return [f"class {name}(NamedTuple):", *fields]


def _class(made: ModuleClass, result: str) -> list[str]:
    written = [f"class {made.name}(nn.{'Sequential' if made.is_chain else 'Module'}):"]
    written += _signature("__init__", made.parameters, "None")
    written.append(f"{_BODY}super().__init__()")
    for part in made.parts:
        written += _made(part, made.is_chain)
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
    """The lines of a constructor that make a part."""
    content, name = part.item.content, part.item.name
    if isinstance(content, Slice):
        numbers = [each for each in part.arguments if not is_constant_part(part, each)]
        return [f"{_BODY}self.{constant_of(part, each)} = {part.arguments[each]}" for each in numbers]
    if isinstance(content, ModuleCall):
        by_position = tuple(part.arguments[each] for each in content.args)
        by_keyword = tuple(f"{each}={text}" for each, text in part.arguments.items() if each not in content.args)
        written = _assigned(name, Group(f"{content.path.removeprefix('torch.')}(", by_position + by_keyword, ")"))
        written = with_comment(written, part) if is_chain else written
        return written + [f'{_BODY}{member(name)}.register_parameter("{each}", None)' for each in content.without]
    if isinstance(content, Instance):
        return _blocks(part, is_chain)
    return []


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
