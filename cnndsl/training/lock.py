"""One process writes to a run folder: a lock that the system takes back when its owner dies, however it dies."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from cnndsl.training.errors import Unusable

__all__ = ["locked"]

_MOST = 1000
"""Bytes that are read of what an owner says of itself."""


@contextmanager
def locked(path: Path, tell: Callable[[str], None] = lambda text: None) -> Iterator[None]:
    """Hold a lock on a file, which is made where there is none and names its owner while it is held.

    It is a lock of this process: the processes that it starts do not hold it, and cannot outlive it with it.

    Args:
        path: the file.
        tell: is given a sentence where the file system knows no locks; it goes on without one then.

    Raises:
        Unusable: another process has it, or the file cannot be written.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise Unusable(f"cannot write {path}: {error.strerror}") from None
    try:
        try:
            _take(file)
        except (BlockingIOError, PermissionError):
            raise Unusable(f"{path.parent} is in use: {_owner(path)}") from None
        except OSError as error:
            tell(f"{path.parent} is not locked ({error.strerror}): see that no other process trains there")
        _sign(file)
        yield
        with suppress(OSError):
            os.ftruncate(file, 0)
    finally:
        os.close(file)


if sys.platform == "win32":
    import msvcrt

    _FAR = 2**30
    """The byte that is locked: behind what others read."""

    def _take(file: int) -> None:
        os.lseek(file, _FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # unlike flock, it does not pass to children


def _sign(file: int) -> None:
    """Say who has it, for those who come later; a disk that is full does not keep anybody from training."""
    owner = {"process": os.getpid(), "host": socket.gethostname(), "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}"}
    with suppress(OSError):
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, json.dumps(owner).encode())


def _owner(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MOST))
        process, host, since = int(found["process"]), str(found["host"]), str(found["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return "another process trains there"
    where = "" if host == socket.gethostname() else f" on {_plain(host)}"
    return f"process {process}{where} has been training there since {_plain(since)}"


def _plain(text: str) -> str:
    return "".join(each for each in text[:80] if each.isprintable())
