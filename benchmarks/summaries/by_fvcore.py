"""fvcore: a table of the modules with parameters and multiply-adds. It traces, which fails on the meta device."""

import sys

import torch
from fvcore.nn import FlopCountAnalysis, flop_count_table
from network import Network

size = [int(extent) for extent in sys.argv[1:]]
print(flop_count_table(FlopCountAnalysis(Network().eval(), torch.zeros(1, *size))))
