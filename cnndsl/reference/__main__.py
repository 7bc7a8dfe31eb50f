"""Write the reference page of the layers that come with cnndsl: `python -m cnndsl.reference docs/layers.md`."""

from __future__ import annotations

import sys

from cnndsl.files import write_whole
from cnndsl.reference.entries import shipped_entries
from cnndsl.reference.markdown import document

if __name__ == "__main__":
    (target,) = sys.argv[1:]
    write_whole(target, document(shipped_entries()).encode())
