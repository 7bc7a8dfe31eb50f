"""What the commands that take weights share: the options, and how what fits and what does not is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from cnndsl.backends.torch.weights.report import Match, Report

__all__ = ["Given", "misfit_told", "tell", "weights_options"]


class Given(NamedTuple):
    """Weights as the command line names them: a file, how it is matched, whether a part is enough, how much is told."""

    path: Path
    match: Match = "name"
    partial: bool = False
    verbose: bool = False


def weights_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --weights, --match, --partial and --verbose, as one argument `weights` of the command: `Given`, or None."""

    @wraps(command)
    def called(
        *given: Any, weights: Path | None, match: Match | None, partial: bool, verbose: bool, **rest: Any
    ) -> Any:
        if weights is None:
            for name, value in (("match", match), ("partial", partial), ("verbose", verbose)):
                if value:
                    raise click.UsageError(f"--{name} goes with --weights FILE")
        gathered = None if weights is None else Given(weights, match or "name", partial, verbose)
        return command(*given, weights=gathered, **rest)

    file = click.option(
        "--weights",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Begin with the weights in a .safetensors or .pth file.",
    )
    match = click.option(
        "--match",
        type=click.Choice(["name", "order"]),
        help="Find them by name, or by execution order and shape, for the names of another library; name if not given.",
    )
    partial = click.option("--partial", is_flag=True, help="Take what fits, and leave the rest as it begins.")
    verbose = click.option("--verbose", is_flag=True, help="List every tensor that was matched.")
    return file(match(partial(verbose(called))))


def tell(report: Report, given: Given) -> None:
    """Write what was matched to stderr."""
    click.echo(report.text(verbose=given.verbose), err=True)


@contextmanager
def misfit_told() -> Iterator[None]:
    """Show on stderr why weights cannot be used and end the command: status 1 where they do not fit, else 2."""
    from cnndsl.backends.torch.weights.report import WeightsError

    try:
        yield
    except WeightsError as error:
        click.echo(f"cnndsl: {error}", err=True)
        sys.exit(1 if error.report else 2)
