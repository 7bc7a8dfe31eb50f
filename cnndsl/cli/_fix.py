"""`--fix`: mistakes that leave no doubt about what was meant are mended in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import click

from cnndsl.cli._output import writing
from cnndsl.diagnostics import Diagnostic, Fix
from cnndsl.source import Source, decode, read_bytes

__all__ = ["mended", "safe_fixes"]

_MOST_ROUNDS = 100
"""What hides behind one mistake is seen when that is mended; few files need a third look."""


def safe_fixes(source: Source, diagnostics: Iterable[Diagnostic]) -> Iterator[tuple[Diagnostic, Fix]]:
    """The fixes that may be made unasked in the text of a source."""
    for found in diagnostics:
        fix = found.fix
        if fix and fix.is_safe and all(edit.span.source is source for edit in fix.edits):
            yield found, fix


def mended(source: Source, diagnose: Callable[[Source], tuple[Diagnostic, ...]]) -> Source:
    """Make the safe fixes in the file of a source, tell each on stderr, and give what it says then.

    The file is written once, whole, at the end.

    Raises:
        UnreadableSource: the file is gone.
    """
    from cnndsl.diagnostics.fix import edited, without_overlaps
    from cnndsl.files import write_whole

    path = source.path
    assert path is not None
    before = content = read_bytes(path, source.name)
    source = _said(source, content)
    for _ in range(_MOST_ROUNDS):
        found = {fix: each for each, fix in safe_fixes(source, diagnose(source))}
        fixes = list(without_overlaps(found))
        if not fixes:
            break
        for fix in sorted(fixes, key=lambda fix: fix.edits[0].span.start):
            click.echo(f"{found[fix].span}: {fix}", err=True)
        content = edited(content, fixes)
        source = _said(source, content)
    if content != before:
        with writing(path):
            write_whole(path, content)
    return source


def _said(source: Source, content: bytes) -> Source:
    """The same source with what is in its file now."""
    return Source(source.name, decode(content, source.name), source.path, source.model)
