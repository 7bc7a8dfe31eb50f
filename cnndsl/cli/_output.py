"""What the commands that write a file share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

__all__ = ["tell_unwritable", "writing"]


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """End the command with status 2 and one line where the file that is written inside cannot be."""
    try:
        yield
    except OSError as error:
        tell_unwritable(path, error)
        sys.exit(2)


def tell_unwritable(path: Path, error: OSError) -> None:
    click.echo(f"cnndsl: cannot write {path}: {error.strerror or error}", err=True)
