"""torchinfo: a table of the modules with what leaves them, their parameters and multiply-adds."""

import sys

import torch
import torchinfo
from network import Network

size = [int(extent) for extent in sys.argv[1:]]
with torch.device("meta"):
    network = Network()
torchinfo.summary(network, (1, *size), device="meta", col_names=["output_size", "num_params", "mult_adds"])
