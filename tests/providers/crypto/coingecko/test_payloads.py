"""CoinGecko's answers: every refusal typed with its next step, real payloads by hand, and any JSON survived."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import (
    AmbiguousSymbol,
    AuthenticationFailed,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.model import InstrumentKey
from fin_infra.providers.crypto.coingecko.adapter import CoinGecko
from fin_infra.transport import Reply
from fin_infra.transport.replay import Replay
from tests.providers.crypto.coingecko.support import (
    BITCOIN,
    OPERATIONS,
    SECRET,
    START,
    answering,
    place,
    sent,
)
from tests.support.effort import effort


def status(code: int) -> dict[str, Any]:
    return {"status": {"error_code": code, "error_message": f"text that echoes {SECRET}"}}


@pytest.mark.parametrize("wrap", [status, lambda code: {"error": status(code)}, lambda code: status(code)["status"]])
@pytest.mark.parametrize(
    ("http", "code", "kind", "step"),
    [
        (401, 10002, AuthenticationFailed, "set COINGECKO_API_KEY"),
        (401, 10005, PermissionDenied, "COINGECKO_PLAN=pro"),
        (400, 10010, AuthenticationFailed, "set COINGECKO_PLAN=pro"),
        (400, 10011, AuthenticationFailed, "set COINGECKO_PLAN=demo"),
        (401, 10012, PermissionDenied, "last 365 days only; ask for a later start"),
        (403, 1020, PermissionDenied, "another network"),
        (429, 429, RateLimited, "COINGECKO_PER_MINUTE"),
        (200, 429, RateLimited, "COINGECKO_PER_MINUTE"),
        (200, 10002, AuthenticationFailed, "set COINGECKO_API_KEY"),
        (200, 503, ProviderUnavailable, "503"),
        (200, 77777, UnexpectedPayload, "does not document"),
    ],
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_refusal_when_code_is_documented_then_typed_with_the_next_step(
    operation: str,
    http: int,
    code: int,
    kind: type[ProviderError],
    step: str,
    wrap: Callable[[int], Any],
) -> None:
    gecko = answering(wrap(code), http, {"retry-after": "119"}, api_key=SECRET)
    with pytest.raises(kind) as caught:
        OPERATIONS[operation](gecko)
    error = caught.value
    assert type(error) is kind
    assert step in str(error)
    assert error.vendor_code == str(code)
    assert SECRET not in f"{error} {error!r} {error.extra()} {gecko!r} {gecko.settings!r} {sent(gecko)!r}"
    if kind is RateLimited:
        assert (error.retry_after, error.retryable) == (119, True)


@pytest.mark.parametrize("http", [404, 200])
def test_refusal_when_coin_is_not_found_then_unknown_symbol_whatever_the_status(http: int) -> None:
    with pytest.raises(UnknownSymbol, match="search for it and use its id"):
        answering({"error": "coin not found"}, http).candles(BITCOIN)


@pytest.mark.parametrize(
    ("http", "body", "kind"),
    [
        (422, {"error": "invalid vs_currency"}, InvalidRequest),
        (422, {"error": "Missing parameter vs_currencies"}, InvalidRequest),
        (404, {"error": "Incorrect path"}, NotFound),
        (401, b"<html>who are you</html>", AuthenticationFailed),
        (403, b"error code: 1020", PermissionDenied),
        (429, b"Throttled", RateLimited),
        (500, b"", ProviderUnavailable),
        (200, {"error": "something new"}, UnexpectedPayload),
        (200, b"<html>error</html>", UnexpectedPayload),
        (302, b"", UnexpectedPayload),
    ],
)
def test_refusal_when_there_is_no_code_then_text_or_status_decides(
    http: int, body: Any, kind: type[ProviderError]
) -> None:
    with pytest.raises(kind) as caught:
        answering(body, http).price(BITCOIN)
    assert type(caught.value) is kind


def test_refusal_when_a_coin_is_called_status_or_error_then_it_is_a_coin() -> None:
    keys = [InstrumentKey("CRYPTO", "status"), InstrumentKey("CRYPTO", "error")]
    prices = answering({"status": {"usd": 2}, "error": {"usd": 3}}).prices(keys)
    assert [price.price for price in prices] == [2, 3]


def test_rate_limit_when_vendor_says_when_then_retry_waits_that_long() -> None:
    answers = [Reply(429, b"{}", {"retry-after": "7"}), Reply(200, b'{"bitcoin":{"usd":1}}')]
    transport = Replay(answers)
    assert CoinGecko(transport, place(max_attempts=2)).price(BITCOIN).price == 1
    assert transport.pauses == [7]


def sample(samples: Path, name: str) -> bytes:
    return (samples / "coingecko" / f"{name}.json").read_bytes()


def test_sample_when_prices_then_read_exactly(samples: Path) -> None:
    price = answering(sample(samples, "GetPrices")).price(InstrumentKey("CRYPTO", "ethereum"))
    assert (price.price, price.currency, price.market_cap) == (Decimal("1498.64"), "USD", None)


def test_sample_when_asset_then_read_exactly(samples: Path) -> None:
    asset = answering(sample(samples, "GetAssetDetails")).asset(BITCOIN)
    assert (asset.ticker, asset.name, asset.rank, asset.homepage) == ("BTC", "Bitcoin", 1, "http://www.bitcoin.org")
    assert (asset.circulating_supply, asset.total_supply, asset.max_supply) == (19675962, 21000000, 21000000)
    assert asset.categories[2:] == ("Proof of Work (PoW)", "Layer 1 (L1)")
    assert asset.platforms == {}
    assert asset.as_of == datetime(2024, 4, 7, 15, 24, 51, 21000, tzinfo=UTC)


def test_sample_when_a_day_of_history_then_identity_only_and_no_supply_invented(samples: Path) -> None:
    asset = answering(sample(samples, "GetAssetHistory")).asset(BITCOIN)
    assert (asset.ticker, asset.rank, asset.max_supply, asset.homepage) == ("BTC", None, None, None)


def test_sample_when_list_then_tickers_found(samples: Path) -> None:
    gecko = answering(sample(samples, "GetAssets"))
    assert gecko.lookup("ZCN") == InstrumentKey("CRYPTO", "0chain")
    assert gecko.lookup("zoc") == InstrumentKey("CRYPTO", "01coin")


def test_sample_when_ohlc_then_starts_are_four_hours_before_the_stamps(samples: Path) -> None:
    series = answering(sample(samples, "GetOhlc")).candles(BITCOIN, days=30)
    assert [(candle.start, candle.close) for candle in series.candles] == [
        (datetime(2024, 3, 2, 12, tzinfo=UTC), 61845),
        (datetime(2024, 3, 2, 16, tzinfo=UTC), 62139),
        (datetime(2024, 3, 2, 20, tzinfo=UTC), 62068),
    ]


@pytest.mark.parametrize("name", ["GetMarketChart", "GetMarketChartFromContract"])
def test_sample_when_chart_then_last_point_is_the_moment_of_the_call(samples: Path, name: str) -> None:
    end = datetime(2024, 4, 2, tzinfo=UTC)
    last = answering(sample(samples, name)).market_chart(BITCOIN, start=START, end=end).points[-1]
    assert last.at == datetime(2024, 4, 1, 15, 1, 22, tzinfo=UTC)
    assert (last.price, last.market_cap) == (Decimal("68887.7495158568"), Decimal("1355701979725.16"))
    assert last.volume == Decimal("30137418199.6431")


def test_sample_when_search_then_coins_only(samples: Path) -> None:
    hits = answering(sample(samples, "Search")).search("ethereum")
    assert [(hit.ticker, hit.rank) for hit in hits] == [("ETH", 2), ("ETC", 27), ("SWETH", 142)]


OTHERS = (
    "GetApiUsage GetAssetPlatforms GetBtcExchangeRates GetMarkets GetQuoteAssets GetTickers GetTrendingSearches Ping"
)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", OTHERS.split())
def test_sample_when_answer_of_a_call_we_never_make_then_refused_typed(
    samples: Path, name: str, operation: str
) -> None:
    with pytest.raises(ProviderError):
        OPERATIONS[operation](answering(sample(samples, name)))


def test_samples_when_listed_then_every_one_is_in_a_test_above(samples: Path) -> None:
    known = {"GetPrices", "GetAssetDetails", "GetAssetHistory", "GetAssets", "GetOhlc", "GetMarketChart", "Search"}
    known |= {"GetMarketChartFromContract", *OTHERS.split()}
    assert {file.stem for file in (samples / "coingecko").iterdir()} == known


FIELDS = [
    *("id", "symbol", "name", "coins", "prices", "market_caps", "total_volumes", "error", "status", "error_code"),
    *("usd", "bitcoin", "links", "homepage", "platforms", "categories", "market_data", "last_updated"),
    *("last_updated_at", "market_cap_rank"),
]
NUMBERS = st.one_of(st.integers(), st.decimals(allow_nan=False, allow_infinity=False).map(float), st.none())
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(
            st.one_of(
                st.sampled_from(FIELDS),
                st.text(max_size=5),
            ),
            inner,
            max_size=8,
        ),
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=effort(150), deadline=None)
@given(body=JSON, http=st.sampled_from([200, 200, 200, 404, 429]))
def test_operation_when_any_json_then_a_record_or_our_error(operation: str, body: Any, http: int) -> None:
    with suppress(ProviderError, AmbiguousSymbol):  # InvalidInput would blame the caller
        OPERATIONS[operation](answering(body, http))


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=effort(60), deadline=None)
@given(body=st.binary(max_size=60))
def test_operation_when_bytes_are_no_json_then_unexpected_payload(operation: str, body: bytes) -> None:
    with pytest.raises(UnexpectedPayload):
        OPERATIONS[operation](answering(b"\xff" + body))


@pytest.mark.parametrize("body", [b"1e99999999999999999999", b"[" * 100_000, b"1" * 5000, b'{"bitcoin":{"usd":1e999}}'])
def test_operation_when_numbers_or_depth_are_absurd_then_our_error_or_the_exact_number(body: bytes) -> None:
    gecko = answering(body)
    if b"bitcoin" in body:
        assert gecko.price(BITCOIN).price == Decimal("1E+999")
        return
    with pytest.raises(UnexpectedPayload):
        gecko.price(BITCOIN)
