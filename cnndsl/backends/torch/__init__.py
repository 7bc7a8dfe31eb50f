"""PyTorch: a graph as Python source, and that source as a module.

The stages, a module each: `tree` cuts the graph into the blocks of the spec, `classes` finds the blocks that are one
class with other arguments, `write` prints the classes. `module` executes the print; it alone imports torch.
"""
