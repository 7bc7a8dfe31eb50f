"""The table of the zoo's page, from its index."""

from __future__ import annotations

import re

from cnndsl.backends.report.markdown import write
from cnndsl.backends.report.zoo import ALL, zoo_table
from cnndsl.source import zoo

__all__ = ["with_index"]

_MARKED = re.compile(r"(?<=^<!-- index -->\n).*?(?=^<!-- end -->$)", re.M | re.S)


def with_index(page: str) -> str:
    """The page with its table, between `<!-- index -->` and `<!-- end -->`, written anew."""
    table = write([zoo_table(zoo().values(), ALL)])
    return _MARKED.sub(lambda _: f"\n{table}\n", page)
