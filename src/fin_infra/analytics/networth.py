"""Net worth from records in many currencies: statements, bank accounts, brokers, holdings.
Floor 5: sums only what has a value, and says what has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Context, Decimal

from fin_infra.analytics.worth_accounts import asked
from fin_infra.analytics.worth_ages import MAX_DAYS, MAX_SESSIONS, Moment, aged, moment
from fin_infra.analytics.worth_holdings import Priced, account_view, holding_view, portfolio_views
from fin_infra.analytics.worth_statements import file_views, statement_view
from fin_infra.analytics.worth_views import View, newest
from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput, RateUnavailable
from fin_infra.model import (
    AccountBalance,
    Holding,
    InstrumentKey,
    Money,
    NetWorth,
    Portfolio,
    RateTable,
    SourceError,
    Statement,
    StatementFile,
    WorthItem,
    WorthLine,
)
from fin_infra.model.currency import minor_units
from fin_infra.normalize import convert

WorthRecord = Statement | StatementFile | AccountBalance | Portfolio | Holding | WorthItem
"""What a net worth is made of; `WorthItem` is for what is none of the others, such as a house."""

_WIDE = Context(prec=1000)
_FINEST = Decimal("1e-8")
"""What an amount is shown to in a currency without minor unit, such as gold."""


@checked
def net_worth(
    records: Iterable[WorthRecord],
    prices: Mapping[InstrumentKey, Priced],
    rates: RateTable | None,
    *,
    on: date | datetime,
    currency: str,
    errors: Sequence[SourceError] = (),
    max_sessions: int = MAX_SESSIONS,
    max_days: int = MAX_DAYS,
) -> NetWorth:
    """Add up `records` in `currency`, whatever order they come in.

    A thing counts once, with the latest amount that is not after `on`; two amounts of the same moment are missing. So
    is a price or balance that is too old, money that a file speaks of and was not read, and an account that another
    record may show too, until somebody leaves one out.

    What has no amount, or no rate to `currency`, stays in `lines` without a value and is named in `missing`. So is a
    source in `errors` or in those of a portfolio, since its answer is unknown. Values are rounded to the minor unit of
    `currency` one by one, so that the lines add up to the total.

    Args:
        records: statement files as read, bank accounts with their balance, portfolios of `merge_holdings`, holdings.
        prices: of one unit of each `Holding`, by the key it is written with; a `SourceError` says why there is none.
        rates: the table to convert with; None where no FX source answered, and then only `currency` itself counts.
        on: the time of the total. A date means its end in UTC; ages are counted up to the day in UTC.
        currency: an ISO 4217 code with a minor unit, such as EUR.
        max_sessions: sessions of its venue after which a price is too old; days, if the venue has no calendar.
        max_days: days after which a balance is too old.

    Raises:
        NaiveTime: `on` is a datetime without a zone.
        UnknownCurrency: `currency` is not an ISO 4217 code.
        InvalidInput: `currency` has no minor unit, or something in `records` is not a record.
    """
    minor_units(currency)
    total = moment(on, max_sessions, max_days)
    given = list(records)
    views = newest([view for record in given for view in _views(record, prices)], total.last_day)
    items = [item for view in views for item in (*view.items, *view.gaps)]
    failed = tuple(dict.fromkeys((*errors, *(error for each in given for error in _errors(each)))))
    fresh = asked([aged(item, total) for item in _once(items, total.last_day)])
    lines = tuple(_line(item, currency, rates, total) for item in fresh)
    doubts = dict.fromkeys(doubt for view in views for doubt in view.doubts)
    return _added_up(lines, currency, failed, tuple(doubts), total.as_of)


def _added_up(
    lines: tuple[WorthLine, ...], currency: str, errors: tuple[SourceError, ...], doubts: tuple[str, ...], at: datetime
) -> NetWorth:
    values = [line.value for line in lines if line.value is not None]
    missing = [f"{line.source} {line.id}: {line.missing}" for line in lines if line.value is None]
    missing += [f"{error.provider} {error.operation}: {error.message}" for error in errors]
    known = bool(values) or not missing
    assets = Money.total((value for value in values if value.amount > 0), currency)
    liabilities = Money.total((value for value in values if value.amount < 0), currency)
    return NetWorth(
        currency=currency,
        total=assets + liabilities if known else None,
        assets=assets if known else None,
        liabilities=liabilities if known else None,
        complete=not missing,
        missing=tuple(missing),
        lines=lines,
        errors=errors,
        doubts=doubts,
        as_of=at,
    )


def _views(record: WorthRecord, prices: Mapping[InstrumentKey, Priced]) -> list[View]:
    match record:
        case StatementFile():
            return file_views(record)
        case Statement():
            return [statement_view(record)]
        case AccountBalance():
            return [account_view(record)]
        case Portfolio():
            return portfolio_views(record)
        case Holding():
            return [holding_view(record, prices)]
        case WorthItem():
            return [View(items=(record,))]


def _errors(record: WorthRecord) -> tuple[SourceError, ...]:
    return record.errors if isinstance(record, Portfolio) else ()


def _once(items: Iterable[WorthItem], last_day: date) -> list[WorthItem]:
    """Return one item per thing, in the order in which the things first came."""
    groups: dict[tuple[str, ...], list[WorthItem]] = {}
    for item in items:
        thing = (item.kind, item.source, item.id) if item.reading_of is None else (item.reading_of,)
        groups.setdefault(thing, []).append(item)
    return [
        _latest([item for item in group if not item.at or item.at <= last_day] or group) for group in groups.values()
    ]


def _latest(readings: Sequence[WorthItem]) -> WorthItem:
    """Return the latest reading. One without an amount never hides another of its day that has one."""
    day = max(map(_when, readings))
    newest = [item for item in readings if _when(item) == day]
    stated = [item for item in newest if item.amount is not None]
    instants = [item.instant for item in stated if item.instant is not None]
    if instants and len(instants) == len(stated):
        stated = [item for item in stated if item.instant == max(instants)]
    amounts = {(item.amount.amount, item.amount.currency) for item in stated if item.amount is not None}
    first = min(stated or newest, key=lambda item: (item.source, item.id, item.missing or ""))
    if len(amounts) > 1:
        return replace(first, amount=None, missing=f"{len(amounts)} different amounts of the same day, {_day(first)}")
    return first


def _when(item: WorthItem) -> date:
    """Return the day an item speaks of; without one, what has an amount is of now and what has none says nothing."""
    return item.at or (date.min if item.amount is None else date.max)


def _day(item: WorthItem) -> str:
    return item.at.isoformat() if item.at else "without a date"


def _line(item: WorthItem, currency: str, rates: RateTable | None, total: Moment) -> WorthLine:
    value, rate_date, missing = None, None, item.missing
    if item.amount is None:
        missing = missing or "the source gives no amount"
    elif item.amount.currency != currency and rates is None:
        missing = f"no exchange rate for {item.amount.currency}/{currency}"
    else:
        try:
            value, rate_date = _value(item.amount, currency, rates, total.day)
        except (RateUnavailable, InvalidInput) as exc:
            missing = str(exc)
    return WorthLine(
        kind=item.kind,
        id=item.id,
        source=item.source,
        amount=_shown(item.amount),
        value=value,
        at=item.at,
        age_days=None if item.at is None else max(0, (total.day - item.at).days),
        rate_date=rate_date,
        missing=missing,
        name=item.name,
    )


def _value(amount: Money, currency: str, rates: RateTable | None, on: date) -> tuple[Money, date | None]:
    """Return the amount in the currency of the total, and the day of the rate where there is one."""
    if amount.currency == currency or rates is None:
        return amount.quantize(), None
    return convert(amount, currency, rates, on=on).quantize(), rates.date


def _shown(amount: Money | None) -> Money | None:
    """Round to the minor unit of the currency; gold and others that have none to eight decimals."""
    if amount is None:
        return None
    try:
        return amount.quantize()
    except InvalidInput:
        fine = -int(amount.amount.as_tuple().exponent) > 8
        return Money(amount.amount.quantize(_FINEST, context=_WIDE), amount.currency) if fine else amount
