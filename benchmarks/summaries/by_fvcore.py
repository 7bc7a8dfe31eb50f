"""fvcore: a table of the modules with parameters and multiply-adds. It traces, which fails on the meta device."""

import sys

import torch
from fvcore.nn import FlopCountAnalysis, flop_count_table
from network import Network

device, *extents = sys.argv[1:]
size = map(int, extents)
torch.set_default_device(device)
print(flop_count_table(FlopCountAnalysis(Network().eval(), torch.zeros(1, *size))))
