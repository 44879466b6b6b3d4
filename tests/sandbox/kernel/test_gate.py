"""Each fault kind as a client behind a real socket meets it."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from importlib import import_module
from typing import Any

import httpx2
import pytest

from tests.support.sandbox_kinds import fault_kinds

VENDORS = tuple(fault_kinds())
PROBES = {vendor: import_module(f"tests.sandbox.vendors.{vendor.replace('-', '_')}.probe") for vendor in VENDORS}
"""A good request of each vendor, from its own folder."""
TELLER_KEY: dict[str, str] = PROBES["teller"].HEADERS


def _fault(http: httpx2.Client, vendor: str, kind: str, **more: Any) -> dict[str, Any]:
    reply = http.post("/_sandbox/faults", json={"vendor": vendor, "kind": kind, **more})
    assert reply.status_code == 200, reply.text
    return reply.json()


def _get(http: httpx2.Client, vendor: str) -> httpx2.Response:
    return http.request(*_call(vendor), **_options(vendor))


def _call(vendor: str) -> tuple[str, str]:
    return getattr(PROBES[vendor], "METHOD", "GET"), PROBES[vendor].PATH


def _options(vendor: str) -> dict[str, Any]:
    body = getattr(PROBES[vendor], "BODY", None)
    return {"headers": PROBES[vendor].HEADERS, **({} if body is None else {"json": body})}


def _log(http: httpx2.Client) -> list[dict[str, Any]]:
    return http.get("/_sandbox/requests").json()["requests"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_rate_limits_when_on_then_429_with_seconds_a_date_or_nothing(http: httpx2.Client, vendor: str) -> None:
    _fault(http, vendor, "rate_limit", count=1, retry_after=7)
    _fault(http, vendor, "rate_limit_date", count=1, retry_after=60)
    _fault(http, vendor, "rate_limit_bare", count=1)
    seconds, dated, bare = (_get(http, vendor) for _ in range(3))
    assert [reply.status_code for reply in (seconds, dated, bare)] == [429, 429, 429]
    assert seconds.headers["retry-after"] == "7"
    assert 0 < parsedate_to_datetime(dated.headers["retry-after"]).timestamp() - time.time() <= 61
    assert "retry-after" not in bare.headers
    assert _get(http, vendor).status_code == 200


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_outages_when_on_then_the_status_in_the_vendors_own_body(http: httpx2.Client, vendor: str, status: int) -> None:
    _fault(http, vendor, f"status_{status}", count=1, retry_after=3)
    reply = _get(http, vendor)
    assert (reply.status_code, reply.headers["retry-after"]) == (status, "3")
    assert PROBES[vendor].is_outage(reply, status)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_drops_when_on_then_the_client_sees_a_connection_error_and_the_next_call_works(
    http: httpx2.Client, vendor: str, kind: str
) -> None:
    _fault(http, vendor, kind, count=1)
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        _get(http, vendor)
    assert _get(http, vendor).status_code == 200
    assert [(row["status"], row["faults"]) for row in _log(http)] == [(None, [kind]), (200, [])]


@pytest.mark.parametrize(("kind", "still_there"), [("drop_before", True), ("drop_after", False)])
def test_drops_when_deleting_then_only_the_late_one_had_its_effect(
    http: httpx2.Client, kind: str, still_there: bool
) -> None:
    account = http.get("/teller/accounts", headers=TELLER_KEY).json()[1]["id"]
    _fault(http, "teller", kind, count=1)
    with pytest.raises(httpx2.TransportError):
        http.delete(f"/teller/accounts/{account}", headers=TELLER_KEY)
    assert (http.get(f"/teller/accounts/{account}", headers=TELLER_KEY).status_code == 200) is still_there


@pytest.mark.parametrize("vendor", VENDORS)
def test_timeout_when_on_then_silence_until_the_client_gives_up(http: httpx2.Client, vendor: str) -> None:
    _fault(http, vendor, "timeout", count=1)
    with pytest.raises(httpx2.ReadTimeout):
        http.request(*_call(vendor), **_options(vendor), timeout=0.2)
    assert _get(http, vendor).status_code == 200


def test_timeout_when_the_client_waits_longer_then_the_connection_ends_unanswered(http: httpx2.Client) -> None:
    _fault(http, "ecb", "timeout", count=1, seconds=0.1)
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        _get(http, "ecb")


@pytest.mark.parametrize("vendor", VENDORS)
def test_truncated_when_on_then_half_the_real_bytes_with_an_honest_length(http: httpx2.Client, vendor: str) -> None:
    whole = _get(http, vendor).content
    _fault(http, vendor, "truncated", count=1)
    reply = _get(http, vendor)
    assert reply.status_code == 200
    assert reply.content == whole[: len(whole) // 2]
    assert reply.headers["content-length"] == str(len(reply.content))


@pytest.mark.parametrize("vendor", VENDORS)
def test_garbage_when_on_then_200_that_no_parser_takes(http: httpx2.Client, vendor: str) -> None:
    for kind in ("malformed", "html", "empty"):
        _fault(http, vendor, kind, count=1)
    malformed, html, empty = (_get(http, vendor) for _ in range(3))
    assert {reply.status_code for reply in (malformed, html, empty)} == {200}
    for reply in (malformed, html, empty):
        with pytest.raises(ValueError, match=r".*"):
            json.loads(reply.content)
    assert html.headers["content-type"].startswith("text/html")
    assert (empty.content, empty.headers["content-length"]) == (b"", "0")


def test_expired_token_when_on_then_the_vendors_own_refusal(http: httpx2.Client) -> None:
    vendors = ("teller", "alpha-vantage", "coingecko", "finastra")
    for vendor in vendors:
        _fault(http, vendor, "expired_token", count=1)
    teller, av, coingecko, finastra = (_get(http, vendor) for vendor in vendors)
    assert (teller.status_code, teller.json()["error"]["code"]) == (404, "enrollment.disconnected.credentials_invalid")
    assert (av.status_code, "apikey is invalid" in av.json()["Error Message"]) == (200, True)
    assert (coingecko.status_code, coingecko.json()["status"]["error_code"]) == (401, 10002)
    assert (finastra.status_code, finastra.json()["message"]) == (401, "Access token is missing or invalid.")


@pytest.mark.parametrize(
    ("kind", "phrase"),
    [
        ("quota_note", "SANDBOXDEMOKEY000 and our standard API rate limit is 25 requests per day"),
        ("burst_note", "(1 request per second)"),
        ("premium_note", "This is a premium endpoint"),
    ],
)
def test_notes_when_on_then_200_with_information_only(http: httpx2.Client, kind: str, phrase: str) -> None:
    _fault(http, "alpha-vantage", kind, count=1)
    reply = _get(http, "alpha-vantage")
    assert (reply.status_code, list(reply.json())) == (200, ["Information"])
    assert phrase in reply.json()["Information"]


def test_latency_when_on_then_it_delays_and_combines_with_the_next_fault(http: httpx2.Client) -> None:
    _fault(http, "ecb", "latency", seconds=0.15, count=2)
    _fault(http, "ecb", "status_503", count=1)
    began = time.monotonic()
    assert _get(http, "ecb").status_code == 503
    assert _get(http, "ecb").status_code == 200
    assert time.monotonic() - began >= 0.3  # a lower bound only: asyncio never wakes early
    assert [row["faults"] for row in _log(http)] == [["latency", "status_503"], ["latency"]]


def test_kinds_when_listed_then_every_one_can_be_switched_on_where_it_exists(http: httpx2.Client) -> None:
    listed = http.get("/_sandbox/faults").json()
    assert listed["vendors"] == fault_kinds()
    everywhere = set.intersection(*map(set, fault_kinds().values()))
    for vendor, kinds in [*fault_kinds().items(), ("*", everywhere)]:
        for kind in listed["kinds"]:
            reply = http.post("/_sandbox/faults", json={"vendor": vendor, "kind": kind})
            assert reply.status_code == (200 if kind in kinds else 422), (vendor, kind)


def test_requests_when_logged_then_before_the_fault_and_without_secrets(http: httpx2.Client) -> None:
    _fault(http, "*", "status_500")
    _get(http, "teller")
    _get(http, "alpha-vantage")
    http.get(
        "/coingecko/api/v3/ping?x_cg_demo_api_key=CG-sandboxdemokey", headers={"x-cg-pro-api-key": "CG-sandboxprokey"}
    )
    text = http.get("/_sandbox/requests").text
    assert [row["vendor"] for row in json.loads(text)["requests"]] == ["teller", "alpha-vantage", "coingecko"]
    for secret in ("SANDBOXDEMOKEY000", "CG-sandbox", TELLER_KEY["authorization"].split()[1], "test_token_sandbox"):
        assert secret not in text
    rows = _log(http)
    assert rows[1]["query"] == {"function": "GLOBAL_QUOTE", "symbol": "IBM", "apikey": "***"}
    assert rows[0]["headers"]["authorization"] == "***"
    assert {row["status"] for row in rows} == {500}


async def test_drop_when_there_is_no_transport_then_the_in_process_client_sees_a_connection_reset() -> None:
    from fin_infra.sandbox import create_app

    transport = httpx2.ASGITransport(app=create_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox", verify=False) as client:
        await client.post("/_sandbox/faults", json={"vendor": "ecb", "kind": "drop_before"})
        with pytest.raises(ConnectionResetError):
            await client.get(PROBES["ecb"].PATH)
