"""Random programs of every construct of the language, right by construction.

`programs()` is what tests draw from. A program that the compiler rejects is a mistake, here or there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st
from paths import EXAMPLES, Block, Body, Type, Writer

from cnndsl.layers.tensor import by_x

__all__ = ["Program", "programs"]

_CHOICES = 1_500
"""As many as the choices of a large program."""


@dataclass(frozen=True)
class Program:
    """A text, and what is set for it from outside."""

    text: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"# -D {name}={value}" for name, value in self.parameters.items())])


def programs() -> st.SearchStrategy[Program]:
    """Whole files.

    All choices are drawn at once: drawn one by one, hypothesis would give many programs that are nearly the same.
    """
    return st.binary(min_size=_CHOICES, max_size=_CHOICES).map(lambda choices: _File(choices).program())


class _Definitions:
    """Writes definitions, which may call those written before."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._kinds: list[Callable[[str], tuple[str, Block]]] = [
            self._plain, self._residual, self._around, self._around, self._maker, self._maker, self._fuse, self._fuse,
            self._later, self._recursive, self._streams, self._shared, self._shared, self._shared_parameter,
        ]  # fmt: skip

    def some(self, most: int) -> list[str]:
        texts = []
        for number in range(self._writer.number(0, most)):
            text, block = self._writer.pick(self._kinds)(f"f{number}")
            self._writer.blocks.append(block)
            texts.append(text)
            if block.fixed and self._writer.chance(2):
                texts += self._wrapped(f"g{number}", f"h{number}", block)
        return texts

    def _entering(self, width: int | str | None) -> Type:
        return Type(width, () if self._writer.chance(5) else "g")

    def _keep(self, here: Type, body: Body, fuel: int = 4) -> str:
        self._writer.fuel = fuel
        return self._writer.keep(here, body)

    def _plain(self, name: str) -> tuple[str, Block]:
        """A number with a default, and the width that comes in."""
        w = self._writer
        here = self._entering("w")
        body = Body(counts=["n"], taken={"n", "w"})
        text = f"{name}(n={w.written(1)}, w=C) = {self._keep(here, body)}"

        def call(_: Type, body: Body, width: str) -> str:
            arguments = [f"{name}", f"{name}({w.count(body)})", f"{name}(n={w.count(body)})", f"{name}(w=C, n=1)"]
            return w.pick(arguments)

        return text, Block("keep", name, here.is_vector, call)

    def _residual(self, name: str) -> tuple[str, Block]:
        """A width, a kernel and a stride; a shortcut where it is needed."""
        w = self._writer
        name = w.pick([name, name, "conv"]) if all(block.name != "conv" for block in w.blocks) else name
        body = Body(counts=["k"], taken={"c", "k", "s", "w"})
        before = self._keep(Type("w", "g"), body)
        after = self._keep(Type("c", "g'"), body.copy(), 2)
        main = w.chained(f"[{before}]", "CONV(c, 2*k + 1, s)", f"[{after}]*1")
        text = f"{name}(c, k=1, s=1, w=C) = [{main} + [ID if w == c and s == 1 else CONV(c, 1, s)]]"

        def call(_: Type, body: Body, width: str) -> str:
            return w.pick([f"{name}({width})", f"{name}({width}, 0)", f"{name}(k={w.count(body)}, c={width})"])

        return text, Block("widen", name, False, call)

    def _around(self, name: str) -> tuple[str, Block]:
        """A network as argument, built anew at each use."""
        w = self._writer
        here = self._entering("w")
        body = Body(networks={"net": here}, counts=["n"], taken={"net", "n", "w"})
        default = "=RELU" if w.chance(3) else ""
        text = f"{name}(net{default}, n=1, w=C) = {w.chained(self._keep(here, body), 'net', self._keep(here, body, 3))}"

        def call(entering: Type, body: Body, width: str) -> str:
            net = w.pick([w.keep(entering, body.side(may_name=False)), "RELU", "BN"])
            return w.pick([f"{name}({net})", f"{name}({net}, {w.count(body)})", f"{name}(n=1, net={net})"])

        return text, Block("keep", name, here.is_vector, call)

    def _maker(self, name: str) -> tuple[str, Block]:
        """A block or layer by its bare name, called inside."""
        w = self._writer
        widening = ["CONV", "SEPCONV", *(block.name for block in w.blocks if block.role == "widen")]
        body = w.pick(["block(c) -> BN", "[block(c), block(c, 1)] -> block(c)", "block(C) -> [block(c)*1]"])
        text = f"{name}(block, c, act=RELU) = {body} -> act"

        def call(_: Type, body: Body, width: str) -> str:
            return f"{name}({w.pick(widening)}, {width}{w.pick(['', ', SILU', ', act=TANH'])})"

        return text, Block("make", name, False, call)

    def _fuse(self, name: str) -> tuple[str, Block]:
        """A value as argument: read once, several times, further in, or never."""
        w = self._writer
        here = self._entering("w")
        body = Body({"x": here}, counts=["n"], taken={"x", "n", "w"})
        inner = w.pick(["[ID + x]", "[ID, x] -> {0}", "[x & ID] -> {0}", "[ID - [x -> RELU + x]]", "ID"])
        narrow = "FC(w)" if here.is_vector else "CONV(w, 1)"
        path = w.chained(self._keep(here, body, 6), inner.format(narrow))
        text = f"{name}(x, n=1, w=C) = [[{path}] if n > 0 else [{self._keep(here, Body(may_name=False), 2)}]]"

        def call(entering: Type, body: Body, width: str) -> str:
            value = w.value(entering, body)
            if value is None:
                return "RELU"
            return f"{name}({value}{w.pick(['', ', 0', f', n={w.count(body)}'])})"

        return text, Block("keep", name, here.is_vector, call)

    def _later(self, name: str) -> tuple[str, Block]:
        """A block that begins with its value: its call is a value too."""
        w = self._writer
        here = self._entering("w")
        body = Body({"x": here}, taken={"x", "w"})
        text = f"{name}(x, w) = x -> {self._keep(here, body)}"

        def call(entering: Type, body: Body, value: str) -> str:
            other = w.pick(body.of_type(entering))
            return f"{name}({w.pick([value, f'{value} -> RELU', f'[{value} + {other}]'])}, {entering.width})"

        return text, Block("value", name, here.is_vector, call)

    def _recursive(self, name: str) -> tuple[str, Block]:
        w = self._writer
        here = self._entering("w")
        body = Body(taken={"n", "w"})
        path = self._keep(here, body)
        shape = w.pick(["[{0} -> {1}(n-1)]", "[[{0} -> {1}(n - 1)] + ID]", "[{1}(n-1) -> {0}]", "[{1}(n//2) + {0}]"])
        rest = f"[{self._keep(here, Body(may_name=False), 2)}]"
        step = shape.format(f"[{path}]", name)
        text = f"{name}(n, w=C) = {step} if n > 0 else {w.pick(['ID', rest])}"
        return text, Block("keep", name, here.is_vector, lambda _, body, width: f"{name}({w.count(body)})")

    def _streams(self, name: str) -> tuple[str, Block]:
        """Recursion over two values: streams that exchange (HRNet), cells that read the two before them (NASNet)."""
        w = self._writer
        is_cells = w.chance(2)
        body = Body(taken={"a", "b", "n", "w"}, may_name=False)
        self._writer.fuel = 3
        first, second = w.keep(Type("w", "g"), body), w.keep(Type("w", "g" if is_cells else "g/2"), body)
        if is_cells:
            step, last = f"{name}([a -> {first} + b -> {second}], a, w, n-1)", "[a + b]"
        else:
            up, down = "RESIZE(a)", w.pick(["CONV(w, 3, 2)", "POOL(3, 2, padding=1)"])
            step = f"{name}([a -> {first} + b -> {up}], [b -> {second} + a -> {down}], n=n-1, w=w)"
            last = f"[a, b -> {up}] -> CONV(w, 1)"
        text = f"{name}(a, b, w, n) = {step} if n > 0 else [{last}]"

        def call(entering: Type, body: Body, value: str) -> str:
            other = w.pick(body.of_type(entering))
            other = other if is_cells else f"{other} -> CONV({entering.width}, 3, 2)"
            return f"{name}({value}, {other}, {entering.width}, {w.number(0, 2)})"

        return text, Block("value", name, False, call)

    def _shared(self, name: str) -> tuple[str, Block]:
        """One set of weights for all calls, some of which use more of them."""
        w = self._writer
        here = self._entering(4)
        body = Body(taken={"n"})
        layer = "FC(4)" if here.is_vector else w.pick(["CONV(4)", "CONV(4) -> BN", "SE(2)", "DWCONV"])
        blocks, w.blocks = w.blocks, [block for block in w.blocks if block.fixed == 4]
        first = w.chained(f"[{layer}]{w.pick(['', '*n'])}", f"[{self._keep(here, body, 3)}]*1")
        w.blocks = blocks
        text = f"shared {name}(n=1) = {first} -> [{layer}]*n"
        return text, Block("keep", name, here.is_vector, lambda _, b, width: w.pick([name, f"{name}({w.count(b)})"]), 4)

    def _wrapped(self, name: str, outer: str, shared: Block) -> list[str]:
        """Two blocks around calls of one that is shared, so that it is called at two depths."""
        w = self._writer
        narrow, back = ("FC(4)", "FC(w)") if shared.is_for_vectors else ("CONV(4, 1)", "CONV(w, 1)")
        here = Type(4, () if shared.is_for_vectors else "g")
        inside, outside = (w.chained(narrow, shared.call(here, Body(), ""), back) for _ in range(2))
        w.blocks.append(Block("keep", outer, shared.is_for_vectors, lambda *_: outer))
        return [f"{name}(w=C) = {inside}", f"{outer}(w=C) = {w.chained(outside, name)}"]

    def _shared_parameter(self, name: str) -> tuple[str, Block]:
        """One set of weights for all uses of a network within one call."""
        w = self._writer
        here = self._entering("w")
        body = Body(networks={"net": here}, counts=["n"], taken={"net", "n", "w"})
        default = "=[CONV(C) -> BN]" if w.chance(3) and not here.is_vector else ""
        last = w.pick(["net", "[net + ID]", "[net - net]", "net*n"])
        text = f"{name}(shared net{default}, n=2, w=C) = {w.chained('net', self._keep(here, body), last)}"

        def call(entering: Type, body: Body, width: str) -> str:
            net = w.keep(entering, body.side(may_name=False))
            return w.pick([f"{name}({net})", f"{name}({net}, {w.count(body)})"])

        return text, Block("keep", name, here.is_vector, call)


