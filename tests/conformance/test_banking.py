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

from fin_infra.errors import (
    AccountClosed,
    AuthenticationFailed,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    ReauthRequired,
    UnexpectedPayload,
)
from fin_infra.model import Account, AccountStatus, AccountType, Money, TransactionStatus
from fin_infra.providers.banking.finastra import Finastra
from fin_infra.providers.banking.teller.adapter import TellerClient
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.registry import providers
from tests.conformance.support import Driver, Sandbox

Connect = Callable[..., Driver]
World = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the sandbox knows of one account, in our signs; `name` is None where the vendor has no names."""

    current: Money
    available: Money
    closed: bool
    name: str | None = None
    opening: Money | None = None
    counts: tuple[int, int] = (0, 0)
    """Posted and pending transactions."""


@dataclass(frozen=True, kw_only=True)
class Bank:
    """One adapter, the settings that reach its people, and those that reach nobody, with the error that says so."""

    cls: type[BankingProvider[Any]]
    household: dict[str, str]
    truths: Callable[[World], dict[str, Truth]]
    broken: tuple[tuple[type[ProviderError], dict[str, str]], ...]

    @property
    def key(self) -> str:
        return self.cls.info.key

    @property
    def mount(self) -> str:
        return self.cls.info.sandbox_path.strip("/")


def teller_truths(world: World) -> dict[str, Truth]:
    rows = [row for row in world["accounts"] if row["access_token"] == "test_token_sandbox"]
    return {row["id"]: _teller_truth(row, -1 if row["subtype"] == "credit_card" else 1) for row in rows}


def _teller_truth(row: dict[str, Any], sign: int) -> Truth:
    return Truth(
        current=Money(Decimal(row["ledger"]) * sign, "USD"),
        available=Money(Decimal(row["available"]), "USD"),
        closed=row["status"] == "closed",
        name=row["name"],
        opening=Money(Decimal(row["opening_balance"]) * sign, "USD"),
        counts=(row["posted_count"], row["pending_count"]),
    )


def finastra_truths(world: World) -> dict[str, Truth]:
    """A debt is negative in the sandbox's own books too."""
    return {
        row["id"]: Truth(
            current=Money(Decimal(row["ledger"]), row["currency"]),
            available=Money(Decimal(row["available"]), row["currency"]),
            closed=False,
        )
        for row in world["finastra_accounts"]["sandbox"]
    }


BANKS = [
    Bank(
        cls=TellerClient,
        household={"access_token": "test_token_sandbox"},
        truths=teller_truths,
        broken=(
            (AuthenticationFailed, {"access_token": "test_token_nobody"}),
            (ReauthRequired, {"access_token": "test_token_mfa_required"}),
            (ProviderUnavailable, {"access_token": "test_token_bank_unavailable"}),
        ),
    ),
    Bank(
        cls=Finastra,
        household={"client_id": "sandbox-b2c-client", "client_secret": "sandbox-b2c-secret"},
        truths=finastra_truths,
        broken=(
            (AuthenticationFailed, {"client_secret": "no-secret-of-anybody"}),
            (AuthenticationFailed, {"client_id": "no-client-of-anybody"}),
            (AuthenticationFailed, {"login_tenant": "no-bank-of-anybody"}),
            (PermissionDenied, {"client_id": "sandbox-b2b-client", "client_secret": "sandbox-b2b-secret"}),
        ),
    ),
]


def offering(*operations: str) -> pytest.MarkDecorator:
    """Ask only those banks that have all these operations."""
    able = [bank for bank in BANKS if bank.cls.can.issuperset(operations)]
    return pytest.mark.parametrize("bank", able, ids=lambda bank: bank.key)


@pytest.fixture(params=BANKS, ids=lambda bank: bank.key)
def bank(request: pytest.FixtureRequest) -> Bank:
    return request.param


@pytest.fixture
def client(bank: Bank, connect: Connect) -> Driver:
    return connect(bank.cls, **bank.household)


def truths(sandbox: Sandbox, bank: Bank) -> dict[str, Truth]:
    return bank.truths(sandbox.world())


def asked(bank: Bank, *operations: str) -> list[str]:
    """Return those of the operations that the bank offers."""
    return [name for name in operations if name in bank.cls.can]


def by_type(accounts: list[Account], type: AccountType) -> Account:
    return next(a for a in accounts if a.type is type and a.status is AccountStatus.OPEN)


def test_banks_when_counted_then_each_adapter_is_here() -> None:
    assert {bank.key for bank in BANKS} == {cls.info.key for cls in providers("banking")}


def test_accounts_when_listed_then_those_of_the_world(sandbox: Sandbox, bank: Bank, client: Driver) -> None:
    accounts, world = client("accounts"), truths(sandbox, bank)
    assert {a.id for a in accounts} == world.keys()
    assert all(a.name == world[a.id].name for a in accounts if world[a.id].name is not None)
    assert all(a.currency == world[a.id].current.currency for a in accounts)
    assert all((a.status is AccountStatus.CLOSED) <= world[a.id].closed for a in accounts)
    assert not any(a.status is AccountStatus.OPEN and world[a.id].closed for a in accounts)
    assert accounts.meta.environment == "sandbox"
    assert all(a.source == bank.key and a.as_of.tzinfo is not None for a in accounts)
    one = client("account", accounts[0].id)
    assert (one.id, one.name, one.status) == (accounts[0].id, accounts[0].name, AccountStatus.OPEN)


def test_balance_when_asked_then_to_the_cent_and_debt_negative(sandbox: Sandbox, bank: Bank, client: Driver) -> None:
    world = truths(sandbox, bank)
    for account in client("accounts"):
        if world[account.id].closed:
            continue
        balance = client("balance", account.id)
        assert (balance.current, balance.available) == (world[account.id].current, world[account.id].available)
        if account.type.is_liability:
            assert balance.current.amount < 0


