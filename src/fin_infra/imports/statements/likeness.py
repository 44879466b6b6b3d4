"""When do two texts of a transaction look like one?
Floor 4: case, width, accents and punctuation do not count; formats cut texts, so one may begin or hold the other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from fin_infra.model.statement import StatementLine

_WORD = 4
"""Letters from which on a shared word says something; shorter ones are articles and country codes."""
_PART = 3
"""From how many letters on it means something that one description contains another."""
_KEPT = 4096
"""So many texts are folded once: each line is compared with all that are near it."""
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i"})
"""Latin letters that Unicode does not take apart into letter and accent."""


@lru_cache(_KEPT)
def fold(text: str) -> str:
    """Return the words of a description without case, width, accents and punctuation."""
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(char for char in text if not unicodedata.combining(char)).translate(_LETTERS)
    return " ".join("".join(char if char.isalnum() else " " for char in text).split())


def resembles(one: StatementLine, other: StatementLine) -> bool:
    """Tell whether one text holds the other, or they share a word, or one line has no text that could differ."""
    if holds(one, other):
        return True
    all_first, all_second = _texts(one)[1], _texts(other)[1]
    return not all_first or not all_second or not words(all_first).isdisjoint(words(all_second))


def holds(one: StatementLine, other: StatementLine) -> bool:
    """Tell whether one text holds the other; a word in common (`CARD`, `MARKET`) proves less."""
    (first, all_first), (second, all_second) = _texts(one), _texts(other)
    return is_part(first, all_second) or is_part(second, all_first)


def _texts(line: StatementLine) -> tuple[str, str]:
    """Return the line's own text and all of its texts together."""
    every: Iterable[str | None] = dict.fromkeys((line.description, line.extended_name, line.memo))
    return fold(line.description or line.memo or ""), fold(" ".join(text for text in every if text))


def is_part(text: str, of: str) -> bool:
    """Tell whether another folded text begins with this one or holds it."""
    return bool(text) and (of.startswith(text) or (len(text) >= _PART and text in of))


@lru_cache(_KEPT)
def words(text: str) -> frozenset[str]:
    """Return the words of a folded text that say something."""
    return frozenset(word for word in text.split() if len(word) >= _WORD and not any(char.isdigit() for char in word))
