"""Investments, liabilities and institutions at Plaid; positions are held against the other vendor of these brokers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.vendors.plaid.conftest import BROKER, EVERYTHING, HOUSEHOLD, PlaidAsker


def truth(plaid: PlaidAsker, slug: str) -> dict[str, Any]:
    rows = plaid.ask("/_sandbox/snaptrade").json()["accounts"]
    found: dict[str, Any] = next(row for row in rows if row["slug"] == slug)
    return found


def held(plaid: PlaidAsker, token: str, name: str) -> dict[str, dict[str, Any]]:
    """Holdings of an account by ticker."""
    body = plaid("/investments/holdings/get", access_token=token)
    account = next(row["account_id"] for row in body["accounts"] if row["name"] == name)
    securities = {row["security_id"]: row for row in body["securities"]}
    rows = [row for row in body["holdings"] if row["account_id"] == account]
    return {
        securities[row["security_id"]]["ticker_symbol"]: {**row, "of": securities[row["security_id"]]} for row in rows
    }


def test_holdings_when_read_then_the_brokers_positions_with_options_times_a_hundred(plaid: PlaidAsker) -> None:
    mine, theirs = held(plaid, BROKER, "Schwab Individual"), truth(plaid, "schwab-individual")
    assert set(mine) == {row["key"] for row in theirs["positions"]} | {"CUR:USD"}
    for row in theirs["positions"]:
        holding, units = mine[row["key"]], Decimal(row["units"]) * row["multiplier"]
        assert holding["quantity"] == units
        assert holding["institution_price"] == Decimal(row["price"])
        assert holding["institution_value"] == units * Decimal(row["price"])
        assert holding["cost_basis"] == units * Decimal(row["cost_per_share"])
    call = mine["AAPL  270115C00300000"]["of"]
    assert (call["type"], call["option_contract"]) == (
        "derivative",
        {
            "contract_type": "call",
            "expiration_date": "2027-01-15",
            "strike_price": 300,
            "underlying_security_ticker": "AAPL",
        },
    )
    assert mine["CUR:USD"]["of"]["is_cash_equivalent"] is True
    total = sum(row["institution_value"] for row in mine.values())
    assert total == Decimal(theirs["total"])


def test_holdings_when_the_cost_or_the_price_is_unknown_then_null_or_zero(plaid: PlaidAsker) -> None:
    mine = held(plaid, EVERYTHING, "Robinhood Individual")
    assert mine["DOGE"]["cost_basis"] is None
    assert (mine["SIVBQ"]["institution_price"], mine["SIVBQ"]["of"]["close_price"]) == (0, None)


def test_movements_when_paged_then_a_purchase_is_positive_and_the_sum_is_the_cash(plaid: PlaidAsker) -> None:
    rows: list[dict[str, Any]] = []
    asked = {"access_token": BROKER, "start_date": "2024-01-01", "end_date": "2026-11-20"}
    while True:
        page = plaid("/investments/transactions/get", **asked, options={"count": 25, "offset": len(rows)})
        rows += page["investment_transactions"]
        if len(rows) >= page["total_investment_transactions"]:
            break
    assert len({row["investment_transaction_id"] for row in rows}) == len(rows)
    bought = [row for row in rows if row["type"] == "buy" and row["subtype"] == "buy"]
    assert bought
    assert all(row["amount"] > 0 and row["quantity"] > 0 for row in bought)
    # 60 shares of AAPL at 171.30 on 2024-03-12, without a fee
    (aapl,) = [row for row in bought if row["date"] == "2024-03-12" and row["price"] == Decimal("171.3")]
    assert (aapl["amount"], aapl["quantity"], aapl["fees"]) == (10278, 60, 0)
    paid_in = [row for row in rows if row["subtype"] == "contribution" and row["date"] == "2024-03-11"]
    assert {row["amount"] for row in paid_in if row["amount"] == -90000}
    cash = held(plaid, BROKER, "Schwab Individual")["CUR:USD"]["quantity"]
    account = next(row["account_id"] for row in rows if row is aapl)
    assert -sum(row["amount"] for row in rows if row["account_id"] == account) == cash


def test_liabilities_when_read_then_the_cards_statement_is_what_autopay_pays(plaid: PlaidAsker) -> None:
    card = plaid("/liabilities/get", access_token=HOUSEHOLD)["liabilities"]
    assert (card["mortgage"], card["student"]) == (None, None)
    (before,) = card["credit"]
    assert (before["last_statement_issue_date"], before["next_payment_due_date"]) == ("2026-11-01", "2026-11-25")
    assert before["last_payment_date"] == "2026-10-25"
    plaid.ask("/_sandbox/clock", "POST", json={"set": "2026-11-26T12:00:00Z"})
    (after,) = plaid("/liabilities/get", access_token=HOUSEHOLD)["liabilities"]["credit"]
    assert after["last_payment_date"] == "2026-11-25"
    assert after["last_payment_amount"] == before["last_statement_balance"]
    assert after["next_payment_due_date"] == "2026-12-25"


def test_loans_when_read_then_annuities_as_calculated_by_hand(plaid: PlaidAsker) -> None:
    body = plaid("/liabilities/get", access_token=EVERYTHING)
    (student,), (mortgage,) = body["liabilities"]["student"], body["liabilities"]["mortgage"]
    current = {row["account_id"]: row["balances"]["current"] for row in body["accounts"]}
    # the closed formula of an annuity; whole-cent interest moves it by less than half a cent a payment
    for loan, rate, payment, paid in (
        (student, "5.50", "310.00", 62),  # the 20th from October 2021 to November 2026
        (mortgage, "4.125", "717.28", 66),  # the first from June 2021 to November 2026
    ):
        growth = 1 + Decimal(rate) / 1200
        left = loan["origination_principal_amount"] * growth**paid - Decimal(payment) * (growth**paid - 1) / (
            growth - 1
        )
        assert abs(current[loan["account_id"]] - left) < Decimal("0.5")
    assert (student["last_payment_date"], student["next_payment_due_date"]) == ("2026-11-20", "2026-12-20")
    assert mortgage["ytd_interest_paid"] + mortgage["ytd_principal_paid"] == 11 * Decimal("717.28")


def test_institutions_when_listed_then_paged_searched_and_filtered(plaid: PlaidAsker) -> None:
    us = {"country_codes": ["US"]}
    first = plaid("/institutions/get", count=4, offset=0, **us)
    rest = plaid("/institutions/get", count=500, offset=4, **us)
    assert first["total"] == rest["total"] == len(first["institutions"]) + len(rest["institutions"]) == 11
    invest = plaid("/institutions/get", count=50, offset=0, **us, options={"products": ["investments"]})
    assert "Harbor Credit Union" not in [row["name"] for row in invest["institutions"]]
    assert [row["name"] for row in plaid("/institutions/search", query="BANK", **us)["institutions"]] == [
        "North Ridge Bank",
        "First Lantern Business Bank",
        "First Platypus Bank",
    ]
    assert plaid("/institutions/get", count=50, offset=0, country_codes=["GB"])["total"] == 0
    assert plaid.refused("/institutions/get_by_id", institution_id="ins_1", **us)[2] == "INVALID_INSTITUTION"


@pytest.mark.parametrize("path", ["/investments/holdings/get", "/investments/transactions/get"])
def test_investments_when_only_other_accounts_are_asked_for_then_refused(plaid: PlaidAsker, path: str) -> None:
    checking = plaid("/accounts/get", access_token=EVERYTHING)["accounts"][0]["account_id"]
    dates = {"start_date": "2026-01-01", "end_date": "2026-11-20"} if "transactions" in path else {}
    asked = {"access_token": EVERYTHING, "options": {"account_ids": [checking]}, **dates}
    assert plaid.refused(path, **asked)[2] == "NO_INVESTMENT_ACCOUNTS"
