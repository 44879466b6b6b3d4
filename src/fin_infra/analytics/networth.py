"""Net worth from items in many currencies.
Floor 5: sums only what has a value, and says what has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import zip_longest

from fin_infra.analytics.worth_accounts import asked, latest_lists
from fin_infra.arguments import checked
from fin_infra.errors import BeyondCalendar, InvalidInput, InvalidInstrument, RateUnavailable, UnknownCalendar
from fin_infra.model import Account, AccountRef, Balance, HoldingAccount, InstrumentKey, Money, Portfolio, RateTable
from fin_infra.model.networth import NetWorth, SourceError, WorthItem, WorthKind, WorthLine
from fin_infra.normalize import calendar_of, convert

MAX_SESSIONS = 3
"""A price older than so many sessions of its venue is not today's."""
MAX_HOURS = 24
"""A coin's price older than so many hours is not now's."""
MAX_DAYS = 45
"""A balance older than so many days is not today's: a monthly statement, with time to be sent."""


@checked
def net_worth(
    items: Iterable[WorthItem],
    currency: str,
    rates: RateTable | None,
    *,
    as_of: datetime,
    errors: Sequence[SourceError] = (),
    max_sessions: int = MAX_SESSIONS,
    max_days: int = MAX_DAYS,
) -> NetWorth:
    """Add up `items` in `currency`.

    Items with one key count once, with the latest amount; two amounts of the same day are missing. So is a price or
    balance that is too old, and an account that another source or file may show too, until somebody leaves one out.

    An item without an amount, or whose currency has no rate, stays in `lines` without a value and is named in
    `missing`. A source in `errors` makes the result incomplete too, since its answer is unknown. Values are
    rounded to the minor unit of `currency` one by one, so that the lines add up to the total.

    Args:
        rates: the table to convert with; None where no FX source answered, and then only `currency` itself counts.
        as_of: the time of the total; ages are counted up to its day.
        max_sessions: sessions of its venue after which a price is too old; days, if the venue has no calendar.
        max_days: days after which a balance is too old.
    """
    fresh = asked([_aged(item, as_of, max_sessions, max_days) for item in _once(latest_lists(items))])
    lines = tuple(_line(item, currency, rates, as_of) for item in fresh)
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
        errors=tuple(errors),
        as_of=as_of,
    )


@checked
def account_item(account: Account, balance: Balance | None, missing: str | None = None) -> WorthItem:
    """Return a bank account as an item of the net worth; without a balance it counts nothing and `missing` says why."""
    return WorthItem(
        kind=WorthKind.ACCOUNT,
        id=account.id,
        source=account.source,
        amount=balance.current if balance else None,
        missing=missing,
        at=balance.as_of.date() if balance else None,
        institution=account.institution.name,
        ending=account.last_four,
        connection=f"{account.source} {account.enrollment_id}" if account.enrollment_id else None,
    )


@checked
def portfolio_items(portfolio: Portfolio) -> tuple[WorthItem, ...]:
    """Return what is held at brokers as items of the net worth: positions, cash, and what was not read.

    Accounts connected twice are in the portfolio once already. A source that did not answer has no item: its error
    belongs in `errors` of `net_worth`.
    """
    accounts = {AccountRef(account.source, account.id): account for account in portfolio.accounts}
    item = partial(_held_item, accounts)
    held = [
        item(
            part.account,
            str(line.key or line.symbol_text),
            part.market_value,
            "the broker gives no market value",
            at=part.as_of,
            priced_at=part.as_of,
            instrument=line.key,
        )
        for line in portfolio.lines
        if not line.in_cash
        for part in line.parts
        if part.quantity or part.market_value is not None
    ]
    cash = [
        item(who, f"{purse.currency} cash", amount, "the broker gives no amount", at=at)
        for purse in portfolio.cash
        for (who, amount), at in zip_longest(purse.parts, purse.as_of)
    ]
    doubles = {double for double, _ in portfolio.duplicates}
    unread = sorted(set(accounts) - doubles - portfolio.read)
    return (*held, *cash, *(item(who, "everything", None, "the account was not read") for who in unread))


def _held_item(
    accounts: Mapping[AccountRef, HoldingAccount],
    who: AccountRef,
    what: str,
    amount: Money | None,
    missing: str,
    *,
    at: datetime | None = None,
    priced_at: datetime | None = None,
    instrument: InstrumentKey | None = None,
) -> WorthItem:
    """Return something held in an account; `missing` says why it has no amount."""
    account = accounts.get(who)
    ending = _ending(account.number) if account else None
    place = f"{account.institution} {ending}" if account and ending else who.id or who.source
    return WorthItem(
        kind=WorthKind.HOLDING,
        id=f"{what} at {place}",
        source=who.source,
        amount=amount,
        missing=None if amount is not None else missing,
        institution=account.institution if account else None,
        ending=ending,
        at=at.date() if at else None,
        priced_at=priced_at,
        instrument=instrument,
        account=str(who),
        connection=f"{who.source} {account.connection_id}" if account else None,
    )


