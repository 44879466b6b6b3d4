"""Balances that do not add up: what an account gained between two balances against what was posted in between.
Floor 6: exact, currency by currency; nothing is written."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any

import sqlalchemy as sa

from fin_infra.book.accounts import REMOVED, Accounts
from fin_infra.book.columns import EXACT
from fin_infra.book.lease import Owner
from fin_infra.book.merge import POSTED
from fin_infra.book.records import Discrepancy
from fin_infra.book.tables import balances, transactions
from fin_infra.model import AccountType, Money

ADDS_UP = (AccountType.DEPOSITORY.value, AccountType.CREDIT.value)
"""What changes by transactions alone; a broker's balance moves with prices, and a loan's with interest."""


def discrepancies(db: sa.Connection, owner: Owner) -> list[Discrepancy]:
    """Compare each two consecutive balances of an account and currency; return those that do not fit, oldest first.

    An account that several sources tell about has one set of transactions, and each source's balances are compared
    among themselves.
    """
    accounts = Accounts(db, owner)
    found: list[Discrepancy] = []
    for account, kept in sorted(accounts.kept.items()):
        if kept.type in ADDS_UP and kept.status != REMOVED:
            for currency, levels in _levels(db, owner, account).items():
                posted = _posted(db, owner, accounts.all_of(accounts.target(account)), currency, levels[0][0])
                found += _compared(accounts.target(account), currency, levels, posted)
    return found


def _levels(db: sa.Connection, owner: Owner, account: int) -> dict[str, list[tuple[date, Decimal]]]:
    """Return the balances of an account by currency, by day; those without a current amount are left out."""
    b = balances.c
    ask = sa.select(b.currency, b.day, b.current).where(owner.of(balances, account=account), b.current.is_not(None))
    found: defaultdict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for currency, day, current in db.execute(ask.order_by(b.day)):
        found[currency].append((day, current))
    return found


def _posted(
    db: sa.Connection, owner: Owner, accounts: set[int], currency: str, first: date
) -> tuple[list[date], list[Decimal]]:
    """Return the days with posted transactions after a day, and the total up to each, which begins with 0."""
    t = transactions.c
    ask = sa.select(t.day, t.amount).where(
        owner.of(transactions, currency=currency), t.account.in_(sorted(accounts)), t.state == POSTED, t.day > first
    )
    rows: Sequence[Any] = db.execute(ask.order_by(t.day)).all()
    totals = accumulate((row.amount for row in rows), EXACT.add, initial=Decimal(0))
    return [row.day for row in rows], list(totals)


def _compared(
    account: int, currency: str, levels: Sequence[tuple[date, Decimal]], posted: tuple[list[date], list[Decimal]]
) -> Iterator[Discrepancy]:
    days, totals = posted
    steps: list[tuple[date, date, Decimal, Decimal]] = []
    for (start, before), (end, said) in pairwise(levels):
        moved = EXACT.subtract(totals[bisect_right(days, end)], totals[bisect_right(days, start)])
        steps.append((start, end, EXACT.add(before, moved), said))
    for at, (start, end, expected, said) in enumerate(steps):
        difference = EXACT.subtract(said, expected)
        if difference:
            following = EXACT.subtract(steps[at + 1][3], steps[at + 1][2]) if at + 1 < len(steps) else None
            earlier = EXACT.subtract(steps[at - 1][3], steps[at - 1][2]) if at else None
            yield Discrepancy(
                account_id=account,
                start=start,
                end=end,
                expected=Money(expected, currency),
                said=Money(said, currency),
                difference=Money(difference, currency),
                evened_out=-difference in (following, earlier),
            )
