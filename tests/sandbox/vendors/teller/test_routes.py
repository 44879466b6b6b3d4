"""Teller's wire: paging, signs, ledgers, pending entries, errors; sums are done here from the wire texts."""

from __future__ import annotations

import base64
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.effort import SHARED, effort

PARTNER, BUSINESS = "test_token_sandbox_partner", "test_token_sandbox_business"
TOKENS = ("test_token_sandbox", PARTNER, BUSINESS)


def _error(reply: Any) -> tuple[int, str]:
    body = reply.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    return reply.status_code, body["error"]["code"]


def test_accounts_when_listed_then_a_bare_array_in_the_documented_shape(ask: Any) -> None:
    rows = ask.teller("/accounts").json()
    assert [(r["type"], r["subtype"], r["status"]) for r in rows] == [
        ("depository", "checking", "open"),
        ("depository", "savings", "open"),
        ("credit", "credit_card", "open"),
        ("depository", "checking", "closed"),
    ]
    for row in rows:
        assert re.fullmatch(r"acc_[0-9a-z]{21}", row["id"])
        assert re.fullmatch(r"enr_[0-9a-z]{21}", row["enrollment_id"])
        assert re.fullmatch(r"\d{4}", row["last_four"])
        assert set(row) == {
            "currency", "enrollment_id", "id", "institution", "last_four", "links", "name", "status", "subtype", "type",
        }  # fmt: skip
    assert "details" in rows[0]["links"]
    assert "details" not in rows[2]["links"]


def test_details_when_verified_then_a_routing_number_with_a_right_check_digit(ask: Any) -> None:
    body = ask.teller(f"/accounts/{ask.account('checking')}/details").json()
    digits = [int(d) for d in body["routing_numbers"]["ach"]]
    assert sum(d * w for d, w in zip(digits, (3, 7, 1) * 3, strict=True)) % 10 == 0
    assert body["account_number"].isdigit()


@pytest.mark.parametrize("subtype", ["checking", "credit_card"])
@pytest.mark.parametrize("count", [1, 7, 100, 1000])
def test_transactions_when_walked_by_from_id_then_each_exactly_once_in_order(
    ask: Any, subtype: str, count: int
) -> None:
    account = ask.account(subtype)
    whole = [row["id"] for row in ask.teller(f"/accounts/{account}/transactions").json()]
    assert len(whole) == len(set(whole)) > 1000
    target = whole[: 12 * count]
    walked: list[str] = []
    while len(walked) < len(target):
        query: dict[str, Any] = {"count": count, **({"from_id": walked[-1]} if walked else {})}
        page = ask.teller(f"/accounts/{account}/transactions", params=query).json()
        walked += [row["id"] for row in page]
        if len(page) < count:
            break
    assert walked[: len(target)] == target
    last = ask.teller(f"/accounts/{account}/transactions", params={"count": 5, "from_id": whole[-1]})
    assert last.json() == []


def test_transactions_when_windowed_then_both_dates_are_included(ask: Any) -> None:
    path = f"/accounts/{ask.account('checking')}/transactions"
    whole = ask.teller(path).json()
    window = ask.teller(path, params={"start_date": "2026-10-01", "end_date": "2026-10-31"}).json()
    assert window == [row for row in whole if row["date"].startswith("2026-10")]
    assert {"2026-10-01", "2026-10-31"} & {row["date"] for row in window}
    dates = [date.fromisoformat(row["date"]) for row in whole]
    assert dates == sorted(dates, reverse=True)


def test_transactions_when_read_then_signs_follow_the_account_type(ask: Any) -> None:
    checking = ask.teller(f"/accounts/{ask.account('checking')}/transactions").json()
    card = ask.teller(f"/accounts/{ask.account('credit_card')}/transactions").json()
    assert all(Decimal(r["amount"]) < 0 for r in checking if r["type"] in ("card_payment", "atm", "ach", "transfer"))
    assert all(Decimal(r["amount"]) > 0 for r in checking if r["type"] == "deposit")
    assert all(Decimal(r["amount"]) > 0 for r in card if r["type"] == "card_payment")
    assert all(Decimal(r["amount"]) < 0 for r in card if r["type"] in ("payment", "refund"))
    assert {r["type"] for r in card} == {"card_payment", "payment", "refund"}
    assert all(re.fullmatch(r"-?\d+\.\d\d", r["amount"]) for r in checking + card)


