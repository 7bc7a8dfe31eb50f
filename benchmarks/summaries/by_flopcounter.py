"""PyTorch's FlopCounterMode: a table of the modules with twice the multiply-adds."""

import sys

import torch
from network import Network
from torch.utils.flop_counter import FlopCounterMode

size = [int(extent) for extent in sys.argv[1:]]
with torch.device("meta"), torch.no_grad():
    network = Network().eval()
    with FlopCounterMode():
        network(torch.empty(1, *size))
