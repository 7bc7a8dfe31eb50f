"""Documents as tests: their console sessions and Python are run in the order of the text."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, Run

__all__ = ["fences", "folder", "run_python", "run_session"]


def fences(document: Path, language: str) -> list[tuple[str, str]]:
    """The framed texts of a document, each with its language and the text; `language` is a pattern."""
    matches = re.finditer(rf"^```({language})\n(.*?)^```", document.read_text(), re.M | re.S)
    return [(match[1], match[2]) for match in matches]


def folder(path: Path) -> Path:
    """A folder with what documents refer to, in which their commands may leave something."""
    for name in ("benchmarks", "examples", "specs"):
        (path / name).symlink_to(ROOT / name)
    return path


def run_session(session: str, run: Run, cwd: Path) -> None:
    """Every command of a session prints what is shown, its two streams in either order; `...` stands for anything.

    `echo 'TEXT' > FILE` writes a file.
    """
    commands = re.findall(r"^\$ (cnndsl|echo) (.*)\n((?:(?!\$ ).*\n)*)", session, re.M)
    assert commands, session
    for name, command, shown in commands:
        if name == "echo":
            text, _, file = shlex.split(command)
            (cwd / file).write_text(f"{text}\n")
            continue
        done = run(*shlex.split(command), cwd=cwd)
        printed = [_rstripped(done.stdout + done.stderr), _rstripped(done.stderr + done.stdout)]
        pattern = ".*?".join(map(re.escape, _rstripped(shown).split("...")))
        assert any(re.fullmatch(pattern, each, re.S) for each in printed), printed[0]


def _rstripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def run_python(code: str, cwd: Path) -> None:
    """Python runs, with the files of the folder to import."""
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
