"""Text of a user inside a docstring, where it must mean nothing to Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnndsl.backends.torch.layout import STEP, WIDTH

__all__ = ["block", "docstring", "one_line"]


def docstring(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a module's docstring.

    Linters are told that lines may be long: they are as their author wrote them.
    """
    first, *others = map(_escaped, lines)
    written = [f'"""{first}', *others]
    yield from written
    yield '"""  # noqa: E501' if any(len(line) > WIDTH for line in written) else '"""'


def block(text: str) -> Iterator[str]:
    """The lines of a text, indented; tabs become spaces."""
    for line in text.strip("\r\n").splitlines():
        yield f"{STEP}{one_line(line.expandtabs(4))}".rstrip()


def one_line(text: str) -> str:
    """A text without what would break a line."""
    return "".join(letter if letter.isprintable() else "_" for letter in text)


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"' * 3, '\\"' * 3)
