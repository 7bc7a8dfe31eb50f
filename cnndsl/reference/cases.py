"""For each code a case that is shown to people: a file in `cases/` with a spec that is wrong, and what is said of it.

The file holds the spec, a line of dashes, and the message. A first line `$ cnndsl check net.cnn -D N=2` is the command
that says it, where that is not `cnndsl check net.cnn`; `# its last line 20,000 times` behind it makes the spec longer
than it is worth showing. A line `==== blocks.cnn` begins the text of another file. `tests/test_diagnostics.py` runs
all of them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["COMMAND", "RULE", "Case", "case_of", "read_case", "shown_cases"]

COMMAND = "cnndsl check net.cnn"
RULE = "\n--------\n"
_FOLDER = Path(__file__).parent / "cases"
_REPEATED = re.compile(r" *# its last line ([\d,]+) times$")


class Case(NamedTuple):
    """A case as it is written.

    Attributes:
        command: what is typed, with the remark behind it.
        spec: the text of net.cnn, without the copies of its last line.
        files: the texts of other files, by name.
        said: the message as a terminal shows it.
    """

    command: str
    spec: str
    files: dict[str, str]
    said: str

    @property
    def text(self) -> str:
        """The whole text of net.cnn."""
        repeated = _REPEATED.search(self.command)
        before, _, last = self.spec.rpartition("\n")
        copies = [last] * (int(repeated[1].replace(",", "")) if repeated else 1)
        return "\n".join([before, *copies] if before else copies)

    @property
    def arguments(self) -> list[str]:
        """What stands behind `cnndsl` in the command."""
        return _REPEATED.sub("", self.command).split()[1:]


def read_case(path: Path) -> Case:
    """The case in a file."""
    text, _, said = path.read_text(encoding="utf-8").partition(RULE)
    command = COMMAND
    if text.startswith("$ "):
        command, _, text = text.removeprefix("$ ").partition("\n")
    spec, *others = re.split(r"\n==== (\S+)\n", text)
    return Case(command, spec, dict(zip(others[::2], others[1::2], strict=True)), said)


def shown_cases() -> list[Path]:
    """The files of all cases that are shown, by code."""
    return sorted(_FOLDER.glob("*.txt"))


def case_of(code: str) -> Case:
    """The case of a code."""
    return read_case(_FOLDER / f"{code}.txt")
