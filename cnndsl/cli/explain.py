"""`cnndsl explain`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["command"]


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from cnndsl.reference.entries import names

    written = str.lower if incomplete.islower() else str
    return [CompletionItem(written(name)) for name in names() if written(name).startswith(incomplete)]


@click.command("explain", short_help="Explain a layer, a block, or the code of a message.")
@click.argument("name", metavar="LAYER | BLOCK | CODE", shell_complete=_complete)
def command(name: str) -> None:
    """Explain a layer: what it computes and takes, examples with what they give, mistakes, what it is in PyTorch.

    NAME is a layer's word in any case, or what another framework calls it (`cnndsl explain Conv2d`); a block that every
    spec can use (SE); or the code of a message (shape-mismatch).
    """
    from cnndsl.cli._terminal import text_width
    from cnndsl.diagnostics import did_you_mean
    from cnndsl.reference.entries import find, names
    from cnndsl.reference.terminal import page

    found = find(name)
    if found is None:
        hint = did_you_mean(name, names()) or "cnndsl layers lists what there is"
        raise click.UsageError(f"there is no layer, block or code `{name}`; {hint}")
    if found.here:
        click.echo(f"Here {name} is called {found.here}.\n")
    sys.stdout.write(page(found.meant, text_width()))
