#!/usr/bin/env python
"""Coverage-guided fuzzing of the compiler with atheris; `fuzz/README.md` says how to run it.

The input is the content of a file. Half of the changes are libFuzzer's own, of bytes, with the words of the language
as its dictionary; the others are changes of tokens, and operands of one text put into another.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import atheris

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "fuzz")]

with atheris.instrument_imports(include=["cnndsl", "lark"]):
    from contract import assert_keeps_contract
    from mutations import CHANGES, grafted, renamed, tokens
    from words import vocabulary

WORDS = vocabulary()


def changed(content: bytes, most: int, seed: int) -> bytes:
    """A text with up to four of its tokens changed, or one from the vocabulary put in; half of the time, bytes."""
    random = Random(seed)
    if random.random() < 0.5:
        return atheris.Mutate(content, most)
    found = tokens(content.decode("utf-8", "replace"))
    for _ in range(random.randint(1, 4)):
        found = _change(random)(found, *(random.randrange(max(1, len(found))) for _ in range(2)))
    return "".join(found).encode()[:most]


def _change(random: Random) -> Callable[[list[str], int, int], list[str]]:
    word = random.choice(WORDS)

    def inserted(found: list[str], here: int, there: int) -> list[str]:
        return [*found[:here], word, *found[here:]]

    def replaced(found: list[str], here: int, there: int) -> list[str]:
        return [*found[:here], word, *found[here + 1 :]]

    def regrafted(found: list[str], here: int, there: int) -> list[str]:
        return grafted(found, found, random)

    def respelled(found: list[str], here: int, there: int) -> list[str]:
        return renamed(found, random)

    change = random.choice([random.choice(CHANGES), inserted, replaced, regrafted, respelled])
    return lambda found, here, there: change(found, here, there) if found else [word]


def crossed(content: bytes, other: bytes, most: int, seed: int) -> bytes:
    """One text with an operand of another."""
    both = (tokens(each.decode("utf-8", "replace")) for each in (content, other))
    return "".join(grafted(*both, Random(seed))).encode()[:most]


def main() -> None:
    atheris.Setup(sys.argv, assert_keeps_contract, custom_mutator=changed, custom_crossover=crossed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
