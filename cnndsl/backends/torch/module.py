"""The network in memory: the source that `export` prints, executed. What runs is what can be read."""

from __future__ import annotations

import hashlib
import linecache
import sys
from types import ModuleType

from torch import nn

__all__ = ["Module", "build"]

Module = nn.Module

_PACKAGE = "cnndsl_source"
"""Under this name and the digest of its text an executed source is known to Python."""


def build(source: str) -> Module:
    """The network of a source as a new module with torch's initial values, on torch's default device, in training mode.

    It takes its inputs as tensors N x C x spatial or N x F and gives its output, or a named tuple of several. Made
    under `torch.device("meta")` it costs nothing. `inspect.getsource` shows its classes.
    """
    network: Module = _executed(source)()
    return network


def _executed(text: str) -> type[Module]:
    """The last class of a source; the same text is executed once."""
    name = f"{_PACKAGE}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    module = sys.modules.get(name)
    if module is None:
        module = ModuleType(name)
        module.__file__ = f"<{name}>"
        code = compile(text, module.__file__, "exec")
        exec(code, module.__dict__)  # our own text: names of a spec are identifiers in it, its numbers are numbers
        linecache.cache[module.__file__] = (len(text), None, text.splitlines(keepends=True), module.__file__)
        sys.modules[name] = module
    made = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == name]
    return made[-1]
