"""What was spent, added up by category, merchant, account and period.
Floor 5: a refund counts on its own day and reduces its category; a row belongs to one currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence

from fin_infra.arguments import check_order, checked
from fin_infra.insights.categories.taxonomy import primary
from fin_infra.insights.spending.records import By, Counted, CountsAs, Period, Spending, Spent
from fin_infra.model.money import Money

_NAMES: Mapping[By, Callable[[Counted], str]] = {
    By.CATEGORY: lambda each: each.category,
    By.PRIMARY: lambda each: primary(each.category),
    By.MERCHANT: lambda each: each.merchant,
    By.ACCOUNT: lambda each: each.account_id,
    By.ALL: lambda each: By.ALL.value,
}


@checked
def spending(
    counted: Iterable[Counted],
    *,
    by: By = By.CATEGORY,
    period: Period = Period.ALL,
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> Spending:
    """Return what was spent, and the totals of each currency; where nothing was spent, there are none.

    Args:
        counted: what `count` returned.
        start: the first day.
        end: the day after the last one.

    Raises:
        InvalidInput: the days are the wrong way round.
    """
    within = [each for each in between(counted, start, end) if each.counts_as is CountsAs.SPENDING]
    groups: dict[tuple[dt.date | None, str, str], list[Counted]] = {}
    for each in within:
        groups.setdefault(row_of(each, by, period), []).append(each)
    found = [_spent(rows, by, period) for rows in groups.values()]
    by_currency: dict[str, list[Counted]] = {}
    for each in within:
        by_currency.setdefault(each.amount.currency, []).append(each)
    return Spending(
        rows=tuple(sorted(found, key=_largest_first)),
        totals=tuple(_spent(by_currency[currency], By.ALL, Period.ALL) for currency in sorted(by_currency)),
    )


def row_of(each: Counted, by: By, period: Period) -> tuple[dt.date | None, str, str]:
    """Return the row that a transaction counts in: the first day of its period, its currency and the name."""
    return first_day(each.date, period), each.amount.currency, _NAMES[by](each)


def first_day(day: dt.date, period: Period) -> dt.date | None:
    """Return the first day of the period of a day."""
    match period:
        case Period.MONTH:
            return day.replace(day=1)
        case Period.QUARTER:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case Period.YEAR:
            return day.replace(month=1, day=1)
        case Period.ALL:
            return None


def between(counted: Iterable[Counted], start: dt.date | None, end: dt.date | None) -> list[Counted]:
    """Return what is from one day on and before another, in order of date and id.

    Raises:
        InvalidInput: the days are the wrong way round.
    """
    check_order(start, end)
    within = (each for each in counted if (not start or each.date >= start) and (not end or each.date < end))
    return sorted(within, key=lambda each: (each.date, each.entry_id))


def ids_of(counted: Iterable[Counted]) -> tuple[str, ...]:
    """Return the transactions, each once."""
    return tuple(dict.fromkeys(each.entry_id for each in counted))


def _spent(rows: Sequence[Counted], by: By, period: Period) -> Spent:
    start, currency, name = row_of(rows[0], by, period)
    return Spent(
        by=by,
        period=period,
        name=name,
        start=start,
        spent=-Money.total((each.amount for each in rows), currency),
        count=len(rows),
        entry_ids=ids_of(rows),
    )


def _largest_first(row: Spent) -> tuple[object, ...]:
    return row.start or dt.date.min, row.spent.currency, -row.spent.amount, row.name
