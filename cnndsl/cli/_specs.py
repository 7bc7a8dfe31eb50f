"""What the commands that take specs share: which specs, with what set from outside, and how diagnostics are shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cnndsl.cli._folders import files_of
from cnndsl.cli._terminal import wants_colour
from cnndsl.resources import MOST_NODES
from cnndsl.source import LARGEST_FILE, ZOO, Source, UnreadableSource, decode, read, shipped_specs

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from cnndsl.compiler import Compilation
    from cnndsl.diagnostics import Diagnostic

__all__ = [
    "Given",
    "Spec",
    "model_argument",
    "read_specs",
    "show",
    "spec_argument",
    "spec_arguments",
    "standard_input",
    "without_libraries",
]

Given = dict[str, str]
"""Texts that the command line gives for names: parameters, inputs."""

MOST_SHOWN = 50
"""Diagnostics of a spec that are written to a terminal."""


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    names = [CompletionItem(f"{ZOO}{name}") for name in shipped_specs() if f"{ZOO}{name}".startswith(incomplete)]
    return names if incomplete.startswith(ZOO) else [*names, CompletionItem(incomplete, type="file")]


def _by_name(
    context: click.Context,
    parameter: click.Parameter,
    values: tuple[str, ...],
    form: str,
    may_lack_name: bool = False,
) -> Given:
    """The texts of an option whose values have this form; one that may lack its name stands under "" then."""
    found: Given = {}
    for value in values:
        name, equals, text = value.partition("=") if "=" in value or not may_lack_name else ("", "", value)
        name, text = name.strip(), text.strip()
        is_named = name.isidentifier() if equals else may_lack_name
        if not is_named or not text:
            raise click.BadParameter(f"{value!r} is not {form}", context, parameter)
        if name in found:
            raise click.BadParameter(f"{name or 'the size'} is given twice", context, parameter)
        found[name] = text
    return found


def spec_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments that name specs: FILE..., FOLDER..., zoo:NAME, -, -e TEXT, and what can be set of them."""
    specs = click.argument(
        "specs", metavar="[FILE[:MODEL] | FOLDER | zoo:NAME | -]...", nargs=-1, shell_complete=_complete
    )
    text = click.option("-e", "texts", metavar="TEXT", multiple=True, help="A spec given on the command line.")
    return specs(text(_settings(command)))


class Spec(NamedTuple):
    """A spec that is not compiled yet, with what is set of it from outside."""

    source: Source
    parameters: dict[str, object]
    inputs: Given
    roots: tuple[Path, ...]
    max_nodes: int


