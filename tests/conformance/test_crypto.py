"""Every crypto provider against the running sandbox, in both modes: the world's truths, or the right typed error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from fin_infra.errors import (
    AmbiguousSymbol,
    InvalidInput,
    InvalidRequest,
    PermissionDenied,
    UnknownSymbol,
)
from fin_infra.model import InstrumentKey, Interval, Listing
from fin_infra.providers.registry import providers
from tests.support.rows import Crypto, offering, rows

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
BITCOIN, ETHEREUM = InstrumentKey("CRYPTO", "bitcoin"), InstrumentKey("CRYPTO", "ethereum")
OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "price": lambda ask: ask("price", BITCOIN),
    "prices": lambda ask: ask("prices", [BITCOIN, ETHEREUM]),
    "asset": lambda ask: ask("asset", BITCOIN),
    "lookup": lambda ask: ask("lookup", "ULP"),
    "candles": lambda ask: ask("candles", BITCOIN, days=7),
    "market_chart": lambda ask: ask("market_chart", BITCOIN, start=NOW - timedelta(days=2), end=NOW),
    "search": lambda ask: ask("search", "bitcoin"),
}
ROWS: list[Crypto] = rows(Crypto)


@pytest.fixture(params=ROWS, ids=lambda row: row.provider_key)
def row(request: pytest.FixtureRequest) -> Crypto:
    return request.param


@pytest.fixture
def ask(connect: Any, row: Crypto) -> Any:
    return connect(row.cls)


def test_rows_when_counted_then_each_provider_has_one_and_is_asked_all_it_offers() -> None:
    assert {row.provider_key for row in ROWS} == {cls.info.provider_key for cls in providers("crypto")}
    assert all(row.cls.can <= OPERATIONS.keys() for row in ROWS)


def test_prices_when_many_then_the_truths_of_the_world_in_one_request(ask: Any, row: Crypto, sandbox: Any) -> None:
    truth = {coin: Decimal(price) for coin, price in _truths(sandbox)}
    prices = ask("prices", [ETHEREUM, BITCOIN])
    assert isinstance(prices, Listing)
    assert [(price.key, price.price) for price in prices] == [
        (ETHEREUM, truth["ethereum"]),
        (BITCOIN, truth["bitcoin"]),
    ]
    assert all(price.currency == "USD" and price.as_of == NOW for price in prices)
    assert len([request for request in sandbox.requests() if request["vendor"] == row.mount]) == 1


def _truths(sandbox: Any) -> Iterator[tuple[str, str]]:
    for coin, value in sandbox.world()["crypto_usd"].items():
        if value is not None:
            yield coin, value["price"] if isinstance(value, dict) else value


def test_price_when_unknown_then_unknown_symbol(ask: Any) -> None:
    for operation in ("price", "asset", "candles"):
        with pytest.raises(UnknownSymbol):
            ask(operation, InstrumentKey("CRYPTO", "no-such-coin"))


def test_price_when_coin_has_none_then_error_and_never_zero(ask: Any) -> None:
    with pytest.raises(UnknownSymbol, match="unlaunched-protocol"):
        ask("price", InstrumentKey("CRYPTO", "unlaunched-protocol"))


@offering(Crypto, "prices")
def test_prices_when_some_have_none_then_they_are_named_and_the_others_come(ask: Any) -> None:
    silent, unknown = (InstrumentKey("CRYPTO", coin) for coin in ("unlaunched-protocol", "no-such-coin"))
    prices = ask("prices", [silent, BITCOIN, unknown, ETHEREUM, BITCOIN])
    assert [price.key for price in prices] == [BITCOIN, ETHEREUM, BITCOIN]
    assert all(price.price > 0 for price in prices)
    assert [(error.place, error.key, error.code) for error in prices.errors] == [
        ("keys[0]", silent, UnknownSymbol.code),
        ("keys[2]", unknown, UnknownSymbol.code),
    ]
    with pytest.raises(UnknownSymbol):
        ask("prices", [silent, unknown])


def test_price_when_currency_is_unknown_then_invalid_request(ask: Any) -> None:
    for operation in ("price", "candles"):
        with pytest.raises(InvalidRequest):
            ask(operation, BITCOIN, currency="XYZ")


def test_price_when_stale_then_no_change_is_made_up(ask: Any) -> None:
    price = ask("price", InstrumentKey("CRYPTO", "bonded-finance"))
    assert price.price > 0
    assert price.change_24h_percent is None


@offering(Crypto, "asset")
def test_asset_when_token_then_where_it_lives(ask: Any) -> None:
    asset = ask("asset", InstrumentKey("CRYPTO", "wrapped-bitcoin"))
    assert (asset.ticker, asset.name, list(asset.platforms)) == ("WBTC", "Wrapped Bitcoin", ["ethereum"])
    assert asset.max_supply is None
    assert ask("asset", BITCOIN).max_supply == 21_000_000


@offering(Crypto, "lookup")
def test_lookup_when_tickers_clash_then_candidates_else_one_key(ask: Any) -> None:
    assert ask("lookup", "BTC") == BITCOIN
    assert str(ask("lookup", "wbtc")) == "CRYPTO:wrapped-bitcoin"
    assert str(ask("lookup", "BTC.B")) == "CRYPTO:bitcoin-avalanche-bridged-btc-b"
    assert str(ask("lookup", "pepe")) == "CRYPTO:pepe"
    assert str(ask("lookup", "ULP")) == "CRYPTO:unlaunched-protocol"
    for ticker, candidates in {
        "BOND": {"CRYPTO:barnbridge", "CRYPTO:bonded-finance"},
        "UNI": {"CRYPTO:uniswap", "CRYPTO:unicorn-token"},
    }.items():
        with pytest.raises(AmbiguousSymbol) as caught:
            ask("lookup", ticker)
        assert set(caught.value.candidates) == candidates
    with pytest.raises(UnknownSymbol):
        ask("lookup", "NOSUCH")


@pytest.mark.parametrize(
    ("row", "days", "interval", "length"),
    [
        pytest.param(row, *one, id=f"{row.provider_key}-{one[0]}")
        for row in ROWS
        if row.can("candles")
        for one in row.candles
    ],
)
def test_candles_when_asked_then_they_open_before_they_close_and_end_by_now(
    ask: Any, days: int, interval: Interval, length: timedelta
) -> None:
    series = ask("candles", BITCOIN, days=days)
    starts = [candle.start for candle in series.candles]
    assert series.interval is interval
    assert {later - earlier for earlier, later in pairwise(starts)} == {length}
    assert NOW - length < starts[-1] + length <= NOW
    assert all(candle.low <= min(candle.open, candle.close) for candle in series.candles)
    assert all(candle.high >= max(candle.open, candle.close) for candle in series.candles)


@offering(Crypto, "candles")
def test_candles_when_days_are_not_offered_then_invalid_input(ask: Any, row: Crypto) -> None:
    with pytest.raises(InvalidInput, match="365"):
        ask("candles", BITCOIN, days=row.days_not_offered)


@pytest.mark.parametrize(
    ("row", "span", "step"),
    [
        pytest.param(row, *one, id=f"{row.provider_key}-{one[0]}")
        for row in ROWS
        if row.can("market_chart")
        for one in row.chart
    ],
)
def test_market_chart_when_span_grows_then_steps_do_and_points_stay_inside(
    ask: Any, span: timedelta, step: int
) -> None:
    chart = ask("market_chart", BITCOIN, start=NOW - span, end=NOW)
    at = [point.at for point in chart.points]
    assert {(later - earlier).total_seconds() for earlier, later in pairwise(at)} == {step}
    assert NOW - span <= at[0]
    assert at[-1] < NOW


@offering(Crypto, "market_chart")
def test_market_chart_when_older_than_the_plan_allows_then_permission_denied(ask: Any, row: Crypto) -> None:
    with pytest.raises(PermissionDenied, match=f"{row.history.days} days"):
        ask("market_chart", BITCOIN, start=NOW - row.history - timedelta(days=435), end=NOW)


@offering(Crypto, "search")
def test_search_when_text_then_best_first_and_nothing_for_nonsense(ask: Any) -> None:
    assert ask("search", "bitcoin")[0].key == BITCOIN
    assert ask("search", "zzzzzz") == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_meta_when_answered_then_on_every_record(ask: Any, row: Crypto, operation: str) -> None:
    if not row.can(operation):
        pytest.skip(f"{row.provider_key} does not offer {operation}")
    result = OPERATIONS[operation](ask)
    if operation != "lookup":
        assert (result.meta.operation, result.meta.attempts, result.meta.environment) == (operation, 1, "sandbox")
