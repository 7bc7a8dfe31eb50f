"""Parts of a page that a benchmark writes: what stands between `<!-- WORD: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


def filled(text: str, word: str, part: Callable[[str], str]) -> str:
    """A page, its parts marked with a word written anew, each from its name."""
    marked = re.compile(rf"(?<=^<!-- {word}: )(\w+)( -->\n).*?(?=^<!-- end -->$)", re.M | re.S)
    return marked.sub(lambda match: f"{match[1]}{match[2]}\n{part(match[1])}\n", text)


def told(where: dict[str, Any]) -> str:
    """What `processes.machine` found, as a line of a page."""
    memory, load = where["memory_gb"], where["load"]
    return f"{where['processor']}, {where['cores']} cores, {memory} GB; load before: {load}.\n"
