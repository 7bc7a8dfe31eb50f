"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

__all__ = ["remove_parts", "write_whole"]

_PART = ".cnndsl-*.part"
"""What a file is called until it is whole."""

_BINARY = getattr(os, "O_BINARY", 0)  # Windows has it, and would change line ends without


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it: where something fails, what was there before stays.

    A new file gets the usual permissions, an existing one keeps its own; a link keeps pointing where it points. What
    is no file (`/dev/stdout`, a pipe) is written to as it is.

    Raises:
        OSError: it cannot be written; `strerror` says why.
    """
    target = Path(os.path.realpath(path))
    _refuse(target)
    if target.exists() and not target.is_file():
        target.write_bytes(content)
        return
    beside = target.with_name(_PART.replace("*", token_hex(8)))
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666), "wb") as file:
            _put(file, content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
        _sync(target.parent)
    finally:
        beside.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Remove what processes that were killed in the middle of `write_whole` left in a folder that nobody writes to."""
    for part in folder.glob(_PART):
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """See that a new name in a folder outlives a power cut, where a system lets folders be written through."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _put(file: BinaryIO, content: bytes) -> None:
    """A function of its own, for tests that have to hit the middle of it."""
    file.write(content)


def _refuse(target: Path) -> None:
    """What replacing would not notice, or would tell in terms of the file beside."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(target))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {target.parent}", str(target))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
