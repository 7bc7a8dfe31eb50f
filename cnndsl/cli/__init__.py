"""The command line. A command is a module here with a `command`; it is found by name and imported when called."""

from __future__ import annotations

import atexit
import io
import os
import pkgutil
import sys
import threading
from importlib import import_module

import click

from cnndsl import __version__
from cnndsl.diagnostics.suggest import nearest

__all__ = ["commands", "main"]


class _Commands(click.Group):
    """The modules of this folder as commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if ctx.resilient_parsing or word.startswith("-") or self.get_command(ctx, word):
            return super().resolve_command(ctx, args)
        if word.endswith(".cnn") or word.startswith("zoo:"):
            raise click.UsageError(f"a command comes first: cnndsl check {word}", ctx)
        meant = nearest(word, self.list_commands(ctx))
        hint = f"did you mean `{meant}`?" if meant else f"there are {', '.join(self.list_commands(ctx))}"
        raise click.UsageError(f"there is no command `{word}`; {hint}", ctx)


@click.group(cls=_Commands, name="cnndsl", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def commands() -> None:
    """Convolutional networks in the notation of the lectures: check them, draw them, train them, export them."""


def main() -> None:
    """The entry point of `cnndsl` and of `python -m cnndsl`; the process ends with it."""
    sys.stdout = sys.stdout or io.StringIO()  # closed by whoever started us
    sys.stderr = sys.stderr or io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may not know every character of a spec
    try:
        status = _called()
        sys.stdout.flush()
    except OSError as error:  # a full disk, say
        sys.stderr.write(f"cnndsl: cannot write: {error.strerror}\n")
        os._exit(2)  # past the interpreter's own attempt to flush
    _end(status)


def _called() -> int:
    """The exit status of the command that is called."""
    try:
        commands(prog_name="cnndsl")
    except SystemExit as done:
        if not isinstance(done.code, int | None):
            raise
        return done.code or 0
    return 0


def _end(status: int) -> None:
    """End the process. Python would first take its modules apart, which is a fourteenth of the time of `check`."""
    if "torch" in sys.modules or threading.active_count() > 1:  # they have more to do at the end
        sys.exit(status)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
