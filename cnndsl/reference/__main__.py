"""Write what follows from the declarations of the layers, from the catalogue of codes and from the index of the zoo.

`python -m cnndsl.reference docs/layers.md docs/codes.md docs/zoo.md grammars/cnn.tmLanguage.json`: the reference pages,
the table of the zoo's page, and the words of the TextMate grammar.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cnndsl.files import write_whole
from cnndsl.reference.codes import codes_document
from cnndsl.reference.entries import shipped_entries
from cnndsl.reference.markdown import document
from cnndsl.reference.textmate import with_words
from cnndsl.reference.zoo import with_index

if __name__ == "__main__":
    layers, codes, zoo, grammar = sys.argv[1:]
    write_whole(layers, document(shipped_entries()).encode())
    write_whole(codes, codes_document().encode())
    write_whole(zoo, with_index(Path(zoo).read_text(encoding="utf-8")).encode())
    write_whole(grammar, with_words(Path(grammar).read_text(encoding="utf-8")).encode())
