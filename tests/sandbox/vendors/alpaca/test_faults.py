"""Faults on Alpaca's order path over a real port: what the client meets, and whether the order is there afterwards."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

KEYS = {"apca-api-key-id": "PKSANDBOX0000000000", "apca-api-secret-key": "sandbox-alpaca-secret"}
ORDER = {
    "symbol": "AAPL", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day", "client_order_id": "mine",
}  # fmt: skip


def fault(http: httpx2.Client, kind: str, **more: Any) -> None:
    spec = {"vendor": "alpaca", "kind": kind, "path": "/v2/orders", "method": "POST", "count": 1, **more}
    assert http.post("/_sandbox/faults", json=spec).status_code == 200


def submit(http: httpx2.Client, **options: Any) -> httpx2.Response:
    return http.post("/alpaca/v2/orders", headers=KEYS, json=ORDER, **options)


def landed(http: httpx2.Client) -> int:
    return len(http.get("/_sandbox/alpaca").json()["accounts"]["PKSANDBOX0000000000"]["orders"])


@pytest.mark.parametrize(
    ("kind", "status", "orders"),
    [
        ("rate_limit", 429, 0),
        ("rate_limit_bare", 429, 0),
        ("status_500", 500, 0),
        ("status_502", 502, 0),
        ("status_503", 503, 0),
        ("status_504", 504, 0),
        ("status_504_after", 504, 1),
        ("expired_token", 401, 0),
        ("malformed", 200, 0),
        ("html", 200, 0),
        ("truncated", 200, 1),
    ],
)
def test_submit_when_answered_otherwise_then_the_order_is_there_or_not(
    http: httpx2.Client, kind: str, status: int, orders: int
) -> None:
    fault(http, kind)
    assert submit(http).status_code == status
    assert landed(http) == orders
    again = submit(http)
    assert again.status_code == (422 if orders else 200)
    assert landed(http) == 1


@pytest.mark.parametrize(
    ("kind", "orders"), [("drop_before", 0), ("drop_after", 1), ("timeout", 0), ("timeout_after", 1)]
)
def test_submit_when_there_is_no_answer_then_the_order_is_there_or_not(
    http: httpx2.Client, kind: str, orders: int
) -> None:
    fault(http, kind, **({"seconds": 0.1} if kind.startswith("timeout") else {}))
    with pytest.raises(httpx2.TransportError):
        submit(http)
    assert landed(http) == orders
    found = http.get("/alpaca/v2/orders:by_client_order_id", params={"client_order_id": "mine"}, headers=KEYS)
    assert found.status_code == (200 if orders else 404)


def test_timeout_when_the_client_is_impatient_then_the_effect_comes_before_the_silence(http: httpx2.Client) -> None:
    fault(http, "timeout_after", seconds=30)
    with pytest.raises(httpx2.ReadTimeout):
        submit(http, timeout=httpx2.Timeout(5, read=0.5))
    assert landed(http) == 1


def test_bodies_when_a_fault_answers_then_in_the_vendors_shape(http: httpx2.Client) -> None:
    fault(http, "status_500")
    assert submit(http).json() == {"code": 50010000, "message": "internal server error occurred"}
    fault(http, "rate_limit", retry_after=3)
    limited = submit(http)
    assert limited.json() == {"code": 42910000, "message": "rate limit exceeded"}
    assert limited.headers["retry-after"] == "3"
    fault(http, "expired_token")
    assert submit(http).json() == {"message": "unauthorized."}
    fault(http, "status_504")
    assert submit(http).headers["content-type"].startswith("text/html")
