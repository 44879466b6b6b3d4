"""CoinGecko: requests as documented, answers read exactly, in both modes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import (
    AmbiguousSymbol,
    FinInfraError,
    InvalidInput,
    InvalidRequest,
    NaiveTime,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import row_errors
from fin_infra.model import InstrumentKey, Interval, QuoteError
from fin_infra.providers.crypto.coingecko.adapter import CANDLES, LIST_KEPT_S, CoinGecko
from fin_infra.transport import Async, Reply, Sync
from fin_infra.transport.replay import AsyncReplay, Replay, fixture_responder
from tests.providers.crypto.coingecko.support import (
    BITCOIN,
    DUST,
    END,
    HERE,
    START,
    WBTC,
    answering,
    by_rank,
    listed,
    place,
    rank_responder,
    recorded,
    sent,
)


def test_price_when_whole_then_exact_with_vendor_time() -> None:
    price = recorded().price(BITCOIN)
    assert (price.price, price.currency, price.key) == (Decimal(70187), "USD", BITCOIN)
    assert price.market_cap == Decimal("1381651251183.0552")
    assert price.volume_24h == Decimal("20154184933.125")
    assert price.change_24h_percent == Decimal("3.12502")
    assert price.as_of == datetime(2024, 4, 7, 16, 49, 31, tzinfo=UTC)
    assert price.source == "crypto:coingecko"
    assert price.meta is not None
    assert price.meta.operation == "price"


def test_price_when_dust_then_every_digit_and_missing_figures_are_none() -> None:
    price = recorded().price(DUST, "usd")
    assert str(price.price) == "1.1792020782950375E-11"
    assert (price.volume_24h, price.change_24h_percent) == (None, None)
    assert price.market_cap == 0  # what CoinGecko says of a coin whose supply it does not know


def test_prices_when_many_then_one_request_in_the_order_asked() -> None:
    gecko = recorded()
    prices = gecko.prices([DUST, BITCOIN, DUST])
    assert [price.key for price in prices] == [DUST, BITCOIN, DUST]
    [request] = sent(gecko)
    assert request.path == "/api/v3/simple/price"
    assert dict(request.params)["ids"] == "dust-coin,bitcoin"
    assert dict(request.params)["precision"] == "full"


def test_prices_when_none_asked_then_none_and_no_request() -> None:
    gecko = recorded()
    assert gecko.prices([]) == []
    assert not sent(gecko)


def test_prices_when_ids_are_absent_then_each_is_named_and_the_others_come() -> None:
    strangers = [InstrumentKey("CRYPTO", "no-such"), InstrumentKey("CRYPTO", "gone-coin")]
    prices = recorded().prices([strangers[0], BITCOIN, strangers[1], strangers[0]])
    assert [price.key for price in prices] == [BITCOIN]
    assert [(error.place, error.key, error.code) for error in prices.errors if isinstance(error, QuoteError)] == [
        ("keys[0]", strangers[0], "fin.unknown_symbol"),
        ("keys[2]", strangers[1], "fin.unknown_symbol"),
    ]


def test_prices_when_none_is_known_then_unknown_symbol() -> None:
    with pytest.raises(UnknownSymbol, match="CRYPTO:no-such;"):
        recorded().prices([InstrumentKey("CRYPTO", "no-such"), InstrumentKey("CRYPTO", "gone-coin")])


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"usd": None}, "fin.unknown_symbol"),
        ({"usd": None, "last_updated_at": None}, "fin.unknown_symbol"),
        ({"last_updated_at": 1}, "fin.unknown_symbol"),
        ({"usd": "soon"}, "fin.unexpected_payload"),
        ({"usd": "1,234.5"}, "fin.unexpected_payload"),
        ({"usd": -1}, "fin.unexpected_payload"),
        ({"usd": 1, "last_updated_at": "x"}, "fin.unexpected_payload"),
        ({"usd": 1, "usd_market_cap": []}, "fin.unexpected_payload"),
        (None, "fin.unexpected_payload"),
        ([1], "fin.unexpected_payload"),
    ],
)
def test_prices_when_one_cannot_be_read_then_it_is_named_and_hides_no_other(row: Any, code: str) -> None:
    gecko = answering({"dust-coin": row, "bitcoin": {"usd": 1}})
    (price,) = prices = gecko.prices([DUST, BITCOIN])
    assert (price.key, price.price) == (BITCOIN, 1)
    (error,) = prices.errors
    assert isinstance(error, QuoteError)
    assert (error.place, error.id, error.key, error.code) == ("keys[0]", "CRYPTO:dust-coin", DUST, code)
    with pytest.raises(FinInfraError) as caught:
        gecko.price(DUST)
    assert caught.value.code == code


def test_prices_when_a_row_cannot_be_read_then_whoever_collects_rows_hears_of_it() -> None:
    with row_errors() as unread:
        answering({"bitcoin": {"usd": 1}, "dust-coin": {}}).prices([BITCOIN, DUST])
    assert [error.place for error in unread] == ["keys[1]"]


def test_price_when_currency_is_not_quoted_then_invalid_request() -> None:
    with pytest.raises(InvalidRequest, match="no XYZ price for CRYPTO:bitcoin; use USD"):
        answering({"bitcoin": {}}).price(BITCOIN, "xyz")


def test_price_when_a_lone_coin_has_no_market_then_unknown_symbol() -> None:
    with pytest.raises(UnknownSymbol, match="no USD price for CRYPTO:bitcoin at present"):
        answering({"bitcoin": {}}).price(BITCOIN)


@pytest.mark.parametrize("value", ["abc", True, [], {}, -1, "-1"])
def test_price_when_no_number_or_negative_then_unexpected_payload(value: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="'usd'"):
        answering({"bitcoin": {"usd": value}}).price(BITCOIN)


def test_price_when_vendor_gives_no_time_then_time_of_receipt() -> None:
    before = datetime.now(UTC)
    price = answering({"bitcoin": {"usd": 1}}).price(BITCOIN)
    assert before <= price.as_of <= datetime.now(UTC)


@pytest.mark.parametrize("currency", ["usd,eur", "", "U$D", "usd&ids=x", "€"])
def test_price_when_currency_is_no_code_then_invalid_input_and_no_request(currency: str) -> None:
    gecko = answering({})
    with pytest.raises(InvalidInput, match="USD, EUR or BTC"):
        gecko.price(BITCOIN, currency)
    assert not sent(gecko)


@pytest.mark.parametrize("operation", ["price", "asset", "candles", "market_chart"])
def test_operation_when_key_is_no_coin_then_says_what_to_write(operation: str) -> None:
    gecko, key = answering({}), InstrumentKey("XNAS", "AAPL")
    more = {"start": START, "end": END} if operation == "market_chart" else {}
    with pytest.raises(InvalidInput, match=r"XNAS:AAPL is not a crypto asset.*CRYPTO:bitcoin"):
        getattr(gecko, operation)(key, **more)
    assert not sent(gecko)


def test_prices_when_more_than_one_call_takes_then_says_how_many() -> None:
    keys = [InstrumentKey("CRYPTO", f"coin-{n}") for n in range(251)]
    with pytest.raises(InvalidInput, match=r"251 .* at most 250"):
        answering({}).prices(keys)


def test_asset_when_token_then_facts_by_hand() -> None:
    gecko = recorded()
    asset = gecko.asset(WBTC)
    assert (asset.ticker, asset.name, asset.rank) == ("WBTC", "Wrapped Bitcoin", 14)
    assert asset.platforms == {"ethereum": "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599"}
    assert (asset.circulating_supply, asset.total_supply, asset.max_supply) == (155372, Decimal("155372.5"), None)
    assert (asset.categories, asset.homepage) == (("Wrapped-Tokens",), "https://www.wbtc.network/")
    assert asset.as_of == datetime(2024, 4, 7, 15, 24, 51, 21000, tzinfo=UTC)
    heavy = {"localization", "tickers", "community_data", "developer_data", "sparkline"}
    assert {name for name, value in sent(gecko)[0].params if value == "false"} == heavy


def test_asset_when_another_coin_is_described_then_unexpected_payload() -> None:
    with pytest.raises(UnexpectedPayload, match="another coin"):
        answering({"id": "bitcoin-cash", "symbol": "bch", "name": "Bitcoin Cash"}).asset(BITCOIN)


def test_search_when_hits_then_in_vendor_order_without_ids_no_key_can_hold() -> None:
    hits = recorded().search(" eth ")
    assert [(hit.ticker, str(hit.key), hit.rank) for hit in hits] == [
        ("ETH", "CRYPTO:ethereum", 2),
        ("SWETH", "CRYPTO:sweth", None),
    ]


def test_search_when_blank_then_invalid_input() -> None:
    with pytest.raises(InvalidInput, match="name or ticker"):
        answering({}).search("  ")


@pytest.mark.parametrize(("ticker", "coin"), [("BTC", "bitcoin"), ("eth", "ethereum"), ("WBTC", "wrapped-bitcoin")])
def test_lookup_when_well_known_then_the_table_decides_without_a_request(ticker: str, coin: str) -> None:
    gecko = recorded()
    assert gecko.lookup(ticker) == InstrumentKey("CRYPTO", coin)
    assert not sent(gecko)


def test_lookup_when_one_coin_has_the_ticker_then_its_key_whatever_the_case() -> None:
    gecko = recorded()
    assert gecko.lookup(" zcn ") == gecko.lookup("ZCN") == InstrumentKey("CRYPTO", "zus")
    assert len(sent(gecko)) == 1


def test_lookup_when_two_coins_share_it_then_ambiguous_with_all_candidates() -> None:
    with pytest.raises(AmbiguousSymbol) as caught:
        by_rank(listed("bond", "barnbridge", "bonded-finance"), {}).lookup("BOND")
    assert caught.value.candidates == ("CRYPTO:barnbridge", "CRYPTO:bonded-finance")
    assert "CRYPTO:barnbridge, CRYPTO:bonded-finance" in str(caught.value)


def test_lookup_when_a_search_has_ranks_then_the_largest_comes_first_and_the_unranked_last() -> None:
    with pytest.raises(AmbiguousSymbol) as caught:
        by_rank(listed("abc", "a", "b", "c"), {"c": 3, "b": 900}).lookup("ABC")
    assert caught.value.candidates == ("CRYPTO:c", "CRYPTO:b", "CRYPTO:a")


def test_lookup_when_many_share_it_then_text_stays_short_and_candidates_whole() -> None:
    coins = [{"id": f"meme-{n}", "symbol": "meme", "name": "Meme"} for n in range(40)]
    with pytest.raises(AmbiguousSymbol, match=r"40 coins .* or 35 more") as caught:
        by_rank(coins, {}).lookup("MEME")
    assert len(caught.value.candidates) == 40


def clones(search: Reply) -> CoinGecko[Sync]:
    """Three coins with one ticker, sorted by id as in CoinGecko's list, and what its search says of them."""
    listed = [{"id": coin, "symbol": "clone", "name": coin} for coin in ("a-clone", "b-clone", "real-clone")]
    answers = {"/api/v3/coins/list": Reply(200, json.dumps(listed).encode()), "/api/v3/search": search}
    return CoinGecko(Replay(lambda request: answers[request.path]), place())


