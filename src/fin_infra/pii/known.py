"""Exact secrets that somebody told: those of settings, of a vault; they are masked wherever they turn up.
Floor 0: kept in memory only, and in no repr; text is split into words once, however many are known."""

from __future__ import annotations

import re
from collections import Counter
from threading import Lock
from urllib.parse import quote, quote_plus

from fin_infra.pii.draft import decoded, expect

SHORTEST = 6
"""Characters; what is shorter would mask parts of ordinary words, and is not taken."""
_words = re.compile(r"\\[nrtbfu'\"]|[^\W_]{4,}").findall
"""Runs of letters and digits; an escape such as `\\n` begins no word."""


class Known:
    """A set of exact values. Threads may share it."""

    __slots__ = ("_by_word", "_count", "_lock")

    def __init__(self) -> None:
        self._lock = Lock()
        self._count: Counter[str] = Counter()
        self._by_word: dict[str, frozenset[str]] = {}

    def add(self, *values: str) -> None:
        """Mask these from now on; one that was added twice has to be discarded twice.

        A value shorter than `SHORTEST`, or without four letters or digits in a row, is not taken.
        """
        with self._lock:
            for value in filter(_usable, values):
                self._count[value] += 1
                if self._count[value] == 1:
                    self._index(value)

    def discard(self, *values: str) -> None:
        """Forget these; one that nobody added is ignored."""
        with self._lock:
            for value in values:
                self._count[value] -= 1
                if self._count[value] <= 0:
                    del self._count[value]
                    self._index(value, keep=False)

    def within(self, text: str) -> list[str]:
        """Return the known values that stand in `text`, as they are written there, the longest first."""
        expect("text", text, str)
        if not self._by_word:
            return []
        plain = decoded(text)
        words = set(_words(text)) if plain is text else {*_words(text), *_words(plain)}
        hits = self._by_word.keys() & words
        found = {value for word in hits for value in self._by_word.get(word, ()) if value in text}
        return sorted(found, key=len, reverse=True)

    def __contains__(self, value: object) -> bool:
        return value in self._count

    def __len__(self) -> int:
        return len(self._count)

    def __repr__(self) -> str:
        return f"<Known: {len(self)} values>"

    def _index(self, value: str, *, keep: bool = True) -> None:
        """Put every way to write the value under its longest word, or take it away."""
        for form in _written(value):
            for word in {_longest(form), _longest(value)}:
                others = self._by_word.get(word, frozenset()) - {form}
                self._by_word[word] = others | {form} if keep else others
                if not self._by_word[word]:
                    del self._by_word[word]


KNOWN = Known()
"""What `mask` asks. Providers add the secrets of their settings and discard them when they are gone."""


def _usable(value: str) -> bool:
    return len(value) >= SHORTEST and bool(_longest(value))


def _longest(value: str) -> str:
    return max((word for word in _words(value) if word[0] != "\\"), key=len, default="")


def _written(value: str) -> frozenset[str]:
    """Return the value as URLs, JSON and reprs write it, too."""
    escaped = value.encode("unicode_escape").decode()
    return frozenset({value, quote(value, safe=""), quote(value), quote_plus(value), escaped})
