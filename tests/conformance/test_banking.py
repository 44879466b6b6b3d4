"""Every bank adapter against the sandbox in both modes: what any of them must do, whatever the vendor calls it.

`BANKS` names the adapters; the expected values are the sandbox's own truths, which it keeps apart from any adapter.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from conformance_support import Driver, Sandbox

from fin_infra.errors import (
    AccountClosed,
    AuthenticationFailed,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    ReauthRequired,
    UnexpectedPayload,
)
from fin_infra.model import Account, AccountStatus, AccountType, Money, TransactionStatus
from fin_infra.providers.banking.teller_client import TellerClient
from fin_infra.providers.base import BankingProvider


@dataclass(frozen=True)
class Bank:
    """One adapter, and the settings that reach a household, a stranger and a broken enrolment."""

    cls: type[BankingProvider[Any]]
    mount: str
    household: dict[str, str]
    unknown: dict[str, str]
    disconnected: dict[str, str]
    bank_down: dict[str, str]


BANKS = [
    Bank(
        TellerClient,
        "teller",
        {"access_token": "test_token_sandbox"},
        {"access_token": "test_token_nobody"},
        {"access_token": "test_token_mfa_required"},
        {"access_token": "test_token_bank_unavailable"},
    )
]
Connect = Callable[..., Driver]


@pytest.fixture(params=BANKS, ids=lambda bank: bank.cls.info.key)
def bank(request: pytest.FixtureRequest) -> Bank:
    return request.param


@pytest.fixture
def client(bank: Bank, connect: Connect) -> Driver:
    return connect(bank.cls, **bank.household)


def truths(sandbox: Sandbox, bank: Bank) -> dict[str, dict[str, Any]]:
    rows = sandbox.world()["accounts"]
    return {row["id"]: row for row in rows if row["access_token"] == bank.household["access_token"]}


def by_type(accounts: list[Account], type: AccountType) -> Account:
    return next(a for a in accounts if a.type is type and a.status is AccountStatus.OPEN)


def test_accounts_when_listed_then_those_of_the_world(sandbox: Sandbox, bank: Bank, client: Driver) -> None:
    accounts, world = client("accounts"), truths(sandbox, bank)
    assert {a.id: a.name for a in accounts} == {id: row["name"] for id, row in world.items()}
    assert {a.id for a in accounts if a.status is AccountStatus.CLOSED} == {
        id for id, row in world.items() if row["status"] == "closed"
    }
    assert accounts.meta.environment == "sandbox"
    assert all(a.source == bank.cls.info.key and a.as_of.tzinfo is not None for a in accounts)
    assert client("account", accounts[0].id).id == accounts[0].id


def test_balance_when_asked_then_to_the_cent_and_debt_negative(sandbox: Sandbox, bank: Bank, client: Driver) -> None:
    world = truths(sandbox, bank)
    for account in client("accounts"):
        if account.status is AccountStatus.CLOSED:
            continue
        owed = account.type.is_liability
        ledger = Decimal(world[account.id]["ledger"])
        balance = client("balance", account.id)
        assert balance.current == Money(-ledger if owed else ledger, "USD")
        assert balance.available == Money(Decimal(world[account.id]["available"]), "USD")


def test_transactions_when_all_walked_then_opening_plus_posted_is_current(
    sandbox: Sandbox, bank: Bank, client: Driver
) -> None:
    world = truths(sandbox, bank)
    for account in client("accounts"):
        if account.status is AccountStatus.CLOSED:
            continue
        rows = client("transactions", account.id)
        posted = [row for row in rows if row.status is TransactionStatus.POSTED]
        opening = Decimal(world[account.id]["opening_balance"]) * (-1 if account.type.is_liability else 1)
        total = Money.total([Money(opening, "USD"), *(row.amount for row in posted)], "USD")
        assert total == client("balance", account.id).current
        assert (len(posted), len(rows) - len(posted)) == (
            world[account.id]["posted_count"],
            world[account.id]["pending_count"],
        )
        assert len({row.id for row in rows}) == len(rows)


def test_transactions_when_pages_are_small_then_the_same_list(bank: Bank, client: Driver, connect: Connect) -> None:
    card = by_type(client("accounts"), AccountType.CREDIT)
    window = {"start": date(2026, 10, 1), "end": date(2026, 12, 1)}
    whole = client("transactions", card.id, **window)
    paged = connect(bank.cls, **bank.household, page_size=3)("transactions", card.id, **window)
    assert [row.id for row in paged] == [row.id for row in whole]
    assert len(whole) > 30


def test_transactions_when_windows_meet_then_nothing_lost_or_doubled(client: Driver) -> None:
    account = by_type(client("accounts"), AccountType.DEPOSITORY)
    first, middle, last = date(2026, 9, 1), date(2026, 9, 15), date(2026, 10, 1)
    whole = client("transactions", account.id, start=first, end=last)
    parts = client("transactions", account.id, start=middle, end=last)
    parts += client("transactions", account.id, start=first, end=middle)
    assert [row.id for row in parts] == [row.id for row in whole]
    assert {row.date for row in whole} <= {first + timedelta(days=n) for n in range(30)}
    assert client("transactions", account.id, start=middle, end=middle) == []


def test_transaction_when_asked_for_then_the_one_of_the_list(client: Driver) -> None:
    card = by_type(client("accounts"), AccountType.CREDIT)
    row = client("transactions", card.id, start=date(2026, 11, 1))[-1]
    one = client("transaction", card.id, row.id)
    assert (one.amount, one.date, one.status) == (row.amount, row.date, row.status)
    with pytest.raises(NotFound):
        client("transaction", card.id, "txn_absent")


def test_pending_when_time_passes_then_posted_within_the_window_to_query_again(
    sandbox: Sandbox, client: Driver
) -> None:
    """The recipe of the docs: ask again from ten days before, upsert by id, drop pending ids that vanished."""
    card = by_type(client("accounts"), AccountType.CREDIT)
    stored = {row.id: row for row in client("transactions", card.id)}
    sandbox.advance(days=12)
    start = date(2026, 11, 20) - timedelta(days=10)
    fresh = {row.id: row for row in client("transactions", card.id, start=start)}
    stored = {
        id: row
        for id, row in stored.items()
        if row.date < start or row.status is TransactionStatus.POSTED or id in fresh
    } | fresh
    assert stored.keys() == {row.id for row in client("transactions", card.id)}


def test_details_when_asked_then_numbers_or_a_clear_refusal(client: Driver) -> None:
    accounts = client("accounts")
    details = client("details", by_type(accounts, AccountType.DEPOSITORY).id)
    assert len(details.account_number) == 12
    assert len(details.routing_numbers["ach"]) == 9
    assert details.account_number not in repr(details)
    with pytest.raises(NotFound):
        client("details", by_type(accounts, AccountType.CREDIT).id)


def test_closed_account_when_asked_then_account_closed(client: Driver) -> None:
    closed = next(a for a in client("accounts") if a.status is AccountStatus.CLOSED)
    for operation in ("account", "balance", "details", "transactions"):
        with pytest.raises(AccountClosed):
            client(operation, closed.id)


def test_identity_when_asked_then_owners_outside_the_repr(client: Driver) -> None:
    rows = client("identity")
    assert rows
    assert all(row.owners[0].names for row in rows)
    assert all(name not in repr(row) for row in rows for owner in row.owners for name in owner.names)


def test_unknown_account_when_asked_then_not_found(client: Driver) -> None:
    for operation in ("account", "balance", "details", "transactions"):
        with pytest.raises(NotFound):
            client(operation, "acc_absent")


def test_delete_account_when_done_then_gone_and_the_rest_stays(client: Driver) -> None:
    first, *rest = [account.id for account in client("accounts")]
    assert client("delete_account", first) is None
    assert [account.id for account in client("accounts")] == rest


def test_delete_enrollment_when_done_then_the_token_is_worthless(client: Driver) -> None:
    assert client("delete_enrollment") is None
    with pytest.raises(AuthenticationFailed):
        client("accounts")


@pytest.mark.parametrize(
    ("who", "error"),
    [("unknown", AuthenticationFailed), ("disconnected", ReauthRequired), ("bank_down", ProviderUnavailable)],
)
def test_enrolment_when_not_in_order_then_the_right_error(
    bank: Bank, connect: Connect, who: str, error: type[ProviderError]
) -> None:
    driver = connect(bank.cls, **getattr(bank, who), max_attempts=1)
    for operation in ("accounts", "identity", "ping"):
        with pytest.raises(error) as caught:
            driver(operation)
        assert caught.value.provider == bank.cls.info.key
        assert getattr(bank, who)["access_token"] not in str(caught.value)


def test_fault_when_paging_breaks_in_the_middle_then_error_and_no_silent_end(
    sandbox: Sandbox, bank: Bank, connect: Connect
) -> None:
    driver = connect(bank.cls, **bank.household, page_size=100, max_attempts=1)
    account = by_type(driver("accounts"), AccountType.DEPOSITORY)
    sandbox.fault(bank.mount, "truncated", query={"from_id": "txn_*"}, count=1)
    with pytest.raises(UnexpectedPayload):
        driver("transactions", account.id)


def test_secrets_when_every_read_ran_then_in_no_log_and_no_url(
    sandbox: Sandbox, bank: Bank, client: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account = by_type(client("accounts"), AccountType.DEPOSITORY)
    number = client("details", account.id).account_number
    client("identity")
    client("transactions", account.id, start=date(2026, 11, 1))
    arrived = json.dumps([{k: v for k, v in row.items() if k in ("path", "query")} for row in sandbox.requests()])
    for secret in (*bank.household.values(), number):
        assert secret not in caplog.text
        assert secret not in arrived
