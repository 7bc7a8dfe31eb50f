"""`cnndsl` with what its users have not: checkpoints that take a while to write, pictures that are always streamed.

    python benchmarks/slowly.py MARK SECONDS train ...

While a checkpoint is half written, for so many seconds, there is a file MARK with the number of those begun so far; so
a test can kill it there. Pictures never stay in memory, however few there are, so that processes read them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import BinaryIO

from cnndsl import files
from cnndsl.__main__ import main
from cnndsl.training.data.pictures import Pictures

CHECKPOINT = b'"sha256"'
"""Stands in the head of a checkpoint and of no other file."""


def slow_down(mark: Path, seconds: float) -> None:
    begun = 0

    def put(file: BinaryIO, content: bytes) -> None:
        nonlocal begun
        half = len(content) // 2 if seconds and CHECKPOINT in content[: len(content) // 2] else 0
        file.write(content[:half])
        if half:
            begun += 1
            file.flush()
            mark.write_text(str(begun))
            time.sleep(seconds)
        file.write(content[half:])
        if half:
            mark.unlink(missing_ok=True)

    files._put = put


def stream_all() -> None:
    assert Pictures.at.__kwdefaults__ is not None
    Pictures.at.__kwdefaults__["limit"] = 0


if __name__ == "__main__":
    slow_down(Path(sys.argv[1]), float(sys.argv[2]))
    stream_all()
    sys.argv[1:3] = []
    sys.argv[0] = Path(sys.argv[0]).name
    main()
