"""`cnndsl completion`."""

from __future__ import annotations

import sys

import click

__all__ = ["command"]


@click.command("completion", short_help="Teach a shell to complete commands and names.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that teaches a shell to complete commands, options and zoo:NAME.

    For bash: eval "$(cnndsl completion bash)" in ~/.bashrc; for zsh the same with zsh in ~/.zshrc; for fish:
    cnndsl completion fish > ~/.config/fish/completions/cnndsl.fish.
    """
    from click.shell_completion import get_completion_class

    from cnndsl.cli import commands

    completion = get_completion_class(shell)
    assert completion is not None  # click has all three
    sys.stdout.write(completion(commands, {}, "cnndsl", "_CNNDSL_COMPLETE").source() + "\n")
