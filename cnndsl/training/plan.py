"""What is trained and how, before there is data: a spec and its recipe, and all that is wrong with both at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cnndsl.compiler import NO_DATA, Filling, compile_one
from cnndsl.diagnostics import Diagnostic, Diagnostics
from cnndsl.layers.tensor import by_x
from cnndsl.model import Model, SpecError
from cnndsl.resources import MOST_NODES
from cnndsl.source import Source, Span
from cnndsl.training.data import Images, Pictures
from cnndsl.training.recipe.augmentations import AS_INPUT, Crop, ResizedCrop, piece
from cnndsl.training.recipe.read import read
from cnndsl.training.recipe.recipe import Recipe

__all__ = ["Plan", "filling"]


class Plan:
    """A spec and its recipe.

    Args:
        source: the spec.
        parameters: what `-D` sets, by name.
        inputs: the sizes that are set for its inputs, by name; "" stands for the only one.
        roots: folders from which `use` may bring in files, beside the spec's own and the shipped specs.
        max_nodes: how many nodes the networks of its file may have, all together.
        flags: what is said in place of the recipe's values, texts by name.

    Attributes:
        recipe: how it is trained.
        diagnostics: what there is to say about both; mistakes only where other data may mend them.

    Raises:
        SpecError: one of them has mistakes, whatever the data.
    """

    def __init__(
        self,
        source: Source,
        parameters: Mapping[str, object],
        inputs: Mapping[str, object],
        roots: tuple[Path, ...] = (),
        max_nodes: int = MOST_NODES,
        flags: Mapping[str, str] | None = None,
    ) -> None:
        self._spec = source, parameters, inputs, roots, max_nodes
        self._compiled = compile_one(*self._spec)
        self._reading = read(self._compiled.file, flags, parameters)
        self.recipe: Recipe = self._reading.recipe
        self.diagnostics = self._together(self._compiled.diagnostics)
        may_be_mended = self._compiled.is_filled_in and not self._reading.has_errors
        if not may_be_mended and any(found.is_error for found in self.diagnostics):
            raise SpecError(self.diagnostics)

    @property
    def spec(self) -> tuple[Source, Mapping[str, object], Mapping[str, object]]:
        """The spec, with what is set of its parameters and inputs."""
        return self._spec[:3]

    @property
    def places(self) -> Mapping[str, Span]:
        """Where the values of the recipe are written, by key, of those that are."""
        return self._reading.written

    @property
    def folder(self) -> Path | None:
        """Where a relative path of the data starts: where the spec lies that names it; None for the working folder."""
        source, place = self._spec[0], self.places.get("data")
        return source.path.parent if source.path and place and place.source is source else None

    def model(self, images: Images | Pictures, name: str) -> Model:
        """The network for these images, which say what the spec leaves open.

        Args:
            images: those that it is trained on.
            name: of their data set.

        Raises:
            SpecError: it has mistakes.
        """
        found, filled = self._compiled, NO_DATA
        if found.is_filled_in:
            filled = filling(images, name, self.recipe)
            found = compile_one(*self._spec, filled)
        diagnostics = self._together(found.diagnostics)
        if found.graph is None:
            raise SpecError(diagnostics)
        source, parameters, inputs, roots, max_nodes = self._spec
        return Model(source, found.graph, diagnostics, parameters, inputs, roots, found.used, max_nodes, filled)

    def _together(self, of_the_spec: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
        """What there is to say about the spec and about its recipe, in the order of the text."""
        found = Diagnostics()
        found.extend(of_the_spec)
        found.extend(self._reading.diagnostics)
        return found.sorted()


def filling(images: Images | Pictures, name: str, recipe: Recipe) -> Filling:
    """What a spec takes from its data and recipe: the size that images have when they enter, and their classes."""
    classes = len(images.classes)
    cut = [part.size for part in recipe.augment if isinstance(part, Crop | ResizedCrop) and part.size != AS_INPUT]
    size = cut[-1] if cut else recipe.size
    if size != AS_INPUT:
        return Filling((images.channels, *piece(size, (0, 0))), classes)
    return Filling(images.shape, classes, _why_not(images, name))


def _why_not(images: Images | Pictures, name: str) -> str:
    """What there is to say of images that have no single shape; "" of others."""
    if isinstance(images, Images) or images.shape is not None:
        return ""
    smallest, largest = map(by_x, images.sizes)
    return f"the pictures of {name} are from {smallest} to {largest} (height x width)"
