"""Text with a name. Spans are offsets; line and column are computed here and nowhere else."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnndsl.zoo import Entry

__all__ = [
    "SUFFIX",
    "Position",
    "Source",
    "Span",
    "UnreadableSource",
    "decode",
    "read",
    "read_bytes",
    "shipped",
    "shipped_specs",
    "split_model",
    "used",
    "zoo",
]

SUFFIX = ".cnn"
ZOO = "zoo:"
LARGEST_FILE = 4 * 1024 * 1024
"""Bytes of a file that is read at all; the parser's own limit on text is lower."""


class UnreadableSource(Exception):
    """A spec that cannot be read at all: no such file, not text, unknown name in the zoo."""


class Position(NamedTuple):
    """A place as people count: line and column both start at 1."""

    line: int
    column: int


@dataclass(eq=False)
class Source:
    """A text and the name under which messages refer to it.

    Attributes:
        name: of the file, or what stands for one.
        text: what it says.
        path: the file; None for a text that lies in none.
        model: which of its models is asked for; "" where that is not said.
        variant: the name under which the zoo has it with the settings; "" for what is no variant.
        settings: the values of its parameters that this name stands for, by parameter.
    """

    name: str
    text: str = field(repr=False)
    path: Path | None = field(default=None, repr=False)
    model: str = field(default="", repr=False)
    variant: str = field(default="", repr=False)
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for line in self.text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        return starts[:-1]

    def position(self, offset: int) -> Position:
        """Line and column of an offset into the text."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line end."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]

    @property
    def stem(self) -> str:
        """The name of the models in this text: the zoo's for a variant, else the file's without folder and suffix."""
        if self.variant:
            return self.variant
        return Path(self.name).stem if self.name.endswith(SUFFIX) else self.name.strip("<>")

    @property
    def file_name(self) -> str:
        """The name of a file that holds this text alone, where what is set of it is kept elsewhere."""
        return f"{self.variant}{SUFFIX}" if self.variant else self.name

    @property
    def address(self) -> str:
        """What reads it again: `zoo:NAME` for a shipped one, else the name."""
        return self.name if self.path is None or self.may_change else ZOO + self.stem

    def with_settings(self, parameters: Mapping[str, object]) -> dict[str, object]:
        """Values for its parameters, those that its name stands for included; the given ones win."""
        return {**self.settings, **parameters}

    @property
    def may_change(self) -> bool:
        """Whether it is a file of the user's own: no text given directly, and none that is shipped."""
        return self.path is not None and self.path.parent != shipped("specs")

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


