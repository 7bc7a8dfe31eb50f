"""Write what follows from the declarations of recipes: `python -m cnndsl.training.recipe docs/recipe.md`."""

from __future__ import annotations

import sys

from cnndsl.files import write_whole
from cnndsl.training.recipe.document import document

if __name__ == "__main__":
    (page,) = sys.argv[1:]
    write_whole(page, document().encode())
