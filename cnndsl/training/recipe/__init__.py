"""What a training is told: the recipe, without torch."""

from cnndsl.training.recipe.recipe import Recipe

__all__ = ["Recipe"]
