"""The colours of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["THEMES", "Theme", "ThemeName"]

ThemeName = Literal["light", "dark", "print"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by what they are for, as `#rrggbb`.

    Attributes:
        paper: behind everything.
        ink: texts, on the paper and on what is filled.
        quiet: texts that are looked for, not read: sizes, the names of blocks.
        line: arrows, and the borders of layers.
        skip: arrows that pass layers by.
        frame: the borders of blocks.
        frames: what fills blocks, by turns from the outside, so that one shows against the one around it.
        end: inputs and outputs.
        on_end: the text on them.
        plain: what has no family.
        families: layers, by family.
        marks: in a picture of a difference, what was added, removed and changed.
        ways: arrows from and to what was added, and to what was removed.
    """

    paper: str
    ink: str
    quiet: str
    line: str
    skip: str
    frame: str
    frames: tuple[str, str]
    end: str
    on_end: str
    plain: str
    families: Mapping[str, str]
    marks: Mapping[str, str]
    ways: Mapping[str, str]

    def fill(self, family: str) -> str:
        return self.families.get(family, self.plain)


THEMES: Mapping[ThemeName, Theme] = {
    "light": Theme(
        paper="#ffffff",
        ink="#1b1f24",
        quiet="#57606a",
        line="#6e7781",
        skip="#b4530a",
        frame="#b6bfc9",
        frames=("#fafbfc", "#eff2f5"),
        end="#39424e",
        on_end="#ffffff",
        plain="#ffffff",
        families={
            "convolution": "#cfe2ff",
            "pooling": "#ffd9c7",
            "dense": "#e3d4f7",
            "normalisation": "#fdf0c4",
            "activation": "#d3efd8",
            "regularisation": "#e5e8eb",
            "rearrangement": "#cdeff0",
        },
        marks={"added": "#a6e3b3", "removed": "#ffb3ad", "changed": "#ffe08a"},
        ways={"added": "#1a7f37", "removed": "#cf222e"},
    ),
    "dark": Theme(
        paper="#0d1117",
        ink="#f0f3f6",
        quiet="#9ea7b3",
        line="#7d8894",
        skip="#f0a35e",
        frame="#3d4650",
        frames=("#131920", "#1b222b"),
        end="#d5dbe2",
        on_end="#11161c",
        plain="#262d36",
        families={
            "convolution": "#0d4f7a",
            "pooling": "#6e3f2a",
            "dense": "#574270",
            "normalisation": "#574a25",
            "activation": "#2d5338",
            "regularisation": "#43474d",
            "rearrangement": "#255253",
        },
        marks={"added": "#1f6b3a", "removed": "#8a2f2f", "changed": "#6e5b14"},
        ways={"added": "#4ac26b", "removed": "#ff7b72"},
    ),
    # Families differ in lightness, in steps that grey keeps and that no kind of colour blindness takes away.
    "print": Theme(
        paper="#ffffff",
        ink="#000000",
        quiet="#3a3a3a",
        line="#4a4a4a",
        skip="#000000",
        frame="#8a8a8a",
        frames=("#ffffff", "#f6f6f6"),
        end="#2b2b2b",
        on_end="#ffffff",
        plain="#ffffff",
        families={
            "convolution": "#749fcc",
            "dense": "#b8a3cd",
            "pooling": "#e6af98",
            "activation": "#aed6b7",
            "normalisation": "#ecdbb7",
            "regularisation": "#eaeef3",
            "rearrangement": "#ebfdfd",
        },
        marks={"added": "#d5f0db", "removed": "#d98880", "changed": "#f3e2a4"},
        ways={"added": "#2b6b3c", "removed": "#8c2f25"},
    ),
}
