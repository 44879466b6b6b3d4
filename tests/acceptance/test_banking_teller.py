"""Profile banking=teller: what the service says about a household is what is true in the sandbox's world."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fin_infra.banking import easy_banking
from tests.providers.brokerage.snaptrade import gaps as snaptrade_gaps

from . import app as stack

pytestmark = [pytest.mark.acceptance, pytest.mark.profile("banking=teller")]

TOKEN = "test_token_sandbox"
"""The enrolment that the sandbox's well-known credentials reach."""


@pytest.fixture
def truths(sandbox):
    """The accounts of the enrolment by name, from the world's own summary."""
    return {row["name"]: row for row in sandbox.world()["accounts"] if row["access_token"] == TOKEN}


def test_accounts_when_listed_then_they_are_those_of_the_enrolment(client, truths):
    found = {row["id"]: (row["name"], row["subtype"], row["status"]) for row in client.data("/banking/accounts")}
    assert found == {row["id"]: (row["name"], row["subtype"], row["status"]) for row in truths.values()}


def test_balance_when_it_is_an_asset_then_it_is_the_ledger(client, truths):
    for name in ("Everyday Checking", "Rainy Day Savings"):
        balance = client.data(f"/banking/accounts/{truths[name]['id']}/balance")
        assert balance["current"] == {"amount": truths[name]["ledger"], "currency": "USD"}
        assert balance["available"] == {"amount": truths[name]["available"], "currency": "USD"}


def test_balance_when_it_is_a_card_then_what_is_owed_is_negative(client, truths):
    card = truths["Lighthouse Rewards Card"]
    balance = client.data(f"/banking/accounts/{card['id']}/balance")
    assert Decimal(card["ledger"]) > 0
    assert Decimal(balance["current"]["amount"]) == -Decimal(card["ledger"])


@pytest.mark.parametrize("name", ["Everyday Checking", "Rainy Day Savings"])
def test_transactions_when_all_pages_are_read_then_none_is_lost_or_doubled_and_they_add_up(client, truths, name):
    account = truths[name]
    rows = _all(client, account["id"], limit=500)
    assert len(rows) == account["posted_count"] + account["pending_count"]
    assert len({row["id"] for row in rows}) == len(rows)
    assert sum(row["status"] == "pending" for row in rows) == account["pending_count"]
    booked = sum(Decimal(row["amount"]["amount"]) for row in rows if row["status"] == "posted")
    assert Decimal(account["opening_balance"]) + booked == Decimal(account["ledger"])


def test_transactions_when_it_is_a_card_then_charges_are_money_out_and_add_up_to_the_debt(client, truths):
    card = truths["Lighthouse Rewards Card"]
    rows = _all(client, card["id"], limit=1000)
    assert len(rows) == card["posted_count"] + card["pending_count"]
    booked = sum(Decimal(row["amount"]["amount"]) for row in rows if row["status"] == "posted")
    assert -Decimal(card["opening_balance"]) + booked == -Decimal(card["ledger"])


def test_transactions_when_read_then_the_newest_is_first(client, truths):
    dates = [row["date"] for row in _all(client, truths["Rainy Day Savings"]["id"], limit=30)]
    assert dates == sorted(dates, reverse=True)


def test_transactions_when_a_window_is_given_then_the_end_is_outside(client, truths):
    ident = truths["Everyday Checking"]["id"]
    every = _all(client, ident, limit=1000)
    wanted = {row["id"] for row in every if "2026-03-02" <= row["date"] < "2026-04-07"}
    window = _all(client, ident, limit=7, start="2026-03-02", end="2026-04-07")
    assert wanted
    assert {row["id"] for row in window} == wanted
    assert len(window) == len(wanted)


def test_transactions_when_a_pending_one_posts_then_it_is_there_once(client, sandbox, truths):
    ident = truths["Everyday Checking"]["id"]
    before = _all(client, ident, limit=1000)
    pending = [row for row in before if row["status"] == "pending"]
    assert pending
    _advance(sandbox, days=5)
    after = _all(client, ident, limit=1000)
    assert len({row["id"] for row in after}) == len(after)
    for old in pending:  # the bank gives it a new id and date when it posts; only what was bought stays the same
        same = [row for row in after if (row["description"], row["amount"]) == (old["description"], old["amount"])]
        assert [row["status"] for row in same] == ["posted"], old


def test_closed_account_when_asked_for_then_it_is_said_to_be_closed(client, truths):
    client.problem(f"/banking/accounts/{truths['Student Checking']['id']}/balance", 410, "fin.account_closed")


def test_unknown_account_when_asked_for_then_it_is_not_found(client):
    client.problem("/banking/accounts/acc_nosuchaccount/balance", 404, "fin.not_found")


