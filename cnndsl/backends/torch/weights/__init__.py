"""Weights of files for the networks of specs.

`places` tells which tensors a graph has, and `names` and `order` find the file's tensor for each; all without torch.
`report` is what they found, and `text` how it is told. `files` reads and writes, and `load` puts numbers into a module;
these two alone import torch.
"""
