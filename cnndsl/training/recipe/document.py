"""The page of all that a recipe can say, docs/recipe.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from cnndsl.elaborate.binding import signature_of
from cnndsl.layers.signature import default
from cnndsl.reference.markdown import cell, parameters
from cnndsl.reference.texts import description, meaning
from cnndsl.training.recipe.part import Part, families, parts_by_word
from cnndsl.training.recipe.recipe import Recipe
from cnndsl.training.recipe.values import key_of

__all__ = ["document"]

_OPENING = """\
# Recipe

How a network is trained stands in its file, in one statement `TRAIN(...)`; the compiler of the network never looks at
it. This page is written by `make docs` from the declarations in `cnndsl/training/recipe/`: change those, not this.

```cnn
conv(c) = CONV(c) -> BN -> RELU
epochs  = 30

INPUT -> conv(16) -> conv(32) -> POOL -> conv(64) -> GAP -> FC

TRAIN(data="digits",
      augment=CROP(padding=4) -> FLIP,
      epochs=epochs,
      batch=128,
      optimizer=SGD(lr=0.1, momentum=0.9, nesterov=true, weight_decay=5e-4),
      schedule=COSINE)
# gives 10; 24,346 parameters, 9,880,192 MACs
```

What is not written has its default. A value is a number or arithmetic with numbers, a size, a tuple, `true` or `false`,
a text, a word, a part with arguments such as `SGD(lr=0.1)`, or a path of parts. Words may be written in any case, and
in quotes. The name of a definition that is a value stands for it, so that `-D epochs=3` changes the recipe above.

Every key is a flag of `cnndsl train`, and so is every argument of the optimizers, with dashes for `_`; flags win over
the file. Their values are written as here, texts without quotes:

    cnndsl train net.cnn --optimizer 'SGD(momentum=0.9)' --lr 0.05 --schedule onecycle --no-compile

`--lr` and the like change an argument of the optimizer that the recipe has. The recipe that comes of it all stands in
the run folder as `recipe.cnn`, every value written out.

All mistakes of the recipe are told in one run, together with those of the network, before any data is read. These do
not go together: `nesterov` without a momentum; `PLATEAU` or `patience` with `validation=0`; `warmup` with `ONECYCLE`,
which has a rise of its own (beside it `warmup` is 0 if none is written). What is said of an epoch beyond the last is a
warning.

A bare `INPUT` has the shape of the images, or the size that `size`, or a `CROP` of a stated size, gives them; a bare
`FC` at the end has as many units as there are classes. `--input` and `-D classes` win over both.
"""

_WIDTH = 120


def document() -> str:
    """The page."""
    return "\n".join([_OPENING, *_keys(), *(line for family in families() for line in _family(family))])


def _keys() -> Iterator[str]:
    for name, attribute in Recipe.attributes.items():
        if name in Recipe.headings:
            if name != next(iter(Recipe.attributes)):
                yield ""
            yield from (f"## {Recipe.headings[name]}", "", "| key | | default |", "|---|---|---|")
        yield f"| `{name}` | {cell(meaning(name, attribute))} | `{cell(default(attribute))}` |"
    yield ""


def _family(family: type[Part]) -> Iterator[str]:
    about = " ".join([f"For `{key_of(family)}`.", *description(family)])
    yield from (f"## {family.family.capitalize()}s", "", _filled(about), "")
    for part in parts_by_word(family).values():
        yield from (f"### {part.word()}", "", f"`{signature_of(part)}`", "", _filled(part.summary()), "")
        for paragraph in description(part):
            yield from (_filled(paragraph), "")
        yield from parameters(part)


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
