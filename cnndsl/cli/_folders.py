"""What a folder stands for where specs are named."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cnndsl.source import SUFFIX

__all__ = ["files_of"]


def files_of(name: str) -> tuple[list[str], int]:
    """The files that a name stands for, in the order of their names, and the exit status of looking for them."""
    if name == "-" or not Path(name).is_dir():
        return [name], 0
    found, unreadable = list[str](), list[OSError]()
    for folder, folders, files in os.walk(name, onerror=unreadable.append):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        paths = [Path(folder, each) for each in sorted(files) if each.endswith(SUFFIX) and not each.startswith(".")]
        found += [str(path) for path in paths if path.is_file() and not path.is_symlink()]
    for error in unreadable:
        click.echo(f"cnndsl: cannot read {error.filename}: {error.strerror}", err=True)
    if not found and not unreadable:
        click.echo(f"cnndsl: there is no {SUFFIX} file in {name}", err=True)
    return found, 2 if unreadable else 0
