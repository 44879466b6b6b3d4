"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from fin_infra.model import InstrumentKey, NewOrder, OrderChange, OrderType, Side
from tests.support.cases import Case, Ids, plain
from tests.support.sandbox import Sandbox

AAPL, BITCOIN = InstrumentKey("US", "AAPL"), InstrumentKey("CRYPTO", "bitcoin")
ORDER = NewOrder(key=AAPL, side=Side.BUY, type=OrderType.LIMIT, quantity=Decimal(1), limit_price=Decimal(200))
CHANGE = OrderChange(limit_price=Decimal(101))


KEYS = {"apca-api-key-id": "PKSANDBOX0000000000", "apca-api-secret-key": "sandbox-alpaca-secret"}


def prepare(sandbox: Sandbox) -> Ids:
    """Leave a position, three orders and a watchlist."""
    terms = {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "market", "time_in_force": "day"}
    resting = {
        "symbol": "MSFT",
        "type": "limit",
        "limit_price": "100",
        "time_in_force": "gtc",
        "client_order_id": "resting",
    }
    for change in ({}, {"qty": "5"}, resting):
        _ask(sandbox, "POST", "orders", json={**terms, **change})
    _ask(sandbox, "POST", "watchlists", json={"name": "Shares", "symbols": ["AAPL", "BTC/USD"]})
    return {
        "order": _ask(sandbox, "GET", "orders")[0]["id"],
        "watchlist": _ask(sandbox, "GET", "watchlists")[0]["id"],
    }


def _ask(sandbox: Sandbox, verb: str, path: str, **body: Any) -> Any:
    return sandbox.ask(verb, f"/alpaca/v2/{path}", headers=KEYS, **body)


def order(ids: Ids) -> tuple[str]:
    return (ids["order"],)


def watchlist(ids: Ids) -> tuple[str]:
    return (ids["watchlist"],)


CASES = [
    plain("ping", "ping"),
    plain("account", "account"),
    plain("clock", "clock"),
    plain("calendar", "calendar", start=date(2026, 11, 23), end=date(2026, 12, 1)),
    plain("assets", "assets"),
    plain("asset", "asset", AAPL),
    Case("order", "order", order),
    Case("latest_order", "latest_order", order),
    plain("order_by_client_id", "order_by_client_id", "resting"),
    Case("orders", "orders", kwargs={"status": "all"}, settings={"page_size": 2}),
    plain("positions", "positions"),
    plain("position", "position", AAPL),
    plain("portfolio_history", "portfolio_history"),
    Case("activities", "activities", settings={"page_size": 2}),
    plain("watchlists", "watchlists"),
    Case("watchlist", "watchlist", watchlist),
    plain("bid_ask", "bid_ask", AAPL),
    plain("last_trade", "last_trade", BITCOIN),
    plain("candles", "candles", AAPL, start=datetime(2026, 11, 2, tzinfo=UTC), end=datetime(2026, 11, 20, tzinfo=UTC)),
    plain("reconcile_orders", "reconcile_orders"),
    Case("cancel_order", "cancel_order", order, once=True),
    Case("cancel_orders", "cancel_orders", once=True),
    Case("create_watchlist", "create_watchlist", lambda ids: ("Coins", [BITCOIN]), once=True),
    Case("update_watchlist", "update_watchlist", watchlist, {"name": "Apple", "keys": [AAPL]}, once=True),
    Case("delete_watchlist", "delete_watchlist", watchlist, once=True),
    Case("check_order", "check_order", lambda ids: (ORDER,), mends=True),
    Case("submit_order", "submit_order", lambda ids: (ORDER,), {"idempotency_key": "1"}, once=True, mends=True),
    Case(
        "replace_order",
        "replace_order",
        lambda ids: (ids["order"], CHANGE),
        {"idempotency_key": "2"},
        once=True,
        mends=True,
    ),
    Case("close_position", "close_position", lambda ids: (AAPL,), {"idempotency_key": "3"}, once=True, mends=True),
]
