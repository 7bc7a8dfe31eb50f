"""The corpus in the repository: `corpus.jsonl`, an input a line, the shortest first.

An input is what a file holds. It stands there as a JSON string; bytes that are no UTF-8 are lone surrogates in it, as
Python's `surrogateescape` makes them.

    python fuzz/records.py FOLDER...    writes it from inputs in folders, such as libFuzzer's merge leaves them
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["CORPUS", "read", "written"]

CORPUS = Path(__file__).parent / "corpus.jsonl"


def read() -> list[bytes]:
    """The inputs; none where there is no corpus."""
    lines = CORPUS.read_text(encoding="utf-8").splitlines() if CORPUS.exists() else []
    return [json.loads(line).encode("utf-8", "surrogateescape") for line in lines]


def written(inputs: Iterable[bytes]) -> str:
    """The text of the corpus: the same, in whatever order and however often the inputs are given."""
    ordered = sorted(set(inputs), key=lambda content: (len(content), content))
    return "".join(f"{json.dumps(content.decode('utf-8', 'surrogateescape'))}\n" for content in ordered)


if __name__ == "__main__":
    folders = map(Path, sys.argv[1:])
    CORPUS.write_text(written(path.read_bytes() for folder in folders for path in folder.iterdir()), encoding="utf-8")
