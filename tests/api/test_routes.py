"""The routes against the sandbox's own truth: values, shapes, headers, and what partial failure looks like."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fin_infra import api
from fin_infra.api import PUBLIC
from fin_infra.api.answers import Answer, Answers
from fin_infra.model import Meta, RateLimit
from tests.providers.brokerage.snaptrade import gaps
from tests.support.sandbox_control import Control


def ok(client: TestClient, path: str, **params: Any) -> Any:
    reply = client.get(path, params=params)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_accounts_when_asked_then_they_are_those_of_the_world(client: TestClient, sandbox: Control) -> None:
    body = ok(client, "/banking/accounts")
    assert {row["id"] for row in body["data"]} == {row["id"] for row in sandbox.accounts()}
    assert body["meta"]["provider"] == "banking:teller"
    assert "raw" not in body["data"][0]


def test_transactions_when_paged_then_each_comes_once_and_newest_first(client: TestClient, sandbox: Control) -> None:
    account = max(sandbox.accounts(), key=lambda row: row["posted_count"])
    seen: list[dict[str, Any]] = []
    cursor = None
    while True:
        params = {"limit": 400} | ({"cursor": cursor} if cursor else {})
        body = ok(client, f"/banking/accounts/{account['id']}/transactions", **params)
        page = body["data"]
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert len({row["id"] for row in seen}) == len(seen) == account["posted_count"] + account["pending_count"]
    assert (body["meta"]["provider"], body["meta"]["operation"]) == ("banking:teller", "transactions")
    dates = [row["date"] for row in seen]
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize("cursor", ["nonsense", "2026-13-01~txn_1", "9999-12-31~txn_1"])
def test_transactions_when_cursor_is_foreign_then_problem_says_so(client: TestClient, cursor: str) -> None:
    account = ok(client, "/banking/accounts")["data"][0]["id"]
    reply = client.get(f"/banking/accounts/{account}/transactions", params={"cursor": cursor})
    assert reply.status_code == 422
    assert "`next`" in reply.json()["detail"]


def test_transactions_when_cursor_points_to_nothing_then_problem_says_start_again(client: TestClient) -> None:
    account = ok(client, "/banking/accounts")["data"][0]["id"]
    reply = client.get(f"/banking/accounts/{account}/transactions", params={"cursor": "2026-11-01~txn_gone"})
    assert reply.status_code == 422
    assert "start without a cursor" in reply.json()["detail"]


@pytest.mark.parametrize("end", ["2026-11-01", "2026-10-01"])
def test_transactions_when_window_is_empty_then_problem_instead_of_an_empty_page(client: TestClient, end: str) -> None:
    account = ok(client, "/banking/accounts")["data"][0]["id"]
    params = {"start": "2026-11-01", "end": end}
    reply = client.get(f"/banking/accounts/{account}/transactions", params=params)
    assert (reply.status_code, reply.json()["code"]) == (422, "fin.invalid_input")


@pytest.mark.parametrize("path", ["/banking/accounts/{id}/transactions", "/symbols/search?q=ibm", "/net-worth"])
def test_answer_when_no_single_call_made_it_then_headers_still_say_who_was_asked(client: TestClient, path: str) -> None:
    account = ok(client, "/banking/accounts")["data"][0]["id"]
    reply = client.get(path.format(id=account))
    assert reply.headers["fin-environment"] == "sandbox"
    assert set(reply.headers["fin-provider"].split(", ")) >= {"banking:teller"} or path.startswith("/symbols")


def test_candles_when_time_has_no_zone_then_problem_shows_how_to_write_it_in_a_url(client: TestClient) -> None:
    detail = client.get("/market/candles/IBM?start=2026-01-01T00:00").json()["detail"]
    assert "2026-01-02T00:00:00Z" in detail
    assert "tzinfo" not in detail


def test_quote_when_listed_in_pence_then_price_is_in_pounds(client: TestClient) -> None:
    body = ok(client, "/market/quote/TSCO.L")
    assert body["data"]["key"] == "XLON:TSCO"
    assert (body["data"]["currency"], body["data"]["unit"]) == ("GBP", "GBX")
    assert Decimal(body["data"]["price"]) < 100


def test_quote_when_class_share_is_written_with_a_slash_then_it_is_found(client: TestClient) -> None:
    assert ok(client, "/market/quote/BRK/B")["data"]["key"] == "US:BRK.B"


def test_candles_when_asked_then_oldest_first_with_decimal_text(client: TestClient) -> None:
    data = ok(client, "/market/candles/US:IBM")["data"]
    starts = [row["start"] for row in data["candles"]]
    assert starts == sorted(starts)
    assert isinstance(data["candles"][0]["close"], str)


def test_ticker_when_currency_is_given_then_price_is_in_it(client: TestClient) -> None:
    assert ok(client, "/crypto/ticker/BTC", currency="eur")["data"]["currency"] == "EUR"


def test_fx_when_crossed_then_via_names_the_euro(client: TestClient) -> None:
    data = ok(client, "/fx/gbp/jpy")["data"]
    assert (data["base"], data["quote"], data["via"]) == ("GBP", "JPY", "EUR")


def test_search_when_both_sources_answer_then_listed_come_before_coins(client: TestClient) -> None:
    body = ok(client, "/symbols/search", q="bitcoin")
    assert "CRYPTO:bitcoin" in [hit["key"] for hit in body["data"]]
    assert body["errors"] == []


def test_search_when_one_source_is_down_then_the_other_answers_and_it_is_named(
    client: TestClient, sandbox: Control
) -> None:
    sandbox.fault("alpha-vantage", "status_503")
    body = ok(client, "/symbols/search", q="bitcoin")
    assert body["data"]
    assert [(e["provider"], e["code"]) for e in body["errors"]] == [
        ("market:alpha_vantage", "fin.provider_unavailable")
    ]


def by_hand(sandbox: Control) -> Decimal:
    """What the world's open bank accounts are worth."""
    rows = [row for row in sandbox.accounts() if row["status"] == "open"]
    return sum((Decimal(row["ledger"]) * (-1 if row["subtype"] == "credit_card" else 1) for row in rows), Decimal(0))


