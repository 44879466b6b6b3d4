"""Read what is held at many brokers and aggregators at once.
Floor 4: takes the providers it asks, opens none; what fails is an entry in `errors`, never an empty account."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from typing import TypeVar, cast

from fin_infra.arguments import checked
from fin_infra.errors import ReauthRequired
from fin_infra.fanout import attempt, unread_rows
from fin_infra.model import (
    AccountError,
    AccountRef,
    BrokerAccount,
    BrokerConnection,
    CashBalance,
    HoldingAccount,
    Holdings,
    Listing,
    Position,
)
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.transport import Async

T = TypeVar("T")
Choose = Callable[[Sequence[HoldingAccount], Sequence[BrokerConnection]], Sequence[HoldingAccount]]
DEADLINE_S = 20.0
"""For each question of `read_holdings`; an aggregator's limit may make it wait."""


@checked
async def read_holdings(
    aggregators: Sequence[BrokerageAggregatorProvider[Async]] = (),
    brokers: Sequence[BrokerageProvider[Async]] = (),
    *,
    wanted: Choose | None = None,
) -> Holdings:
    """Read accounts, positions and cash of all these providers at once; what fails is an entry in `errors`.

    An account behind a disabled connection is read as it was last seen, and an entry says so. `fin_infra.analytics`
    merges the result and compares two of them.

    Args:
        wanted: chooses the accounts of an aggregator that are read, such as `accounts_to_sync`; all where None.
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


async def _from_aggregator(source: BrokerageAggregatorProvider[Async], choose: Choose | None) -> Holdings:
    errors: list[AccountError] = []
    connections, listed = await asyncio.gather(
        _ask(source.source, "connections", source.connections, errors),
        _ask(source.source, "accounts", source.accounts, errors),
    )
    accounts = list(listed or ())
    chosen = accounts if choose is None else list(choose(accounts, connections or ()))
    errors += _stale(source.source, chosen, connections or ())
    positions, balances = await _contents(source, chosen, errors)
    asked = {account.id for account in chosen}
    return Holdings(
        accounts=tuple(accounts),
        positions=positions,
        balances=balances,
        errors=tuple(sorted(errors, key=lambda error: (error.account_id or "", error.operation))),
        skipped=tuple(AccountRef(account.source, account.id) for account in accounts if account.id not in asked),
    )


async def _contents(
    source: BrokerageAggregatorProvider[Async], accounts: Sequence[HoldingAccount], errors: list[AccountError]
) -> tuple[tuple[Position, ...], tuple[CashBalance, ...]]:
    async def positions(account: HoldingAccount) -> Sequence[Position] | None:
        return await _ask(source.source, "positions", lambda: source.positions(account.id), errors, account.id)

    async def balances(account: HoldingAccount) -> Sequence[CashBalance] | None:
        return await _ask(source.source, "balances", lambda: source.balances(account.id), errors, account.id)

    held = await asyncio.gather(*(positions(account) for account in accounts))
    cash = await asyncio.gather(*(balances(account) for account in accounts))
    return tuple(row for rows in held for row in rows or ()), tuple(row for rows in cash for row in rows or ())


async def _from_broker(source: BrokerageProvider[Async]) -> Holdings:
    errors: list[AccountError] = []
    account = await _ask(source.source, "account", source.account, errors)
    if account is None:
        return Holdings(accounts=(), positions=(), balances=(), errors=tuple(errors))
    rows = await _ask(source.source, "positions", source.positions, errors, account.id)
    return Holdings(
        accounts=(_as_holding_account(account, source),),
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


def _as_holding_account(account: BrokerAccount, source: BrokerageProvider[Async]) -> HoldingAccount:
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


def _stale(
    source: str, accounts: Sequence[HoldingAccount], connections: Sequence[BrokerConnection]
) -> list[AccountError]:
    """Return an entry for each account whose connection is disabled: what is shown of it is as old as that."""
    disabled = {connection.id: connection for connection in connections if connection.disabled}
    return [
        _stale_error(source, account, disabled[account.connection_id])
        for account in accounts
        if account.connection_id in disabled
    ]


def _stale_error(source: str, account: HoldingAccount, connection: BrokerConnection) -> AccountError:
    since = f" since {connection.disabled_at.isoformat()}" if connection.disabled_at else ""
    return AccountError(
        provider=source,
        operation="connections",
        code=ReauthRequired.code,
        message=f"the connection to {connection.broker_name} is disabled{since}; what is shown is older than that",
        account_id=account.id,
    )


def _unread(source: str, operation: str, answer: object, account_id: str | None) -> list[AccountError]:
    """Return an entry for each row of an answer that could not be read: a total lacks what it would have added."""
    if not isinstance(answer, Listing):
        return []
    errors = cast("Listing[object]", answer).errors
    return [
        AccountError(**asdict(entry), account_id=account_id or (error.id if operation == "accounts" else None))
        for error, entry in zip(errors, unread_rows(source, operation, errors), strict=True)
    ]


async def _ask(
    source: str,
    operation: str,
    ask: Callable[[], Awaitable[T]],
    errors: list[AccountError],
    account_id: str | None = None,
) -> T | None:
    outcome = await attempt(source, operation, ask, deadline_s=DEADLINE_S)
    if outcome.error is not None:
        errors.append(AccountError(**asdict(outcome.error), account_id=account_id))
    errors += _unread(source, operation, outcome.value, account_id)
    return outcome.value
