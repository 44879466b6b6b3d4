"""Every bank adapter against the sandbox in both modes: what any of them must do, whatever the vendor calls it.

The expected values are the sandbox's own truths, which it keeps apart from any adapter; each bank's row reads them.
"""

from __future__ import annotations

import json
import logging
from datetime import date, timedelta

import pytest

from fin_infra.errors import (
    AccountClosed,
    AuthenticationFailed,
    NotFound,
    ProviderError,
    UnexpectedPayload,
)
from fin_infra.model import Account, AccountStatus, AccountType, Money, TransactionStatus
from fin_infra.providers.registry import providers
from tests.support.adapters import Connect, Driver
from tests.support.rows import Bank, Truth, offering, rows
from tests.support.sandbox import Sandbox

BANKS: list[Bank] = rows(Bank)


@pytest.fixture(params=BANKS, ids=lambda row: row.provider_key)
def row(request: pytest.FixtureRequest) -> Bank:
    return request.param


@pytest.fixture
def client(row: Bank, connect: Connect) -> Driver:
    return connect(row.cls, **row.household)


def truths(sandbox: Sandbox, row: Bank) -> dict[str, Truth]:
    return row.truths(sandbox.world())


def asked(row: Bank, *operations: str) -> list[str]:
    """Return those of the operations that the bank offers."""
    return [name for name in operations if name in row.cls.can]


def by_type(accounts: list[Account], type: AccountType) -> Account:
    return next(a for a in accounts if a.type is type and a.status is AccountStatus.OPEN)


def test_banks_when_counted_then_each_adapter_is_here() -> None:
    assert {row.provider_key for row in BANKS} == {cls.info.provider_key for cls in providers("banking")}


def test_accounts_when_listed_then_those_of_the_world(sandbox: Sandbox, row: Bank, client: Driver) -> None:
    accounts, world = client("accounts"), truths(sandbox, row)
    assert {a.id for a in accounts} == world.keys()
    assert all(a.name == world[a.id].name for a in accounts if world[a.id].name is not None)
    assert all(a.currency == world[a.id].current.currency for a in accounts)
    assert all((a.status is AccountStatus.CLOSED) <= world[a.id].closed for a in accounts)
    assert not any(a.status is AccountStatus.OPEN and world[a.id].closed for a in accounts)
    assert accounts.meta.environment == "sandbox"
    assert all(a.source == row.provider_key and a.as_of.tzinfo is not None for a in accounts)
    one = client("account", accounts[0].id)
    assert (one.id, one.name, one.status) == (accounts[0].id, accounts[0].name, AccountStatus.OPEN)


def test_balance_when_asked_then_to_the_cent_and_debt_negative(sandbox: Sandbox, row: Bank, client: Driver) -> None:
    world = truths(sandbox, row)
    for account in client("accounts"):
        if world[account.id].closed:
            continue
        balance = client("balance", account.id)
        assert (balance.current, balance.available) == (world[account.id].current, world[account.id].available)
        if account.type.is_liability:
            assert balance.current.amount < 0


@offering(Bank, "transactions")
def test_transactions_when_all_walked_then_opening_plus_posted_is_current(
    sandbox: Sandbox, row: Bank, client: Driver
) -> None:
    for id, truth in truths(sandbox, row).items():
        if truth.closed or truth.opening is None:
            continue
        rows = client("transactions", id)
        posted = [row for row in rows if row.status is TransactionStatus.POSTED]
        total = Money.total([truth.opening, *(row.amount for row in posted)], truth.current.currency)
        assert total == client("balance", id).current
        assert (len(posted), len(rows) - len(posted)) == truth.counts
        assert len({row.id for row in rows}) == len(rows)


@offering(Bank, "transactions")
def test_transactions_when_pages_are_small_then_the_same_list(row: Bank, client: Driver, connect: Connect) -> None:
    card = by_type(client("accounts"), AccountType.CREDIT)
    window = {"start": date(2026, 10, 1), "end": date(2026, 12, 1)}
    whole = client("transactions", card.id, **window)
    paged = connect(row.cls, **row.household, page_size=row.small_page)("transactions", card.id, **window)
    assert [one.id for one in paged] == [one.id for one in whole]
    assert len(whole) > 30


@offering(Bank, "transactions")
def test_transactions_when_windows_meet_then_nothing_lost_or_doubled(client: Driver) -> None:
    account = by_type(client("accounts"), AccountType.DEPOSITORY)
    first, middle, last = date(2026, 9, 1), date(2026, 9, 15), date(2026, 10, 1)
    whole = client("transactions", account.id, start=first, end=last)
    parts = client("transactions", account.id, start=middle, end=last)
    parts += client("transactions", account.id, start=first, end=middle)
    assert [row.id for row in parts] == [row.id for row in whole]
    assert {row.date for row in whole} <= {first + timedelta(days=n) for n in range(30)}
    assert client("transactions", account.id, start=middle, end=middle) == []


