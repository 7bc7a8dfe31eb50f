"""Write what follows from the declarations of the layers that come with cnndsl.

`python -m cnndsl.reference docs/layers.md grammars/cnn.tmLanguage.json`: the reference page, and the words of the
TextMate grammar.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cnndsl.files import write_whole
from cnndsl.reference.entries import shipped_entries
from cnndsl.reference.markdown import document
from cnndsl.reference.textmate import with_words

if __name__ == "__main__":
    page, grammar = sys.argv[1:]
    write_whole(page, document(shipped_entries()).encode())
    write_whole(grammar, with_words(Path(grammar).read_text(encoding="utf-8")).encode())
