"""`cnndsl fmt`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from cnndsl.cli._folders import files_of
from cnndsl.cli._garbage import no_search
from cnndsl.cli._output import tell_unwritable
from cnndsl.cli._specs import show, standard_input
from cnndsl.source import Source, UnreadableSource, decode, read_bytes

__all__ = ["command"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@click.command("fmt", short_help="Write specs in the one style.")
@click.argument("names", metavar="[FILE | FOLDER | -]...", nargs=-1, required=True, type=click.Path())
@click.option("--check", is_flag=True, help="Write nothing; name the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(names: tuple[str, ...], check: bool, diff: bool) -> None:
    """Write specs in the one style; what they mean stays, and so do their comments.

    Files that change are named. A folder stands for the .cnn files in it and below, without links and without what has
    a name with a dot in front; - formats standard input to standard output. A file with mistakes in its syntax is left
    as it is, and they are shown. Line ends become LF, unless all of a file are CRLF.

    The exit status is 0 where all is well, 1 where a file has such mistakes or, with --check and --diff, would change,
    2 where one cannot be read or written.
    """
    no_search()  # it would take half of the time
    tell = _diff if diff else _check if check else _write
    statuses, done = [0], set[str]()
    for name in names:
        files, status = files_of(name)
        statuses.append(status)
        for file in files:
            identity = file if file == "-" else os.path.realpath(file)
            if identity not in done:
                statuses.append(_status(file, tell))
                done.add(identity)
    sys.exit(max(statuses))


class _Change(NamedTuple):
    """What formatting makes of a file.

    Attributes:
        source: the file as it is.
        text: it in the one style.
        before: the bytes of the file.
        after: the bytes that it gets.
    """

    source: Source
    text: str
    before: bytes
    after: bytes

    @property
    def is_none(self) -> bool:
        return self.after == self.before

    @property
    def line_ends(self) -> str:
        """What becomes of the line ends, in words: no line shows it."""
        ends = _LineEnds.of(self.before)
        return "" if ends.all_are_crlf or not ends.others else f"{ends.others} of {ends.total} line ends become LF"


class _LineEnds(NamedTuple):
    crlf: int
    others: int  # that are no LF either, and these
    total: int

    @classmethod
    def of(cls, content: bytes) -> _LineEnds:
        crlf, cr, lf = (content.count(end) for end in (b"\r\n", b"\r", b"\n"))
        return cls(crlf, cr, cr + lf - crlf)

    @property
    def all_are_crlf(self) -> bool:
        return 0 < self.crlf == self.total


def _status(name: str, tell: Callable[[_Change], int]) -> int:
    """Format a file and tell what came of it; its exit status."""
    try:
        source, before = _read(name)
    except UnreadableSource as error:
        click.echo(f"cnndsl: {error}", err=True)
        return 2
    text = _formatted(source)
    return 1 if text is None else tell(_Change(source, text, before, _encoded(text, before)))


def _read(name: str) -> tuple[Source, bytes]:
    if name == "-":
        content = standard_input()
        return Source("<stdin>", decode(content, "standard input")), content
    content = read_bytes(Path(name), name)
    return Source(name, decode(content, name), Path(name)), content


def _formatted(source: Source) -> str | None:
    """The text in the one style; None where mistakes prevent it, which are shown."""
    from cnndsl.diagnostics import Diagnostic, Diagnostics
    from cnndsl.source import Span
    from cnndsl.syntax import parse
    from cnndsl.syntax.format import formatted
    from cnndsl.syntax.parser import LONGEST_TEXT

    found = Diagnostics()
    tree = parse(source, found)
    text = None if tree is None or found.has_errors else formatted(tree)
    if text is not None and len(text) > LONGEST_TEXT:
        message = f"in the one style, this text of {len(source.text):,} characters would have {len(text):,}"
        found.add(Diagnostic("text-too-long", message, Span(source, 0, 1), label=f"at most {LONGEST_TEXT:,}"))
    show(found.sorted())
    if text is None or found.has_errors:
        return None
    if text != source.text and parse(Source(source.name, text), Diagnostics()) != tree:
        raise AssertionError(f"formatting would change what {source.name} says; it is left as it is")
    return text


def _encoded(text: str, before: bytes) -> bytes:
    """The bytes of a text, with the byte order mark of what was there before, and with its CRLF if it has no others."""
    if _LineEnds.of(before).all_are_crlf:
        text = text.replace("\n", "\r\n")
    return (_BYTE_ORDER_MARK if before.startswith(_BYTE_ORDER_MARK) else b"") + text.encode()


def _write(change: _Change) -> int:
    from cnndsl.files import write_whole

    path = change.source.path
    if path is None:
        if hasattr(sys.stdout, "buffer"):  # else it is closed
            sys.stdout.flush()
            sys.stdout.buffer.write(change.after)
    elif not change.is_none:
        try:
            write_whole(path, change.after)
        except OSError as error:
            tell_unwritable(path, error)
            return 2
        click.echo(_named("formatted", change))
    return 0


def _check(change: _Change) -> int:
    if not change.is_none:
        click.echo(_named("would format", change))
    return int(not change.is_none)


def _named(what: str, change: _Change) -> str:
    return f"{what} {change.source.name}{change.line_ends and f': {change.line_ends}'}"


def _diff(change: _Change) -> int:
    from difflib import unified_diff

    name = change.source.name
    if change.line_ends:
        click.echo(f"{name}: {change.line_ends}")
    for line in unified_diff(_lines(change.source.text), _lines(change.text), name, f"{name}, formatted"):
        click.echo(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n", nl=False)
    return int(not change.is_none)


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)
