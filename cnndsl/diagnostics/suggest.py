"""Did you mean."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "nearest"]


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a typist who wrote `word` most likely meant; case does not count."""
    from difflib import get_close_matches  # only on the way to an error

    by_lower: dict[str, str] = {}
    for candidate in candidates:
        by_lower.setdefault(candidate.lower(), candidate)
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.65)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """`did you mean X?`, or nothing when no candidate is near."""
    found = nearest(word, candidates)
    return f"did you mean `{found}`?" if found else ""
