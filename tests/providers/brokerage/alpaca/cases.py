"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from fin_infra.model import InstrumentKey, NewOrder, OrderChange, OrderType, Side
from tests.support.cases import Case, Names, plain

AAPL, BITCOIN = InstrumentKey("US", "AAPL"), InstrumentKey("CRYPTO", "bitcoin")
ORDER = NewOrder(key=AAPL, side=Side.BUY, type=OrderType.LIMIT, quantity=Decimal(1), limit_price=Decimal(200))
CHANGE = OrderChange(limit_price=Decimal(101))


def order(names: Names) -> tuple[str]:
    return (names.order,)


def watchlist(names: Names) -> tuple[str]:
    return (names.watchlist,)


CASES = [
    plain("ping", "ping"),
    plain("account", "account"),
    plain("clock", "clock"),
    plain("calendar", "calendar", start=date(2026, 11, 23), end=date(2026, 12, 1)),
    plain("assets", "assets"),
    plain("asset", "asset", AAPL),
    Case("order", "order", order),
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
    Case("create_watchlist", "create_watchlist", lambda names: ("Coins", [BITCOIN]), once=True),
    Case("update_watchlist", "update_watchlist", watchlist, {"name": "Apple", "keys": [AAPL]}, once=True),
    Case("delete_watchlist", "delete_watchlist", watchlist, once=True),
    Case("check_order", "check_order", lambda names: (ORDER,), mends=True),
    Case("submit_order", "submit_order", lambda names: (ORDER,), {"idempotency_key": "1"}, once=True, mends=True),
    Case(
        "replace_order",
        "replace_order",
        lambda names: (names.order, CHANGE),
        {"idempotency_key": "2"},
        once=True,
        mends=True,
    ),
    Case("close_position", "close_position", lambda names: (AAPL,), {"idempotency_key": "3"}, once=True, mends=True),
]
