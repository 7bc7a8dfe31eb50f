"""`cnndsl layers`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cnndsl.reference.entries import Entry

__all__ = ["command"]


@click.command("layers", short_help="List the layers of the language.")
@click.argument("parts", metavar="[PART]...", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A list to read, or all that is declared, as data.",
)
def command(parts: tuple[str, ...], form: str) -> None:
    """List every layer that a spec can use, by family, those of installed packages included.

    PART of the name of a family or a layer, in any case, chooses among them: `cnndsl layers pool`. What there is to
    say about one, `cnndsl explain` does.
    """
    from cnndsl.reference.entries import entries

    chosen = [entry for entry in entries() if not parts or any(_is_in(part, entry) for part in parts)]
    if not chosen:
        raise click.UsageError(f"no family and no layer has {' or '.join(map(repr, parts))} in its name")
    sys.stdout.write(_WRITERS[form](chosen))


def _is_in(part: str, entry: Entry) -> bool:
    from cnndsl.reference.entries import family_of, name_of

    return part.lower() in family_of(entry) or part.upper() in name_of(entry)


def _text(chosen: Iterable[Entry]) -> str:
    from cnndsl.cli._terminal import text_width
    from cnndsl.reference.terminal import listing

    return listing(chosen, text_width())


def _json(chosen: Iterable[Entry]) -> str:
    import json

    from cnndsl.reference.data import as_data

    return json.dumps([as_data(entry) for entry in chosen], indent=1) + "\n"


_WRITERS: dict[str, Callable[[Iterable[Entry]], str]] = {"text": _text, "json": _json}
