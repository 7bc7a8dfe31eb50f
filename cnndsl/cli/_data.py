"""What the commands around training share about data: what becomes of broken files, and how they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

import click

from cnndsl.training.left_out import Broken, LeftOut, listed

__all__ = ["broken_option", "tell"]


def broken_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --broken."""
    return click.option(
        "--broken",
        type=click.Choice(get_args(Broken)),
        default="fail",
        show_default=True,
        help="What becomes of files that cannot be used: name them and stop, or leave them out.",
    )(command)


def tell(left_out: Sequence[LeftOut]) -> None:
    """Say on standard error what is not used of a data set, if there is anything."""
    if left_out:
        click.echo(f"cnndsl: left out {len(left_out):,} of the data:\n{listed(left_out)}", err=True)
