"""When accounts are due, and what stays of those that were not read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from fin_infra.analytics import accounts_to_sync, carry_forward, diff_holdings, merge_holdings
from fin_infra.errors import InvalidInput, NaiveTime
from fin_infra.model import BrokerConnection
from tests.analytics.support import NOW, account, cash, failed, position, ref, sync


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def link(ident: str, disabled: bool = True, source: str = "brokerage:test") -> BrokerConnection:
    return BrokerConnection(
        source=source, as_of=NOW, id=ident, broker="B", broker_name="B", can_trade=False, disabled=disabled
    )


def asked(*accounts: Any, **more: Any) -> list[str]:
    return [row.id for row in accounts_to_sync(accounts, NOW, every_s=3600, **more)]


def test_due_when_old_enough_then_longest_waiting_first() -> None:
    accounts = [
        account("fresh", holdings_synced_at=ago(minutes=59, seconds=59)),
        account("hour", holdings_synced_at=ago(hours=1)),
        account("day", holdings_synced_at=ago(days=1)),
        account("never", holdings_synced_at=None),
        account("also", holdings_synced_at=None),
    ]
    assert asked(*accounts) == ["also", "never", "day", "hour"]
    assert asked(*reversed(accounts)) == ["also", "never", "day", "hour"]


def test_due_when_our_own_reads_are_given_then_they_count() -> None:
    accounts = [account("a"), account("b"), account("c")]
    reads = {ref("a"): ago(hours=2), ref("b"): ago(minutes=5)}
    assert asked(*accounts, last_read=reads) == ["c", "a"]


def test_due_when_disabled_then_not_asked_and_others_of_that_id_are() -> None:
    old = {"holdings_synced_at": ago(days=9)}
    accounts = [
        account("a", connection_id="c-1", **old),
        account("b", connection_id="c-2", **old),
        account("c", connection_id="c-1", source="brokerage:other", **old),
    ]
    assert asked(*accounts, connections=[link("c-1"), link("c-2", disabled=False)]) == ["c", "b"]


def test_due_when_closed_then_once_more_and_never_again_and_not_before_the_first_sync() -> None:
    accounts = [
        account("closed", status="closed", holdings_synced_at=ago(days=9)),
        account("archived", status="archived", holdings_synced_at=ago(days=9)),
        account("closed-unread", status="closed", holdings_synced_at=None),
        account("syncing", first_sync_done=False, holdings_synced_at=None),
    ]
    assert asked(*accounts) == ["closed-unread"]


def test_due_when_arguments_make_no_sense_then_says_what_to_give() -> None:
    with pytest.raises(InvalidInput, match="more than 0"):
        accounts_to_sync([], NOW, every_s=0)
    with pytest.raises(NaiveTime):
        accounts_to_sync([], NOW.replace(tzinfo=None), every_s=1)


def test_carried_when_a_broker_is_down_then_its_holdings_stay_and_nothing_is_missed() -> None:
    first = sync(position("a", "US:X", "5"), position("b", "US:Y", "1"), cash("a", "10"), cash("b", "20"))
    down = sync(
        account("a"), position("b", "US:Y", "2"), cash("b", "21"), failed("positions", "a"), failed("balances", "a")
    )
    second = carry_forward(first, down)
    held = merge_holdings(second)
    assert [(str(line.key), line.quantity) for line in held.lines] == [("US:X", 5), ("US:Y", 2)]
    assert [(row.account_id, str(row.cash)) for row in second.balances] == [("b", "21 USD"), ("a", "10 USD")]
    assert second.kept == (ref("a"),)
    assert not held.complete
    assert [change.symbol_text for change in diff_holdings(merge_holdings(first), held)] == ["US:Y"]
    third = sync(position("a", "US:X", "7"), position("b", "US:Y", "2"))
    [change] = diff_holdings(held, merge_holdings(third))
    assert (change.symbol_text, change.before, change.after) == ("US:X", 5, 7)


def test_carried_when_skipped_twice_then_what_the_first_sync_knew() -> None:
    first = sync(position("a", "US:X", "5", "9"), cash("a", "10"))
    skipped = sync(account("a"), ref("a"))
    third = carry_forward(carry_forward(first, skipped), skipped)
    assert third.positions == first.positions
    assert third.balances == first.balances
    assert (third.skipped, third.kept) == ((), (ref("a"),))
    assert merge_holdings(third).complete


def test_carried_when_only_cash_is_unknown_then_only_cash_stays() -> None:
    first = sync(position("a", "US:X", "5"), cash("a", "10"))
    second = carry_forward(first, sync(position("a", "US:X", "6"), failed("balances", "a")))
    assert [row.quantity for row in second.positions] == [6]
    assert second.balances == first.balances
    assert second.kept == ()


def test_carried_when_the_list_itself_fails_then_all_its_accounts_stay() -> None:
    first = sync(position("a", "US:X", "5"))
    second = carry_forward(first, sync(failed("accounts", None)))
    assert (second.accounts, second.positions) == (first.accounts, first.positions)
    assert merge_holdings(second).read == {ref("a")}


def test_carried_when_an_account_is_gone_then_it_goes() -> None:
    first = sync(position("a", "US:X", "5"), position("b", "US:X", "1"), cash("b", "1"))
    second = carry_forward(first, sync(position("a", "US:X", "5")))
    assert [row.account_id for row in second.positions] == ["a"]
    assert second.balances == ()


def test_carried_when_the_first_sync_knew_nothing_either_then_still_unknown() -> None:
    first = sync(account("a"), failed("positions", "a"))
    second = carry_forward(first, replace(first))
    assert (second.kept, second.positions) == ((), ())
    assert not second.is_read(ref("a"))
