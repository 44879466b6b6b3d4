"""What is owned less what is owed, across banks, holdings and statements.
Floor 6: every source is asked at once; what did not answer is named, and the total says what it is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from fin_infra.analytics import Priced, WorthRecord, net_worth
from fin_infra.banking import easy_banking
from fin_infra.crypto import easy_crypto
from fin_infra.errors import InvalidInput
from fin_infra.fanout import Outcome, attempt, unread_rows
from fin_infra.fx import easy_fx
from fin_infra.markets import easy_market
from fin_infra.model import (
    Account,
    AccountBalance,
    AccountStatus,
    CryptoPrice,
    Holding,
    InstrumentKey,
    LeftOut,
    NetWorth,
    Portfolio,
    Quote,
    RateTable,
    SourceError,
)
from fin_infra.model.currency import minor_units
from fin_infra.normalize import decimal_from_text, instrument
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.provider import Provider
from fin_infra.questions.brokers import Brokers
from fin_infra.questions.clock import balance_until, portfolio_until, price_until
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

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Sources that are there and not asked, on purpose."""
        return self.holdings.left_out if self.holdings else ()

    @property
    def failed(self) -> tuple[SourceError, ...]:
        """Sources that should be asked and cannot be opened."""
        return self.holdings.failed if self.holdings else ()

    @classmethod
    def default(cls, brokers: Brokers | None = None) -> Sources:
        """Take the configured provider of each domain, and the brokers whose holdings count beside that bank."""
        bank, fx = easy_banking(mode="async"), easy_fx(mode="async")
        held = (brokers or Brokers.default()).counted(fx, real_bank=bank.environment != "sandbox")
        return cls(bank, easy_market(mode="async"), easy_crypto(mode="async"), fx, held)


async def net_worth_of(
    sources: Sources, currency: str, holdings: Sequence[Holding], records: Sequence[WorthRecord] = ()
) -> NetWorth:
    """Ask all sources and return the net worth; an error of a source becomes an entry and a line without a value.

    Args:
        records: what counts besides the sources, such as statement files.

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
    balances, priced = await asyncio.gather(
        asyncio.gather(*(_balance(sources.banking, account) for account in open_accounts)),
        asyncio.gather(*(_price(sources, instrument(holding.key), currency) for holding in holdings)),
    )
    rows = unread_rows(sources.banking.source, "accounts", listed.value.errors) if listed.value is not None else ()
    missing = [*(error for error in (table.error, listed.error) if error), *rows, *unread, *sources.failed]
    now = _now(sources.fx, table.value)
    live: list[WorthRecord] = [balance_until(record, now) for record, _ in balances]
    live += [portfolio_until(portfolio, now) for portfolio in held]
    prices = {key: price_until(price, now) for key, price in priced}
    worth = net_worth([*live, *holdings, *records], prices, table.value, on=now, currency=currency, errors=missing)
    named = [error for _, error in balances if error] + [each for _, each in priced if isinstance(each, SourceError)]
    return replace(worth, errors=(*worth.errors, *named), left_out=sources.left_out)


def _now(fx: FxProvider[Async], table: RateTable | None) -> datetime:
    """Return the time rates must be fresh for: the sandbox's clock stands still, so there it is the table's own."""
    return table.as_of if table is not None and fx.environment == "sandbox" else datetime.now(UTC)


async def _held(sources: HoldingSources | None) -> tuple[tuple[Portfolio, ...], tuple[SourceError, ...]]:
    if sources is None:
        return (), ()
    portfolio, errors = await holdings_of(sources)
    return (portfolio,), errors


async def _balance(bank: BankingProvider[Async], account: Account) -> tuple[AccountBalance, SourceError | None]:
    outcome = await attempt(bank.source, "balance", lambda: bank.balance(account.id))
    missing = outcome.error.message if outcome.error else None
    return AccountBalance(account=account, balance=outcome.value, missing=missing), outcome.error


async def _price(sources: Sources, key: InstrumentKey, currency: str) -> tuple[InstrumentKey, Priced]:
    if key.namespace == "CRYPTO":
        spot = await attempt(sources.crypto.source, "price", lambda: sources.crypto.price(key, currency))
        return key, _answer(spot)
    return key, _answer(await attempt(sources.market.source, "price", lambda: sources.market.quote(key)))


def _answer(outcome: Outcome[Quote] | Outcome[CryptoPrice]) -> Quote | CryptoPrice | SourceError:
    answer = outcome.value or outcome.error
    assert answer is not None, "an outcome has a value or an error"
    return answer


def parse_holding(text: str) -> Holding:
    """Read `KEY=QUANTITY`, such as `CRYPTO:bitcoin=0.25`.

    Raises:
        InvalidInput: not of that form, or the key or the quantity cannot be read.
    """
    key, separator, quantity = text.rpartition("=")
    if not separator:
        raise InvalidInput(f"{text!r} is not a holding; write KEY=QUANTITY, such as CRYPTO:bitcoin=0.25.")
    return Holding(key=str(instrument(key)), quantity=decimal_from_text(quantity))


def parse_holdings(texts: Iterable[str]) -> list[Holding]:
    """Read each as `parse_holding` does; blank ones are left out.

    Raises:
        InvalidInput: as `parse_holding`, or an instrument stands twice.
    """
    found: dict[str, Holding] = {}
    for holding in (parse_holding(text.strip()) for text in texts if text.strip()):
        if holding.key in found:
            raise InvalidInput(f"{holding.key} stands twice among the holdings; write it once, with the sum.")
        found[holding.key] = holding
    return list(found.values())