def _ending(number: str | None) -> str | None:
    """Return the last signs of an account number, at most four and at most half of them: never a whole number."""
    signs = "".join(char for char in number or "" if char.isalnum())
    return signs[len(signs) - min(4, len(signs) // 2) :] or None


def _once(items: Iterable[WorthItem]) -> list[WorthItem]:
    """Return one item per thing, in the order in which the things first came."""
    groups: dict[str, list[WorthItem]] = {}
    for number, item in enumerate(items):
        thing = f"item {number}" if item.reading_of is None else f"reading {item.reading_of}"
        groups.setdefault(thing, []).append(item)
    return [_latest(group) for group in groups.values()]


def _latest(readings: Sequence[WorthItem]) -> WorthItem:
    """Return the latest reading. One without an amount never hides another of its day that has one."""
    day = max(map(_when, readings))
    newest = [item for item in readings if _when(item) == day]
    stated = [item for item in newest if item.amount is not None]
    amounts = {(item.amount.amount, item.amount.currency) for item in stated if item.amount is not None}
    first = min(stated or newest, key=lambda item: (item.source, item.id, item.missing or ""))
    if len(amounts) > 1:
        return replace(first, amount=None, missing=f"{len(amounts)} different amounts of the same day, {_day(first)}")
    return first


def _aged(item: WorthItem, as_of: datetime, max_sessions: int, max_days: int) -> WorthItem:
    """Take the amount from an item that is too old to be true at that time."""
    on = as_of.date()
    if item.amount is not None and item.priced_at and item.instrument and item.instrument.namespace == "CRYPTO":
        return _aged_coin(item, item.priced_at, as_of)
    if item.amount is None or item.at is None or item.at >= on:
        return item
    if item.instrument is None:
        age, most, unit = (on - item.at).days, max_days, "days"
    else:
        age, most, unit = _sessions(item.instrument, item.at, on), max_sessions, "sessions"
    if age <= most:
        return item
    return replace(item, amount=None, missing=f"old: of {item.at}, more than {most} {unit} before {on}")


def _aged_coin(item: WorthItem, priced_at: datetime, as_of: datetime) -> WorthItem:
    """Take the amount from a coin priced too long ago: coins trade at all hours."""
    if as_of - priced_at <= timedelta(hours=MAX_HOURS):
        return item
    return replace(item, amount=None, missing=f"old: of {priced_at.isoformat()}, more than {MAX_HOURS} hours before")


def _sessions(key: InstrumentKey, day: date, on: date) -> int:
    """Count the venue's sessions between `day` and `on`, both excluded; count days where no calendar covers them."""
    after = day + timedelta(days=1)
    try:
        return len(calendar_of(key).sessions(after, on))
    except (InvalidInstrument, UnknownCalendar, BeyondCalendar):
        return (on - after).days


def _when(item: WorthItem) -> date:
    """Return the day an item speaks of; without one, what has an amount is of now and what has none says nothing."""
    return item.at or (date.min if item.amount is None else date.max)


def _day(item: WorthItem) -> str:
    return item.at.isoformat() if item.at else "without a date"


def _line(item: WorthItem, currency: str, rates: RateTable | None, as_of: datetime) -> WorthLine:
    value, rate_date, missing = None, None, item.missing
    if item.amount is None:
        missing = missing or "the source gives no amount"
    elif item.amount.currency == currency:
        value = item.amount.quantize()
    elif rates is None:
        missing = f"no exchange rate for {item.amount.currency}/{currency}"
    else:
        try:
            value = convert(item.amount, currency, rates, on=as_of.date()).quantize()
            rate_date = rates.date
        except RateUnavailable as exc:
            missing = str(exc)
    return WorthLine(
        kind=item.kind,
        id=item.id,
        source=item.source,
        amount=_shown(item.amount),
        value=value,
        at=item.at,
        rate_date=rate_date,
        missing=missing,
    )


def _shown(amount: Money | None) -> Money | None:
    """Round to the minor unit of the currency; gold and others that have none stay as they are."""
    try:
        return None if amount is None else amount.quantize()
    except InvalidInput:
        return amount