class Span(NamedTuple):
    """A stretch of a source: the characters from `start` up to but not including `end`."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def on_one_line(self) -> str:
        """The text with a blank for each stretch of blanks and line ends."""
        return " ".join(self.text.split())

    @property
    def position(self) -> Position:
        return self.source.position(self.start)

    def until(self, other: Span) -> Span:
        """From the start of this span to the end of another one in the same source."""
        return Span(self.source, self.start, other.end)

    def __str__(self) -> str:
        line, column = self.position
        return f"{self.source.name}:{line}:{column}"


def shipped(folder: str) -> Path:
    """A folder that comes with the project (`grammars`, `specs`).

    It lies inside the package when that was installed from a wheel, and beside it in a checkout or an editable
    installation, for which the build does not copy it.
    """
    package = Path(__file__).parent
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder


def shipped_specs() -> list[str]:
    """The names that `zoo:` accepts, sorted: those of the index and of the files."""
    return sorted({*zoo(), *(path.stem for path in shipped("specs").glob(f"*{SUFFIX}"))})


def zoo() -> Mapping[str, Entry]:
    """The index of the shipped specs."""
    from cnndsl.zoo import index  # the csv module is not needed for files

    return index(shipped("specs"))


def read(name: str | os.PathLike[str]) -> Source:
    """The source at a path, or a shipped one for `zoo:NAME`; with `:MODEL` behind it, for one of its models.

    Raises:
        UnreadableSource: there is no such file, or its content is not UTF-8 text.
    """
    name, model = split_model(os.fspath(name))
    if name.startswith(ZOO):
        return _shipped_spec(name, model)
    path = Path(name)
    return Source(name, _read(path, name), path, model)


def split_model(name: str) -> tuple[str, str]:
    """The name of a source without the model that is asked for, and that model: `gan.cnn:generator`."""
    if name.startswith(ZOO):
        zoo, _, model = name.removeprefix(ZOO).partition(":")
        return ZOO + zoo, model
    before, found, model = name.rpartition(f"{SUFFIX}:")
    is_one = found and model and not any(each in model for each in "/\\:")
    return (before + SUFFIX, model) if is_one else (name, "")


def used(name: str, by: Source, roots: Sequence[Path] = ()) -> Source:
    """The source that `use "NAME"` means in a file: beside it, then among the shipped specs, then in other folders.

    Args:
        name: a relative path.
        by: the file that has the statement; of a text that lies in no file, the current folder counts.
        roots: further folders that may be read.

    Raises:
        UnreadableSource: no such file lies in these folders, or it cannot be read.
    """
    beside = by.path.parent if by.path else Path()
    folders = [beside, shipped("specs"), *roots]
    for folder in folders:
        path = folder / name
        if not _is_file(path):
            continue
        if any(_is_inside(path, each) for each in folders):
            shown = Path(by.name).parent / name if folder is beside else name
            return Source(str(shown), _read(path, name), path)
        where = "beside the file, in the shipped specs, or where --use-from allows it"
        raise UnreadableSource(f"{name} lies elsewhere: files are brought in from {where}")
    raise UnreadableSource(f"there is no {name} beside the file or in the shipped specs")


def _is_file(path: Path) -> bool:
    """Whether there is a file that can be seen; a name longer than the system's names belongs to none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a file lies in a folder or below it, links followed."""
    return path.resolve().is_relative_to(folder.resolve())


def _read(path: Path, name: str) -> str:
    return decode(read_bytes(path, name), name)


def read_bytes(path: Path, name: str) -> bytes:
    """What a file holds, as far as `decode` needs it to say that it is too much.

    Raises:
        UnreadableSource: there is no such file, or it cannot be read; the message calls it by the name.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UnreadableSource(f"cannot read {name}: {error.strerror or error}") from None
    except ValueError as error:  # a NUL byte in the name
        raise UnreadableSource(f"cannot read {name!r}: {error}") from None


def decode(content: bytes, name: str) -> str:
    """UTF-8 text, with or without a byte order mark, its line ends as newlines.

    Raises:
        UnreadableSource: the bytes are not UTF-8, or too many.
    """
    if len(content) > LARGEST_FILE:
        raise UnreadableSource(f"cannot read {name}: it is larger than {LARGEST_FILE:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        content = error.object  # without the byte order mark
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise UnreadableSource(f"cannot read {name}: byte 0x{byte:02x} in line {line} is not UTF-8 text") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shipped_spec(name: str, model: str) -> Source:
    wanted = name.removeprefix(ZOO)
    entry = zoo().get(wanted)
    path = shipped("specs") / f"{entry.file if entry else wanted}{SUFFIX}"
    if entry is None and wanted not in shipped_specs():
        raise UnreadableSource(f"{name} is not shipped; {_close_to(wanted)}`cnndsl zoo` lists what is")
    text = _read(path, name)
    if entry is None or (entry.spec == wanted and not entry.settings):
        return Source(path.name, text, path, model)
    variant = "" if entry.model and model else wanted
    return Source(path.name, text, path, model or entry.model, variant, entry.settings)


def _close_to(name: str) -> str:
    from difflib import get_close_matches  # only on the way to an error

    close = get_close_matches(name, shipped_specs())
    return f"did you mean {' or '.join(f'{ZOO}{each}' for each in close)}? " if close else ""
