"""What the commands around training share: the device, the format, and how what went wrong is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from cnndsl.cli._specs import show

__all__ = ["device_option", "format_option", "troubles_told"]


def device_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --device."""
    return click.option(
        "--device",
        metavar="auto|cpu|cuda[:N]",
        default="auto",
        show_default=True,
        help="Where the network runs; auto is the first CUDA device, if there is one.",
    )(command)


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --format; the command gets it as `form`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(("text", "json")),
        default="text",
        show_default=True,
        help="For people, or for programs.",
    )(command)


@contextmanager
def troubles_told() -> Iterator[None]:
    """Show what goes wrong inside on stderr and end the command: status 1 for the network, 2 for what was named."""
    from cnndsl.cli._weights import misfit_told
    from cnndsl.training.errors import Diverged, Misfit, OutOfMemory, Unusable

    try:
        with misfit_told():
            yield
    except Misfit as error:
        show((error.diagnostic,))
        sys.exit(1)
    except (Diverged, OutOfMemory) as error:
        click.echo(f"cnndsl: {error}", err=True)
        sys.exit(1)
    except Unusable as error:
        click.echo(f"cnndsl: {error}", err=True)
        sys.exit(2)
