"""ptflops: the modules with parameters and multiply-adds, by its backend that works on the meta device."""

import sys

import torch
from network import Network
from ptflops import get_model_complexity_info

size = tuple(int(extent) for extent in sys.argv[1:])
with torch.device("meta"), torch.no_grad():
    macs, params = get_model_complexity_info(Network(), size, backend="aten")
if macs is None:
    sys.exit("ptflops could not count")
print(macs, params)
