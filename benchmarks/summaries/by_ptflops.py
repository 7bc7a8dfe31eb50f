"""ptflops: the modules with parameters and multiply-adds, on the meta device by the backend that works there."""

import sys

import torch
from network import Network
from ptflops import get_model_complexity_info

device, *extents = sys.argv[1:]
size = tuple(map(int, extents))
backend = "aten" if device == "meta" else "pytorch"
with torch.device(device), torch.no_grad():
    macs, params = get_model_complexity_info(Network(), size, backend=backend)
if macs is None:
    sys.exit("ptflops could not count")
print(macs, params)
