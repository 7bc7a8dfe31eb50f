"""Names of a spec as names of Python that clash with nothing."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable
from itertools import chain, count
from keyword import iskeyword, issoftkeyword

__all__ = ["Names", "camel", "fields"]

_TAKEN = frozenset({"NamedTuple", "Tensor", "nn", "torch", "self", "i", *dir(builtins)})
"""What the generated source uses itself, and what every Python program finds."""


class Names:
    """The names of one scope of Python, each given once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {*_TAKEN, *taken}

    def fresh(self, wanted: str) -> str:
        """The wanted name, or the nearest that is free: `Conv`, `Conv2`, `Conv3`."""
        name = wanted
        number = 2
        while name in self._taken or iskeyword(name) or issoftkeyword(name):
            name = f"{wanted}_{number}" if wanted[-1].isdigit() else f"{wanted}{number}"
            number += 1
        self._taken.add(name)
        return name


def fields(names: Iterable[str]) -> list[str]:
    """Names as a named tuple can have them: no keywords, none that starts with an underscore, each once."""
    taken: list[str] = []
    for wanted in names:
        name = wanted.lstrip("_") or "out"
        name = f"{name}_" if iskeyword(name) else name
        tries = chain([name], (f"{name}_{number}" for number in count(2)))
        taken.append(next(each for each in tries if each not in taken))
    return taken


def camel(name: str) -> str:
    """A name as classes have them: `se_block` is `SeBlock`, `my net (2)` is `MyNet2`, `50x` is `Net50x`."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    joined = "".join(word[0].upper() + word[1:] for word in words)
    return joined if joined[:1].isalpha() else f"Net{joined}"