def test_lookup_when_several_share_it_then_the_largest_comes_first() -> None:
    found = [
        {"id": "b-clone", "symbol": "CLONE", "name": "B", "market_cap_rank": None},
        {"id": "real-clone", "symbol": "CLONE", "name": "R", "market_cap_rank": 40},
        {"id": "stranger", "symbol": "CLONER", "name": "S", "market_cap_rank": 3},
        {"id": "a-clone", "symbol": "CLONE", "name": "A", "market_cap_rank": 1200},
    ]
    gecko = clones(Reply(200, json.dumps({"coins": found}).encode()))
    with pytest.raises(AmbiguousSymbol, match="one: CRYPTO:real-clone, CRYPTO:a-clone") as caught:
        gecko.lookup("clone")
    assert caught.value.candidates == ("CRYPTO:real-clone", "CRYPTO:a-clone", "CRYPTO:b-clone")
    assert dict(sent(gecko)[1].params)["query"] == "CLONE"


@pytest.mark.parametrize(
    "search", [Reply(503, b""), Reply(429, b"{}"), Reply(200, b"<html>"), Reply(200, b'{"coins":[7]}')]
)
def test_lookup_when_nobody_knows_the_ranks_then_ambiguous_all_the_same(search: Reply) -> None:
    with pytest.raises(AmbiguousSymbol) as caught:
        clones(search).lookup("clone")
    assert caught.value.candidates == ("CRYPTO:a-clone", "CRYPTO:b-clone", "CRYPTO:real-clone")


