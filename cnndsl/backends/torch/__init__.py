"""PyTorch: a graph as Python source, and that source as a module.

The stages, a module each: `tree` cuts the graph into the blocks of the spec, `runs` takes together what repeats in one,
`variants` finds blocks that only lack a part of another one, `classes` makes them one class with arguments, `write` and
`forward` print the classes. `module` executes the print, `weights` fills it from files, `inference` makes it faster
where it is only run; these three import torch.
"""