def test_net_worth_when_all_answer_then_bank_and_brokers_count_and_what_is_old_is_named(
    client: TestClient, sandbox: Control
) -> None:
    worth = ok(client, "/net-worth")["data"]
    values = [Decimal(line["value"]["amount"]) for line in worth["lines"] if line["value"]]
    banked = [line for line in worth["lines"] if line["source"] == "banking:teller"]
    assert sum(Decimal(line["value"]["amount"]) for line in banked) == by_hand(sandbox)
    assert {line["source"] for line in worth["lines"]} == {"banking:teller", "brokerage:alpaca", "brokerage:snaptrade"}
    assert Decimal(worth["total"]["amount"]) == sum(values)
    assert sorted(worth["missing"]) == sorted(gaps.MISSING)
    assert (worth["complete"], worth["left_out"]) == (False, [])
    assert all(line["age_days"] == 8 for line in worth["lines"] if "old: of 2026-11-12" in (line["missing"] or ""))


def test_net_worth_when_brokers_are_switched_off_then_they_are_named_and_the_total_is_complete(
    sandbox: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    for vendor in ("ALPACA", "SNAPTRADE"):
        monkeypatch.setenv(f"FEATURE_BROKERAGE_{vendor}", "0")
    app = FastAPI()
    api.add_net_worth(app, auth=api.PUBLIC)
    with TestClient(app) as alone:
        worth = ok(alone, "/net-worth")["data"]
    assert (Decimal(worth["total"]["amount"]), worth["complete"]) == (by_hand(sandbox), True)
    assert worth["left_out"] == [
        {"source": "brokerage:alpaca", "reason": "it is switched off"},
        {"source": "brokerage:snaptrade", "reason": "it is switched off"},
    ]


def test_net_worth_when_bank_is_down_then_total_says_what_it_lacks(client: TestClient, sandbox: Control) -> None:
    sandbox.fault("teller", "status_502")
    body = ok(client, "/net-worth", holding="CRYPTO:bitcoin=0.5")
    worth = body["data"]
    assert worth["complete"] is False
    assert "banking:teller accounts: " in " ".join(set(worth["missing"]) - set(gaps.MISSING))
    assert "CRYPTO:bitcoin" in [line["id"] for line in worth["lines"] if line["value"]]
    assert body["errors"][0]["code"] == "fin.provider_unavailable"


def test_net_worth_when_everything_is_down_then_total_is_null_and_not_zero(
    client: TestClient, sandbox: Control
) -> None:
    for vendor in ("teller", "ecb", "alpaca", "snaptrade"):
        sandbox.fault(vendor, "status_503")
    worth = ok(client, "/net-worth")["data"]
    assert worth["total"] is None


def test_net_worth_when_a_holding_stands_twice_then_problem_says_to_write_the_sum(client: TestClient) -> None:
    reply = client.get("/net-worth", params={"holding": ["US:IBM=1", "IBM=2"]})
    assert (reply.status_code, reply.json()["code"]) == (422, "fin.invalid_input")
    assert reply.json()["detail"] == "US:IBM stands twice among the holdings; write it once, with the sum."


@pytest.mark.parametrize("holding", ["bitcoin", "CRYPTO:bitcoin=", "CRYPTO:bitcoin=much", "=1", "BTC=1"])
def test_net_worth_when_holding_is_unreadable_then_problem(client: TestClient, holding: str) -> None:
    assert client.get("/net-worth", params={"holding": holding}).status_code in (409, 422)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/market/quote/ZZZZ", 404, "fin.unknown_symbol"),
        ("/market/quote/BTC", 409, "fin.ambiguous_symbol"),
        ("/crypto/ticker/UNI", 409, "fin.ambiguous_symbol"),
        ("/crypto/ticker/no-such-coin", 404, "fin.unknown_symbol"),
        ("/fx/EUR/XYZ", 422, "fin.unknown_currency"),
        ("/fx/EUR/KWD", 404, "fin.rate_unavailable"),
        ("/banking/accounts/acc_nosuch/balance", 404, "fin.not_found"),
        ("/net-worth?currency=XAU", 422, "fin.invalid_input"),
        ("/market/candles/IBM?start=2026-01-01T00:00", 422, "fin.naive_time"),
    ],
)
def test_route_when_input_is_wrong_then_problem_has_a_stable_code(
    client: TestClient, path: str, status: int, code: str
) -> None:
    reply = client.get(path)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["detail"]


