"""torchinfo: a table of the modules with what leaves them, their parameters and multiply-adds."""

import sys

import torch
import torchinfo
from network import Network

device, *extents = sys.argv[1:]
size = map(int, extents)
with torch.device(device):
    network = Network()
torchinfo.summary(network, (1, *size), device=device, col_names=["output_size", "num_params", "mult_adds"])
