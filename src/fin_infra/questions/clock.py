"""Answers on the clock of the total.
Floor 6: the sandbox's clock stands still, so what was received just now would be of a day that has not come there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fin_infra.analytics import Priced
from fin_infra.model import AccountBalance, CashLine, HoldingLine, Portfolio, Price, SourceError


def balance_until(record: AccountBalance, now: datetime) -> AccountBalance:
    balance = record.balance
    return record if balance is None else replace(record, balance=replace(balance, as_of=min(balance.as_of, now)))


def price_until(price: Priced, now: datetime) -> Priced:
    if isinstance(price, (Price, SourceError)):
        return price
    return replace(price, as_of=min(price.as_of, now))


def portfolio_until(portfolio: Portfolio, now: datetime) -> Portfolio:
    return replace(
        portfolio,
        lines=tuple(_line_until(line, now) for line in portfolio.lines),
        cash=tuple(_cash_until(line, now) for line in portfolio.cash),
        accounts=tuple(replace(account, as_of=min(account.as_of, now)) for account in portfolio.accounts),
    )


def _line_until(line: HoldingLine, now: datetime) -> HoldingLine:
    return replace(line, parts=tuple(replace(part, as_of=min(part.as_of, now)) for part in line.parts))


def _cash_until(line: CashLine, now: datetime) -> CashLine:
    return replace(line, as_of=tuple(min(at, now) for at in line.as_of))
