"""What `cnndsl.load` returns. Methods import their analysis or backend when they are called."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cnndsl.compiler import NO_DATA, Filling, compile_one
from cnndsl.diagnostics import Diagnostic
from cnndsl.graph import Graph
from cnndsl.resources import MOST_NODES
from cnndsl.source import Source, read

if TYPE_CHECKING:
    from cnndsl.backends.pictures.dot import Direction
    from cnndsl.backends.pictures.formats import Style
    from cnndsl.backends.pictures.themes import ThemeName
    from cnndsl.backends.torch.module import Module
    from cnndsl.backends.torch.weights.report import Match, Report

__all__ = ["Model", "SpecError", "Summary", "load", "parse"]

Weights = str | os.PathLike[str] | Mapping[str, Any]
"""A file of weights, or a state dict."""


class SpecError(ValueError):
    """A spec has mistakes; the message shows them as the command line does."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        from cnndsl.diagnostics.terminal import render_all

        super().__init__("\n" + render_all(diagnostics))
        self.diagnostics = diagnostics


@dataclass(frozen=True, repr=False)
class Summary:
    """The table of a network and its totals; printing it shows the table."""

    text: str
    params: int
    buffers: int
    macs: int

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@dataclass(frozen=True)
class Model:
    """A network that was read from a spec.

    Attributes:
        source: the text it was read from.
        graph: its nodes in execution order.
        diagnostics: what there is to know about it; warnings only.
        parameters: what was set with `-D`, by name.
        inputs: the sizes that were set for its inputs, by name; "" stands for the only one.
        roots: folders from which `use` may bring in files, beside the spec's own and the shipped specs.
        used: the files that it brings in.
        max_nodes: how many nodes the networks of its file may have, all together.
        filling: what the data that it is for says of what the spec leaves open.
    """

    source: Source
    graph: Graph
    diagnostics: tuple[Diagnostic, ...]
    parameters: Mapping[str, object] = field(default_factory=dict)
    inputs: Mapping[str, object] = field(default_factory=dict)
    roots: tuple[Path, ...] = ()
    used: tuple[Source, ...] = ()
    max_nodes: int = MOST_NODES
    filling: Filling = NO_DATA

    @classmethod
    def compiled(
        cls,
        source: Source,
        parameters: Mapping[str, object],
        inputs: Mapping[str, object],
        roots: tuple[Path, ...] = (),
        max_nodes: int = MOST_NODES,
        filling: Filling = NO_DATA,
    ) -> Model:
        """The model of a source, or the one of its models that the source asks for.

        Raises:
            SpecError: it has mistakes, or several models and none is asked for.
        """
        found = compile_one(source, parameters, inputs, roots, max_nodes, filling)
        if found.graph is None:
            raise SpecError(found.diagnostics)
        return cls(source, found.graph, found.diagnostics, parameters, inputs, roots, found.used, max_nodes, filling)

    @property
    def name(self) -> str:
        return self.graph.name

    def summary(self, *, depth: int | None = None) -> Summary:
        """The report that `cnndsl check` gives, as text, and the totals.

        Args:
            depth: how many levels of blocks are told, at least 1; None stands for as many as fit on a page.

        Raises:
            ValueError: the depth is less than 1.
        """
        from cnndsl.analyses.outline import outline
        from cnndsl.analyses.report import Report
        from cnndsl.backends.report.columns import USUAL
        from cnndsl.backends.report.table import report_table
        from cnndsl.backends.report.terminal import write
        from cnndsl.backends.report.totals import Training

        report = Report(self.graph)
        table = report_table(report, outline(self.graph, depth), USUAL, Training())
        return Summary(write(table), report.cost.params, report.cost.buffers, report.cost.macs)

    def lint(self, *, off: Collection[str] = (), on: Collection[str] = ()) -> tuple[Diagnostic, ...]:
        """What `cnndsl lint` finds: designs that are legal and seldom meant, and the warnings of `check`.

        Args:
            off: codes that are not told.
            on: codes that are told only where they are asked for.

        Raises:
            ValueError: there is no warning of such a code.
        """
        from cnndsl.diagnostics import WARNINGS
        from cnndsl.linting import Switches, linted

        unknown = [code for code in (*off, *on) if code not in WARNINGS]
        if unknown:
            raise ValueError(f"there is no warning {unknown[0]!r}; there are {', '.join(WARNINGS)}")
        parts = self.source, self.parameters, self.inputs, self.roots, self.max_nodes, self.filling
        return linted(compile_one(*parts), Switches(off, on))

    def torch_source(self) -> str:
        """The network as a Python file that needs torch alone; its last class is the network.

        The text of the spec stands in its docstring.

        Raises:
            SpecError: torch makes a layer with a number that depends on an open size.
        """
        from cnndsl.backends.torch.open_sizes import missing_number
        from cnndsl.backends.torch.write import source

        missing = missing_number(self.graph)
        if missing is not None:
            raise SpecError((missing,))
        inputs = {f"input {name}".strip(): size for name, size in self.inputs.items()}
        return source(self.graph, self.source.text, {**self.parameters, **inputs})

    def to_torch(
        self,
        *,
        weights: Weights | None = None,
        match: Match = "name",
        partial: bool = False,
        optimize: Literal["inference"] | None = None,
    ) -> Module:
        """The network as a module of torch: `torch_source()`, executed. Needs the extra `torch`.

        It is new each time, with torch's initial values, in training mode. It takes tensors N x C x spatial, or N x F
        for a vector, one for each input, and gives the output, or a named tuple of several.

        Args:
            weights: what it begins with in place of torch's initial values, as in `load_weights`. Where they fit in
                part or in more ways than one, a `cnndsl.WeightsWarning` holds the report.
            match: as in `load_weights`.
            partial: as in `load_weights`.
            optimize: what it is for: "inference" gives what `optimized` makes of it, None the module as it is written.

        Raises:
            SpecError: torch makes a layer with a number that depends on an open size.
            ValueError: `optimize` is neither of these.
            cnndsl.WeightsError: the weights cannot be read, or do not fit.
        """
        from cnndsl.backends.torch.module import build

        if optimize not in (None, "inference"):
            raise ValueError(f'optimize is "inference" or None, not {optimize!r}')
        module = build(self.torch_source())
        if weights is not None:
            self._begin(module, weights, match, partial)
        if optimize is None:
            return module
        from cnndsl.backends.torch.inference import for_inference

        return for_inference(module, self.graph)

    def _begin(self, module: Module, weights: Weights, match: Match, partial: bool) -> None:
        """Put weights into a new module, with a warning where there is something to say about them."""
        report = self.load_weights(module, weights, match=match, partial=partial)
        if not report.is_clear:
            from warnings import warn

            from cnndsl.backends.torch.weights.report import WeightsWarning

            warn(WeightsWarning(str(report)), stacklevel=3)

    def load_weights(self, module: Module, weights: Weights, *, match: Match = "name", partial: bool = False) -> Report:
        """Put weights into a module that `to_torch` gave; nothing is changed where they do not fit.

        Args:
            module: the module.
            weights: a `.safetensors` file, a state dict, or a file that holds one as `torch.save` writes it (`.pth`,
                `.pt`, `.bin`, `.ckpt`), of which no code is run.
            match: "name", or "order" for the names of another library: by execution order and shape.
            partial: whether it is enough that some fit; the others keep the values that they have.

        Returns:
            what was matched, what not and why; `str()` tells it.

        Raises:
            cnndsl.WeightsError: the weights cannot be read, or do not fit.
        """
        from cnndsl.backends.torch.weights.load import fit

        fitted = fit(self.graph, weights, match, partial)
        fitted.give(module)
        return fitted.report

    def save_weights(self, module: Module, path: str | os.PathLike[str]) -> None:
        """Write the weights of a module that `to_torch` gave into a .safetensors file, under the names of the spec.

        Raises:
            cnndsl.WeightsError: the file has another suffix.
            OSError: it cannot be written.
        """
        from cnndsl.backends.torch.weights.files import write
        from cnndsl.backends.torch.weights.load import tensors_of

        write(tensors_of(module), path)

    def optimized(self, module: Module) -> Module:
        """A copy of a module of this network, trained or not, for running it; the module itself stays as it is.

        The copy gives the same up to rounding, and faster. It is in evaluation mode. A batch norm behind a convolution
        or FC is folded into its weights, weights of convolutions are in channels_last, dropout is gone; so the copy is
        not to be trained: `train()` brings back neither the norms' statistics of a batch nor the dropout. What shares
        its weights is left as it is. Its keys are fewer than those of the module: what is saved is the module.

        Args:
            module: from `to_torch()`, or from the file that `torch_source()` writes.

        Raises:
            ValueError: the module is not one of this network.
        """
        from copy import deepcopy

        from cnndsl.backends.torch.inference import for_inference

        return for_inference(deepcopy(module), self.graph)

    def to_dot(self, *, direction: Direction = "down", depth: int | None = None, folded: bool = True) -> str:
        """The network as DOT text, for Graphviz: what `render` gives it in the style `graph`."""
        from cnndsl.backends.pictures.formats import Look, rendered

        return rendered(self.graph, "dot", Look(direction=direction, depth=depth, folded=folded)).decode()

    def render(
        self,
        path: str | os.PathLike[str],
        *,
        style: Style = "graph",
        theme: ThemeName = "light",
        direction: Direction | None = None,
        depth: int | None = None,
        folded: bool = True,
    ) -> None:
        """Draw the network into a file, whose suffix says in which format.

        Args:
            path: the file.
            style: `graph`: every layer, what flows between them, and the blocks of the spec around them. `blocks`: the
                stages, and each distinct block once beside them, in full. `volumes`: feature maps as boxes in
                perspective, sized by their shapes.
            theme: the colours: `light`, `dark`, or `print`, which stay apart in grey.
            direction: where the network flows, `down` or `right`; None for down, or what the style has.
            depth: how many levels of blocks are opened, at least 1; None for as many as can be looked at.
            folded: whether what repeats is drawn once, with how often.

        Raises:
            cnndsl.backends.pictures.layout.Unrendered: the style has no such format, or what makes it is missing.
            OSError: the file cannot be written.
        """
        from cnndsl.backends.pictures.formats import Look, format_of, rendered
        from cnndsl.files import write_whole

        look = Look(style, theme, direction, depth, folded)
        write_whole(path, rendered(self.graph, format_of(path, style), look))

    def _repr_svg_(self) -> str | None:
        """The picture that a notebook shows; None where it cannot be made, or is too large."""
        from cnndsl.backends.pictures.formats import Look, rendered
        from cnndsl.backends.pictures.layout import Unrendered

        try:
            return rendered(self.graph, "svg", Look()).decode()
        except Unrendered:
            return None

    def _repr_html_(self) -> str:
        """The page that a notebook shows, in a frame of its own: blocks fold, and one can search."""
        from html import escape

        from cnndsl.backends.pictures.formats import Look, rendered

        page = escape(rendered(self.graph, "html", Look()).decode())
        style = "width: 100%; height: 600px; border: 0"
        return f'<iframe srcdoc="{page}" title="{escape(self.name)}" style="{style}"></iframe>'

    def __repr__(self) -> str:
        return f"<Model {self.name}: {len(self.graph)} nodes>"