def test_cursor_when_it_is_made_up_then_it_is_refused(client, truths):
    path = f"/banking/accounts/{truths['Rainy Day Savings']['id']}/transactions"
    assert "cursor" in client.problem(path, 422, "fin.invalid_input", cursor="yesterday")["detail"]


def test_accounts_when_the_vendor_fails_once_then_the_answer_is_right_after_all(client, sandbox, truths):
    sandbox.fault("teller", "status_503", path="/accounts", count=1)
    assert {row["id"] for row in client.data("/banking/accounts")} == {row["id"] for row in truths.values()}
    assert [row["status"] for row in sandbox.requests("teller")] == [503, 200]


@pytest.mark.parametrize("kind", ["truncated", "malformed", "html", "empty"])
def test_accounts_when_the_answer_is_broken_then_nothing_is_invented(client, sandbox, kind):
    sandbox.fault("teller", kind, path="/accounts")
    reply = client.reply("/banking/accounts")
    assert reply.status_code in (502, 503)
    assert reply.json()["code"] in ("fin.unexpected_payload", "fin.provider_unavailable")
    assert "data" not in reply.json()


def test_accounts_when_the_token_has_expired_then_the_owner_has_to_sign_in_again(client, sandbox):
    sandbox.fault("teller", "expired_token", path="/accounts")
    reply = client.reply("/banking/accounts")
    assert reply.json()["code"] in ("fin.reauth_required", "fin.authentication_failed")
    assert TOKEN not in reply.text


def test_net_worth_when_all_answer_then_it_is_what_is_owned_less_what_is_owed(client, truths):
    owned = sum(Decimal(truths[name]["ledger"]) for name in ("Everyday Checking", "Rainy Day Savings"))
    owed = Decimal(truths["Lighthouse Rewards Card"]["ledger"])
    body = client.reply("/net-worth", holding=[]).json()
    worth = body["data"]
    accounts = [line for line in worth["lines"] if line["source"] == "banking:teller"]
    assert sum(Decimal(line["value"]["amount"]) for line in accounts) == owned - owed
    assert sum(Decimal(line["value"]["amount"]) for line in worth["lines"] if line["value"]) == Decimal(
        worth["total"]["amount"]
    )
    assert snaptrade_gaps.failed(body) == snaptrade_gaps.FAILED
    assert (worth["missing"], worth["complete"]) == (snaptrade_gaps.MISSING, False)


def test_net_worth_when_one_account_does_not_answer_then_the_total_says_what_it_lacks(client, sandbox, truths):
    savings = truths["Rainy Day Savings"]["id"]
    sandbox.fault("teller", "status_500", path=f"/accounts/{savings}/balances")
    reply = client.reply("/net-worth")
    assert reply.status_code == 200
    body = reply.json()
    assert body["data"]["complete"] is False
    own = ("banking:teller", "balance", "fin.provider_unavailable")
    assert sorted(snaptrade_gaps.failed(body)) == sorted([own, *snaptrade_gaps.FAILED])
    line = next(line for line in body["data"]["lines"] if line["id"] == savings)
    assert line["value"] is None
    assert line["missing"]
    gap = f"banking:teller {savings}: {line['missing']}"
    assert sorted(body["data"]["missing"]) == sorted([gap, *snaptrade_gaps.MISSING])


def _all(client, ident, **params):
    rows, cursor = [], None
    while True:
        page = client.data(
            f"/banking/accounts/{ident}/transactions", **params, **({"cursor": cursor} if cursor else {})
        )
        rows += page["items"]
        cursor = page["next"]
        if cursor is None:
            return rows


def _advance(sandbox, days):
    from .app import call

    call(f"{sandbox.url}/_sandbox/clock", "POST", {"advance_s": days * 86_400})


@pytest.mark.parametrize("institution", ["harbor_credit_union", "north_ridge_bank"])
def test_connect_when_a_person_signed_in_then_the_token_leads_to_accounts_and_their_transactions(sandbox, institution):
    """The stub of the window gives a token, the token the accounts, each account its transactions."""
    linked = stack.call(f"{sandbox.url}/_sandbox/teller/connect", "POST", {"institution": institution})
    world = {row["id"]: row for row in sandbox.world()["accounts"] if row["institution_id"] == institution}
    bank = easy_banking("teller", access_token=linked["accessToken"], base_url=f"{sandbox.url}/teller")
    accounts = bank.accounts()
    assert {account.id for account in accounts} == set(world)
    assert {account.enrollment_id for account in accounts} == {linked["enrollment"]["id"]}
    for account in accounts:
        if world[account.id]["status"] == "open":
            rows = list(bank.transactions(account.id))
            assert len(rows) == world[account.id]["posted_count"] + world[account.id]["pending_count"] > 0
            assert {row.account_id for row in rows} == {account.id}
