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
    AuthenticationFailed,
    InvalidInput,
    InvalidRequest,
    PermissionDenied,
    UnknownSymbol,
)
from fin_infra.model import InstrumentKey, Interval, Listing
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.registry import providers

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
BITCOIN, ETHEREUM = InstrumentKey("CRYPTO", "bitcoin"), InstrumentKey("CRYPTO", "ethereum")
OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "price": lambda ask: ask("price", BITCOIN),
    "prices": lambda ask: ask("prices", [BITCOIN, ETHEREUM]),
    "asset": lambda ask: ask("asset", BITCOIN),
    "lookup": lambda ask: ask("lookup", "PEPE"),
    "candles": lambda ask: ask("candles", BITCOIN, days=7),
    "market_chart": lambda ask: ask("market_chart", BITCOIN, start=NOW - timedelta(days=2), end=NOW),
    "search": lambda ask: ask("search", "bitcoin"),
}


@pytest.fixture(params=list(providers("crypto")), ids=lambda cls: cls.info.key)
def provider(request: pytest.FixtureRequest) -> type[CryptoDataProvider[Any]]:
    return request.param


@pytest.fixture
def ask(connect: Any, provider: type[CryptoDataProvider[Any]]) -> Any:
    return connect(provider)


def test_info_when_read_then_names_exactly_the_operations_there_are(provider: type[CryptoDataProvider[Any]]) -> None:
    assert provider.can == set(OPERATIONS)


def test_prices_when_many_then_the_truths_of_the_world_in_one_request(ask: Any, sandbox: Any) -> None:
    truth = {coin: Decimal(price) for coin, price in _truths(sandbox)}
    prices = ask("prices", [ETHEREUM, BITCOIN])
    assert isinstance(prices, Listing)
    assert [(price.key, price.price) for price in prices] == [
        (ETHEREUM, truth["ethereum"]),
        (BITCOIN, truth["bitcoin"]),
    ]
    assert all(price.currency == "USD" and price.as_of == NOW for price in prices)
    assert len([row for row in sandbox.requests() if "coingecko" in str(row)]) == 1


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
    with pytest.raises(UnknownSymbol, match="unlaunched-protocol"):
        ask("prices", [BITCOIN, InstrumentKey("CRYPTO", "unlaunched-protocol")])


def test_price_when_currency_is_unknown_then_invalid_request(ask: Any) -> None:
    for operation in ("price", "candles"):
        with pytest.raises(InvalidRequest):
            ask(operation, BITCOIN, currency="XYZ")


def test_price_when_stale_then_no_change_is_made_up(ask: Any) -> None:
    price = ask("price", InstrumentKey("CRYPTO", "bonded-finance"))
    assert price.price > 0
    assert price.change_24h_percent is None


def test_asset_when_token_then_where_it_lives(ask: Any) -> None:
    asset = ask("asset", InstrumentKey("CRYPTO", "wrapped-bitcoin"))
    assert (asset.ticker, asset.name, list(asset.platforms)) == ("WBTC", "Wrapped Bitcoin", ["ethereum"])
    assert asset.max_supply is None
    assert ask("asset", BITCOIN).max_supply == 21_000_000


def test_lookup_when_tickers_clash_then_candidates_else_one_key(ask: Any) -> None:
    assert ask("lookup", "BTC") == BITCOIN
    assert str(ask("lookup", "wbtc")) == "CRYPTO:wrapped-bitcoin"
    assert str(ask("lookup", "BTC.B")) == "CRYPTO:bitcoin-avalanche-bridged-btc-b"
    assert str(ask("lookup", "pepe")) == "CRYPTO:pepe"
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
    ("days", "interval", "length"),
    [
        (1, Interval.MIN_30, timedelta(minutes=30)),
        (30, Interval.HOUR_4, timedelta(hours=4)),
        (365, Interval.DAY_4, timedelta(days=4)),
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


def test_candles_when_days_are_not_offered_then_invalid_input(ask: Any) -> None:
    with pytest.raises(InvalidInput, match="365"):
        ask("candles", BITCOIN, days=8)


@pytest.mark.parametrize(
    ("span", "step"), [(timedelta(hours=20), 300), (timedelta(days=30), 3600), (timedelta(days=120), 86400)]
)
def test_market_chart_when_span_grows_then_steps_do_and_points_stay_inside(
    ask: Any, span: timedelta, step: int
) -> None:
    chart = ask("market_chart", BITCOIN, start=NOW - span, end=NOW)
    at = [point.at for point in chart.points]
    assert {(later - earlier).total_seconds() for earlier, later in pairwise(at)} == {step}
    assert NOW - span <= at[0]
    assert at[-1] < NOW


def test_market_chart_when_older_than_the_plan_allows_then_permission_denied(ask: Any) -> None:
    with pytest.raises(PermissionDenied, match="365 days"):
        ask("market_chart", BITCOIN, start=NOW - timedelta(days=800), end=NOW)


def test_search_when_text_then_best_first_and_nothing_for_nonsense(ask: Any) -> None:
    assert ask("search", "bitcoin")[0].key == BITCOIN
    assert ask("search", "zzzzzz") == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_meta_when_answered_then_on_every_record(ask: Any, operation: str) -> None:
    result = OPERATIONS[operation](ask)
    if operation != "lookup":
        assert (result.meta.operation, result.meta.attempts, result.meta.environment) == (operation, 1, "sandbox")


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ({"api_key": "CG-nobody-knows-this"}, "COINGECKO_API_KEY"),
        ({"api_key": "CG-sandboxprokey"}, "COINGECKO_PLAN=pro"),
        ({"plan": "pro"}, "COINGECKO_PLAN=demo"),
    ],
)
def test_coingecko_when_key_is_wrong_then_says_what_to_set(connect: Any, given: dict[str, str], step: str) -> None:
    from fin_infra.providers.crypto.coingecko.adapter import CoinGecko

    client = connect(CoinGecko, **given)
    for operation in OPERATIONS.values():
        with pytest.raises(AuthenticationFailed, match=step) as caught:
            operation(client)
        assert "nobody-knows" not in str(caught.value)


@pytest.mark.parametrize("given", [{"api_key": None}, {"api_key": "CG-sandboxprokey", "plan": "pro"}])
def test_coingecko_when_keyless_or_pro_then_answers_too(connect: Any, given: dict[str, Any]) -> None:
    from fin_infra.providers.crypto.coingecko.adapter import CoinGecko

    client = connect(CoinGecko, **given)
    assert client("price", BITCOIN).price > 0
    client("ping")
