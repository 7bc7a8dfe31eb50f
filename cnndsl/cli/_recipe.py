"""The flags that a recipe's declarations give a command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cnndsl.layers import Attribute

__all__ = ["RecipeCommand"]

_OF_OPTIMIZERS = "Arguments of the optimizer"


class RecipeCommand(click.Command):
    """A command with a flag for all that a recipe can say. It gets them as `flags`, texts by name."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*super().get_params(ctx), *_flags()]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As of every command; a flag as PyTorch or Keras calls what it sets is told ours."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            ours = _ours(error.option_name)
            if ours is None:
                raise
            raise click.NoSuchOption(error.option_name, f"{error.message} Here it is {ours}.", ctx=ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        given = {flag.name: ctx.params.pop(flag.name) for flag in _flags() if flag.name}
        ctx.params["flags"] = {name: _as_text(value) for name, value in given.items() if value is not None}
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, then those of the recipe by what they are about."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            heading = parameter.heading if isinstance(parameter, _Flag) else "Options"
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


class _Flag(click.Option):
    """An option with the heading under which it is listed."""

    def __init__(self, name: str, declaration: str, heading: str, **rest: Any) -> None:
        super().__init__([declaration, name], default=None, show_default=False, **rest)
        self.heading = heading


def _ours(given: str) -> str | None:
    """What `--learning-rate` is called here, where that is known."""
    from cnndsl.training.recipe.flags import option
    from cnndsl.training.recipe.optimizers import Optimizer
    from cnndsl.training.recipe.recipe import Recipe

    name = given.lstrip("-").replace("-", "_").lower()
    ours = Recipe.keywords_elsewhere.get(name) or Optimizer.keywords_elsewhere.get(name)
    return option(ours) if ours else None


def _as_text(value: str | bool) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _flags() -> Iterator[_Flag]:
    """Made when they are needed: the declarations take a while to import."""
    from cnndsl.training.recipe.flags import attribute_of, names
    from cnndsl.training.recipe.recipe import Recipe

    heading = ""
    for name in names():
        about = Recipe.headings.get(name, heading) if name in Recipe.attributes else _OF_OPTIMIZERS
        heading = about
        yield _flag(name, attribute_of(name), about)


def _flag(name: str, attribute: Attribute[Any], heading: str) -> _Flag:
    from cnndsl.layers.attributes import Flag
    from cnndsl.training.recipe.flags import option, switch

    help = f"{attribute.phrase[0].upper()}{attribute.phrase[1:]}: {attribute.takes}. [{_defaults(name)}]"
    if isinstance(attribute, Flag):
        return _Flag(name, f"{option(name)}/{switch(name, is_on=False)}", heading, help=help)
    return _Flag(name, option(name), heading, metavar=_metavar(attribute), help=help)


def _defaults(name: str) -> str:
    """The default of a flag; of an optimizer's argument, where not all have the same, that of each which has it."""
    from cnndsl.layers.signature import default
    from cnndsl.training.recipe.flags import takers
    from cnndsl.training.recipe.optimizers import Optimizer
    from cnndsl.training.recipe.part import parts_by_word
    from cnndsl.training.recipe.recipe import Recipe

    if name in Recipe.attributes:
        return f"default: {default(Recipe.attributes[name])}"
    each: Mapping[str, str] = {part.word(): default(part.attributes[name]) for part in takers(name)}
    if len(each) == len(parts_by_word(Optimizer)) and len(set(each.values())) == 1:
        return f"default: {next(iter(each.values()))}"
    return ", ".join(f"{word}: {value}" for word, value in each.items())


def _metavar(attribute: Attribute[Any]) -> str:
    from cnndsl.layers.attributes import Extents, Real, Symbol, Whole
    from cnndsl.training.recipe.part import Among, Chain, Either, Numbers, OneOf

    if isinstance(attribute, Either):
        return "|".join([_metavar(attribute.of), *attribute.symbols])
    if isinstance(attribute, Symbol):
        return "|".join(attribute.symbols)
    kinds = {Whole: "N", Among: "N", Real: "X", Extents: "SIZE", Numbers: "(X, ...)", OneOf: "PART", Chain: "PATH"}
    return next((shown for kind, shown in kinds.items() if isinstance(attribute, kind)), "TEXT")
