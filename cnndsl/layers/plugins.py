"""Layers of other packages: modules that are named by an entry point of the group `cnndsl.layers`.

Importing such a module declares its layers, as importing ours does. It happens the first time that anyone asks which
layers there are. What is wrong with a package is told in a line on the logger `cnndsl`, which without further ado
writes to standard error, and everything else works.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from io import FileIO
from typing import NamedTuple

__all__ = ["GROUP", "load", "tell"]

GROUP = "cnndsl.layers"
_SUFFIX = ".dist-info"


class _EntryPoint(NamedTuple):
    """What an installed package declares: its name with its version, and the module with its layers."""

    package: str
    module: str


@cache
def load() -> None:
    """Import what is installed, once."""
    for package, module in dict.fromkeys(_entry_points()):
        try:
            import_module(module)
        except Exception as error:  # whatever a stranger's module raises
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            tell(f"the layers of {package} are left out: {reason}")


def tell(message: str) -> None:
    """Say in one line what is wrong with an installed package."""
    from logging import getLogger

    getLogger("cnndsl").warning("cnndsl: %s", message)


def _entry_points() -> Iterator[_EntryPoint]:
    """The entry points of the group, by a look into the folders where packages are installed.

    importlib.metadata takes as long for the same as a quarter of a cold `check`.
    """
    for folder in dict.fromkeys(sys.path):
        with suppress(OSError), os.scandir(folder or ".") as entries:
            for entry in entries:
                if entry.name.endswith(_SUFFIX):
                    yield from _declared(entry)


def _declared(distribution: os.DirEntry[str]) -> Iterator[_EntryPoint]:
    with suppress(OSError), FileIO(f"{distribution.path}/entry_points.txt") as file:
        text = file.readall().decode(errors="replace")
        if f"[{GROUP}]" in text:
            yield from _parsed(text, distribution.name.removesuffix(_SUFFIX).replace("-", " "))


def _parsed(text: str, package: str) -> Iterator[_EntryPoint]:
    from configparser import ConfigParser
    from configparser import Error as Malformed

    sections = ConfigParser(delimiters=("=",), interpolation=None)
    with suppress(Malformed):
        sections.read_string(text)
        for module in sections[GROUP].values():
            yield _EntryPoint(package, module.partition(":")[0].strip())
