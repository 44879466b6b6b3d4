"""The processes answer, say what they are, and let nobody in without a token."""

from __future__ import annotations

import re

import httpx2
import pytest

pytestmark = pytest.mark.acceptance

ROUTES = {
    "/banking/accounts",
    "/banking/accounts/{account_id}/transactions",
    "/market/quote/{key}",
    "/market/candles/{key}",
    "/crypto/ticker/{asset}",
    "/symbols/search",
    "/fx/{base}/{quote}",
    "/net-worth",
    "/providers",
    "/healthz",
    "/readyz",
}
DATA_PATHS = (
    "/banking/accounts",
    "/market/quote/AAPL",
    "/crypto/ticker/bitcoin",
    "/fx/EUR/USD",
    "/net-worth",
    "/providers",
)


@pytest.mark.parametrize("path", ["/ping", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"])
def test_open_route_when_asked_without_a_token_then_it_answers(anonymous, path):
    assert anonymous.get(path).status_code == 200


def test_openapi_when_read_then_it_lists_every_route(anonymous):
    listed = {re.sub(r":path}", "}", path) for path in anonymous.get("/openapi.json").json()["paths"]}
    assert listed >= ROUTES, ROUTES - listed


@pytest.mark.parametrize("path", DATA_PATHS)
def test_data_route_when_there_is_no_token_then_it_says_how_to_send_one(anonymous, path):
    reply = anonymous.get(path)
    assert reply.status_code == 401
    assert reply.headers["content-type"].startswith("application/problem+json")
    assert "Authorization: Bearer" in reply.json()["detail"]
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_data_route_when_the_token_is_wrong_then_it_is_refused_and_not_repeated(anonymous):
    wrong = "a-token-that-nobody-ever-issued"
    reply = anonymous.get("/banking/accounts", headers={"Authorization": f"Bearer {wrong}"})
    assert reply.status_code == 401
    assert wrong not in reply.text + str(reply.headers)


def test_providers_when_asked_then_all_four_are_up_in_the_sandbox(client):
    found = {row["provider"]: (row["environment"], row["health"]) for row in client.data("/providers")}
    for key in ("banking:teller", "market:alpha_vantage", "crypto:coingecko", "fx:ecb"):
        assert found[key] == ("sandbox", "up")


def test_metrics_when_one_call_is_made_then_they_count_one(client, anonymous):
    before = _calls(anonymous, "banking:teller", "accounts")
    client.data("/banking/accounts")
    assert _calls(anonymous, "banking:teller", "accounts") == before + 1


def test_request_id_when_the_caller_sends_one_then_answer_and_vendor_call_carry_it(client, sandbox):
    reply = client.http.get("/banking/accounts", headers={"X-Request-Id": "acceptance-42"})
    assert reply.headers["x-request-id"] == "acceptance-42"
    assert sandbox.requests("teller")[-1]["headers"]["x-request-id"] == "acceptance-42"


def test_service_log_when_every_route_was_used_then_it_holds_no_secret(running, client):
    for path in DATA_PATHS:
        client.reply(path)
    if running.log is None:
        pytest.skip("the service runs elsewhere, its log is not here")
    told = running.log.read_text("utf-8")
    assert told
    for secret in (running.token, "test_token_sandbox", "SANDBOXDEMOKEY000", "CG-sandboxdemokey"):
        assert secret not in told


def _calls(anonymous: httpx2.Client, provider: str, operation: str) -> int:
    total = 0
    for line in anonymous.get("/metrics").text.splitlines():
        name, _, rest = line.partition("{")
        labels, _, value = rest.partition("} ")
        if name == "fin_provider_calls_total" and f'"{provider}"' in labels and f'"{operation}"' in labels:
            total += round(float(value))
    return total
