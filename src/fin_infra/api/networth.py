"""The route for net worth across banks, holdings and statements.
Floor 6: every source is asked at once; what did not answer is named, and the total says that it lacks it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query
from starlette.responses import Response

from fin_infra.analytics import net_worth
from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.api.fanout import attempt
from fin_infra.api.problems import problem_responses
from fin_infra.banking import easy_banking
from fin_infra.crypto import easy_crypto
from fin_infra.errors import InvalidInput
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
from fin_infra.transport import Async

MAX_HOLDINGS = 50


@dataclass(frozen=True, slots=True)
class Sources:
    """The providers a net worth is drawn from."""

    banking: BankingProvider[Async]
    market: MarketDataProvider[Async]
    crypto: CryptoDataProvider[Async]
    fx: FxProvider[Async]

    def all(self) -> tuple[Provider[Any], ...]:
        return self.banking, self.market, self.crypto, self.fx

    @classmethod
    def default(cls) -> Sources:
        return cls(
            easy_banking(mode="async"), easy_market(mode="async"), easy_crypto(mode="async"), easy_fx(mode="async")
        )


def add_net_worth(
    app: FastAPI,
    *,
    auth: Auth,
    sources: Sources | None = None,
    holdings: Sequence[Holding] = (),
    items: Callable[[], Sequence[WorthItem]] = tuple,
) -> None:
    """Add `/net-worth?currency=&holding=`.

    Args:
        auth: dependencies that protect the route; `PUBLIC` says you mean none.
        holdings: counted when the request names none.
        items: further items, such as the balances of imported statements, asked for at each request.
    """
    chosen = sources or Sources.default()
    problems = problem_responses(401, 422)
    router = APIRouter(tags=["net worth"], dependencies=list(auth), responses=problems)
    answers = Answers(None)

    @router.get("/net-worth", response_model=envelope(NetWorth), summary="Net worth")
    async def worth(
        currency: Annotated[str, Query(pattern="^[A-Za-z]{3}$", description="Currency of the total")] = "USD",
        holding: Annotated[list[str] | None, Query(description="KEY=QUANTITY, such as CRYPTO:bitcoin=0.25")] = None,
    ) -> Response:
        """Return what is owned less what is owed, line by line, with what the total lacks."""
        wanted = currency.upper()
        minor_units(wanted)
        held = [parse_holding(text) for text in holding] if holding is not None else list(holdings)
        if len(held) > MAX_HOLDINGS:
            raise InvalidInput(f"At most {MAX_HOLDINGS} holdings in one request.")

        async def make() -> Answer:
            found = await gather(chosen, wanted, held, items())
            return Answer(found, errors=found.errors, sources=chosen.all())

        return await answers.of((), 0, make, private=True)

    include(app, router)


async def gather(
    sources: Sources, currency: str, holdings: Sequence[Holding], items: Sequence[WorthItem] = ()
) -> NetWorth:
    """Ask all sources and return the net worth; an error of a source becomes an entry and a line without a value."""
    rates = attempt(sources.fx.source, "latest", sources.fx.latest)
    accounts = attempt(sources.banking.source, "accounts", sources.banking.accounts)
    table, found = await asyncio.gather(rates, accounts)
    open_accounts = [account for account in found.value or () if account.status is not AccountStatus.CLOSED]
    lines = await asyncio.gather(
        *(_account(sources.banking, account) for account in open_accounts),
        *(_holding_line(sources, holding, currency) for holding in holdings),
    )
    missing = [error for error in (table.error, found.error) if error]
    known = [item for item, _ in lines]
    worth = net_worth([*known, *items], currency, table.value, as_of=_now(sources.fx, table.value), errors=missing)
    return replace(worth, errors=(*missing, *(error for _, error in lines if error)))


def _now(fx: FxProvider[Async], table: RateTable | None) -> datetime:
    """Return the time rates must be fresh for: the sandbox's clock stands still, so there it is the table's own."""
    return table.as_of if table is not None and fx.environment == "sandbox" else datetime.now(UTC)


async def _account(bank: BankingProvider[Async], account: Account) -> tuple[WorthItem, SourceError | None]:
    outcome = await attempt(bank.source, "balance", lambda: bank.balance(account.id))
    amount = outcome.value.current if outcome.value else None
    return _item(WorthKind.ACCOUNT, account.id, account.source, amount, outcome.error)


async def _holding_line(sources: Sources, holding: Holding, currency: str) -> tuple[WorthItem, SourceError | None]:
    key = instrument(holding.key)
    source = sources.crypto if key.namespace == "CRYPTO" else sources.market

    async def price() -> Money:
        if key.namespace == "CRYPTO":
            spot = await sources.crypto.price(key, currency)
            return Money(spot.price, spot.currency)
        quote = await sources.market.quote(key)
        return Money(quote.price, quote.currency)

    outcome = await attempt(source.source, "price", price)
    amount = outcome.value * holding.quantity if outcome.value else None
    return _item(WorthKind.HOLDING, str(key), source.source, amount, outcome.error)


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
