"""The shipped table of merchants: found by name, by the first words, or by a name that is nearly the same.
Floor 5: `merchants.txt` names its source and license; rapidfuzz compares names where no name is equal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from fin_infra.insights.categories.extra import need

EXACT, BEGINS = Decimal("0.99"), Decimal("0.97")
NEAR_SCORE = 90
"""Of 100, by rapidfuzz's `ratio`: one letter of ten."""
NEAR_FACTOR = Decimal("0.0095")
"""Confidence for a point of that score: an equal name would be 0.95."""
LONG_ENOUGH = 6
"""Letters of a name without which a likeness means nothing, and a beginning neither where it is one word."""

_ODD = re.compile(r"[^A-Z0-9 ]+")


@dataclass(frozen=True, slots=True)
class Merchant:
    name: str
    category: str


@dataclass(frozen=True, slots=True)
class Found:
    """A merchant, on which words, and how sure that is; `near` where the words are only nearly its name."""

    merchant: Merchant
    words: str
    confidence: Decimal
    near: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    whole: Mapping[str, Merchant]
    beginnings: Mapping[str, Merchant]
    blocks: Mapping[str, list[str]]
    """Names to compare, by their first two letters: a bank seldom gets those wrong."""


def plain(text: str) -> str:
    """Return a cleaned text in letters, digits and single spaces only."""
    return " ".join(_ODD.sub("", text).split())


@cache
def table() -> Table:
    """Read the shipped table once."""
    whole: dict[str, Merchant] = {}
    beginnings: dict[str, Merchant] = {}
    blocks: dict[str, list[str]] = {}
    for name, merchant, alone in _lines():
        whole.setdefault(name, merchant)
        if alone or (len(name) < LONG_ENOUGH and " " not in name):
            continue
        beginnings.setdefault(name, merchant)
        if len(name) >= LONG_ENOUGH:
            blocks.setdefault(name[:2], []).append(name)
    return Table(whole, beginnings, blocks)


def _lines() -> Iterator[tuple[str, Merchant, bool]]:
    category = ""
    text = files("fin_infra.insights.categories").joinpath("merchants.txt").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            category = line.strip("[]")
        elif line and not line.startswith("#"):
            names = [part.strip() for part in line.split("|")]
            merchant = Merchant(names[0].lstrip("="), category)
            yield from ((plain(name.upper()), merchant, name.startswith("=")) for name in names)


@lru_cache(maxsize=65_536)
def find(cleaned: str) -> Found | None:
    """Return the merchant of a cleaned text, None where the table has none.

    Raises:
        MissingExtra: rapidfuzz is not installed, and no name is equal.
    """
    text = plain(cleaned)
    known = table()
    if (merchant := known.whole.get(text)) is not None:
        return Found(merchant, text, EXACT)
    words = text.split(" ")
    for count in range(len(words) - 1, 0, -1):
        head = " ".join(words[:count])
        if (merchant := known.beginnings.get(head)) is not None:
            return Found(merchant, head, BEGINS)
    return _nearest(words, known)


def _nearest(words: list[str], known: Table) -> Found | None:
    names = known.blocks.get(words[0][:2])
    if names is None:
        return None
    process, ratio = _fuzzy()
    best: tuple[float, str, str] | None = None
    for count in range(min(len(words), 3), 0, -1):
        head = " ".join(words[:count])
        if len(head) < LONG_ENOUGH:
            break
        hit = process.extractOne(head, names, scorer=ratio, score_cutoff=NEAR_SCORE)
        if hit is not None and (best is None or hit[1] > best[0]):
            best = (hit[1], head, hit[0])
    if best is None:
        return None
    score, head, name = best
    return Found(known.beginnings[name], head, round(Decimal(round(score)) * NEAR_FACTOR, 2), near=True)


@cache
def _fuzzy() -> tuple[Any, Any]:
    purpose = "Finding merchants by a name that is nearly the same"
    return need("rapidfuzz.process", "rapidfuzz", purpose), need("rapidfuzz.fuzz", "rapidfuzz", purpose).ratio
