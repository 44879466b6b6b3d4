"""Alpaca's own examples and test payloads, read in place: each is read, or refused with a typed error."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import NotFound, OrderRejected, ProviderError, UnexpectedPayload
from fin_infra.flow import row_errors
from fin_infra.model import AssetClass, InstrumentKey, Money, OrderClass, OrderStatus, OrderType
from fin_infra.transport import Reply
from tests.providers.brokerage.alpaca.support import AAPL, BITCOIN, ORDER_ID, answering, order_of

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
FILES = ("alpaca_py_data_tests", "alpaca_py_trading_tests", "openapi_examples_marketdata", "openapi_examples_trading")


@pytest.fixture(scope="session")
def payloads(samples: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in FILES:
        rows: dict[str, Any] = json.loads((samples / "alpaca" / f"{name}.json").read_text())
        found |= {f"{name}/{key}": value for key, value in rows.items()}
    return found


def repaired(order: dict[str, Any]) -> dict[str, Any]:
    """The vendor's own tests have a stray backtick in the symbol."""
    return order | {"symbol": order["symbol"].rstrip("`")}


def test_orders_when_of_the_clients_tests_then_read_but_for_the_typo(payloads: dict[str, Any]) -> None:
    rows = {key: value for key, value in payloads.items() if "/order__" in key and isinstance(value, dict)}
    assert len(rows) == 7
    for body in rows.values():
        typo = answering(body).order(body["id"])
        assert (typo.key, typo.symbol_text) == (None, body["symbol"])
        order = answering(repaired(body)).order(body["id"])
        assert order.id == "61e69015-8549-4bfd-b9c3-01e75843f47d"
        assert (order.quantity, order.status) == (Decimal(1), OrderStatus.ACCEPTED)
    limit = answering(repaired(rows["alpaca_py_trading_tests/order__test_limit_order"])).order(
        "61e69015-8549-4bfd-b9c3-01e75843f47d"
    )
    assert (limit.type, limit.limit_price) == (OrderType.LIMIT, Decimal(300))
    assert limit.submitted_at == datetime(2021, 3, 16, 18, 38, 1, 937734, tzinfo=UTC)


def test_order_list_when_a_number_is_a_word_then_the_row_is_named(payloads: dict[str, Any]) -> None:
    rows = payloads["alpaca_py_trading_tests/order__test_get_orders"]
    with row_errors() as errors:
        found = list(answering(rows).orders())
    assert len(found) + len(errors) == len(rows)
    assert all("'hwm'" in error.reason for error in errors)
    assert errors


def test_cancellations_when_of_the_clients_tests_then_read(payloads: dict[str, Any]) -> None:
    found = answering(payloads["alpaca_py_trading_tests/order__test_cancel_orders"], 207).cancel_orders()
    assert [(one.order_id[:8], one.accepted) for one in found] == [("497f6eca", True), ("72249bb6", False)]


def test_account_when_of_the_clients_tests_then_read_with_the_fields_of_old(payloads: dict[str, Any]) -> None:
    account = answering(payloads["alpaca_py_trading_tests/account__test_get_account"]).account()
    assert account.cash == Money(Decimal("-23140.2"), "USD")
    assert account.equity == Money(Decimal("103820.56"), "USD")
    assert (account.pattern_day_trader, account.daytrade_count) == (False, 0)
    assert account.created_at == datetime(2019, 6, 12, 22, 47, 7, 996580, tzinfo=UTC)


def test_account_configurations_when_taken_for_an_account_then_refused(payloads: dict[str, Any]) -> None:
    rows = [value for key, value in payloads.items() if "account_configurations" in key]
    assert len(rows) == 2
    for body in rows:
        with pytest.raises(UnexpectedPayload):
            answering(body).account()


def test_positions_when_of_the_clients_tests_then_read(payloads: dict[str, Any]) -> None:
    [held] = answering(payloads["alpaca_py_trading_tests/position__test_get_all_positions"]).positions()
    assert (held.key, held.quantity, held.market_value) == (AAPL, Decimal(5), Money(Decimal("600.0"), "USD"))
    assert (held.unrealized, held.available_quantity) == (Money(Decimal("100.0"), "USD"), None)