@offering("transactions")
def test_transactions_when_all_walked_then_opening_plus_posted_is_current(
    sandbox: Sandbox, bank: Bank, client: Driver
) -> None:
    for id, truth in truths(sandbox, bank).items():
        if truth.closed:
            continue
        rows = client("transactions", id)
        posted = [row for row in rows if row.status is TransactionStatus.POSTED]
        total = Money.total([truth.opening, *(row.amount for row in posted)], truth.current.currency)
        assert total == client("balance", id).current
        assert (len(posted), len(rows) - len(posted)) == truth.counts
        assert len({row.id for row in rows}) == len(rows)


@offering("transactions")
def test_transactions_when_pages_are_small_then_the_same_list(bank: Bank, client: Driver, connect: Connect) -> None:
    card = by_type(client("accounts"), AccountType.CREDIT)
    window = {"start": date(2026, 10, 1), "end": date(2026, 12, 1)}
    whole = client("transactions", card.id, **window)
    paged = connect(bank.cls, **bank.household, page_size=3)("transactions", card.id, **window)
    assert [row.id for row in paged] == [row.id for row in whole]
    assert len(whole) > 30


@offering("transactions")
def test_transactions_when_windows_meet_then_nothing_lost_or_doubled(client: Driver) -> None:
    account = by_type(client("accounts"), AccountType.DEPOSITORY)
    first, middle, last = date(2026, 9, 1), date(2026, 9, 15), date(2026, 10, 1)
    whole = client("transactions", account.id, start=first, end=last)
    parts = client("transactions", account.id, start=middle, end=last)
    parts += client("transactions", account.id, start=first, end=middle)
    assert [row.id for row in parts] == [row.id for row in whole]
    assert {row.date for row in whole} <= {first + timedelta(days=n) for n in range(30)}
    assert client("transactions", account.id, start=middle, end=middle) == []


@offering("transactions", "transaction")
def test_transaction_when_asked_for_then_the_one_of_the_list(client: Driver) -> None:
    card = by_type(client("accounts"), AccountType.CREDIT)
    row = client("transactions", card.id, start=date(2026, 11, 1))[-1]
    one = client("transaction", card.id, row.id)
    assert (one.amount, one.date, one.status) == (row.amount, row.date, row.status)
    with pytest.raises(NotFound):
        client("transaction", card.id, "txn_absent")


@offering("transactions")
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


@offering("details")
def test_details_when_asked_then_numbers_or_a_clear_refusal(client: Driver) -> None:
    accounts = client("accounts")
    details = client("details", by_type(accounts, AccountType.DEPOSITORY).id)
    assert len(details.account_number) == 12
    assert len(details.routing_numbers["ach"]) == 9
    assert details.account_number not in repr(details)
    with pytest.raises(NotFound):
        client("details", by_type(accounts, AccountType.CREDIT).id)


def test_closed_account_when_asked_then_refused(sandbox: Sandbox, bank: Bank, client: Driver) -> None:
    closed = next((id for id, truth in truths(sandbox, bank).items() if truth.closed), None)
    if closed is None:
        pytest.skip("this bank says of no account that it is closed")
    for operation in asked(bank, "account", "balance", "details", "transactions"):
        with pytest.raises(AccountClosed):
            client(operation, closed)


@offering("identity")
def test_identity_when_asked_then_owners_outside_the_repr(client: Driver) -> None:
    rows = client("identity")
    assert rows
    assert all(row.owners[0].names for row in rows)
    assert all(name not in repr(row) for row in rows for owner in row.owners for name in owner.names)


def test_unknown_account_when_asked_then_not_found(bank: Bank, client: Driver) -> None:
    for operation in asked(bank, "account", "balance", "details", "transactions"):
        with pytest.raises(NotFound):
            client(operation, "acc_absent")


@offering("delete_account")
def test_delete_account_when_done_then_gone_and_the_rest_stays(client: Driver) -> None:
    first, *rest = [account.id for account in client("accounts")]
    assert client("delete_account", first) is None
    assert [account.id for account in client("accounts")] == rest


@offering("delete_enrollment")
def test_delete_enrollment_when_done_then_the_token_is_worthless(client: Driver) -> None:
    assert client("delete_enrollment") is None
    with pytest.raises(AuthenticationFailed):
        client("accounts")


@pytest.mark.parametrize(
    ("bank", "error", "given"),
    [
        pytest.param(bank, error, given, id=f"{bank.key}-{error.__name__}-{'-'.join(given)}")
        for bank in BANKS
        for error, given in bank.broken
    ],
)
def test_enrolment_when_not_in_order_then_the_right_error(
    bank: Bank, connect: Connect, error: type[ProviderError], given: dict[str, str]
) -> None:
    driver = connect(bank.cls, **{**bank.household, **given}, max_attempts=1)
    for operation in (*asked(bank, "accounts", "identity"), "ping"):
        with pytest.raises(error) as caught:
            driver(operation)
        assert caught.value.provider == bank.key
        assert not any(value in str(caught.value) for value in given.values())


@offering("transactions")
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
    account = next(a for a in client("accounts") if a.type is AccountType.DEPOSITORY)
    numbers = [client(name, account.id).account_number for name in asked(bank, "details")]
    for name in asked(bank, "account", "balance"):
        client(name, account.id)
    for name in asked(bank, "identity"):
        client(name)
    for name in asked(bank, "transactions"):
        client(name, account.id, start=date(2026, 11, 1))
    arrived = json.dumps([{k: v for k, v in row.items() if k in ("path", "query")} for row in sandbox.requests()])
    for secret in (*bank.household.values(), *numbers):
        assert secret not in caplog.text
        assert secret not in arrived
