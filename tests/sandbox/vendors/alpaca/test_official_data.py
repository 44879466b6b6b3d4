"""Alpaca's own Python client, unmodified, reads bars, quotes and trades of the sandbox's data API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from fin_infra.sandbox import running

historical = pytest.importorskip("alpaca.data.historical")
requests = pytest.importorskip("alpaca.data.requests")
timeframe = pytest.importorskip("alpaca.data.timeframe")
common = pytest.importorskip("alpaca.common.exceptions")

KEY, SECRET = "PKSANDBOX0000000000", "sandbox-alpaca-secret"
DAY, MINUTE = timeframe.TimeFrame.Day, timeframe.TimeFrame.Minute
START, END = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[httpx2.Client]:
    with running() as url, httpx2.Client(base_url=url, timeout=30) as http:
        yield http


@pytest.fixture
def stocks(sandbox: httpx2.Client) -> Any:
    return historical.StockHistoricalDataClient(KEY, SECRET, url_override=_url(sandbox))


@pytest.fixture
def coins(sandbox: httpx2.Client) -> Any:
    return historical.CryptoHistoricalDataClient(KEY, SECRET, url_override=_url(sandbox))


def _url(http: httpx2.Client) -> str:
    return f"{http.base_url}/alpaca".replace("//alpaca", "/alpaca")


def _ask(http: httpx2.Client, path: str, **params: Any) -> httpx2.Response:
    headers = {"apca-api-key-id": KEY, "apca-api-secret-key": SECRET}
    return http.get(f"/alpaca{path}", params=params, headers=headers)


def _bars(stocks: Any, symbols: Any, size: Any = DAY, start: datetime = START, end: datetime = END, **more: Any) -> Any:
    asked = requests.StockBarsRequest(symbol_or_symbols=symbols, timeframe=size, start=start, end=end, **more)
    return stocks.get_stock_bars(asked).data


def test_bars_when_days_of_two_symbols_then_each_session_once(stocks: Any) -> None:
    found = _bars(stocks, ["MSFT", "AAPL", "NOSUCH"])
    assert set(found) == {"AAPL", "MSFT"}  # a symbol without data is simply absent
    days = [bar.timestamp for bar in found["AAPL"]]
    # 2 to 19 November 2026 are 14 weekdays without a holiday of the exchange; midnight in New York is 5:00 UTC
    assert len(days) == 14
    assert (days[0], days[-1]) == (
        datetime(2026, 11, 2, 5, tzinfo=UTC),
        datetime(2026, 11, 19, 5, tzinfo=UTC),
    )
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in found["AAPL"])


def test_bars_when_pages_are_small_then_the_same_bars(sandbox: httpx2.Client, stocks: Any) -> None:
    whole = {symbol: [bar.timestamp for bar in rows] for symbol, rows in _bars(stocks, ["AAPL", "MSFT"]).items()}
    paged: dict[str, list[str]] = {}
    token, pages = None, 0
    while pages < 20:
        params = {"symbols": "AAPL,MSFT", "timeframe": "1Day", "limit": 5, "page_token": token}
        body = _ask(
            sandbox,
            "/v2/stocks/bars",
            **{name: value for name, value in params.items() if value},
            start=START.isoformat(),
            end=END.isoformat(),
        ).json()
        for symbol, rows in body["bars"].items():
            paged.setdefault(symbol, []).extend(row["t"] for row in rows)
        pages, token = pages + 1, body["next_page_token"]
        if token is None:
            break
    assert pages == 6  # 28 bars by fives
    assert {symbol: [datetime.fromisoformat(t) for t in rows] for symbol, rows in paged.items()} == whole


def test_bars_when_newest_first_then_the_same_backwards(stocks: Any) -> None:
    ahead, back = _bars(stocks, "AAPL")["AAPL"], _bars(stocks, "AAPL", sort="desc")["AAPL"]
    assert [bar.timestamp for bar in back] == [bar.timestamp for bar in reversed(ahead)]


def test_bars_when_weeks_and_months_then_sums_of_their_days(stocks: Any) -> None:
    days = _bars(stocks, "AAPL")["AAPL"]
    weeks = _bars(stocks, "AAPL", timeframe.TimeFrame.Week)["AAPL"]
    assert [bar.timestamp.day for bar in weeks] == [2, 9, 16]
    assert weeks[0].open == days[0].open
    assert weeks[0].close == days[4].close
    assert weeks[0].volume == sum(bar.volume for bar in days[:5])
    [month] = _bars(stocks, "AAPL", timeframe.TimeFrame.Month, datetime(2026, 10, 1, 4, tzinfo=UTC), START)["AAPL"]
    assert month.timestamp == datetime(2026, 10, 1, 4, tzinfo=UTC)


def test_bars_when_minutes_then_from_four_in_the_morning_up_to_the_clock(stocks: Any) -> None:
    start = datetime(2026, 11, 20, 5, tzinfo=UTC)  # midnight in New York
    minutes = _bars(stocks, "AAPL", MINUTE, start, datetime(2026, 11, 21, tzinfo=UTC))["AAPL"]
    # the clock stands at 15:00 UTC; 4:00 in New York is 9:00 UTC, and the running minute is there too
    assert minutes[0].timestamp == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert minutes[-1].timestamp == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert len(minutes) == 6 * 60 + 1
    quarters = _bars(
        stocks,
        "AAPL",
        timeframe.TimeFrame(15, timeframe.TimeFrameUnit.Minute),
        start,
        datetime(2026, 11, 21, tzinfo=UTC),
    )["AAPL"]
    assert quarters[1].timestamp == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert quarters[0].high == max(bar.high for bar in minutes[:15])


def test_bars_when_adjusted_for_splits_then_prices_before_divide_by_the_ratio(stocks: Any) -> None:
    start, end = datetime(2020, 8, 27, tzinfo=UTC), datetime(2020, 9, 2, tzinfo=UTC)
    raw = _bars(stocks, "AAPL", start=start, end=end)["AAPL"]
    split = _bars(stocks, "AAPL", start=start, end=end, adjustment="split")["AAPL"]
    # Apple split 4:1 on 31 August 2020
    ratios = [round(one.close / other.close, 2) for one, other in zip(raw, split, strict=True)]
    assert ratios == [4.0, 4.0, 1.0, 1.0]


def test_latest_when_asked_then_quote_trade_and_bar_agree(stocks: Any) -> None:
    quote = stocks.get_stock_latest_quote(requests.StockLatestQuoteRequest(symbol_or_symbols=["AAPL", "BRK.B"]))
    trade = stocks.get_stock_latest_trade(requests.StockLatestTradeRequest(symbol_or_symbols="AAPL"))["AAPL"]
    bar = stocks.get_stock_latest_bar(requests.StockLatestBarRequest(symbol_or_symbols="AAPL"))["AAPL"]
    assert set(quote) == {"AAPL", "BRK.B"}
    assert quote["AAPL"].bid_price < trade.price < quote["AAPL"].ask_price
    assert bar.low <= trade.price <= bar.high
    assert quote["AAPL"].timestamp == datetime(2026, 11, 20, 15, tzinfo=UTC)


def test_coins_when_asked_then_bars_and_quotes(coins: Any) -> None:
    asked = requests.CryptoBarsRequest(symbol_or_symbols="BTC/USD", timeframe=DAY, start=START, end=END)
    days = coins.get_crypto_bars(asked).data["BTC/USD"]
    # 2 November, 0:00 UTC, is the evening before in New York: the first day to begin later is the second, 18 in all
    assert (len(days), days[0].timestamp) == (18, datetime(2026, 11, 2, 5, tzinfo=UTC))
    quote = coins.get_crypto_latest_quote(requests.CryptoLatestQuoteRequest(symbol_or_symbols="BTC/USD"))["BTC/USD"]
    assert quote.bid_price < quote.ask_price


def test_single_symbol_when_asked_then_its_own_shape(sandbox: httpx2.Client) -> None:
    body = _ask(sandbox, "/v2/stocks/AAPL/bars", timeframe="1Day", start="2026-11-18", end="2026-11-20").json()
    assert (body["symbol"], len(body["bars"]), body["next_page_token"]) == ("AAPL", 2, None)
    assert set(body["bars"][0]) == {"t", "o", "h", "l", "c", "v", "n", "vw"}
    latest = _ask(sandbox, "/v2/stocks/BRK.B/quotes/latest").json()
    assert latest["symbol"] == "BRK.B"
    assert Decimal(str(latest["quote"]["bp"])) > 0


@pytest.mark.parametrize(
    ("path", "params", "status", "message"),
    [
        ("/v2/stocks/bars", {"symbols": "aapl", "timeframe": "1Day"}, 400, "invalid symbol: aapl"),
        ("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "61Min"}, 400, "invalid timeframe: 61Min"),
        ("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "1Day", "page_token": "?"}, 400, "invalid page_token"),
        ("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "1Day", "adjustment": "x"}, 400, "invalid adjustment: x"),
        ("/v2/stocks/bars", {"timeframe": "1Day"}, 400, "symbols is required"),
        ("/v2/stocks/quotes/latest", {"symbols": "AAPL", "feed": "moon"}, 400, "invalid feed: moon"),
    ],
)
def test_request_when_wrong_then_a_message_without_code(
    sandbox: httpx2.Client, path: str, params: dict[str, str], status: int, message: str
) -> None:
    reply = _ask(sandbox, path, **params)
    assert (reply.status_code, reply.json()) == (status, {"message": message})


def test_bars_when_plan_has_no_recent_sip_then_403_until_iex_or_older(sandbox: httpx2.Client, stocks: Any) -> None:
    assert sandbox.post("/_sandbox/alpaca", json={"sip_delayed": True}).status_code == 200
    now = datetime(2026, 11, 20, 15, tzinfo=UTC)
    with pytest.raises(common.APIError, match="subscription does not permit querying recent SIP data") as refused:
        _bars(stocks, "AAPL", end=now)
    assert refused.value.status_code == 403
    assert _bars(stocks, "AAPL", end=now, feed="iex")["AAPL"]
    assert _bars(stocks, "AAPL", end=END)["AAPL"]


def test_bars_when_asked_from_before_the_world_then_from_its_first_session(sandbox: httpx2.Client) -> None:
    body = _ask(sandbox, "/v2/stocks/AAPL/bars", timeframe="1Day", start="0001-01-01T00:00:00Z", limit="1").json()
    assert [bar["t"] for bar in body["bars"]] == ["2006-01-03T05:00:00Z"]


def test_latest_bar_when_a_coin_is_not_listed_yet_then_absent(sandbox: httpx2.Client) -> None:
    assert sandbox.post("/_sandbox/clock", json={"set": "2021-03-01T15:00:00Z"}).status_code == 200
    body = _ask(sandbox, "/v1beta3/crypto/us/latest/bars", symbols="BTC/USD,PEPE/USD").json()
    assert list(body["bars"]) == ["BTC/USD"]
