"""Make up descriptions as banks print them, each with its category: the rows that the category model is trained on.
Floor 8: a developer's script; the same seed gives the same rows, and no name of a real or held-out merchant is used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from random import Random

from category_model.cues import KINDS, Kind

_FIRST_TEXT = (
    "bar bel bor cal can car cor dal del dor el fal far fen gar gil hal har hol jar kel ker lan lor mal mar mor "
    "nel nor pal par pen ral ros sal sam sel sol tal tar tor val var vel vin wal wen wil yar zan"
)
_FIRST = _FIRST_TEXT.split()
_MIDDLE_TEXT = "a e i o u an en in on ar er or al el il"
_MIDDLE = _MIDDLE_TEXT.split()
_LAST_TEXT = (
    "by dale don field ford gan ham kin land ley lin man mont more ney ric son stead ton vale ver ville well wick"
)
_LAST = _LAST_TEXT.split()
_PLAIN_TEXT = (
    "amber apple arrow autumn bay bear bell birchwood blue bridge bright bronze canyon castle cherry clover "
    "cobalt copper coral crescent crown crystal dawn deer desert diamond dove eagle east echo elk elm emerald "
    "evergreen falcon field flint forest fox garden golden granite green harvest hawk hazel heritage heron hill "
    "holly honey horizon indigo iron island ivy jade jasper key lake lark laurel leaf liberty lighthouse lily "
    "lion little lucky maple marble meadow mill mint modern moon mountain new night noble north oak ocean old "
    "olive orchid otter owl palm peach pine pioneer plain plum pond prairie premier quail quartz rabbit rain "
    "raven red ridge river robin rock rose royal ruby rustic sage sapphire scarlet sea shadow silver sky smith "
    "south sparrow spring spruce square star stone summer sun swan thunder timber tulip twin union valley vista "
    "walnut west white wild willow wind winter wolf wood yellow young johnson miller davis garcia wilson martin "
    "lee walker hall nguyen torres clark lewis king baker carter evans parker reed cook morgan"
)
_PLAIN = _PLAIN_TEXT.split()
_PREFIXES = ("SQ *", "TST* ", "PAYPAL *", "SP ", "POS DEBIT ", "DEBIT CARD PURCHASE ", "CKE*", "PP*", "CLOVER* ")
_CITIES = (
    "AKRON OH",
    "MESA AZ",
    "TROY NY",
    "OREM UT",
    "LODI CA",
    "BEND OR",
    "CARY NC",
    "PLANO TX",
    "OMAHA NE",
    "UTICA NY",
)
_JOINED = (
    "CO",
    "MART",
    "SHOP",
    "HOUSE",
    "CENTER",
    "GRP",
    "PMT",
    "STORE",
    "CLUB",
    "WORLD",
    "SVC",
    "DIRECT",
    "BAR",
    "DEPOT",
)
_SUFFIX = (
    "LLC",
    "INC",
    "CO",
    "ASSOC",
    "AND SONS",
    "OF",
    "THE",
    "& CO",
    "ONLINE",
    "EXPRESS",
    "PLUS",
    "CENTER",
    "OFFICE",
)
_VOWEL = re.compile(r"(?<=\w)[AEIOU](?=\w)")


@dataclass(frozen=True, slots=True)
class MadeRow:
    description: str
    amount: float
    code: str
    merchant: str


def rows(count: int, seed: int, without: Collection[str] = (), kinds: tuple[Kind, ...] = KINDS) -> Iterator[MadeRow]:
    """Yield `count` rows of every kind; a row with a word of `without` is not made."""
    rng = Random(seed)
    refused = frozenset(without)
    for kind in kinds:
        made = 0
        while made < count:
            row = _row(rng, kind)
            if refused.isdisjoint(words(row.description)) and row.merchant not in refused:
                made += 1
                yield row


def words(text: str) -> list[str]:
    """Return the words of a description, in capitals."""
    return re.findall(r"[A-Z0-9][A-Z0-9'&/-]*", text.upper())


def _row(rng: Random, kind: Kind) -> MadeRow:
    merchant = _name(rng) if kind.named and rng.random() < 0.9 else ""
    parts = [_worn(rng, rng.choice(kind.cues))]
    if rng.random() < 0.15:
        parts.append(_worn(rng, rng.choice(kind.cues)))
    if kind.around and rng.random() < 0.6:
        parts.append(rng.choice(kind.around))
    elif kind.named and rng.random() < 0.3:
        parts.append(rng.choice(_SUFFIX))
    if merchant:
        parts.insert(0 if rng.random() < 0.9 else len(parts), merchant)
    if kind.named and not kind.around and rng.random() < 0.3:
        parts.insert(0, rng.choice(_PREFIXES).strip())
    if rng.random() < 0.5:
        parts.append(_tail(rng))
    return MadeRow(" ".join(parts), _amount(rng, kind), kind.code, merchant)


def _amount(rng: Random, kind: Kind) -> float:
    low, high = sorted((abs(kind.low), abs(kind.high)))
    size = low * (high / low) ** rng.random()
    return round(size if kind.high > 0 else -size, 2)


def _name(rng: Random) -> str:
    def word() -> str:
        if rng.random() < 0.5:
            return rng.choice(_PLAIN).upper()
        middle = rng.choice(_MIDDLE) if rng.random() < 0.4 else ""
        return (rng.choice(_FIRST) + middle + rng.choice(_LAST)).upper()

    form = rng.random()
    if form < 0.15:
        return f"{word()} & {word()}"
    return f"{word()} {word()}" if form < 0.4 else word()


def _worn(rng: Random, cue: str) -> str:
    """Return a cue as a bank may print it: joined, cut, without a vowel, in the plural, or as it is."""
    form = rng.random()
    if form < 0.30:
        return cue
    if form < 0.50:
        return cue.replace(" ", "") if " " in cue else cue + rng.choice(_JOINED)
    if form < 0.65:
        return cue[: -rng.randint(1, 3)] if len(cue) > 6 else cue
    if form < 0.80:
        spots = [match.start() for match in _VOWEL.finditer(cue)]
        spot = rng.choice(spots) if spots and len(cue) > 4 else None
        return cue if spot is None else cue[:spot] + cue[spot + 1 :]
    if form < 0.92:
        return cue + "S" if cue[-1] not in "SY" else cue.rstrip("S").removesuffix("Y") + "IES"
    return cue.replace(" ", "") + rng.choice(_JOINED)


def _tail(rng: Random) -> str:
    form = rng.random()
    if form < 0.35:
        return rng.choice(_CITIES)
    if form < 0.6:
        return f"#{rng.randint(1, 999):03d}"
    return f"XX{rng.randint(1000, 9999)}" if form < 0.8 else f"{rng.randint(1, 12):02d}/{rng.randint(1, 28):02d}"
