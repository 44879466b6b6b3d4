"""Finastra's accounts and balances for channels: shapes, contexts, the offset quirk; sums are done from the text."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from stdnum import iban

from tests.support.effort import SHARED, effort

ROOT = "/finastra/corporate/channels/accounts/me/v1"
BY_TYPE = f"{ROOT}/accounts/balances-by-account-type"
TENANTS = ("sandbox", "finastra-dev", "bank-north", "bank-south")
DECIMALS = {"EUR": 2, "USD": 2, "JPY": 0}


@pytest.fixture
def bearer(ask: Any) -> dict[str, str]:
    return ask.finastra_bearer(side="b2c")


def _accounts(ask: Any, bearer: dict[str, str], context: str = "ViewAccount") -> list[dict[str, Any]]:
    reply = ask(f"{ROOT}/accounts", params={"accountContext": context}, headers=bearer)
    assert reply.status_code == 200, reply.text
    return reply.json()["items"]


def _amount(text: str, currency: str) -> Decimal:
    tail = rf"\.\d{{{DECIMALS[currency]}}}" if DECIMALS[currency] else ""
    assert re.fullmatch(rf"-?\d{{1,3}}(,\d{{3}})*{tail}", text), (currency, text)
    return Decimal(text.replace(",", ""))


def _statement(ask: Any, bearer: dict[str, str], account_id: str, limit: int = 200) -> list[dict[str, Any]]:
    """Read a statement as the official client does: `pageCount` pages, the offset moves by the limit."""
    rows: list[dict[str, Any]] = []
    page, pages = 0, 1
    while page < pages:
        params = {"limit": limit, "offset": page * limit}
        body = ask(f"{ROOT}/accounts/{account_id}/statement", params=params, headers=bearer).json()
        pages = body["_meta"]["pageCount"]
        page += 1
        assert body["_meta"]["page"] == page
        rows += body["items"]
    return rows


def test_accounts_when_viewed_then_every_type_two_currencies_and_one_inactive(ask: Any, bearer: dict[str, str]) -> None:
    rows = _accounts(ask, bearer)
    assert all(set(row) == {"id", "number", "currency", "type", "accountContext"} for row in rows)
    assert {row["type"] for row in rows} == {"CURRENT", "SAVINGS", "LOAN", "CREDITCARD", "TERMDEPOSIT"}
    assert {row["currency"] for row in rows} == {"EUR", "USD", "JPY"}
    details = [ask(f"{ROOT}/accounts/{row['id']}", headers=bearer).json() for row in rows]
    assert [d["status"] for d in details].count("INACTIVE") == 1
    assert {d["format"] for d in details} == {"BBAN", "IBAN", "UPIC", "DMST", "OTHER"}


def test_account_when_asked_then_the_documented_fields_with_the_vendors_spelling(
    ask: Any, bearer: dict[str, str]
) -> None:
    fixed = {"id", "type", "number", "currency", "format", "status"}
    optional = {"country", "cutomerReference", "interestRate", "overDraftLimit"}
    seen: set[str] = set()
    for row in _accounts(ask, bearer):
        body = ask(f"{ROOT}/accounts/{row['id']}", headers=bearer).json()
        assert fixed <= set(body) <= fixed | optional
        assert body.items() >= {name: row[name] for name in ("id", "number", "currency", "type")}.items()
        assert None not in body.values()
        seen |= set(body) & optional
        if body["format"] == "IBAN":
            assert iban.is_valid(body["number"], check_country=False)
        if "overDraftLimit" in body:
            assert _amount(body["overDraftLimit"], body["currency"]) > 0
    assert seen == optional


@pytest.mark.parametrize("context", ["INT", "TPT", "DOM", "MT103"])
def test_accounts_when_for_payments_then_active_current_accounts_only(
    ask: Any, bearer: dict[str, str], context: str
) -> None:
    rows = _accounts(ask, bearer, context)
    assert [(row["type"], row["accountContext"]) for row in rows] == [("CURRENT", context)] * 2


def test_balances_when_asked_then_text_with_commas_as_of_the_sandbox_day(ask: Any, bearer: dict[str, str]) -> None:
    commas = 0
    for row in _accounts(ask, bearer):
        body = ask(f"{ROOT}/accounts/{row['id']}/balances", headers=bearer).json()
        assert set(body) == {"id", "currency", "type", "ledgerBalance", "availableBalance", "balanceAsOn"}
        assert body["balanceAsOn"] == "2026-11-20"
        ledger = _amount(body["ledgerBalance"], body["currency"])
        _amount(body["availableBalance"], body["currency"])
        assert (ledger < 0) is (row["type"] in ("LOAN", "CREDITCARD"))
        commas += "," in body["ledgerBalance"]
    assert commas >= 6


def test_balances_by_type_when_asked_then_the_keys_of_a_recorded_shape(
    ask: Any, bearer: dict[str, str], samples: Path
) -> None:
    file = samples / "finastra" / "SYNTHETIC_balances_by_account_type.json"
    if not file.is_file():
        pytest.skip("no such payload beside this checkout")
    shape = json.loads(file.read_text())
    params = {"accountTypeForBalance": "CURRENT", "equivalentCurrency": "USD"}
    body = ask(BY_TYPE, params=params, headers=bearer).json()
    assert set(body) == set(shape)
    assert set(body["_meta"]) == set(shape["_meta"])
    assert body["_meta"]["limit"] == shape["_meta"]["limit"]
    assert all(set(row) == set(shape["items"][0]) for row in body["items"])


def test_balances_by_type_when_joined_then_the_balances_of_every_account(ask: Any, bearer: dict[str, str]) -> None:
    joined: dict[str, Any] = {}
    for kind in ("CURRENT", "DEPOSIT", "SAVINGS", "LOAN", "TERMDEPOSIT", "CREDITCARD", "OTHER"):
        for row in ask(BY_TYPE, params={"accountTypeForBalance": kind}, headers=bearer).json()["items"]:
            assert (row["type"], row["id"] in joined) == (kind, False)
            joined[row["id"]] = row
    for row in _accounts(ask, bearer):
        assert ask(f"{ROOT}/accounts/{row['id']}/balances", headers=bearer).json() == joined.pop(row["id"])
    assert joined == {}


@pytest.mark.parametrize("equivalent", ["USD", "EUR", "JPY", "GBP"])
def test_equivalents_when_asked_then_the_days_euro_reference_rates(
    ask: Any, bearer: dict[str, str], equivalent: str
) -> None:
    tree = ElementTree.fromstring(ask("/ecb/stats/eurofxref/eurofxref-daily.xml").content)
    rates = {"EUR": Decimal(1)} | {
        row.attrib["currency"]: Decimal(row.attrib["rate"]) for row in tree.iter() if "currency" in row.attrib
    }
    for kind in ("CURRENT", "SAVINGS", "CREDITCARD"):
        params = {"accountTypeForBalance": kind, "equivalentCurrency": equivalent}
        for row in ask(BY_TYPE, params=params, headers=bearer).json()["items"]:
            assert row["equivalentCurrency"] == equivalent
            cent = Decimal("1") if equivalent == "JPY" else Decimal("0.01")
            available = _amount(row["availableBalance"], row["currency"])
            right = (available / rates[row["currency"]] * rates[equivalent]).quantize(cent, ROUND_HALF_EVEN)
            assert Decimal(row["availableBalanceEquivalent"].replace(",", "")) == right


def _check_statements(ask: Any) -> None:
    truths = ask("/_sandbox/world").json()["finastra_accounts"]
    for tenant in TENANTS:
        bearer = ask.finastra_bearer(tenant, "b2c")
        rows = _accounts(ask, bearer)
        assert [row["id"] for row in rows] == [truth["id"] for truth in truths[tenant]]
        for truth in truths[tenant]:
            balances = ask(f"{ROOT}/accounts/{truth['id']}/balances", headers=bearer).json()
            balance = Decimal(truth["opening_balance"])
            for row in reversed(_statement(ask, bearer, truth["id"])):
                amount = _amount(row["amount"], truth["currency"])
                assert amount > 0
                assert row["transactionType"] in ("CREDIT", "DEBIT")
                balance += amount if row["transactionType"] == "CREDIT" else -amount
                assert _amount(row["balance"], row["currency"]) == balance
            assert _amount(balances["ledgerBalance"], truth["currency"]) == balance == Decimal(truth["ledger"])


@settings(
    max_examples=effort(4),
    deadline=None,
    suppress_health_check=SHARED,  # the world only moves forward between examples
    phases=(Phase.explicit, Phase.generate),  # shrinking replays many requests
)
@given(step=st.integers(min_value=0, max_value=90 * 86400))
def test_statements_when_the_clock_advances_then_opening_plus_rows_is_the_ledger(ask: Any, step: int) -> None:
    ask("/_sandbox/clock", "POST", json={"advance_s": step})
    _check_statements(ask)


def test_statement_when_the_clock_is_before_the_opening_then_empty_and_the_ledger_is_the_opening(
    ask: Any, bearer: dict[str, str]
) -> None:
    ask("/_sandbox/clock", "POST", json={"set": "2023-01-01T00:00:00Z"})
    _check_statements(ask)
    assert _statement(ask, ask.finastra_bearer(side="b2c"), _accounts(ask, bearer)[0]["id"]) == []


@settings(max_examples=effort(12), deadline=None, suppress_health_check=SHARED)
@given(limit=st.integers(3, 200))
def test_statement_when_paged_as_the_official_client_does_then_each_row_exactly_once(
    ask: Any, bearer: dict[str, str], limit: int
) -> None:
    account = _accounts(ask, bearer)[1]["id"]
    whole = _statement(ask, bearer, account)
    assert len(whole) > 100
    assert len({row["backOfficeReference"] for row in whole}) == len(whole)
    assert _statement(ask, bearer, account, limit) == whole


def test_statement_when_windowed_then_both_days_are_included_newest_first(ask: Any, bearer: dict[str, str]) -> None:
    account = _accounts(ask, bearer)[0]["id"]
    whole = _statement(ask, bearer, account)
    dates = [row["postingDate"] for row in whole]
    assert dates == sorted(dates, reverse=True)
    start, end = dates[40], dates[20]
    params = {"fromDate": start, "toDate": end}
    body = ask(f"{ROOT}/accounts/{account}/statement", params=params, headers=bearer).json()
    assert body["items"] == [row for row in whole if start <= row["postingDate"] <= end] == whole[20:41]
    fixed = {"postingDate", "currency", "amount", "transactionType", "balance", "backOfficeReference"}
    assert {frozenset(set(row) - fixed) for row in whole} == {frozenset(), frozenset({"valueDate", "ref1"})}


def test_meta_when_paged_then_pages_are_told_although_the_offset_counts_rows(ask: Any, bearer: dict[str, str]) -> None:
    params = {"accountContext": "ViewAccount", "limit": 3, "offset": 3}
    body = ask(f"{ROOT}/accounts", params=params, headers=bearer).json()
    assert body["_meta"] == {"limit": 3, "pageCount": 3, "itemCount": 8, "page": 2}
    assert body["items"] == _accounts(ask, bearer)[3:6]
    beyond = ask(f"{ROOT}/accounts", params={**params, "offset": 9}, headers=bearer)
    assert (beyond.status_code, beyond.json()["items"]) == (200, [])


def test_accounts_when_the_tenant_differs_then_its_own_only(ask: Any) -> None:
    found = {tenant: [row["id"] for row in _accounts(ask, ask.finastra_bearer(tenant, "b2c"))] for tenant in TENANTS}
    assert {tenant: len(ids) for tenant, ids in found.items()} == {
        "sandbox": 8,
        "finastra-dev": 2,
        "bank-north": 1,
        "bank-south": 0,
    }
    assert len({ident for ids in found.values() for ident in ids}) == 11
    theirs = ask(f"{ROOT}/accounts/{found['bank-north'][0]}", headers=ask.finastra_bearer("sandbox", "b2c"))
    assert theirs.status_code == 404


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/accounts", ["accountContext"]),
        ("/accounts?accountContext=viewaccount", ["accountContext"]),
        ("/accounts?accountContext=INT&limit=0", ["limit"]),
        ("/accounts?accountContext=X&limit=201&offset=-1", ["accountContext", "limit", "offset"]),
        ("/accounts/balances-by-account-type", ["accountTypeForBalance"]),
        (
            "/accounts/balances-by-account-type?accountTypeForBalance=LOAN&equivalentCurrency=XXX",
            ["equivalentCurrency"],
        ),
        ("/accounts/{id}/statement?fromDate=yesterday&toDate=2026-02-30", ["fromDate", "toDate"]),
        ("/accounts/{id}/statement?offset=x", ["offset"]),
    ],
)
def test_path_when_badly_asked_then_400_that_names_each_parameter(
    ask: Any, bearer: dict[str, str], path: str, fields: list[str]
) -> None:
    reply = ask(ROOT + path.format(id=_accounts(ask, bearer)[0]["id"]), headers=bearer)
    assert (reply.status_code, reply.headers["content-type"]) == (400, "application/problem+json")
    assert [cause["field"] for cause in reply.json()["causes"]] == fields


@pytest.mark.parametrize("part", ["", "/balances", "/statement"])
def test_account_when_unknown_then_the_products_404(ask: Any, bearer: dict[str, str], part: str) -> None:
    reply = ask(f"{ROOT}/accounts/fac_nope{part}", headers=bearer)
    assert (reply.status_code, reply.json()["title"]) == (404, "Not Found")
    assert "causes" not in reply.json()


def test_short_page_when_on_then_half_the_rows_and_the_meta_as_it_was(ask: Any, bearer: dict[str, str]) -> None:
    whole = _accounts(ask, bearer)
    ask("/_sandbox/faults", "POST", json={"vendor": "finastra", "kind": "short_page", "path": "/corporate", "count": 1})
    body = ask(f"{ROOT}/accounts", params={"accountContext": "ViewAccount"}, headers=bearer).json()
    assert (body["items"], body["_meta"]["itemCount"]) == (whole[:4], 8)
    ask("/_sandbox/faults", "POST", json={"vendor": "finastra", "kind": "empty_page", "path": "/corporate", "count": 1})
    body = ask(f"{ROOT}/accounts", params={"accountContext": "ViewAccount"}, headers=bearer).json()
    assert (body["items"], body["_meta"]["itemCount"]) == ([], 8)
