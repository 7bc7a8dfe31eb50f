"""Python's search for garbage in cycles, for commands that make none."""

from __future__ import annotations

import gc

import click

__all__ = ["no_search"]


def no_search() -> None:
    """Until the command ends no cycles are looked for, and in what it leaves not at the end of Python either."""
    gc.disable()
    context = click.get_current_context()
    context.call_on_close(gc.enable)
    context.call_on_close(gc.freeze)  # before that: the last one that is asked for comes first
