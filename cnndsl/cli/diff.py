"""`cnndsl diff`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnndsl.cli._choice import Words, themes
from cnndsl.cli._output import writing
from cnndsl.cli._specs import Given, Spec, read_specs, show, spec_arguments
from cnndsl.source import Source, UnreadableSource, read

if TYPE_CHECKING:
    from cnndsl.analyses.diff import Difference
    from cnndsl.backends.pictures.themes import ThemeName
    from cnndsl.graph import Graph

__all__ = ["command"]

_NOTHING = "/dev/null"
"""What git names in place of a file that is not there."""

_OF_GIT = 7
"""Arguments of a program that git calls to show a difference: path, and of each side a file, its hash and its mode."""


@click.command("diff", short_help="Tell what differs between two networks.")
@spec_arguments
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
    help="For the terminal, for GitHub, or for programs.",
)
@click.option(
    "-o",
    "--output",
    metavar="PICTURE",
    type=click.Path(path_type=Path),
    help="Draw it: .svg, .png, .pdf or .dot; added green, removed red, changed yellow.",
)
@click.option("--theme", type=Words(themes), default="light", show_default=True, help="The colours of the picture.")
@click.option("--exit-code", "tells", is_flag=True, help="Exit with 1 where they differ, and 0 where they do not.")
@click.option("--git", "is_git", is_flag=True, help="Take the arguments that git gives to `diff.NAME.command`.")
def command(
    specs: tuple[str, ...],
    texts: tuple[str, ...],
    parameters: Given,
    inputs: Given,
    roots: tuple[Path, ...],
    max_nodes: int,
    form: str,
    output: Path | None,
    theme: ThemeName,
    tells: bool,
    is_git: bool,
) -> None:
    """Tell which layers were added (+), removed (-) and changed (~) between two networks.

    Give two specs, the former first; what is set from outside is set of both. Layers are aligned by structure, not by
    lines: what is only written differently is the same. The numbers are how many more parameters and
    multiply-accumulates there are.
    """
    if is_git:
        _for_git(specs, form)
        return
    if len(specs) + len(texts) != 2:
        raise click.UsageError(f"give two specs, before and after, not {len(specs) + len(texts)}")
    sources, complete = read_specs(specs, texts)
    if not complete:
        sys.exit(2)
    before, after = (
        _compiled(Spec(each, each.with_settings(parameters), inputs, roots, max_nodes)) for each in sources
    )
    found = _difference(before, after)
    if output is None:
        sys.stdout.write(_written(found, form))
    else:
        _draw(found, output, theme)
    if tells and not found.is_empty:
        sys.exit(1)


def _draw(found: Difference, output: Path, theme: ThemeName) -> None:
    from cnndsl.backends.pictures.formats import Look, difference, format_of
    from cnndsl.backends.pictures.layout import Unrendered
    from cnndsl.files import write_whole

    try:
        picture = difference(found, format_of(output), Look(theme=theme))
        with writing(output):
            write_whole(output, picture)
    except Unrendered as error:
        click.echo(f"cnndsl: {error}", err=True)
        sys.exit(2)


def _compiled(spec: Spec) -> Graph:
    from cnndsl.model import Model, SpecError

    try:
        model = Model.compiled(*spec)
    except SpecError as error:
        show(error.diagnostics)
        sys.exit(1)
    return model.graph


def _difference(before: Graph, after: Graph) -> Difference:
    from cnndsl.analyses.diff import difference

    return difference(before, after)


def _written(found: Difference, form: str) -> str:
    from cnndsl.backends.report.diff import as_data, diff_table, sameness
    from cnndsl.cli._report import in_format

    if form == "json":
        import json

        return json.dumps(as_data(found), indent=1) + "\n"
    return sameness(found) + "\n" if found.is_empty else in_format(form, [diff_table(found)])


def _for_git(words: tuple[str, ...], form: str) -> None:
    """Show what git wants shown; what cannot be compared is told in a line, and git goes on with the next file."""
    if len(words) < _OF_GIT:
        raise click.UsageError("--git is for git: git config diff.cnn.command 'cnndsl diff --git'")
    path, before, _, _, after, *_ = words
    if _NOTHING in (before, after):
        click.echo(f"{path} was {'added' if before == _NOTHING else 'removed'}")
        return
    graphs: list[Graph] = []
    for file in (before, after):
        try:
            text = read(file).text
        except UnreadableSource as error:
            click.echo(f"{path}: {error}")
            return
        found = _of_text(text, path)
        if found is None:
            click.echo(f"{path} cannot be compared: {'before' if file == before else 'after'} it has mistakes")
            return
        graphs.append(found)
    click.echo(f"{path}")
    sys.stdout.write(_written(_difference(*graphs), form))


def _of_text(text: str, path: str) -> Graph | None:
    """The network of a text that lies, or lay, at a path: what it brings in is looked up there."""
    from cnndsl.compiler import compile_source

    source = Source(path, text, Path(path))
    return compile_source(source, source.with_settings({})).graph
