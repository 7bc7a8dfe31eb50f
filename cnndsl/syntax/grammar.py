"""The parser's tables, from the grammar or from the user's cache.

Building the tables takes longer than everything else that `cnndsl check` does, so they are kept as JSON in a folder
of the user's own. They are data: a file that is broken or from another version is built anew.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import lark

from cnndsl.source import shipped
from cnndsl.syntax.minus import SignedTokens

__all__ = ["build", "cache_folder", "keywords", "load"]

_OPTIONS: dict[str, Any] = {
    "parser": "lalr",
    "lexer": "basic",
    "keep_all_tokens": True,
    "maybe_placeholders": False,
}


_BROKEN = (ValueError, KeyError, TypeError, AttributeError, AssertionError, IndexError, RecursionError)
"""What reviving tables raises if they are not what was written."""


def load(transformer: object, lexer_callbacks: dict[str, Any]) -> lark.Lark:
    """A parser for .cnn text whose rules call the transformer's methods."""
    live = {"transformer": transformer, "lexer_callbacks": lexer_callbacks, "postlex": SignedTokens()}
    text = _grammar_text()
    path = cache_folder() / f"grammar-{_key(text)}.json"
    with suppress(OSError, *_BROKEN):
        data, memo = _revive(json.loads(path.read_bytes()))
        revived: lark.Lark = lark.Lark._load_from_dict(data, memo, **live)  # type: ignore[no-untyped-call]
        return revived
    with suppress(OSError):
        _write(path, _tables(text))
    return build(**live)


def build(**options: Any) -> lark.Lark:
    """The parser straight from the grammar, whatever the cache holds."""
    return lark.Lark(_grammar_text(), **_OPTIONS, **{"postlex": SignedTokens(), **options})


def cache_folder() -> Path:
    """Where tables are kept: `CNNDSL_CACHE`, or the platform's folder for a user's caches."""
    if chosen := os.environ.get("CNNDSL_CACHE"):
        return Path(chosen)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "cnndsl" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "cnndsl"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "cnndsl"


@cache
def keywords() -> frozenset[str]:
    """The reserved words, as the grammar keeps them out of its NAME."""
    found = re.search(r"^NAME: /\(\?!\(([a-z|]+)\)", _grammar_text(), re.MULTILINE)
    assert found is not None
    return frozenset(found[1].split("|"))


@cache
def _grammar_text() -> str:
    return (shipped("grammars") / "cnn.lark").read_text(encoding="utf-8")


def _key(text: str) -> str:
    """Everything the tables depend on."""
    return sha256(f"{lark.__version__}\n{sys.version_info[:2]}\n{_OPTIONS}\n{text}".encode()).hexdigest()[:16]


def _tables(text: str) -> dict[str, Any]:
    parser = lark.Lark(text, **_OPTIONS, postlex=SignedTokens())
    data, memo = parser.memo_serialize([lark.lexer.TerminalDef, lark.grammar.Rule])
    data["options"]["postlex"] = None  # an object; given anew by whoever revives the tables
    return {"data": data, "memo": memo}


def _revive(tables: dict[str, Any]) -> tuple[dict[str, Any], dict[int, Any]]:
    """JSON has no whole numbers as keys; lark's tables have."""
    table = tables["data"]["parser"]["parser"]
    table["tokens"] = _whole_keys(table["tokens"])
    table["states"] = {int(state): _whole_keys(actions) for state, actions in table["states"].items()}
    return tables["data"], _whole_keys(tables["memo"])


def _whole_keys(table: dict[str, Any]) -> dict[int, Any]:
    return {int(key): value for key, value in table.items()}


def _write(path: Path, tables: dict[str, Any]) -> None:
    """Whole or not at all, so that two processes that start together do not read half a file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(tables, separators=(",", ":")), encoding="utf-8")
    part.replace(path)
