"""What the source calls but a spec does not define: torch, modules of our own, and those of other packages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

from cnndsl.backends.torch.layout import WIDTH, Group, lines
from cnndsl.backends.torch.names import Names
from cnndsl.backends.torch.tree import Instance
from cnndsl.layers.lowering import PARTS, FunctionCall, ModuleCall, Step

__all__ = ["Library"]

_VARIABLE = re.compile(r"[xyzuvw]\d*")
"""The names that `forward` gives to values."""


class Library:
    """The names of what the steps among some items' contents call.

    Attributes:
        names: those that the source has to make known.
        parts: the text of each module of our own, which becomes part of the source.
    """

    def __init__(self, contents: Iterable[Step | Instance]) -> None:
        paths = list(dict.fromkeys(each.path for each in contents if isinstance(each, ModuleCall | FunctionCall)))
        fresh = Names()
        self._local: dict[str, str] = {}
        for path in sorted(paths, key=lambda each: not _is_part(each)):  # our own keep their names
            if not path.startswith("torch."):
                name = path.rpartition(".")[2]
                self._local[path] = fresh.fresh(f"{name}_" if _VARIABLE.fullmatch(name) else name)
        self.names = frozenset(self._local.values())
        self.parts = [_texts()[self._local[path]] for path in sorted(paths) if _is_part(path)]

    def name(self, path: str) -> str:
        """How the source names what is at a path."""
        return self._local.get(path) or re.sub(r"^torch\.nn\.", "nn.", path)

    def imports(self, text: str) -> Iterator[str]:
        """The lines that import what a text uses, ordered as ruff orders them."""
        if "(NamedTuple)" in text:
            yield from ("from typing import NamedTuple", "")
        if re.search(r"\btorch\.", text):
            yield "import torch"
        imported: dict[str, list[str]] = {"torch": ["Tensor", "nn"] if re.search(r"\bTensor\b", text) else ["nn"]}
        for path, local in self._local.items():
            if not _is_part(path):
                module, _, name = path.rpartition(".")
                imported.setdefault(module, []).append(name if name == local else f"{name} as {local}")
        for module, names in sorted(imported.items()):
            yield from _from(module, names)


def _from(module: str, names: list[str]) -> Iterator[str]:
    """Imports from a module: together, but what gets another name on a line of its own."""
    together = sorted(name for name in names if " as " not in name)
    line = f"from {module} import {', '.join(together)}"
    if together:
        group = Group("(", tuple(together), ")")
        yield from [line] if len(line) <= WIDTH else lines(f"from {module} import ", group, "", "")
    yield from (f"from {module} import {name}" for name in sorted(names) if " as " in name)


def _is_part(path: str) -> bool:
    return path.startswith(f"{PARTS}.")


@cache
def _texts() -> dict[str, str]:
    """The text of each class of `parts`, which is read and not imported: it would import torch."""
    text = resources.files(__package__).joinpath("parts.py").read_text(encoding="utf-8")
    found = (each for each in ast.parse(text).body if isinstance(each, ast.ClassDef))
    return {each.name: ast.get_source_segment(text, each) or "" for each in found}
