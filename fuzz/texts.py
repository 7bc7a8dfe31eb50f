"""Texts to begin with: every spec that stands somewhere in the repository, right or wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cnndsl.layers import built_in_layer_types

__all__ = ["ROOT", "texts"]

ROOT = Path(__file__).parent.parent
_RULE = "\n--------\n"
_WITH = re.compile(r"^(?:with|\$) (.*)$", re.M)


def texts() -> list[str]:
    """The shipped specs, the frames of the documents, the examples of the layers and the cases of the tests, once."""
    return list(dict.fromkeys([*_specs(), *_frames(), *_examples(), *_cases()]))


def _specs() -> Iterator[str]:
    for path in [ROOT / "cnndsl" / "prelude.cnn", *sorted((ROOT / "specs").glob("*.cnn"))]:
        yield path.read_text(encoding="utf-8")


def _frames() -> Iterator[str]:
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        yield from re.findall(r"^```cnn\n(.*?)^```", document.read_text(encoding="utf-8"), re.M | re.S)


def _examples() -> Iterator[str]:
    for found in built_in_layer_types():
        yield from (each.spec for each in (*found.examples, *found.rejects))


def _cases() -> Iterator[str]:
    """What is set on the command line becomes a comment in the first line, as in the documents."""
    for path in sorted((ROOT / "tests").glob("wrong/*.txt")) + sorted((ROOT / "tests").glob("diagnostics/*.txt")):
        text, _, expected = path.read_text(encoding="utf-8").partition(_RULE)
        options = _WITH.search(text if text.startswith("$ ") else expected)
        spec = re.sub(r"\A\$ .*\n", "", text).split("\n==== ")[0]
        yield f"# {options[1]}\n{spec}" if options else spec
