"""`cnndsl train zoo:lenet5`, all defaults, to the end of its first step."""

import os
import sys
import tempfile

from torch.optim.optimizer import register_optimizer_step_post_hook

from cnndsl.__main__ import main

register_optimizer_step_post_hook(lambda *_: os._exit(0))
sys.argv = ["cnndsl", "train", "zoo:lenet5", "--out", tempfile.mkdtemp()]
main()
