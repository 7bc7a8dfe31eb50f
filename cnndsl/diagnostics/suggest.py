"""Did you mean."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "nearest"]


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a typist who wrote `word` most likely meant; case counts only between equals."""
    from difflib import get_close_matches  # only on the way to an error

    by_lower: dict[str, str] = {}
    for candidate in sorted(candidates, key=lambda candidate: (candidate.isupper() != word.isupper(), candidate)):
        if abs(len(candidate) - len(word)) <= max(2, len(word) // 2):
            by_lower.setdefault(candidate.lower(), candidate)
    cutoff = 0.65 if len(word) > 2 else 0.75  # one letter in common is little to go by
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """`did you mean X?`, or nothing when no candidate is near, and `word` is not the beginning of a single one."""
    candidates = list(candidates)
    longer = [candidate for candidate in candidates if len(word) > 2 and candidate.startswith(word)]
    found = nearest(word, candidates) or (longer[0] if len(longer) == 1 else None)
    return f"did you mean `{found}`?" if found else ""
