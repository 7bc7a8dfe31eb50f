"""Our exported files beside torchvision's networks, in an environment with torch and torchvision and without cnndsl.

`modules.py --torchvision` starts it there, with what to do as JSON; it prints a line of JSON with what it found.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
import torchvision
from pairs import beside, network, settle, trained, with_weights_of
from torch import nn


def _reference(name: str) -> nn.Module:
    models = torchvision.models
    if name == "googlenet":
        return models.googlenet(weights=None, aux_logits=False, init_weights=False)
    make = {"resnet50": models.resnet50, "densenet121": models.densenet121, "mobilenetv2": models.mobilenet_v2}[name]
    return make(weights=None)


def measured(task: dict[str, Any]) -> dict[str, Any]:
    """What `modules.py` asks for: a network's file and name, rounds, batches, and MACs where a GPU is to be tried."""
    threads = settle(task["threads"])
    ours = network(Path(task["file"]))
    references = [with_weights_of(_reference(task["name"]), ours) for _ in range(2)]
    if task["macs"]:
        found = trained(ours, references, task["macs"], task["rounds"]) if torch.cuda.is_available() else {}
    else:
        tell = lambda line: print(f"torchvision {task['name']}, {line}", file=sys.stderr, flush=True)  # noqa: E731
        found = beside(ours, references, task["rounds"], task["batches"], tell)
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    return {"versions": versions, "threads": threads, "found": found}


if __name__ == "__main__":
    print(json.dumps(measured(json.loads(sys.argv[1]))))
