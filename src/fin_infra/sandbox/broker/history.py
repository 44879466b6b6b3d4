"""Look back at an account: what it was worth at earlier instants, from its entries and the tape.
Floor 8: nothing is recorded for this; the same entries and prices give the same history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.book import Deposit, PositionBook
from fin_infra.sandbox.broker.money import ZERO, plus, times
from fin_infra.sandbox.broker.tape import Tape

SAME_INSTANT = timedelta(seconds=1)  # what happens at one instant is stamped a microsecond apart


class Worth(NamedTuple):
    """An account at one instant; profit is equity less what was paid in."""

    at: datetime
    equity: Decimal
    deposits: Decimal

    @property
    def profit(self) -> Decimal:
        """Return what the account has earned since it was opened."""
        return plus(self.equity, -self.deposits)


def worths(book: PositionBook, tape: Tape, instants: Iterable[datetime]) -> Iterator[Worth]:
    """Yield the account's worth at each instant, which must come oldest first."""
    entries = sorted(book.entries, key=lambda entry: entry.at)
    cash = deposits = ZERO
    held: dict[str, tuple[Asset, Decimal]] = {}
    done = 0
    for at in instants:
        while done < len(entries) and entries[done].at < at + SAME_INSTANT:
            entry = entries[done]
            done += 1
            if isinstance(entry, Deposit):
                cash, deposits = plus(cash, entry.amount), plus(deposits, entry.amount)
            else:
                cash = plus(cash, -entry.amount)
                before = held[entry.asset.symbol][1] if entry.asset.symbol in held else ZERO
                held[entry.asset.symbol] = (entry.asset, plus(before, entry.signed_qty))
        values = (times(qty, tape.last(asset, at)) for asset, qty in held.values() if qty)
        yield Worth(at, plus(cash, *values), deposits)


def worth(book: PositionBook, tape: Tape, at: datetime) -> Worth:
    """Return the account's worth at one instant."""
    return next(worths(book, tape, [at]))


def qty_at(book: PositionBook, symbol: str, at: datetime) -> Decimal:
    """Return the signed quantity of a symbol that was held at an instant."""
    fills = (e for e in book.entries if not isinstance(e, Deposit) and e.asset.symbol == symbol)
    return plus(*(fill.signed_qty for fill in fills if fill.at < at + SAME_INSTANT))
