"""The sandbox's orders, positions and assets beside the vendor's published examples: no key they have is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BUY = {"symbol": "AAPL", "qty": "2", "side": "buy", "type": "market", "time_in_force": "day"}
GONE = {"commission", "usd", "last_close_pct_change", "last_price"}  # of the broker API, or of older answers


def published(samples: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((samples / "alpaca" / name).read_text())
    return found


def test_order_when_compared_with_the_published_examples_then_no_key_is_missing(ask: Any, samples: Path) -> None:
    mine = ask.alpaca("POST", "/orders", json=BUY).json()
    for name, body in published(samples, "openapi_examples_trading.json").items():
        if name.endswith(("200 Equity", "200 Crypto")):
            assert set(body) <= set(mine), name
    for name, body in published(samples, "alpaca_py_trading_tests.json").items():
        rows = body if isinstance(body, list) else [body]
        if name.startswith("order__") and "cancel" not in name:
            assert set(rows[0]) - GONE <= set(mine), name


def test_position_and_asset_when_compared_with_the_clients_tests_then_no_key_is_missing(
    ask: Any, samples: Path
) -> None:
    ask.alpaca("POST", "/orders", json=BUY)
    theirs = published(samples, "alpaca_py_trading_tests.json")
    (position,) = ask.alpaca("GET", "/positions").json()
    assert set(theirs["position__test_get_all_positions"][0]) - GONE <= set(position)
    assert set(theirs["asset__test_get_asset"]) - GONE <= set(ask.alpaca("GET", "/assets/AAPL").json())
    (closed,) = ask.alpaca("DELETE", "/positions").json()
    assert set(theirs["position__test_close_all_positions"][0]) == set(closed)
    assert set(theirs["position__test_close_all_positions"][0]["body"]) <= set(closed["body"])
