"""Closing prices, splits and exchange rates by day, for all households: how they are kept, and what is still to ask.
Floor 6: plain functions of the database; a corrected close is a further row, and of a day the newest row counts.

Prices are kept as they were traded. A split is a row of its own, so that one that becomes known later adjusts every
earlier price without fetching it again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from fin_infra.analytics.holdings import composite
from fin_infra.book.columns import decimal_text, instant, microseconds
from fin_infra.book.engine import put
from fin_infra.book.packs import packed, stored, unpacked
from fin_infra.book.tables import filled, prices, rates, splits
from fin_infra.model import InstrumentKey, RateTable

RATES = "rates"
"""The subject of spans of exchange rates in `filled`."""
MAX_RATE_DAYS = 7
"""As `convert` allows: longer than any gap in a central bank's publication."""
_RATIO = Context(prec=34)
Span = tuple[date, date]
"""Days from the first to before the second."""


class Close(NamedTuple):
    """A closing price of one unit, as it was traded."""

    day: date
    price: Decimal
    currency: str


def subject_of(key: InstrumentKey) -> str:
    """Return the name prices are kept under: one for all venues of the United States, where they are the same."""
    return str(composite(key))


def missing_spans(spans: Iterable[Span], start: date, end: date) -> list[Span]:
    """Return what is left of the days from `start` to before `end`."""
    found: list[Span] = []
    at = start
    for first, after in sorted(spans):
        if after <= at:
            continue
        if first >= end:
            break
        if first > at:
            found.append((at, first))
        at = after
    return [*found, (at, end)] if at < end else found


def gaps(db: sa.Connection, subject: str, start: date, end: date) -> list[Span]:
    """Return the spans of days that nobody has asked for yet."""
    ask = sa.select(filled.c.start, filled.c.end).where(filled.c.subject == subject)
    return missing_spans([(row.start, row.end) for row in db.execute(ask)], start, end)


def close_gap(db: sa.Connection, subject: str, span: Span) -> None:
    """Remember that a span has been asked for; where it goes on from another one, the two become one."""
    start, end = span
    if start >= end:
        return
    before = sa.select(filled.c.start).where(filled.c.subject == subject, filled.c.end == start)
    first = db.scalar(before.order_by(filled.c.start).limit(1))
    put(db, filled, [(subject, (first or start).isoformat(), end.isoformat())])


def closes(db: sa.Connection, subject: str, start: date, end: date) -> list[Close]:
    """Return the closes as they were traded, oldest first, by what is known of each day now."""
    ask = sa.select(prices.c.day, prices.c.close, prices.c.currency).where(
        prices.c.instrument == subject, prices.c.day >= start, prices.c.day < end
    )
    rows = db.execute(ask.order_by(prices.c.day, prices.c.recorded_at))
    return sorted({row.day: Close(row.day, row.close, row.currency) for row in rows}.values())


def put_closes(db: sa.Connection, subject: str, source: str, found: Sequence[Close], now: datetime) -> int:
    """Write closes that are new or corrected; return how many."""
    if not found:
        return 0
    days = [each.day for each in found]
    known = {each.day: each for each in closes(db, subject, min(days), max(days) + timedelta(days=1))}
    fresh = [each for each in found if known.get(each.day) != each]
    stamp = microseconds(now)
    put(
        db,
        prices,
        [(subject, each.day.isoformat(), stamp, source, decimal_text(each.price), each.currency) for each in fresh],
    )
    return len(fresh)


def splits_of(db: sa.Connection, subject: str) -> list[tuple[date, Decimal]]:
    """Return the days on which one share became `ratio` shares, oldest first."""
    ask = sa.select(splits.c.day, splits.c.ratio).where(splits.c.instrument == subject)
    return [(row.day, row.ratio) for row in db.execute(ask.order_by(splits.c.day))]


def put_splits(db: sa.Connection, subject: str, source: str, found: Iterable[tuple[date, Decimal]]) -> int:
    known = dict(splits_of(db, subject))
    fresh = [(day, ratio) for day, ratio in found if ratio != 1 and known.get(day) != ratio]
    put(db, splits, [(subject, day.isoformat(), decimal_text(ratio), source) for day, ratio in fresh])
    return len(fresh)


def factor(found: Iterable[tuple[date, Decimal]], after: date, until: date) -> Decimal:
    """Return how many shares one share of the end of a day has become by the end of a later one."""
    product = Decimal(1)
    for day, ratio in found:
        if after < day <= until:
            product = _RATIO.multiply(product, ratio)
    return product


