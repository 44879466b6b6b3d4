"""The brokerage accounts over time: what changes on which day, and that nothing is lost or made from nothing."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

LIVE = (
    "schwab-individual",
    "schwab-roth",
    "robinhood-individual",
    "robinhood-closed",
    "questrade-margin",
    "coinbase-wallet",
    "kraken-spot",
    "fidelity-ira",
)


def _units(snap: Any, slug: str) -> dict[str, Decimal]:
    return {symbol: Decimal(row["units"]) for symbol, row in snap.positions(slug).items()}


@pytest.mark.parametrize("seed", [7, 8])
@pytest.mark.parametrize("now", ["2026-11-20T15:00:00Z", "2026-12-10T08:00:00Z", "2028-03-20T09:00:00Z"])
def test_accounts_when_summed_then_positions_and_cash_are_the_sum_of_the_activities(
    snap: Any, now: str, seed: int
) -> None:
    snap.ask("/_sandbox/reset", "POST", json={"seed": seed})
    snap.at(now)
    for slug in LIVE:
        path = f"/accounts/{snap.account(slug)}"
        units: dict[str, Decimal] = defaultdict(Decimal)
        cash: dict[str, Decimal] = defaultdict(Decimal)
        for row in snap.exact(f"{path}/activities")["data"]:
            cash[row["currency"]["code"]] += row["amount"]
            if row["symbol"]:
                units[row["symbol"]["symbol"]] += row["units"]
            if row["option_symbol"]:
                units[row["option_symbol"]["ticker"]] += row["units"]
        assert {symbol: count for symbol, count in units.items() if count} == _units(snap, slug), slug
        cash["USD"] += units["SWVXX"]  # a dollar each, counted in cash
        shown = {row["currency"]["code"]: row["cash"] for row in snap.exact(f"{path}/balances")}
        assert {code: value for code, value in cash.items() if code in shown} == shown, slug
        assert all(value >= 0 for value in shown.values())


@pytest.mark.parametrize(
    ("before", "after", "slug", "symbol", "was", "becomes"),
    [
        ("2026-11-23T14:29:00Z", "2026-11-23T14:30:00Z", "robinhood-individual", "NVDA", None, "40"),
        ("2026-11-24T14:29:00Z", "2026-11-24T14:30:00Z", "schwab-roth", "COST", "12", "48"),
        ("2026-11-25T14:29:00Z", "2026-11-25T14:30:00Z", "schwab-individual", "KO", "150", None),
        ("2026-11-27T14:29:00Z", "2026-11-27T14:30:00Z", "schwab-individual", "VTI", "120", None),
        ("2026-11-27T14:29:00Z", "2026-11-27T14:30:00Z", "robinhood-individual", "VTI", None, "120"),
        ("2026-11-30T14:29:00Z", "2026-11-30T14:30:00Z", "schwab-individual", "BRK/B", "25", "20"),
        ("2026-11-30T14:29:00Z", "2026-11-30T14:30:00Z", "robinhood-individual", "BRK.B", "0.5", "5.5"),
        ("2026-12-01T14:29:00Z", "2026-12-01T14:30:00Z", "coinbase-wallet", "BTC", "0.73150204", "0.74150204"),
        ("2026-12-01T14:29:00Z", "2026-12-01T14:30:00Z", "questrade-margin", "XEQT.TO", "300", "200"),
        ("2026-12-02T14:29:00Z", "2026-12-02T14:30:00Z", "schwab-individual", "TSLA", "-15", "-10"),
        ("2026-12-21T14:29:00Z", "2026-12-21T14:30:00Z", "schwab-individual", "SPY   261218P00550000", "-1", None),
    ],
)
def test_position_when_its_day_comes_then_it_changes_and_nothing_else_does(
    snap: Any, before: str, after: str, slug: str, symbol: str, was: str | None, becomes: str | None
) -> None:
    snap.at(before)
    old = snap.positions(slug)
    snap.at(after)
    new = snap.positions(slug)
    assert (old.get(symbol) and old[symbol]["units"], new.get(symbol) and new[symbol]["units"]) == (was, becomes)
    assert {s: row["units"] for s, row in old.items() if s != symbol} == {
        s: row["units"] for s, row in new.items() if s != symbol
    }


def test_split_when_its_day_comes_then_units_by_four_and_price_and_cost_a_quarter_of_it(snap: Any) -> None:
    snap.at("2026-11-24T14:29:00Z")
    old, total = (
        snap.positions("schwab-roth")["COST"],
        snap(f"/accounts/{snap.account('schwab-roth')}").json()["balance"],
    )
    snap.at("2026-11-24T14:30:00Z")
    new = snap.positions("schwab-roth")["COST"]
    assert Decimal(new["units"]) == Decimal(old["units"]) * 4 == 48
    assert Decimal(new["price"]) * 4 == Decimal(old["price"])
    assert (old["cost_basis"], new["cost_basis"]) == ("732.6", "183.15")
    assert new["instrument"] == old["instrument"]
    assert snap(f"/accounts/{snap.account('schwab-roth')}").json()["balance"] == total
    snap.at("2026-11-25T08:00:00Z")
    newest = snap.exact(f"/accounts/{snap.account('schwab-roth')}/activities")["data"][0]
    assert (newest["type"], newest["units"], newest["amount"]) == ("SPLIT", 36, 0)


def test_transfer_when_its_day_comes_then_units_and_cost_move_and_no_cash_does(snap: Any) -> None:
    snap.at("2026-11-28T08:00:00Z")
    out = snap.exact(f"/accounts/{snap.account('schwab-individual')}/activities", startDate="2026-11-27")["data"]
    into = snap.exact(f"/accounts/{snap.account('robinhood-individual')}/activities", startDate="2026-11-27")["data"]
    assert [(row["type"], row["units"], row["amount"]) for row in (*out, *into)] == [
        ("EXTERNAL_ASSET_TRANSFER_OUT", -120, 0),
        ("EXTERNAL_ASSET_TRANSFER_IN", 120, 0),
    ]
    assert snap.positions("robinhood-individual")["VTI"]["cost_basis"] == "254.2"


def test_activities_when_a_trade_is_made_then_there_the_next_morning(snap: Any) -> None:
    path = f"/accounts/{snap.account('robinhood-individual')}/activities"
    snap.at("2026-11-24T06:29:00Z")
    assert "NVDA" not in snap(path, startDate="2026-11-20").text
    snap.at("2026-11-24T06:30:00Z")
    (row,) = snap(path, startDate="2026-11-20").json()["data"]
    assert (row["type"], row["symbol"]["symbol"], row["trade_date"]) == ("BUY", "NVDA", "2026-11-23 14:30:00+00:00")


def test_timeline_when_told_then_it_is_what_the_positions_do(snap: Any) -> None:
    rows = snap.truth()["timeline"]
    assert [(row["from"][:10], row["kind"], row["key"]) for row in rows] == [
        ("2026-11-23", "opened", "NVDA"),
        ("2026-11-24", "split", "COST"),
        ("2026-11-25", "closed", "KO"),
        ("2026-11-27", "transferred", "VTI"),
        ("2026-11-30", "transferred", "BRK.B"),
        ("2026-12-01", "changed", "BTC"),
        ("2026-12-01", "changed", "XEQT.TO"),
        ("2026-12-02", "changed", "TSLA"),
        ("2026-12-21", "closed", "SPY   261218P00550000"),
    ]
    assert rows[3]["to_account"] == snap.account("robinhood-individual")


def test_truth_when_told_then_it_agrees_with_the_wire(snap: Any) -> None:
    for account in snap.truth()["accounts"]:
        if account["status"] == "unavailable":
            continue
        rows = snap(f"/accounts/{account['id']}/positions/all").json()["results"]
        told = [(row["symbol"], row["units"], row["price"], row["cost_per_share"]) for row in account["positions"]]
        assert told == [(r["instrument"]["symbol"], r["units"], r["price"], r["cost_basis"]) for r in rows]


def test_world_when_seeded_alike_then_the_same_bytes_and_otherwise_other_ids_and_the_same_units(snap: Any) -> None:
    first, ident = snap("/accounts").content, snap.account("schwab-roth")
    snap.at("2027-01-01T00:00:00Z")
    snap("/accounts")
    snap.ask("/_sandbox/reset", "POST", json={"seed": 8})
    assert snap.account("schwab-roth") != ident
    assert _units(snap, "schwab-roth") == {"COST": 12, "BND": 200, "SWVXX": 1500}
    snap.ask("/_sandbox/reset", "POST", json={"seed": 7})
    assert snap("/accounts").content == first


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "Give one or more of"),
        ({"disable": "ETRADE"}, "names a connection: one of SCHWAB"),
        ({"enable": None}, "names a connection"),
        ({"holdings_gone": 1}, "must be true or false"),
        ({"rate_limit": 0}, "whole number"),
        ({"rate_limit": True}, "whole number"),
        ({"disabled": "SCHWAB"}, "Unknown field 'disabled'"),
    ],
)
def test_control_when_it_cannot_be_done_then_422_and_nothing_changes(
    snap: Any, change: dict[str, Any], text: str
) -> None:
    before = snap.truth()
    reply = snap.ask("/_sandbox/snaptrade", "POST", json={**({"holdings_gone": True} if change else {}), **change})
    assert reply.status_code == 422
    assert text in reply.json()["error"]
    assert snap.truth() == before


def test_control_when_a_connection_is_disabled_then_frozen_at_the_clock(snap: Any) -> None:
    snap.control(disable="SCHWAB")
    snap.at("2026-11-25T15:00:00Z")
    assert "KO" in snap.positions("schwab-individual")
    snap.control(enable="SCHWAB")
    assert "KO" not in snap.positions("schwab-individual")