def test_ambiguous_ticker_when_asked_then_candidates_are_machine_readable(client: TestClient) -> None:
    assert client.get("/market/quote/BTC").json()["candidates"] == ["US:BTC", "CRYPTO:bitcoin"]


def test_rate_limit_when_vendor_says_when_then_header_passes_it_on(client: TestClient, sandbox: Control) -> None:
    sandbox.fault("coingecko", "rate_limit", retry_after=119)
    reply = client.get("/crypto/ticker/bitcoin")
    assert reply.status_code == 429
    assert int(reply.headers["retry-after"]) == 119


def test_providers_when_asked_then_each_is_listed_with_its_environment(client: TestClient) -> None:
    rows = {row["provider"]: row for row in ok(client, "/providers")["data"]}
    assert rows["market:alpha_vantage"]["environment"] == "sandbox"
    assert "quote" in rows["market:alpha_vantage"]["operations"]


async def test_answer_when_vendor_told_its_limits_then_they_are_headers() -> None:
    meta = Meta(
        provider="crypto:x",
        operation="price",
        environment="live",
        elapsed_ms=1.0,
        attempts=1,
        rate_limit=RateLimit(limit=30, remaining=7),
    )

    async def make() -> Answer:
        return Answer({"price": Decimal("1.10")}, meta)

    reply = await Answers(None).cached(("k",), 10, make)
    assert reply.headers["fin-ratelimit-remaining"] == "7"
    assert reply.headers["fin-ratelimit-limit"] == "30"
    assert reply.headers["fin-environment"] == "live"
    assert b'"1.10"' in reply.body


def test_openapi_when_asked_then_schemas_hide_the_raw_payload(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    account = next(schema for name, schema in schemas.items() if name.endswith("Account"))
    assert {"id", "currency", "status"} <= set(account["properties"])
    assert not {"raw", "meta"} & set(account["properties"])


def test_add_when_auth_is_forgotten_then_python_refuses() -> None:
    with pytest.raises(TypeError, match="auth"):
        api.add_banking(FastAPI())  # type: ignore[call-arg]  # the point of the test
    assert PUBLIC == ()


def test_candles_when_days_are_named_then_trading_days_at_the_venue(client: TestClient) -> None:
    data = client.get("/market/candles/TSCO.L?start=2026-06-16&end=2026-06-18").json()["data"]
    assert [candle["start"] for candle in data["candles"]] == ["2026-06-16T00:00:00+01:00", "2026-06-17T00:00:00+01:00"]