def test_lookup_when_normalize_knows_a_clash_then_ambiguous_although_one_is_listed() -> None:
    with pytest.raises(AmbiguousSymbol) as caught:
        by_rank(listed("luna", "terra-luna-2"), {}).lookup("LUNA")
    assert caught.value.candidates == ("CRYPTO:terra-luna-2", "CRYPTO:terra-luna")


def test_lookup_when_nobody_has_it_then_unknown_symbol() -> None:
    with pytest.raises(UnknownSymbol, match="no coin with the ticker NOPE; search"):
        recorded().lookup("nope")


def test_lookup_when_id_fits_no_key_then_unexpected_payload() -> None:
    with pytest.raises(UnexpectedPayload, match="id of ODD"):
        recorded().lookup("odd")


def test_lookup_when_a_day_has_passed_then_the_list_is_asked_for_again() -> None:
    gecko = recorded()
    assert isinstance(gecko.transport, Replay)
    gecko.lookup("zcn")
    gecko.transport.now += LIST_KEPT_S
    gecko.lookup("zcn")
    assert len(sent(gecko)) == 1
    gecko.transport.now += 1
    gecko.lookup("zcn")
    assert len(sent(gecko)) == 2


def test_candles_when_four_hours_then_start_is_the_opening_and_the_odd_last_one_begins_where_the_others_end() -> None:
    gecko = recorded()
    series = gecko.candles(BITCOIN, days=7)
    assert (series.interval, series.currency, series.unit) == (Interval.HOUR_4, "USD", "USD")
    starts = [candle.start for candle in series.candles]
    noon = datetime(2024, 3, 2, 12, tzinfo=UTC)  # 1709395200 is 16:00, the close
    assert starts == [noon + n * timedelta(hours=4) for n in range(4)]
    first, last = series.candles[0], series.candles[-1]
    assert (first.open, first.high, first.low, first.close) == (61942, 62211, 61721, 61845)
    assert (last.open, last.close, last.volume) == (Decimal("62068.5"), 62090, None)
    assert ("days", "7") in sent(gecko)[0].params


