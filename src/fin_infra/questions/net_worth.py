"""What is owned less what is owed, across banks, holdings and statements.
Floor 6: every source is asked at once; what did not answer is named, and the total says what it is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from fin_infra.analytics import Priced, WorthRecord, net_worth
from fin_infra.banking import easy_banking
from fin_infra.crypto import easy_crypto
from fin_infra.errors import FeatureDisabled, InvalidInput
from fin_infra.fanout import Outcome, attempt, nothing, unread_rows
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
    Listing,
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
from fin_infra.providers.switches import is_on
from fin_infra.questions.brokers import Brokers
from fin_infra.questions.clock import balance_until, portfolio_until, price_until
from fin_infra.questions.holdings import SWITCHED_OFF, HoldingSources, holdings_of
from fin_infra.transport import Async

P = TypeVar("P", bound=Provider[Any])
MAX_HOLDINGS = 50


@dataclass(frozen=True, slots=True)
class Sources:
    """The providers a net worth is drawn from."""

    banking: BankingProvider[Async] | None
    """This and the three that follow are None where they are switched off."""
    market: MarketDataProvider[Async] | None
    crypto: CryptoDataProvider[Async] | None
    fx: FxProvider[Async] | None
    holdings: HoldingSources | None = None
    """Brokers and aggregators whose accounts count; None counts none."""
    off: tuple[LeftOut, ...] = ()
    """Domains and providers that are switched off."""

    def all(self) -> tuple[Provider[Any], ...]:
        """Return every provider once."""
        held = self.holdings.all() if self.holdings else ()
        return *(each for each in (self.banking, self.market, self.crypto, self.fx) if each is not None), *held

    def for_caller(self) -> Sources:
        """Return those that are on for whoever acts; the others are left out, and named."""
        off = {each.source: LeftOut(source=each.source, reason=SWITCHED_OFF) for each in self.all() if not is_on(each)}

        def kept(source: P | None) -> P | None:
            return None if source is None or source.source in off else source

        held = self.holdings.for_caller() if self.holdings else None
        named = {each.source for each in held.left_out} if held else set[str]()
        return Sources(
            kept(self.banking),
            kept(self.market),
            kept(self.crypto),
            kept(self.fx),
            held,
            (*self.off, *(each for source, each in off.items() if source not in named)),
        )

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Sources that are there and not asked, on purpose."""
        return (*self.off, *(self.holdings.left_out if self.holdings else ()))

    @property
    def failed(self) -> tuple[SourceError, ...]:
        """Sources that should be asked and cannot be opened."""
        return self.holdings.failed if self.holdings else ()

    @classmethod
    def default(cls, brokers: Brokers | None = None) -> Sources:
        """Take the configured provider of each domain, and the brokers whose holdings count beside that bank."""
        off: list[LeftOut] = []
        bank = _opened("banking", lambda: easy_banking(mode="async"), off)
        market = _opened("market", lambda: easy_market(mode="async"), off)
        crypto = _opened("crypto", lambda: easy_crypto(mode="async"), off)
        fx = _opened("fx", lambda: easy_fx(mode="async"), off)
        real = bank is not None and bank.environment != "sandbox"
        held = (brokers or Brokers.default()).counted(fx, real_bank=real)
        return cls(bank, market, crypto, fx, held, tuple(off))


def _opened(domain: str, easy: Callable[[], P], off: list[LeftOut]) -> P | None:
    """Open the configured provider of a domain; where it is switched off, add that to `off`."""
    try:
        return easy()
    except FeatureDisabled as exc:
        if exc.switch is None:
            raise
        off.append(LeftOut(source=domain, reason=SWITCHED_OFF))
        return None


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
    sources = sources.for_caller()
    fx = sources.fx
    rates = nothing() if fx is None else attempt(fx.source, "latest", fx.latest)
    (table, listed), (held, unread) = await asyncio.gather(
        asyncio.gather(rates, _accounts(sources.banking)), _held(sources.holdings)
    )
    balances, priced = await asyncio.gather(
        _balances(sources.banking, listed.value or ()),
        asyncio.gather(*(_price(sources, instrument(holding.key), currency) for holding in holdings)),
    )
    rows = _unread_accounts(sources.banking, listed.value)
    missing = [*(error for error in (table.error, listed.error) if error), *rows, *unread, *sources.failed]
    now = _now(sources.fx, table.value)
    live: list[WorthRecord] = [balance_until(record, now) for record, _ in balances]
    live += [portfolio_until(portfolio, now) for portfolio in held]
    prices = {key: price_until(price, now) for key, price in priced}
    worth = net_worth([*live, *holdings, *records], prices, table.value, on=now, currency=currency, errors=missing)
    named = [error for _, error in balances if error] + [each for _, each in priced if isinstance(each, SourceError)]
    return replace(worth, errors=(*worth.errors, *named), left_out=sources.left_out)


async def _accounts(bank: BankingProvider[Async] | None) -> Outcome[Listing[Account]]:
    return await (nothing() if bank is None else attempt(bank.source, "accounts", bank.accounts))


def _unread_accounts(bank: BankingProvider[Async] | None, listed: Listing[Account] | None) -> Sequence[SourceError]:
    return unread_rows(bank.source, "accounts", listed.errors) if bank is not None and listed is not None else ()


def _now(fx: FxProvider[Async] | None, table: RateTable | None) -> datetime:
    """Return the time rates must be fresh for: the sandbox's clock stands still, so there it is the table's own."""
    return table.as_of if table is not None and fx is not None and fx.environment == "sandbox" else datetime.now(UTC)


async def _held(sources: HoldingSources | None) -> tuple[tuple[Portfolio, ...], tuple[SourceError, ...]]:
    if sources is None:
        return (), ()
    portfolio, errors = await holdings_of(sources)
    return (portfolio,), errors


async def _balances(
    bank: BankingProvider[Async] | None, accounts: Iterable[Account]
) -> list[tuple[AccountBalance, SourceError | None]]:
    if bank is None:
        return []
    open_ones = [account for account in accounts if account.status is not AccountStatus.CLOSED]
    return await asyncio.gather(*(_balance(bank, account) for account in open_ones))


async def _balance(bank: BankingProvider[Async], account: Account) -> tuple[AccountBalance, SourceError | None]:
    outcome = await attempt(bank.source, "balance", lambda: bank.balance(account.id))
    missing = outcome.error.message if outcome.error else None
    return AccountBalance(account=account, balance=outcome.value, missing=missing), outcome.error


async def _price(sources: Sources, key: InstrumentKey, currency: str) -> tuple[InstrumentKey, Priced]:
    if key.namespace == "CRYPTO":
        coins = sources.crypto
        if coins is None:
            return key, _switched_off("crypto")
        return key, _answer(await attempt(coins.source, "price", lambda: coins.price(key, currency)))
    market = sources.market
    if market is None:
        return key, _switched_off("market")
    return key, _answer(await attempt(market.source, "price", lambda: market.quote(key)))


def _switched_off(domain: str) -> SourceError:
    return SourceError(provider=domain, operation="price", code=FeatureDisabled.code, message=SWITCHED_OFF)


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
