"""Lays out pictures with Graphviz's `dot`, or a program that takes its flags."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cnndsl.backends.dot import FONT

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = ["FORMATS", "Unrendered", "format_of", "layout_program", "rendered"]

_PROGRAM_VARIABLE = "CNNDSL_DOT"
_WHEEL_COMMAND = "graphviz-pure"

_PNG = {"dpi": "144", "size": "222,222"}
"""Sharp in print; shrunk to 32,000 pixels, beyond which few programs show a picture."""

_PDF = {"size": "200,200", "margin": "0"}
"""Shrunk to the largest page that PDF allows, in inches."""

_FAMILIES = f"{FONT}, Helvetica, 'Liberation Sans', Arimo, sans-serif"
"""What viewers may show in place of the font: the first four are equally wide."""

_PAGE = """\
#set document(date: none)
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.picture), format: "svg")
"""

_pointing = Lock()


class Unrendered(Exception):
    """A picture cannot be made here; the message says on one line why, and what to do."""


def layout_program() -> Path:
    """The program that lays out: `CNNDSL_DOT`, else `dot` on the PATH, else the command of the graphviz-pure wheel.

    Raises:
        Unrendered: there is none, or `CNNDSL_DOT` names something that cannot be run.
    """
    named = os.environ.get(_PROGRAM_VARIABLE)
    found = shutil.which(named) if named else shutil.which("dot") or _wheel_command()
    if found:
        return Path(found)
    if named:
        raise Unrendered(f"{_PROGRAM_VARIABLE} is {named!r}, which is no program that can be run")
    raise Unrendered(f"no layout program was found: install Graphviz, or `pip install {_WHEEL_COMMAND}`")


def _wheel_command() -> str | None:
    """The command of the graphviz-pure wheel: beside the interpreter, or where pip puts commands elsewhere."""
    from sysconfig import get_path

    folders = os.pathsep.join([str(Path(sys.executable).parent), get_path("scripts")])
    return shutil.which(_WHEEL_COMMAND, path=folders)


def _dot(picture: Digraph) -> bytes:
    source: str = picture.source
    return source.encode()


def _svg(picture: Digraph) -> bytes:
    return _laid_out(picture, "svg").replace(f'font-family="{FONT}"'.encode(), f'font-family="{_FAMILIES}"'.encode())


def _png(picture: Digraph) -> bytes:
    return _laid_out(_with(picture, _PNG), "png")


def _pdf(picture: Digraph) -> bytes:
    """The SVG on a page of its size; without typst what the program writes, which differs from run to run."""
    fitted = _with(picture, _PDF)
    try:
        import typst
    except ImportError:
        return _own_pdf(fitted)
    svg = _svg(fitted).decode()
    try:
        content = typst.compile(_PAGE.encode(), format="pdf", sys_inputs={"picture": svg})
    except RuntimeError as error:
        raise Unrendered(f"typst fails: {error}".splitlines()[0]) from None
    assert isinstance(content, bytes)
    return content


def _own_pdf(picture: Digraph) -> bytes:
    program = layout_program()
    try:
        return _laid_out(picture, "pdf")
    except Unrendered:
        raise Unrendered(f"{program} writes no PDF; with `pip install 'cnndsl[pdf]'` one is made of its SVG") from None


def _with(picture: Digraph, attributes: Mapping[str, str]) -> Digraph:
    copy = picture.copy()
    copy.graph_attr.update(attributes)
    return copy


FORMATS: dict[str, Callable[[Digraph], bytes]] = {"svg": _svg, "png": _png, "pdf": _pdf, "dot": _dot}
"""What makes a picture of each format."""


def format_of(path: str | os.PathLike[str]) -> str:
    """The format that the suffix of a file names.

    Raises:
        Unrendered: it names none of `FORMATS`.
    """
    form = Path(path).suffix.removeprefix(".").lower()
    if form not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise Unrendered(f"the name of a picture ends in one of {known}; {os.fspath(path)!r} does not")
    return form


def rendered(picture: Digraph, form: str) -> bytes:
    """The picture in one of `FORMATS`.

    Raises:
        Unrendered: the layout program, or what makes its SVG a PDF, is missing or fails.
    """
    return FORMATS[form](picture)


def _laid_out(picture: Digraph, form: str) -> bytes:
    import graphviz

    program = layout_program()
    try:
        with _pointed_at(program):
            content: bytes = picture.pipe(format=form, engine="dot", quiet=True)
    except graphviz.CalledProcessError as error:
        told = error.stderr.decode(errors="replace").strip() or "no message"
        raise Unrendered(f"{program} fails with status {error.returncode}: {told.splitlines()[-1]}") from None
    except OSError as error:
        raise Unrendered(f"cannot run {program}: {error.strerror}") from None
    except graphviz.ExecutableNotFound:  # or the interpreter that its first line names
        raise Unrendered(f"cannot run {program}: there is no such program") from None
    if not content:
        raise Unrendered(f"{program} wrote nothing")
    return content


@contextmanager
def _pointed_at(program: Path) -> Iterator[None]:
    """While this lasts, the `graphviz` package runs this program. It has one setting for a whole process."""
    from graphviz.backend import dot_command

    with _pointing:
        before = dot_command.DOT_BINARY
        dot_command.DOT_BINARY = program
        try:
            yield
        finally:
            dot_command.DOT_BINARY = before
