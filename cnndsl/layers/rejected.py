"""How a layer says no."""

from __future__ import annotations

__all__ = ["Rejected", "Undecided"]


class Rejected(Exception):
    """A layer says no: the fact, the attribute it lies with, the numbers, what to write instead.

    A layer knows no spans; the elaborator knows where the attribute was written.
    """

    def __init__(
        self, message: str, *, attribute: str = "", code: str = "bad-argument", label: str = "", help: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.attribute = attribute
        self.code = code
        self.label = label
        self.help = help

    def at(self, attribute: str) -> Rejected:
        """The same, about this attribute."""
        self.attribute = self.attribute or attribute
        return self


class Undecided(Rejected):
    """The answer depends on an open size, and a number is needed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="open-size", help="give the size of the input: `--input 3x224x224`")
