"""Profile banking=plaid: what Plaid's adapter and a book say of a household is what is true in the sandbox's world."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from fin_infra.banking import easy_banking
from fin_infra.book import ConnectionState, open_book
from fin_infra.errors import InvalidInput, ReauthRequired
from fin_infra.providers.registry import reset

from . import app as stack

pytestmark = [pytest.mark.acceptance, pytest.mark.profile("banking=plaid")]

KEYS = {"client_id": "sandbox-plaid-client", "secret": "sandbox-plaid-secret"}
LOGIN = "access-sandbox-00000000-0000-4000-8000-000000000001"
"""An Item at the credit union of the world's household, linked from the start."""
HOUSEHOLD = "test_token_sandbox"
"""The same household at the same bank, as Teller knows it."""


@pytest.fixture
def bank(sandbox):
    return easy_banking("plaid", base_url=f"{sandbox.url}/plaid", access_token=LOGIN, **KEYS)


@pytest.fixture
def truths(sandbox):
    """The open accounts at the bank by name, from the world's own summary."""
    rows = (row for row in sandbox.world()["accounts"] if row["access_token"] == HOUSEHOLD and row["status"] == "open")
    return {row["name"]: row for row in rows}


@pytest.fixture
def book(sandbox, monkeypatch, tmp_path):
    for name, value in KEYS.items():
        monkeypatch.setenv(f"PLAID_{name.upper()}", value)
    monkeypatch.setenv("PLAID_BASE_URL", f"{sandbox.url}/plaid")
    reset()
    found = open_book(f"sqlite:///{tmp_path / 'book.db'}")
    yield found
    found.engine.dispose()
    reset()


def _say(sandbox, path="", **words):
    return stack.call(f"{sandbox.url}/_sandbox/plaid{path}", "POST", words)


def test_accounts_when_read_then_balances_are_those_of_the_world(bank, truths):
    found = {account.name: account for account in bank.accounts() if account.name in truths}
    assert found.keys() == truths.keys()
    for name, account in found.items():
        truth = truths[name]
        sign = -1 if truth["subtype"] == "credit_card" else 1
        assert bank.balance(account.id).current.amount == Decimal(truth["ledger"]) * sign


def test_book_when_a_person_links_then_it_has_every_transaction_of_the_bank_once(sandbox, book, truths):
    start = book.start_link("banking:plaid")
    with pytest.raises(InvalidInput):
        book.finish_link(start.token)
    _say(sandbox, "/link", link_token=start.token, institution="ins_900101")
    [made] = book.finish_link(start.token)
    assert made.state is ConnectionState.HEALTHY
    told = easy_banking("teller", base_url=f"{sandbox.url}/teller", access_token=HOUSEHOLD)
    accounts = {account.name: account.id for account in book.accounts() if account.name in truths}
    for name, account_id in accounts.items():
        ours = _posted(book.transactions(account_id=account_id, limit=100_000))
        since = min(day for day, _ in ours)  # Plaid gives two years, Teller all
        assert ours == Counter(
            {row: count for row, count in _posted(told.transactions(truths[name]["id"])).items() if row[0] >= since}
        )
    with pytest.raises(InvalidInput):
        book.finish_link(start.token)


def test_book_when_the_login_breaks_then_it_says_so_and_a_repair_goes_on_with_the_same_rows(sandbox, book):
    success = _say(sandbox, "/link", institution="ins_900101")
    made = book.connect("banking:plaid", success["public_token"])
    before = {row.id for row in book.transactions(limit=100_000)}
    item = _items(sandbox)[-1]["id"]
    _say(sandbox, **{"break": {"item": item, "code": "ITEM_LOGIN_REQUIRED"}})
    [result] = book.sync(made.id)
    assert (result.state, result.changes) == (ConnectionState.PERSON_MUST_ACT, 0)
    _say(sandbox, repair=item)
    assert book.reconnect(made.id).state is ConnectionState.HEALTHY
    assert {row.id for row in book.transactions(limit=100_000)} == before


def test_book_when_disconnected_then_the_vendor_has_removed_the_login(sandbox, book):
    success = _say(sandbox, "/link", institution="ins_900101")
    made = book.connect("banking:plaid", success["public_token"])
    book.disconnect(made.id)
    assert _items(sandbox)[-1]["removed"]


def test_bank_when_the_login_is_broken_then_the_error_says_what_to_do(sandbox):
    other = "access-sandbox-00000000-0000-4000-8000-000000000002"
    bank = easy_banking("plaid", base_url=f"{sandbox.url}/plaid", access_token=other, **KEYS)
    assert bank.accounts()
    _say(sandbox, **{"break": {"item": other, "code": "ITEM_LOGIN_REQUIRED"}})
    with pytest.raises(ReauthRequired, match="sign in again"):
        bank.accounts()
    _say(sandbox, repair=other)
    assert bank.accounts()


def _posted(rows):
    return Counter((row.date, row.amount) for row in rows if row.status.value == "posted")


def _items(sandbox):
    return stack.call(f"{sandbox.url}/_sandbox/plaid")["items"]
