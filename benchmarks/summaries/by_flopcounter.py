"""PyTorch's FlopCounterMode: a table of the modules with twice the multiply-adds."""

import sys

import torch
from network import Network
from torch.utils.flop_counter import FlopCounterMode

device, *extents = sys.argv[1:]
size = map(int, extents)
with torch.device(device), torch.no_grad():
    network = Network().eval()
    with FlopCounterMode():
        network(torch.empty(1, *size))
