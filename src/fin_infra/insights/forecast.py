"""What streams will do to balances: by day and by month, with the lowest point ahead.
Floor 5: only streams count; shopping, and streams that may begin, are not in it. Currencies never add up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.insights.expected import Expected, expected
from fin_infra.insights.records import Stream
from fin_infra.model.money import Money
from fin_infra.model.record import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningBalance(Model):
    """What is in an account when a forecast begins."""

    account_id: str
    balance: Money
    """Negative is owed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastDay(Model):
    """A day on which something is expected."""

    date: dt.date
    money_in: Money
    money_out: Money
    """Zero or negative."""
    balance: Money | None
    """At the end of the day; None where the balance to start from is unknown."""
    worst_balance: Money | None
    """The same if everything until then is as low as it may be."""
    best_balance: Money | None
    stream_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastMonth(Model):
    """A month, or the part of it that is in the forecast."""

    first_date: dt.date
    last_date: dt.date
    money_in: Money
    money_out: Money
    """Zero or negative."""
    net: Money
    closing: Money | None
    stream_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLine(Model):
    """The forecast of one account in one currency, or of all accounts in it."""

    account_id: str | None
    """None where it is all accounts together."""
    currency: str
    opening: Money | None
    """None where a balance is unknown: then there are flows and no balances."""
    closing: Money | None
    low_point: Money | None
    """The lowest balance at the end of a day, the opening one counted too."""
    low_date: dt.date | None
    worst_point: Money | None
    """The lowest balance if everything until then is as low as it may be."""
    worst_date: dt.date | None
    days: tuple[ForecastDay, ...]
    """Those on which something is expected."""
    months: tuple[ForecastMonth, ...]
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast(Model):
    """What streams will bring over some days."""

    start: dt.date
    """Today, as the caller said it."""
    until: dt.date
    accounts: tuple[ForecastLine, ...]
    """By account and currency."""
    totals: tuple[ForecastLine, ...]
    """By currency; of its accounts with streams or a balance."""


@checked
def forecast(
    streams: Iterable[Stream], balances: Iterable[OpeningBalance], *, today: dt.date, until: dt.date
) -> Forecast:
    """Return what streams bring from today up to and with `until`, and what that leaves in accounts.

    Args:
        streams: a late one is expected today.
        balances: with everything that is posted today; an account without one has flows and no balances.

    Raises:
        InvalidInput: `until` is before today or more than ten years after it, or two balances are of one account.
    """
    opening = _opening(balances)
    flows: dict[tuple[str, str], list[Expected]] = {place: [] for place in opening}
    for each in expected(streams, today, until):
        flows.setdefault((each.account_id, each.amount.currency), []).append(each)
    span = (today, until)
    lines = [_line(place, opening.get(place), flows[place], span) for place in sorted(flows)]
    totals = [_total(currency, [line for line in lines if line.currency == currency], span)
              for currency in sorted({line.currency for line in lines})]  # fmt: skip
    return Forecast(start=today, until=until, accounts=tuple(lines), totals=tuple(totals))


def _opening(balances: Iterable[OpeningBalance]) -> dict[tuple[str, str], Money]:
    found: dict[tuple[str, str], Money] = {}
    for each in balances:
        place = (each.account_id, each.balance.currency)
        if place in found:
            raise InvalidInput(f"There are two balances in {each.balance.currency} of one account; give one.")
        found[place] = each.balance
    return found


def _total(currency: str, lines: Sequence[ForecastLine], span: tuple[dt.date, dt.date]) -> ForecastLine:
    flows = sorted((one for line in lines for one in line.expected), key=lambda one: (one.date, one.stream_id))
    known = [line.opening for line in lines if line.opening is not None]
    opening = Money.total(known, currency) if len(known) == len(lines) else None
    return _line((None, currency), opening, flows, span)


def _line(
    place: tuple[str | None, str], opening: Money | None, flows: Sequence[Expected], span: tuple[dt.date, dt.date]
) -> ForecastLine:
    account_id, currency = place
    days = tuple(_days(flows, opening, currency))
    points = [(opening, opening, span[0])] if opening is not None else []
    points += [
        (d.balance, d.worst_balance, d.date) for d in days if d.balance is not None and d.worst_balance is not None
    ]
    low = min(((balance, date) for balance, _, date in points), default=(None, None))
    worst = min(((balance, date) for _, balance, date in points), default=(None, None))
    return ForecastLine(
        account_id=account_id,
        currency=currency,
        opening=opening,
        closing=days[-1].balance if days else opening,
        low_point=low[0],
        low_date=low[1],
        worst_point=worst[0],
        worst_date=worst[1],
        days=days,
        months=tuple(_months(days, opening, span, currency)),
        expected=tuple(flows),
    )


def _days(flows: Sequence[Expected], opening: Money | None, currency: str) -> Iterator[ForecastDay]:
    middle = low = high = opening
    for date, group in groupby(flows, key=lambda one: one.date):
        same = list(group)
        middle, low, high = (
            None if balance is None else balance + Money.total(amounts, currency)
            for balance, amounts in (
                (middle, [one.amount for one in same]),
                (low, [one.low for one in same]),
                (high, [one.high for one in same]),
            )
        )
        yield ForecastDay(
            date=date,
            money_in=Money.total([one.amount for one in same if one.amount > 0], currency),
            money_out=Money.total([one.amount for one in same if one.amount < 0], currency),
            balance=middle,
            worst_balance=low,
            best_balance=high,
            stream_ids=tuple(dict.fromkeys(one.stream_id for one in same)),
        )


def _months(
    days: Sequence[ForecastDay], opening: Money | None, span: tuple[dt.date, dt.date], currency: str
) -> Iterator[ForecastMonth]:
    """Yield every month of the span, also those without anything expected."""
    first, closing = span[0], opening
    while first <= span[1]:
        following = (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        last = min(following - dt.timedelta(days=1), span[1])
        inside = [day for day in days if first <= day.date <= last]
        closing = inside[-1].balance if inside else closing
        money_in = Money.total([day.money_in for day in inside], currency)
        money_out = Money.total([day.money_out for day in inside], currency)
        yield ForecastMonth(
            first_date=first,
            last_date=last,
            money_in=money_in,
            money_out=money_out,
            net=money_in + money_out,
            closing=closing,
            stream_ids=tuple(dict.fromkeys(one for day in inside for one in day.stream_ids)),
        )
        first = following
