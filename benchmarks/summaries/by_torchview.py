"""torchview: a drawing of the modules with the sizes between them, as text for Graphviz."""

import sys

import torch
from network import Network
from torchview import draw_graph

device, *extents = sys.argv[1:]
size = map(int, extents)
with torch.device(device):
    network = Network()
print(draw_graph(network, input_size=(1, *size), device=device).visual_graph.source)
