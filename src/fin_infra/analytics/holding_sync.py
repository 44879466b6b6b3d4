"""When to ask for which account again, and what to show of those that were not asked.
Floor 5: pure functions of the clock they are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.model import AccountRef, BrokerConnection, HoldingAccount, Holdings
from fin_infra.normalize import aware

_GONE = frozenset({"closed", "archived"})


@checked
def accounts_to_sync(
    accounts: Iterable[HoldingAccount],
    now: datetime,
    *,
    every_s: float,
    connections: Iterable[BrokerConnection] = (),
    last_read: Mapping[AccountRef, datetime] | None = None,
) -> list[HoldingAccount]:
    """Return the accounts to ask for now, those that wait longest first.

    An account of a disabled connection is left alone, for its holdings stand still until the person signs in; so is
    one that was read since it closed, and one whose first sync is not done.

    Args:
        every_s: how old holdings may be, `sync_every_s` of the aggregator.
        last_read: when each account was read last. Without it the aggregator's own last look at the broker counts.
    """
    if every_s <= 0:
        raise InvalidInput(f"Accounts cannot be due every {every_s} seconds; give more than 0.")
    off = {(link.source, link.id) for link in connections if link.disabled}
    oldest = aware(now) - timedelta(seconds=every_s)
    waiting: list[tuple[bool, float, AccountRef, HoldingAccount]] = []
    for account in accounts:
        who = AccountRef(account.source, account.id)
        last = account.holdings_synced_at if last_read is None else last_read.get(who)
        idle = last is not None and (account.status in _GONE or last > oldest)
        if account.first_sync_done and (account.source, account.connection_id) not in off and not idle:
            waiting.append((last is not None, last.timestamp() if last else 0.0, who, account))
    return [account for *_, account in sorted(waiting, key=lambda row: row[:3])]


@checked
def carry_forward(before: Holdings, after: Holdings) -> Holdings:
    """Return `after` with what `before` knew of accounts that were skipped or did not answer this time.

    Their errors stay, so that a portfolio still says what is not fresh; nobody's holdings vanish because a broker was
    down, and what changes meanwhile is found once it answers again. Accounts that are no longer listed stay away,
    unless the list itself could not be had.
    """
    now = {AccountRef(account.source, account.id) for account in after.accounts}
    lost = {error.provider for error in after.errors if error.account_id is None}
    kept = {AccountRef(account.source, account.id): account for account in before.accounts}
    old = {
        who
        for who in kept
        if not (after.is_read(who) or after.is_partial(who))
        and (who in now or who.source in lost)
        and before.is_read(who)
    }
    no_cash = {
        AccountRef(error.provider, error.account_id or "") for error in after.errors if error.operation == "balances"
    }
    purses = old | (no_cash & kept.keys())
    return replace(
        after,
        accounts=after.accounts + tuple(account for who, account in kept.items() if who in old - now),
        positions=after.positions
        + tuple(p for p in before.positions if AccountRef(p.source, p.account_id or "") in old),
        balances=tuple(b for b in after.balances if AccountRef(b.source, b.account_id) not in purses)
        + tuple(b for b in before.balances if AccountRef(b.source, b.account_id) in purses),
        skipped=tuple(who for who in after.skipped if who not in old),
        kept=tuple(sorted(old)),
    )