def test_card_payments_when_read_then_checking_pays_what_the_card_receives(ask: Any) -> None:
    checking = ask.teller(f"/accounts/{ask.account('checking')}/transactions").json()
    card = ask.teller(f"/accounts/{ask.account('credit_card')}/transactions").json()
    paid = [(r["date"], r["amount"]) for r in checking if "AUTOPAY" in r["description"]]
    received = [(r["date"], r["amount"]) for r in card if r["type"] == "payment"]
    assert paid == received
    assert len(paid) == 36  # November 2023 to October 2026
    savings = ask.teller(f"/accounts/{ask.account('savings')}/transactions").json()
    out = [
        r["date"] for r in checking if r["description"] == "TRANSFER TO RAINY DAY SAVINGS" and r["amount"] == "-900.00"
    ]
    assert out == [r["date"] for r in savings if r["type"] == "transfer" and r["amount"] == "900.00"]
    assert len(out) == 36


def _check_ledgers(ask: Any) -> None:
    truths = {row["id"]: row for row in ask("/_sandbox/world").json()["accounts"]}
    for token in TOKENS:
        for account in ask.teller("/accounts", token).json():
            if account["status"] == "closed":
                continue
            rows = ask.teller(f"/accounts/{account['id']}/transactions", token).json()
            balances = ask.teller(f"/accounts/{account['id']}/balances", token).json()
            opening = Decimal(truths[account["id"]]["opening_balance"])
            posted = [row for row in rows if row["status"] == "posted"]
            pending = sum(Decimal(row["amount"]) for row in rows if row["status"] == "pending")
            ledger = opening + sum(Decimal(row["amount"]) for row in posted)
            assert Decimal(balances["ledger"]) == ledger >= 0
            running = opening
            for row in reversed(posted):
                running += Decimal(row["amount"])
                assert row["running_balance"] in (None, f"{running:.2f}")
            assert all(row["running_balance"] is None for row in rows if row["status"] == "pending")
            if account["type"] == "credit":
                assert all(row["running_balance"] is None for row in rows)
                assert Decimal(balances["available"]) == Decimal("15000.00") - ledger - pending
            else:
                assert all(row["running_balance"] is not None for row in posted)
                assert balances["available"] in (None, f"{ledger + pending:.2f}")
            assert len({row["id"] for row in rows}) == len(rows)


@settings(
    max_examples=effort(6),
    deadline=None,
    suppress_health_check=SHARED,  # the world only moves forward between examples
    phases=(Phase.explicit, Phase.generate),  # shrinking replays thousands of requests
)
@given(steps=st.lists(st.integers(min_value=0, max_value=9 * 86400), min_size=1, max_size=2))
def test_ledgers_when_the_clock_advances_at_random_then_balances_are_opening_plus_posted(
    ask: Any, steps: list[int]
) -> None:
    for step in steps:
        ask("/_sandbox/clock", "POST", json={"advance_s": step})
        _check_ledgers(ask)


def test_posted_transactions_when_the_clock_advances_then_never_changed_or_removed(ask: Any) -> None:
    path = f"/accounts/{ask.account('credit_card')}/transactions"
    before = {row["id"]: row for row in ask.teller(path).json() if row["status"] == "posted"}
    ask.advance(days=30)
    after = {row["id"]: row for row in ask.teller(path).json()}
    assert before.items() <= after.items()


def test_pending_transactions_when_days_pass_then_posted_with_the_same_or_a_new_id_or_gone(ask: Any) -> None:
    path = f"/accounts/{ask.account('credit_card')}/transactions"
    same, gone, changed = 0, 0, 0
    for _ in range(90):
        newest = ask.teller(path, params={"count": 40}).json()
        pending = {row["id"]: row for row in newest if row["status"] == "pending"}
        ask.advance(days=1)
        now = {row["id"]: row for row in ask.teller(path, params={"count": 60}).json()}
        for ident, old in pending.items():
            new = now.get(ident)
            gone += new is None
            if new is not None and new["status"] == "posted":
                same += 1
                changed += new["amount"] != old["amount"]
                assert new["date"] > old["date"]
    assert same > 25
    assert gone > 12
    assert changed > 3


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (401, "unauthorized")),
        ({"authorization": "Bearer test_token_sandbox"}, (401, "unauthorized")),
        ({"authorization": "Basic !!!"}, (401, "unauthorized")),
        ({"authorization": "Basic " + base64.b64encode(b":").decode()}, (401, "unauthorized")),
        ({"authorization": "Basic " + base64.b64encode(b"test_token_unknown:").decode()}, (403, "forbidden")),
        ({"authorization": "Basic " + base64.b64encode(b"token_live:").decode()}, (400, "bad_request")),
    ],
)
def test_accounts_when_credentials_are_wrong_then_the_documented_status(
    ask: Any, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert _error(ask("/teller/accounts", headers=headers)) == expected


def test_accounts_when_a_password_is_sent_then_it_is_ignored(ask: Any) -> None:
    text = base64.b64encode(b"test_token_sandbox:whatever").decode()
    assert ask("/teller/accounts", headers={"authorization": f"Basic {text}"}).status_code == 200


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("test_token_disconnected", (404, "enrollment.disconnected")),
        ("test_token_account_locked", (404, "enrollment.disconnected.account_locked")),
        ("test_token_credentials_invalid", (404, "enrollment.disconnected.credentials_invalid")),
        ("test_token_mfa_required", (404, "enrollment.disconnected.user_action.mfa_required")),
        ("test_token_web_login_required", (404, "enrollment.disconnected.user_action.web_login_required")),
        ("test_token_bank_unavailable", (502, "bad_gateway")),
    ],
)
def test_accounts_when_the_token_stands_for_a_trouble_then_that_trouble(
    ask: Any, token: str, expected: tuple[int, str]
) -> None:
    assert _error(ask.teller("/accounts", token)) == expected


