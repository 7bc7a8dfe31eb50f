"""torchview: a drawing of the modules with the sizes between them, as text for Graphviz."""

import sys

import torch
from network import Network
from torchview import draw_graph

size = [int(extent) for extent in sys.argv[1:]]
with torch.device("meta"):
    network = Network()
print(draw_graph(network, input_size=(1, *size), device="meta").visual_graph.source)
