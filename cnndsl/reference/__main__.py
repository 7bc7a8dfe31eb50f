"""Write what follows from the declarations of the layers that come with cnndsl, and from the catalogue of codes.

`python -m cnndsl.reference docs/layers.md docs/codes.md grammars/cnn.tmLanguage.json`: the reference pages, and the
words of the TextMate grammar.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cnndsl.files import write_whole
from cnndsl.reference.codes import codes_document
from cnndsl.reference.entries import shipped_entries
from cnndsl.reference.markdown import document
from cnndsl.reference.textmate import with_words

if __name__ == "__main__":
    layers, codes, grammar = sys.argv[1:]
    write_whole(layers, document(shipped_entries()).encode())
    write_whole(codes, codes_document().encode())
    write_whole(grammar, with_words(Path(grammar).read_text(encoding="utf-8")).encode())
