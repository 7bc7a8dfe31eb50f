"""Write what a run begins with into a folder: `words.dict`, and `seeds/` with a file for each text."""

from __future__ import annotations

import sys
from hashlib import sha1
from pathlib import Path

from records import read
from texts import texts
from words import as_dictionary, vocabulary


def main() -> None:
    folder = Path(sys.argv[1])
    for name in ("seeds", "corpus", "found"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "words.dict").write_text(as_dictionary(vocabulary()), encoding="utf-8")
    seeds = {*(text.encode() for text in texts()), *read()}
    for content in seeds:
        (folder / "seeds" / sha1(content).hexdigest()).write_bytes(content)
    print(f"{len(seeds)} seeds")


if __name__ == "__main__":
    main()
