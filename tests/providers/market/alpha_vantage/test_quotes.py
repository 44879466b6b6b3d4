"""Many quotes: which of them are asked for one by one, what comes in part, and whose error is raised."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fin_infra.errors import (
    DeadlineExceeded,
    FinInfraError,
    InvalidInput,
    NotCovered,
    PermissionDenied,
    ProviderError,
    RateLimited,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import deadline, row_errors
from fin_infra.model import InstrumentKey
from fin_infra.transport import Reply, Request

US = [InstrumentKey("US", symbol) for symbol in ("IBM", "AAPL", "MSFT", "NVDA", "AMZN", "GOOGL")]
TESCO, SAP, TOYOTA = InstrumentKey("XLON", "TSCO"), InstrumentKey("XETR", "SAP"), InstrumentKey("XTKS", "7203")
NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
SAMPLE = {"message": "This is a premium endpoint. ***THE SAMPLE DATA SCHEMA BELOW IS ARTIFICIAL***.", "data": []}


class AlphaVantage:
    """Answers as the vendor does: a batch of US listings for `premium` keys, and any symbol but NOPE alone."""

    def __init__(self, *, premium: bool, broken: dict[str, Any] | None = None) -> None:
        self.premium, self.broken = premium, broken or {}

    def __call__(self, request: Request) -> Reply:
        params = dict(request.params)
        symbols = params.get("symbol", params.get("keywords", "")).split(",")
        if params["function"] == "REALTIME_BULK_QUOTES":
            rows = [self.broken.get(symbol, self.row(symbol)) for symbol in symbols if symbol != "NOPE"]
            body: Any = {"message": "success", "data": rows} if self.premium else SAMPLE
        elif params["function"] == "SYMBOL_SEARCH":
            body = {"bestMatches": [{"1. symbol": symbols[0], "2. name": "x", "8. currency": "EUR"}]}
        elif symbols[0] in self.broken:
            body = self.broken[symbols[0]]
        else:
            body = {"Global Quote": {} if symbols == ["NOPE"] else self.quote(symbols[0])}
        return body if isinstance(body, Reply) else Reply(200, msgspec.json.encode(body), received_at=NOW)

    def row(self, symbol: str) -> dict[str, str]:
        return {"symbol": symbol, "timestamp": "2026-11-20 16:00:00.000", "close": "7.50", "volume": "3"}

    def quote(self, symbol: str) -> dict[str, str]:
        return {"01. symbol": symbol, "05. price": "7.50", "07. latest trading day": "2026-11-20"}


def functions(vendor: Any) -> list[str]:
    return [params["function"] for params in vendor.asked]


def test_quotes_when_other_venues_are_among_them_then_these_are_asked_one_by_one(make: Any) -> None:
    vendor = make(AlphaVantage(premium=True))
    quotes = vendor.quotes([TESCO, *US, SAP])
    assert [quote.key for quote in quotes] == [TESCO, *US, SAP]
    assert quotes.errors == ()
    assert functions(vendor) == ["REALTIME_BULK_QUOTES", *["GLOBAL_QUOTE", "SYMBOL_SEARCH"] * 2]
    assert next(params["symbol"] for params in vendor.asked if "symbol" in params) == "IBM,AAPL,MSFT,NVDA,AMZN,GOOGL"


def test_quotes_when_only_other_venues_then_no_batch(make: Any) -> None:
    vendor = make(AlphaVantage(premium=True))
    assert [quote.key for quote in vendor.quotes([TESCO])] == [TESCO]
    assert functions(vendor) == ["GLOBAL_QUOTE", "SYMBOL_SEARCH"]


def test_quotes_when_too_many_are_of_other_venues_then_they_are_not_covered_and_the_others_come(make: Any) -> None:
    many = [InstrumentKey("XLON", f"S{n}") for n in range(6)]
    vendor = make(AlphaVantage(premium=True))
    quotes = vendor.quotes([*many, US[0]])
    assert [quote.key for quote in quotes] == [US[0]]
    assert [(error.key, error.code) for error in quotes.errors] == [(key, NotCovered.code) for key in many]
    with pytest.raises(NotCovered, match="at most 5"):
        vendor.quotes(many)


@pytest.mark.parametrize("premium", [True, False])
def test_quotes_when_two_keys_are_one_listing_then_both_get_the_quote_of_one_request(make: Any, premium: bool) -> None:
    keys = [InstrumentKey("US", "IBM"), InstrumentKey("XNYS", "IBM"), InstrumentKey("US", "IBM")]
    vendor = make(AlphaVantage(premium=premium))
    quotes = vendor.quotes(keys)
    assert [(quote.key, quote.price) for quote in quotes] == [(key, Decimal("7.50")) for key in keys]
    assert functions(vendor) == ["REALTIME_BULK_QUOTES"] + ["GLOBAL_QUOTE"] * (not premium)


@pytest.mark.parametrize("premium", [True, False])
def test_quotes_when_some_have_none_then_named_in_the_order_of_the_keys_with_their_places(
    make: Any, premium: bool
) -> None:
    nope = InstrumentKey("US", "NOPE")
    broken = {"AAPL": {"symbol": "AAPL", "timestamp": "soon", "close": "1"}}
    if not premium:
        broken = {"AAPL": {"Global Quote": {"01. symbol": "AAPL", "05. price": "soon"}}}
    vendor = make(AlphaVantage(premium=premium, broken=broken))
    with row_errors() as unread:
        quotes = vendor.quotes([nope, TOYOTA, US[0], US[1], nope, US[0]])
    assert [quote.key for quote in quotes] == [US[0], US[0]]
    assert [(error.place, error.id, error.key, error.code) for error in quotes.errors] == [
        ("keys[0]", "US:NOPE", nope, UnknownSymbol.code),
        ("keys[1]", "XTKS:7203", TOYOTA, NotCovered.code),
        ("keys[3]", "US:AAPL", US[1], UnexpectedPayload.code),
    ]
    assert unread == list(quotes.errors)


@pytest.mark.parametrize("count", [5, 6])
def test_quotes_when_there_is_no_batch_then_five_one_by_one_and_more_not_at_all(make: Any, count: int) -> None:
    vendor = make(AlphaVantage(premium=False))
    if count == 5:
        assert [quote.key for quote in vendor.quotes(US[:5])] == US[:5]
        assert functions(vendor) == ["REALTIME_BULK_QUOTES"] + ["GLOBAL_QUOTE"] * 5
        return
    with pytest.raises(PermissionDenied):
        vendor.quotes(US)
    assert functions(vendor) == ["REALTIME_BULK_QUOTES"]


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ([InstrumentKey("US", "NOPE")], UnknownSymbol),
        ([TOYOTA], NotCovered),
        ([InstrumentKey("US", "NOPE"), TOYOTA], NotCovered),  # another source may have it
        ([TOYOTA, InstrumentKey("US", "NOPE")], NotCovered),
        (["IBM"], InvalidInput),
    ],
)
@pytest.mark.parametrize("premium", [True, False])
def test_quotes_when_there_is_none_then_what_may_be_had_elsewhere_decides(
    make: Any, keys: list[Any], error: type[FinInfraError], premium: bool
) -> None:
    with pytest.raises(error):
        make(AlphaVantage(premium=premium)).quotes(keys)


def test_quotes_when_the_quota_ends_on_the_way_then_the_rest_is_named_and_nobody_asked(make: Any) -> None:
    vendor = make(AlphaVantage(premium=False), per_day=3)  # the batch, and two of five
    quotes = vendor.quotes(US[:5])
    assert [quote.key for quote in quotes] == US[:2]
    assert [(error.key, error.code) for error in quotes.errors] == [(key, RateLimited.code) for key in US[2:5]]
    assert len(vendor.asked) == 3


def test_quotes_when_the_vendor_limits_on_the_way_then_no_further_request(make: Any) -> None:
    limit = {"Information": "our standard API rate limit is 25 requests per day"}
    vendor = make(AlphaVantage(premium=False, broken={"AAPL": limit}))
    quotes = vendor.quotes(US[:4])
    assert [quote.key for quote in quotes] == US[:1]
    assert {error.code for error in quotes.errors} == {RateLimited.code}
    assert [error.place for error in quotes.errors] == ["keys[1]", "keys[2]", "keys[3]"]
    assert len(vendor.asked) == 3


def test_quotes_when_the_time_is_over_on_the_way_then_the_rest_is_named(make: Any) -> None:
    vendor = make(AlphaVantage(premium=False), per_second=1)
    with deadline(2.5):
        quotes = vendor.quotes(US[:5])
    assert 1 <= len(quotes) < 5
    assert {error.code for error in quotes.errors} <= {RateLimited.code, DeadlineExceeded.code}
    assert len(quotes) + len(quotes.errors) == 5


@pytest.mark.parametrize(
    ("stamp", "as_of", "day"),
    [
        ("2026-11-20 16:00:00.000", datetime(2026, 11, 20, 21, tzinfo=UTC), date(2026, 11, 20)),
        ("2026-11-20 19:59:59.879", datetime(2026, 11, 20, 21, tzinfo=UTC), date(2026, 11, 20)),  # extended hours
        ("2026-11-20 11:30:00", datetime(2026, 11, 20, 16, 30, tzinfo=UTC), date(2026, 11, 20)),
        ("2026-11-27 17:00:00", datetime(2026, 11, 27, 18, tzinfo=UTC), date(2026, 11, 27)),  # a half day
        ("2026-11-20 08:00:00", datetime(2026, 11, 20, 13, tzinfo=UTC), None),  # whose close it is, nobody says
        ("2026-11-21 12:00:00", datetime(2026, 11, 21, 17, tzinfo=UTC), None),  # a Saturday
    ],
)
def test_batch_quote_when_stamped_then_true_since_the_close_and_its_day_only_where_it_is_known(
    make: Any, stamp: str, as_of: datetime, day: date | None
) -> None:
    row = {"symbol": "IBM", "timestamp": stamp, "close": "7.50"}
    (quote,) = make(AlphaVantage(premium=True, broken={"IBM": row})).quotes(US[:1])
    assert (quote.as_of, quote.trading_day) == (as_of, day)


@pytest.mark.parametrize("premium", [True, False])
def test_quote_when_other_prices_are_zero_then_none_and_never_zero(make: Any, premium: bool) -> None:
    zeros = {"open": "0.0000", "high": "0", "low": "0.00", "previous_close": "0.0000"}
    broken: dict[str, Any] = {"IBM": {**AlphaVantage(premium=True).row("IBM"), **zeros}}
    if not premium:
        named = {"02. open": "0.0000", "03. high": "0", "04. low": "0.00", "08. previous close": "0.0000"}
        broken = {"IBM": {"Global Quote": {**AlphaVantage(premium=True).quote("IBM"), **named}}}
    (quote,) = make(AlphaVantage(premium=premium, broken=broken)).quotes(US[:1])
    assert (quote.open, quote.high, quote.low, quote.previous_close) == (None, None, None, None)
    assert quote.price == Decimal("7.50")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"message": ""},
        {"message": "Success"},
        {"message": ["success"]},
        {"message": f"{SAMPLE['message']}{' ' * 9000}"},  # too long to be searched for a notice
    ],
)
def test_batch_when_it_does_not_say_success_then_no_price_is_believed(make: Any, said: dict[str, Any]) -> None:
    body = {"endpoint": "Realtime Bulk Quotes", **said, "data": [AlphaVantage(premium=True).row("IBM")]}
    with pytest.raises(ProviderError):
        make(lambda request: Reply(200, msgspec.json.encode(body))).quotes(US[:1])
