"""The brokerage doors: one to a broker who trades, one to an aggregator that reads, and one sync of everything.
Floor 5: `easy_brokerage()` gives sync users results and async users awaitables, from the same adapters."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar, cast, overload

from fin_infra.errors import ConfigurationError, FinInfraError, ProviderError, ProviderNotFound, ReauthRequired
from fin_infra.flow import deadline
from fin_infra.model import (
    AccountError,
    AccountRef,
    BrokerAccount,
    BrokerConnection,
    CashBalance,
    HoldingAccount,
    Holdings,
    Position,
)
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.registry import providers, resolve
from fin_infra.security import redact
from fin_infra.transport import Async, Sync

T = TypeVar("T")
DEADLINE_S = 20.0
"""For each question of `read_holdings`; an aggregator's limit may make it wait."""


@overload
def easy_brokerage(
    provider: str = "brokerage", *, mode: Literal["sync"] = "sync", **settings: Any
) -> BrokerageProvider[Sync]: ...
@overload
def easy_brokerage(
    provider: str = "brokerage", *, mode: Literal["async"], **settings: Any
) -> BrokerageProvider[Async]: ...
def easy_brokerage(
    provider: str = "brokerage", *, mode: Literal["sync", "async"] = "sync", **settings: Any
) -> BrokerageProvider[Sync] | BrokerageProvider[Async]:
    """Return the broker: the configured one, or the one named, as `alpaca` or `brokerage:alpaca`.

    `settings` are the provider's own (api_key_id=...); they win over the environment. Without credentials the local
    sandbox answers, see `docs/settings.md`.

    Raises:
        ProviderNotFound: no such provider; the text gives the nearest names.
        ConfigurationError: a setting is missing or cannot be used, or the one named does not trade.
    """
    key = provider if ":" in provider or provider == "brokerage" else f"brokerage:{provider}"
    found: object = resolve(key, mode=mode, **settings)
    if isinstance(found, BrokerageAggregatorProvider):
        raise ConfigurationError(f"{key} reads and does not trade; open it with easy_brokerage_aggregator().")
    return cast("BrokerageProvider[Sync] | BrokerageProvider[Async]", found)


@overload
def easy_brokerage_aggregator(
    provider: str | None = None, *, mode: Literal["sync"] = "sync", **settings: Any
) -> BrokerageAggregatorProvider[Sync]: ...
@overload
def easy_brokerage_aggregator(
    provider: str | None = None, *, mode: Literal["async"], **settings: Any
) -> BrokerageAggregatorProvider[Async]: ...
def easy_brokerage_aggregator(
    provider: str | None = None, *, mode: Literal["sync", "async"] = "sync", **settings: Any
) -> BrokerageAggregatorProvider[Sync] | BrokerageAggregatorProvider[Async]:
    """Return the aggregator of brokers: the only one installed, or the one named, as `brokerage:snaptrade`.

    Raises:
        ProviderNotFound: no such provider, or none is installed.
        ConfigurationError: a setting is missing or cannot be used, several are installed, or the one named trades.
    """
    key = _only_aggregator() if provider is None else provider if ":" in provider else f"brokerage:{provider}"
    found: object = resolve(key, mode=mode, **settings)
    if not isinstance(found, BrokerageAggregatorProvider):
        raise ConfigurationError(f"{key} is not an aggregator of brokers; open it with easy_brokerage().")
    return found


def _only_aggregator() -> str:
    known = [cls.info.key for cls in providers("brokerage") if issubclass(cls, BrokerageAggregatorProvider)]
    if not known:
        raise ProviderNotFound("No aggregator of brokers is installed and enabled.")
    if len(known) > 1:
        raise ConfigurationError(f"Several aggregators of brokers are installed ({', '.join(known)}); name one.")
    return known[0]


async def read_holdings(
    aggregators: Sequence[BrokerageAggregatorProvider[Async]] = (),
    brokers: Sequence[BrokerageProvider[Async]] = (),
    *,
    wanted: Callable[[Sequence[HoldingAccount], Sequence[BrokerConnection]], Sequence[HoldingAccount]] | None = None,
) -> Holdings:
    """Read accounts, positions and cash of all these providers at once; what fails is an entry in `errors`.

    An account behind a disabled connection is read as it was last seen, and an entry says so. `fin_infra.analytics`
    merges the result and compares two of them.

    Args:
        wanted: chooses the accounts of an aggregator that are read, such as those that are `due`; all where None.
    """
    parts = await asyncio.gather(
        *(_from_aggregator(each, wanted) for each in aggregators), *(_from_broker(each) for each in brokers)
    )
    return Holdings(
        accounts=tuple(account for part in parts for account in part.accounts),
        positions=tuple(position for part in parts for position in part.positions),
        balances=tuple(balance for part in parts for balance in part.balances),
        errors=tuple(error for part in parts for error in part.errors),
        skipped=tuple(account for part in parts for account in part.skipped),
    )


