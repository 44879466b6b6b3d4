"""Which trades of two records are one: by reference, else by instrument, side, day, quantity and money, by count.
Floor 6: pure; what both say has to agree exactly, and one difference alone makes a question.

Two records of a trade are one where nothing that both say differs:
- instrument: by ISIN and CUSIP, else by symbol; where each names it in a way of its own, it is asked once;
- side, kind, quantity and currency: equal, as decimals;
- money: equal amounts, or amounts that differ by exactly the fee that one of them names; where one has no amount, equal
  prices, or quantity times price, rounded to the places of the amount;
- day: the same, or the day on which the other one settled.
Of equal ones as many are one as both records have. Different records of one format, or of one connection, repeat
their words: there one difference makes two trades.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from functools import cached_property
from typing import NamedTuple

from fin_infra.book.columns import EXACT
from fin_infra.book.deal_kinds import DealKind, deal_kind
from fin_infra.imports.statements.likeness import fold

SETTLES = 5
"""Days within which a trade settles, over a weekend; further apart two trades are two."""
INSTRUMENT, KIND, QUANTITY, AMOUNT, DAY, ID = "instrument", "kind", "quantity", "amount", "day", "id"
_WITHOUT_MONEY = frozenset({DealKind.SPLIT, DealKind.TRANSFER, DealKind.REINVESTMENT})
"""Kinds of which one source prints a value and another none."""
_INCOME = frozenset({DealKind.DIVIDEND, DealKind.INTEREST, DealKind.CAPITAL_GAIN, DealKind.FEE, DealKind.TAX})
"""Kinds of which one source prints the units held and another none."""
_ISIN, _CUSIP_IN_ISIN = 12, slice(2, 11)
_ASKED, _GONE = 9, 10
_ROUNDED = Context(prec=120)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one record says of a trade."""

    scheme: str
    """Who says it: a connection, or a format of files."""
    day: date
    kind: str
    instrument: str | None
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal | None
    currency: str
    text: str
    symbol: str | None = None
    identifier: str | None = None
    settled: date | None = None
    fee: Decimal | None = None
    references: frozenset[str] = frozenset()

    @cached_property
    def type(self) -> DealKind:
        return deal_kind(self.kind, self.quantity)

    @cached_property
    def symbols(self) -> frozenset[str]:
        """How the instrument is written, in one spelling."""
        namespace, _, name = (self.instrument or "").partition(":")
        plain = (self.symbol or "").upper().strip()
        if namespace == "CRYPTO":
            plain, name = plain.partition("/")[0], ""
        spelled = (each.replace("/", ".").replace("-", ".").replace(" ", ".") for each in (plain, name.upper()))
        return frozenset(filter(None, spelled))

    @cached_property
    def names(self) -> dict[str, str]:
        """Return identifiers of the instrument by their scheme."""
        scheme, _, name = (self.identifier or "").partition(" ")
        found = {scheme.upper(): fold(name)} if name else {}
        namespace, _, code = (self.instrument or "").partition(":")
        if namespace in ("ISIN", "CUSIP"):
            found[namespace] = fold(code)
        isin = found.get("ISIN", "")
        if len(isin) == _ISIN and isin.startswith(("us", "ca")):
            found.setdefault("CUSIP", isin[_CUSIP_IN_ISIN])
        return found

    @cached_property
    def pattern(self) -> str:
        """How the instrument is called in questions."""
        return fold(self.identifier or self.instrument or self.symbol or "")


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade with all the words by which records know it."""

    row: int
    worded: tuple[Told, ...]
    sources: frozenset[str] = frozenset()
    """Who has told it: two trades of one source are two."""
    is_gone: bool = False
    """Whether it is only a trade again where it is told again."""


class Question(NamedTuple):
    """Two trades that may be one; `pattern` finds what was said of such a pair before."""

    new: int
    old: int
    kind: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Matched:
    same: dict[int, int]
    """Which old row each new one is; a new trade of its own is not in it."""
    questions: list[Question]


class _Likeness(NamedTuple):
    rank: int
    """The lower, the closer."""
    difference: str | None
    pattern: str


Settled = Callable[[str], bool | None]


def match_trades(new: Sequence[Trade], old: Iterable[Trade], settled: Settled = lambda _: None) -> Matched:
    """Return which new trades are old ones, each old one once, and what has to be asked.

    Args:
        settled: what a person has said of a pattern; None where nobody was asked.
    """
    by_day = _by_day(old)
    pairs = [pair for trade in new for pair in _pairs(trade, by_day, settled)]
    same: dict[int, int] = {}
    taken: set[int] = set()  # by identity: a row may be several trades of one source
    for likeness, one, other in sorted(pairs, key=lambda pair: (pair[0].rank, pair[1].row, pair[2].row)):
        if likeness.difference is None and one.row not in same and id(other) not in taken:
            same[one.row] = other.row
            taken.add(id(other))
    questions = [
        Question(one.row, other.row, likeness.difference, likeness.pattern)
        for likeness, one, other in pairs
        if likeness.difference and one.row not in same and id(other) not in taken and not other.is_gone
    ]
    return Matched(same, questions)


def _by_day(trades: Iterable[Trade]) -> dict[int, list[Trade]]:
    found: defaultdict[int, list[Trade]] = defaultdict(list)
    for trade in trades:
        for day in {told.day.toordinal() for told in trade.worded}:
            found[day].append(trade)
    return found


def _pairs(trade: Trade, by_day: dict[int, list[Trade]], settled: Settled) -> Iterator[tuple[_Likeness, Trade, Trade]]:
    days = {told.day.toordinal() + by for told in trade.worded for by in range(-SETTLES, SETTLES + 1)}
    near = {id(other): other for day in sorted(days) for other in by_day.get(day, ())}
    for other in near.values():
        if trade.sources & other.sources:
            continue
        found = [each for one in trade.worded for two in other.worded if (each := compare(one, two))]
        if found:
            best = min(found, key=_closest)
            said = settled(best.pattern) if best.difference and best.pattern else None
            if said is not False:
                best = best._replace(difference=None) if said else best
                yield best._replace(rank=best.rank + _GONE * other.is_gone), trade, other


def _closest(found: _Likeness) -> tuple[bool, bool, _Likeness]:
    """Order by a reference that both name, then by one format's own ids, which tell two equal trades apart."""
    return found.rank > 0, found.difference != ID, found


