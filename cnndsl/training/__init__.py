"""Training: recipe, data, loop, checkpoints."""