def test_orders_when_they_close_positions_then_read(payloads: dict[str, Any]) -> None:
    rows = payloads["alpaca_py_trading_tests/position__test_close_all_positions"]
    coin = answering(rows[0]["body"]).order(rows[0]["body"]["id"])
    assert (coin.key, coin.quantity, coin.asset_class) == (BITCOIN, Decimal("0.0283"), AssetClass.CRYPTO)
    for name in ("position__test_close_position_with_qty", "position__test_close_position_with_percentage"):
        body = payloads[f"alpaca_py_trading_tests/{name}"]
        order = answering(repaired(body)).order(body["id"])
        assert (order.notional, order.quantity) == (Decimal(500), None)


def test_assets_when_of_the_clients_tests_then_read(payloads: dict[str, Any]) -> None:
    one = answering(payloads["alpaca_py_trading_tests/asset__test_get_asset"]).asset(AAPL)
    assert (one.key, one.exchange, one.fractionable, one.easy_to_borrow) == (AAPL, "NASDAQ", True, True)
    for name in ("asset__test_get_all_assets", "asset__test_get_all_assets_params"):
        assert [row.key for row in answering(payloads[f"alpaca_py_trading_tests/{name}"]).assets()] == [AAPL]


def test_orders_when_of_the_specification_then_read_with_their_legs(payloads: dict[str, Any]) -> None:
    prefix = "openapi_examples_trading/"
    names = [key for key in payloads if key.startswith(prefix) and "/v2/orders" in key]
    read: dict[str, Any] = {}
    for key in names:
        body = payloads[key][0] if isinstance(payloads[key], list) else payloads[key]
        read[key.removeprefix(prefix)] = order = answering(body).order(body["id"])
        if "MultilegOptions" in key:
            assert (order.key, order.order_class) == (None, OrderClass.MLEG)
            assert len(order.legs) > 1
            assert all(leg.key is not None for leg in order.legs)
    assert len(read) >= 7
    crypto, option = read["POST /v2/orders 200 Crypto"], read["POST /v2/orders 200 Options"]
    assert (crypto.key, crypto.limit_price) == (InstrumentKey("CRYPTO", "ethereum"), Decimal(2100))
    assert (str(option.key), option.quantity) == ("OCC:AAPL250620C00100000", Decimal(2))
    ipo = read["POST /v2/orders 200 IPO"]
    assert (ipo.asset_class, ipo.notional) == (AssetClass.UNKNOWN, Decimal(500))
    equity = read["GET /v2/orders 200 Equity"]
    assert equity.created_at == datetime(2023, 12, 12, 22, 31, 24, 668464, tzinfo=UTC)
    assert equity.order_class is OrderClass.SIMPLE


def test_watchlists_when_of_the_specification_then_read(payloads: dict[str, Any]) -> None:
    [one] = answering(payloads["openapi_examples_trading/GET /v2/watchlists 200 example-1"]).watchlists()
    assert (one.name, one.created_at) == ("Primary Watchlist", datetime(2022, 1, 31, 21, 49, 5, 146280, tzinfo=UTC))


def test_errors_when_of_the_specification_then_typed(payloads: dict[str, Any]) -> None:
    """Whatever call they answer, to us they are answers to an order or to a question."""
    seen = 0
    for key, body in payloads.items():
        words = key.split()
        status = next((int(word) for word in words if word.isdigit() and len(word) == 3), 200)
        if not key.startswith("openapi_examples_trading/") or status < 400:
            continue
        seen += 1
        broker = answering(body, status)
        with pytest.raises(ProviderError) as asked:
            broker.account()
        with pytest.raises(ProviderError) as sent:
            broker.transport.run(broker.send_order(order_of(), "fin-one"))
        assert isinstance(sent.value, OrderRejected) == (isinstance(body.get("code"), int) and status not in (401, 429))
        assert body["message"] not in f"{asked.value} {sent.value}"
    assert seen >= 15
    contract = payloads["openapi_examples_trading/GET /v2/options/contracts/{symbol_or_id} 404 Contract Not Found"]
    with pytest.raises(NotFound):
        answering(contract, 404).asset(InstrumentKey("OCC", "TSLA231110C00021000"))