@pytest.mark.parametrize("part", ["", "/balances", "/details", "/transactions"])
def test_closed_account_when_asked_then_410_everywhere(ask: Any, part: str) -> None:
    closed = next(row["id"] for row in ask.teller("/accounts").json() if row["status"] == "closed")
    assert _error(ask.teller(f"/accounts/{closed}{part}")) == (410, "account.closed")


def test_details_when_pending_then_404_until_verified_two_days_later(ask: Any) -> None:
    path = f"/accounts/{ask.account('money_market', PARTNER)}/details"
    assert _error(ask.teller(path, PARTNER)) == (404, "account_number_verification_pending")
    ask.advance(days=2)
    assert ask.teller(path, PARTNER).status_code == 200


def test_details_when_never_verified_then_expired_after_seven_days(ask: Any) -> None:
    path = f"/accounts/{ask.account('checking', BUSINESS)}/details"
    assert _error(ask.teller(path, BUSINESS)) == (404, "account_number_verification_pending")
    ask.advance(days=7)
    assert _error(ask.teller(path, BUSINESS)) == (404, "account_number_verification_expired")


def test_balances_when_the_bank_gives_no_available_then_null_beside_a_ledger(ask: Any) -> None:
    body = ask.teller(f"/accounts/{ask.account('money_market', PARTNER)}/balances", PARTNER).json()
    assert body["available"] is None
    assert Decimal(body["ledger"]) > 0


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/nope", (404, "not_found")),
        ("/accounts/acc_nope", (404, "not_found")),
        ("/accounts/{checking}/transactions/txn_nope", (404, "not_found")),
        ("/accounts/{checking}/transactions?from_id=txn_nope", (404, "not_found")),
        ("/accounts/{checking}/transactions?count=0", (400, "bad_request")),
        ("/accounts/{checking}/transactions?count=ten", (400, "bad_request")),
        ("/accounts/{checking}/transactions?start_date=yesterday", (400, "bad_request")),
        ("/accounts/{card}/details", (404, "not_found")),
    ],
)
def test_path_when_unknown_or_badly_asked_then_tellers_error_body(
    ask: Any, path: str, expected: tuple[int, str]
) -> None:
    path = path.format(checking=ask.account("checking"), card=ask.account("credit_card"))
    assert _error(ask.teller(path)) == expected


def test_version_header_when_unknown_then_400(ask: Any) -> None:
    assert _error(ask("/teller/institutions", headers={"teller-version": "1999-01-01"})) == (400, "bad_request")
    assert ask("/teller/institutions", headers={"teller-version": "2020-10-12"}).status_code == 200


def test_one_transaction_when_asked_by_id_then_the_row_of_the_list(ask: Any) -> None:
    path = f"/accounts/{ask.account('savings')}/transactions"
    row = ask.teller(path, params={"count": 1}).json()[0]
    assert ask.teller(f"{path}/{row['id']}").json() == row


def test_identity_when_asked_then_open_accounts_with_owners(ask: Any) -> None:
    rows = ask.teller("/identity").json()
    assert [len(row["owners"]) for row in rows] == [2, 1, 1]
    owner = rows[0]["owners"][0]
    assert set(owner) == {"addresses", "emails", "names", "phone_numbers", "type"}
    assert owner["emails"][0]["data"].endswith("@example.com")


def test_delete_account_when_done_then_gone_until_reset(ask: Any) -> None:
    account = ask.account("savings")
    assert ask.teller(f"/accounts/{account}", method="DELETE").status_code == 204
    assert _error(ask.teller(f"/accounts/{account}/balances")) == (404, "not_found")
    assert account not in [row["id"] for row in ask.teller("/accounts").json()]
    ask("/_sandbox/reset", "POST")
    assert ask.teller(f"/accounts/{account}/balances").status_code == 200


def test_delete_enrollment_when_done_then_the_token_is_refused_and_others_are_not(ask: Any) -> None:
    reply = ask.teller("/accounts", method="DELETE")
    assert (reply.status_code, reply.content) == (204, b"")
    assert _error(ask.teller("/accounts")) == (403, "forbidden")
    assert ask.teller("/accounts", PARTNER).status_code == 200
