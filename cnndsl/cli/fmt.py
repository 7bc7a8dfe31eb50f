"""`cnndsl fmt`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from cnndsl.cli._output import writing
from cnndsl.cli._specs import show, standard_input
from cnndsl.source import Source, UnreadableSource, decode, read_bytes

__all__ = ["command"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@click.command("fmt", short_help="Write specs in the one style.")
@click.argument("files", metavar="[FILE | -]...", nargs=-1, required=True, type=click.Path())
@click.option("--check", "does", flag_value="check", help="Write nothing; name the files that would change.")
@click.option("--diff", "does", flag_value="diff", help="Write nothing; show what would change.")
def command(files: tuple[str, ...], does: str | None) -> None:
    """Write specs in the one style; what they mean stays, and so do their comments.

    Files that change are named; - formats standard input to standard output. A file with mistakes in its syntax is left
    as it is. The exit status is 0 where all is well, 1 where a file has such mistakes or, with --check and --diff,
    would change, 2 where one cannot be read or written.
    """
    tell = _TELLERS[does or "write"]
    statuses = [_status(name, tell) for name in files]
    sys.exit(max(statuses))


class _Change(NamedTuple):
    """What formatting makes of a file: its text, and the bytes to be written; whether these are what was there."""

    source: Source
    text: str
    content: bytes
    is_none: bool


def _status(name: str, tell: Callable[[_Change], int]) -> int:
    """Format a file and tell what came of it; its exit status."""
    try:
        source, content = _read(name)
    except UnreadableSource as error:
        click.echo(f"cnndsl: {error}", err=True)
        return 2
    text = _formatted(source)
    if text is None:
        return 1
    written = _encoded(text, content)
    return tell(_Change(source, text, written, written == content))


def _read(name: str) -> tuple[Source, bytes]:
    if name == "-":
        content = standard_input()
        return Source("<stdin>", decode(content, "standard input")), content
    content = read_bytes(Path(name), name)
    return Source(name, decode(content, name), Path(name)), content


def _formatted(source: Source) -> str | None:
    """The text in the one style; None where mistakes prevent it, which are shown."""
    from cnndsl.diagnostics import Diagnostics
    from cnndsl.syntax import parse
    from cnndsl.syntax.format import formatted

    found = Diagnostics()
    tree = parse(source, found)
    text = None if tree is None or found.has_errors else formatted(tree)
    if text is not None:
        parse(Source(source.name, text), found)  # what was short enough may have become too long
    show(found.sorted())
    return None if found.has_errors else text


def _encoded(text: str, before: bytes) -> bytes:
    """The bytes of a text, with the line ends and the byte order mark that there were before."""
    if b"\r\n" in before:
        text = text.replace("\n", "\r\n")
    return (_BYTE_ORDER_MARK if before.startswith(_BYTE_ORDER_MARK) else b"") + text.encode()


def _write(change: _Change) -> int:
    from cnndsl.files import write_whole

    path = change.source.path
    if path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(change.content)
    elif not change.is_none:
        with writing(path):
            write_whole(path, change.content)
        click.echo(f"formatted {path}")
    return 0


def _check(change: _Change) -> int:
    if not change.is_none:
        click.echo(f"would format {change.source.name}")
    return int(not change.is_none)


def _diff(change: _Change) -> int:
    from difflib import unified_diff

    name = change.source.name
    for line in unified_diff(_lines(change.source.text), _lines(change.text), name, f"{name}, formatted"):
        click.echo(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n", nl=False)
    return int(not change.is_none)


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


_TELLERS: dict[str, Callable[[_Change], int]] = {"write": _write, "check": _check, "diff": _diff}
