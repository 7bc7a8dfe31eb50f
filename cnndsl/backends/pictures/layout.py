"""Graphs are laid out by Graphviz's `dot`, or a program that takes its flags."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = ["Unrendered", "laid_out", "layout_program", "program_version"]

_PROGRAM_VARIABLE = "CNNDSL_DOT"
_WHEEL_COMMAND = "graphviz-pure"

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


def laid_out(picture: Digraph) -> dict[str, Any]:
    """Where everything is, as the program writes it in JSON, whose numbers are points.

    Raises:
        Unrendered: the program is missing or fails.
    """
    import json

    import graphviz

    program = layout_program()
    try:
        with _pointed_at(program):
            content: bytes = picture.pipe(format="json0", engine="dot", quiet=True)
    except graphviz.CalledProcessError as error:
        told = error.stderr.decode(errors="replace").strip() or "no message"
        raise Unrendered(f"{program} fails with status {error.returncode}: {told.splitlines()[-1]}") from None
    except OSError as error:
        raise Unrendered(f"cannot run {program}: {error.strerror}") from None
    except graphviz.ExecutableNotFound:  # or the interpreter that its first line names
        raise Unrendered(f"cannot run {program}: there is no such program") from None
    try:
        found: dict[str, Any] = json.loads(content)
    except ValueError:
        told = "something that is no layout" if content else "nothing"
        raise Unrendered(f"{program} wrote {told}") from None
    return found


def program_version() -> str:
    """The layout program and its version, as it tells them: `graphviz-pure 0.2.2 (Rust port of Graphviz 16.1.0)`.

    Raises:
        Unrendered: it is missing.
    """
    program = layout_program()
    done = subprocess.run([program, "-V"], capture_output=True, encoding="utf-8", errors="replace", check=False)
    told = (done.stderr + done.stdout).strip().splitlines() or [program.name]
    return told[0].rpartition(" - ")[2].replace(" version ", " ")


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
