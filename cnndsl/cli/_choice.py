"""What options take: words that another module declares, imported when they are needed, and depths."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["Depth", "Words", "themes"]

_ALL = "all"
"""Stands for every word, and for every level of blocks."""


class Words(click.ParamType[Any]):
    """One of some words, or several with commas between them.

    Args:
        words: gives the words.
        several: whether several may be given, or `all`; the value is a tuple of them then.
    """

    def __init__(self, words: Callable[[], Iterable[str]], *, several: bool = False) -> None:
        self.name = "words" if several else "word"
        self._words = words
        self._several = several

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        words = "|".join(self._words())
        return f"[{words}],...|{_ALL}" if self._several else f"[{words}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or (param is not None and value == param.default):
            return value
        if not self._several:
            return self._known(value.strip(), param, ctx)
        if value.strip().lower() == _ALL:
            return tuple(self._words())
        return tuple(dict.fromkeys(self._known(word.strip(), param, ctx) for word in value.split(",")))

    def _known(self, word: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        words = list(self._words())
        if word.lower() in words:
            return word.lower()
        from cnndsl.diagnostics.suggest import did_you_mean

        meant = did_you_mean(word.lower(), words)
        message = f"{word!r} is none of {', '.join(words)}{f': {meant}' if meant else ''}"
        raise click.BadParameter(message, ctx, param)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        before, comma, last = incomplete.rpartition(",") if self._several else ("", "", incomplete)
        return [CompletionItem(f"{before}{comma}{word}") for word in self._words() if word.startswith(last)]


def themes() -> Iterable[str]:
    """The words of --theme."""
    from cnndsl.backends.pictures.themes import THEMES

    return THEMES


class Depth(click.ParamType[int]):
    """How many levels of blocks are opened."""

    name = f"N|{_ALL}"
    _DEEPEST = 2**31

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return self.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value).lower() == _ALL:
            return self._DEEPEST
        if str(value).isdecimal() and int(value) > 0:
            return int(value)
        raise click.BadParameter(f"{value!r} is neither a number of levels, from 1, nor all", ctx, param)