def model_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments that name one spec, for a command whose first parameter is its `Model`.

    The spec is compiled and what there is to say about it is shown. Where it has mistakes, or cannot be read, the
    command is not called, and the exit status is that of `check`.
    """

    @wraps(command)
    def compiled(spec: Spec, **rest: Any) -> Any:
        from cnndsl.model import Model

        model = Model.compiled(*spec)
        show(model.diagnostics)
        return command(model, **rest)

    return spec_argument(compiled)


def spec_argument(command: Callable[..., Any], *, may_lack: bool = False) -> Callable[..., Any]:
    """Add the same arguments for a command whose first parameter is a `Spec`, which it compiles itself.

    Mistakes that it raises are shown, and the exit status is that of `check`. Where the spec may lack, the command gets
    None in its place.
    """

    @wraps(command)
    def called(
        spec: str | None,
        text: str | None,
        parameters: Given,
        inputs: Given,
        roots: tuple[Path, ...],
        max_nodes: int,
        **rest: Any,
    ) -> Any:
        if spec is not None and text is not None:
            raise click.UsageError("give one spec: a file, zoo:NAME, -, or -e TEXT")
        is_lacking = may_lack and spec is None and text is None
        if is_lacking and (parameters or inputs or roots):
            raise click.UsageError("-D, --input and --use-from go with a spec: give it too")
        found = None if is_lacking else _read_one(spec, text, parameters, inputs, roots, max_nodes)
        from cnndsl.model import SpecError

        try:
            return command(found, **rest)
        except SpecError as error:
            show(error.diagnostics)
            sys.exit(1)

    spec = click.argument("spec", metavar="[FILE[:MODEL] | zoo:NAME | -]", required=False, shell_complete=_complete)
    text = click.option("-e", "text", metavar="TEXT", help="A spec given on the command line.")
    return spec(text(_settings(called)))


def _read_one(
    spec: str | None, text: str | None, parameters: Given, inputs: Given, roots: tuple[Path, ...], max_nodes: int
) -> Spec:
    sources, complete = read_specs([] if spec is None else [spec], [] if text is None else [text])
    if not complete:
        sys.exit(2)
    source = sources[0]
    return Spec(source, source.with_settings(parameters), inputs, roots, max_nodes)


def _settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what can be set of a spec from outside: -D NAME=VALUE, --input SIZE, --use-from FOLDER, --max-nodes N."""
    sizes = click.option(
        "--input",
        "inputs",
        metavar="[NAME=]SIZE",
        multiple=True,
        callback=partial(_by_name, form="SIZE or NAME=SIZE", may_lack_name=True),
        help="Set the size of the input: --input 3x96x128. NAME says which one of several.",
    )
    values = click.option(
        "-D",
        "parameters",
        metavar="NAME=VALUE",
        multiple=True,
        callback=partial(_by_name, form="NAME=VALUE"),
        help="Set a parameter of the spec: -D N=2.",
    )
    folders = click.option(
        "--use-from",
        "roots",
        metavar="FOLDER",
        multiple=True,
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="A further folder from which `use` may bring in files.",
    )
    nodes = click.option(
        "--max-nodes",
        metavar="N",
        type=click.IntRange(min=1),
        default=MOST_NODES,
        help=f"How many nodes the networks of a spec may have, all together; {MOST_NODES:,} if not given.",
    )
    return values(sizes(folders(nodes(command))))


def read_specs(specs: Iterable[str], texts: Iterable[str], *, folders: bool = False) -> tuple[list[Source], bool]:
    """The sources, and whether all could be read; those that could not are named on stderr.

    Where folders may be named, one stands for the files in it.

    Raises:
        click.UsageError: none is given.
    """
    sources: list[Source] = []
    complete = True
    for name in specs:
        files, status = files_of(name) if folders else ([name], 0)
        complete = complete and not status and bool(files)
        for spec in files:
            try:
                sources.append(_standard_input() if spec == "-" else read(spec))
            except UnreadableSource as error:
                click.echo(f"cnndsl: {error}", err=True)
                complete = False
    sources += [Source("<expression>", text) for text in texts]
    if not sources and complete:
        raise click.UsageError("give a file, zoo:NAME, -e TEXT, or - for standard input")
    return sources, complete


def _standard_input() -> Source:
    return Source("<stdin>", decode(standard_input(), "standard input"))


def standard_input() -> bytes:
    """What comes in, as far as `decode` needs it to say that it is too much."""
    return sys.stdin.buffer.read(LARGEST_FILE + 1) if sys.stdin else b""


def without_libraries(compilations: list[Compilation], specs: tuple[str, ...]) -> list[Compilation]:
    """Leave out files of a folder that hold nothing but definitions, which `use` brings in elsewhere."""

    def is_library(found: Compilation) -> bool:
        is_named = found.source.path is None or found.source.name in specs
        has_flow = found.file is None or found.file.flows
        return not is_named and not has_flow and [each.code for each in found.diagnostics] == ["no-input"]

    return [found for found in compilations if not is_library(found)] or compilations


def show(diagnostics: tuple[Diagnostic, ...]) -> None:
    """Write diagnostics to stderr, in colour where that is a terminal that wants it."""
    if not diagnostics:
        return
    from cnndsl.diagnostics.terminal import render_all

    colour = sys.stderr.isatty() and wants_colour()
    sys.stderr.write(render_all(diagnostics[:MOST_SHOWN], colour=colour) + "\n")
    if len(diagnostics) > MOST_SHOWN:
        sys.stderr.write(f"... and {len(diagnostics) - MOST_SHOWN:,} more; --format json has them all\n\n")