def load(
    path: str | os.PathLike[str], /, *, input: object = None, max_nodes: int = MOST_NODES, **parameters: object
) -> Model:
    """The model in a file, or a shipped one: `load("zoo:resnet50", classes=10)`.

    Args:
        path: a .cnn file, or `zoo:NAME`; of one with several models, `gan.cnn:generator`.
        input: another size for its input, channels first: "3x96x128" or (3, 96, 128); for a network with several
            inputs a mapping from their names.
        max_nodes: how many nodes the networks of its file may have, all together.
        parameters: values for the file's parameters, as `-D` gives them on the command line.

    Raises:
        cnndsl.source.UnreadableSource: the file cannot be read.
        SpecError: it has mistakes.
    """
    return _model(read(path), parameters, input, max_nodes)


def parse(text: str, /, *, input: object = None, max_nodes: int = MOST_NODES, **parameters: object) -> Model:
    """The model in a text: `parse("INPUT -> [CONV -> RELU]*N -> FC", N=2)`. The arguments are those of `load`.

    Raises:
        SpecError: it has mistakes.
    """
    return _model(Source("<text>", text.removeprefix("\ufeff")), parameters, input, max_nodes)


def _model(source: Source, parameters: Mapping[str, object], input: object, max_nodes: int) -> Model:
    inputs = {} if input is None else dict(input) if isinstance(input, Mapping) else {"": input}
    return Model.compiled(source, source.with_settings(parameters), inputs, max_nodes=max_nodes)
