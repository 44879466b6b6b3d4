"""Finastra's collaterals: every one exactly once whatever the page size, uneven values, both error shapes, tenants."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import SHARED, effort

ROOT = "/finastra/total-lending/collaterals/b2b/v2/collaterals"
COUNTS = {"sandbox": 57, "finastra-dev": 12, "bank-north": 7, "bank-south": 0}
VALUES = ("discountedNetCollateralAmount", "netCollateralAmount", "estimatedValue", "valuation")


@pytest.fixture
def bearer(ask: Any) -> dict[str, str]:
    return ask.finastra_bearer()


def _all(ask: Any, tenant: str = "sandbox") -> list[dict[str, Any]]:
    return ask(ROOT, params={"pageSize": 200}, headers=ask.finastra_bearer(tenant)).json()["items"]


def _problem(reply: Any) -> dict[str, Any]:
    body = reply.json()
    assert reply.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance"} <= set(body)
    assert body["status"] == reply.status_code
    return body


def test_list_when_nothing_is_given_then_the_first_fifty_of_all(ask: Any, bearer: dict[str, str]) -> None:
    body = ask(ROOT, headers=bearer).json()
    assert list(body) == ["items", "_meta"]
    assert body["_meta"] == {"limit": 50, "offset": 0, "itemCount": 50, "totalCount": 57}
    assert body["items"] == _all(ask)[:50]


@settings(max_examples=effort(25), deadline=None, suppress_health_check=SHARED)
@given(size=st.integers(1, 200), shape=st.sampled_from(["items", "collaterals", "array"]))
def test_list_when_walked_by_any_page_size_then_each_exactly_once(
    ask: Any, bearer: dict[str, str], size: int, shape: str
) -> None:
    ask("/_sandbox/finastra", "POST", json={"list_shape": "items"})
    whole = [row["id"] for row in _all(ask)]
    ask("/_sandbox/finastra", "POST", json={"list_shape": shape})
    walked: list[str] = []
    while True:
        body = ask(ROOT, params={"startingIndex": len(walked), "pageSize": size}, headers=bearer).json()
        page = body if shape == "array" else body[shape]
        assert len(page) <= size
        if shape == "collaterals":
            assert list(body) == ["collaterals"]
        walked += [row["id"] for row in page]
        if not page:
            break
    assert walked == whole
    assert len(set(walked)) == 57


def test_list_when_beyond_the_end_or_empty_then_200_without_rows(ask: Any, bearer: dict[str, str]) -> None:
    beyond = ask(ROOT, params={"startingIndex": 57}, headers=bearer)
    assert (beyond.status_code, beyond.json()["items"]) == (200, [])
    assert beyond.json()["_meta"] == {"limit": 50, "offset": 57, "itemCount": 0, "totalCount": 57}
    empty = ask(ROOT, headers=ask.finastra_bearer("bank-south"))
    assert (empty.status_code, empty.json()["items"], empty.json()["_meta"]["totalCount"]) == (200, [], 0)
    ask("/_sandbox/finastra", "POST", json={"list_shape": "array"})
    assert ask(ROOT, headers=ask.finastra_bearer("bank-south")).json() == []


def test_list_when_the_tenant_differs_then_its_own_collaterals_only(ask: Any) -> None:
    found = {tenant: [row["id"] for row in _all(ask, tenant)] for tenant in COUNTS}
    assert {tenant: len(ids) for tenant, ids in found.items()} == COUNTS
    ids = [ident for rows in found.values() for ident in rows]
    assert len(ids) == len(set(ids))
    theirs = ask(f"{ROOT}/{found['bank-north'][0]}", headers=ask.finastra_bearer("sandbox"))
    assert theirs.status_code == 404


@pytest.mark.parametrize(
    ("params", "fields"),
    [
        ({"startingIndex": "-1"}, ["startingIndex"]),
        ({"startingIndex": "one"}, ["startingIndex"]),
        ({"startingIndex": ""}, ["startingIndex"]),
        ({"startingIndex": "1.0"}, ["startingIndex"]),
        ({"startingIndex": "²"}, ["startingIndex"]),
        ({"startingIndex": "9" * 5000}, ["startingIndex"]),
        ({"pageSize": "0"}, ["pageSize"]),
        ({"pageSize": "201"}, ["pageSize"]),
        ({"startingIndex": "x", "pageSize": "y"}, ["startingIndex", "pageSize"]),
    ],
)
def test_list_when_parameters_are_wrong_then_400_that_names_each(
    ask: Any, bearer: dict[str, str], params: dict[str, str], fields: list[str]
) -> None:
    reply = ask(ROOT, params=params, headers=bearer)
    body = _problem(reply)
    assert (reply.status_code, body["instance"]) == (400, "/total-lending/collaterals/b2b/v2/collaterals")
    assert [(cause["field"], cause["fieldValue"]) for cause in body["causes"]] == [(f, params[f]) for f in fields]
    assert all(cause["title"] for cause in body["causes"])


def test_one_when_asked_by_id_then_the_row_of_the_list(ask: Any, bearer: dict[str, str]) -> None:
    for row in _all(ask):
        assert ask(f"{ROOT}/{row['id']}", headers=bearer).json() == row


def test_one_when_unknown_then_the_products_404_and_an_unknown_path_is_the_gateways(
    ask: Any, bearer: dict[str, str]
) -> None:
    reply = ask(f"{ROOT}/col_nope", headers=bearer)
    body = _problem(reply)
    assert (reply.status_code, body["title"]) == (404, "Not Found")
    assert body["instance"] == "/total-lending/collaterals/b2b/v2/collaterals/col_nope"
    for path in ("/finastra/total-lending/collaterals/b2b/v1/collaterals", f"{ROOT}/a/b", "/finastra/", f"{ROOT}/"):
        reply = ask(path, headers=bearer)
        assert (reply.status_code, reply.json()) == (404, {"statusCode": 404, "message": "Resource not found"})


@pytest.mark.parametrize("tenant", ["sandbox", "finastra-dev", "bank-north"])
def test_rows_when_read_then_each_kind_of_unevenness_is_there(ask: Any, tenant: str) -> None:
    rows = _all(ask, tenant)
    fixed = {"id", "collateralType", "description", "status", "currency", "valuationDate"}
    assert all(fixed <= set(row) <= fixed | set(VALUES) for row in rows)
    values = [[row[name] for name in VALUES if name in row] for row in rows]
    assert len([found for found in values if found == [None] * 4]) == 1
    nested = [row for row in rows if any(isinstance(row.get(name), dict) for name in VALUES)]
    assert [row["valuation"] for row in nested] == [{"amount": "1,250,000.00", "currency": "EUR"}]
    assert [found for found in values if set(map(str, found)) <= {"0", "0.00", "0.000"}] == [["0.000"] * 4]
    assert any(isinstance(v, str) and "," in v for found in values for v in found)
    assert any(isinstance(v, float) for found in values for v in found)
    assert {len(found) for found in values} >= {1, 2, 3, 4}
    assert {row["currency"] for row in rows} >= {"EUR", "USD", "JPY", "BHD"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(rows[0]["valuationDate"]))


def test_amounts_when_text_then_grouped_by_thousands_with_the_currencys_decimals(ask: Any) -> None:
    decimals = {"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "JPY": 0, "KWD": 3, "BHD": 3}
    seen: set[str] = set()
    for row in _all(ask):
        for name in VALUES:
            text = row.get(name)
            if isinstance(text, str):
                tail = rf"\.\d{{{decimals[row['currency']]}}}" if decimals[row["currency"]] else ""
                assert re.fullmatch(rf"\d{{1,3}}(,\d{{3}})*{tail}", text), (row["currency"], text)
                seen.add(row["currency"])
    assert seen == set(decimals)


def test_values_when_several_are_present_then_the_discounted_is_least(ask: Any) -> None:
    several = 0
    for row in _all(ask):
        found = [Decimal(str(row[n]).replace(",", "")) for n in VALUES if isinstance(row.get(n), str | int | float)]
        assert found == sorted(found)
        several += len(found) > 1
    assert several > 20


def test_short_page_when_on_then_the_first_half_and_the_true_total(ask: Any, bearer: dict[str, str]) -> None:
    whole = [row["id"] for row in _all(ask)]
    ask("/_sandbox/faults", "POST", json={"vendor": "finastra", "kind": "short_page", "path": "/total-lending"})
    body = ask(ROOT, params={"pageSize": 9}, headers=bearer).json()
    assert [row["id"] for row in body["items"]] == whole[:4]
    assert body["_meta"] == {"limit": 9, "offset": 0, "itemCount": 4, "totalCount": 57}
    last = ask(ROOT, params={"startingIndex": 56}, headers=bearer).json()
    assert [row["id"] for row in last["items"]] == whole[56:]  # at least one
    assert ask(ROOT, params={"startingIndex": 57}, headers=bearer).json()["items"] == []
    for shape in ("collaterals", "array"):
        ask("/_sandbox/finastra", "POST", json={"list_shape": shape})
        body = ask(ROOT, params={"pageSize": 3}, headers=bearer).json()
        assert (body if shape == "array" else body["collaterals"])[0]["id"] == whole[0]
        assert len(body if shape == "array" else body["collaterals"]) == 1


def test_empty_page_when_on_then_no_rows_but_the_true_total(ask: Any, bearer: dict[str, str]) -> None:
    first = _all(ask)[0]
    ask("/_sandbox/faults", "POST", json={"vendor": "finastra", "kind": "empty_page", "path": "/total-lending"})
    reply = ask(ROOT, headers=bearer)
    assert (reply.status_code, reply.json()["items"]) == (200, [])
    assert reply.json()["_meta"] == {"limit": 50, "offset": 0, "itemCount": 0, "totalCount": 57}
    assert ask(f"{ROOT}/{first['id']}", headers=bearer).json() == first  # no list, so as it is
    assert ask(ROOT).status_code == 401
    ask("/_sandbox/finastra", "POST", json={"list_shape": "array"})
    assert ask(ROOT, headers=bearer).json() == []


@settings(max_examples=effort(15), deadline=None, suppress_health_check=SHARED)
@given(size=st.integers(1, 60), probability=st.floats(0, 0.9))
def test_list_when_pages_come_short_at_random_then_steps_by_what_came_still_give_each_once(
    ask: Any, size: int, probability: float
) -> None:
    ask("/_sandbox/reset", "POST")
    bearer, whole = ask.finastra_bearer(), [row["id"] for row in _all(ask)]
    fault = {"vendor": "finastra", "kind": "short_page", "path": "/total-lending", "probability": probability}
    ask("/_sandbox/faults", "POST", json=fault)
    walked: list[str] = []
    while len(walked) < 57:
        body = ask(ROOT, params={"startingIndex": len(walked), "pageSize": size}, headers=bearer).json()
        assert body["_meta"]["totalCount"] == 57
        assert body["items"]
        walked += [row["id"] for row in body["items"]]
    assert walked == whole