_ACTS = ["RELU", "SILU", "LEAKYRELU(0.2)", "TANH"]
_DEFAULTS = """
    CONV(bias=true) CONV(kernel=1) CONV(padding="same_upper") CONV(kernel=1,bias=true) DWCONV(bias=true) FC(init=xavier)
    BN(momentum=0.3) LN(scale=false) ELU(alpha=2) PRELU(channel) LRN(3) DROPOUT(0.2)
"""
_TABLES = ["((1, 3), (3, 1))", "((3, 2),)", "((1, 0), (1, 1))"]


class _File:
    """Writes a file: values first, then definitions, then flows; the order of the text is another matter."""

    def __init__(self, choices: Iterable[int]) -> None:
        self._w = Writer(choices)
        self._definitions: list[str] = []
        self._parameters: dict[str, object] = {}
        self._body = Body()
        self._outputs: set[str] = set()

    def program(self) -> Program:
        w = self._w
        self._values()
        self._definitions += _Definitions(w).some(4)
        self._used()
        self._switches()
        flows = [self._flow(is_first=number == 0) for number in range(w.number(1, 4))]
        if w.chance(8):
            self._definitions.append(self._model())
        statements = self._scattered(flows)
        if w.chance(8):
            statements.append('TRAIN(data="digits", optimizer=SGD(lr=0.1), epochs=epochs)')
        text = "\n".join(statements)
        used = {name: value for name, value in self._parameters.items() if re.search(rf"\b{name}\b", text)}
        return Program(text, used)

    def _scattered(self, flows: list[str]) -> list[str]:
        """Definitions stand anywhere among the flows."""
        statements = flows
        for definition in self._definitions:
            place = self._w.number(0, len(statements))
            statements = [*statements[:place], definition, *statements[place:]]
        return statements

    def _values(self) -> None:
        w = self._w
        if w.chance(2):
            self._constant("width", w.number(2, 6))
        if w.chance(4):
            w.constants["N"] = self._parameters["N"] = w.number(0, 3)  # type: ignore[assignment]
        if w.chance(3):
            self._definitions.append(f"depth = {w.written(2)}")
            w.constants["depth"] = 2
        if w.chance(4):
            self._definitions.append("half(n) = max(n//2, 1)")
            w.constants["half(4)"] = 2
        if w.chance(3):
            self._definitions.append(f"table = {w.pick(_TABLES)}")
            w.tables.append("table")
            if w.chance(3):
                self._parameters["table"] = ((1, 2), (3, 0))
        if w.chance(3):
            self._definitions.append(f"default {w.pick(_DEFAULTS.split())}")
        if w.chance(4):
            tests = ["params < 1e9", "macs >= 0 and params >= 0", "3 > 2", *(f"{each} >= 0" for each in w.constants)]
            self._definitions.append(f"require {w.pick(tests)}")

    def _used(self) -> None:
        """Definitions of a shipped spec, among which those of the file itself win."""
        w = self._w
        if not w.chance(4):
            return
        self._definitions.append('use "shufflenetv2.cnn"')
        if all(block.name != "conv" for block in w.blocks):
            w.blocks.append(Block("widen", "conv", False, lambda _, body, width: f"conv({width})"))
        w.blocks.append(Block("widen", "branch", False, lambda _, body, width: f"branch({width}, 1)"))

    def _constant(self, name: str, value: int) -> None:
        """A number that a definition gives, or the command line instead."""
        is_set = self._w.chance(3)
        self._definitions.append(f"{name} = {self._w.number(2, 6) if is_set else value}")
        if is_set:
            self._parameters[name] = value
        self._w.constants[name] = value

    def _switches(self) -> None:
        w = self._w
        if w.chance(3):
            self._definitions.append(f"act = {' | '.join(_ACTS[: w.number(2, 4)])}")
            if w.chance(2):
                self._parameters["act"] = w.pick(["RELU", "SILU", 2])
            w.blocks += [Block("keep", "act", is_vector, lambda *_: "act") for is_vector in (False, True)]
        if w.chance(3):
            w.fuel = 3
            self._definitions.append(f"option = [{w.keep(Type(None, 'g'), Body())}]?")
            if w.chance(2):
                self._parameters["option"] = w.pick(["off", "on", True, False])
            w.blocks.append(Block("keep", "option", False, lambda *_: "option"))

    # flows

    def _input(self) -> tuple[str, Type]:
        w = self._w
        if w.chance(6):
            size = (w.number(2, 6),)
        else:
            size = (w.number(1, 4), *(w.number(3, 9 if w.rank < 3 else 5) for _ in range(w.rank)))
        return f"INPUT({by_x(size)})", Type(size[0], size[1:])

    def _start(self, body: Body, is_first: bool) -> tuple[list[str], Type]:
        """An input or a value, or what several of them give."""
        w = self._w
        kind = 0 if is_first else w.number(0, 4)
        if kind == 0 or not body.values:
            text, here = self._input()
            return [self._labelled(text, here, body)], here
        name = w.pick(list(body.values))
        here = body.values[name]
        if kind == 1:
            return [name], here
        if kind == 2:
            text, here = self._input()
            others = body.of_type(here)
            return ([f"[{text} + {w.pick(others)}]"], here) if others else ([text], here)
        value = w.value(here, body)
        assert value is not None
        return [f"[{value}]"], here

    def _labelled(self, element: str, here: Type, body: Body) -> str:
        if self._w.chance(2):
            return element
        name = self._w.label(body)
        body.values[name] = here
        return f"{element} as {name}"

    def _flow(self, is_first: bool) -> str:
        w = self._w
        w.fuel = 10
        elements, here = self._start(self._body, is_first)
        added, here = self._steps(here, self._body, w.number(0, 4))
        elements += added
        if len(elements) > 1 and w.chance(8):
            elements.append("FC" if w.chance(2) else "CONV" if not here.is_vector and w.chance(2) else "RELU")
        return w.chained(*elements)

    def _steps(self, here: Type, body: Body, most: int) -> tuple[list[str], Type]:
        elements: list[str] = []
        for _ in range(most):
            added, here = self._step(here, body)
            elements += added
            if elements and self._w.chance(3):
                elements[-1] = self._labelled(f"[{elements[-1]}]", here, body)
        return elements, here

    def _step(self, here: Type, body: Body) -> tuple[list[str], Type]:
        w = self._w
        kind = w.number(0, 9)
        if kind == 0:
            width = w.number(1, 8)
            return [w.widen(here, width, body)], here._replace(width=width)
        if kind == 1 and not here.is_vector:
            return [w.halve()], here.halved
        if kind in (2, 3, 8):
            tail = w.pick(w.pick(EXAMPLES))
            return [*w.convert(here, tail.before), tail.text], tail.after
        if kind == 4 and not here.is_vector and isinstance(here.width, int):
            return [w.pick(["GAP", "GMP"])], Type(here.width, ())
        if kind in (5, 6, 7) and w.blocks:
            return self._called(here, body), here
        return [w.keep(here, body)], here

    def _called(self, here: Type, body: Body) -> list[str]:
        """A call of a definition, which may take what comes in as a value too."""
        w = self._w
        name = w.label(body)
        body.values[name] = here
        value = [block for block in w.blocks if block.role == "value" and w.fits(block, here)]
        if value and w.chance(2):
            return [f"ID as {name}", f"[ID + {w.pick(value).call(here, body, name)}]"]
        return [f"ID as {name}", w.call(here, body) or "RELU"]

    def _model(self) -> str:
        w = self._w
        w.fuel = 5
        text, here = self._input()
        added, _ = self._steps(here, Body(taken={"c"}), w.number(0, 3))
        path = w.chained(text, *added, *w.pick([("RELU",), ("FC(c)",), ("FC(c)", "net", "net"), ("FC(c)", "net*c")]))
        if w.chance(2):
            self._parameters["c"] = w.number(1, 5)
        return f"model(c={w.written(4)}, shared net=[FC(C)]) = {path}"
