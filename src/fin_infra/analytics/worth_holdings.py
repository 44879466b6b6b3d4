"""Bank accounts, portfolios and holdings as records of a net worth.
Floor 5: what has no amount says why; nothing is worth zero because nobody said what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest

from fin_infra.analytics.holdings import composite
from fin_infra.analytics.worth_views import View, summed
from fin_infra.errors import FinInfraError, InvalidInput
from fin_infra.model import (
    AccountBalance,
    AccountRef,
    CryptoPrice,
    Holding,
    HoldingAccount,
    HoldingLine,
    HoldingPart,
    InstrumentKey,
    Money,
    Portfolio,
    Price,
    Quote,
    SourceError,
    WorthItem,
    WorthKind,
)
from fin_infra.normalize import instrument

Priced = Quote | CryptoPrice | Price | SourceError
"""What one unit is worth, or why nobody says."""


def account_view(record: AccountBalance) -> View:
    account, balance = record.account, record.balance
    amount = balance.current if balance else None
    missing = record.missing or ("the bank gives no balance" if balance else "the balance was not read")
    item = WorthItem(
        kind=WorthKind.ACCOUNT,
        id=account.id,
        source=account.source,
        amount=amount,
        missing=missing if amount is None else None,
        at=balance.as_of.date() if balance else None,
        instant=balance.as_of if balance else None,
        institution=account.institution.name,
        ending=account.last_four,
        connection=f"{account.source} {account.enrollment_id}" if account.enrollment_id else None,
    )
    return View(items=(item,))


def holding_view(record: Holding, prices: Mapping[InstrumentKey, Priced]) -> View:
    """Return a holding at its price; without one that can be counted, the reason is in its place."""
    try:
        key = instrument(record.key)
        price = prices.get(key)
    except FinInfraError as exc:
        return View(items=(_holding(record.key, None, None, exc.for_caller()),))
    if price is None:
        return View(items=(_holding(str(key), key, None, "no price is given"),))
    if isinstance(price, SourceError):
        return View(items=(_holding(str(key), key, None, price.message, price.provider),))
    try:
        return View(items=(_valued(record, key, price),))
    except InvalidInput as exc:
        return View(items=(_holding(str(key), key, None, str(exc), price.source),))


def _valued(record: Holding, key: InstrumentKey, price: Quote | CryptoPrice | Price) -> WorthItem:
    if isinstance(price, Price):
        each, day, instant = price.money, price.day, price.instant
    else:
        if composite(price.key) != composite(key):
            raise InvalidInput(f"the price is one of {price.key}")
        each = Money(price.price, price.currency)
        trading_day = price.trading_day if isinstance(price, Quote) else None
        day, instant = trading_day or price.as_of.date(), price.as_of
    found = _holding(str(key), key, each * record.quantity, None, price.source)
    return replace(found, at=day, instant=instant)


def _holding(
    name: str, key: InstrumentKey | None, amount: Money | None, missing: str | None, source: str = "holding"
) -> WorthItem:
    return WorthItem(
        kind=WorthKind.HOLDING,
        id=name,
        source=source,
        amount=amount,
        missing=missing,
        instrument=key,
        reading_of=f"holding {name}",
    )


def portfolio_views(portfolio: Portfolio) -> list[View]:
    """Return a view of each account: positions, cash, and whether it was read.

    Accounts connected twice are in the portfolio once already.
    """
    accounts = {AccountRef(account.source, account.id): account for account in portfolio.accounts}
    held: dict[AccountRef, list[WorthItem]] = {who: [] for who in accounts}
    for line in portfolio.lines:
        for part in () if line.in_cash else line.parts:
            if part.quantity or part.market_value is not None:
                held.setdefault(part.account, []).append(_position(accounts.get(part.account), line, part))
    for purse in portfolio.cash:
        for (who, amount), at in zip_longest(purse.parts, purse.as_of):
            what = f"{purse.currency} cash"
            item = _held(accounts.get(who), who, what, amount, "the broker gives no amount", at)
            held.setdefault(who, []).append(item)
    doubles = {double for double, _ in portfolio.duplicates}
    return [
        _account_view(who, accounts.get(who), items, read=who in portfolio.read)
        for who, items in held.items()
        if who not in doubles
    ]


def _account_view(who: AccountRef, account: HoldingAccount | None, items: list[WorthItem], *, read: bool) -> View:
    unread = account is not None and not read
    gap = _held(account, who, "everything", None, "the account was not read", None)
    found = View(items=summed(items), gaps=(gap,) if unread else (), account=str(who), whole=read)
    return replace(found, moment=account.as_of) if account else found


def _position(account: HoldingAccount | None, line: HoldingLine, part: HoldingPart) -> WorthItem:
    what = str(line.key or line.symbol_text)
    item = _held(account, part.account, what, part.market_value, "the broker gives no market value", part.as_of)
    thing = f"{item.reading_of} {line.asset_class} {line.side}"
    return replace(item, instrument=line.key, priced=True, reading_of=thing)


def _held(
    account: HoldingAccount | None, who: AccountRef, what: str, amount: Money | None, missing: str, at: datetime | None
) -> WorthItem:
    """Return something held in an account; `missing` says why it has no amount."""
    ending = ending_of(account.number) if account else None
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
        instant=at,
        reading_of=f"{who} {what}",
        account=str(who),
        connection=f"{who.source} {account.connection_id}" if account else None,
    )


def ending_of(number: str | None) -> str | None:
    """Return the last signs of an account number, at most four and at most half of them: never a whole number."""
    signs = "".join(char for char in number or "" if char.isalnum())
    return signs[len(signs) - min(4, len(signs) // 2) :] or None