def test_candles_when_one_is_missing_then_the_next_keeps_its_own_opening() -> None:
    rows = [[1709395200000, 1, 1, 1, 1], [1709424000000, 2, 2, 2, 2]]  # 16:00, and 00:00 eight hours later
    starts = [candle.start for candle in answering(rows).candles(BITCOIN, days=14).candles]
    assert starts == [datetime(2024, 3, 2, 12, tzinfo=UTC), datetime(2024, 3, 2, 20, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("days", "length"),
    [(1, timedelta(minutes=30)), (7, timedelta(hours=4)), (14, timedelta(hours=4)), (30, timedelta(hours=4))]
    + [(days, timedelta(days=4)) for days in (90, 180, 365)],
)
def test_candles_when_days_are_allowed_then_documented_granularity(days: int, length: timedelta) -> None:
    series = answering([[1709424000000, 1, 1, 1, 1]]).candles(BITCOIN, days=days)
    assert series.candles[0].start == datetime(2024, 3, 3, tzinfo=UTC) - length


@pytest.mark.parametrize("days", [0, 2, 31, 366, -1])
def test_candles_when_days_are_not_allowed_then_the_allowed_ones_are_named(days: int) -> None:
    gecko = answering([])
    with pytest.raises(InvalidInput, match="1, 7, 14, 30, 90, 180, 365"):
        gecko.candles(BITCOIN, days=days)
    assert not sent(gecko)
    assert days not in CANDLES


@pytest.mark.parametrize(
    "rows",
    [
        {},
        [1],
        [[1709395200000, 1, 1, 1]],
        [[1709395200000, 1, 1, 1, None]],
        [[None, 1, 1, 1, 1]],
        [["x", 1, 1, 1, 1]],
        [[10**30, 1, 1, 1, 1]],
        [[1709395200000, 1, 1, 1, 1], [1709395200000, 2, 2, 2, 2]],
    ],
)
def test_candles_when_no_row_can_be_one_then_unexpected_payload(rows: Any) -> None:
    with pytest.raises(UnexpectedPayload, match=r"ohlc|close|twice"):
        answering(rows).candles(BITCOIN)


def test_market_chart_when_range_then_half_open_and_whole_seconds_asked() -> None:
    gecko = recorded()
    chart = gecko.market_chart(BITCOIN, currency="eur", start=START, end=END)
    assert [(point.at, point.price) for point in chart.points] == [
        (datetime(2024, 3, 31, tzinfo=UTC), Decimal("69702.3087473573")),
        (datetime(2024, 4, 1, tzinfo=UTC), Decimal("71246.9514406015")),
    ]
    assert chart.points[0].volume == Decimal("16408802301.8374")
    assert (chart.points[1].market_cap, chart.points[1].volume) == (None, None)
    assert chart.currency == "EUR"
    assert {("from", "1711843200"), ("to", "1711983601")} <= set(sent(gecko)[0].params)


def test_market_chart_when_naive_then_naive_time() -> None:
    with pytest.raises(NaiveTime):
        answering({}).market_chart(BITCOIN, start=START, end=datetime(2024, 4, 1))  # noqa: DTZ001 - that is the test


def test_market_chart_when_it_ends_before_it_starts_then_invalid_input() -> None:
    with pytest.raises(InvalidInput, match="start before its end"):
        answering({}).market_chart(BITCOIN, start=END, end=START)


@pytest.mark.parametrize(
    "prices", [None, [[1711843200000]], [[1711843200000, None]], [[1711843200000, 1], [1711843200000, 2]]]
)
def test_market_chart_when_prices_are_malformed_then_unexpected_payload(prices: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="prices"):
        answering({"prices": prices, "market_caps": [], "total_volumes": []}).market_chart(
            BITCOIN, start=START, end=END
        )


async def test_async_when_the_same_answers_then_the_same_results() -> None:
    gecko: CoinGecko[Async] = CoinGecko(AsyncReplay(fixture_responder(HERE)), place())
    assert (await gecko.price(BITCOIN)).price == 70187
    assert [price.key for price in await gecko.prices([DUST, BITCOIN])] == [DUST, BITCOIN]
    assert (await gecko.asset(WBTC)).ticker == "WBTC"
    assert await gecko.lookup("zcn") == InstrumentKey("CRYPTO", "zus")
    assert len((await gecko.candles(BITCOIN, days=7)).candles) == 4
    assert len((await gecko.market_chart(BITCOIN, currency="eur", start=START, end=END)).points) == 2
    assert len(await gecko.search("eth")) == 2
    with pytest.raises(UnknownSymbol):
        await gecko.lookup("nope")


async def test_async_lookup_when_two_coins_share_it_then_ambiguous_by_rank() -> None:
    answer = rank_responder(listed("abc", "a", "b", "c"), {"c": 3, "b": 900})
    gecko: CoinGecko[Async] = CoinGecko(AsyncReplay(answer), place())
    with pytest.raises(AmbiguousSymbol) as caught:
        await gecko.lookup("abc")
    assert caught.value.candidates == ("CRYPTO:c", "CRYPTO:b", "CRYPTO:a")


@pytest.mark.parametrize("days", [True, 7.0, "7", None, [7]])
def test_candles_when_days_are_no_whole_number_then_refused(days: Any) -> None:
    with pytest.raises(InvalidInput, match="`days` must be an int, not"):
        recorded().candles(BITCOIN, days=days)


def test_prices_when_keys_come_from_a_generator_then_all_are_there() -> None:
    found = answering({"bitcoin": {"usd": 1}}).prices(key for key in [BITCOIN])  # type: ignore[arg-type]  # the mistake
    assert [price.key for price in found] == [BITCOIN]


def test_price_when_key_is_a_text_then_refused() -> None:
    with pytest.raises(InvalidInput, match="CRYPTO:bitcoin"):
        recorded().price("bitcoin")  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("stamp", [-62_135_596_800_000, -1])
def test_candles_when_stamp_is_before_1970_then_unexpected_payload(stamp: int) -> None:
    with pytest.raises(UnexpectedPayload, match="unix time"):
        answering([[stamp, 1, 1, 1, 1]]).candles(BITCOIN, days=1)
