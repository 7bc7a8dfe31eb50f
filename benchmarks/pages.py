"""Parts of a page that a benchmark writes: what stands between `<!-- WORD: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any


def filled(text: str, word: str, part: Callable[[str], str]) -> str:
    """A page, its parts marked with a word written anew, each from its name."""
    marked = re.compile(rf"(?<=^<!-- {word}: )(\w+)( -->\n).*?(?=^<!-- end -->$)", re.M | re.S)
    return marked.sub(lambda match: f"{match[1]}{match[2]}\n{part(match[1])}\n", text)


def rewrite(path: Path, results: Path, page: Callable[[str, dict[str, Any]], str]) -> None:
    """Write a page anew: `page` makes its text of the old one and of the results in a file."""
    path.write_text(page(path.read_text(encoding="utf-8"), json.loads(results.read_text())), encoding="utf-8")


def told(where: dict[str, Any]) -> str:
    """What `processes.machine` found, as a line of a page."""
    memory, load = where["memory_gb"], where["load"]
    return f"{where['processor']}, {where['cores']} cores, {memory} GB; load before: {load}.\n"
