"""Plaid's transactions: cursors, mutation, pendings, signs; truths come from the same bank through another vendor."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.vendors.plaid.conftest import BROKER, HOUSEHOLD, PlaidAsker

MUTATION = (400, "TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION")


def truth(plaid: PlaidAsker, subtype: str) -> list[tuple[str, Decimal, bool]]:
    """Day, amount as Plaid signs it, and posted of what the other vendor of this bank shows."""
    account = plaid.ask.account(subtype)
    rows = plaid.ask.teller(f"/accounts/{account}/transactions").json()
    sign = 1 if subtype == "credit_card" else -1
    return sorted((row["date"], sign * Decimal(row["amount"]), row["status"] == "posted") for row in rows)


def shown(rows: list[dict[str, Any]], account_id: str) -> list[tuple[str, Decimal, bool]]:
    return sorted((r["date"], r["amount"], not r["pending"]) for r in rows if r["account_id"] == account_id)


def ids(plaid: PlaidAsker, token: str = HOUSEHOLD) -> dict[str, str]:
    return {row["subtype"]: row["account_id"] for row in plaid("/accounts/get", access_token=token)["accounts"]}


@pytest.mark.parametrize(("subtype", "theirs"), [("checking", "checking"), ("credit card", "credit_card")])
def test_sync_when_walked_then_the_banks_rows_with_money_out_positive(
    plaid: PlaidAsker, subtype: str, theirs: str
) -> None:
    run = plaid.run(HOUSEHOLD, count=500)
    since = "2024-11-20"  # the Item asked for 730 days on 2026-11-20
    expected = [row for row in truth(plaid, theirs) if row[0] >= since]
    assert shown(run.rows("added"), ids(plaid)[subtype]) == expected
    assert len(expected) > 700
    assert not run.rows("modified")
    assert not run.rows("removed")
    assert [page["has_more"] for page in run.pages[-2:]] == [True, False]


@pytest.mark.parametrize("count", [1, 7])
def test_sync_when_followed_over_days_then_ends_as_a_fresh_walk_does(plaid: PlaidAsker, count: int) -> None:
    token = plaid.link(options={"transactions": {"days_requested": 30}})
    run = plaid.run(token, count=count)
    book = run.apply({})
    assert any(row["pending"] for row in book.values())
    pending = {ident for ident, row in book.items() if row["pending"]}
    changed = 0
    for _ in range(6):
        plaid.ask.advance(days=1)
        run = plaid.run(token, run.cursor, count=count)
        run.apply(book)
        changed += len(run.rows("modified"))
    fresh = plaid.run(token, count=500).apply({})
    assert {k: (r["amount"], r["pending"]) for k, r in book.items()} == {
        k: (r["amount"], r["pending"]) for k, r in fresh.items()
    }
    assert not pending & set(book)
    assert {row["pending_transaction_id"] for row in book.values()} & pending  # some are matched, as the vendor says
    assert changed  # a merchant was recognized later


def test_sync_when_a_pending_row_posts_then_its_removal_and_the_posting_may_lie_on_different_pages(
    plaid: PlaidAsker,
) -> None:
    token = plaid.link(options={"transactions": {"days_requested": 30}})
    cursor = plaid.run(token).cursor
    plaid.ask.advance(days=2)
    run = plaid.run(token, cursor, count=1)
    gone = {page["removed"][0]["transaction_id"]: n for n, page in enumerate(run.pages) if page["removed"]}
    links = {row["pending_transaction_id"]: n for n, page in enumerate(run.pages) for row in page["added"]}
    both = [(gone[ident], links[ident]) for ident in gone if ident in links]
    assert both
    assert all(removal != posting for removal, posting in both)
    # each of them is a new id, and the removed one is a pending one
    assert not set(gone) & {row["transaction_id"] for row in run.rows("added")}


def test_sync_when_the_data_changes_between_pages_then_mutation_and_a_restart_has_it_all(plaid: PlaidAsker) -> None:
    token = plaid.link(options={"transactions": {"days_requested": 30}})
    start = plaid.run(token).cursor
    plaid.ask.advance(days=3)
    first = plaid("/transactions/sync", access_token=token, cursor=start, count=2)
    assert first["has_more"] is True
    plaid.control(mutate=token)
    assert plaid.refused("/transactions/sync", access_token=token, cursor=first["next_cursor"]) == MUTATION
    assert plaid.refused("/transactions/sync", access_token=token, cursor=first["next_cursor"]) == MUTATION
    again = plaid.run(token, start, count=2)
    names = [row["name"] for row in again.rows("added") + again.rows("modified")]
    assert sum(name.endswith(" *") for name in names) == 1
    assert plaid.run(token, again.cursor).rows("added") == []


def test_sync_when_the_cursor_is_of_another_item_or_no_cursor_then_refused(plaid: PlaidAsker) -> None:
    theirs = plaid.run(plaid.link(), count=500).cursor
    for cursor in (theirs, "not a cursor", "W10="):
        reply = plaid.raw("/transactions/sync", access_token=HOUSEHOLD, cursor=cursor)
        assert reply.json()["error_code"] == "INVALID_FIELD"
        assert reply.json()["error_message"] == "cursor not associated with access_token"
    assert len(theirs) <= 256


def test_sync_when_one_account_is_asked_for_then_it_is_a_stream_with_cursors_of_its_own(plaid: PlaidAsker) -> None:
    savings = ids(plaid)["savings"]
    run = plaid.run(HOUSEHOLD, options={"account_id": savings})
    assert {row["account_id"] for row in run.rows("added")} == {savings}
    whole = plaid.raw("/transactions/sync", access_token=HOUSEHOLD, cursor=run.cursor)
    assert whole.json()["error_message"] == "cursor not associated with access_token"
    plaid.control(mutate=HOUSEHOLD)  # the newest row is not of savings
    assert plaid.run(HOUSEHOLD, run.cursor, options={"account_id": savings}).rows("modified") == []


def test_sync_when_the_cursor_is_now_then_nothing_old(plaid: PlaidAsker) -> None:
    page = plaid("/transactions/sync", access_token=HOUSEHOLD, cursor="now")
    assert (page["added"], page["has_more"]) == ([], False)
    plaid.ask.advance(days=1)
    assert plaid.run(HOUSEHOLD, page["next_cursor"]).rows("added")


def test_sync_when_data_is_not_ready_then_empty_with_an_empty_cursor_and_later_thirty_days_and_all(
    plaid: PlaidAsker,
) -> None:
    token = plaid.link(products=("auth",))
    first = plaid("/transactions/sync", access_token=token)
    assert (first["added"], first["next_cursor"], first["has_more"]) == ([], "", False)
    assert first["transactions_update_status"] == "NOT_READY"
    month = plaid.run(token, count=500)
    assert month.pages[-1]["transactions_update_status"] == "INITIAL_UPDATE_COMPLETE"
    assert min(row["date"] for row in month.rows("added")) >= "2026-10-21"
    rest = plaid.run(token, month.cursor, count=500)
    assert rest.pages[-1]["transactions_update_status"] == "HISTORICAL_UPDATE_COMPLETE"
    book = rest.apply(month.apply({}))
    assert min(row["date"] for row in book.values()) < "2026-09-01"
    assert set(book) == set(plaid.run(token, count=500).apply({}))


def test_sync_when_the_page_limit_is_on_then_no_page_is_longer(plaid: PlaidAsker) -> None:
    plaid.control(page_limit=3)
    assert len(plaid("/transactions/sync", access_token=HOUSEHOLD, count=500)["added"]) == 3


def test_get_when_paged_by_offset_then_newest_first_each_once_and_the_total_is_true(plaid: PlaidAsker) -> None:
    window = {"start_date": "2026-10-01", "end_date": "2026-10-31"}
    token = plaid.link()
    rows: list[dict[str, Any]] = []
    while True:
        options = {"count": 40, "offset": len(rows)}
        page = plaid("/transactions/get", access_token=token, **window, options=options)
        rows += page["transactions"]
        if len(rows) >= page["total_transactions"]:
            break
    whole = [r for r in plaid.run(token, count=500).rows("added") if r["date"].startswith("2026-10")]
    assert sorted(r["transaction_id"] for r in rows) == sorted(r["transaction_id"] for r in whole)
    assert [r["date"] for r in rows] == sorted((r["date"] for r in rows), reverse=True)


def test_get_when_asked_too_early_then_product_not_ready_once(plaid: PlaidAsker) -> None:
    token, window = plaid.link(products=("auth",)), {"start_date": "2026-10-01", "end_date": "2026-11-20"}
    assert plaid.refused("/transactions/get", access_token=token, **window)[2] == "PRODUCT_NOT_READY"
    assert plaid("/transactions/get", access_token=token, **window)["transactions"]


def test_transactions_when_the_item_has_only_investments_then_not_supported(plaid: PlaidAsker) -> None:
    assert plaid.refused("/transactions/sync", access_token=BROKER) == (400, "ITEM_ERROR", "PRODUCTS_NOT_SUPPORTED")


def test_refresh_when_asked_then_brings_what_the_regular_look_has_not_seen(plaid: PlaidAsker) -> None:
    token = plaid.link()
    cursor = plaid.run(token, count=500).cursor
    plaid.ask.advance(hours=5)
    assert plaid.run(token, cursor).rows("added") == []
    assert plaid("/transactions/refresh", access_token=token) == {}
    assert plaid.run(token, cursor).rows("added")


def test_create_when_a_dynamic_user_then_the_row_is_there_and_for_others_refused(plaid: PlaidAsker) -> None:
    token = plaid.link(options={"override_username": "user_transactions_dynamic"})
    cursor = plaid.run(token).cursor
    row = {"date_transacted": "2026-11-18", "date_posted": "2026-11-19", "amount": 12.34, "description": "A made row"}
    assert plaid("/sandbox/transactions/create", access_token=token, transactions=[row]) == {}
    (made,) = plaid.run(token, cursor).rows("added")
    assert (made["amount"], made["name"], made["date"]) == (Decimal("12.34"), "A made row", "2026-11-19")
    assert made["authorized_date"] == "2026-11-18"
    refused = plaid.refused("/sandbox/transactions/create", access_token=HOUSEHOLD, transactions=[row])
    assert refused[1] == "SANDBOX_ERROR"
    many = plaid.refused("/sandbox/transactions/create", access_token=token, transactions=[row] * 11)
    assert many[2] == "INVALID_FIELD"


@pytest.mark.parametrize(("version", "wages"), [("v1", "INCOME_WAGES"), ("v2", "INCOME_SALARY")])
def test_category_when_a_version_is_asked_for_then_each_row_says_it(
    plaid: PlaidAsker, version: str, wages: str
) -> None:
    run = plaid.run(plaid.link(), count=500, options={"personal_finance_category_version": version})
    found = {row["personal_finance_category"]["detailed"] for row in run.rows("added")}
    assert wages in found
    assert {row["personal_finance_category"]["version"] for row in run.rows("added")} == {version}


def test_categories_when_compared_with_the_taxonomy_then_all_are_in_it(plaid: PlaidAsker, samples: Any) -> None:
    known = json.loads((samples / "plaid" / "pfc_taxonomy_v2_v1.json").read_text())
    pairs = {(row["primary"], row["detailed"]) for row in known}
    v1 = {code for row in known for code in (row["v1_detailed"] or "").split("|")}
    for version in ("v1", "v2"):
        run = plaid.run(plaid.link("ins_109508"), count=500, options={"personal_finance_category_version": version})
        for row in run.rows("added"):
            category = row["personal_finance_category"]
            found = (category["primary"], category["detailed"])
            assert found in pairs if version == "v2" else found[1] in v1


def test_recurring_when_asked_then_the_households_streams_with_their_next_dates(plaid: PlaidAsker) -> None:
    found = plaid("/transactions/recurring/get", access_token=HOUSEHOLD)
    ins = {s["description"]: s for s in found["inflow_streams"]}
    outs = {s["description"]: s for s in found["outflow_streams"]}
    pay = ins["PAYROLL NORTHWIND ROBOTICS"]
    assert (pay["frequency"], pay["last_amount"]["amount"]) == ("BIWEEKLY", Decimal("-3625.14"))
    # paid every 14 days from the eleventh day after 2023-11-20
    assert (date.fromisoformat(pay["last_date"]) - date(2023, 12, 1)).days % 14 == 0
    assert outs["RENT LANTERN ROW HOMES"]["frequency"] == "MONTHLY"
    assert outs["RENT LANTERN ROW HOMES"]["predicted_next_date"] == "2026-12-01"
    assert outs["EDULOAN SERVICING"]["average_amount"]["amount"] == 310
    known = {row["transaction_id"] for row in plaid.run(HOUSEHOLD, count=500).rows("added")}
    assert all(set(stream["transaction_ids"]) <= known for stream in [*ins.values(), *outs.values()])
