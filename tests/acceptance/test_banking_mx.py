"""Profile banking=mx: what MX's adapter and a book say of a household is what is true in the sandbox's world."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fin_infra.banking import easy_banking
from fin_infra.book import ConnectionState, open_book
from fin_infra.errors import ReauthRequired
from fin_infra.model import AccountStatus, LoginStatus
from fin_infra.providers.registry import reset

from . import app as stack

pytestmark = [pytest.mark.acceptance, pytest.mark.profile("banking=mx")]

USER = "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001"
MEMBER = "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000101"
HOUSEHOLD = "test_token_sandbox"


@pytest.fixture
def bank(sandbox):
    return easy_banking("mx", base_url=f"{sandbox.url}/mx", **_login())


@pytest.fixture
def truths(sandbox):
    """The accounts of the login by name, from the world's own summary."""
    return {row["name"]: row for row in sandbox.world()["accounts"] if row["access_token"] == HOUSEHOLD}


@pytest.fixture
def book(sandbox, monkeypatch, tmp_path):
    for name, value in {"MX_CLIENT_ID": "sandbox-mx-client", "MX_API_KEY": "sandbox-mx-api-key"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MX_BASE_URL", f"{sandbox.url}/mx")
    monkeypatch.setenv("TELLER_BASE_URL", f"{sandbox.url}/teller")
    reset()
    found = open_book(f"sqlite:///{tmp_path / 'book.db'}")
    yield found
    found.engine.dispose()
    reset()


def _login():
    keys = {"client_id": "sandbox-mx-client", "api_key": "sandbox-mx-api-key"}
    return {**keys, "user_guid": USER, "member_guid": MEMBER}


def _say(sandbox, **words):
    stack.call(f"{sandbox.url}/_sandbox/mx", "POST", {"member": MEMBER, **words})


def test_accounts_when_read_then_balances_and_transactions_add_up_to_the_world(bank, truths):
    for account in bank.accounts():
        truth = truths[account.name]
        assert (account.status is AccountStatus.CLOSED) == (truth["status"] == "closed")
        if account.status is AccountStatus.CLOSED:
            continue
        sign = -1 if truth["subtype"] == "credit_card" else 1
        assert bank.balance(account.id).current.amount == Decimal(truth["ledger"]) * sign
        rows = list(bank.transactions(account.id))
        assert len(rows) == truth["posted_count"] + truth["pending_count"]
        posted = sum(row.amount.amount for row in rows if row.status.value == "posted")
        assert Decimal(truth["opening_balance"]) * sign + posted == Decimal(truth["ledger"]) * sign


@pytest.mark.parametrize(
    ("words", "status", "state"),
    [
        ({"status": "CHALLENGED"}, LoginStatus.PERSON_MUST_ACT, ConnectionState.PERSON_MUST_ACT),
        ({"status": "DEGRADED"}, LoginStatus.STALE, ConnectionState.STALE),
        ({"status": "DISCONTINUED"}, LoginStatus.OVER, ConnectionState.PERSON_MUST_ACT),
        ({"busy": True}, LoginStatus.BUSY, ConnectionState.STALE),
    ],
)
def test_book_when_the_login_is_not_in_order_then_it_says_so_and_goes_on_later(
    sandbox, bank, book, words, status, state
):
    made = book.connect("banking:mx", user_guid=USER, member_guid=MEMBER)
    assert made.state is ConnectionState.HEALTHY
    count = len(book.transactions(limit=100_000))
    _say(sandbox, **words)
    assert bank.login_state().status is status
    [result] = book.sync(made.id)
    assert (result.state, result.changes) == (state, 0)
    assert result.error
    assert len(book.transactions(limit=100_000)) == count
    _say(sandbox, status="CONNECTED", busy=False)
    [result] = book.sync(made.id)
    assert result.state is ConnectionState.HEALTHY


def test_bank_when_the_person_must_act_then_the_error_says_what(sandbox, bank):
    _say(sandbox, status="DENIED")
    with pytest.raises(ReauthRequired, match="user name and password"):
        bank.accounts()


def test_household_when_it_moves_from_teller_then_its_ids_stay(book):
    book.connect("banking:teller", HOUSEHOLD)
    before = {row.id for row in book.transactions(limit=100_000)}
    book.connect("banking:mx", user_guid=USER, member_guid=MEMBER)
    assert {row.id for row in book.transactions(limit=100_000)} == before
