"""PyTorch: a graph as Python source, and that source as a module.

The stages, a module each: `tree` cuts the graph into the blocks of the spec, `classes` finds the blocks that are one
class with other arguments, `write` prints the classes. `module` executes the print, and `weights` fills it from files;
these two import torch.
"""
