"""The vendors' own clients, unmodified, against the sandbox: what they understand, it speaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fin_infra.sandbox import running

coingecko_sdk = pytest.importorskip("coingecko_sdk")


@pytest.fixture(scope="module")
def client() -> Iterator[coingecko_sdk.Coingecko]:
    with (
        running() as url,
        coingecko_sdk.Coingecko(
            demo_api_key="CG-sandboxdemokey", environment="demo", base_url=f"{url}/coingecko/api/v3", max_retries=0
        ) as client,
    ):
        yield client


def test_coingecko_when_asked_for_prices_then_each_id_and_currency_is_there(client: coingecko_sdk.Coingecko) -> None:
    prices = client.simple.price.get(ids="bitcoin,ethereum", vs_currencies="usd,eur", include_24hr_change=True)
    assert set(prices) == {"bitcoin", "ethereum"}
    assert prices["bitcoin"].usd > prices["bitcoin"].eur > 0


def test_coingecko_when_markets_are_paged_then_models_are_filled(client: coingecko_sdk.Coingecko) -> None:
    first = client.coins.markets.get(vs_currency="usd", per_page=2, page=1)
    second = client.coins.markets.get(vs_currency="usd", per_page=2, page=2)
    ids = [row.id for row in (*first, *second)]
    assert len(set(ids)) == 4
    assert first[0].current_price


def test_coingecko_when_coin_is_read_then_nested_models_are_filled(client: coingecko_sdk.Coingecko) -> None:
    coin = client.coins.get_id("bitcoin")
    assert (coin.symbol, coin.name) == ("btc", "Bitcoin")
    assert coin.market_data.current_price["usd"] > 0


def test_coingecko_when_charts_are_read_then_points_are_pairs(client: coingecko_sdk.Coingecko) -> None:
    chart = client.coins.market_chart.get("bitcoin", vs_currency="usd", days="7")
    assert all(len(point) == 2 for point in chart.prices)
    candles = client.coins.ohlc.get("bitcoin", vs_currency="usd", days="7")
    assert all(len(candle) == 5 for candle in candles)


def test_coingecko_when_searched_then_coins_are_found(client: coingecko_sdk.Coingecko) -> None:
    assert "bitcoin" in [coin.id for coin in client.search.get(query="bitcoin").coins]


def test_coingecko_when_id_is_unknown_then_the_clients_own_error_is_raised(client: coingecko_sdk.Coingecko) -> None:
    with pytest.raises(coingecko_sdk.NotFoundError):
        client.coins.get_id("no-such-coin")


def test_coingecko_when_key_is_wrong_then_the_clients_own_error_is_raised(client: coingecko_sdk.Coingecko) -> None:
    stranger = client.with_options(demo_api_key="CG-nobody")
    with pytest.raises(coingecko_sdk.AuthenticationError):
        stranger.simple.price.get(ids="bitcoin", vs_currencies="usd")