async def _from_aggregator(
    source: BrokerageAggregatorProvider[Async],
    wanted: Callable[[Sequence[HoldingAccount], Sequence[BrokerConnection]], Sequence[HoldingAccount]] | None,
) -> Holdings:
    errors: list[AccountError] = []
    links, accounts = await asyncio.gather(
        _ask(source.source, "connections", source.connections, errors),
        _ask(source.source, "accounts", source.accounts, errors),
    )
    known, disabled = list(accounts or ()), {link.id: link for link in links or () if link.disabled}
    found = known if wanted is None else list(wanted(known, links or ()))
    asked = {account.id for account in found}
    for account in found:
        if (link := disabled.get(account.connection_id)) is not None:
            errors.append(_stale(source.source, account, link))

    async def positions(account: HoldingAccount) -> Sequence[Position] | None:
        return await _ask(source.source, "positions", lambda: source.positions(account.id), errors, account.id)

    async def balances(account: HoldingAccount) -> Sequence[CashBalance] | None:
        return await _ask(source.source, "balances", lambda: source.balances(account.id), errors, account.id)

    held = await asyncio.gather(*(positions(account) for account in found))
    cash = await asyncio.gather(*(balances(account) for account in found))
    return Holdings(
        accounts=tuple(known),
        positions=tuple(row for rows in held for row in rows or ()),
        balances=tuple(row for rows in cash for row in rows or ()),
        errors=tuple(sorted(errors, key=lambda error: (error.account_id or "", error.operation))),
        skipped=tuple(AccountRef(account.source, account.id) for account in known if account.id not in asked),
    )


async def _from_broker(source: BrokerageProvider[Async]) -> Holdings:
    errors: list[AccountError] = []
    account = await _ask(source.source, "account", source.account, errors)
    if account is None:
        return Holdings(accounts=(), positions=(), balances=(), errors=tuple(errors))
    rows = await _ask(source.source, "positions", source.positions, errors, account.id)
    return Holdings(
        accounts=(_seen_as(account, source),),
        positions=tuple(replace(row, account_id=account.id) for row in rows or ()),
        balances=(
            CashBalance(
                source=account.source,
                as_of=account.as_of,
                account_id=account.id,
                currency=account.currency,
                cash=account.cash,
                buying_power=account.buying_power,
            ),
        ),
        errors=tuple(errors),
    )


def _seen_as(account: BrokerAccount, source: BrokerageProvider[Async]) -> HoldingAccount:
    """Return a broker's own account in the shape of an aggregator's; it is its own connection."""
    return HoldingAccount(
        source=account.source,
        as_of=account.as_of,
        id=account.id,
        connection_id=account.source,
        institution=source.info.title,
        name=None,
        number=account.number,
        status=account.status,
        category=None,
        is_paper=not source.is_live,
        total=account.equity,
        holdings_synced_at=account.as_of,
    )


def _stale(source: str, account: HoldingAccount, link: BrokerConnection) -> AccountError:
    since = f" since {link.disabled_at.isoformat()}" if link.disabled_at else ""
    return AccountError(
        provider=source,
        operation="connections",
        code=ReauthRequired.code,
        message=f"the connection to {link.broker_name} is disabled{since}; what is shown is older than that",
        account_id=account.id,
    )


async def _ask(
    source: str,
    operation: str,
    ask: Callable[[], Awaitable[T]],
    errors: list[AccountError],
    account_id: str | None = None,
) -> T | None:
    """Await `ask()`; an error of ours becomes an entry, so that a fault of ours never looks like a broker's."""
    try:
        with deadline(DEADLINE_S):
            return await ask()
    except FinInfraError as exc:
        message = exc.message if isinstance(exc, ProviderError) else str(exc)
        errors.append(
            AccountError(
                provider=source,
                operation=operation,
                code=exc.code,
                message=redact(message),
                retry_after=exc.retry_after,
                account_id=account_id,
            )
        )
        return None
