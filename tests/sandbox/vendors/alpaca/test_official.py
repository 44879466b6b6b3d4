"""Alpaca's own client, unmodified, against the sandbox: what it understands, the sandbox speaks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from queue import Empty, Queue
from typing import Any

import httpx2
import pytest

from fin_infra.sandbox import running

pytest.importorskip("alpaca")

from alpaca.common.exceptions import APIError  # the client is an optional witness
from alpaca.trading.client import TradingClient
from alpaca.trading.models import Order, TradeUpdate
from alpaca.trading.requests import (
    ClosePositionRequest,
    CreateWatchlistRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetOrderByIdRequest,
    GetOrdersRequest,
    GetPortfolioHistoryRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    OrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
    UpdateWatchlistRequest,
)
from alpaca.trading.stream import TradingStream

KEY, SECRET = "PKSANDBOX0000000000", "sandbox-alpaca-secret"
PATIENCE_S = 30


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running() as found:
        yield found


@pytest.fixture
def control(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{url}/_sandbox", timeout=30, trust_env=False) as http:
        assert http.post("/reset").status_code == 200
        yield http


@pytest.fixture
def client(url: str, control: httpx2.Client) -> TradingClient:
    made = TradingClient(KEY, SECRET, paper=True, url_override=f"{url}/alpaca")
    made._session.trust_env = False  # no proxy of this machine between client and loopback
    return made


def bought(client: TradingClient, qty: int = 10) -> Order:
    return client.submit_order(MarketOrderRequest(symbol="AAPL", qty=qty, side="buy", time_in_force="day"))


def test_account_when_asked_then_a_typed_model(client: TradingClient) -> None:
    account = client.get_account()
    assert (account.status.value, account.cash, account.multiplier) == ("ACTIVE", "100000", "4")
    assert account.pattern_day_trader is None


def test_configurations_when_changed_then_read_back(client: TradingClient) -> None:
    settings = client.get_account_configurations()
    settings.no_shorting = True
    assert client.set_account_configurations(settings).no_shorting is True
    assert client.get_account_configurations().no_shorting is True


@pytest.mark.parametrize(
    "request_",
    [
        MarketOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="day"),
        MarketOrderRequest(symbol="AAPL", qty=1.5, side="buy", time_in_force="day"),
        MarketOrderRequest(symbol="AAPL", notional=250.5, side="buy", time_in_force="day"),
        MarketOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="cls"),
        MarketOrderRequest(symbol="BTC/USD", qty=0.01, side="buy", time_in_force="gtc"),
        LimitOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="gtc", limit_price=10.1),
        LimitOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="ioc", limit_price=300),
        LimitOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="fok", limit_price=300),
        LimitOrderRequest(
            symbol="AAPL", qty=1, side="buy", time_in_force="day", limit_price=10.1, extended_hours=True
        ),
        StopOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="day", stop_price=400),
        StopLimitOrderRequest(
            symbol="AAPL", qty=1, side="buy", time_in_force="gtc", stop_price=400, limit_price=401
        ),
        TrailingStopOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="gtc", trail_percent=2.5),
        TrailingStopOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="day", trail_price=3),
        MarketOrderRequest(
            symbol="AAPL", qty=2, side="buy", time_in_force="gtc", order_class="bracket",
            take_profit=TakeProfitRequest(limit_price=400), stop_loss=StopLossRequest(stop_price=200, limit_price=199),
        ),
        MarketOrderRequest(
            symbol="AAPL", qty=2, side="buy", time_in_force="day", order_class="oto",
            stop_loss=StopLossRequest(stop_price=200),
        ),
    ],
    ids=lambda request_: f"{request_.symbol}-{request_.type.value}-{request_.time_in_force.value}",
)  # fmt: skip
def test_order_when_submitted_then_accepted_and_found_in_every_way(
    client: TradingClient, request_: OrderRequest
) -> None:
    order = client.submit_order(request_)
    assert order.type == request_.type
    assert order.status.value in ("pending_new", "accepted")
    assert client.get_order_by_id(order.id).id == order.id
    assert client.get_order_by_client_id(order.client_order_id).id == order.id
    listed = client.get_orders(GetOrdersRequest(status="all", nested=True, symbols=[request_.symbol]))
    assert [found.id for found in listed] == [order.id]
    assert len(listed[0].legs or []) == (request_.take_profit is not None) + (request_.stop_loss is not None)


def test_oco_when_shares_are_held_then_two_exits(client: TradingClient) -> None:
    bought(client)
    order = client.submit_order(
        LimitOrderRequest(
            symbol="AAPL", qty=10, side="sell", time_in_force="gtc", limit_price=400, order_class="oco",
            take_profit=TakeProfitRequest(limit_price=400), stop_loss=StopLossRequest(stop_price=200),
        )
    )  # fmt: skip
    found = client.get_order_by_id(order.id, GetOrderByIdRequest(nested=True))
    assert [(leg.type.value, leg.status.value) for leg in found.legs] == [("stop", "held")]


def test_order_when_replaced_and_cancelled_then_the_chain_is_there(client: TradingClient) -> None:
    old = client.submit_order(LimitOrderRequest(symbol="AAPL", qty=2, side="buy", time_in_force="gtc", limit_price=100))
    new = client.replace_order_by_id(old.id, ReplaceOrderRequest(qty=3, limit_price=101.5))
    assert (new.replaces, new.qty, new.limit_price) == (old.id, "3", "101.5")
    assert client.get_order_by_id(old.id).replaced_by == new.id
    client.cancel_order_by_id(new.id)
    assert client.get_order_by_id(new.id).status.value == "canceled"
    with pytest.raises(APIError) as refused:
        client.cancel_order_by_id(new.id)
    assert (refused.value.status_code, refused.value.code) == (422, 42210000)


def test_orders_when_all_are_cancelled_then_a_status_each(client: TradingClient) -> None:
    for price in (90, 91):
        client.submit_order(LimitOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="gtc", limit_price=price))
    assert [answer.status for answer in client.cancel_orders()] == [200, 200]
    assert client.get_orders() == []


def test_client_order_id_when_used_twice_then_an_error_and_one_order(client: TradingClient) -> None:
    request = MarketOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="day", client_order_id="mine")
    order = client.submit_order(request)
    with pytest.raises(APIError, match="client_order_id must be unique"):
        client.submit_order(request)
    assert client.get_order_by_client_id("mine").id == order.id


def test_504_when_the_order_landed_then_the_clients_own_retry_meets_its_order(
    client: TradingClient, control: httpx2.Client
) -> None:
    client._retry_wait = 0
    spec = {"vendor": "alpaca", "kind": "status_504_after", "method": "POST", "path": "/v2/orders", "count": 1}
    assert control.post("/faults", json=spec).status_code == 200
    request = MarketOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="day", client_order_id="mine")
    with pytest.raises(APIError, match="client_order_id must be unique"):
        client.submit_order(request)
    assert control.post("/faults", json=spec).status_code == 200
    client.submit_order(MarketOrderRequest(symbol="KO", qty=1, side="buy", time_in_force="day"))
    assert client.get_open_position("KO").qty == "2"  # without an id of its own the retry buys twice


def test_positions_when_closed_then_orders_of_the_other_side(client: TradingClient) -> None:
    bought(client)
    assert [held.symbol for held in client.get_all_positions()] == ["AAPL"]
    assert client.get_open_position("AAPL").side.value == "long"
    assert client.close_position("AAPL", ClosePositionRequest(qty="4")).qty == "4"
    assert client.get_open_position("AAPL").qty == "6"
    (answer,) = client.close_all_positions(cancel_orders=True)
    assert (answer.symbol, answer.status, answer.body.side.value) == ("AAPL", 200, "sell")
    assert client.get_all_positions() == []
    with pytest.raises(APIError, match="position does not exist"):
        client.get_open_position("AAPL")


def test_portfolio_history_when_asked_then_parallel_lists(client: TradingClient) -> None:
    bought(client)
    history = client.get_portfolio_history(GetPortfolioHistoryRequest(period="1W", timeframe="1D"))
    assert len(history.timestamp) == len(history.equity) == len(history.profit_loss) > 3
    assert history.equity[-1] == float(client.get_account().equity)


def test_clock_calendar_and_assets_when_asked_then_typed(client: TradingClient) -> None:
    assert client.get_clock().is_open is True
    days = client.get_calendar(GetCalendarRequest(start=date(2026, 11, 25), end=date(2026, 11, 27)))
    assert [(day.date.day, day.close.hour) for day in days] == [(25, 16), (27, 13)]
    assert {asset.symbol for asset in client.get_all_assets(GetAssetsRequest(asset_class="crypto"))} >= {"BTC/USD"}
    assert client.get_asset("BRK.B").fractionable is True


def test_watchlist_when_made_changed_and_deleted_then_typed(client: TradingClient) -> None:
    made = client.create_watchlist(CreateWatchlistRequest(name="mine", symbols=["AAPL", "KO"]))
    assert [found.id for found in client.get_watchlists()] == [made.id]
    client.add_asset_to_watchlist_by_id(made.id, "IBM")
    client.remove_asset_from_watchlist_by_id(made.id, "KO")
    assert [asset.symbol for asset in client.get_watchlist_by_id(made.id).assets] == ["AAPL", "IBM"]
    assert client.update_watchlist_by_id(made.id, UpdateWatchlistRequest(name="ours")).name == "ours"
    client.delete_watchlist_by_id(made.id)
    assert client.get_watchlists() == []


def test_activities_when_asked_then_fills(client: TradingClient) -> None:
    order = bought(client)
    (row,) = client.get("/account/activities/FILL", {"page_size": 5})
    assert (row["order_id"], row["qty"], row["type"]) == (str(order.id), "10", "fill")


def test_keys_when_live_then_unauthorized(url: str, control: httpx2.Client) -> None:
    live = TradingClient("AKSANDBOX0000000000", "sandbox-alpaca-live", url_override=f"{url}/alpaca")
    live._session.trust_env = False
    with pytest.raises(APIError) as refused:
        live.get_account()
    assert refused.value.status_code == 401


@pytest.mark.parametrize("frames", ["binary", "text"])
def test_stream_when_an_order_fills_then_the_fill_arrives(
    url: str, client: TradingClient, control: httpx2.Client, frames: str
) -> None:
    assert control.post("/alpaca", json={"frames": frames}).status_code == 200
    heard: Queue[Any] = Queue()

    async def hear(update: TradeUpdate) -> None:
        heard.put(update)

    stream = TradingStream(KEY, SECRET, url_override=f"{url.replace('http', 'ws')}/alpaca/stream")
    stream.subscribe_trade_updates(hear)
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    try:
        _wait_until_it_listens(client, heard)
        order = bought(client)
        while (update := heard.get(timeout=PATIENCE_S)).order.id != order.id or update.event != "fill":
            pass
        assert Decimal(str(update.qty)) == 10
        assert update.order.filled_avg_price == str(update.price)
    finally:
        stream.stop()
        thread.join(PATIENCE_S)


def _wait_until_it_listens(client: TradingClient, heard: Queue[Any]) -> None:
    """Place small orders until one is heard: nothing tells a client's caller when it has begun to listen."""
    for _ in range(200):
        client.submit_order(LimitOrderRequest(symbol="KO", qty=1, side="buy", time_in_force="day", limit_price=1))
        try:
            heard.get(timeout=0.1)
            return
        except Empty:
            continue
    raise AssertionError("the stream never told of an order")
