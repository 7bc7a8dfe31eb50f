"""A recipe as text."""

from __future__ import annotations

from cnndsl.diagnostics import Diagnostics
from cnndsl.source import Source
from cnndsl.syntax import parse
from cnndsl.syntax.format import formatted
from cnndsl.training.recipe.recipe import Recipe

__all__ = ["written"]


def written(recipe: Recipe) -> str:
    """A file that is this recipe, every value written out, in the one style; reading it gives an equal recipe."""
    found = Diagnostics()
    file = parse(Source("recipe.cnn", recipe.in_full), found)
    assert file is not None and not found.has_errors, recipe.in_full  # noqa: PT018
    return formatted(file)
