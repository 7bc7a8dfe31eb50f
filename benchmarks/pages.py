"""Parts of a page that a benchmark writes: what stands between `<!-- WORD: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Callable


def filled(text: str, word: str, part: Callable[[str], str]) -> str:
    """A page, its parts marked with a word written anew, each from its name."""
    marked = re.compile(rf"(?<=^<!-- {word}: )(\w+)( -->\n).*?(?=^<!-- end -->$)", re.M | re.S)
    return marked.sub(lambda match: f"{match[1]}{match[2]}\n{part(match[1])}\n", text)
