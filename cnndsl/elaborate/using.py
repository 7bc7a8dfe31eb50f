"""`use "blocks.cnn"`: the definitions of other files, each still resolved in its own file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cnndsl.diagnostics import Diagnostic, Diagnostics, Label, did_you_mean
from cnndsl.elaborate.program import Program, Used
from cnndsl.source import SUFFIX, Source, Span, UnreadableSource, shipped
from cnndsl.syntax import LONGEST_TEXT, ast, parse

__all__ = ["Reader", "bring_in"]

Reader = Callable[[str, Source], Source]
"""Gives the source that a file of this name, written in that source, means; raises UnreadableSource."""

MOST_FILES = 100
_MOST_USES = 1_000
"""Statements that are followed; of files that bring in the same ones there may be more than files."""

_MOST_SUGGESTIONS = 10


class _Loader:
    def __init__(self, read: Reader, diagnostics: Diagnostics) -> None:
        self._read = read
        self._diagnostics = diagnostics
        self._loaded: dict[str, Program | None] = {}
        self._open: list[str] = []
        """The files that are being loaded, each brought in by the one before it."""
        self._sources: dict[tuple[Source, str], Source | None] = {}
        """What was read, by the file that names it and the name; None for what could not be."""
        self._uses = 0
        self._missing = 0
        self._length = 0
        """Characters of the files that were loaded."""

    def used(self, file: ast.File) -> Used:
        """The files that a file brings in, in the order of the text; those that cannot be had are reported."""
        self._open.append(_key(file.source))
        programs: dict[str, Program] = {}
        is_complete = True
        for statement in file.statements:
            if isinstance(statement, ast.Use):
                program = self._program(statement)
                if program is not None:
                    programs.setdefault(_key(program.file.source), program)
                is_complete = is_complete and program is not None
        self._open.pop()
        return Used(tuple(programs.values()), is_complete)

    def _program(self, use: ast.Use) -> Program | None:
        source = self._source(use)
        if source is None:
            return None
        key = _key(source)
        if key in self._open:
            self._reject(use, f"{source.name} brings itself in")
            return None
        if key not in self._loaded and len(self._loaded) >= MOST_FILES:
            self._reject(use, f"more than {MOST_FILES} files are brought in")
            return None
        if key not in self._loaded:
            self._loaded[key] = None
            self._length += len(source.text)
            if self._length > LONGEST_TEXT:
                self._reject(use, f"the files that are brought in have more than {LONGEST_TEXT:,} characters together")
                return None
            found = Diagnostics()
            file = parse(source, found)
            self._diagnostics.extend(found)
            if file is not None and not found.has_errors:
                self._loaded[key] = Program(file, {}, used=self.used(file))
            else:
                others = tuple(Label(each.span, "here") for each in list(found)[:1])
                self._reject(use, f"{source.name} has a mistake", others)
        return self._loaded[key]

    def _source(self, use: ast.Use) -> Source | None:
        """What a statement names, read once for each file that names it; that it cannot be had is reported."""
        key = use.span.source, use.path
        if key in self._sources:
            return self._sources[key]
        self._uses += 1
        if self._uses > _MOST_USES or self._length > LONGEST_TEXT:
            self._reject(use, "this is not looked at: too much is brought in")
            return None
        self._sources[key] = None
        try:
            self._sources[key] = self._read(use.path, use.span.source)
        except UnreadableSource as error:
            self._missing += 1
            names = _files_beside(use.span.source) if self._missing <= _MOST_SUGGESTIONS else []
            help = did_you_mean(use.path, [name for name in names if name != use.path])
            self._reject(use, str(error), help=help)
        return self._sources[key]

    def _reject(self, use: ast.Use, message: str, others: tuple[Label, ...] = (), help: str = "") -> None:
        start = use.span.end - len(use.path) - 2
        span = Span(use.span.source, start, use.span.end)
        self._diagnostics.add(Diagnostic("bad-use", message, span, others=others, help=help))


def bring_in(file: ast.File, read: Reader, diagnostics: Diagnostics) -> Used:
    """The files that a file brings in, each with those that it brings in itself; mistakes are reported."""
    return _Loader(read, diagnostics).used(file)


def _files_beside(source: Source) -> list[str]:
    """The specs in the folder of a file, and the shipped ones."""
    folder = source.path.parent if source.path else Path()
    return [path.name for each in (folder, shipped("specs")) for path in each.glob(f"*{SUFFIX}")]


def _key(source: Source) -> str:
    """What is equal for one file, whatever the way in which it is named."""
    return str(source.path.resolve()) if source.path else source.name