def adjusted(found: Iterable[Close], by: Sequence[tuple[date, Decimal]]) -> list[Close]:
    """Return closes in shares of today: each is divided by the splits after its day."""
    return [
        close._replace(price=_RATIO.divide(close.price, ratio))
        if (ratio := factor(by, close.day, date.max)) != 1
        else close
        for close in found
    ]


def put_rates(db: sa.Connection, tables: Iterable[RateTable], now: datetime) -> int:
    """Write the rates of tables as they are printed, those that are new or corrected; return how many."""
    rows = {
        (rate.base, rate.quote, table.date): (rate.rate, table.source) for table in tables for rate in table.published
    }
    if not rows:
        return 0
    days = [day for _, _, day in rows]
    known = _rates_between(db, min(days), max(days))
    stamp = microseconds(now)
    fresh = [
        (base, quote, day.isoformat(), stamp, source, decimal_text(rate))
        for (base, quote, day), (rate, source) in rows.items()
        if known.get((base, quote, day)) != rate
    ]
    put(db, rates, fresh)
    return len(fresh)


def _rates_between(db: sa.Connection, first: date, last: date) -> dict[tuple[str, str, date], Decimal]:
    r = rates.c
    ask = sa.select(r.base, r.quote, r.day, r.rate).where(r.day >= first, r.day <= last)
    rows: Sequence[Any] = db.execute(ask.order_by(r.recorded_at)).all()
    return {(row.base, row.quote, row.day): row.rate for row in rows}


class Rates:
    """The tables of exchange rates of a time, by day; one is made when it is asked for."""

    def __init__(self, rows: Mapping[str, Mapping[tuple[str, str], tuple[int, Decimal, str]]]) -> None:
        self._rows = rows
        self._made: dict[str, RateTable] = {}
        self.days = sorted(rows)
        """Days that have a table, oldest first."""

    def last(self, day: str) -> str | None:
        """Return the last day with a table that is not after a day."""
        place = bisect_right(self.days, day) - 1
        return self.days[place] if place >= 0 else None

    def table(self, day: str) -> RateTable:
        if day not in self._made:
            self._made[day] = _table(day, self._rows[day])
        return self._made[day]


def rates_of(db: sa.Connection, first: date, last: date, currencies: Iterable[str] | None = None) -> Rates:
    """Return the tables that count for a time: those of its days, and of the week before.

    Args:
        currencies: the only ones that are wanted, which is faster.
    """
    r = rates.c
    text = packed(stored(r.day), sa.cast(r.recorded_at, sa.Text()), stored(r.rate), r.source)
    ask = sa.select(r.base, r.quote, text).where(r.day >= _before(first, MAX_RATE_DAYS), r.day <= last)
    if currencies is not None:
        wanted = sorted(set(currencies))
        ask = ask.where(sa.or_(r.base.in_(wanted), r.quote.in_(wanted)))
    by_day: dict[str, dict[tuple[str, str], tuple[int, Decimal, str]]] = {}
    for row in db.execute(ask.group_by(r.base, r.quote)):
        for day, at, rate, source in unpacked(row.packed):
            pairs = by_day.setdefault(day, {})
            known = pairs.get((row.base, row.quote))
            if known is None or known[0] < int(at):
                pairs[row.base, row.quote] = int(at), Decimal(rate), source
    return Rates(by_day)


def _table(day: str, rows: Mapping[tuple[str, str], tuple[int, Decimal, str]]) -> RateTable:
    """Return the table of a day: the rates of the currency that most of them have in common."""
    pivot, per_unit = _pivot(rows) if len(rows) > 1 else (next(iter(rows))[0], False)
    found = {
        (one if per_unit else other): rate
        for (one, other), (_, rate, _) in rows.items()
        if (other if per_unit else one) == pivot
    }
    at, _, source = max(rows.values())
    return RateTable(
        source=source,
        as_of=instant(at),
        base=pivot,
        date=date.fromisoformat(day),
        rates=found,
        base_per_unit=per_unit,
    )


def _pivot(rows: Iterable[tuple[str, str]]) -> tuple[str, bool]:
    """Return the currency that most of the pairs have in common, and whether it is the one that is counted in."""
    bases, quotes = Counter(base for base, _ in rows), Counter(quote for _, quote in rows)
    (base, most), (quote, other) = (max(sorted(each.items()), key=lambda pair: pair[1]) for each in (bases, quotes))
    return (quote, True) if other > most else (base, False)


def _before(day: date, days: int) -> date:
    return day - timedelta(days=days) if day > date.min + timedelta(days=days) else date.min