def compare(one: Told, other: Told) -> _Likeness | None:
    """Return how alike two records are; None where they are of two trades."""
    differences = list(_differences(one, other))
    shared = bool(one.references & other.references)
    if shared:
        differences = [each for each in differences if each not in (DAY, KIND, INSTRUMENT)]
    if None in differences or len(differences) > 1:
        return None
    repeats = one.scheme == other.scheme and not shared
    if differences:
        pattern = _pattern(one, other) if differences[0] == INSTRUMENT else ""
        return None if repeats else _Likeness(_ASKED, differences[0], pattern)
    if repeats and one.references and other.references:
        return _Likeness(_ASKED, ID, "")
    return _Likeness(0 if shared else _distance(one, other), None, "")


def _pattern(one: Told, other: Told) -> str:
    names = sorted((one.pattern, other.pattern))
    return f"trade:{'|'.join(names)}" if all(names) else ""


def _distance(one: Told, other: Told) -> int:
    """Return how far apart two records of one trade are: the same words come before other ones."""
    if one.day != other.day:
        return 4
    if one.amount != other.amount:
        return 3
    return 1 if one.text == other.text else 2


def _differences(one: Told, other: Told) -> Iterator[str | None]:
    """Yield what differs, None where it makes two trades at once."""
    yield from _instruments(one, other)
    yield from _sides(one, other)
    yield from _money(one, other)
    if not same_day(one, other):
        yield DAY if abs((one.day - other.day).days) <= SETTLES else None


def same_day(one: Told, other: Told) -> bool:
    """Tell whether two records are of one day, or one of them of the day on which the other settled."""
    return one.day == other.day or one.day == other.settled or other.day == one.settled


def same_instrument(one: Told, other: Told) -> bool:
    """Tell whether two records name one instrument, so that nobody has to be asked."""
    return not list(_instruments(one, other)) and bool(one.pattern and other.pattern)


def _instruments(one: Told, other: Told) -> Iterator[str | None]:
    schemes = one.names.keys() & other.names.keys()
    if schemes:
        if any(one.names[each] != other.names[each] for each in schemes):
            yield None
    elif one.symbols and other.symbols:
        if not one.symbols & other.symbols:
            yield None
    elif one.pattern or other.pattern:
        yield INSTRUMENT if _is_telling(one, other) else None


def _is_telling(one: Told, other: Told) -> bool:
    """Tell whether enough is equal beside the instrument's name for a question: units, or money of one day."""
    return one.day == other.day and (one.amount is not None or one.quantity is not None)


def _sides(one: Told, other: Told) -> Iterator[str | None]:
    mine, theirs = one.quantity or None, other.quantity or None
    if len({one.type, other.type} - {DealKind.UNKNOWN}) > 1:
        yield KIND
    if mine is not None and theirs is not None:
        if (mine > 0) is not (theirs > 0):
            yield None
        elif mine != theirs:
            yield QUANTITY
    elif mine != theirs and not {one.type, other.type} <= _INCOME:
        yield None


def _money(one: Told, other: Told) -> Iterator[str | None]:
    if one.amount is None or other.amount is None:
        yield from _prices(one, other)
    elif one.currency != other.currency or one.amount * other.amount < 0:
        yield None
    elif abs(EXACT.subtract(one.amount, other.amount)) not in (0, one.fee, other.fee):
        yield AMOUNT


def _prices(one: Told, other: Told) -> Iterator[str]:
    """Compare the money of two records of which one has no amount."""
    if _is_worth(one, other) or _is_worth(other, one):
        return
    if one.price is not None and other.price is not None:
        if one.price != other.price:
            yield AMOUNT
    elif not (one.amount is other.amount or {one.type, other.type} <= _WITHOUT_MONEY):
        yield AMOUNT


def _is_worth(one: Told, other: Told) -> bool:
    """Tell whether units times price of one are the amount of the other, rounded as that is."""
    if one.quantity is None or one.price is None or other.amount is None:
        return False
    product, places = -EXACT.multiply(one.quantity, one.price), other.amount.as_tuple().exponent
    if isinstance(places, int) and places < 0:
        product = product.quantize(other.amount, context=_ROUNDED)
    return abs(EXACT.subtract(product, other.amount)) in (0, other.fee)
