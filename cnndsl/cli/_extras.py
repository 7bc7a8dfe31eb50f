"""What to type where a command needs a package that the plain installation does not bring."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

__all__ = ["needs_extra"]


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """End the command with status 2 and `pip install 'cnndsl[extra]'` where an import inside finds no package.

    It is a decorator too: `@needs_extra("train")`.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == __package__.partition(".")[0] or package in sys.stdlib_module_names:
            raise  # no package can bring it
        command = click.get_current_context().command_path
        click.echo(f"{command} needs {package}, which is not installed: pip install 'cnndsl[{extra}]'", err=True)
        sys.exit(2)
