"""What a household spent, earned and moved, as methods of its book: every figure can be asked what it is made of.
Floor 6: `fin_infra.insights` decides over all accounts and days, so that no figure depends on the days asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from fin_infra.arguments import check_order
from fin_infra.book.entries import EVERY, Material, apart_rows, material
from fin_infra.book.lease import Owner
from fin_infra.book.methods import Household, method
from fin_infra.book.read import Wanted
from fin_infra.errors import InvalidInput, MissingExtra
from fin_infra.insights import Entry, Label
from fin_infra.insights import spending as figures
from fin_infra.insights.explain import Explanation, Figure, explain_cash_flow, explain_spending
from fin_infra.insights.spending import By, CashFlow, CashFlowMonth, Counted, Period, Spending, Spent, count
from fin_infra.insights.transfers import Activity, Transfers, recognize
from fin_infra.model import Listing, Money
from fin_infra.transport import Flow, M, blocking


class Spends(Household[M]):
    @method
    def transfers(self, *, start: date | None = None, end: date | None = None) -> Flow[Transfers]:
        """Return transfers, payments of cards and loans, refunds, and pairs that are unclear, the oldest first.

        `link` and `keep_apart` settle what is unclear.

        Args:
            start: the first day; of a transfer the day of its earlier side counts.
            end: the day after the last one.

        Raises:
            InvalidInput: the days are the wrong way round.
            MissingExtra: the extra `insights` is not installed.
        """
        check_order(start, end)
        found = yield from self.activity()
        return (yield from blocking(_transfers, found, start, end))

    @method
    def counted(
        self,
        *,
        account_id: int | None = None,
        start: date | None = None,
        end: date | None = None,
        pending: bool = True,
    ) -> Flow[Listing[Counted]]:
        """Return how each transaction counts, as spending, income or a transfer, and why; the oldest first.

        One that a person split is there by its parts, with ids such as `123/1`.

        Args:
            start: the first day.
            end: the day after the last one.
            pending: whether transactions count that are not posted yet.

        Raises:
            InvalidInput: the account is not in the book, or the days are the wrong way round.
            MissingExtra: the extra `insights` is not installed.
        """
        check_order(start, end)
        found = yield from self.activity()
        if account_id is not None and str(account_id) not in {each.id for each in found.accounts}:
            raise InvalidInput(f"The book has no account {account_id}.")
        rows = yield from blocking(lambda: count(found, pending=pending))
        account = None if account_id is None else str(account_id)
        return Listing(each for each in rows if _within(each.date, start, end) and account in (None, each.account_id))

    @method
    def spending(
        self,
        *,
        by: By = By.CATEGORY,
        period: Period = Period.ALL,
        account_id: int | None = None,
        start: date | None = None,
        end: date | None = None,
        pending: bool = True,
    ) -> Flow[Spending]:
        """Return what was spent, by what was asked for, with totals; the other arguments are as in `counted`."""
        rows = yield from Spends.counted.flow(self, account_id=account_id, start=start, end=end, pending=pending)
        return figures.spending(rows, by=by, period=period)

    @method
    def cash_flow(
        self,
        *,
        account_id: int | None = None,
        start: date | None = None,
        end: date | None = None,
        pending: bool = True,
    ) -> Flow[CashFlow]:
        """Return income, spending, net and savings rate by month, with totals; the arguments are as in `counted`."""
        rows = yield from Spends.counted.flow(self, account_id=account_id, start=start, end=end, pending=pending)
        return figures.cash_flow(rows)

    @method
    def explain(self, row: Spent | CashFlowMonth, of: Figure = Figure.NET) -> Flow[Explanation]:
        """Return the transactions that a row of `spending` or `cash_flow` is made of, each with its reason.

        Args:
            row: as it came from this book.
            of: which column of a cash flow.

        Raises:
            InvalidInput: the book has changed, and the row is not what it says any more; ask for it again.
            MissingExtra: the extra `insights` is not installed.
        """
        rows = yield from Spends.counted.flow(self)
        return explain_spending(row, rows) if isinstance(row, Spent) else explain_cash_flow(row, rows, of)

    def activity(self) -> Flow[Activity]:
        """Return all transactions with their labels and a person's words, for the insights of other files."""
        found, apart = yield from self.ask(_read)
        labeled = yield from blocking(found.labels)
        return _activity(found, apart, {each.entry.id: each.label for each in labeled})

    def known_activity(self) -> Flow[Activity]:
        """Return the same, without labels where the extra `insights` is not installed."""
        try:
            return (yield from self.activity())
        except MissingExtra:
            found, apart = yield from self.ask(_read)
            return _activity(found, apart, {})


def _within(day: date, start: date | None, end: date | None) -> bool:
    return (start is None or day >= start) and (end is None or day < end)


def _transfers(activity: Activity, start: date | None, end: date | None) -> Transfers:
    found = recognize(activity)
    days = {entry.id: entry.date for entry in activity.entries}
    return Transfers(
        transfers=tuple(each for each in found.transfers if _within(each.date, start, end)),
        refunds=tuple(each for each in found.refunds if _within(days[each.entry_id], start, end)),
        unclear=tuple(each for each in found.unclear if _within(each.date, start, end)),
    )


def _read(db: sa.Connection, owner: Owner) -> tuple[Material, frozenset[str]]:
    return material(db, owner, Wanted(limit=EVERY)), apart_rows(db, owner)


def _activity(found: Material, apart: frozenset[str], labels: Mapping[str, Label]) -> Activity:
    entries = _whole_where_linked(found.entries, {*found.links, *found.links.values()})
    return Activity(
        entries=entries,
        labels=labels,
        accounts=found.accounts,
        links=found.links,
        apart=frozenset(each.id for each in entries if _row(each) in apart),
    )


def _row(entry: Entry) -> str:
    """Return the id of the transaction that an entry is, or is a part of."""
    return entry.id.partition("/")[0]


def _whole_where_linked(entries: Iterable[Entry], linked: set[str]) -> list[Entry]:
    """Put the parts of a split transaction together again where a person linked it: then all of it is a transfer."""
    found: dict[str, Entry] = {}
    for entry in entries:
        row = _row(entry)
        if row in linked and row != entry.id:
            before = found[row].amount if row in found else Money.zero(entry.amount.currency)
            found[row] = replace(entry, id=row, amount=before + entry.amount)
        else:
            found[entry.id] = entry
    return list(found.values())
