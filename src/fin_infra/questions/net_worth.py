"""What is owned less what is owed, across banks, holdings and statements.
Floor 6: every source is asked at once; what did not answer is named, and the total says what it is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from fin_infra.analytics import account_item, net_worth, portfolio_items
from fin_infra.banking import easy_banking
from fin_infra.crypto import easy_crypto
from fin_infra.errors import InvalidInput
from fin_infra.fanout import attempt, unread_rows
from fin_infra.fx import easy_fx
from fin_infra.markets import easy_market
from fin_infra.model import Account, AccountStatus, Money, RateTable
from fin_infra.model.currency import minor_units
from fin_infra.model.networth import Holding, NetWorth, SourceError, WorthItem, WorthKind
from fin_infra.normalize import decimal_from_text, instrument
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.provider import Provider
from fin_infra.questions.holdings import HoldingSources, holdings_of
from fin_infra.transport import Async

MAX_HOLDINGS = 50


@dataclass(frozen=True, slots=True)
class Sources:
    """The providers a net worth is drawn from."""

    banking: BankingProvider[Async]
    market: MarketDataProvider[Async]
    crypto: CryptoDataProvider[Async]
    fx: FxProvider[Async]
    holdings: HoldingSources | None = None
    """Brokers and aggregators whose accounts count; None counts none."""

    def all(self) -> tuple[Provider[Any], ...]:
        """Return every provider once."""
        held = self.holdings.all() if self.holdings else ()
        return self.banking, self.market, self.crypto, self.fx, *held

    @classmethod
    def default(cls) -> Sources:
        """Take the configured provider of each domain."""
        return cls(
            easy_banking(mode="async"), easy_market(mode="async"), easy_crypto(mode="async"), easy_fx(mode="async")
        )


async def net_worth_of(
    sources: Sources, currency: str, holdings: Sequence[Holding], items: Sequence[WorthItem] = ()
) -> NetWorth:
    """Ask all sources and return the net worth; an error of a source becomes an entry and a line without a value.

    Raises:
        UnknownCurrency: `currency` is not an ISO 4217 code.
        InvalidInput: more than 50 holdings.
    """
    minor_units(currency)
    if len(holdings) > MAX_HOLDINGS:
        raise InvalidInput(f"At most {MAX_HOLDINGS} holdings in one request.")
    rates = attempt(sources.fx.source, "latest", sources.fx.latest)
    accounts = attempt(sources.banking.source, "accounts", sources.banking.accounts)
    (table, listed), (held, unread) = await asyncio.gather(asyncio.gather(rates, accounts), _held(sources.holdings))
    open_accounts = [account for account in listed.value or () if account.status is not AccountStatus.CLOSED]
    lines = await asyncio.gather(
        *(_account(sources.banking, account) for account in open_accounts),
        *(_holding_line(sources, holding, currency) for holding in holdings),
    )
    rows = unread_rows(sources.banking.source, "accounts", listed.value.errors) if listed.value is not None else ()
    missing = [*(error for error in (table.error, listed.error) if error), *rows, *unread]
    now = _now(sources.fx, table.value)
    asked = [_until(item, now) for item in (*(item for item, _ in lines), *held)]
    worth = net_worth([*asked, *items], currency, table.value, as_of=now, errors=missing)
    return replace(worth, errors=(*missing, *(error for _, error in lines if error)))


def _until(item: WorthItem, now: datetime) -> WorthItem:
    """Date what was received just now by the clock that the total has, which in the sandbox stands still."""
    return (
        replace(item, at=min(item.at, now.date()), priced_at=item.priced_at and min(item.priced_at, now))
        if item.at
        else item
    )


def _now(fx: FxProvider[Async], table: RateTable | None) -> datetime:
    """Return the time rates must be fresh for: the sandbox's clock stands still, so there it is the table's own."""
    return table.as_of if table is not None and fx.environment == "sandbox" else datetime.now(UTC)


async def _held(sources: HoldingSources | None) -> tuple[tuple[WorthItem, ...], tuple[SourceError, ...]]:
    if sources is None:
        return (), ()
    portfolio, errors = await holdings_of(sources)
    return portfolio_items(portfolio), errors


async def _account(bank: BankingProvider[Async], account: Account) -> tuple[WorthItem, SourceError | None]:
    outcome = await attempt(bank.source, "balance", lambda: bank.balance(account.id))
    return account_item(account, outcome.value, outcome.error.message if outcome.error else None), outcome.error


async def _holding_line(sources: Sources, holding: Holding, currency: str) -> tuple[WorthItem, SourceError | None]:
    key = instrument(holding.key)
    source = sources.crypto if key.namespace == "CRYPTO" else sources.market

    async def price() -> tuple[Money, date, datetime]:
        if key.namespace == "CRYPTO":
            spot = await sources.crypto.price(key, currency)
            return Money(spot.price, spot.currency), spot.as_of.date(), spot.as_of
        quote = await sources.market.quote(key)
        return Money(quote.price, quote.currency), quote.trading_day or quote.as_of.date(), quote.as_of

    outcome = await attempt(source.source, "price", price)
    if outcome.value is None:
        return _item(WorthKind.HOLDING, str(key), source.source, None, outcome.error)
    each, day, instant = outcome.value
    item, error = _item(WorthKind.HOLDING, str(key), source.source, each * holding.quantity, outcome.error)
    return replace(item, at=day, priced_at=instant, instrument=key), error


def _item(
    kind: WorthKind, item_id: str, source: str, amount: Money | None, error: SourceError | None
) -> tuple[WorthItem, SourceError | None]:
    missing = error.message if error else None
    return WorthItem(kind=kind, id=item_id, source=source, amount=amount, missing=missing), error


def parse_holding(text: str) -> Holding:
    """Read `KEY=QUANTITY`, such as `CRYPTO:bitcoin=0.25`.

    Raises:
        InvalidInput: not of that form, or the key or the quantity cannot be read.
    """
    key, separator, quantity = text.rpartition("=")
    if not separator:
        raise InvalidInput(f"{text!r} is not a holding; write KEY=QUANTITY, such as CRYPTO:bitcoin=0.25.")
    return Holding(key=str(instrument(key)), quantity=decimal_from_text(quantity))
