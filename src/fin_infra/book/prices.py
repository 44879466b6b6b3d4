"""The price and FX history, as methods of a book: filled when asked to, and read without a call to anybody.
Floor 6: what is filled serves every household of the database; `history.py` keeps it, `fill.py` asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, timedelta

import sqlalchemy as sa

from fin_infra.arguments import check_order
from fin_infra.book import fill, history
from fin_infra.book.fill import HistorySources
from fin_infra.book.lease import Owner
from fin_infra.book.methods import Household, method
from fin_infra.book.pages import CASH, IN_CASH, UNREAD
from fin_infra.book.records import FillResult, HistoricPrice
from fin_infra.book.tables import balances, holdings
from fin_infra.errors import InvalidInstrument
from fin_infra.model import InstrumentKey, Listing, Money
from fin_infra.normalize import instrument
from fin_infra.transport import Flow, M, blocking

UNPRICED = frozenset({"FX", "OCC", "ISIN", "FIGI", "CUSIP", "SEDOL"})
"""Namespaces that no market provider has closes for."""


class Prices(Household[M]):
    @method
    def fill_history(
        self,
        start: date | None = None,
        end: date | None = None,
        *,
        instruments: Sequence[str] | None = None,
        sources: HistorySources | None = None,
    ) -> Flow[FillResult]:
        """Ask the configured providers for the closes and exchange rates of days that nobody has asked for yet.

        Args:
            start: the first day; where None, that of the first balance or holding in the book.
            end: the day after the last one, at most today, whose closes are not all made.
            instruments: which; where None, all that the book holds.
            sources: other providers than the configured ones.

        Raises:
            InvalidInput: the days are the wrong way round, or an instrument cannot be read.
            BookUnavailable: the database cannot be used now.
        """
        today = self.clock().astimezone(UTC).date()
        check_order(start, end)
        held, first = yield from self.ask(_held)
        keys = held if instruments is None else [instrument(each) for each in instruments]
        begin, after = start or first or today - timedelta(days=1), min(end or today, today)
        opened, errors = (sources, []) if sources is not None else (yield from blocking(fill.configured, self.mode))
        if begin >= after:
            return FillResult(errors=tuple(errors))
        done = yield from fill.fill(self.engine, opened, _priced(keys), begin, after, self.clock())
        return fill.with_errors(done, errors)

    @method
    def price_history(self, key: str, start: date, end: date, *, adjusted: bool = True) -> Flow[Listing[HistoricPrice]]:
        """Return the closes of an instrument that the book has from `start` to before `end`, oldest first.

        Args:
            adjusted: whether earlier prices are divided by later splits, so that they compare.
        """
        found = yield from self.ask(_closes, history.subject_of(instrument(key)), start, end, adjusted)
        return Listing(found)


def _priced(keys: Sequence[InstrumentKey]) -> list[InstrumentKey]:
    return [key for key in keys if key.namespace not in UNPRICED]


def _held(db: sa.Connection, owner: Owner) -> tuple[list[InstrumentKey], date | None]:
    """Return what was ever held, and the first day the book knows anything of."""
    h = holdings.c
    ask = (
        sa.select(h.instrument)
        .distinct()
        .where(
            owner.of(holdings), h.instrument.is_not(None), sa.func.coalesce(h.kind, "").not_in((CASH, IN_CASH, UNREAD))
        )
    )
    keys: list[InstrumentKey] = []
    for text in db.scalars(ask):
        try:
            keys.append(InstrumentKey.parse(text))
        except InvalidInstrument:
            continue
    days = [
        db.scalar(sa.select(sa.func.min(sa.type_coerce(table.c.day, sa.Text()))).where(owner.of(table)))
        for table in (holdings, balances)
    ]
    first = min((day for day in days if day), default=None)
    return keys, None if first is None else date.fromisoformat(first)


def _closes(
    db: sa.Connection, owner: Owner, subject: str, start: date, end: date, adjusted: bool
) -> list[HistoricPrice]:
    found = history.closes(db, subject, start, end)
    if adjusted:
        found = history.adjusted(found, history.splits_of(db, subject))
    return [HistoricPrice(day=each.day, price=Money(each.price, each.currency)) for each in found]