def test_bars_when_of_the_clients_and_the_specification_then_read(payloads: dict[str, Any]) -> None:
    tesla = InstrumentKey("US", "TSLA")
    newest = answering(payloads["alpaca_py_data_tests/stock__test_get_bars_desc"]).candles(tesla)
    assert newest.candles[-1].close == Decimal("240.5")
    assert newest.candles[-1].start == datetime(2023, 9, 27, 4, tzinfo=UTC)
    assert [bar.start for bar in newest.candles] == sorted(bar.start for bar in newest.candles)
    both = payloads["alpaca_py_data_tests/stock__test_multisymbol_get_bars"]
    assert answering(both).candles(tesla).candles[0].volume == Decimal(both["bars"]["TSLA"][0]["v"])
    coin = answering(payloads["alpaca_py_data_tests/crypto__test_get_crypto_bars"]).candles(BITCOIN)
    assert (coin.candles[0].open, coin.candles[0].volume) == (Decimal("161.51"), Decimal(88496480))
    empty = answering(payloads["alpaca_py_data_tests/stock__test_get_bars_single_empty_response"]).candles(AAPL)
    assert empty.candles == ()
    spec = answering(payloads["openapi_examples_marketdata/GET /v2/stocks/bars 200 bars"]).candles(AAPL)
    assert (spec.candles[0].close, spec.candles[0].volume) == (Decimal("178.21"), Decimal(1118))
    key = "openapi_examples_marketdata/GET /v1beta1/options/bars 200 bars"
    option = answering(payloads[key]).candles(InstrumentKey("OCC", "AAPL240419P00140000"))
    assert option.candles[0].high == Decimal("0.38")


def test_latest_when_of_the_clients_and_the_specification_then_read(payloads: dict[str, Any]) -> None:
    prefix = "openapi_examples_marketdata/"
    quote = answering(payloads[prefix + "GET /v1beta3/crypto/{loc}/latest/quotes 200 quotes"]).bid_ask(BITCOIN)
    assert (quote.bid, quote.ask, quote.bid_size) == (Decimal(29058), Decimal(29059), Decimal("0.3544"))
    trade = answering(payloads[prefix + "GET /v2/stocks/trades/latest 200 trades"]).last_trade(AAPL)
    assert (trade.price, trade.id) == (Decimal("172.78"), "826")
    assert trade.as_of == datetime(2022, 8, 17, 9, 50, 43, 361102, tzinfo=UTC)
    coin = answering(payloads["alpaca_py_data_tests/crypto__test_get_crypto_latest_trade"]).last_trade(BITCOIN)
    assert (coin.price, coin.size) == (Decimal(40650), Decimal("0.1517"))
    for name in ("stock__test_get_latest_quote_multi_empty_response", "stock__test_get_latest_trade_multi_not_found"):
        for ask in ("bid_ask", "last_trade"):
            with pytest.raises(ProviderError):
                getattr(answering(payloads[f"alpaca_py_data_tests/{name}"]), ask)(AAPL)


@pytest.mark.matrix
def test_every_payload_when_taken_for_anything_then_a_value_or_a_typed_error(payloads: dict[str, Any]) -> None:
    """None of them gets through as a bare KeyError or TypeError, whatever it is taken for."""
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("account", ()),
        ("clock", ()),
        ("order", (ORDER_ID,)),
        ("orders", ()),
        ("positions", ()),
        ("assets", ()),
        ("asset", (AAPL,)),
        ("activities", ()),
        ("watchlists", ()),
        ("portfolio_history", ()),
        ("bid_ask", (AAPL,)),
        ("last_trade", (AAPL,)),
        ("candles", (AAPL,)),
        ("cancel_orders", ()),
    ]
    for body in payloads.values():
        for name, args in calls:
            broker = answering(json.dumps(body).encode())
            try:
                found = getattr(broker, name)(*args)
                list(found) if name in ("orders", "activities") else None
            except ProviderError:
                pass
    assert isinstance(Reply(200, b"{}").json(), dict)
