"""Did you mean."""

from __future__ import annotations

from collections.abc import Iterable

from cnndsl.diagnostics.fix import Fix, instead, perhaps
from cnndsl.source import Span

__all__ = ["did_you_mean", "nearest", "suggestion"]


_MOST_COMPARED = 8_000
"""Letters that are compared with those of a word, for some milliseconds."""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a typist who wrote `word` most likely meant; case counts only between equals."""
    from difflib import get_close_matches  # only on the way to an error

    near = [candidate for candidate in candidates if abs(len(candidate) - len(word)) <= max(2, len(word) // 2)]
    if len(near) * len(word) > _MOST_COMPARED:
        return None
    by_lower: dict[str, str] = {}
    for candidate in sorted(near, key=lambda candidate: (candidate.isupper() != word.isupper(), candidate)):
        by_lower.setdefault(candidate.lower(), candidate)
    cutoff = 0.65 if len(word) > 2 else 0.75  # one letter in common is little to go by
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """`did you mean X?`, or nothing when no candidate is near, and `word` is not the beginning of a single one."""
    return _asked(_meant(word, candidates))


def suggestion(span: Span, candidates: Iterable[str]) -> tuple[str, Fix | None]:
    """The same for the word at a place, and the edit; it is certain where only the case of letters is another."""
    found = _meant(span.text, candidates)
    if found is None:
        return "", None
    is_same = found.lower() == span.text.lower()
    return _asked(found), instead(span, found) if is_same else perhaps(span, found)


def _meant(word: str, candidates: Iterable[str]) -> str | None:
    candidates = list(candidates)
    longer = [candidate for candidate in candidates if len(word) > 2 and candidate.startswith(word)]
    return nearest(word, candidates) or (longer[0] if len(longer) == 1 else None)


def _asked(found: str | None) -> str:
    return f"did you mean `{found}`?" if found else ""
