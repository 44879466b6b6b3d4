"""What a file of transactions is written from: accounts, and their rows oldest first, a part at a time.
Floor 6: inside one transaction that reads, so that the whole file is of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

import sqlalchemy as sa

from fin_infra.book.copying import PART
from fin_infra.book.exports.marks import Marks
from fin_infra.book.lease import Owner
from fin_infra.book.read import SHOWN, Wanted, account_rows, balance_rows, conditions, with_words
from fin_infra.book.records import BookAccount, BookBalance, BookTransaction
from fin_infra.book.tables import transactions
from fin_infra.errors import InvalidInput
from fin_infra.model import TransactionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which transactions: all conditions hold. `start` is included and `end` is not."""

    account_id: int | None = None
    start: date | None = None
    end: date | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of one account in one currency and one state: how many, and their first and last day."""

    account: BookAccount
    currency: str
    status: TransactionStatus
    first: date
    last: date
    count: int


class Rows:
    """What one file is written from."""

    def __init__(self, db: sa.Connection, owner: Owner, choice: Choice, now: datetime) -> None:
        self._db, self._owner = db, owner
        self.choice, self.now = choice, now
        self.marks = Marks.of(db, owner)
        every = account_rows(db, owner)
        self.accounts = [each for each in every if choice.account_id in (None, each.id)]
        if choice.account_id is not None and not self.accounts:
            raise InvalidInput(f"The book has no account {choice.account_id}; `id` of an account is in the list.")

    @cached_property
    def spans(self) -> list[Span]:
        """What there is, by account, currency and state."""
        t = transactions.c
        day = sa.type_coerce(t.day, sa.Text())
        found: list[Span] = []
        for account in self.accounts:
            ask = sa.select(t.currency, t.state, sa.func.min(day), sa.func.max(day), sa.func.count())
            ask = ask.where(self._owner.of(transactions), *self._conditions(account, None))
            ask = ask.group_by(t.currency, t.state).order_by(t.currency, t.state)
            for currency, state, first, last, count in self._db.execute(ask):
                days = (date.fromisoformat(first), date.fromisoformat(last))
                found.append(Span(account, currency, TransactionStatus(state), *days, count))
        return found

    @cached_property
    def balances(self) -> dict[int, BookBalance]:
        """The last balance of each account that is not after the chosen days; none where the book knows none."""
        end = self.choice.end
        last = None if end is None else date.fromordinal(end.toordinal() - 1)
        return {each.account_id: each for each in balance_rows(self._db, self._owner, last)}

    def parts(
        self, account: BookAccount, currency: str | None = None, status: TransactionStatus | None = None
    ) -> Iterator[list[BookTransaction]]:
        """Yield the rows of an account, the oldest first."""
        t = transactions.c
        ask = sa.select(*SHOWN).where(self._owner.of(transactions), *self._conditions(account, status))
        if currency is not None:
            ask = ask.where(t.currency == currency)
        ask = ask.order_by(sa.type_coerce(t.day, sa.Text()), t.id).limit(PART)
        these = ask
        while True:
            found = with_words(self._db, self._owner, self._db.execute(these).all())
            if found:
                yield found
            if len(found) < PART:
                return
            last = found[-1]
            these = ask.where(sa.or_(t.day > last.date, sa.and_(t.day == last.date, t.id > last.id)))

    def amounts(self) -> Iterator[Decimal]:
        """Yield every chosen amount."""
        t = transactions.c
        for account in self.accounts:
            ask = sa.select(t.amount).where(self._owner.of(transactions), *self._conditions(account, None))
            yield from self._db.execute(ask).scalars().yield_per(PART)

    def _conditions(self, account: BookAccount, status: TransactionStatus | None) -> list[sa.ColumnElement[bool]]:
        choice = self.choice
        wanted = Wanted(
            account_id=account.id,
            start=choice.start,
            end=choice.end,
            status=None if status is None else status.value,
            with_hidden=choice.hidden,
        )
        return conditions(self._db, self._owner, wanted)
