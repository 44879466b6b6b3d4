"""Month by month: what came in, what was spent, what was left of it, and which part of the income that is.
Floor 5: net and transfers of a month add up to the change of the balances in it, for each currency by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from fin_infra.arguments import checked
from fin_infra.insights.spending.figures import between, ids_of
from fin_infra.insights.spending.records import CashFlow, CashFlowMonth, Counted, CountsAs
from fin_infra.model.money import Money

_PLACES = Decimal("0.0001")


@checked
def cash_flow(counted: Iterable[Counted], *, start: dt.date | None = None, end: dt.date | None = None) -> CashFlow:
    """Return the cash flow of each month and currency, with totals; where nothing happened, there are none.

    Args:
        counted: what `count` returned.
        start: the first day.
        end: the day after the last one.

    Raises:
        InvalidInput: the days are the wrong way round.
    """
    by_currency: dict[str, list[Counted]] = {}
    for each in between(counted, start, end):
        by_currency.setdefault(each.amount.currency, []).append(each)
    currencies = sorted(by_currency)
    months = [row for currency in currencies for row in _months(by_currency[currency], currency)]
    return CashFlow(
        rows=tuple(sorted(months, key=lambda row: (row.month or dt.date.min, row.net.currency))),
        totals=tuple(_flow(None, by_currency[currency], currency) for currency in currencies),
    )


def _months(rows: Sequence[Counted], currency: str) -> Iterator[CashFlowMonth]:
    by_month: dict[dt.date, list[Counted]] = {}
    for each in rows:
        by_month.setdefault(each.date.replace(day=1), []).append(each)
    month, last = min(by_month), max(by_month)
    while month <= last:
        yield _flow(month, by_month.get(month, ()), currency)
        if month == last:
            return  # no month comes after December 9999
        month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _flow(month: dt.date | None, rows: Sequence[Counted], currency: str) -> CashFlowMonth:
    income, spent, moved = (
        Money.total((each.amount for each in rows if each.counts_as is way), currency)
        for way in (CountsAs.INCOME, CountsAs.SPENDING, CountsAs.TRANSFER)
    )
    net = income + spent
    return CashFlowMonth(
        month=month,
        income=income,
        spending=-spent,
        net=net,
        transfers=moved,
        savings_rate=(net / income).quantize(_PLACES, ROUND_HALF_EVEN) if income > 0 else None,
        entry_ids=ids_of(rows),
    )
