"""Pages of Alpaca's lists on which something cannot be read, and symbols that name no share."""

from __future__ import annotations

from typing import Any

import pytest

from fin_infra.errors import UnexpectedPayload
from fin_infra.flow import row_errors
from fin_infra.model import AssetClass
from fin_infra.providers.brokerage.alpaca import symbols
from tests.providers.brokerage.alpaca.support import AAPL, answering, body_of, recorded, reply, scripted, sent


def order(ident: str, at: str, **facts: Any) -> dict[str, Any]:
    stamp = f"2026-10-08T14:0{at}:00Z"
    return body_of("order") | {"id": ident, "submitted_at": stamp, "created_at": stamp} | facts


def bad(ident: str, at: str, **facts: Any) -> dict[str, Any]:
    return order(ident, at, status="teleported", **facts)


def test_orders_when_the_last_of_a_full_page_cannot_be_read_then_its_instant_leads_on_and_it_is_named_once() -> None:
    pages = [order("o5", "5"), bad("o4", "4")], [bad("o4", "4"), order("o3", "3")], [order("o3", "3")]
    broker = scripted(*map(reply, pages), page_size=2)
    with row_errors() as errors:
        assert [found.id for found in broker.orders()] == ["o5", "o3"]
    assert [error.id for error in errors] == ["o4"]
    asked = [dict(request.params).get("until") for request in sent(broker)]
    assert asked == [None, "2026-10-08T14:04:00.000001Z", "2026-10-08T14:03:00.000001Z"]


def test_orders_when_nothing_of_a_full_page_can_be_read_then_the_older_ones_come() -> None:
    pages = [bad("o5", "5"), bad("o4", "4")], [order("o3", "3")]
    with row_errors() as errors:
        assert [found.id for found in scripted(*map(reply, pages), page_size=2).orders()] == ["o3"]
    assert [error.id for error in errors] == ["o5", "o4"]


def test_orders_when_the_last_has_no_instant_then_the_one_before_leads_on() -> None:
    last = bad("o4", "4", submitted_at=None, created_at="soon")
    pages = [order("o5", "5"), last], [order("o3", "3")]
    broker = scripted(*map(reply, pages), page_size=2)
    assert [found.id for found in broker.orders()] == ["o5", "o3"]
    assert dict(sent(broker)[1].params)["until"] == "2026-10-08T14:05:00.000001Z"


@pytest.mark.parametrize("page", [[bad("o5", "5"), bad("o4", "4")], [None, 7], [bad("", "5"), bad("", "5")]])
def test_orders_when_pages_of_what_cannot_be_read_repeat_then_it_ends(page: list[Any]) -> None:
    with pytest.raises(UnexpectedPayload):
        list(answering(page, page_size=2).orders())


def test_activities_when_the_last_of_a_full_page_has_no_id_then_the_one_before_leads_on() -> None:
    row = body_of("activities")[0]
    pages = [row | {"id": "a-1"}, None], [row | {"id": "a-2"}]
    broker = scripted(*map(reply, pages), page_size=2)
    with row_errors() as errors:
        assert [found.id for found in broker.activities()] == ["a-1", "a-2"]
    assert [error.place for error in errors] == ["activities[1]"]
    assert dict(sent(broker)[1].params)["page_token"] == "a-1"


def test_activities_when_no_row_of_a_full_page_has_an_id_then_unexpected_payload() -> None:
    with pytest.raises(UnexpectedPayload, match="'id'"):
        list(answering([None, {}], page_size=2).activities())


@pytest.mark.parametrize(
    "symbol", ["09075A108", "BTC-PERP", "BTCUSD", "ABC123", "ABCDEF", "AAPL.ABCD", "aapl", "AAPL`", ""]
)
def test_symbol_when_it_has_not_the_shape_of_a_share_then_no_key(symbol: str) -> None:
    assert symbols.maybe_read(symbol, AssetClass.EQUITY) is None


@pytest.mark.parametrize("symbol", ["F", "AAPL", "TCEHY", "BRK.B", "PSTH.WS", "ABR.PRD", "AGM.A"])
def test_symbol_when_it_has_the_shape_of_a_share_then_its_key(symbol: str) -> None:
    found = symbols.maybe_read(symbol, AssetClass.EQUITY)
    assert found is not None
    assert str(found[0]) == f"US:{symbol}"


@pytest.mark.parametrize("symbol", ["BTC-PERP", "BTCUSD", "09075A108"])
def test_activity_when_its_symbol_is_no_share_then_no_key_and_the_text_is_kept(symbol: str) -> None:
    [found] = answering([body_of("activities")[0] | {"symbol": symbol}]).activities()
    assert (found.key, found.symbol_text) == (None, symbol)


def test_assets_when_no_key_can_hold_a_symbol_then_named_and_other_coins_left_out() -> None:
    row = body_of("assets")[0]
    coin = row | {"class": "crypto", "symbol": "BTC/USDT"}
    found = answering([row | {"id": "x-1", "symbol": "09075A108"}, coin, row]).assets()
    assert [str(asset.key) for asset in found] == [f"US:{row['symbol']}"]
    assert [(error.place, error.id) for error in found.errors] == [("assets[0]", "x-1")]


def test_watchlist_when_no_key_can_hold_a_symbol_then_its_text_is_kept() -> None:
    body = body_of("watchlist")
    perpetual = body["assets"][0] | {"symbol": "BTC-PERP", "class": "crypto_perp"}
    found = answering(body | {"assets": [*body["assets"], perpetual]}).watchlist(body["id"])
    assert found.unnamed == ("BTC-PERP",)
    assert found.keys == recorded().watchlist(body["id"]).keys


@pytest.mark.parametrize("field", ["limit_price", "stop_price", "trail_percent", "trail_price", "hwm", "notional"])
@pytest.mark.parametrize("value", ["", None])
def test_order_when_a_number_that_may_be_missing_is_empty_then_none(field: str, value: str | None) -> None:
    [found] = answering([order("o1", "1") | {field: value}]).orders()
    assert getattr(found, {"hwm": "high_water_mark"}.get(field, field)) is None


@pytest.mark.parametrize("name", ["multiplier", "last_equity", "options_buying_power", "daytrade_count"])
def test_account_when_a_number_that_may_be_missing_is_empty_then_none(name: str) -> None:
    assert getattr(answering(body_of("account") | {name: ""}).account(), name) is None


def test_candles_when_a_bar_cannot_be_true_then_the_series_names_it() -> None:
    body = body_of("bars_1")
    body["bars"]["AAPL"][0]["h"] = 1
    with row_errors() as unread:
        series = answering(body | {"next_page_token": None}).candles(AAPL)
    assert (len(series), [error.stamp for error in series.errors]) == (1, ["2026-10-05T04:00:00Z"])
    assert [(error.place, error.id) for error in unread] == [("candles", "2026-10-05T04:00:00Z")]
