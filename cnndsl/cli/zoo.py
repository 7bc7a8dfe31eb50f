"""`cnndsl zoo`."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from cnndsl.cli._report import in_format, widest
from cnndsl.source import ZOO, shipped_specs, zoo

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from cnndsl.zoo import Entry

__all__ = ["command"]


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in shipped_specs() if name.startswith(incomplete)]


@click.command("zoo", short_help="List the networks that come with it.")
@click.argument("parts", metavar="[PART]...", nargs=-1, shell_complete=_complete)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown", "csv"]),
    default="table",
    show_default=True,
    help="What fits the terminal, or all that the index has.",
)
def command(parts: tuple[str, ...], form: str) -> None:
    """List the networks that come with cnndsl: year, input, parameters, MACs, and the published top-1 accuracy.

    PART of a name, of its file or of its data set, in any case, chooses among them: `cnndsl zoo resnet`. Each name
    stands behind `zoo:`, as in `cnndsl check zoo:resnet101`.
    """
    chosen = [entry for entry in zoo().values() if not parts or any(_is_in(part, entry) for part in parts)]
    if not chosen:
        raise click.UsageError(f"nothing in the zoo has {' or '.join(map(repr, parts))} in its name")
    sys.stdout.write(_json(chosen) if form == "json" else _table(chosen, form))


def _is_in(part: str, entry: Entry) -> bool:
    wanted = part.lower().removeprefix(ZOO)
    return any(wanted in text.lower() for text in (entry.name, entry.spec, entry.task))


def _table(chosen: list[Entry], form: str) -> str:
    from cnndsl.backends.report.zoo import ALL, USUAL, zoo_table
    from cnndsl.cli._terminal import table_style

    with_columns = partial(zoo_table, chosen)
    if form != "table":
        return in_format(form, [with_columns(ALL)])
    if not table_style().width:
        return in_format(form, [with_columns(USUAL)])
    first, *more = USUAL
    return in_format(form, [widest(with_columns, [first], more)])


def _json(chosen: list[Entry]) -> str:
    import json

    from cnndsl.backends.report.zoo import as_data

    return json.dumps([as_data(entry) for entry in chosen], indent=1) + "\n"