@offering(Bank, "transactions", "transaction")
def test_transaction_when_asked_for_then_the_one_of_the_list(client: Driver) -> None:
    card = by_type(client("accounts"), AccountType.CREDIT)
    row = client("transactions", card.id, start=date(2026, 11, 1))[-1]
    one = client("transaction", card.id, row.id)
    assert (one.amount, one.date, one.status) == (row.amount, row.date, row.status)
    with pytest.raises(NotFound):
        client("transaction", card.id, "txn_absent")


@offering(Bank, "transactions")
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


@offering(Bank, "details")
def test_details_when_asked_then_numbers_or_a_clear_refusal(row: Bank, client: Driver) -> None:
    accounts = client("accounts")
    details = client("details", by_type(accounts, AccountType.DEPOSITORY).id)
    assert (len(details.account_number), len(details.routing_numbers["ach"])) == row.digits
    assert details.account_number not in repr(details)
    with pytest.raises(NotFound):
        client("details", by_type(accounts, AccountType.CREDIT).id)


def test_closed_account_when_asked_then_refused(sandbox: Sandbox, row: Bank, client: Driver) -> None:
    closed = next((id for id, truth in truths(sandbox, row).items() if truth.closed), None)
    if closed is None:
        pytest.skip("this bank says of no account that it is closed")
    for operation in asked(row, "account", "balance", "details", "transactions"):
        with pytest.raises(AccountClosed):
            client(operation, closed)


@offering(Bank, "identity")
def test_identity_when_asked_then_owners_outside_the_repr(client: Driver) -> None:
    rows = client("identity")
    assert rows
    assert all(row.owners[0].names for row in rows)
    assert all(name not in repr(row) for row in rows for owner in row.owners for name in owner.names)


def test_unknown_account_when_asked_then_not_found(row: Bank, client: Driver) -> None:
    for operation in asked(row, "account", "balance", "details", "transactions"):
        with pytest.raises(NotFound):
            client(operation, "acc_absent")


@offering(Bank, "delete_account")
def test_delete_account_when_done_then_gone_and_the_rest_stays(client: Driver) -> None:
    first, *rest = [account.id for account in client("accounts")]
    assert client("delete_account", first) is None
    assert [account.id for account in client("accounts")] == rest


@offering(Bank, "delete_enrollment")
def test_delete_enrollment_when_done_then_the_token_is_worthless(client: Driver) -> None:
    assert client("delete_enrollment") is None
    with pytest.raises(AuthenticationFailed):
        client("accounts")


@pytest.mark.parametrize(
    ("row", "error", "given"),
    [
        pytest.param(row, error, given, id=f"{row.provider_key}-{error.__name__}-{'-'.join(given)}")
        for row in BANKS
        for error, given in row.broken
    ],
)
def test_enrolment_when_not_in_order_then_the_right_error(
    row: Bank, connect: Connect, error: type[ProviderError], given: dict[str, str]
) -> None:
    driver = connect(row.cls, **{**row.household, **given}, max_attempts=1)
    for operation in (*asked(row, "accounts", "identity"), "ping"):
        with pytest.raises(error) as caught:
            driver(operation)
        assert caught.value.provider == row.provider_key
        assert not any(value in str(caught.value) for value in given.values())


@offering(Bank, "transactions")
def test_fault_when_paging_breaks_in_the_middle_then_error_and_no_silent_end(
    sandbox: Sandbox, row: Bank, connect: Connect
) -> None:
    if row.next_page is None:
        pytest.skip("this bank has no pages")
    driver = connect(row.cls, **row.household, page_size=100, max_attempts=1)
    account = by_type(driver("accounts"), AccountType.DEPOSITORY)
    sandbox.fault(row.mount, "truncated", query=row.next_page, count=1)
    with pytest.raises(UnexpectedPayload):
        driver("transactions", account.id)


def test_secrets_when_every_read_ran_then_in_no_log_and_no_url(
    sandbox: Sandbox, row: Bank, client: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account = next(a for a in client("accounts") if a.type is AccountType.DEPOSITORY)
    numbers = [client(name, account.id).account_number for name in asked(row, "details")]
    for name in asked(row, "account", "balance"):
        client(name, account.id)
    for name in asked(row, "identity"):
        client(name)
    for name in asked(row, "transactions"):
        client(name, account.id, start=date(2026, 11, 1))
    arrived = json.dumps([{k: v for k, v in row.items() if k in ("path", "query")} for row in sandbox.requests()])
    for secret in (*row.household.values(), *numbers):
        assert secret not in caplog.text
        assert secret not in arrived
